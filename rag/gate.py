"""The citation gate: does what a sentence cites say what the sentence says?

In: a sentence, the characters that it cites, and all that its generator was given to read. Out:
a ``Finding``: the verdict, the sentences that decided it, and why. Nothing here knows who wrote
the sentence, or what becomes of one that is not supported.

A sentence that stands word for word in what it cites is supported. Any other is taken clause by
clause, and each clause is held against the one to three cited sentences that are nearest to it:

1. its amounts, dates, times and quotations must be stated there (`rag.facts`);
2. nothing may be denied that is not denied there, nor turned into its opposite (`rag.polarity`);
3. a name must stand there, in the title, or shortly before (`rag.wording`);
4. enough of its wording must be held, with the help of the encoder's similarity, by thresholds
   that were fitted (`gate.toml`, made by ``python -m eval.alterations --fit``).

A clause that fails makes the sentence partly supported where another clause stands, else
unsupported.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from index.aliases import Aliases
from index.article import Article
from index.fold import fold
from index.sentences import sentences
from rag.alignment import Change, changes
from rag.facts import Fact, FactKind, agree, flatten, read_facts
from rag.generate import Span
from rag.names import reads_as_name, strange_names, strange_organisations
from rag.polarity import are_alike, are_opposite, contradictions, negations
from rag.schema import Verdict
from rag.wording import Held, Unit, Wording, units_of

__all__ = ["THRESHOLDS", "Cosines", "Finding", "Gate", "Judge", "Thresholds", "read_thresholds"]

Cosines = Callable[[str], Callable[[Sequence[str]], npt.NDArray[np.float64]]]
"""Of a sentence: what tells its cosines with texts, ``(len(texts),)``; ``Index.cosines`` is one."""

THRESHOLDS = Path(__file__).with_name("gate.toml")
"""The shipped thresholds."""

_MAX_SUPPORT = 3
_CANDIDATES = 6
"""Sentences that are looked at closely."""
_CONTEXT_CHARS = 400
"""How far before a sentence a name may stand that the sentence leans on."""
_MIN_GAIN = 0.06
"""A further sentence must hold this share of the sentence that none before it holds."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What the gate found for one sentence.

    ``spans`` hold the characters that decided it, most often one sentence of an article: the
    best support, also where that is not enough; none for a sentence that cites nothing.
    ``reason`` says what does not agree, "" where everything does.
    """

    verdict: Verdict
    spans: tuple[Span, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which support on a clause and a whole sentence count as held.

    Support is the weighted share of the wording that is held, plus ``cosine`` times the
    similarity. ``across``: the similarity from which a sentence in another language is at least
    about the same.
    """

    clause: float
    sentence: float
    cosine: float
    across: float


class Judge(Protocol):
    """Something that reads a sentence beside its source, such as a cross-encoder (`rag.judge`)."""

    def supports(self, sentence: str, source: str) -> bool:
        """Tell whether the source says what the sentence says."""


class Gate:
    """Compares sentences with what they cite. Safe to share by threads."""

    def __init__(
        self,
        *,
        cosines: Cosines | None = None,
        judge: Judge | None = None,
        thresholds: Thresholds | None = None,
    ) -> None:
        """Nothing is loaded yet.

        Args:
            cosines: Similarity of meaning; the bundled encoder's by default.
            judge: Has the last word on a sentence that is not verbatim and passed all else.
            thresholds: In place of the shipped ones.
        """
        self._cosines = cosines or _bundled_cosines
        self._judge = judge
        self._thresholds = thresholds or read_thresholds()

    def check(self, sentence: str, cited: Sequence[Span], *, offered: Sequence[Span]) -> Finding:
        """Judge one sentence.

        A sentence without a citation is given the sentences of ``offered`` that support it, where
        there are any, else it is uncited.

        Args:
            sentence: The sentence, without citation keys.
            cited: What it cites: exact characters or whole passages; empty for a sentence
                without a key.
            offered: What the generator was given to read.
        """
        read = tuple(dict.fromkeys(map(_key, cited or offered)))
        spans = {_key(span): span for span in cited or offered}
        sources = [spans[key] for key in read]
        if any(map(str.isalnum, sentence)):
            quoted = _quoted(sentence, sources)
            if quoted:
                return Finding(Verdict.SUPPORTED, (quoted,))
            finding = self._compare(sentence, sources)
        else:
            finding = Finding(Verdict.UNSUPPORTED, tuple(sources[:1]), "says nothing")
        if cited or finding.verdict is Verdict.SUPPORTED:
            return finding
        return Finding(Verdict.UNCITED, (), "cites nothing")

    def _compare(self, sentence: str, spans: Sequence[Span]) -> Finding:
        claim = _Claim(sentence)
        support = _choose(claim, spans)
        if not support:
            return Finding(Verdict.UNSUPPORTED, tuple(spans[:1]), "not in the cited text")
        texts = [s.text for s in support]
        joined = " ".join(texts)
        cosine = float(self._cosines(sentence)([joined])[0])
        found = tuple(Span(s.article, s.start, s.end) for s in support)
        if _other_language(claim, support):
            return self._across(claim, support, cosine)
        reasons = [self._clause(claim, clause, support, cosine) for clause in claim.clauses]
        failed = [reason for reason in reasons if reason]
        if not failed:
            if claim.share(_best_held(support)) + self._thresholds.cosine * cosine < (
                self._thresholds.sentence
            ):
                return Finding(Verdict.UNSUPPORTED, found, "too little of it is in the cited text")
            if self._judge and not self._judge.supports(sentence, joined):
                return Finding(Verdict.UNSUPPORTED, found, "the judge does not see it in the text")
            return Finding(Verdict.SUPPORTED, found)
        verdict = Verdict.UNSUPPORTED if len(failed) == len(reasons) else Verdict.PARTLY
        return Finding(verdict, found, failed[0])

    def _clause(
        self, claim: "_Claim", clause: "_Clause", support: Sequence["_Support"], cosine: float
    ) -> str:
        """Say what of one clause does not agree, "" where all does."""
        shares = [claim.share(s.held, clause) for s in support]
        top = max(shares)
        near = [s for s, share in zip(support, shares, strict=True) if share >= _NEAR * top]
        best = support[shares.index(top)]
        for fact in claim.facts_of(clause):
            if _is_displaced(fact, claim.flat, best.sentence) or not _is_stated(fact, near, claim):
                return f"{claim.text[fact.start : fact.end]} is not in the cited text"
        text = claim.flat[clause.start : clause.end]
        stated = flatten(" ".join(s.text for s in near))
        for contrast in contradictions(text, stated, whole=claim.flat):
            return contrast.reason
        if name := _strange_name(claim, clause, best, support):
            return f"{name} is not in the cited text"
        for change in changes(claim.units, best.sentence.units):
            if clause.first <= change.first < max(clause.last, clause.first + 1):
                if reason := self._changed(claim, change, best):
                    return reason
        titled = _TITLED * best.title.holds(claim.units)
        together = claim.share(np.maximum(_best_held(support), titled), clause)
        top = claim.share(np.maximum(best.held, titled), clause)
        # What is held by one sentence counts; what is put together from several, half.
        share = (top + together) / 2
        if share + self._thresholds.cosine * cosine < self._thresholds.clause:
            return f"adds {claim.text[clause.start : clause.end].strip()}"
        return ""

    def _changed(self, claim: "_Claim", change: Change, best: "_Support") -> str:
        """Say what is wrong with words in place of others, "" where they may mean the same."""
        said = claim.units[change.first : change.last]
        stated = best.sentence.units[change.other_first : change.other_last]
        here = claim.flat[said[0].start : said[-1].end] if said else ""
        source = best.sentence.wording.flat
        there = source[stated[0].start : stated[-1].end] if stated else ""
        denials = _denials(claim.flat, said), _denials(source, stated)
        if denials[0] % 2 != denials[1] % 2 and _is_short(said, here) and _is_short(stated, there):
            if len(negations(claim.flat)) != len(negations(source)):
                return f"{here or there}: denied in one of sentence and source"
        if not said or not stated or are_alike(here, there):
            return ""
        if are_opposite(_widened(claim.flat, said), _widened(source, stated)):
            return f"{here}, where the source says {there}"
        missing = best.sentence.wording.holds(said) < 1.0
        weight = sum(u.weight for u, gone in zip(said, missing, strict=True) if gone)
        if weight < _CONTENT or sum(u.weight for u in stated) < 2 * _CONTENT:
            return ""
        is_named = _names_something(there, stated)
        # A name in place of "the bank" is what the source leans on; whether it is that one is told
        # by strange names.
        if not is_named and not (said[0].is_han and _names_something(here, said)):
            return ""
        if _leans(there) or _alike_written(here, there) or _is_alias(here, there):
            return ""
        if _SYNONYM <= self._cosines(here)([there])[0] < _UNKNOWN:
            return ""
        return f"{here}, where the source says {there}"

    def _across(
        self, claim: "_Claim", support: Sequence["_Support"], cosine: float
    ) -> Finding:
        """Compare two languages by what has one form in both.

        Figures and similarity cannot tell a denial, so that without a judge the sentence is
        supported in part at best.
        """
        found = tuple(Span(s.article, s.start, s.end) for s in support)
        for fact in claim.facts:
            if fact.kind is not FactKind.QUOTE and not _is_stated(fact, support, claim):
                said = claim.text[fact.start : fact.end].strip()
                return Finding(Verdict.UNSUPPORTED, found, f"{said} is not in the cited text")
        if self._judge:
            if self._judge.supports(claim.text, " ".join(s.text for s in support)):
                return Finding(Verdict.SUPPORTED, found)
            return Finding(Verdict.UNSUPPORTED, found, "the judge does not see it in the text")
        if cosine < self._thresholds.across:
            return Finding(Verdict.UNSUPPORTED, found, "too far from the cited text")
        return Finding(Verdict.PARTLY, found, "in another language: only its figures were compared")

_NEAR = 0.25
"""A sentence counts for a clause that holds this share of what the nearest one holds of it."""
_TITLED = 0.6
"""What a word counts that only the title has: it may be what the sentence speaks of."""
_CONTENT = 0.45
"""Weight of words that say something: one common word, one character that is no particle."""
_SYNONYM, _UNKNOWN = 0.35, 0.97
"""Similarities between which two expressions may mean the same; what the encoder does not know at
all is alike to it."""
_POINTING = re.compile("[该此其它他她那本]|.?[该这]|.+的.|.*[，；：。、]")
_SHORT, _SHORT_WORDS = 5, 4
"""Characters or words of a change that is one expression for another."""


def _leans(there: str) -> bool:
    """Tell whether words point at what was named before (该行), or are more than one expression."""
    return bool(_POINTING.match(there))


def _alike_written(one: str, other: str) -> bool:
    """Tell whether two expressions share most of their Han characters: 看诊, 问诊."""
    shared = {c for c in one if c >= "\u3400" and c in other}
    return 2 * len(shared) >= min(len(set(one)), len(set(other))) and "·" not in one + other


def _is_short(units: Sequence[Unit], text: str) -> bool:
    if not units:
        return True
    if re.search(r"[，；：。、,;:]", text):
        return False
    return len(units) <= (_SHORT if units[0].is_han else _SHORT_WORDS)


def _denials(flat: str, units: Sequence[Unit]) -> int:
    if not units:
        return 0
    start, end = units[0].start, units[-1].end
    return sum(start <= n.start < end for n in negations(flat))


def _widened(flat: str, units: Sequence[Unit]) -> str:
    """The words with a Han character before and behind: 增 of 增至."""
    start, end = units[0].start, units[-1].end
    return flat[max(0, start - 1) : end + 1] if units[0].is_han else flat[start:end]


def _names_something(text: str, units: Sequence[Unit]) -> bool:
    return reads_as_name(text) if units[0].is_han else any(unit.is_name for unit in units)


def _is_alias(one: str, other: str) -> bool:
    return any(fold(other) in map(fold, m.names) for m in Aliases.load().find(one))


@dataclass(frozen=True, slots=True)
class _Clause:
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


class _Claim:
    """A sentence, read: its units with their weights, its facts, its clauses."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.flat = flatten(text)
        self.facts = read_facts(text)
        self.units = _worded(units_of(text), self.facts)
        self.weights = np.array([unit.weight for unit in self.units], dtype=np.float64)
        self.clauses = self._cut()

    def _cut(self) -> list[_Clause]:
        quotes = [(f.start, f.end) for f in self.facts if f.kind is FactKind.QUOTE]
        borders = [
            m.end()
            for m in _CLAUSE.finditer(self.flat)
            if not any(start <= m.start() < end for start, end in quotes)
        ]
        borders = [b for b in borders if b < len(self.text)] + [len(self.text)]
        clauses: list[_Clause] = []
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
            clauses.append(_Clause(start, border, first, last))
            start, first = border, last
        return clauses

    def share(self, held: Held, clause: _Clause | None = None) -> float:
        """The weighted share of a clause, or of all, that is held; 1 where there are no words."""
        of = slice(clause.first, clause.last) if clause else slice(None)
        total = float(self.weights[of].sum())
        return float(self.weights[of] @ held[of]) / total if total > 0 else 1.0

    def facts_of(self, clause: _Clause) -> list[Fact]:
        return [f for f in self.facts if clause.start <= f.start < clause.end]

    @cached_property
    def has_han(self) -> bool:
        return sum(u.is_han for u in self.units) > 0.3 * len(self.units)


def _worded(units: Sequence[Unit], facts: Sequence[Fact]) -> tuple[Unit, ...]:
    """Leave out the words of amounts and dates, which are compared as such."""
    read = [(f.start, f.end) for f in facts if f.kind is not FactKind.QUOTE]
    return tuple(
        u for u in units if u.is_han or not any(a <= u.start and u.end <= b for a, b in read)
    )


_ITEM = re.compile(r"\s*[(（]?\d{1,2}(?:[.．]\s|[、)）])")


class _Sentence:
    """A sentence of a source, ``[start:end]`` of the passage's text; read when it is looked at."""

    def __init__(self, start: int, end: int, text: str) -> None:
        self.start, self.end, self.text = start, end, text
        self.wording = Wording(text)

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        # The number of an item of a list counts nothing.
        marker = _ITEM.match(self.text)
        return tuple(f for f in read_facts(self.text) if not marker or f.start >= marker.end())

    @cached_property
    def units(self) -> tuple[Unit, ...]:
        return _worded(units_of(self.text), self.facts)


@lru_cache(maxsize=512)
def _read(text: str) -> tuple[_Sentence, ...]:
    """Read the sentences of a passage; the passages of one answer are read once."""
    return tuple(_Sentence(start, end, text[start:end]) for start, end in sentences(text))


@dataclass(frozen=True, slots=True)
class _Support:
    """A sentence of an article beside a claim, of whose units it holds ``held``."""

    article: Article
    start: int
    end: int
    sentence: _Sentence
    held: Held

    @property
    def text(self) -> str:
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


def _choose(claim: _Claim, spans: Sequence[Span]) -> list[_Support]:
    """Choose the sentences that hold most of a claim, best first."""
    found = []
    for span in spans:
        for sentence in _read(span.text):
            held = sentence.wording.holds(claim.units)
            start = span.start + sentence.start
            end = span.start + sentence.end
            found.append(_Support(span.article, start, end, sentence, held))
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


def _gain(claim: _Claim, support: _Support, chosen: Sequence[_Support]) -> float:
    """What a sentence adds to those that are chosen: wording and facts."""
    before = np.max([s.held for s in chosen], axis=0) if chosen else np.zeros(len(claim.units))
    gain = claim.share(np.maximum(before, support.held)) - claim.share(before)
    missing = [f for f in claim.facts if not any(agree(f, s.sentence.facts) for s in chosen)]
    if missing:
        stated = sum(agree(f, support.sentence.facts) for f in missing)
        gain += 0.3 * stated / len(claim.facts)
    return gain


def _best_held(support: Sequence[_Support]) -> Held:
    held: Held = np.max([s.held for s in support], axis=0)
    return held


def _is_stated(fact: Fact, near: Sequence[_Support], claim: _Claim) -> bool:
    """Tell whether a fact stands in one of the sentences, or may be taken from their context."""
    stating = [s for s in near if agree(fact, s.sentence.facts)]
    if stating:
        return any(_is_bound(fact, claim.flat, s.sentence) for s in stating)
    if fact.kind is FactKind.QUOTE:
        words = str(fact.value)
        return any(words in _plain(s.text) or words in _plain(s.context.flat) for s in near)
    if fact.kind is FactKind.AMOUNT:
        # 8.0版, V2: the version of what is spoken of stands where it was named.
        number = claim.text[fact.start : fact.end].strip()
        around = claim.flat[max(0, fact.start - 9) : fact.start], claim.flat[fact.end : fact.end + 1]
        is_version = around[0].rstrip().endswith("version") or around[1] == "版"
        return is_version and any(number in s.context.flat for s in near)
    if fact.kind is FactKind.DATE:
        return any(_dated(fact, s) for s in near)
    return False


_WINDOW = 7
"""Characters on either side of an amount that tell what it belongs to."""


def _is_bound(fact: Fact, flat: str, sentence: _Sentence) -> bool:
    """Tell whether a fact belongs to the same thing in its source, as far as neighbours tell.

    In 12 of 24 rooms, 24 of 24 says something else: the place of the first 24 is that of 12.
    """
    if fact.kind is FactKind.QUOTE:
        return True
    ours = _neighbours(flat, fact)
    right = wrong = 0
    for other in sentence.facts:
        if other.kind is fact.kind:
            shared = sum((ours & _neighbours(sentence.wording.flat, other)).values())
            if agree(fact, (other,)):
                right = max(right, shared)
            else:
                wrong = max(wrong, shared)
    return wrong < right + _FARTHER


def _is_displaced(fact: Fact, flat: str, sentence: _Sentence) -> bool:
    """Tell whether the nearest sentence has another fact of the kind in just this place."""
    if fact.kind is FactKind.QUOTE or agree(fact, sentence.facts):
        return False
    ours = _neighbours(flat, fact)
    return any(
        sum((ours & _neighbours(sentence.wording.flat, other)).values()) >= _IN_PLACE
        for other in sentence.facts
        if other.kind is fact.kind and not _refines(fact, other)
    )


def _refines(said: Fact, stated: Fact) -> bool:
    """Tell whether a date only adds to another what its context may say: 2020年2月, 2月."""
    if not isinstance(said.value, tuple) or not isinstance(stated.value, tuple):
        return False
    return all(a is None or b is None or a == b for a, b in zip(said.value, stated.value, strict=True))


_IN_PLACE = 6
_FARTHER = 4
"""How many more neighbours another amount must share for a fact to be in its place."""


def _neighbours(flat: str, fact: Fact) -> Counter[str]:
    """What stands around a fact: pairs of characters with their side, or words; the next tell most."""
    before = _NUMERALS.sub("", flat[max(0, fact.start - 4 * _WINDOW) : fact.start])
    after = _NUMERALS.sub("", flat[fact.end : fact.end + 4 * _WINDOW])
    found: Counter[str] = Counter()
    if before[-2:].isascii() and after[:2].isascii():
        for words in (re.findall("[a-z]+", before)[-3:], re.findall("[a-z]+", after)[:3]):
            found.update(word for word in words if len(word) > 3)
        found["<<" + "".join(re.findall(r"[a-z]+\W*\Z", before))] += 2
        found[">>" + "".join(re.findall(r"\A\W*[a-z]+", after))] += 2
        return found
    before, after = before[-_WINDOW:], after[:_WINDOW]
    for side, text in (("<", before), (">", after)):
        found.update(side + text[i : i + 2] for i in range(len(text) - 1) if text[i : i + 2].strip())
    found["<<" + before[-2:]] += 2
    found[">>" + after[:2]] += 2
    return found


_NUMERALS = re.compile(r"[\d零一二三四五六七八九十百千万亿两]+")


def _dated(fact: Fact, support: _Support) -> bool:
    """A date of which each part is stated, by the sentence or else by its context."""
    assert isinstance(fact.value, tuple)
    own = [f for f in support.sentence.facts if f.kind is FactKind.DATE]
    context = support.context_facts
    for place, part in enumerate(fact.value):
        if part is None:
            continue
        said = {f.value[place] for f in own if isinstance(f.value, tuple)} - {None}
        if said:
            if part not in said:
                return False
        elif part not in {f.value[place] for f in context if isinstance(f.value, tuple)}:
            return False
    return True


def _strange_name(
    claim: _Claim, clause: _Clause, best: _Support, support: Sequence[_Support]
) -> str:
    units = claim.units[clause.first : clause.last]
    held = _best_held(support)[clause.first : clause.last]
    for s in support:
        held = np.maximum(held, s.context.holds(units))
    own = "\n".join((best.article.title, *(s.text for s in support)))
    for start, end in strange_names(units, held, claim.text):
        if clause.start <= start < clause.end and not _is_known(claim.text[start:end], own):
            return claim.text[start:end]
    text = claim.text[clause.start : clause.end]
    for start, end in strange_organisations(text, own, best.before):
        return text[start:end]
    return ""


def _is_known(name: str, text: str) -> bool:
    """Tell whether a text says another name of the same thing."""
    known = fold(text)
    return any(any(fold(n) in known for n in m.names) for m in Aliases.load().find(name))


def _other_language(claim: _Claim, support: Sequence[_Support]) -> bool:
    source = support[0].sentence.wording
    return claim.has_han != (len(source.chars) > len(source.words))


def _plain(text: str) -> str:
    return "".join(c for c in fold(text) if c.isalnum())


def _key(span: Span) -> tuple[str, int, int]:
    return span.article.id, span.start, span.end


_EDGE = "。．.!！?？,，;；:：、 \t\n\"'“”‘’「」『』…"
_STARTS = re.compile(r"[，。；：！？、,;:!?\n（）()“”「」『』\"]|\A|\s[-–—•]\s")


def _quoted(sentence: str, spans: Sequence[Span]) -> Span | None:
    """Find a sentence word for word, in either script; not one that is cut out of a denial."""
    core = sentence.strip(_EDGE)
    wanted = fold(core)
    for span in spans:
        text = fold(span.text)
        at = text.find(wanted)
        while at >= 0:
            end = at + len(wanted)
            if _is_whole(text, at, end):
                whole = span.text.find(sentence, max(0, at - 4))
                if 0 <= whole <= at and whole + len(sentence) >= end:
                    at, end = whole, whole + len(sentence)
                return Span(span.article, span.start + at, span.start + end)
            at = text.find(wanted, at + 1)
    return None


def _is_whole(text: str, start: int, end: int) -> bool:
    """Neither cut inside of a word or number, nor freed of what denies it."""
    for at in (start, end):
        if 0 < at < len(text):
            one, other = text[at - 1], text[at]
            if one.isascii() and other.isascii() and one.isalnum() and other.isalnum():
                return False
            if other in "%.,％" and text[at + 1 : at + 2].isdigit() and one.isdigit():
                return False
            if other == "%" and at == end:
                return False
    borders = [m.end() for m in _STARTS.finditer(text, 0, start)]
    left = borders[-1] if borders else 0
    after = _STARTS.search(text, end)
    right = after.start() if after and after.start() >= end else len(text)
    return not negations(text[left:start]) and not (
        start > left and negations(text[end:right])
    )


@cache
def _bundled_cosines_encoder():  # type: ignore[no-untyped-def]  # noqa: ANN202
    from index.embed import load_embedder

    return load_embedder("bundled")


def _bundled_cosines(sentence: str) -> Callable[[Sequence[str]], npt.NDArray[np.float64]]:
    encoder = _bundled_cosines_encoder()
    vector = encoder.embed_questions([sentence])[0]
    return lambda texts: (encoder.embed_passages(texts) @ vector).astype(np.float64)


@cache
def read_thresholds(path: Path = THRESHOLDS) -> Thresholds:
    """Read the fitted thresholds."""
    return Thresholds(**tomllib.loads(path.read_text(encoding="utf-8"))["thresholds"])
