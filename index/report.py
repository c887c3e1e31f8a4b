"""What a sync did, file by file, and its JSON form.

In come the rows that ``index.sync`` collected; out come counts, an exit status and plain JSON
values. Knows nothing of how anything was read or written.
"""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

__all__ = ["FileRow", "Status", "SyncReport"]


class Status(StrEnum):
    """What became of a file, or of one record inside it."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    QUARANTINED = "quarantined"
    DUPLICATE = "duplicate"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class FileRow:
    """One file of the report, or one record inside a file (``path`` then says which).

    ``article_ids`` are the articles that are in the index because of it. ``warnings`` name what
    was read but looks wrong, with its place: a damaged spot, a repaired encoding.
    """

    status: Status
    path: str
    reason: str | None = None
    article_ids: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SyncReport:
    """The whole report, rows in path order.

    ``generation`` is the current one afterwards; None when there is none, as after a dry run on
    a folder without an index. ``articles`` and ``chunks`` count what the index then holds
    (``chunks`` is None after a dry run that would change something: nothing was chunked).
    ``embedded`` counts the passages that had to be embedded, the others were taken over.
    """

    rows: tuple[FileRow, ...]
    generation: str | None
    is_new_generation: bool
    dry_run: bool
    articles: int
    chunks: int | None
    embedded: int
    seconds: float
    notes: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[Status, int]:
        """How many rows have each status, every status named."""
        found = Counter(row.status for row in self.rows)
        return {status: found[status] for status in Status}

    @property
    def exit_status(self) -> int:
        """1 when something was quarantined, else 0."""
        return int(any(row.status is Status.QUARANTINED for row in self.rows))

    def to_json(self) -> dict[str, Any]:
        """The report as plain JSON values."""
        return {
            "generation": self.generation,
            "is_new_generation": self.is_new_generation,
            "dry_run": self.dry_run,
            "articles": self.articles,
            "chunks": self.chunks,
            "embedded": self.embedded,
            "seconds": round(self.seconds, 3),
            "counts": {status.value: count for status, count in self.counts.items()},
            "notes": list(self.notes),
            "files": [
                {
                    "status": row.status.value,
                    "path": row.path,
                    "reason": row.reason,
                    "article_ids": list(row.article_ids),
                    "warnings": list(row.warnings),
                }
                for row in self.rows
            ],
        }
