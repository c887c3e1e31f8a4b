"""Writes that survive a kill: everything that changes an index folder goes through here.

In come paths and bytes; what comes out is on disk, in this order, or not visible at all: contents
are written under a temporary name and synced, then renamed, then the folder that holds the new
name is synced. Knows nothing of what the files mean.

A name that starts with ``TEMPORARY`` belongs to a writer that is at work or was killed; the next
writer deletes it, a reader never looks at it.
"""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from index.errors import IndexLockedError

__all__ = [
    "TEMPORARY",
    "clear_temporary",
    "exclusive_lock",
    "make_folder",
    "publish_folder",
    "remove_folder",
    "replace_file",
    "sync_folder",
    "sync_tree",
    "write_file",
]

TEMPORARY = ".tmp-"


def write_file(path: Path, data: bytes) -> None:
    """Write a new file and sync its contents; its name is durable once its folder is synced."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Make every file and folder below ``folder`` durable, whoever wrote it."""
    for path in sorted(folder.rglob("*")):
        if path.is_dir():
            sync_folder(path)
        else:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
    sync_folder(folder)


def make_folder(path: Path) -> None:
    """Make a folder and those above it that are missing, each durable in its parent."""
    missing = [path, *path.parents]
    for folder in reversed(missing[: next(i for i, p in enumerate(missing) if p.exists())]):
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def replace_file(path: Path, data: bytes) -> None:
    """Replace a file by a rename: whoever reads it sees the old bytes or the new ones."""
    temporary = path.with_name(TEMPORARY + path.name)
    temporary.unlink(missing_ok=True)
    write_file(temporary, data)
    os.replace(temporary, path)  # noqa: PTH105 - os.* is the seam that the crash tests count
    sync_folder(path.parent)


def publish_folder(source: Path, target: Path) -> None:
    """Give a finished, synced folder its name. The two stand side by side."""
    os.rename(source, target)  # noqa: PTH104 - as above
    sync_folder(target.parent)


def remove_folder(path: Path) -> None:
    """Delete a folder so that a half-deleted one is never taken for a whole one."""
    doomed = path.with_name(TEMPORARY + "old-" + path.name)
    if doomed.exists():
        shutil.rmtree(doomed)
    os.rename(path, doomed)  # noqa: PTH104 - as above
    shutil.rmtree(doomed)


def clear_temporary(folder: Path) -> None:
    """Delete what killed writers left behind. Only for the holder of the lock."""
    for path in sorted(folder.glob(TEMPORARY + "*")):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


@contextlib.contextmanager
def exclusive_lock(path: Path) -> Iterator[None]:
    """Hold the writer's lock; the kernel releases it when the process ends, however it ends.

    Raises:
        IndexLockedError: another process, or another thread, holds it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise IndexLockedError(
                f"another process is writing the index in {path.parent}; "
                "wait until it has ended, then run the same command again"
            ) from None
        yield
    finally:
        os.close(descriptor)  # closing releases the lock
