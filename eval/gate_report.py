"""What the gate found, as blocks: each regression with its metric, its slices, its questions."""

from collections.abc import Callable

from eval.compare import ALL, MetricChange
from eval.compare_report import Asked, changes_table
from eval.document import Block, Heading, Table, Text, counted
from eval.gate import GateResult, Regression

__all__ = ["gate_blocks"]


def gate_blocks(
    result: GateResult, asked: Callable[[str], Asked], *, limit: int = 10
) -> list[Block]:
    """The verdict first; then every regression with at most ``limit`` of its questions."""
    r = result
    blocks: list[Block] = []
    if r.errors:
        blocks.append(Text(f"{counted(r.errors, 'case')} raised an error and score 0."))
    if r.passed:
        return [
            Text(f"pass: {r.run} against {r.baseline}, {len(r.judged)} comparisons"),
            *blocks,
        ]
    names = list(dict.fromkeys(_name(x) for x in r.regressions))
    blocks.insert(0, Text(f"REGRESSION: {r.run} against {r.baseline}: {', '.join(names)}"))
    for regression in r.regressions:
        blocks += _regression(regression, asked, limit=limit)
    moved = [change for change in r.judged if change.better or change.worse]
    whole = [change for change in moved if change.group == ALL]
    if whole:
        blocks.append(Heading("All metrics that moved"))
        blocks.append(changes_table(whole))
    return blocks


def _regression(
    regression: Regression, asked: Callable[[str], Asked], *, limit: int
) -> list[Block]:
    r = regression
    blocks: list[Block] = [
        Heading(f"{_name(r)}: {r.before:.3f} → {r.after:.3f}"),
        Text(r.reason),
    ]
    if r.slices:
        blocks.append(Text("deepest in " + "; ".join(_slice(part) for part in r.slices)))
    if r.cases:
        rows = tuple(
            (id_, one.question, one.after or "")
            for id_, one in ((id_, asked(id_)) for id_ in r.cases[:limit])
        )
        more = f", the first {limit}" if len(r.cases) > limit else ""
        caption = f"{counted(len(r.cases), 'question')} got worse{more}"
        head = ("case", "question", "answer now")
        blocks.append(Table(head, rows, caption=caption, words=frozenset({1, 2})))
    return blocks


def _name(regression: Regression) -> str:
    where = "" if regression.group == ALL else f" in {regression.group}"
    return regression.metric + where


def _slice(change: MetricChange) -> str:
    return f"{change.group} ({change.before:.3f} → {change.after:.3f}, n={change.pairs})"
