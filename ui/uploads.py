"""The folder of uploaded files: what may be stored in it, how, and what may be deleted from it.

In: a name that somebody's browser gave, and bytes as they arrive. Out: a whole file under that
name, or a refusal that says why; never a half-written file, never one outside the folder. Knows
nothing of HTTP, nor of what the files hold.
"""

import contextlib
import os
import secrets
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from index.errors import UsageError
from index.ingest import SUFFIXES
from ui.untrusted import is_bidi_control

__all__ = ["RefusedError", "Upload", "Uploads", "uploads_folder"]

_ARRIVING = ".arriving-"
"""How the name of a file begins that is not whole yet. A sync passes over hidden files."""
_ABANDONED_S = 3600.0
_MAX_NAME_BYTES = 200
"""File systems take 255; what is written beside a file may want to add to its name."""
_REMOVING = ".removing-"
"""How the name of a file begins that goes, once the index has let go of it."""


class RefusedError(UsageError):
    """Something is refused; ``code`` names the reason, for a page in another language."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def uploads_folder(index_dir: Path) -> Path:
    """Where the uploaded files of an index are kept: ``var/index-uploads`` for ``var/index``.

    Beside the index, for an index may be deleted and built anew, and articles may not (a sync
    refuses a folder inside the index besides). Not in a folder that the index was built from: what
    stands there is somebody's own, perhaps a repository, and the page must not write into it.
    """
    whole = Path(os.path.abspath(index_dir))  # noqa: PTH100 - links stay as they were named
    return whole.with_name(f"{whole.name}-uploads")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that is arriving, under a name that nobody sees."""

    path: Path
    name: str
    max_bytes: int
    _descriptor: int

    def write(self, data: bytes) -> None:
        """Append what arrived; raises RefusedError when the file becomes too large."""
        if os.fstat(self._descriptor).st_size + len(data) > self.max_bytes:
            raise RefusedError(
                "size", f"{self.name} is larger than {self.max_bytes >> 20} MB (max_file_mb)"
            )
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]


class Uploads:
    """One folder of uploaded files; made when the first one arrives."""

    def __init__(self, folder: Path, *, max_bytes: int) -> None:
        self.folder = folder
        self.max_bytes = max_bytes

    def check_name(self, name: str) -> str:
        """Give the name under which a file would be stored: the same, composed (NFC).

        Raises:
            RefusedError: the name leads elsewhere, is hidden, unprintable or too long (``name``),
                or is that of a format which is not read (``suffix``).
        """
        name = unicodedata.normalize("NFC", name)
        wrong = _what_is_wrong(name)
        if wrong:
            raise RefusedError("name", f"a file cannot be stored under this name: {wrong}")
        suffix = os.path.splitext(name)[1].lower()  # noqa: PTH122 - a name, no path
        if suffix not in SUFFIXES:
            known = " ".join(sorted(SUFFIXES))
            raise RefusedError("suffix", f"{suffix or 'such'} files are not read; known: {known}")
        return name

    @contextlib.contextmanager
    def receiving(self, name: str, *, replace: bool = False) -> Iterator[Upload]:
        """Take in a file: write to what this gives; it gets its name when the block ends well.

        Raises:
            RefusedError: as ``check_name`` and ``Upload.write``; ``exists``: there is a file of
                this name, and it is not to be replaced.
            OSError: the disk refused; nothing was stored.
        """
        name = self.check_name(name)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._clear()
        target = self.folder / name
        if not replace:
            _refuse_existing(target)
        path = self.folder / f"{_ARRIVING}{secrets.token_hex(8)}"
        descriptor = os.open(
            path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644
        )
        try:
            try:
                yield Upload(path, name, self.max_bytes, descriptor)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            if replace:
                if target.is_dir() and not target.is_symlink():
                    raise RefusedError("name", "there is a folder of this name")
                # Takes the place of a link, and leaves alone what it leads to.
                path.replace(target)
            else:
                _name(path, target)
        finally:
            path.unlink(missing_ok=True)

    def holds(self, location: bytes) -> bool:
        """Tell whether a file really lies in the folder, whatever links lead to it."""
        try:
            folder = os.path.realpath(os.fsencode(self.folder), strict=True)
            parent = os.path.realpath(os.path.dirname(location), strict=True)  # noqa: PTH120
        except OSError:
            return False
        return parent == folder or parent.startswith(folder + b"/")

    @contextlib.contextmanager
    def removing(self, location: bytes) -> Iterator[None]:
        """Take away one uploaded file: it is deleted when the block ends well, else comes back.

        A link is taken, not what it leads to. A file that is gone already is none to take.

        Raises:
            RefusedError: it does not lie in the folder.
            OSError: the disk refused.
        """
        if not self.holds(location):
            raise RefusedError("elsewhere", "the file does not lie in the folder of uploaded files")
        target = Path(os.fsdecode(location))
        path = self.folder / f"{_REMOVING}{secrets.token_hex(8)}"
        with contextlib.suppress(FileNotFoundError):
            target.rename(path)
        try:
            yield
        except BaseException:
            # Where somebody stored another of this name meanwhile, that one stays.
            with contextlib.suppress(FileNotFoundError, RefusedError):
                _name(path, target)
            path.unlink(missing_ok=True)
            raise
        with contextlib.suppress(OSError):  # hidden: no sync reads it, and _clear comes to it
            path.unlink()

    def _clear(self) -> None:
        """Delete what arrived or went in part and was given up, when the program was killed say."""
        # A rename leaves the time of writing as it was.
        for begins, time_of in ((_ARRIVING, "st_mtime"), (_REMOVING, "st_ctime")):
            for path in self.folder.glob(f"{begins}*"):
                with contextlib.suppress(OSError):
                    if time.time() - getattr(path.lstat(), time_of) > _ABANDONED_S:
                        path.unlink()


def _name(path: Path, target: Path) -> None:
    """Give a file its name, or back; raises RefusedError where there is one of that name."""
    try:
        # A link, unlike a rename, never takes the place of what another just stored.
        os.link(path, target, follow_symlinks=False)
    except FileExistsError:
        _refuse_existing(target)
    except FileNotFoundError:
        raise
    except (OSError, NotImplementedError):
        # Not every file system has links (FAT, many network shares): so nearly the same.
        _refuse_existing(target)
        path.rename(target)


def _refuse_existing(target: Path) -> None:
    if os.path.lexists(target):
        raise RefusedError("exists", f"there is a file {target.name} already; nothing was replaced")


def _what_is_wrong(name: str) -> str | None:
    """Say why a name is none for a file, or None."""
    if not name.strip() or name != name.strip():
        return "it is empty, or begins or ends with white space"
    if "/" in name or "\\" in name:
        return "it holds a slash; a name, not a path, is wanted"
    if name.startswith((".", "~$")):
        return "it begins like that of a hidden file"
    if any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or is_bidi_control(c) for c in name):
        return "it holds characters that cannot be seen"
    if len(name.encode()) > _MAX_NAME_BYTES:
        return f"it is longer than {_MAX_NAME_BYTES} bytes"
    return None
