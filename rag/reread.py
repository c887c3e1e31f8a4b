"""Order the likeliest sentences once more by what a reader makes of them: ranked in, ranked out.

A weighted sum chose the sentences by features that count words. The reader sees the words in
their order, but takes its time: it reads the passages of the likeliest sentences alone. Its two
numbers are weighed against the score that stands (``rag/reread.toml``, made by
``python -m eval.rereading``). It also tells where in a sentence the short answer stands.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from index.passage import Passage
from rag.config import AnswerConfig
from rag.question import Question
from rag.rank import Ranked
from rag.reader.reader import UNREAD, Excerpt, Reader, Told, bundled_reader
from rag.short import SHORT_KINDS
from rag.statements import Statement
from rag.weights import read_weights

__all__ = ["TOLD", "WEIGHTS", "load_reader", "reread", "told_of"]

WEIGHTS = Path(__file__).with_name("reread.toml")

TOLD = ("sentence", "span")
"""What a weight stands for."""

_PASSAGES = 2
"""Passages that are read. A third gains a point within the first three sentences and costs half as
much time again."""

_BYTES = 720
"""Of a passage at most, around its likeliest sentence: 240 Han characters, or a longer text in
letters; both are about as many pieces, and time goes by pieces. A third more tells no more."""

_SURE = 4.0
"""A likeliest sentence that leads by so much stays the first: of 600 questions of the fitting
halves none was the better for reading. Only its own passage is read, for the short answer."""

_POINTED = -12.0
"""A short answer that the reader is less sure of is none: from here down half its characters are
wrong in the right sentence, too."""


def load_reader(config: AnswerConfig) -> Reader | None:
    """The reader that the configuration names, None where it is off; its files come later."""
    return bundled_reader() if config.reader == "bundled" else None


def reread(
    question: Question, ranked: Sequence[Ranked], passages: Sequence[Passage], reader: Reader
) -> tuple[Ranked, ...]:
    """Order the sentences of ``passages`` anew; they come and go the likeliest first."""
    if not ranked:
        return ()
    decided = len(ranked) < 2 or ranked[0].score - ranked[1].score > _SURE
    if decided and question.kind not in SHORT_KINDS:
        return tuple(ranked)
    told = _read(question, ranked, passages, reader, most=1 if decided else _PASSAGES)
    gains = np.zeros(len(ranked)) if decided else _values(told) @ _weights()
    anew = [
        replace(one, score=one.score + gain, short=_short(seen))
        for one, gain, seen in zip(ranked, gains.tolist(), told, strict=True)
    ]
    return tuple(sorted(anew, key=lambda one: -one.score))


def told_of(
    question: Question, ranked: Sequence[Ranked], passages: Sequence[Passage], reader: Reader
) -> npt.NDArray[np.float64]:
    """What the reader tells of each sentence, ``(sentences, len(TOLD))``.

    A sentence that it did not read is taken for the worst of those it did.
    """
    return _values(_read(question, ranked, passages, reader, most=_PASSAGES))


def _read(
    question: Question,
    ranked: Sequence[Ranked],
    passages: Sequence[Passage],
    reader: Reader,
    *,
    most: int,
) -> list[Told]:
    """Read the passages of the likeliest sentences, at most so many: of each sentence what the
    reader tells, the short answer as characters of its article, ``UNREAD`` of the others.
    """
    read = list(dict.fromkeys(one.statement.passage for one in ranked))[:most]
    rows = [_around(ranked, place) for place in read]
    excerpts = [
        _excerpt(passages[place], [ranked[n].statement for n in members])
        for place, members in zip(read, rows, strict=True)
    ]
    found = [UNREAD] * len(ranked)
    for members, values in zip(rows, reader.read(question.searched, excerpts), strict=True):
        shift = ranked[members[0]].statement.start
        for row, told in zip(members, values, strict=True):
            if told is not UNREAD:
                start, end = told.short
                found[row] = told._replace(short=(start + shift, end + shift))
    return found


def _short(told: Told) -> tuple[int, int] | None:
    if told is UNREAD:
        return None
    return told.short if told.sure >= _POINTED else (0, 0)


def _values(told: Sequence[Told]) -> npt.NDArray[np.float64]:
    """What a weight stands for, of each sentence; of what was not read the worst of what was."""
    found = np.array([[one.sentence, one.span] for one in told])
    known = ~np.isnan(found).any(axis=1)
    if not known.any():
        return np.zeros_like(found)
    found[~known] = found[known].min(axis=0)
    return found


def _around(ranked: Sequence[Ranked], place: int) -> list[int]:
    """Of a passage's sentences the likeliest and its neighbours, as many as are read; in order."""
    rows = [n for n, one in enumerate(ranked) if one.statement.passage == place]
    order = sorted(rows, key=lambda n: ranked[n].statement.start)
    first = low = high = order.index(rows[0])
    while True:
        wider = [
            (a, b)
            for a, b in ((low - 1, high), (low, high + 1))
            if a >= 0 and b < len(order)
            if _size(ranked[order[a]].statement, ranked[order[b]].statement) <= _BYTES
        ]
        if not wider:
            return order[low : high + 1]
        low, high = min(wider, key=lambda ends: abs(sum(ends) - 2 * first))


def _size(first: Statement, last: Statement) -> int:
    return len(first.article.text[first.start : last.end].encode("utf-8", "replace"))


def _excerpt(passage: Passage, statements: Sequence[Statement]) -> Excerpt:
    start, end = statements[0].start, statements[-1].end
    return Excerpt(
        title=passage.article.title,
        text=passage.article.text[start:end],
        sentences=tuple(one.start - start for one in statements),
    )


@cache
def _weights() -> npt.NDArray[np.float64]:
    weights = read_weights(WEIGHTS, TOLD)
    return np.array([weights.get(name, 0.0) for name in TOLD])
