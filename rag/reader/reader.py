"""Read a question beside passages: texts and the places of sentences in, two numbers each out."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from index.fold import fold
from rag.reader.network import MAX_PIECES, Network
from rag.reader.words import CLS, SENTENCE, SEP, Ints, Vocabulary, Words, runs_shared

__all__ = ["MODEL", "UNREAD", "Excerpt", "Reader", "Told", "bundled_reader"]

MODEL = Path(__file__).parent / "model"
"""The folder of the bundled reader."""

_QUESTION_PIECES = 44
_TITLE_PIECES = 12
_TITLE_CHARS = 60

# What a piece belongs to, in the marks; a mark also tells the run shared with the question, or
# with the passage for the question's own pieces, and how rare the unit is.
_IN_QUESTION, _IN_TITLE, _IN_TEXT = 0, 16, 32


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A text to read, with its article's title. ``sentences``: where those to judge begin."""

    title: str
    text: str
    sentences: tuple[int, ...]


class Told(NamedTuple):
    """What reading tells of one sentence, as logits.

    ``sentence``: that it holds the answer. ``span``: of the best beginning and the best end of an
    answer in it, summed.
    """

    sentence: float
    span: float


UNREAD = Told(float("nan"), float("nan"))
"""For a sentence behind the end of what the reader takes in."""


class Reader:
    """A reader in a folder; the same for every thread."""

    def __init__(self, folder: Path = MODEL) -> None:
        """Name a folder; it is read when the first question comes."""
        self._folder = folder
        self._loading = threading.Lock()
        self._loaded: tuple[Vocabulary, Network] | None = None

    def read(self, question: str, excerpts: Sequence[Excerpt]) -> list[list[Told]]:
        """Judge the sentences of each excerpt.

        Raises:
            UsageError: the folder does not hold a reader.
        """
        if not excerpts:
            return []
        vocabulary, network = self._load()
        asked = Words(fold(question), vocabulary)
        laid = [_laid_out(asked, excerpt, vocabulary) for excerpt in excerpts]
        values = network.run([(one.pieces, one.marks) for one in laid])
        return [one.told(value) for one, value in zip(laid, values, strict=True)]

    def _load(self) -> tuple[Vocabulary, Network]:
        with self._loading:
            if self._loaded is None:
                self._loaded = (
                    Vocabulary.read(self._folder / "vocabulary.json"),
                    Network(self._folder / "model.safetensors"),
                )
            return self._loaded


@cache
def bundled_reader() -> Reader:
    """The reader that comes with the program, one for the whole process."""
    return Reader()


class _LaidOut(NamedTuple):
    """One input: ``pieces`` and ``marks``, and the place of each asked sentence's mark."""

    pieces: Ints
    marks: Ints
    places: list[int]

    def told(self, values: npt.NDArray[np.float32]) -> list[Told]:
        ordered = sorted(set(self.places))
        ends = dict(pairwise([*ordered, len(self.pieces)]))
        found = []
        for place in self.places:
            inside = values[place + 1 : ends[place]] if place < len(values) else values[:0]
            if not len(inside):
                found.append(UNREAD)
                continue
            found.append(
                Told(float(values[place, 0]), float(inside[:, 1].max() + inside[:, 2].max()))
            )
        return found


def _laid_out(asked: Words, excerpt: Excerpt, vocabulary: Vocabulary) -> _LaidOut:
    """Question, title and text one after the other, a mark before each sentence."""
    title = Words(fold(excerpt.title)[:_TITLE_CHARS], vocabulary)
    text = Words(fold(excerpt.text), vocabulary)
    begins = np.searchsorted(text.starts, np.array(excerpt.sentences, dtype=np.int64))
    before = np.searchsorted(text.units, np.unique(begins))
    parts = [
        (np.array([CLS]), np.array([_IN_QUESTION])),
        _part(asked, runs_shared(asked.keys, text.keys), _IN_QUESTION, _QUESTION_PIECES),
        (np.array([SEP]), np.array([_IN_QUESTION])),
        _part(title, runs_shared(title.keys, asked.keys), _IN_TITLE, _TITLE_PIECES),
        (np.array([SEP]), np.array([_IN_TITLE])),
    ]
    head = sum(len(pieces) for pieces, _ in parts)
    pieces, marks = _part(text, runs_shared(text.keys, asked.keys), _IN_TEXT, None)
    parts.append((np.insert(pieces, before, SENTENCE), np.insert(marks, before, _IN_TEXT)))
    places = np.searchsorted(text.units, begins) + np.searchsorted(np.unique(begins), begins)
    return _LaidOut(
        pieces=np.concatenate([p for p, _ in parts])[:MAX_PIECES],
        marks=np.concatenate([m for _, m in parts])[:MAX_PIECES],
        places=(head + places).tolist(),
    )


def _part(words: Words, shared: Ints, kind: int, most: int | None) -> tuple[Ints, Ints]:
    units = words.units[:most]
    return words.pieces[:most], kind + shared[units] * 4 + words.rarity[units]
