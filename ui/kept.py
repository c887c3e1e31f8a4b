"""What the page keeps of people beside its index: where it lies, and for how long.

In: the folder of an index. Out: the places of the log and of the packs that were handed over, and
a thread that removes what has become too old where nothing else sees to it.
"""

import contextlib
import logging
import shutil
import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from eval.activity import ACTIVITY, activity_path
from index.closing import Closing
from index.errors import UsageError
from index.store import beside
from ui.activity import prune
from ui.handoff_delivery import pack_files

__all__ = ["Retention", "handoff_folder", "move_out"]

_HANDOFF = "handoff"
_DAY_S = 24 * 3600.0

_log = logging.getLogger(__name__)


def handoff_folder(index: Path) -> Path:
    """Where packs are kept: ``var/index-handoff`` for ``var/index``."""
    return beside(index, _HANDOFF)


def move_out(index: Path) -> None:
    """Move what an earlier version kept inside the index to where it outlives the index.

    Raises:
        UsageError: it cannot be moved.
    """
    # What SQLite has not yet put into the log's file goes before the file itself: a move that is
    # cut off is then begun anew.
    logs = [(f"{ACTIVITY}{end}", f"{activity_path(index)}{end}") for end in ("-wal", "-shm", "")]
    for name, target in (*logs, (_HANDOFF, str(handoff_folder(index)))):
        held = index / name
        if not held.exists():
            continue
        if Path(target).exists():
            _log.warning("%s stays where it is: there is %s already", held, target)
            continue
        try:
            shutil.move(held, target)
        except OSError as error:
            raise UsageError(f"{held}: move it to {target} ({error})") from error
        _log.info("%s was moved to %s", held, target)


class Retention(Closing):
    """Removes, at once and then daily, packs older than ``days``, and rows of a log that is off.

    ``log`` is the file of such a log, None where one is written: it sees to itself.
    """

    def __init__(self, folders: Iterable[Path], *, log: Path | None, days: int) -> None:
        """Start the thread; close it, or use ``with``."""
        self._folders = tuple(folders)
        self._log_path = log
        self._days = days
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="retention", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread; what it is about is done first."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                self._remove()
            except Exception:
                # Tomorrow is another day: the thread must see it.
                _log.exception("what is too old could not all be removed")
            if self._ended.wait(_DAY_S):
                return

    def _remove(self) -> None:
        if self._log_path is not None:
            prune(self._log_path, before=datetime.now(UTC) - timedelta(days=self._days))
        oldest_s = time.time() - self._days * _DAY_S
        for folder in self._folders:
            for entry in pack_files(folder):
                with contextlib.suppress(FileNotFoundError):  # sent or taken away meanwhile
                    if entry.stat(follow_symlinks=False).st_mtime < oldest_s:
                        Path(entry).unlink()
                        _log.info("%s was older than %d days: removed", entry.path, self._days)
