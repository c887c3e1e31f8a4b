"""A grid of settings, one run each: a TOML file in, a folder of runs and a table out.

    cases = ["eval/sets/sample.jsonl"]
    output = "var/sweeps/first"
    index = "var/index"               # asked, where no setting of [index] is in the grid
    articles = ["articles"]           # indexed anew for each setting of [index] in the grid
    config = "youju.toml"             # the settings that the grid does not name; may be left out
    metric = "recall@5"               # the quality that the table is sorted by

    [grid]
    "retrieval.passages" = [4, 8]
    "retrieval.dense_weight" = [0.0, 0.8]
    "index.max_chars" = [160, 320]

Every combination is a point. A point's folder is named by what decides its results, so a sweep
that is started again repeats no finished run, and goes on with one that was interrupted; another
case file, other settings or changed articles make another folder.

How a point is evaluated is not known here: :func:`sweep` is given a function for it.
"""

import dataclasses
import hashlib
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.document import Block, Cell, Columns, Figure, Heading, Notice, Table, Text, markdown
from eval.headline import headline
from eval.page import page
from eval.plots import Point as Dot
from eval.plots import axis_over, plot
from eval.runs import Run, higher_is_better, read_run
from index.atomic import make_folder, replace_file
from index.errors import UsageError
from index.toml_file import read_toml
from rag.config import Config, fingerprint, load_config, parse_config

__all__ = [
    "BuildIndex",
    "EvaluatePoint",
    "Outcome",
    "Point",
    "Sweep",
    "pareto",
    "read_sweep",
    "sweep",
    "sweep_blocks",
    "write_sweep",
]

_KEYS = {"cases", "output", "index", "articles", "config", "metric", "grid"}
_MAX_POINTS = 1000  # more is a slip of the pen rather than a plan
_PLOTS = 4


@dataclass(frozen=True, slots=True)
class Sweep:
    """What is swept. ``grid`` are settings (``retrieval.passages``) with the values to try."""

    cases: tuple[Path, ...]
    output: Path
    index: Path
    articles: tuple[Path, ...]
    metric: str
    grid: Mapping[str, tuple[Any, ...]]
    configs: tuple[Config, ...]

    @property
    def builds_indexes(self) -> bool:
        """Whether a setting of the index is in the grid."""
        return any(name.startswith("index.") for name in self.grid)


@dataclass(frozen=True, slots=True)
class Point:
    """One combination: its settings as the grid names them, its configuration, its index."""

    settings: Mapping[str, Any]
    config: Config
    index: Path


@dataclass(frozen=True, slots=True)
class Outcome:
    """A point with its finished run. ``is_new`` is False where the run was there already."""

    point: Point
    run: Run
    is_new: bool

    @property
    def p50_ms(self) -> float | None:
        """The median time of an answer."""
        return _p50(self.run)

    def mean(self, metric: str) -> float | None:
        """The mean of a metric over the run's cases."""
        value = (self.run.summary["metrics"].get(metric) or {}).get("mean")
        return None if value is None else float(value)


EvaluatePoint = Callable[[Point, Path], object]
"""Ask all cases at a point and leave a finished run in the folder, going on with what is there."""

BuildIndex = Callable[[Sequence[Path], Path, Config], str]
"""Bring the index in a folder up to date with articles; returns what names its contents."""


def read_sweep(path: Path) -> Sweep:
    """Read and check a sweep's TOML file, every combination of its grid included.

    Raises:
        UsageError: the file is missing or no TOML, a key is unknown, or a combination is none
            that the program can be set to; nothing was run.
    """
    tables = read_toml(path, "sweep")
    if unknown := sorted(tables.keys() - _KEYS):
        raise UsageError(f"{path}: unknown key {unknown[0]!r}; known: {', '.join(sorted(_KEYS))}")
    grid = _grid(tables.get("grid"), path)
    base = _text(tables, "config", path, default="")
    settings = dataclasses.asdict(load_config(Path(base) if base else None))
    cases = _paths(tables, "cases", path)
    if not cases:
        raise UsageError(f'{path}: needs cases, such as cases = ["eval/sets/sample.jsonl"]')
    made = Sweep(
        cases=cases,
        output=Path(_text(tables, "output", path)),
        index=Path(_text(tables, "index", path, default="var/index")),
        articles=_paths(tables, "articles", path),
        metric=_text(tables, "metric", path),
        grid=grid,
        configs=tuple(
            parse_config(_with(settings, dict(zip(grid, values, strict=True))), where=str(path))
            for values in itertools.product(*grid.values())
        ),
    )
    if made.builds_indexes and not made.articles:
        raise UsageError(f'{path}: the grid changes the index: name articles = ["articles"]')
    for file in (*made.cases, *made.articles):
        if not file.exists():
            raise UsageError(f"{path}: {file} is not there")
    return made


def sweep(
    plan: Sweep,
    *,
    evaluate: EvaluatePoint,
    build_index: BuildIndex,
    tell: Callable[[str], object] = lambda _: None,
) -> list[Outcome]:
    """Run every point that has no finished run yet.

    Args:
        plan: What ``read_sweep`` gave.
        evaluate: Runs one point.
        build_index: Builds or refreshes one index; called once for each setting of the index.
        tell: Is told what begins, a line each.

    Returns:
        One outcome a point, in the order of the grid.

    Raises:
        UsageError: a run did not end as it should, or has no metric of the name asked for.
    """
    content = hashlib.blake2b(digest_size=8)
    for file in plan.cases:
        content.update(file.read_bytes())
    contents: dict[Path, str] = {}
    outcomes: list[Outcome] = []
    values = list(itertools.product(*plan.grid.values()))
    for number, (config, combination) in enumerate(zip(plan.configs, values, strict=True), 1):
        index = plan.index
        if plan.builds_indexes:
            index = plan.output / "indexes" / _digest(dataclasses.asdict(config.index))
        point = Point(dict(zip(plan.grid, combination, strict=True)), config, index)
        if index not in contents:
            if plan.builds_indexes:
                tell(f"index {index.name}: {_told(point.settings, only='index.')}")
                make_folder(index.parent)
            contents[index] = build_index(plan.articles, index, config)
        identity = [fingerprint(config), content.hexdigest(), str(index), contents[index]]
        folder = plan.output / "runs" / _digest(identity)
        is_new = not _is_finished(folder)
        state = "" if is_new else ", already there"
        tell(f"run {number} of {len(values)}: {_told(point.settings)}{state}")
        if is_new:
            make_folder(folder.parent)
            evaluate(point, folder)
        outcome = Outcome(point, read_run(folder), is_new=is_new)
        if outcome.mean(plan.metric) is None:
            known = ", ".join(outcome.run.summary["metrics"])
            raise UsageError(f"no metric {plan.metric!r} in {folder}; it has: {known}")
        outcomes.append(outcome)
    return outcomes


def pareto(points: Sequence[tuple[float, float]]) -> list[bool]:
    """Which points no other beats: ``(time, quality)``, less time and more quality being better.

    >>> pareto([(10, 0.8), (20, 0.9), (30, 0.9), (5, 0.5)])
    [True, True, False, True]
    """
    return [
        not any(
            time <= t and quality >= q and (time, quality) != (t, q) for time, quality in points
        )
        for t, q in points
    ]


def sweep_blocks(plan: Sweep, outcomes: Sequence[Outcome]) -> list[Block]:
    """The sweep as a table, the best first, and plots of quality against time."""
    sign = 1 if higher_is_better(plan.metric) else -1

    def quality(outcome: Outcome) -> float:
        return sign * (outcome.mean(plan.metric) or 0.0)

    ranked = sorted(outcomes, key=lambda o: (-quality(o), o.p50_ms or 0.0))
    best = pareto([(o.p50_ms or 0.0, quality(o)) for o in ranked])
    measured = [
        name for name, v in ranked[0].run.summary["metrics"].items() if v.get("mean") is not None
    ]
    others = [name for name in headline(measured) if name != plan.metric]
    rows: list[tuple[Cell | str, ...]] = [
        (
            str(n),
            _mean_cell(o, plan.metric),
            "–" if o.p50_ms is None else f"{o.p50_ms:.0f}",
            Cell("yes" if on_front else "", "good"),
            *(str(o.point.settings[name]) for name in plan.grid),
            *(Cell("–" if (mean := o.mean(name)) is None else f"{mean:.3f}") for name in others),
            o.run.name,
        )
        for n, (o, on_front) in enumerate(zip(ranked, best, strict=True), start=1)
    ]
    head = ("#", plan.metric, "p50 ms", "Pareto", *plan.grid, *others, "run")
    plots = [
        _plot(metric, ranked, best if metric == plan.metric else None)
        for metric in [plan.metric, *others][:_PLOTS]
    ]
    return [
        Heading(f"Sweep: {', '.join(plan.grid)}", 1),
        Text(
            f"{len(ranked)} runs over {', '.join(file.name for file in plan.cases)}. "
            f"Pareto: no other run has a better {plan.metric} in less time."
        ),
        *_differing_commits(ranked),
        Table(head, tuple(rows)),
        Columns(tuple(plots)),
    ]


def write_sweep(plan: Sweep, outcomes: Sequence[Outcome]) -> tuple[Path, Path]:
    """Write ``report.md`` and ``report.html`` into the sweep's folder; returns their paths."""
    blocks = sweep_blocks(plan, outcomes)
    paths = plan.output / "report.md", plan.output / "report.html"
    replace_file(paths[0], markdown(blocks).encode())
    replace_file(paths[1], page(f"Sweep {plan.output.name}", blocks).encode())
    return paths


def _plot(metric: str, ranked: Sequence[Outcome], best: Sequence[bool] | None) -> Figure:
    """One metric against the median time; points carry their number in the table."""
    dots, front = [], []
    sign = 1 if higher_is_better(metric) else -1
    known = [(n, o, o.mean(metric), o.p50_ms) for n, o in enumerate(ranked, start=1)]
    placed = [(n, o, y, x) for n, o, y, x in known if y is not None and x is not None]
    if best is None:
        best = pareto([(x, sign * y) for _, _, y, x in placed])
    for (n, o, y, x), strong in zip(placed, best, strict=True):
        told = f"{n}: {_told(o.point.settings)}; {metric} {y:.3f}, {x:.0f} ms"
        dots.append(Dot(x, y, label=str(n), told=told, strong=strong))
        if strong:
            front.append((x, y))
    drawing = plot(
        axis_over("ms for an answer (median)", [d.x for d in dots], from_zero=True),
        axis_over(metric, [d.y for d in dots]),
        title=f"{metric} against time",
        told="Numbers are those of the table; the line joins the runs that no other beats.",
        line=sorted(front),
        points=dots,
        steps=True,
    )
    return Figure(drawing, f"{metric} against time:", "numbers as in the table")


def _differing_commits(outcomes: Sequence[Outcome]) -> list[Block]:
    """A warning where runs of an earlier state of the program stand beside newer ones."""
    commits = {str(o.run.about.get("commit")) for o in outcomes}
    if len(commits) == 1:
        return []
    return [Notice("The runs are of different commits; delete the folder to run all of them anew.")]


def _mean_cell(outcome: Outcome, metric: str) -> Cell:
    value = outcome.run.summary["metrics"][metric]
    low, high = value.get("low"), value.get("high")
    around = "" if low is None or high is None else f" [{low:.3f}, {high:.3f}]"
    return Cell(f"{value['mean']:.3f}{around}")


def _p50(run: Run) -> float | None:
    value = ((run.summary.get("latency_ms") or {}).get("total") or {}).get("p50")
    return None if value is None else float(value)


def _grid(table: object, path: Path) -> dict[str, tuple[Any, ...]]:
    if not isinstance(table, dict) or not table:
        raise UsageError(f'{path}: needs a [grid], such as "retrieval.passages" = [4, 8]')
    grid: dict[str, tuple[Any, ...]] = {}
    count = 1
    for name, values in table.items():
        if name.count(".") != 1:
            raise UsageError(f'{path} [grid]: write {name!r} as "table.setting", in quotes')
        if not isinstance(values, list) or not values:
            raise UsageError(f"{path} [grid]: {name} must be a list of values, not {values!r}")
        if len({json.dumps(value, default=str) for value in values}) < len(values):
            raise UsageError(f"{path} [grid]: {name} has a value twice")
        grid[name] = tuple(values)
        count *= len(values)
    if count > _MAX_POINTS:
        raise UsageError(f"{path} [grid]: {count} combinations; at most {_MAX_POINTS} are run")
    return grid


def _with(settings: Mapping[str, Any], chosen: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The settings as tables, with those of a point in their places."""
    tables = {name: dict(table) for name, table in settings.items()}
    for name, value in chosen.items():
        table, _, key = name.partition(".")
        tables.setdefault(table, {})[key] = value
    return tables


def _is_finished(folder: Path) -> bool:
    try:
        status = json.loads((folder / "run.json").read_text(encoding="utf-8")).get("status")
    except (OSError, ValueError, AttributeError):
        return False
    return bool(status == "finished")


def _told(settings: Mapping[str, Any], *, only: str = "") -> str:
    return ", ".join(
        f"{name} = {value}" for name, value in settings.items() if name.startswith(only)
    )


def _digest(value: object) -> str:
    canonical = json.dumps(value, sort_keys=True).encode()
    return hashlib.blake2b(canonical, digest_size=6).hexdigest()


def _text(tables: Mapping[str, Any], name: str, path: Path, *, default: str | None = None) -> str:
    value = tables.get(name, default)
    if not isinstance(value, str) or (default is None and not value):
        raise UsageError(f'{path}: needs {name} = "…", a text')
    return value


def _paths(tables: Mapping[str, Any], name: str, path: Path) -> tuple[Path, ...]:
    values = tables.get(name, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise UsageError(f"{path}: {name} must be a list of paths, not {values!r}")
    return tuple(Path(value) for value in values)
