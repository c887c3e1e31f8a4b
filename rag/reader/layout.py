"""Lay question, title and text out one after the other, as the reader reads them.

In: three texts in pieces, and where the text's sentences begin. Out: one input of the network.
Both the reader and its training lay out by this.
"""

from typing import NamedTuple

import numpy as np

from rag.reader.network import MAX_PIECES
from rag.reader.words import CLS, SENTENCE, SEP, Ints, Words, runs_shared

__all__ = ["IN_TEXT", "QUESTION_PIECES", "TITLE_CHARS", "TITLE_PIECES", "LaidOut", "lay_out"]

QUESTION_PIECES = 44
TITLE_PIECES = 12
TITLE_CHARS = 60

# What a piece belongs to, in the marks; a mark also tells the run shared with the question, or
# with the passage for the question's own pieces, and how rare the unit is.
_IN_QUESTION, _IN_TITLE, IN_TEXT = 0, 16, 32


class LaidOut(NamedTuple):
    """One input.

    ``pieces``, ``marks`` and ``units`` are ``(places,)``; ``units`` is the text's unit at each
    place, -1 where there is none. ``places`` are those of the asked sentences' marks; one behind
    the end was cut off.
    """

    pieces: Ints
    marks: Ints
    units: Ints
    places: Ints


def lay_out(
    question: Words, title: Words, text: Words, begins: Ints, *, most: int = MAX_PIECES
) -> LaidOut:
    """Lay out at most so many places, a mark before each sentence.

    ``begins`` are the units with which the asked sentences begin.
    """
    asked, place = np.unique(begins, return_inverse=True)
    before = np.searchsorted(text.units, asked)
    parts = [
        (np.array([CLS]), np.array([_IN_QUESTION])),
        _part(question, runs_shared(question.keys, text.keys), _IN_QUESTION, QUESTION_PIECES),
        (np.array([SEP]), np.array([_IN_QUESTION])),
        _part(title, runs_shared(title.keys, question.keys), _IN_TITLE, TITLE_PIECES),
        (np.array([SEP]), np.array([_IN_TITLE])),
    ]
    head = sum(len(pieces) for pieces, _ in parts)
    pieces, marks = _part(text, runs_shared(text.keys, question.keys), IN_TEXT, None)
    parts.append((np.insert(pieces, before, SENTENCE), np.insert(marks, before, IN_TEXT)))
    units = np.concatenate([np.full(head, -1), np.insert(text.units, before, -1)])
    return LaidOut(
        pieces=np.concatenate([p for p, _ in parts])[:most],
        marks=np.concatenate([m for _, m in parts])[:most],
        units=units[:most],
        places=(head + before + np.arange(len(before)))[place],
    )


def _part(words: Words, shared: Ints, kind: int, most: int | None) -> tuple[Ints, Ints]:
    units = words.units[:most]
    return words.pieces[:most], kind + shared[units] * 4 + words.rarity[units]
