"""The report of a run, made to be read: ``write_report(folder)`` writes report.md and report.html.

The page is one file that opens offline; what it tells is decided here, as blocks. Every figure
comes from the run's own files: nothing is measured again, but for the shares in the plots.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from eval.baseline import read_scores
from eval.compare import compare
from eval.compare_report import asked_in, changes_table, flip_table
from eval.document import (
    Block,
    Cell,
    Columns,
    Facts,
    Figure,
    Fold,
    Heading,
    Notice,
    Passage,
    Span,
    Table,
    Text,
    counted,
    markdown,
)
from eval.failures import FAILURES, failures_of, worst
from eval.headline import headline
from eval.metrics import parse
from eval.page import page
from eval.plots import Axis, Point, histogram, interval_mark, plot, share_mark
from eval.runs import Row, Run, Scores, higher_is_better, read_run
from eval.worst_case import worst_case
from index.atomic import replace_file
from index.errors import UsageError

__all__ = ["report_blocks", "write_report"]

_WORST = 10
_FLIPS = 20
_BINS = 10  # of the reliability plot, as in the calibration error
_FAMILIES = {
    "script": "By script",
    "language": "By language",
    "lang": "By language tag",
    "kind": "By kind of question",
    "answerable": "By answerability",
    "turns": "By turns of the dialogue",
    "tag": "By tag",
}


def write_report(folder: Path, *, baseline: Path | None = None) -> tuple[Path, Path]:
    """Write ``report.md`` and ``report.html`` into a run folder.

    Args:
        folder: A run folder, finished or not.
        baseline: A baseline file or another run folder; the report then tells what changed.

    Returns:
        The two paths.

    Raises:
        UsageError: the folder holds no run that can be read, or the baseline is of other cases.
    """
    run = read_run(folder, unfinished=True)
    before = read_scores(baseline) if baseline is not None else None
    blocks = report_blocks(run, before=before)
    title = f"{_case_set(run)} · {run.name}"
    paths = folder / "report.md", folder / "report.html"
    replace_file(paths[0], markdown(blocks).encode())
    replace_file(paths[1], page(title, blocks).encode())
    return paths


def report_blocks(run: Run, *, before: tuple[Scores, Run | None] | None = None) -> list[Block]:
    """The whole report as blocks. ``before`` is the baseline, with its run where that is known."""
    return [
        *_opening(run),
        *_headline(run),
        *([] if before is None else _changes(run, *before)),
        *_what_went_wrong(run),
        *_slices(run),
        *_certainty(run),
        *_latency(run),
        *_worst(run),
        *_settings(run),
    ]


def _opening(run: Run) -> list[Block]:
    about, errors = run.about, [row for row in run.rows if row.error]
    index = about.get("index") or {}
    commit = about.get("commit")
    state = {True: "", False: ", with changes that are not committed", None: ""}
    hardware = about.get("hardware") or {}
    facts = [
        ("cases", f"{_case_set(run)}, {len(run.rows):,} asked{_at_once(about.get('jobs'))}"),
        ("generator", about.get("generator")),
        ("index", f"{index.get('folder', '?')}, {index.get('generation', '?')}"),
        ("embedder", index.get("embedder")),
        ("configuration", about.get("config_fingerprint")),
        ("commit", f"{commit[:12]}{state[about.get('clean')]}" if commit else None),
        ("started", _moment(about.get("started"))),
        ("took", _duration(sum((about.get("durations_s") or {}).values()))),
        ("machine", _machine(hardware)),
    ]
    blocks: list[Block] = [
        Heading(f"{_case_set(run)} · {run.name}", 1),
        Facts(tuple((name, str(value)) for name, value in facts if value)),
    ]
    if not run.finished:
        asked, of = len(run.rows), (about.get("cases") or {}).get("count", "?")
        blocks.append(Notice(f"This run is not finished: {asked} of {of} cases were asked."))
    if errors:
        kinds = _tally(row.error.partition(":")[0] for row in errors if row.error)
        blocks.append(
            Notice(f"{counted(len(errors), 'case')} raised an error and score 0: {kinds}.")
        )
    if fallbacks := run.summary.get("fallbacks"):
        blocks.append(
            Notice(
                f"In {counted(fallbacks, 'case')} the generator failed and quotes took its place: "
                "what is measured there is not the generator."
            )
        )
    return blocks


def _headline(run: Run) -> list[Block]:
    summary: Mapping[str, Any] = run.summary["metrics"]
    measured = [name for name, value in summary.items() if value.get("mean") is not None]
    first = headline(measured)
    others = [name for name in measured if name not in first]
    blocks: list[Block] = [Heading("How well"), _metric_table(summary, first)]
    if others:
        blocks.append(Fold("All other metrics", (_metric_table(summary, others),)))
    if verdicts := run.summary.get("verdicts"):
        told = ", ".join(f"{count:,} {verdict}" for verdict, count in verdicts.items())
        blocks.append(Text(f"The sentences of all answers, as the citation gate saw them: {told}."))
    if missing := [name for name in summary if name not in measured]:
        blocks.append(Text(f"No case of this run has: {', '.join(missing)}.", "quiet"))
    return blocks


def _metric_table(summary: Mapping[str, Any], names: Sequence[str]) -> Table:
    rows: list[tuple[Cell | str, ...]] = []
    for name in names:
        value = summary[name]
        mean, low, high = value.get("mean"), value.get("low"), value.get("high")
        label = name + ("" if higher_is_better(name) else " (lower is better)")
        drawn = interval_mark(mean, low, high) if 0 <= mean <= 1 else None
        interval = f"{low:.3f} to {high:.3f}" if low is not None and high is not None else ""
        count = str(value.get("n", ""))
        told = Cell(_definition(name), "quiet")
        rows.append((label, f"{mean:.3f}", Cell("", drawing=drawn), interval, count, told))
    head = ("metric", "mean", "", "95 % interval", "cases", "what it is")
    return Table(head, tuple(rows), words=frozenset({5}))


def _definition(metric: str) -> str:
    try:
        return parse(metric).definition
    except UsageError:  # a metric of somebody's own
        return ""


def _changes(run: Run, old: Scores, old_run: Run | None) -> list[Block]:
    found = compare(old, run.scores, groups={}, common=not run.finished)
    asked = asked_in(run, old_run)
    blocks: list[Block] = [Heading("What changed since the baseline")]
    moved = [c for c in found.changes if c.better or c.worse]
    if not moved:
        blocks.append(Text(f"Nothing: every case scores as in {old.name}."))
        return blocks
    blocks.append(Text(f"Against {old.name}; metrics in which no case moved are left out."))
    blocks.append(changes_table(moved))
    for title, flips in (("Got worse", found.worse), ("Got better", found.better)):
        if flips:
            more = f"the first {_FLIPS}" if len(flips) > _FLIPS else ""
            table = flip_table(flips[:_FLIPS], asked)
            blocks.append(Fold(f"{title}: {counted(len(flips), 'question')}", (table,), note=more))
    return blocks


def _what_went_wrong(run: Run) -> list[Block]:
    found = {kind: len(rows) for kind, rows in failures_of(run).items() if rows}
    if not found:
        return []
    of = len(run.rows)
    rows = tuple(
        (FAILURES[kind], str(n), Cell("", drawing=share_mark(n / of, told=f"{n} of {of}")))
        for kind, n in found.items()
    )
    return [
        Heading("What went wrong"),
        Text(f"{sum(found.values())} of {of} cases went wrong."),
        Table(("the system", "cases", ""), rows),
    ]


def _slices(run: Run) -> list[Block]:
    slices: Mapping[str, Any] = run.summary.get("slices") or {}
    names = headline([n for n, v in run.summary["metrics"].items() if v.get("mean") is not None])
    families: dict[str, list[str]] = {}
    for group in slices:
        families.setdefault(group.partition("=")[0], []).append(group)
    tables: list[Block] = []
    known = [f for f in _FAMILIES if f in families]
    for family in [*known, *sorted(families.keys() - _FAMILIES.keys())]:
        # One slice that holds everything says nothing that the table above does not.
        if len(families[family]) < 2:
            continue
        rows: list[tuple[Cell | str, ...]] = []
        for group in families[family]:
            cells = [_mean_cell(slices[group].get(name)) for name in names]
            rows.append((group.partition("=")[2], str(_cases_of(slices[group])), *cells))
        title = _FAMILIES.get(family, f"By {family}")
        tables.append(Table((title, "cases", *names), tuple(rows)))
    return [Heading("Slice by slice"), *tables] if tables else []


def _cases_of(slice_: Mapping[str, Any]) -> int:
    return max((value.get("n") or 0 for value in slice_.values()), default=0)


def _mean_cell(value: Mapping[str, Any] | None) -> Cell:
    if not value or value.get("mean") is None:
        return Cell("–", "quiet")
    mean, low, high = value["mean"], value.get("low"), value.get("high")
    text = f"{mean:.3f}"
    if low is not None and high is not None:
        text += f" ±{(high - low) / 2:.2f}"
    return Cell(text)


def _certainty(run: Run) -> list[Block]:
    sure = [(row, row.probability) for row in run.rows if row.probability is not None]
    heading = Heading("Does it know what it knows?")
    if not sure:
        note = "The answers of this run carry no probability that the collection answers."
        return [heading, Text(note, "quiet")]
    bins = _reliability_bins(sure)
    table = Table(
        ("probability that was said", "share that is answerable", "cases"),
        tuple((f"{said:.2f}", f"{true:.2f}", str(n)) for said, true, n in bins),
    )
    figures = Columns((_reliability(bins), _risk_by_coverage(sure)))
    return [heading, figures, Fold("Reliability in figures", (table,))]


def _reliability_bins(sure: Sequence[tuple[Row, float]]) -> list[tuple[float, float, int]]:
    """Mean probability said, share of answerable cases and their number, in ten equal bins."""
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(_BINS)]
    for row, probability in sure:
        bins[min(int(probability * _BINS), _BINS - 1)].append((probability, row.answerable))
    return [
        (sum(p for p, _ in held) / len(held), sum(a for _, a in held) / len(held), len(held))
        for held in bins
        if held
    ]


def _reliability(bins: Sequence[tuple[float, float, int]]) -> Figure:
    """Said probability against how often the case is answerable."""
    total = sum(n for *_, n in bins)
    points = [
        # The area grows with the cases.
        Point(
            said,
            true,
            told=f"said {said:.2f}, true {true:.2f}, {counted(n, 'case')}",
            size=3 + 9 * (n / total) ** 0.5,
            strong=True,
        )
        for said, true, n in bins
    ]
    drawing = plot(
        Axis("probability that was said", 0, 1),
        Axis("share that is answerable", 0, 1),
        title="Reliability",
        told="Points on the diagonal mean that a probability can be taken at its word.",
        line=[(p.x, p.y) for p in points],
        points=points,
        diagonal=True,
    )
    told = "on the diagonal a probability can be taken at its word; the area grows with the cases."
    return Figure(drawing, "Reliability:", told)


def _risk_by_coverage(sure: Sequence[tuple[Row, float]]) -> Figure:
    """The share without a right answer as cases are taken from the surest on; ties go together.

    As in the metric ``risk_coverage_area``, a declined case has no right answer.
    """
    scored = sorted(((p, _has_right_answer(row)) for row, p in sure), key=lambda pair: -pair[0])
    line: list[tuple[float, float]] = []
    wrong = 0
    for n, (probability, right) in enumerate(scored, start=1):
        wrong += not right
        if n == len(scored) or scored[n][0] != probability:
            line.append((n / len(scored), wrong / n))
    drawing = plot(
        Axis("coverage: share of the cases, surest first", 0, 1),
        Axis(
            "risk: share without a right answer", 0, min(1.0, 1.15 * max(y for _, y in line)) or 0.1
        ),
        title="Risk by coverage",
        told=f"Without a right answer are {line[-1][1]:.3f} of all cases.",
        line=line,
    )
    half = next(risk for coverage, risk in line if coverage >= 0.5)
    told = f"without a right answer are {half:.3f} of the surer half, {line[-1][1]:.3f} of all."
    return Figure(drawing, "Risk by coverage:", told)


def _has_right_answer(row: Row) -> bool:
    return row.answerable and row.declined is False and row.metrics.get("correct") == 1


def _latency(run: Run) -> list[Block]:
    total = [row.timings_ms["total"] for row in run.rows if "total" in row.timings_ms]
    if not total:
        return []
    rows = []
    for name, value in (run.summary.get("latency_ms") or {}).items():
        figures = tuple(f"{value[q]:.0f}" if value.get(q) is not None else "–" for q in _QUANTILES)
        rows.append((name.replace("_", " "), *figures))
    told_by = (run.summary.get("latency_ms") or {}).get("total") or {}
    marks = [(told_by[q], f"{q} {told_by[q]:.0f} ms") for q in _QUANTILES if told_by.get(q)]
    told = ", ".join(name for _, name in marks)
    drawing = histogram(total, title="Latency", told=told, label="ms for an answer", marks=marks)
    table = Table(("ms", *_QUANTILES), tuple(rows))
    return [
        Heading("How fast"),
        Columns((Figure(drawing, "Time for a whole answer:", told), table)),
    ]


_QUANTILES = ("p50", "p95")


def _worst(run: Run) -> list[Block]:
    rows = worst(run, limit=_WORST)
    if not rows:
        return []
    note = "Taken in turn from each kind of failure, the lowest scores first."
    legend = Passage(
        "Marked in the passages:",
        (
            *(Span("what the answer cites", "cited"), Span(" · ")),
            *(Span("the gold", "gold"), Span(" · "), Span("both", "both")),
        ),
    )
    folds = [worst_case(run, row, is_open=n == 0) for n, row in enumerate(rows)]
    return [Heading(f"The {len(rows)} worst cases"), Text(note, "quiet"), legend, *folds]


def _settings(run: Run) -> list[Block]:
    pairs = list(_flat(run.about.get("config") or {}))
    versions = list(_flat(run.about.get("versions") or {}))
    blocks: list[Block] = []
    if pairs:
        blocks.append(Fold("Settings", (Facts(tuple(pairs)),)))
    if versions:
        blocks.append(Fold("Versions", (Facts(tuple(versions)),)))
    return [Heading("What ran"), *blocks] if blocks else []


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", str(value) if value != "" else "–"


def _case_set(run: Run) -> str:
    return str((run.about.get("cases") or {}).get("name") or "cases")


def _at_once(jobs: int | None) -> str:
    return f", {jobs} at a time" if jobs and jobs > 1 else ""


def _moment(written: str | None) -> str | None:
    """2026-11-26T05:48:26+00:00 as a person writes it."""
    try:
        return f"{datetime.fromisoformat(written or ''):%Y-%m-%d %H:%M} UTC"
    except ValueError:
        return written


def _machine(hardware: Mapping[str, Any]) -> str | None:
    parts = [
        hardware.get("cpu"),
        f"{hardware['cores']} cores" if hardware.get("cores") else None,
        f"{hardware['memory_gb']:.0f} GB" if hardware.get("memory_gb") else None,
        hardware.get("platform"),
    ]
    return ", ".join(str(part) for part in parts if part) or None


def _duration(seconds: float) -> str | None:
    if not seconds:
        return None
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"


def _tally(names: Iterable[str]) -> str:
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return ", ".join(f"{name} ({n})" for name, n in counts.items())
