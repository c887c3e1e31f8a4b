"""Which files a sync looks at, and the bytes of each.

In come the paths that a user named; out come the files below them in a fixed order, the things
that are no such files with a status and a reason, and, one at a time, a file's bytes with the
stamp of exactly the version that was read. Knows nothing of formats beyond their suffixes, nor of
what is indexed.

Paths are bytes here: a file's name need not be UTF-8.
"""

# Paths are bytes here, which pathlib does not take.
# ruff: noqa: PTH100, PTH112, PTH114, PTH116, PTH118, PTH119, PTH120, PTH122, PTH208

import errno
import os
import stat
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from index.catalogue import Stamp
from index.errors import UnreadableError, UsageError
from index.report import Status

__all__ = [
    "Contents",
    "Found",
    "Oddity",
    "Target",
    "Walk",
    "is_below",
    "is_gone",
    "legible",
    "legible_path",
    "read_file",
    "targets_of",
    "walk",
]


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """A path that the user named, made absolute.

    ``is_gone``: nothing is there any more. It then covers what was known below it.
    """

    location: bytes
    is_folder: bool
    is_gone: bool = False

    def covers(self, location: bytes) -> bool:
        """Tell whether a file belongs to what was named."""
        return location == self.location or (self.is_folder and is_below(location, self.location))


@dataclass(frozen=True, slots=True)
class Found:
    """A regular file to read."""

    location: bytes
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class Oddity:
    """Something that is not read, and why. What was indexed from below a quarantined one stays."""

    location: bytes
    status: Status
    reason: str


@dataclass(slots=True)
class Walk:
    """What was found, in the order of the walk."""

    files: dict[bytes, Found] = field(default_factory=dict)
    oddities: list[Oddity] = field(default_factory=list)

    def blocked(self, locations: Iterable[bytes]) -> set[bytes]:
        """Which files may still be there though the walk could not see them."""
        blocking = {o.location for o in self.oddities if o.status is Status.QUARANTINED}
        return {location for location in locations if not blocking.isdisjoint(_upwards(location))}


@dataclass(frozen=True, slots=True)
class Contents:
    """The bytes of a file, the stamp of that version, and the clock before it was read."""

    data: bytes
    stamp: Stamp
    read_ns: int


def targets_of(
    paths: Iterable[Path | str], *, index_dir: Path, is_known: Callable[[Target], bool]
) -> tuple[Target, ...]:
    """Make the named paths absolute, each once, in order.

    ``is_known`` is asked of a path where nothing is: whether it covers files that were indexed,
    which the user then wants taken out.

    Raises:
        UsageError: none is named, one is neither there nor known, or one lies inside the index.
    """
    index = os.path.realpath(os.fsencode(index_dir))
    targets = set()
    for path in paths:
        location = os.path.abspath(os.fsencode(path))
        if is_gone(location):
            gone = Target(location, is_folder=True, is_gone=True)
            if not is_known(gone):
                raise UsageError(f"{path}: there is no such file or folder")
            targets.add(gone)
            continue
        real = os.path.realpath(location)
        if real == index or is_below(real, index):
            raise UsageError(f"{path} is part of the index itself; name the articles' own folder")
        targets.add(Target(location, os.path.isdir(location)))
    if not targets:
        raise UsageError("no file or folder is named; run `youju index PATH…`")
    return tuple(sorted(targets))


def walk(targets: Sequence[Target], *, suffixes: Collection[str], index_dir: Path) -> Walk:
    """Find the files below the targets.

    Names in sorted order; hidden ones are passed over unless named. A link to a file is a file.
    A link to a folder is followed when nothing else led there: real folders come first.
    """
    return _Walker(suffixes, index_dir).walk(targets)


def is_gone(location: bytes) -> bool:
    """Tell whether nothing has this path, not even something that may not be looked at."""
    try:
        os.lstat(location)
    except OSError as error:
        return error.errno in (errno.ENOENT, errno.ENOTDIR)
    return False


def is_below(location: bytes, folder: bytes) -> bool:
    """Tell whether a path lies inside a folder."""
    return location.startswith(folder.rstrip(b"/") + b"/")


def legible_path(location: bytes, root: bytes | None) -> str:
    """Name a file for people: ``<root folder's name>/<path below it>``.

    ``root`` is the folder that it was found under; a file named by itself stands below its own.
    Names that are not UTF-8 are read as GB18030, which is what Chinese archives have, else escaped.

    >>> legible_path(b"/home/me/articles/2023/a.md", b"/home/me/articles")
    'articles/2023/a.md'
    """
    root = os.path.dirname(location) if root is None else root
    parts = [os.path.basename(root), *os.path.relpath(location, root).split(b"/")]
    return "/".join(legible(part) for part in parts if part not in (b"", b"."))


def legible(name: bytes) -> str:
    """Make a name readable, however its bytes are meant; see ``legible_path``."""
    for encoding in ("utf-8", "gb18030"):
        try:
            text = name.decode(encoding)
        except UnicodeDecodeError:
            continue
        if text.isprintable():
            return text
    return "".join(
        char
        if char.isprintable()
        else f"\\x{ord(char) - 0xDC00:02x}"
        if "\udc80" <= char <= "\udcff"  # stands for a byte
        else char.encode("unicode_escape").decode("ascii")
        for char in name.decode("utf-8", "surrogateescape")
    )


def read_file(location: bytes, *, max_bytes: int) -> Contents:
    """Read a file's bytes, all of one version.

    Raises:
        UnreadableError: it cannot be read, is empty or too large, or changes under the reader.
    """
    for _ in range(2):  # a writer that just ended is worth one more look
        try:
            contents = _read_once(location, max_bytes=max_bytes)
        except OSError as error:
            raise UnreadableError(_reason(error)) from error
        if contents is not None:
            return contents
    raise UnreadableError("it was being written while it was read")


def _read_once(location: bytes, *, max_bytes: int) -> Contents | None:
    now = time.time_ns()
    # Not blocking: should a pipe have taken the file's place, opening it must not hang.
    descriptor = os.open(location, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            raise UnreadableError("it is not a regular file")
        if before.st_size > max_bytes:
            raise UnreadableError(
                f"it has {before.st_size / 2**20:,.1f} MB, more than the {max_bytes / 2**20:,.0f} "
                "MB allowed (max_file_mb)"
            )
        data = file.read(max_bytes + 1)
        after = os.fstat(descriptor)
    if Stamp.of(before) != Stamp.of(after) or len(data) != after.st_size:
        return None
    if not data:
        raise UnreadableError("it is empty")
    return Contents(data, Stamp.of(after), now)


class _Walker:
    def __init__(self, suffixes: Collection[str], index_dir: Path) -> None:
        self._suffixes = suffixes
        self._index = os.path.realpath(os.fsencode(index_dir))
        self._result = Walk()
        self._visited: dict[tuple[int, int], bytes] = {}
        self._links: list[bytes] = []

    def walk(self, targets: Sequence[Target]) -> Walk:
        for target in targets:
            if target.is_folder and not target.is_gone:
                self._folder(target.location)
        while self._links:
            self._links.sort(reverse=True)
            self._link(self._links.pop())
        for target in targets:
            if not target.is_folder and target.location not in self._result.files:
                self._entry(target.location, named=True)
        # What lies below two of the named folders was looked at twice.
        self._result.oddities = list(dict.fromkeys(self._result.oddities))
        return self._result

    def _folder(self, top: bytes) -> None:
        pending = [top]
        while pending:
            below = self._below(pending.pop())
            pending.extend(reversed([path for path in below if self._entry(path)]))

    def _below(self, folder: bytes) -> list[bytes]:
        """The entries of a folder, in order; none when it was read already or cannot be."""
        if os.path.realpath(folder) == self._index:
            return []
        try:
            status = os.stat(folder)
            first = self._visited.setdefault((status.st_dev, status.st_ino), folder)
            if first != folder:
                self._odd(folder, Status.SKIPPED, f"already read as {legible(first)}")
                return []
            names = sorted(os.listdir(folder))
        except OSError as error:
            self._odd(folder, Status.QUARANTINED, _reason(error))
            return []
        return [os.path.join(folder, name) for name in names if not name.startswith(b".")]

    def _link(self, link: bytes) -> None:
        """Follow a link to a folder, unless it leads to where it stands itself."""
        parent, folder = os.path.realpath(os.path.dirname(link)), os.path.realpath(link)
        if parent == folder or is_below(parent, folder):
            self._odd(link, Status.QUARANTINED, "symlink loop: it leads back to a folder above it")
        else:
            self._folder(link)

    def _entry(self, path: bytes, *, named: bool = False) -> bool:
        """Take note of an entry; True when it is a folder to go down into."""
        is_link = os.path.islink(path)
        try:
            status = os.stat(path)
        except OSError as error:
            dangling = is_link and error.errno in (errno.ENOENT, errno.ENOTDIR)
            reason = "the link points to nothing" if dangling else _reason(error)
            self._odd(path, Status.QUARANTINED, reason)
            return False
        if stat.S_ISDIR(status.st_mode):
            if is_link:
                self._links.append(path)
            return not is_link
        unread = Status.QUARANTINED if named else Status.SKIPPED
        name = os.path.basename(path)
        suffix = legible(os.path.splitext(name)[1]).lower()
        if not stat.S_ISREG(status.st_mode):
            self._odd(path, unread, "it is not a regular file")
        elif suffix not in self._suffixes:
            what = f"{suffix} files" if suffix else "files without a suffix"
            self._odd(path, unread, f"{what} are not read")
        elif name.startswith(b"~$") and not named:
            self._odd(path, unread, "it is the lock file of an open document")
        else:
            self._result.files[path] = Found(path, Stamp.of(status))
        return False

    def _odd(self, location: bytes, status: Status, reason: str) -> None:
        self._result.oddities.append(Oddity(location, status, reason))


def _upwards(location: bytes) -> Iterator[bytes]:
    """A path and all that it lies below."""
    yield location
    while (above := os.path.dirname(location)) != location:
        yield above
        location = above


def _reason(error: OSError) -> str:
    if error.errno in (errno.EACCES, errno.EPERM):
        return "permission denied"
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return "it vanished while the folder was being read"
    if error.errno == errno.ELOOP:
        return "symlink loop: the link leads back to itself"
    return f"it cannot be read ({error.strerror or error})"
