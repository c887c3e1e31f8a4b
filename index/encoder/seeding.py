"""Give the rows of the table a first direction that already means something.

In: the pieces, a Chinese-English dictionary, and a sentence encoder that knows English. Out: a
direction for each piece. An English word gets the one of its own vector, a Chinese word that of
its gloss, so that both languages start in one space; everything else gets a random one.

Distilling an encoder's vectors of single words is the idea of model2vec; what is kept here is a
start only: training moves every row that it sees.
"""

import re
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from index.encoder.corpus import Pair
from index.encoder.vocabulary import MARK
from index.fold import fold

__all__ = ["Encode", "meanings", "seed_directions"]

Encode = Callable[[list[str]], npt.NDArray[np.float32]]
"""A teacher: texts to vectors, ``(n, any)``."""

_SHARE = 0.6
"""Of a seeded direction that comes from the teacher. The rest is random: it keeps words apart that
mean the same to the teacher, which is what finding a name or a rare word again takes."""

_GLOSSES = 2  # entries of a word that are taken, and senses of each below
_SENSES = 4
_LONGEST_GLOSS = 80  # characters of an entry


def seed_directions(
    pieces: Sequence[str],
    dictionary: Sequence[Pair],
    *,
    dim: int,
    encode: Encode | None,
    seed: int = 0,
) -> npt.NDArray[np.float32]:
    """Draw a direction for each piece: ``(len(pieces), dim)``, rows of unit length.

    Args:
        pieces: The vocabulary.
        dictionary: Chinese words and their glosses, senses parted by ``;``.
        dim: Of the rows. Teacher vectors are cut to their principal axes where they are longer.
        encode: The teacher, or None for random directions alone.
        seed: Of the random parts.
    """
    rows = _unit(np.random.default_rng(seed).normal(size=(len(pieces), dim)).astype(np.float32))
    known = meanings(pieces, dictionary) if encode else {}
    if encode is None or not known:
        return rows
    taught = encode(list(known.values()))
    # What all vectors of a transformer share says nothing: the mean, and the longest axis.
    taught = taught - taught.mean(axis=0)
    _, _, axes = np.linalg.svd(taught, full_matrices=False)
    taught = _unit(taught @ axes[1 : dim + 1].T)
    places = np.fromiter(known, dtype=np.intp)
    rows[places] *= 1 - _SHARE
    rows[places, : taught.shape[1]] += _SHARE * taught
    return _unit(rows)


def meanings(pieces: Sequence[str], dictionary: Sequence[Pair]) -> dict[int, str]:
    """Tell the English text that a piece stands for, by its number.

    >>> meanings(["▁bank", "银行", "的银"], [("銀行", "bank; CL:家")])
    {0: 'bank', 1: 'bank; CL:家'}
    """
    glosses: dict[str, list[str]] = {}
    for word, gloss in dictionary:
        if "surname" not in gloss:
            short = "; ".join(gloss.split("; ")[:_SENSES])[:_LONGEST_GLOSS]
            glosses.setdefault(fold(word), []).append(short)
    found = {}
    for number, piece in enumerate(pieces):
        word = piece.removeprefix(MARK)
        if piece.startswith(MARK) and re.fullmatch("[a-z]{2,}", word):
            found[number] = word
        elif word in glosses:
            found[number] = "; ".join(glosses[word][:_GLOSSES])
    return found


def _unit(rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: npt.NDArray[np.float32] = rows / np.maximum(lengths, 1e-9)
    return scaled
