"""A comparison as blocks: what changed, slice by slice, and the questions that flipped.

In: a :class:`~eval.compare.Comparison` and what was asked and answered. Out: blocks, which a
terminal, a Markdown file and a page show alike.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eval.compare import Comparison, Flip, MetricChange
from eval.document import Block, Cell, Heading, Table, Text, Tone, counted
from eval.headline import headline
from eval.plots import change_mark
from eval.runs import Run, higher_is_better

__all__ = ["Asked", "asked_in", "changes_table", "comparison_blocks", "flip_table", "shown_answer"]

_ALPHA = 0.05  # from which corrected p on a change is coloured
_MAX_FLIPS = 50
_LONGEST_ANSWER = 160
_MAX_STEPS = 4
_SHOWN = 0.0005  # smaller ones read 0.000
_MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and what each side answered; None where that is not known."""

    question: str
    before: str | None
    after: str | None


def asked_in(after: Run, before: Run | None = None) -> Callable[[str], Asked]:
    """Look up what was asked by a case's id; answers are read when they are wanted."""
    now = {row.id: row for row in after.rows}
    then = {row.id: row for row in before.rows} if before else {}

    def look_up(id_: str) -> Asked:
        old = shown_answer(before.full(then[id_])) if before and id_ in then else None
        row = after.full(now[id_])
        return Asked(_shown_question(row), old, shown_answer(row))

    return look_up


def _shown_question(row: Mapping[str, Any]) -> str:
    """The question; one that leans on what was asked before comes with that."""
    dialogue = row.get("dialogue")
    before = f" (after: {dialogue[-1]['question']})" if dialogue else ""
    return str(row["question"]) + before


def shown_answer(row: Mapping[str, Any]) -> str:
    """The answer of a full row as one line: what was said, or that nothing was."""
    if row.get("error"):
        return f"(error: {row['error']['type']})"
    answer = row["answer"]
    if answer.get("abstained"):
        return "(declined)"
    text = " ".join(str(answer.get("answer", "")).split())
    return text if len(text) <= _LONGEST_ANSWER else text[:_LONGEST_ANSWER] + "…"


def comparison_blocks(
    comparison: Comparison,
    asked: Callable[[str], Asked],
    *,
    limit: int = _MAX_FLIPS,
    level: int = 1,
) -> list[Block]:
    """Everything about a comparison; at most ``limit`` flipped questions each way."""
    c = comparison
    blocks: list[Block] = [
        Heading(f"{c.after} against {c.before}", level),
        Text(_headline_sentence(c)),
    ]
    if c.left_out:
        told = f"Left out, since only one run has them: {counted(c.left_out, 'case')}."
        blocks.append(Text(told, "quiet"))
    for names, side in ((c.only_before, c.before), (c.only_after, c.after)):
        if names:
            blocks.append(Text(f"Only in {side}: {', '.join(names)}.", "quiet"))
    moved = [change for change in c.changes if change.better or change.worse]
    if moved:
        blocks.append(changes_table(moved))
    if unmoved := [change.metric for change in c.changes if change not in moved]:
        blocks.append(Text(f"No case moved in: {', '.join(unmoved)}.", "quiet"))
    blocks += _totals(c)
    for title, flips in (("Got worse", c.worse), ("Got better", c.better)):
        blocks.append(Heading(f"{title}: {counted(len(flips), 'question')}", level + 1))
        if flips:
            blocks.append(flip_table(flips[:limit], asked))
        if len(flips) > limit:
            blocks.append(Text(f"… and {len(flips) - limit} more", "quiet"))
    blocks.append(Heading("By slice", level + 1))
    blocks += slice_tables(c)
    return blocks


def changes_table(changes: Sequence[MetricChange], *, caption: str = "") -> Table:
    """Each metric before and after, its change with interval and p."""
    limit = max((abs(v) for c in changes for v in (c.change.low, c.change.high)), default=1) or 1
    has_unpaired = any(c.unpaired for c in changes)
    head = ("metric", "before", "after", "change", "", "95 % interval", "p", "better", "worse", "n")
    rows = []
    for c in changes:
        tone = _tone(c)
        drawn = change_mark(
            c.change.mean, c.change.low, c.change.high, limit=limit, tone=tone or "series"
        )
        row: list[Cell | str] = [
            c.metric + ("" if higher_is_better(c.metric) else " (lower is better)"),
            f"{c.before:.3f}",
            f"{c.after:.3f}",
            Cell(_signed(c.change.mean), tone),
            Cell("", drawing=drawn),
            f"{_signed(c.change.low)} to {_signed(c.change.high)}",
            Cell(_p(c.p_corrected), tone),
            str(c.better),
            str(c.worse),
            str(c.pairs) + (f" (+{c.unpaired})" if c.unpaired else ""),
        ]
        rows.append(tuple(row))
    note = caption or "p: paired randomisation test, corrected by Holm"
    if has_unpaired:
        note += "; (+n): cases in which one run alone has the metric"
    return Table(head, tuple(rows), caption=note)


def slice_tables(comparison: Comparison) -> list[Block]:
    """One table for each family of slices: the headline metrics, before → after."""
    names = headline([c.metric for c in comparison.changes])
    families: dict[str, list[str]] = {}
    for group in comparison.slices:
        families.setdefault(group.partition("=")[0], []).append(group)
    blocks: list[Block] = []
    for family, groups in families.items():
        rows: list[tuple[Cell | str, ...]] = []
        for group in groups:
            by_name = {c.metric: c for c in comparison.slices[group]}
            cells = [_step_cell(by_name.get(name)) for name in names]
            n = max((c.pairs + c.unpaired for c in by_name.values()), default=0)
            rows.append((group.partition("=")[2], str(n), *cells))
        blocks.append(Table((family, "n", *names), tuple(rows)))
    return blocks


def flip_table(flips: Sequence[Flip], asked: Callable[[str], Asked]) -> Table:
    """Flipped questions, both answers side by side."""
    found = [(flip, asked(flip.id)) for flip in flips]
    both = any(one.before is not None for _, one in found)
    head = ("case", "question", *(("before", "after") if both else ("answer now",)), "flipped")
    rows = [
        (
            flip.id,
            one.question,
            *((one.before or "",) if both else ()),
            one.after or "",
            _steps(flip),
        )
        for flip, one in found
    ]
    return Table(head, tuple(rows), words=frozenset(range(1, len(head))))


def _headline_sentence(c: Comparison) -> str:
    better = [x.metric for x in c.changes if x.p_corrected <= _ALPHA and x.gain > 0]
    worse = [x.metric for x in c.changes if x.p_corrected <= _ALPHA and x.gain < 0]
    told = [counted(c.cases, "case")]
    for names, word in ((better, "better"), (worse, "worse")):
        if names:
            told.append(f"significantly {word}: {', '.join(names)}")
    if not better and not worse:
        told.append("no metric changed significantly")
    return "; ".join(told) + "."


def _totals(c: Comparison) -> list[Block]:
    if not c.totals:
        return []
    rows = []
    for name, (before, after) in c.totals.items():
        gain = after - before if higher_is_better(name) else before - after
        tone: Tone = "" if abs(gain) < _SHOWN else "good" if gain > 0 else "bad"
        rows.append((name, f"{before:.3f}", f"{after:.3f}", Cell(_signed(after - before), tone)))
    caption = "metrics of the whole set, which have no test"
    return [Table(("metric", "before", "after", "change"), tuple(rows), caption=caption)]


def _step_cell(change: MetricChange | None) -> Cell:
    if change is None:
        return Cell("–", "quiet")
    if abs(change.change.mean) < _SHOWN:
        return Cell(f"{change.after:.3f}", "quiet")
    tone: Tone = _tone(change) if change.p_corrected <= _ALPHA else ""
    return Cell(f"{change.before:.3f} → {change.after:.3f}", tone)


def _tone(change: MetricChange) -> Tone:
    if change.p_corrected > _ALPHA:
        return ""
    return "good" if change.gain > 0 else "bad"


def _steps(flip: Flip) -> str:
    steps = sorted((*flip.worse, *flip.better), key=lambda s: -abs(s.after - s.before))
    told = [f"{s.metric} {s.before:.2g} → {s.after:.2g}" for s in steps[:_MAX_STEPS]]
    more = len(steps) - _MAX_STEPS
    return ", ".join(told) + (f", {more} more" if more > 0 else "")


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", _MINUS) if abs(value) >= _SHOWN else "0.000"


def _p(value: float) -> str:
    return "<0.001" if value < 0.001 else f"{value:.3f}"
