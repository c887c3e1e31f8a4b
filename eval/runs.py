"""Read a run back from its folder: ``read_run(folder)`` gives a checked :class:`Run`.

A run folder holds ``run.json`` (what ran), ``results.jsonl`` (one row a case) and ``summary.json``
(means). Rows are kept without their answers, and an answer is read from the disk when somebody
looks at it, so memory stays small however many passages a run showed.

Nothing here computes a metric or asks a question.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eval.metrics import parse
from index.errors import UsageError

__all__ = [
    "RUN_SCHEMA_VERSION",
    "Row",
    "Run",
    "Scores",
    "higher_is_better",
    "read_json",
    "read_run",
]

RUN_SCHEMA_VERSION = 1


def higher_is_better(metric: str) -> bool:
    """Whether a larger value of a metric is the better one.

    >>> higher_is_better("recall@5"), higher_is_better("calibration_error")
    (True, False)
    """
    try:
        return parse(metric).higher_is_better
    except UsageError:  # a metric of somebody's own
        return True


@dataclass(frozen=True, slots=True)
class Row:
    """One case of a run, without the passages and citations of its answer.

    ``groups`` are the slices it belongs to, such as ``lang=zh-Hans`` and ``tag=follow-up``.
    ``metrics`` are None where a metric does not apply. ``probability`` is the system's own, that
    the collection answers the question; None where the run gave none. ``declined`` is None for a
    case that raised. ``offset`` is where the full row begins in ``results.jsonl``, in bytes.
    """

    id: str
    question: str
    answerable: bool
    groups: tuple[str, ...]
    metrics: Mapping[str, float | None]
    error: str | None
    declined: bool | None
    probability: float | None
    timings_ms: Mapping[str, float]
    offset: int


@dataclass(frozen=True, slots=True)
class Scores:
    """What a comparison needs of a run: the metrics of each case, by the case's id.

    ``name`` is what messages call it. ``totals`` are the metrics of the whole set that are no
    means over cases, such as the calibration error.
    """

    name: str
    cases_sha256: str | None
    values: Mapping[str, Mapping[str, float | None]]
    totals: Mapping[str, float] = field(default_factory=dict)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that apply to at least one case, in the order of the cases."""
        order = dict.fromkeys(name for values in self.values.values() for name in values)
        applying = {
            name
            for values in self.values.values()
            for name, value in values.items()
            if value is not None
        }
        return tuple(name for name in order if name in applying)


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it stands in its folder. ``about`` is ``run.json``, ``summary`` ``summary.json``."""

    folder: Path
    about: Mapping[str, Any]
    rows: tuple[Row, ...]
    summary: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The folder's own name."""
        return self.folder.resolve().name

    @property
    def finished(self) -> bool:
        """Whether every case was asked."""
        return self.about.get("status") == "finished"

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that apply to at least one case, in the order of the rows."""
        return self.scores.metrics

    @property
    def scores(self) -> Scores:
        """The metrics of each case, and those of the whole set."""
        own = {name for row in self.rows for name in row.metrics}
        return Scores(
            name=str(self.folder),
            cases_sha256=_get(self.about, "cases", "sha256"),
            values={row.id: row.metrics for row in self.rows},
            totals={
                name: float(value["mean"])
                for name, value in self.summary["metrics"].items()
                if name not in own and value.get("mean") is not None
            },
        )

    def full(self, row: Row) -> dict[str, Any]:
        """The whole row as it stands in ``results.jsonl``, the answer with its passages."""
        with (self.folder / "results.jsonl").open("rb") as file:
            file.seek(row.offset)
            record: dict[str, Any] = json.loads(file.readline())
        return record


def read_run(folder: Path, *, unfinished: bool = False) -> Run:
    """Read and check a run folder.

    Args:
        folder: What ``youju eval run --output`` wrote.
        unfinished: Take a run that was interrupted, with the rows that it has.

    Raises:
        UsageError: a file is missing or damaged, has another schema version, or the run is not
            finished; the message names the file, the line and what to do.
    """
    if not (folder / "run.json").is_file():
        raise UsageError(
            f"{folder} is no run folder (no run.json in it); make one with "
            "youju eval run … --output DIR"
        )
    about = read_json(folder / "run.json", version=RUN_SCHEMA_VERSION)
    again = f"run it to its end: youju eval run … --output {folder} --resume"
    if about.get("status") != "finished" and not unfinished:
        raise UsageError(f"{folder}: the run is {about.get('status', 'unfinished')!s}; {again}")
    rows = tuple(_rows(folder / "results.jsonl", again=again))
    promised = _get(about, "cases", "count")
    if isinstance(promised, int) and len(rows) != promised and not unfinished:
        raise UsageError(f"{folder / 'results.jsonl'}: {len(rows)} rows of {promised}; {again}")
    summary = read_json(folder / "summary.json", version=RUN_SCHEMA_VERSION)
    if not isinstance(summary.get("metrics"), dict):
        raise UsageError(f"{folder / 'summary.json'}: has no metrics; {again}")
    return Run(folder, about, rows, summary)


def read_json(path: Path, *, version: int) -> dict[str, Any]:
    """Read a JSON object that carries a ``schema_version``.

    Raises:
        UsageError: it is not there, is no JSON object, or has another version.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise UsageError(f"{path}: is not valid JSON ({error}); make it anew") from error
    if not isinstance(record, dict):
        raise UsageError(f"{path}: is no JSON object; make it anew")
    found = record.get("schema_version")
    if found != version:
        raise UsageError(
            f"{path}: has schema version {found}, this program reads {version}; "
            "make it anew with this version of the program"
        )
    return record


def _rows(path: Path, *, again: str) -> Iterator[Row]:
    seen: dict[str, int] = {}
    offset = 0
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith(b"\n"):
                    raise UsageError(f"{path}: line {number} is cut off; {again}")
                row = _row(line, offset, where=f"{path}: line {number}")
                if row.id in seen:
                    raise UsageError(
                        f"{path}: line {number}: case {row.id!r} stands in line {seen[row.id]} too"
                    )
                seen[row.id] = number
                offset += len(line)
                yield row
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); {again}") from error


def _row(line: bytes, offset: int, *, where: str) -> Row:
    try:
        record = json.loads(line)
        answer = record["answer"] or {}
        error = record["error"]
        return Row(
            id=_typed(record, "id", str),
            question=_typed(record, "question", str),
            answerable=_typed(record, "answerable", bool),
            groups=_groups(record),
            metrics={name: _number(value) for name, value in record["metrics"].items()},
            error=f"{error['type']}: {error['message']}" if error else None,
            declined=answer.get("abstained"),
            probability=_number(answer.get("probability")),
            timings_ms={k: float(v) for k, v in (record.get("timings_ms") or {}).items()},
            offset=offset,
        )
    except KeyError as missing:
        raise UsageError(f"{where}: has no field {missing}; run the evaluation again") from missing
    except (ValueError, TypeError, AttributeError) as bad:
        raise UsageError(f"{where}: is no row of a run ({bad}); run the evaluation again") from bad


def _groups(record: Mapping[str, Any]) -> tuple[str, ...]:
    names = [f"lang={record['lang']}"]
    names += [f"{name}={value}" for name, value in record["slices"].items()]
    names += [f"tag={tag}" for tag in record["tags"]]
    return tuple(dict.fromkeys(names))


def _typed(record: Mapping[str, Any], name: str, kind: type) -> Any:  # noqa: ANN401 - of that type
    if not isinstance(record[name], kind):
        raise TypeError(f"{name} must be a {kind.__name__}")
    return record[name]


def _number(value: object) -> float | None:
    if value is None:
        return None
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(f"{value!r} is no number")
    return float(value)


def _get(record: Mapping[str, Any], *path: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    value: Any = record
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
