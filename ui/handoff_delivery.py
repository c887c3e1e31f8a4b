"""Where a pack goes that a person should take over: a folder, or a webhook.

In: a pack as JSON and as a page. Out: both as files that only their owner may read, or a POST of
the JSON. A webhook that is away loses nothing: a pack is a file first, and that goes only when
the webhook has taken it; until then it is tried again, after a restart too. A folder takes only
so many bytes of packs: whoever can reach the page must not be able to fill the disk.
"""

import asyncio
import contextlib
import errno
import hashlib
import hmac
import json
import logging
import os
import re
import threading
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from index.atomic import TEMPORARY, sync_folder
from index.closing import Closing
from index.errors import UsageError
from ui.handoff import REFERENCE

__all__ = [
    "OUTGOING",
    "SECRET",
    "Desk",
    "FolderDesk",
    "Taken",
    "WebhookDesk",
    "open_desk",
    "pack_files",
    "pack_folders",
    "signature",
]

SECRET = "YOUJU_HANDOFF_SECRET"  # noqa: S105 - a name, no secret
"""The environment variable of the key that signs what is sent to a webhook."""

OUTGOING = "outgoing"
"""The folder of what has yet to reach a webhook: apart from what was handed over to a folder."""

_MAX_FOLDER_BYTES = 1 << 30
_WAIT_S = 5.0  # of the person, for the webhook's first answer
_TIMEOUT_S = 10.0  # of one attempt, all in all
_FIRST_PAUSE_S = 5.0
_LONGEST_PAUSE_S = 3600.0

_log = logging.getLogger(__name__)


class Taken(StrEnum):
    """What became of a pack. ``FAILED``: not even a file could be written."""

    STORED = "stored"
    SENT = "sent"
    WAITING = "waiting"
    FAILED = "failed"


class Desk(Protocol):
    """Takes packs. ``kind`` is ``folder`` or ``webhook``: what happens next depends on it."""

    @property
    def kind(self) -> str:
        """Where packs go."""

    def take(self, pack: Mapping[str, Any], page: str) -> Taken:
        """Take one pack and the same as a readable page; never raises for a desk that is away."""

    def close(self) -> None:
        """Stop; what still waits is sent when a desk is opened the next time."""


def open_desk(target: str, *, otherwise: Path, environment: Mapping[str, str]) -> Desk:
    """The desk that a configuration names: a webhook's URL or a folder; ``otherwise`` for "".

    Raises:
        UsageError: the address is neither http nor https, is none, or holds a password.
    """
    if "://" not in target:
        return FolderDesk(Path(target) if target else otherwise)
    _check_address(target)
    return WebhookDesk(target, folder=otherwise / OUTGOING, secret=environment.get(SECRET, ""))


def pack_folders(target: str, *, otherwise: Path) -> list[Path]:
    """Where packs may lie, those of another configuration in ``otherwise`` too."""
    own = [Path(target)] if target and "://" not in target else []
    return [*own, otherwise, otherwise / OUTGOING]


def pack_files(folder: Path) -> Iterator[os.DirEntry[str]]:
    """The files of packs in a folder, those that were never finished too; nobody else's."""
    if folder.is_dir():
        with os.scandir(folder) as entries:
            yield from (entry for entry in entries if _PACK_FILE.fullmatch(entry.name))


_PACK_FILE = re.compile(rf"({re.escape(TEMPORARY)})?{REFERENCE.pattern}\.(json|html)")


def _check_address(target: str) -> None:
    import httpx

    try:
        parts = urlsplit(target)
        has_password = "@" in parts.netloc
        is_whole = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port, httpx.URL(target)  # what only one of them finds wrong fails here, too
    except (ValueError, httpx.InvalidURL) as error:
        raise UsageError(f"[page] handoff: no address of a webhook: {error}") from None
    if has_password:
        raise UsageError(
            f"[page] handoff: the address holds a password; leave it out, and set {SECRET}: "
            "what is sent is then signed"
        )
    if not is_whole:
        raise UsageError(f"[page] handoff = {target!r}: a webhook's address begins with https://")


class FolderDesk:
    """Packs as files, ``REFERENCE.json`` and ``REFERENCE.html``, for their owner's eyes alone."""

    kind = "folder"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self, pack: Mapping[str, Any], page: str) -> Taken:
        """Write both files; the JSON last, so that whoever sees it finds the page too."""
        try:
            _store(self._folder, pack, page)
        except OSError:
            _log.exception("a hand-off could not be stored in %s", self._folder)
            return Taken.FAILED
        return Taken.STORED

    def close(self) -> None:
        """Nothing is open."""


class WebhookDesk(Closing):
    """Packs by POST, each kept in ``folder`` until the webhook has taken it.

    A pack may arrive twice, where only the answer to its first arrival was lost: its reference,
    also in the header ``X-Youju-Reference``, tells.
    """

    kind = "webhook"

    def __init__(
        self, url: str, *, folder: Path, secret: str = "", first_pause_s: float = _FIRST_PAUSE_S
    ) -> None:
        """Begin with what an earlier run left in the folder."""
        self._url = url
        self._folder = folder
        self._secret = secret
        self._first_pause_s = first_pause_s
        self._waiting: dict[str, threading.Event] = {}  # by reference: who waits for its arrival
        self._wake = threading.Event()
        self._ended = threading.Event()
        self._sender = threading.Thread(target=self._send_all, name="handoff", daemon=True)
        self._sender.start()

    def take(self, pack: Mapping[str, Any], page: str) -> Taken:
        """Keep the pack, have it sent, and wait some seconds for it to arrive."""
        arrived = self._waiting.setdefault(pack["reference"], threading.Event())
        try:
            _store(self._folder, pack, page)
        except OSError:
            _log.exception("a hand-off could not be kept in %s", self._folder)
            # The disk may be full and the webhook well.
            return Taken.SENT if self._send(_bytes(pack), pack["reference"]) else Taken.FAILED
        self._wake.set()
        try:
            return Taken.SENT if arrived.wait(_WAIT_S) else Taken.WAITING
        finally:
            self._waiting.pop(pack["reference"], None)

    def close(self) -> None:
        """End the sender; an attempt under way is waited for."""
        self._ended.set()
        self._wake.set()
        self._sender.join()

    def _send_all(self) -> None:
        """Send what lies in the folder; after a failure wait, each time twice as long."""
        pause = self._first_pause_s
        while not self._ended.is_set():
            left = 0
            for path in self._kept():
                if self._ended.is_set() or not self._send_file(path):
                    left += 1
            # A new pack is tried at once, whatever the others wait for.
            self._wake.wait(pause if left else None)
            was_called = self._wake.is_set()
            self._wake.clear()
            if left == 0:
                pause = self._first_pause_s
            elif not was_called:
                pause = min(2 * pause, _LONGEST_PAUSE_S)

    def _kept(self) -> list[Path]:
        """What has yet to be sent: first that for which a person waits."""
        kept = [p for p in self._folder.glob("*.json") if not p.name.startswith(TEMPORARY)]
        return sorted(kept, key=lambda path: (path.stem not in self._waiting, path.name))

    def _send_file(self, path: Path) -> bool:
        try:
            sent = self._send(path.read_bytes(), path.stem)
            if sent:
                path.unlink()
                path.with_suffix(".html").unlink(missing_ok=True)
        except OSError as error:
            _log.warning("hand-off %s: %s", path, error)
            return False
        except Exception:
            # Whatever is wrong with one must not keep the others from being sent.
            _log.exception("hand-off %s could not be sent", path)
            return False
        if sent and (arrived := self._waiting.get(path.stem)):
            arrived.set()
        return sent

    def _send(self, body: bytes, reference: str) -> bool:
        import httpx

        headers = {
            "content-type": "application/json; charset=utf-8",
            "x-youju-reference": reference,
        }
        if self._secret:
            headers["x-youju-signature"] = signature(body, self._secret)
        try:
            status = asyncio.run(_post(self._url, body, headers))
        except (httpx.HTTPError, OSError) as error:  # a TimeoutError is an OSError
            _log.warning("hand-off %s did not arrive: %s", reference, error or "no answer in time")
            return False
        if not 200 <= status < 300:
            _log.warning("hand-off %s: the webhook answered with status %d", reference, status)
            return False
        return True


def signature(body: bytes, secret: str) -> str:
    """The header by which a webhook knows the sender: HMAC-SHA256 of the body, in hex."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


async def _post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Send once and return the status; what else the webhook says is not read.

    httpx bounds each read, not all of them: a server that drips would never time out.
    """
    import httpx

    async with (
        asyncio.timeout(_TIMEOUT_S),
        httpx.AsyncClient(timeout=_TIMEOUT_S, follow_redirects=False) as client,
        client.stream("POST", url, content=body, headers=dict(headers)) as response,
    ):
        return response.status_code


def _bytes(pack: Mapping[str, Any]) -> bytes:
    return json.dumps(pack, ensure_ascii=False, indent=2).encode("utf-8")


def _store(folder: Path, pack: Mapping[str, Any], page: str) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    contents = (("html", page.encode("utf-8")), ("json", _bytes(pack)))
    if _held_bytes(folder) + sum(len(data) for _, data in contents) > _MAX_FOLDER_BYTES:
        raise OSError(errno.ENOSPC, "too many hand-offs are kept; move them away", str(folder))
    for name, data in contents:
        target = folder / f"{pack['reference']}.{name}"
        temporary = folder / f"{TEMPORARY}{target.name}"
        try:
            _write_private(temporary, data)
            temporary.replace(target)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
    sync_folder(folder)


def _held_bytes(folder: Path) -> int:
    held = 0
    for entry in pack_files(folder):
        with contextlib.suppress(FileNotFoundError):  # one that was sent meanwhile
            held += entry.stat(follow_symlinks=False).st_size
    return held


def _write_private(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
