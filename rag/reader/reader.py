"""Read a question beside passages: texts in, of each sentence its worth and a short answer out."""

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
from rag.reader.layout import TITLE_CHARS, LaidOut, lay_out
from rag.reader.network import Network
from rag.reader.words import Vocabulary, Words

__all__ = ["MODEL", "UNREAD", "Excerpt", "Reader", "Told", "bundled_reader"]

MODEL = Path(__file__).parent / "model"
"""The folder of the bundled reader."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A text to read, with its article's title. ``sentences``: where those to judge begin."""

    title: str
    text: str
    sentences: tuple[int, ...]


class Told(NamedTuple):
    """What reading tells of one sentence, as logits.

    ``sentence``: that it holds the answer. ``span``: of the best beginning and the best end of an
    answer in it, summed. ``short``: the short answer, the likeliest characters
    ``text[start:end]`` of the excerpt. ``sure``: of that beginning and that end.
    """

    sentence: float
    span: float
    short: tuple[int, int] = (0, 0)
    sure: float = float("-inf")


UNREAD = Told(float("nan"), float("nan"))
"""For a sentence behind the end of what the reader takes in."""

_LONGEST = 40
"""Pieces of a short answer at most."""


class Reader:
    """A reader in a folder; the same for every thread."""

    def __init__(self, folder: Path = MODEL) -> None:
        """Name a folder; it is read when the first question comes."""
        self._folder = folder
        self._loading = threading.Lock()
        self._loaded: tuple[Vocabulary, Network] | None = None

    def prepare(self) -> None:
        """Load now what the first question would load; raises as :meth:`read` does."""
        self._load()

    def read(self, question: str, excerpts: Sequence[Excerpt]) -> list[list[Told]]:
        """Judge the sentences of each excerpt.

        Raises:
            UsageError: the folder does not hold a reader.
        """
        if not excerpts:
            return []
        vocabulary, network = self._load()
        asked = Words.of(fold(question), vocabulary)
        texts = [Words.of(fold(excerpt.text), vocabulary) for excerpt in excerpts]
        laid = [
            _laid_out(asked, excerpt, text, vocabulary)
            for excerpt, text in zip(excerpts, texts, strict=True)
        ]
        values = network.run([(one.pieces, one.marks) for one in laid])
        return [_told(*read) for read in zip(excerpts, texts, laid, values, strict=True)]

    def _load(self) -> tuple[Vocabulary, Network]:
        with self._loading:
            if self._loaded is None:
                self._loaded = (
                    Vocabulary.read(self._folder / "vocabulary.json"),
                    Network(self._folder / "model.onnx"),
                )
            return self._loaded


@cache
def bundled_reader() -> Reader:
    """The reader that comes with the program, one for the whole process."""
    return Reader()


def _laid_out(asked: Words, excerpt: Excerpt, text: Words, vocabulary: Vocabulary) -> LaidOut:
    return lay_out(
        asked,
        Words.of(fold(excerpt.title)[:TITLE_CHARS], vocabulary),
        text,
        np.searchsorted(text.starts, np.array(excerpt.sentences, dtype=np.int64)),
    )


def _told(
    excerpt: Excerpt, text: Words, laid: LaidOut, values: npt.NDArray[np.float32]
) -> list[Told]:
    ordered = np.unique(laid.places).tolist()
    ends = dict(pairwise([*ordered, len(laid.pieces)]))
    found = []
    for place in laid.places.tolist():
        inside = values[place + 1 : ends[place]] if place < len(values) else values[:0]
        if not len(inside):
            found.append(UNREAD)
            continue
        first, last, sure = _likeliest(inside[:, 1], inside[:, 2])
        units = laid.units[place + 1 + first], laid.units[place + 1 + last]
        found.append(
            Told(
                sentence=float(values[place, 0]),
                span=float(inside[:, 1].max() + inside[:, 2].max()),
                short=_characters(excerpt.text, text, *units),
                sure=sure,
            )
        )
    return found


def _likeliest(
    begins: npt.NDArray[np.float32], ends: npt.NDArray[np.float32]
) -> tuple[int, int, float]:
    """The likeliest beginning and an end at or behind it, and what both are worth."""
    sums = begins[:, None] + ends[None, :]
    sums[np.tril_indices(len(begins), -1)] = -np.inf
    sums[np.triu_indices(len(begins), _LONGEST)] = -np.inf
    first, last = divmod(int(sums.argmax()), len(begins))
    return first, last, float(sums[first, last])


def _characters(text: str, words: Words, first: int, last: int) -> tuple[int, int]:
    """Where the units from the first to the last stand."""
    start = int(words.starts[first])
    end = int(words.starts[last + 1]) if last + 1 < len(words.starts) else len(text)
    return start, start + len(text[start:end].rstrip())
