"""Every metric by its name: ``parse("nDCG@10")`` gives the metric, ``str`` of it the name.

A name is ``[LEVEL.]MEASURE[@K]``. Retrieval is measured at three levels: by article (no prefix),
``passage`` (a passage counts when it shares a character with the gold) and ``span`` (when it holds
a gold quote whole). Knows how a metric is computed of one `Seen`; metrics of a set of cases
(``over`` is "set") are computed in `eval.summary`.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from eval.metrics import answers, citations, retrieval
from eval.metrics.seen import Seen
from index.errors import UsageError

__all__ = ["METRICS", "Family", "Metric", "parse"]

Measure = Callable[[Seen], float | None]
Ranked = Callable[[Sequence[frozenset[int]], int], float]


class Family(StrEnum):
    """What part of the system a metric looks at."""

    RETRIEVAL = "retrieval"
    ANSWER = "answer"
    CITATION = "citation"
    DECLINING = "declining"
    AGREEMENT = "agreement"
    JUDGE = "judge"


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric. ``parse(str(metric)) == metric``.

    ``over``: "case" where each case has a value and a set has their mean, "set" where only a set
    has one. ``definition`` is one sentence; the source stands at the function. ``ranked`` is the
    measure of a bare ranking and the number of needed facts, for those of retrieval.
    """

    name: str
    family: Family
    definition: str
    higher_is_better: bool = True
    over: str = "case"
    k: int | None = None
    measure: Measure | None = field(default=None, compare=False, repr=False)
    ranked: Ranked | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        """Return the name that parses back."""
        return self.name


_RANKED: dict[str, tuple[Callable[..., float], str]] = {
    "recall": (retrieval.recall, "share of the needed facts that were found"),
    "complete": (retrieval.complete, "1 where every needed fact was found"),
    "precision": (retrieval.precision, "share of the places that hold a needed fact"),
    "RR": (retrieval.reciprocal_rank, "1 / place of the first needed fact; the mean is MRR"),
    "AP": (retrieval.average_precision, "mean precision where facts are found; the mean is MAP"),
    "nDCG": (retrieval.ndcg, "discounted gain of the facts found, over the best possible"),
}
_ALIASES = {"MRR": "RR", "MAP": "AP", "ndcg": "nDCG"}
_LEVELS = {"": "by article", "passage": "by passage", "span": "by passages that hold a quote whole"}
_NAME = re.compile(
    r"(?:(?P<level>passage|span)\.)?(?P<base>[A-Za-z][\w-]*)(?:@(?P<k>[1-9]\d{0,3}))?"
)


def parse(name: str) -> Metric:
    """Look a metric up by its name; ``MRR`` and ``MAP`` are names of ``RR`` and ``AP``.

    >>> str(parse("nDCG@10")), parse("passage.recall@5").k, str(parse("MRR"))
    ('nDCG@10', 5, 'RR')

    Raises:
        UsageError: there is no such metric.
    """
    if name in _SINGLE:
        return _SINGLE[name]
    parts = _NAME.fullmatch(name)
    if parts:
        level, k = parts["level"] or "", int(parts["k"]) if parts["k"] else None
        base = _ALIASES.get(parts["base"], parts["base"])
        if base in _RANKED and (k is not None or base != "precision"):
            return _ranked(level, base, k)
        if base in _FIRST and k is not None and not level:
            return _first(base, k)
    known = ", ".join([*(f"{base}@K" for base in (*_RANKED, *_FIRST)), *_SINGLE])
    raise UsageError(
        f"there is no metric {name!r}; write one of {known} (those with @K also as passage.… and "
        "span.…)"
    )


def _ranked(level: str, base: str, k: int | None) -> Metric:
    function, definition = _RANKED[base]
    among = f" among the first {k}" if k else ""

    def ranked(ranking: Sequence[frozenset[int]], facts: int) -> float:
        return function(ranking, facts, k)

    return Metric(
        name=(f"{level}." if level else "") + base + (f"@{k}" if k else ""),
        family=Family.RETRIEVAL,
        definition=f"{definition}{among}, {_LEVELS[level]}",
        k=k,
        measure=lambda seen: _at_level(seen, level, ranked),
        ranked=ranked,
    )


def _at_level(seen: Seen, level: str, function: Ranked) -> float | None:
    """Compute a retrieval measure; None for a case without gold of that level."""
    gold = [fact for fact in (seen.quoted if level == "span" else seen.gold) if fact]
    if not gold:
        return None
    if level == "":
        # Two facts of the same article are one thing to find.
        wanted = list(dict.fromkeys(frozenset(span[0] for span in fact) for fact in gold))
        ranked: dict[str, frozenset[str]] = {}
        for passage in seen.passages:
            article = passage.span[0]
            ranked[article] = ranked.get(article, frozenset()) | passage.articles
        held = [_numbers(bool(ids & fact) for fact in wanted) for ids in ranked.values()]
        return function(held, len(wanted))
    test = _holds_whole if level == "span" else citations.overlaps
    held = [
        _numbers(any(test(passage.span, span) for span in fact) for fact in gold)
        for passage in seen.passages
    ]
    return function(held, len(gold))


def _holds_whole(passage: citations.Span, gold: citations.Span) -> bool:
    return passage[0] == gold[0] and passage[1] <= gold[1] and gold[2] <= passage[2]


def _numbers(flags: Iterable[bool]) -> frozenset[int]:
    return frozenset(n for n, flag in enumerate(flags) if flag)


def _compared(function: Callable[..., float]) -> Measure:
    """A measure of the whole answer against the accepted ones; None where none is given."""

    def measure(seen: Seen) -> float | None:
        said = tuple(unit for sentence in seen.said for unit in sentence)
        return float(function(said, seen.accepted)) if seen.accepted else None

    return measure


def _pointed_out(function: Callable[..., float]) -> Measure:
    """A measure of the short answer that is pointed out, 0 where none is."""
    return lambda seen: float(function(seen.short, seen.accepted)) if seen.accepted else None


def _rouge(seen: Seen) -> float | None:
    said = "".join(unit for sentence in seen.said for unit in sentence)
    accepted = ["".join(right) for right in seen.accepted]
    return answers.rouge_l(said, accepted) if accepted else None


def _contains(seen: Seen, k: int | None) -> float | None:
    if not seen.accepted:
        return None
    return max((answers.best_contained(s, seen.accepted) for s in seen.said[:k]), default=0.0)


def _cited_first(seen: Seen, k: int | None) -> float | None:
    if not seen.gold:
        return None
    return float(bool(citations.citation_precision(seen.cited[:k], seen.gold)))


def _citation_precision(seen: Seen) -> float | None:
    if not seen.gold:
        return None
    return 0.0 if seen.missing else citations.citation_precision(seen.cited, seen.gold)


def _citation_recall(seen: Seen) -> float | None:
    return citations.citation_recall(seen.cited, seen.gold) if seen.gold else None


def _share(values: Sequence[bool | int]) -> float | None:
    return sum(values) / len(values) if values else None


def _correct(seen: Seen) -> float | None:
    if seen.missing:
        return 0.0
    if not seen.answerable:
        return float(seen.declined)
    return _contains(seen, None) if seen.accepted else _cited_first(seen, None)


def _decided(seen: Seen) -> float | None:
    return float(not seen.missing and seen.declined != seen.answerable)


def _answered(seen: Seen) -> float | None:
    return float(not seen.missing and not seen.declined) if seen.answerable else None


def _agrees(seen: Seen, other: tuple[citations.Span, ...] | None) -> float | None:
    if other is None:
        return None
    return 0.0 if seen.missing else citations.agreement(seen.cited, other)


_FIRST: dict[str, tuple[Family, str, Callable[[Seen, int | None], float | None]]] = {
    "contains": (Family.ANSWER, "1 where an accepted answer stands in", _contains),
    "cited": (Family.CITATION, "1 where a gold span is cited by", _cited_first),
}


def _first(base: str, k: int) -> Metric:
    family, definition, function = _FIRST[base]
    things = "sentence" if base == "contains" else "citation"
    among = f"the first {things}" if k == 1 else f"the first {k} {things}s"
    return Metric(
        f"{base}@{k}", family, f"{definition} {among}", k=k, measure=lambda seen: function(seen, k)
    )


def _single(
    name: str,
    family: Family,
    definition: str,
    measure: Measure | None,
    *,
    higher_is_better: bool = True,
) -> Metric:
    return Metric(
        name,
        family,
        definition,
        higher_is_better=higher_is_better,
        over="case" if measure else "set",
        measure=measure,
    )


_SINGLE: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        _single(
            "exact_match",
            Family.ANSWER,
            "1 where the answer is an accepted one",
            _compared(answers.exact_match),
        ),
        _single(
            "F1",
            Family.ANSWER,
            "overlap with an accepted answer, in characters for Han and words elsewhere",
            _compared(answers.unit_f1),
        ),
        _single(
            "short_exact_match",
            Family.ANSWER,
            "1 where the short answer that is pointed out is an accepted one",
            _pointed_out(answers.exact_match),
        ),
        _single(
            "short_F1",
            Family.ANSWER,
            "overlap of the short answer that is pointed out with an accepted one",
            _pointed_out(answers.unit_f1),
        ),
        _single(
            "ROUGE-L",
            Family.ANSWER,
            "longest common subsequence with an accepted answer, in characters",
            _rouge,
        ),
        _single(
            "contains",
            Family.ANSWER,
            "1 where an accepted answer stands in a sentence of the answer",
            lambda seen: _contains(seen, None),
        ),
        _single(
            "citation_precision",
            Family.CITATION,
            "share of the citations that overlap a gold span",
            _citation_precision,
        ),
        _single(
            "citation_recall",
            Family.CITATION,
            "share of the needed facts that are cited",
            _citation_recall,
        ),
        _single(
            "verbatim",
            Family.CITATION,
            "share of the citations whose quote is what stands in the article",
            lambda seen: _share(seen.verbatim),
        ),
        _single(
            "supported",
            Family.CITATION,
            "share of the sentences that the citation gate found supported",
            lambda seen: _share([verdict == "supported" for verdict in seen.verdicts]),
        ),
        _single(
            "citations_per_sentence",
            Family.CITATION,
            "mean number of citations of a sentence",
            lambda seen: _share(seen.citation_counts),
        ),
        _single(
            "answered",
            Family.DECLINING,
            "share of the answerable cases that were answered",
            _answered,
        ),
        _single(
            "decided",
            Family.DECLINING,
            "1 where an answerable case was answered or an unanswerable one declined",
            _decided,
        ),
        _single(
            "correct",
            Family.DECLINING,
            "1 where an accepted answer stands in the answer (a gold span is cited, where the case "
            "has no accepted answer), or an unanswerable case was declined",
            _correct,
        ),
        _single(
            "declining_precision",
            Family.DECLINING,
            "share of the declined cases that are unanswerable",
            None,
        ),
        _single(
            "declining_recall",
            Family.DECLINING,
            "share of the unanswerable cases that were declined",
            None,
        ),
        _single("declining_F1", Family.DECLINING, "harmonic mean of the two", None),
        _single(
            "calibration_error",
            Family.DECLINING,
            "distance between the probability that the collection answers and how often it does",
            None,
            higher_is_better=False,
        ),
        _single(
            "risk_coverage_area",
            Family.DECLINING,
            "mean share of wrong answers as cases are taken from the surest on",
            None,
            higher_is_better=False,
        ),
        _single(
            "script_invariance",
            Family.AGREEMENT,
            "agreement of the citations when the question is asked in the other script",
            lambda seen: _agrees(seen, seen.other_script),
        ),
        _single(
            "paraphrase_consistency",
            Family.AGREEMENT,
            "agreement of the citations with those of the question that this one rewords",
            lambda seen: _agrees(seen, seen.original),
        ),
        Metric(
            "judge.faithfulness",
            Family.JUDGE,
            "share of the sentences that a judge model finds borne out by their quotes",
        ),
        Metric(
            "judge.relevance",
            Family.JUDGE,
            "how well the answer meets the question, by a judge model",
        ),
    )
}

METRICS: tuple[Metric, ...] = tuple(
    parse(name)
    for name in (
        *("recall@1", "recall@5", "recall@10", "complete", "precision@1", "precision@5"),
        *("RR", "AP", "nDCG@10"),
        *("passage.recall@1", "passage.recall@5", "passage.recall@10", "passage.precision@5"),
        *("passage.RR", "passage.AP", "passage.nDCG@10"),
        *("span.recall@1", "span.recall@5", "span.recall@10", "span.RR", "span.nDCG@10"),
        *("exact_match", "F1", "ROUGE-L", "short_exact_match", "short_F1"),
        *("contains@1", "contains"),
        *("cited@1", "citation_precision", "citation_recall", "verbatim", "supported"),
        *("citations_per_sentence", "answered", "decided", "correct"),
        *("declining_precision", "declining_recall", "declining_F1"),
        *("calibration_error", "risk_coverage_area"),
        *("script_invariance", "paraphrase_consistency"),
    )
)
"""What a run computes, in the order of its tables."""
