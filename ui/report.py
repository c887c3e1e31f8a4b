"""The report of a sync as text for a terminal: what changed, what was left out and why."""

from index.report import FileRow, Status, SyncReport
from ui.render import plain

__all__ = ["report_text"]

# What a person wants to see first comes last on a terminal, nearest to the prompt.
_LISTED = (Status.ADDED, Status.CHANGED, Status.REMOVED, Status.DUPLICATE, Status.QUARANTINED)
_QUIET = (Status.UNCHANGED, Status.SKIPPED)
_MARKS = {
    Status.ADDED: "+",
    Status.CHANGED: "~",
    Status.REMOVED: "-",
    Status.DUPLICATE: "=",
    Status.QUARANTINED: "!",
    Status.UNCHANGED: " ",
    Status.SKIPPED: ".",
}
# A first sync adds everything; past this many rows of one kind only the count is told.
_MAX_ROWS = 50


def report_text(report: SyncReport, *, verbose: bool = False) -> str:
    """The rows that matter, their warnings, and one line of counts."""
    lines: list[str] = []
    for status in (*_QUIET, *_LISTED) if verbose else _LISTED:
        rows = [row for row in report.rows if row.status is status]
        # Quarantined files are named however many they are: nothing is left out in silence.
        limit = len(rows) if verbose or status is Status.QUARANTINED else _MAX_ROWS
        lines += [_row(row) for row in rows[:limit]]
        if len(rows) > limit:
            lines.append(f"  … and {len(rows) - limit} more {status.value}; --verbose lists them")
    for row in report.rows:
        for warning in row.warnings:
            # A record's warning names the record itself.
            named = warning if warning.startswith(row.path) else f"{row.path}: {warning}"
            lines.append(f"? {plain(named)}")
    lines += [f"* {plain(note)}" for note in report.notes]
    counts = ", ".join(f"{n} {status.value}" for status, n in report.counts.items() if n)
    lines.append(counts or "nothing found to index")
    lines.append(_outcome(report))
    return "\n".join(lines)


def _row(row: FileRow) -> str:
    reason = f": {plain(row.reason)}" if row.reason else ""
    return f"{_MARKS[row.status]} {plain(row.path)}{reason}"


def _outcome(report: SyncReport) -> str:
    held = f"{report.articles} articles"
    if report.chunks is not None:
        held += f", {report.chunks} chunks"
    if report.dry_run:
        return f"dry run, nothing was written; the index would hold {held}"
    if report.generation is None:
        return "no index was written"
    if not report.is_new_generation:
        return f"kept {report.generation}: {held}"
    made = f"{report.embedded} of them embedded" if report.chunks else "none embedded"
    return f"wrote {report.generation}: {held}, {made} ({report.seconds:.1f} s)"
