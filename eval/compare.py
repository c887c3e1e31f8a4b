"""Two runs of one case set, compared case by case: what changed, and how sure that is.

In: the :class:`~eval.runs.Scores` of both. Out: a :class:`Comparison` of values; showing it is
the affair of ``eval.compare_report``. Positive changes are larger values, whether or not a metric
is better when it is larger; ``MetricChange.gain`` has the sign of better.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from eval.headline import headline
from eval.runs import Scores, higher_is_better
from eval.statistics import Interval, bootstrap_interval, holm, randomisation_p
from index.errors import UsageError

__all__ = [
    "ALL",
    "Comparison",
    "Flip",
    "MetricChange",
    "Step",
    "change_of",
    "compare",
    "corrected",
    "pair",
]

ALL = "all"  # the name of the slice that is the whole set
_FLIP = 0.5  # of a metric between 0 and 1: a smaller step is a shade, not a flip
_EQUAL = 1e-9
_OUTCOMES = ("correct", "decided")


@dataclass(frozen=True, slots=True)
class MetricChange:
    """One metric over one slice, before and after.

    ``pairs`` cases have it in both runs, and both means are over these; ``unpaired`` cases have
    it in one only. ``p`` is the randomisation test's, ``p_corrected`` is Holm's over the family
    that the comparison tested together. ``better`` and ``worse`` count cases.
    """

    metric: str
    group: str
    pairs: int
    unpaired: int
    before: float
    after: float
    change: Interval
    p: float
    p_corrected: float
    better: int
    worse: int

    @property
    def gain(self) -> float:
        """The change in the direction of better."""
        return self.change.mean if higher_is_better(self.metric) else -self.change.mean


@dataclass(frozen=True, slots=True)
class Step:
    """One metric of one case, before and after."""

    metric: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Flip:
    """A case of which metrics between 0 and 1 moved by at least a half, to worse or to better."""

    id: str
    worse: tuple[Step, ...]
    better: tuple[Step, ...]

    @property
    def is_worse(self) -> bool:
        """Whether the case got worse: by whether it is right, else by whether it was answered.

        Only a case in which neither moved goes by what it gained over its flipped metrics, of
        which most are of retrieval.
        """
        for name in _OUTCOMES:
            if any(step.metric == name for step in (*self.worse, *self.better)):
                return any(step.metric == name for step in self.worse)
        return self.size < 0

    @property
    def size(self) -> float:
        """How much the case gained, over its flipped metrics."""
        return sum(abs(s.after - s.before) for s in self.better) - sum(
            abs(s.after - s.before) for s in self.worse
        )


@dataclass(frozen=True, slots=True)
class Comparison:
    """``after`` against ``before``.

    ``changes`` cover the whole set; ``slices`` every group by its name, in the headline metrics or
    those asked for. ``totals`` are metrics of
    the whole set that are no means over cases: before, after. ``only_before`` and ``only_after``
    name metrics that one side alone has; ``left_out`` counts cases that one side alone has.
    """

    before: str
    after: str
    cases: int
    changes: tuple[MetricChange, ...]
    slices: Mapping[str, tuple[MetricChange, ...]]
    totals: Mapping[str, tuple[float, float]]
    flips: tuple[Flip, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]
    left_out: int

    @property
    def worse(self) -> tuple[Flip, ...]:
        """The cases that got worse: first those that lost an outcome, then the largest loss."""
        worse = (f for f in self.flips if f.is_worse)
        return tuple(sorted(worse, key=lambda f: (not _has_outcome(f.worse), f.size, f.id)))

    @property
    def better(self) -> tuple[Flip, ...]:
        """The other cases that flipped: first those that won an outcome, then the largest gain."""
        better = (f for f in self.flips if not f.is_worse)
        return tuple(sorted(better, key=lambda f: (not _has_outcome(f.better), -f.size, f.id)))


def _has_outcome(steps: Iterable[Step]) -> bool:
    """Whether one of the steps is of whether the case is right or was answered.

    What was found moves by many metrics at once, whose sum would hide it.
    """
    return any(step.metric in _OUTCOMES for step in steps)


def compare(
    before: Scores,
    after: Scores,
    *,
    groups: Mapping[str, Sequence[str]],
    metrics: Sequence[str] = (),
    common: bool = False,
) -> Comparison:
    """Compare two runs of the same cases.

    Args:
        before: The one that was there first.
        after: The one in question.
        groups: The slices of each case, by the case's id.
        metrics: Only these; all that both have when empty.
        common: Take the cases that both have where the sets differ.

    Raises:
        UsageError: the case sets differ, or a metric is not in both.
    """
    ids = pair(before, after, common=common)
    ours, theirs = before.metrics, after.metrics
    shared = [name for name in ours if name in theirs]
    totals = {n: (v, after.totals[n]) for n, v in before.totals.items() if n in after.totals}
    for name in metrics:
        if name not in shared and name not in totals:
            raise UsageError(
                f"no metric {name!r} in both runs; both have: {', '.join([*shared, *totals])}"
            )
    chosen = [name for name in shared if not metrics or name in metrics]
    sliced = chosen if metrics else headline(chosen)
    members: dict[str, list[str]] = {}
    for id_ in ids:
        for group in groups.get(id_, ()):
            members.setdefault(group, []).append(id_)
    return Comparison(
        before=before.name,
        after=after.name,
        cases=len(ids),
        changes=corrected(change_of(before, after, name, group=ALL, ids=ids) for name in chosen),
        slices={
            group: corrected(
                change_of(before, after, name, group=group, ids=members[group]) for name in sliced
            )
            for group in sorted(members)
        },
        totals={n: v for n, v in totals.items() if not metrics or n in metrics},
        flips=tuple(_flips(before, after, ids, chosen)),
        only_before=tuple(n for n in ours if n not in theirs),
        only_after=tuple(n for n in theirs if n not in ours),
        left_out=len(before.values.keys() ^ after.values.keys()),
    )


def pair(before: Scores, after: Scores, *, common: bool = False) -> list[str]:
    """The ids of the cases to compare, in the order of ``after``.

    Raises:
        UsageError: the two have different cases and ``common`` was not asked for, or share none.
    """
    ids = [id_ for id_ in after.values if id_ in before.values]
    gone = [id_ for id_ in before.values if id_ not in after.values]
    new = [id_ for id_ in after.values if id_ not in before.values]
    if not ids:
        raise UsageError(f"{before.name} and {after.name} have no case in common")
    if common:
        return ids
    if gone or new:
        told = [
            f"{len(extra)} only in {scores.name} ({', '.join(extra[:3])}{', …' * (len(extra) > 3)})"
            for extra, scores in ((gone, before), (new, after))
            if extra
        ]
        raise UsageError(f"different case sets: {'; '.join(told)}")
    if before.cases_sha256 and after.cases_sha256 and before.cases_sha256 != after.cases_sha256:
        raise UsageError(
            f"{before.name} and {after.name} have cases of the same ids, but the case files "
            "differ; run both on one case file"
        )
    return ids


def change_of(
    before: Scores, after: Scores, metric: str, *, group: str, ids: Sequence[str]
) -> MetricChange | None:
    """Measure one metric over the cases ``ids`` of a slice; None where no case has it twice.

    ``p_corrected`` is still ``p``: see :func:`corrected`.
    """
    old: list[float] = []
    new: list[float] = []
    unpaired = 0
    for id_ in ids:
        x, y = before.values[id_].get(metric), after.values[id_].get(metric)
        if x is not None and y is not None:
            old.append(x)
            new.append(y)
        elif x is not y:
            unpaired += 1
    if not old:
        return None
    differences = [y - x for x, y in zip(old, new, strict=True)]
    sign = 1 if higher_is_better(metric) else -1
    p = randomisation_p(differences)
    return MetricChange(
        metric=metric,
        group=group,
        pairs=len(old),
        unpaired=unpaired,
        before=sum(old) / len(old),
        after=sum(new) / len(new),
        change=bootstrap_interval(differences),
        p=p,
        p_corrected=p,
        better=sum(sign * d > _EQUAL for d in differences),
        worse=sum(sign * d < -_EQUAL for d in differences),
    )


def corrected(changes: Iterable[MetricChange | None]) -> tuple[MetricChange, ...]:
    """Correct the p of changes that are judged together, by Holm; None is left out."""
    family = [change for change in changes if change is not None]
    ps = holm([change.p for change in family])
    return tuple(replace(change, p_corrected=p) for change, p in zip(family, ps, strict=True))


def _flips(
    before: Scores, after: Scores, ids: Iterable[str], metrics: Iterable[str]
) -> Iterable[Flip]:
    shares = [
        name
        for name in metrics
        if all(
            value is None or 0 <= value <= 1
            for scores in (before, after)
            for values in scores.values.values()
            for value in (values.get(name),)
        )
    ]
    for id_ in ids:
        worse: list[Step] = []
        better: list[Step] = []
        for name in shares:
            x, y = before.values[id_].get(name), after.values[id_].get(name)
            if x is None or y is None or abs(y - x) < _FLIP - _EQUAL:
                continue
            (better if (y > x) == higher_is_better(name) else worse).append(Step(name, x, y))
        if worse or better:
            yield Flip(id_, tuple(worse), tuple(better))
