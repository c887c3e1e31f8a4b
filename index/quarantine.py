"""What could not be read when it was last looked at: ``INDEX_DIR/quarantine.json``.

In come the quarantined files and records of one sync and what that sync looked at; out comes the
list of all, those of earlier syncs of other folders included. It stands beside the generations and
not in them: it tells of the files as they are on the disk, whichever generation is served, and a
new broken file is no reason to write a new generation. Knows nothing of why a file is refused.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.atomic import replace_file

__all__ = ["Quarantined", "keep_quarantine", "quarantine_stamp", "read_quarantine"]

QUARANTINE = "quarantine.json"
_FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True, order=True)
class Quarantined:
    """A file, or a record inside one, that is not indexed.

    ``path`` is for people and names the record where it is one; ``location`` is the file's
    absolute path, as bytes. ``was_read``: articles of an earlier version stay indexed.
    """

    path: str
    location: bytes
    reason: str
    was_read: bool = False


def read_quarantine(directory: Path) -> list[Quarantined]:
    """List what is quarantined, in path order.

    A list that is missing or broken reads as empty: nothing depends on it, and the next sync
    writes it anew.
    """
    try:
        stored = json.loads((directory / QUARANTINE).read_bytes())
        if stored["version"] != _FORMAT_VERSION:
            return []
        return sorted(
            Quarantined(
                path=str(row["path"]),
                location=bytes.fromhex(row["location"]),
                reason=str(row["reason"]),
                was_read=bool(row["was_read"]),
            )
            for row in stored["files"]
        )
    except (OSError, ValueError, KeyError, TypeError):
        return []


def quarantine_stamp(directory: Path) -> tuple[int, int] | None:
    """Tell one version of the list from another without reading it; None where there is none.

    Each version is a new file that takes the place of the one before.
    """
    try:
        stat = (directory / QUARANTINE).stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_ino


def keep_quarantine(
    directory: Path, found: Iterable[Quarantined], *, covers: Callable[[bytes], bool]
) -> None:
    """Put the findings of a sync in the place of earlier ones; for the holder of the lock.

    ``covers`` tells whether the sync looked at a location: what it did not see stays listed.

    Raises:
        OSError: the disk refused; the list is as it was.
    """
    before = read_quarantine(directory)
    after = sorted({*found, *(row for row in before if not covers(row.location))})
    if after == before:
        return
    rows: list[dict[str, Any]] = [
        {
            "path": row.path,
            # Names need not be UTF-8, and JSON is.
            "location": row.location.hex(),
            "reason": row.reason,
            "was_read": row.was_read,
        }
        for row in after
    ]
    stored = {"version": _FORMAT_VERSION, "files": rows}
    replace_file(directory / QUARANTINE, json.dumps(stored).encode("ascii"))
