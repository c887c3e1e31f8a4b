"""What a run comes to: rows in, one summary out.

Reads the rows one by one and keeps of each its numbers alone. Means come with the 95 % interval of
a bootstrap over cases (Efron 1979, the percentile method), drawn by a fixed seed: the same rows
give the same summary.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import nan
from typing import Any

import numpy as np
import numpy.typing as npt

from eval.metrics import METRICS
from eval.metrics.declining import calibration_error, precision_recall_f1, risk_coverage_area
from eval.scoring import verdict_of

__all__ = ["SCHEMA_VERSION", "summarize"]

SCHEMA_VERSION = 1
_PER_CASE = tuple(metric.name for metric in METRICS if metric.over == "case")
_ORDER = tuple(metric.name for metric in METRICS)
_SAMPLES = 1000
_BLOCK = 50  # samples drawn at a time: bounds the memory, not the result
_DIGITS = 6
_LATENCIES = ("total", "first_sentence")

Values = npt.NDArray[np.float64]
"""``(cases, metrics)`` float64, NaN where a metric does not apply to a case."""


@dataclass(slots=True)
class _Columns:
    """The numbers of every row, a column each."""

    values: "array[float]" = field(default_factory=lambda: array("d"))
    declined: bytearray = field(default_factory=bytearray)
    answerable: bytearray = field(default_factory=bytearray)
    correct: bytearray = field(default_factory=bytearray)
    probability: "array[float]" = field(default_factory=lambda: array("d"))
    members: "dict[str, array[int]]" = field(default_factory=dict)
    latency: "dict[str, array[float]]" = field(
        default_factory=lambda: {name: array("d") for name in _LATENCIES}
    )
    errors: int = 0
    missing: int = 0
    fallbacks: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    gate: Counter[str] = field(default_factory=Counter)

    def add(self, row: Mapping[str, Any]) -> None:
        """Take what counts from one row."""
        number = len(self.answerable)
        answer, metrics = row["answer"], row["metrics"]
        self.errors += row["error"] is not None
        self.missing += answer is None and row["error"] is None
        self.values.extend(_number(metrics.get(name)) for name in _PER_CASE)
        self.answerable.append(bool(row["answerable"]))
        self.declined.append(bool(answer and answer["abstained"]))
        # A declined case has no answer that could be right.
        said = bool(answer and not answer["abstained"])
        self.correct.append(said and bool(row["answerable"]) and metrics.get("correct") == 1)
        self.probability.append(_number(answer.get("probability") if answer else None))
        for name in _slices(row):
            self.members.setdefault(name, array("l")).append(number)
        for name, column in self.latency.items():
            if name in row["timings_ms"]:
                column.append(row["timings_ms"][name])
        if answer:
            self.fallbacks += answer.get("fallback") is not None
            given = {citation["n"]: citation["verdict"] for citation in answer["citations"]}
            self.verdicts.update(verdict_of(sentence, given) for sentence in answer["sentences"])
            gate = answer.get("gate") or {}
            self.gate.update({k: v for k, v in gate.items() if isinstance(v, int)})


def summarize(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Put the rows of a run together.

    ``fallbacks`` counts the answers that quotes took the place of: their generator failed.
    """
    columns = _Columns()
    for row in rows:
        columns.add(row)
    count = len(columns.answerable)
    values = np.array(columns.values).reshape(count, len(_PER_CASE))
    everyone = np.arange(count)
    return {
        "schema_version": SCHEMA_VERSION,
        "cases": count,
        "errors": columns.errors,
        "missing": columns.missing,
        "fallbacks": columns.fallbacks,
        "metrics": _table(columns, values, everyone),
        "slices": {
            name: _table(columns, values, np.array(members))
            for name, members in sorted(columns.members.items())
        },
        "latency_ms": {name: _percentiles(column) for name, column in columns.latency.items()},
        "verdicts": dict(sorted(columns.verdicts.items())),
        "gate": dict(sorted(columns.gate.items())),
    }


def _table(
    columns: _Columns, values: Values, members: npt.NDArray[Any]
) -> dict[str, dict[str, float | int | None]]:
    """Every metric of some of the cases, in the order of ``METRICS``."""
    chosen = values[members]
    applies = ~np.isnan(chosen)
    counts = applies.sum(axis=0)
    sums = np.where(applies, chosen, 0.0).sum(axis=0)
    lows, highs = _intervals(chosen)
    table: dict[str, dict[str, float | int | None]] = dict(_of_the_set(columns, members.tolist()))
    for at, name in enumerate(_PER_CASE):
        if counts[at]:
            table[name] = {
                "mean": round(float(sums[at] / counts[at]), _DIGITS),
                # Where all cases are alike, drawing them again tells nothing of the others.
                **({} if lows[at] == highs[at] else _bounds(lows[at], highs[at])),
                "n": int(counts[at]),
            }
        else:
            table[name] = {"mean": None, "n": 0}
    return {name: table[name] for name in _ORDER}


def _bounds(low: float, high: float) -> dict[str, float]:
    return {"low": round(float(low), _DIGITS), "high": round(float(high), _DIGITS)}


def _intervals(values: Values) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The 95 % interval of each column's mean: ``(metrics,)`` twice.

    Cases are drawn with replacement, all metrics of a case together; a metric's mean is over the
    cases drawn that it applies to.
    """
    count, width = values.shape
    means = np.full((_SAMPLES, width), np.nan)
    if count:
        applies = ~np.isnan(values)
        filled = np.where(applies, values, 0.0)
        rng = np.random.default_rng(0)
        for start in range(0, _SAMPLES, _BLOCK):
            drawn = rng.integers(count, size=(_BLOCK, count))
            drawn += np.arange(_BLOCK)[:, None] * count
            times = np.bincount(drawn.ravel(), minlength=_BLOCK * count)
            weights = times.reshape(_BLOCK, count).astype(np.float64)
            with np.errstate(invalid="ignore"):  # no drawn case that a metric applies to
                means[start : start + _BLOCK] = (weights @ filled) / (weights @ applies)
    # Columns that never apply have no interval; the caller leaves them out.
    known = ~np.isnan(means).all(axis=0)
    bounds = np.full((2, width), np.nan)
    if known.any():
        bounds[:, known] = np.nanquantile(means[:, known], [0.025, 0.975], axis=0)
    return bounds[0], bounds[1]


def _of_the_set(
    columns: _Columns, members: Sequence[int]
) -> Iterator[tuple[str, dict[str, float | int | None]]]:
    """The metrics that only a set of cases has."""
    declined = [bool(columns.declined[at]) for at in members]
    answerable = [bool(columns.answerable[at]) for at in members]
    scores = precision_recall_f1(declined, answerable)
    names = ("declining_precision", "declining_recall", "declining_F1")
    for name, score in zip(names, scores, strict=True):
        yield name, _of(score, len(members))
    sure = [at for at in members if columns.probability[at] == columns.probability[at]]  # no NaN
    probabilities = [columns.probability[at] for at in sure]
    outcomes = [bool(columns.answerable[at]) for at in sure]
    correct = [bool(columns.correct[at]) for at in sure]
    yield "calibration_error", _of(calibration_error(probabilities, outcomes), len(sure))
    yield "risk_coverage_area", _of(risk_coverage_area(probabilities, correct), len(sure))


def _of(value: float | None, count: int) -> dict[str, float | int | None]:
    return {"mean": None if value is None else round(value, _DIGITS), "n": count}


def _slices(row: Mapping[str, Any]) -> Iterator[str]:
    yield f"lang={row['lang']}"
    for name, value in row["slices"].items():
        yield f"{name}={value}"
    for tag in row["tags"]:
        yield f"tag={tag}"


def _percentiles(column: Sequence[float]) -> dict[str, float | None]:
    """Percentiles with linear interpolation (type 7 of Hyndman and Fan 1996), in milliseconds."""
    if not column:
        return {"p50": None, "p95": None}
    p50, p95 = np.percentile(np.asarray(column), [50, 95])
    return {"p50": round(float(p50), 2), "p95": round(float(p95), 2)}


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else nan
