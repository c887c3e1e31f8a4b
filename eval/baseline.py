"""Baselines: what a run scored, as one small JSON file that is committed, a line a case.

    {"schema_version": 1, "run_id", "commit", "config_fingerprint", "cases": {"name", "sha256",
     "count"}, "totals": {metric: value}, "metrics": [names],
     "values": {case id: [a value or null for each name]}}

``totals`` are the metrics of the whole set that are no means over cases.
"""

import json
from pathlib import Path

from eval.runs import Run, Scores, read_json, read_run
from index.errors import UsageError

__all__ = ["BASELINE_SCHEMA_VERSION", "baseline_json", "read_baseline", "read_scores"]

BASELINE_SCHEMA_VERSION = 1


def baseline_json(run: Run) -> str:
    """A run as a baseline: text that is committed, one line a case, equal for equal results."""
    names = list(run.metrics)
    scores = run.scores
    head = {
        "schema_version": BASELINE_SCHEMA_VERSION,
        "run_id": run.about.get("run_id"),
        "commit": run.about.get("commit"),
        "config_fingerprint": run.about.get("config_fingerprint"),
        "cases": run.about.get("cases"),
        "totals": scores.totals,
        "metrics": names,
    }
    lines = [f"{_compact(key)}: {_compact(value)}" for key, value in head.items()]
    values = ",\n".join(
        f"  {_compact(row.id)}: {_compact([_short(row.metrics.get(name)) for name in names])}"
        for row in run.rows
    )
    return "{\n" + ",\n".join([*lines, f'"values": {{\n{values}\n}}']) + "\n}\n"


def read_baseline(path: Path) -> Scores:
    """Read a baseline file.

    Raises:
        UsageError: it is not there, no baseline, or of another schema version.
    """
    again = "make it anew: youju eval baseline RUN --output FILE"
    record = read_json(path, version=BASELINE_SCHEMA_VERSION)
    try:
        names = [str(name) for name in record["metrics"]]
        values = {
            str(id_): {
                name: None if value is None else float(value)
                for name, value in zip(names, row, strict=True)
            }
            for id_, row in record["values"].items()
        }
        totals = {str(name): float(value) for name, value in record["totals"].items()}
        digest = (record["cases"] or {}).get("sha256")
    except KeyError as missing:
        raise UsageError(f"{path}: has no {missing}, so it is no baseline; {again}") from missing
    except (ValueError, TypeError, AttributeError) as bad:
        raise UsageError(f"{path}: is no baseline ({bad}); {again}") from bad
    return Scores(name=str(path), cases_sha256=digest, values=values, totals=totals)


def read_scores(path: Path) -> tuple[Scores, Run | None]:
    """Read a run folder or a baseline file; a baseline keeps no answers, so it is no run.

    Raises:
        UsageError: neither stands there.
    """
    if path.is_dir():
        run = read_run(path)
        return run.scores, run
    return read_baseline(path), None


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=False)


def _short(value: float | None) -> float | int | None:
    """A value in as few characters as carry it: 1 for 1.0."""
    return int(value) if value is not None and value.is_integer() else value
