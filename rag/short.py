"""Point out the short answer inside a sentence: 98.68%, 2004年, a name.

In: a question and a sentence that answers it. Out: the span of the sentence that would do as an
answer by itself, or None where the question asks for none (why, how, which ones). Where nobody
read the sentence (`rag.reread`), candidates are the things of `rag.things` and the pieces between
marks and small words; a file of weights (``rag/short.toml``, made by ``python -m eval.sentences``)
chooses among them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from index.fold import fold
from index.tokens import term_spans
from rag.question import ASKING, Kind, Question
from rag.things import find_things
from rag.weights import read_weights

__all__ = ["FEATURES", "SHORT_KINDS", "Spans", "find_short", "short_spans", "trimmed"]

WEIGHTS = Path(__file__).with_name("short.toml")

SHORT_KINDS = (Kind.NUMBER, Kind.DATE, Kind.PERSON, Kind.PLACE, Kind.OTHER)
"""The kinds of question that a few words answer."""

_TYPES = (Kind.NUMBER, Kind.DATE, Kind.PERSON, Kind.PLACE, Kind.OTHER)
# What may stand right before and right behind; "" for anything else.
_LEFT = (*"是为于在由叫称以至达有了的《“，、(", "")
_RIGHT = (*"的是为，。、》”年等和在)", "")

FEATURES = (
    "asked_share",  # share of its characters that stand in the question
    "whole_in_question",  # all of it stands there
    "length",  # log of its characters, 1 at 40
    "one",  # a single character
    "long",  # more than 20 characters (12 of Han)
    "near",  # share of the question's terms within twelve characters of it
    "clause",  # share of the question's terms in its clause
    "gap",  # characters to the nearest term of the question, 1 at 20
    "focus",  # what stands beside the asking word stands beside it, too
    "opening",  # it begins the sentence
    "place",  # where in the sentence it stands, 0 to 1
    "piece",  # a piece between marks, no thing of any kind
    "pieces",  # … of several joined
    "measure",  # an amount of what is counted
    *(f"left_{mark or 'none'}" for mark in _LEFT),
    *(f"right_{mark or 'none'}" for mark in _RIGHT),
    *(f"{asked.value}_{held.value}" for asked in SHORT_KINDS for held in _TYPES),
    *(f"{asked.value}_length" for asked in SHORT_KINDS),
)
_AT = {name: place for place, name in enumerate(FEATURES)}

_MARKS = '，,。.；;：:！!？?（）()《》「」『』“”"、\n\t '
_SMALL = re.compile(
    r"(?:成为|称为|叫做|名为|位于|属于|来自|达到|以及|因为|由于|并且|而且|但是|是|为|于|在|由|和|与|及|的|了|被|把|将|以|从|到|至|而|并|等|叫|称|达|有|则|也|都|曾|共)"
    r"|\b(?:is|are|was|were|the|a|an|of|in|on|at|to|for|by|with|from|and|or|as|that|which|who|has"
    r"|have|had|called|named|its|their|his|her)\b"
)
_CUT = re.compile(rf"[{re.escape(_MARKS)}]+")
_MAX_SPANS = 240
_MAX_CHARS = 60
_JOINED = 3
_NEAR_CHARS = 12


@dataclass(frozen=True, slots=True)
class Spans:
    """Candidates for a short answer, ``text[start:end]``, with a row of features each."""

    spans: tuple[tuple[int, int], ...]
    features: npt.NDArray[np.float64]


def find_short(question: Question, text: str) -> tuple[int, int] | None:
    """Find the span of a sentence that answers by itself; None where none is asked for."""
    if question.kind not in SHORT_KINDS:
        return None
    found = short_spans(question, text)
    if not found.spans:
        return None
    scores = found.features @ _weights()
    return found.spans[int(np.argmax(scores))]


@cache
def _weights() -> npt.NDArray[np.float64]:
    weights: Mapping[str, float] = read_weights(WEIGHTS, FEATURES)
    return np.array([weights.get(name, 0.0) for name in FEATURES])


def short_spans(question: Question, text: str) -> Spans:
    """List the spans of a sentence that may be its short answer."""
    looking = _Looking(question, text)
    types: dict[tuple[int, int], set[Kind]] = {}
    for kind in _TYPES:
        for start, end in find_things(kind, text, folded=looking.folded):
            span = trimmed(text, start, end)
            if span[0] < span[1]:
                types.setdefault(span, set()).add(kind)
    joined: dict[tuple[int, int], int] = {}
    for start, end, pieces in _pieces(text, looking.folded):
        joined.setdefault((start, end), pieces)
    spans = [
        span
        for span in dict.fromkeys((*types, *joined))
        if span[1] - span[0] <= _MAX_CHARS and any(c.isalnum() for c in text[slice(*span)])
    ][:_MAX_SPANS]
    if not spans:
        return Spans((), np.zeros((0, len(FEATURES))))
    rows = [looking.row(span, types.get(span, set()), joined.get(span, 0)) for span in spans]
    return Spans(tuple(spans), np.array(rows))


class _Looking:
    """Works out the features of the spans of one sentence."""

    def __init__(self, question: Question, text: str) -> None:
        self.folded = fold(text)
        self._question = question
        self._asked = fold(question.searched)
        wanted = frozenset(question.terms)
        self._total = max(1, len(wanted))
        self._terms = [(t, a, b) for t, a, b in term_spans(self.folded) if t in wanted]
        self._focus = [
            piece
            for match in ASKING.finditer(self._asked)
            for piece in (
                self._asked[match.end() : match.end() + 2],
                self._asked[max(0, match.start() - 2) : match.start()],
            )
            if len(piece) == 2 and piece.isalnum()
        ]
        self._clauses = [m.start() for m in re.finditer(r"[，,；;。：:]", self.folded)]

    def row(self, span: tuple[int, int], types: set[Kind], pieces: int) -> list[float]:
        start, end = span
        folded, asked = self.folded[start:end], self._question.kind
        values = [0.0] * len(FEATURES)

        def put(name: str, value: float) -> None:
            if (place := _AT.get(name)) is not None:
                values[place] = value

        length = end - start
        scaled = float(np.log(1 + length) / np.log(41))
        han = not folded.isascii()
        known = sum(c in self._asked for c in folded) / length if han else 0.0
        outside = [(t, a, b) for t, a, b in self._terms if b <= start or a >= end]
        low = max((c for c in self._clauses if c < start), default=-1)
        high = min((c for c in self._clauses if c >= end), default=len(self.folded))
        near = {t for t, a, b in outside if b > start - _NEAR_CHARS and a < end + _NEAR_CHARS}
        clause = {t for t, a, b in outside if a >= low and b <= high + 1}
        gaps = [start - b if b <= start else a - end for _, a, b in outside]
        around = self.folded[max(0, start - 6) : start] + "|" + self.folded[end : end + 6]
        put("asked_share", known)
        put("whole_in_question", float(folded in self._asked))
        put("length", scaled)
        put("one", float(length == 1))
        put("long", float(length > (12 if han else 20)))
        put("near", len(near) / self._total)
        put("clause", len(clause) / self._total)
        put("gap", min(1.0, min(gaps, default=20) / 20))
        put("focus", float(any(piece in around for piece in self._focus)))
        put("opening", float(start == 0))
        put("place", start / max(1, len(self.folded)))
        put("piece", float(not types))
        put("pieces", float(pieces > 1))
        if self._question.measure is not None:
            put("measure", float(bool(self._question.measure.search(self.folded[start : end + 3]))))
        put(f"left_{_beside(self.folded[:start], _LEFT, last=True)}", 1.0)
        put(f"right_{_beside(self.folded[end:], _RIGHT, last=False)}", 1.0)
        for held in types:
            put(f"{asked.value}_{held.value}", 1.0)
        put(f"{asked.value}_length", scaled)
        return values


def _beside(text: str, marks: tuple[str, ...], *, last: bool) -> str:
    text = text.strip(" ")
    char = (text[-1:] if last else text[:1]) or "，"
    return char if char in marks else "none"


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """A span of a text without the marks and quotes around what it names."""
    while start < end and text[start] in _MARKS:
        start += 1
    while end > start and text[end - 1] in _MARKS:
        end -= 1
    return start, end


def _pieces(text: str, folded: str) -> list[tuple[int, int, int]]:
    """Pieces between marks and small words, and up to three neighbours of one clause joined."""
    found: list[tuple[int, int, int]] = []
    borders = [(m.start(), m.end()) for m in _CUT.finditer(folded)]
    clauses: list[tuple[int, int]] = []
    at = 0
    for start, end in [*borders, (len(folded), len(folded))]:
        # A blank between Latin words parts no clause.
        if folded[start:end].strip(" ") == "" and start < len(folded):
            continue
        if start > at:
            clauses.append((at, start))
        at = end
    for low, high in clauses:
        parts: list[tuple[int, int]] = []
        at = low
        for match in _SMALL.finditer(folded, low, high):
            if match.start() > at:
                parts.append((at, match.start()))
            at = match.end()
        if at < high:
            parts.append((at, high))
        for first in range(len(parts)):
            for last in range(first, min(first + _JOINED, len(parts))):
                start, end = trimmed(text, parts[first][0], parts[last][1])
                if start < end:
                    found.append((start, end, last - first + 1))
        start, end = trimmed(text, low, high)
        if start < end:
            found.append((start, end, len(parts)))
    return found
