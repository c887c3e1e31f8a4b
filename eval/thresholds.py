"""Thresholds of the regression gate: a TOML file in, checked values out.

Everything may be left out:

    alpha = 0.05                      # a fall fails when its corrected p is at most this; 1: any
    max_drop = 0.0                    # the fall of a mean that is let pass
    metrics = ["recall@5", "nDCG@10"] # judged; all of them when left out

    [metric."recall@5"]               # for this metric alone: max_drop, alpha, floor, ceiling
    max_drop = 0.01
    floor = 0.80                      # the mean may not be below, whatever the baseline says

    [[slice]]                         # judged as well, corrected as a family of their own
    name = "tag=follow-up"            # as in the report; "kind=*" is every slice of that family
    metrics = ["recall@5"]
    min_cases = 10                    # a smaller slice is not judged
    max_drop = 0.05                   # alpha, floor and ceiling may stand here too

For a metric that is better when it is smaller, a rise is the fall.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from index.errors import UsageError
from index.toml_file import read_toml

__all__ = ["MIN_CASES", "SliceThreshold", "Threshold", "Thresholds", "read_thresholds"]

MIN_CASES = 10  # of a slice that is judged, where its threshold does not say

_THRESHOLD_KEYS = {"max_drop", "alpha", "floor", "ceiling"}


@dataclass(frozen=True, slots=True)
class Threshold:
    """What one metric may do. ``floor`` and ``ceiling`` bound its mean, None leaves it free."""

    max_drop: float = 0.0
    alpha: float = 0.05
    floor: float | None = None
    ceiling: float | None = None


@dataclass(frozen=True, slots=True)
class SliceThreshold:
    """What the metrics of a slice may do. ``name`` may end in ``=*``."""

    name: str
    metrics: tuple[str, ...]
    min_cases: int
    threshold: Threshold


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What is judged, and how. ``metrics`` empty: all that both sides have."""

    default: Threshold = field(default_factory=Threshold)
    metrics: tuple[str, ...] = ()
    by_metric: Mapping[str, Threshold] = field(default_factory=dict)
    slices: tuple[SliceThreshold, ...] = ()

    def of(self, metric: str) -> Threshold:
        """The threshold of a metric over the whole set."""
        return self.by_metric.get(metric, self.default)


def read_thresholds(path: Path | None) -> Thresholds:
    """Read a TOML file of thresholds; None gives the defaults.

    Raises:
        UsageError: the file is missing, no TOML, or holds an unknown or ill-typed key.
    """
    if path is None:
        return Thresholds()
    tables = read_toml(path, "thresholds")
    where = str(path)
    _check_keys(tables, {"alpha", "max_drop", "metrics", "metric", "slice"}, where)
    default = _threshold(tables, Threshold(), where)
    by_metric = {}
    for name, table in _table(tables.get("metric", {}), f"{where} [metric]").items():
        place = f'{where} [metric."{name}"]'
        _check_keys(_table(table, place), _THRESHOLD_KEYS, place)
        by_metric[name] = _threshold(table, default, place)
    slices = tables.get("slice", [])
    if not isinstance(slices, list):
        raise UsageError(f"{where}: write a slice as [[slice]], with two brackets")
    return Thresholds(
        default=default,
        metrics=_names(tables, where),
        by_metric=by_metric,
        slices=tuple(
            _slice(table, default, f"{where} [[slice]] {n}") for n, table in enumerate(slices, 1)
        ),
    )


def _threshold(table: Mapping[str, Any], default: Threshold, where: str) -> Threshold:
    values: dict[str, float] = {}
    for name in sorted(_THRESHOLD_KEYS & table.keys()):
        value = table[name]
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UsageError(f"{where}: {name} must be a number, not {value!r}")
        # Written so that NaN is refused too.
        if name == "alpha" and not 0 <= value <= 1:
            raise UsageError(f"{where}: alpha must lie between 0 and 1, got {value}")
        if name == "max_drop" and not value >= 0:
            raise UsageError(f"{where}: max_drop must not be negative, got {value}")
        values[name] = float(value)
    return replace(default, **values)


def _slice(table: object, default: Threshold, where: str) -> SliceThreshold:
    table = _table(table, where)
    _check_keys(table, _THRESHOLD_KEYS | {"name", "metrics", "min_cases"}, where)
    name, min_cases = table.get("name"), table.get("min_cases", MIN_CASES)
    metrics = _names(table, where)
    if not isinstance(name, str) or "=" not in name:
        raise UsageError(f'{where}: needs a name such as "lang=zh-Hans" or "kind=*"')
    if not metrics:
        raise UsageError(f"{where}: needs metrics, a list of at least one name")
    if isinstance(min_cases, bool) or not isinstance(min_cases, int) or min_cases < 1:
        raise UsageError(f"{where}: min_cases must be a whole number from 1 on, not {min_cases!r}")
    return SliceThreshold(name, metrics, min_cases, _threshold(table, default, where))


def _names(table: Mapping[str, Any], where: str) -> tuple[str, ...]:
    names = table.get("metrics", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise UsageError(f"{where}: metrics must be a list of names, not {names!r}")
    return tuple(names)


def _table(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"{where} must be a table")
    return value


def _check_keys(table: Mapping[str, Any], known: set[str], where: str) -> None:
    if unknown := sorted(table.keys() - known):
        raise UsageError(f"{where}: unknown key {unknown[0]!r}; known: {', '.join(sorted(known))}")
