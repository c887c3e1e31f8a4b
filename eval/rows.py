"""The rows of a run on disk: appended one by one, whole after a kill at any moment.

In: rows as JSON values. Out: a file of JSON lines. A kill can cut only the last line short; opening
the file to go on takes such a piece away. The writer holds a lock on the file.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from index.closing import Closing
from index.errors import UsageError

__all__ = ["RowWriter", "read_rows", "telling"]

_SYNC_EVERY = 50
"""Rows between two syncs to the disk: what a loss of power can cost, never their order."""


class RowWriter(Closing):
    """An open file of rows. ``done`` are the rows that it held when it was opened."""

    def __init__(self, path: Path) -> None:
        """Open or make the file.

        Raises:
            UsageError: another process is writing it, or it cannot be written.
        """
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise UsageError(f"{path}: cannot be written ({error.strerror})") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._file)
            raise UsageError(
                f"{path}: another process is writing this run; wait until it has ended"
            ) from None
        whole, self.done = _whole_lines(path)
        os.ftruncate(self._file, whole)
        os.lseek(self._file, whole, os.SEEK_SET)
        self._path = path
        self._unsynced = 0

    def append(self, row: Mapping[str, Any]) -> None:
        """Write one row after the others.

        Raises:
            UsageError: it cannot be written, as where the disk is full.
        """
        data = (json.dumps(row, ensure_ascii=False) + "\n").encode("utf-8", "replace")
        view = memoryview(data)
        with telling(self._path):
            while view:
                view = view[os.write(self._file, view) :]
            self._unsynced += 1
            if self._unsynced >= _SYNC_EVERY:
                self._sync()

    def _sync(self) -> None:
        os.fsync(self._file)
        self._unsynced = 0

    def close(self) -> None:
        """Let go of the file, and of its lock."""
        self._sync()
        os.close(self._file)


@contextlib.contextmanager
def telling(path: Path) -> Iterator[None]:
    """Say of a file of a run that cannot be written which one it is, and how to go on."""
    try:
        yield
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be written ({error.strerror}); make room, then go on with --resume"
        ) from error


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Read the rows one by one; a last line that was cut short is passed over.

    Raises:
        UsageError: there is no such file, or a line before the last is no row.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith(b"\n"):
                    return
                try:
                    row = json.loads(line)
                except ValueError as error:
                    raise UsageError(f"{path}: line {number} is no row ({error})") from error
                yield row
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from error


def _whole_lines(path: Path) -> tuple[int, int]:
    """How many bytes and lines of the file are whole."""
    size = count = 0
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                size += len(line)
                count += 1
    return size, count
