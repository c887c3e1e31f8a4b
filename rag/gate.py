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

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from index.aliases import Aliases
from index.embed import bundled
from index.errors import UsageError
from index.fold import fold
from index.toml_file import read_toml
from rag.alignment import changes
from rag.binding import is_displaced, is_stated
from rag.facts import FactKind, flatten
from rag.generate import Span
from rag.names import strange_names, strange_organisations
from rag.polarity import contradictions
from rag.rewording import Cosines, wrong_change
from rag.schema import Verdict
from rag.support import MAX_CHARS, Claim, Clause, Support, best_held, choose_support
from rag.verbatim import find_verbatim

__all__ = ["THRESHOLDS", "Cosines", "Finding", "Gate", "Judge", "Thresholds", "read_thresholds"]

THRESHOLDS = Path(__file__).with_name("gate.toml")
"""The shipped thresholds."""


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
            quoted = find_verbatim(sentence, sources)
            if quoted:
                return Finding(Verdict.SUPPORTED, (quoted,))
            finding = self._compare(sentence, sources)
        else:
            finding = Finding(Verdict.UNSUPPORTED, tuple(sources[:1]), "says nothing")
        if cited or finding.verdict is Verdict.SUPPORTED:
            return finding
        return Finding(Verdict.UNCITED, (), "cites nothing")

    def _compare(self, sentence: str, spans: Sequence[Span]) -> Finding:
        if len(sentence) > MAX_CHARS:
            return Finding(Verdict.UNSUPPORTED, tuple(spans[:1]), "too long to be compared")
        claim = Claim(sentence)
        support = choose_support(claim, spans)
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
            if claim.share(best_held(support)) + self._thresholds.cosine * cosine < (
                self._thresholds.sentence
            ):
                return Finding(Verdict.UNSUPPORTED, found, "too little of it is in the cited text")
            if self._judge and not self._judge.supports(sentence, joined):
                return Finding(Verdict.UNSUPPORTED, found, "the judge does not see it in the text")
            return Finding(Verdict.SUPPORTED, found)
        verdict = Verdict.UNSUPPORTED if len(failed) == len(reasons) else Verdict.PARTLY
        return Finding(verdict, found, failed[0])

    def _clause(
        self, claim: Claim, clause: Clause, support: Sequence[Support], cosine: float
    ) -> str:
        """Say what of one clause does not agree, "" where all does."""
        shares = [claim.share(s.held, clause) for s in support]
        top = max(shares)
        near = [s for s, share in zip(support, shares, strict=True) if share >= _NEAR * top]
        best = support[shares.index(top)]
        for fact in claim.facts_of(clause):
            if (top > _NEAREST and is_displaced(fact, claim.flat, best.sentence)) or not is_stated(
                fact, near, claim
            ):
                return f"{claim.text[fact.start : fact.end]} is not in the cited text"
        text = claim.flat[clause.start : clause.end]
        close = [s for s, share in zip(support, shares, strict=True) if share >= _CLOSE * top]
        stated = flatten("\n".join(s.text for s in close))
        for contrast in contradictions(text, stated, whole=claim.flat):
            return contrast.reason
        if name := _strange_name(claim, clause, best, support):
            return f"{name} is not in the cited text"
        for change in changes(claim.units, best.sentence.units):
            inside = clause.first <= change.first < max(clause.last, clause.first + 1)
            if inside and (reason := wrong_change(claim, change, best, self._cosines)):
                return reason
        titled = _TITLED * best.title.holds(claim.units)
        together = claim.share(np.maximum(best_held(support), titled), clause)
        top = claim.share(np.maximum(best.held, titled), clause)
        # What is held by one sentence counts; what is put together from several, half.
        share = (top + together) / 2
        if share + self._thresholds.cosine * cosine < self._thresholds.clause:
            return f"adds {claim.text[clause.start : clause.end].strip()}"
        return ""

    def _across(self, claim: Claim, support: Sequence[Support], cosine: float) -> Finding:
        """Compare two languages by what has one form in both.

        Figures and similarity cannot tell a denial, so that without a judge the sentence is
        supported in part at best.
        """
        found = tuple(Span(s.article, s.start, s.end) for s in support)
        for fact in claim.facts:
            if fact.kind is not FactKind.QUOTE and not is_stated(fact, support, claim):
                said = claim.text[fact.start : fact.end].strip()
                return Finding(Verdict.UNSUPPORTED, found, f"{said} is not in the cited text")
        if self._judge:
            if self._judge.supports(claim.text, " ".join(s.text for s in support)):
                return Finding(Verdict.SUPPORTED, found)
            return Finding(Verdict.UNSUPPORTED, found, "the judge does not see it in the text")
        if cosine < self._thresholds.across:
            return Finding(Verdict.UNSUPPORTED, found, "too far from the cited text")
        return Finding(Verdict.PARTLY, found, "in another language: only its figures were compared")


_NEAREST = 0.6
"""What the sentence that a clause was made from holds of it at least."""
_CLOSE = 0.6
"""The same for what is denied: a denial of another sentence says nothing of this one."""
_NEAR = 0.25
"""A sentence counts for a clause that holds this share of what the nearest one holds of it."""
_TITLED = 0.6
"""What a word counts that only the title has: it may be what the sentence speaks of."""


def _strange_name(claim: Claim, clause: Clause, best: Support, support: Sequence[Support]) -> str:
    units = claim.units[clause.first : clause.last]
    held = best_held(support)[clause.first : clause.last]
    for s in support:
        held = np.maximum(held, s.context.holds(units))
    # A heading that has only the name is none of what is cited: the last one before it counts.
    shares = [claim.share(s.held, clause) for s in support]
    near = [s.text for s, share in zip(support, shares, strict=True) if 2 * share >= max(shares)]
    title, cited = best.article.title, "\n".join(near)
    for start, end in strange_names(units, held, claim.text):
        if clause.start <= start < clause.end and not _is_known(
            claim.text[start:end], title + cited
        ):
            return claim.text[start:end]
    text = claim.text[clause.start : clause.end]
    for start, end in strange_organisations(text, cited, title=title, before=best.before):
        return text[start:end]
    return ""


def _is_known(name: str, text: str) -> bool:
    """Tell whether a text says another name of the same thing."""
    known = fold(text)
    return any(any(fold(n) in known for n in m.names) for m in Aliases.load().find(name))


def _other_language(claim: Claim, support: Sequence[Support]) -> bool:
    source = support[0].sentence.wording
    return claim.has_han != (len(source.chars) > len(source.words))


def _key(span: Span) -> tuple[str, int, int]:
    return span.article.id, span.start, span.end


def _bundled_cosines(sentence: str) -> Callable[[Sequence[str]], npt.NDArray[np.float64]]:
    encoder = bundled()
    vector = encoder.embed_questions([sentence])[0]
    return lambda texts: (encoder.embed_passages(texts) @ vector).astype(np.float64)


@cache
def read_thresholds(path: Path = THRESHOLDS) -> Thresholds:
    """Read a file of thresholds.

    Raises:
        UsageError: it is missing, no TOML, or has not just a number for each threshold.
    """
    table = read_toml(path, "thresholds").get("thresholds", {})
    names = {field.name for field in fields(Thresholds)}
    if set(table) != names or not all(type(value) in (int, float) for value in table.values()):
        raise UsageError(
            f"{path}: [thresholds] must hold a number for each of {', '.join(sorted(names))}"
        )
    return Thresholds(**{name: float(value) for name, value in table.items()})
