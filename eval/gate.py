"""The regression gate: a run against a committed baseline, under thresholds.

In: a :class:`~eval.runs.Run`, the baseline's :class:`~eval.runs.Scores`, and
:class:`~eval.thresholds.Thresholds`. Out: a :class:`GateResult` that names every metric, slice and
question that got worse.

A metric fails when its mean fell by more than ``max_drop`` and the fall is significant, or when it
lies beyond its floor or ceiling. The p of all metrics over the whole set are corrected together,
those of all slices together. Metrics that are no means over cases have no p: they are judged where
the thresholds name them, and fail when they fall by more than ``max_drop``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eval.compare import ALL, MetricChange, change_of, corrected, pair
from eval.runs import Run, Scores, higher_is_better
from eval.thresholds import MIN_CASES, Threshold, Thresholds
from index.errors import UsageError

__all__ = ["GateResult", "Regression", "gate"]

_EQUAL = 1e-9
_GONE = "applies to no case any more"
_NAMED_SLICES = 3  # in which a metric fell most


@dataclass(frozen=True, slots=True)
class Regression:
    """One metric that fell too far, over one slice. ``cases`` are those that lost, worst first.

    ``p`` is None where no test applies: metrics of the whole set, floors and ceilings.
    ``slices`` are those in which the fall of a metric of the whole set is deepest.
    """

    metric: str
    group: str
    before: float
    after: float
    p: float | None
    reason: str
    cases: tuple[str, ...] = ()
    slices: tuple[MetricChange, ...] = ()


@dataclass(frozen=True, slots=True)
class GateResult:
    """What the gate found. ``judged`` are the changes that it looked at, by metric and slice."""

    baseline: str
    run: str
    judged: tuple[MetricChange, ...]
    regressions: tuple[Regression, ...]
    errors: int

    @property
    def passed(self) -> bool:
        """Whether nothing got worse than the thresholds let."""
        return not self.regressions


def gate(run: Run, baseline: Scores, thresholds: Thresholds) -> GateResult:
    """Judge a run.

    Raises:
        UsageError: the case sets differ, the baseline has a metric that the run lacks, or a
            threshold names a metric or a slice that is not there.
    """
    scores = run.scores
    ids = pair(baseline, scores)
    names = _judged_metrics(run, baseline, thresholds)
    members = _members(run)
    regressions: list[Regression] = []

    def judge(change: MetricChange, threshold: Threshold, cases: Sequence[str]) -> None:
        if reason := _reason(change, threshold):
            regressions.append(
                Regression(
                    metric=change.metric,
                    group=change.group,
                    before=change.before,
                    after=change.after,
                    p=change.p_corrected,
                    reason=reason,
                    cases=_losers(baseline, scores, change.metric, cases),
                    slices=_deepest(baseline, scores, change, members),
                )
            )

    whole = corrected(
        change_of(baseline, scores, name, group=ALL, ids=ids)
        for name in names
        if name not in baseline.totals
    )
    measured = {change.metric for change in whole}
    for change in whole:
        judge(change, thresholds.of(change.metric), ids)
    for name in names:
        if name in baseline.totals and name in scores.totals:
            before, after = baseline.totals[name], scores.totals[name]
            if reason := _total_reason(name, before, after, thresholds.of(name)):
                regressions.append(Regression(name, ALL, before, after, None, reason))
        elif name not in measured:
            regressions.append(Regression(name, ALL, _mean(baseline, name), 0.0, None, _GONE))
    wanted = _slice_thresholds(thresholds, members)
    sliced = corrected(
        change_of(baseline, scores, metric, group=group, ids=members[group])
        for group, metric in wanted
    )
    for change in sliced:
        judge(change, wanted[change.group, change.metric], members[change.group])
    return GateResult(
        baseline=baseline.name,
        run=scores.name,
        judged=(*whole, *sliced),
        regressions=tuple(regressions),
        errors=sum(row.error is not None for row in run.rows),
    )


def _judged_metrics(run: Run, baseline: Scores, thresholds: Thresholds) -> list[str]:
    theirs = [*baseline.metrics, *baseline.totals]
    computed = {name for row in run.rows for name in row.metrics} | run.summary["metrics"].keys()
    if lost := [name for name in theirs if name not in computed]:
        raise UsageError(
            f"{baseline.name} has the metric {lost[0]!r}, which {run.folder} lacks; "
            "make the baseline anew: youju eval baseline RUN --output FILE"
        )
    sliced = [name for s in thresholds.slices for name in s.metrics]
    for name in [*thresholds.metrics, *thresholds.by_metric, *sliced]:
        if name not in theirs:
            raise UsageError(
                f"the thresholds name the metric {name!r}, which {baseline.name} does not have; "
                f"it has: {', '.join(theirs)}"
            )
    named = {*thresholds.metrics, *thresholds.by_metric}
    by_default = () if thresholds.metrics else baseline.metrics
    return [name for name in theirs if name in by_default or name in named]


def _mean(scores: Scores, metric: str) -> float:
    """The mean of a metric over the cases that have it, or its total."""
    if metric in scores.totals:
        return scores.totals[metric]
    had = [x for values in scores.values.values() if (x := values.get(metric)) is not None]
    return sum(had) / len(had)


def _members(run: Run) -> dict[str, list[str]]:
    """The ids of the cases of each slice."""
    members: dict[str, list[str]] = {}
    for row in run.rows:
        for group in row.groups:
            members.setdefault(group, []).append(row.id)
    return members


def _slice_thresholds(
    thresholds: Thresholds, members: Mapping[str, Sequence[str]]
) -> dict[tuple[str, str], Threshold]:
    """The threshold of each slice and metric that is judged; what is named later goes first."""
    wanted: dict[tuple[str, str], Threshold] = {}
    for entry in thresholds.slices:
        family = entry.name.removesuffix("*") if entry.name.endswith("=*") else None
        groups = [
            group
            for group in sorted(members)
            if (group.startswith(family) if family else group == entry.name)
        ]
        if not groups:
            raise UsageError(
                f"the thresholds name the slice {entry.name!r}, which the run does not have; "
                f"it has: {', '.join(sorted(members))}"
            )
        for group in groups:
            if len(members[group]) >= entry.min_cases:
                wanted |= {(group, metric): entry.threshold for metric in entry.metrics}
    return wanted


def _reason(change: MetricChange, threshold: Threshold) -> str:
    """Why a change is a regression; empty when it is none."""
    drop = -change.gain
    if drop > threshold.max_drop + _EQUAL and change.p_corrected <= threshold.alpha:
        return (
            f"fell by {drop:.4f}, allowed {threshold.max_drop:.4f}; "
            f"p {change.p_corrected:.4f}, alpha {threshold.alpha:g}"
        )
    return _bound_reason(change.after, threshold)


def _total_reason(metric: str, before: float, after: float, threshold: Threshold) -> str:
    drop = before - after if higher_is_better(metric) else after - before
    if drop > threshold.max_drop + _EQUAL:
        return f"fell by {drop:.4f}, allowed {threshold.max_drop:.4f}"
    return _bound_reason(after, threshold)


def _bound_reason(value: float, threshold: Threshold) -> str:
    if threshold.floor is not None and value < threshold.floor - _EQUAL:
        return f"{value:.4f} is below the floor {threshold.floor:g}"
    if threshold.ceiling is not None and value > threshold.ceiling + _EQUAL:
        return f"{value:.4f} is above the ceiling {threshold.ceiling:g}"
    return ""


def _gains(
    baseline: Scores, scores: Scores, metric: str, ids: Sequence[str]
) -> list[tuple[float, str]]:
    """What each case gained in a metric, in the direction of better."""
    sign = 1 if higher_is_better(metric) else -1
    gains = []
    for id_ in ids:
        x, y = baseline.values[id_].get(metric), scores.values[id_].get(metric)
        if x is not None and y is not None:
            gains.append((sign * (y - x), id_))
    return gains


def _losers(baseline: Scores, scores: Scores, metric: str, ids: Sequence[str]) -> tuple[str, ...]:
    """The cases that lost in a metric, the largest loss first, else in the order of the run."""
    lost = [gain for gain in _gains(baseline, scores, metric, ids) if gain[0] < -_EQUAL]
    return tuple(id_ for _, id_ in sorted(lost, key=lambda gain: gain[0]))


def _deepest(
    baseline: Scores, scores: Scores, change: MetricChange, members: Mapping[str, Sequence[str]]
) -> tuple[MetricChange, ...]:
    """The slices in which a metric of the whole set fell most."""
    if change.group != ALL:
        return ()
    means: list[tuple[float, str]] = []
    for group, ids in members.items():
        gains = _gains(baseline, scores, change.metric, ids)
        if len(gains) >= MIN_CASES:
            means.append((sum(gain for gain, _ in gains) / len(gains), group))
    deepest = [group for mean, group in sorted(means) if mean < change.gain][:_NAMED_SLICES]
    return corrected(
        change_of(baseline, scores, change.metric, group=group, ids=members[group])
        for group in deepest
    )
