"""A sentence beside its sources: which sentences hold most of it, and what of it each holds.

In: a sentence and the spans that it cites. Out: a ``Claim``, the sentence cut into clauses with
its units and facts, and its ``Support``: the one to three sentences of the spans that together
hold most of it, each with the context that it leans on. What is enough is for the gate to say.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from index.article import Article
from index.sentences import sentences
from rag.factreader import read_facts
from rag.facts import Fact, FactKind, agree, flatten
from rag.generate import Span
from rag.wording import Held, Unit, Wording, units_of

__all__ = [
    "MAX_CHARS",
    "Claim",
    "Clause",
    "SourceSentence",
    "Support",
    "best_held",
    "choose_support",
]

MAX_CHARS = 1000
"""A longer sentence is data, not language: aligning it would take seconds."""
_MAX_SUPPORT = 3
_CANDIDATES = 6
"""Sentences that are looked at closely."""
_CONTEXT_CHARS = 400
"""How far before a sentence a name may stand that the sentence leans on."""
_MIN_GAIN = 0.06
"""A further sentence must hold this share of the sentence that none before it holds."""


@dataclass(frozen=True, slots=True)
class Clause:
    """``text[start:end]`` of a sentence, with the numbers of its units."""

    start: int
    end: int
    first: int
    last: int


_CLAUSE = re.compile(
    r"[，；：。！？!?;:]+|,(?!\d)|\.(?=\s|$)|\s(?=(?:but|while|which|whereas|because)\s)|\s[-–—]\s|——"
)
_MIN_CLAUSE, _MIN_CLAUSE_WORDS = 1.6, 0.7
"""Weight of a clause that can stand for itself: some four characters of common words, or a word."""


class Claim:
    """A sentence, read: its units with their weights, its facts, its clauses."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.flat = flatten(text)
        self.facts = read_facts(text)
        self.units = _worded(units_of(text), self.facts)
        self.weights = np.array([unit.weight for unit in self.units], dtype=np.float64)
        self.clauses = self._cut()

    def _cut(self) -> list[Clause]:
        quotes = [(f.start, f.end) for f in self.facts if f.kind is FactKind.QUOTE]
        borders = [
            m.end()
            for m in _CLAUSE.finditer(self.flat)
            if not any(start <= m.start() < end for start, end in quotes)
        ]
        borders = [b for b in borders if b < len(self.text)] + [len(self.text)]
        clauses: list[Clause] = []
        start = first = 0
        for border in borders:
            last = first
            while last < len(self.units) and self.units[last].start < border:
                last += 1
            least = _MIN_CLAUSE if self.has_han else _MIN_CLAUSE_WORDS
            if self.weights[first:last].sum() < least:
                if border < len(self.text):
                    continue  # too short: joins the next one
                if clauses:  # … or the one before
                    before = clauses.pop()
                    start, first = before.start, before.first
            clauses.append(Clause(start, border, first, last))
            start, first = border, last
        return clauses

    def share(self, held: Held, clause: Clause | None = None) -> float:
        """The weighted share of a clause, or of all, that is held; 1 where there are no words."""
        of = slice(clause.first, clause.last) if clause else slice(None)
        total = float(self.weights[of].sum())
        return float(self.weights[of] @ held[of]) / total if total > 0 else 1.0

    def facts_of(self, clause: Clause) -> list[Fact]:
        """The facts that begin in a clause."""
        return [f for f in self.facts if clause.start <= f.start < clause.end]

    @cached_property
    def has_han(self) -> bool:
        """Whether it is written in Han characters, as a whole."""
        return sum(u.is_han for u in self.units) > 0.3 * len(self.units)


def _worded(units: Sequence[Unit], facts: Sequence[Fact]) -> tuple[Unit, ...]:
    """Leave out the words of amounts and dates, which are compared as such."""
    read = [(f.start, f.end) for f in facts if f.kind is not FactKind.QUOTE]
    return tuple(
        u for u in units if u.is_han or not any(a <= u.start and u.end <= b for a, b in read)
    )


_ITEM = re.compile(r"\s*[(（]?\d{1,2}(?:[.．]\s|[、)）])")


class SourceSentence:
    """A sentence of a source, ``[start:end]`` of the passage's text; read when it is looked at."""

    def __init__(self, start: int, end: int, text: str) -> None:
        self.start, self.end, self.text = start, end, text
        self.wording = Wording(text)

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        """The facts that it states."""
        # The number of an item of a list counts nothing.
        marker = _ITEM.match(self.text)
        return tuple(f for f in read_facts(self.text) if not marker or f.start >= marker.end())

    @cached_property
    def units(self) -> tuple[Unit, ...]:
        """Its units, without those of amounts and dates."""
        return _worded(units_of(self.text), self.facts)


@lru_cache(maxsize=512)
def _read(text: str) -> tuple[SourceSentence, ...]:
    """Read the sentences of a passage; the passages of one answer are read once."""
    return tuple(
        SourceSentence(at, min(end, at + MAX_CHARS), text[at : min(end, at + MAX_CHARS)])
        for start, end in sentences(text)
        for at in range(start, end, MAX_CHARS)
    )


@dataclass(frozen=True, slots=True)
class Support:
    """A sentence of an article beside a claim, of whose units it holds ``held``."""

    article: Article
    start: int
    end: int
    sentence: SourceSentence
    held: Held

    @property
    def text(self) -> str:
        """The characters themselves."""
        return self.sentence.text

    @property
    def title(self) -> Wording:
        """The title of the article."""
        return _context(self.article.title, "", "")

    @property
    def context(self) -> Wording:
        """What the sentence may lean on: the title, the source, the text shortly before."""
        return _context(self.article.title, self.article.source or "", self.before)

    @property
    def before(self) -> str:
        """The text shortly before, headings included."""
        return self.article.text[max(0, self.start - _CONTEXT_CHARS) : self.start]

    @property
    def context_facts(self) -> tuple[Fact, ...]:
        """Dates and quotations of the context, with the year of the article and the one before."""
        day = self.article.published
        facts = read_facts(f"{self.article.title}\n{self.before}")
        dated = tuple(f for f in facts if f.kind in (FactKind.DATE, FactKind.QUOTE))
        if day is None:
            return dated
        # 去年 is resolved by whoever writes: the year of the article or the one before.
        years = tuple(
            Fact(FactKind.DATE, 0, 0, (year, None, None)) for year in (day.year, day.year - 1)
        )
        return dated + years


@lru_cache(maxsize=256)
def _context(title: str, source: str, before: str) -> Wording:
    return Wording(f"{title}\n{source}\n{before}")


def choose_support(claim: Claim, spans: Sequence[Span]) -> list[Support]:
    """Choose the sentences that hold most of a claim, best first."""
    found = []
    for span in spans:
        for sentence in _read(span.text):
            held = sentence.wording.holds(claim.units)
            start = span.start + sentence.start
            end = span.start + sentence.end
            found.append(Support(span.article, start, end, sentence, held))
    if not found:
        return []
    found.sort(key=lambda s: (-claim.share(s.held), s.article.id, s.start))
    candidates = found[:_CANDIDATES]
    for other in found[_CANDIDATES:]:
        # The sentence that a clause is taken from may hold little of the whole.
        if any(claim.share(other.held, c) > 0.7 for c in claim.clauses):
            candidates.append(other)
    gains = {id(s): _gain(claim, s, []) for s in candidates}
    chosen = [max(candidates, key=lambda s: gains[id(s)])]
    while len(chosen) < _MAX_SUPPORT:
        best, gain = None, _MIN_GAIN
        for s in candidates:
            if s not in chosen and (more := _gain(claim, s, chosen)) > gain:
                best, gain = s, more
        if best is None:
            break
        chosen.append(best)
    return chosen


def _gain(claim: Claim, support: Support, chosen: Sequence[Support]) -> float:
    """What a sentence adds to those that are chosen: wording and facts."""
    before = np.max([s.held for s in chosen], axis=0) if chosen else np.zeros(len(claim.units))
    gain = claim.share(np.maximum(before, support.held)) - claim.share(before)
    missing = [f for f in claim.facts if not any(agree(f, s.sentence.facts) for s in chosen)]
    if missing:
        stated = sum(agree(f, support.sentence.facts) for f in missing)
        gain += 0.3 * stated / len(claim.facts)
    return gain


def best_held(support: Sequence[Support]) -> Held:
    """How far each unit is held by any of the sentences."""
    held: Held = np.max([s.held for s in support], axis=0)
    return held
