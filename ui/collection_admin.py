"""What an administrator does with the collection from the page, one job at a time.

In: the served collection and what is asked for (take in uploads, look through the folders again,
remove, rebuild, roll back). Out: a job that runs in a thread of its own, with its progress and
its report; and what the page shows of quarantine, generations and files. All changes go through
``index.sync`` and ``index.store``: killed anywhere, the index is as it was. Knows nothing of HTTP.
"""

import dataclasses
import hashlib
import logging
import os
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from index.config import IndexConfig
from index.errors import IndexLockedError, IndexMissingError, UnusableIndexError, YoujuError
from index.quarantine import Quarantined, quarantine_stamp, read_quarantine
from index.report import Status, SyncReport
from index.store import (
    current_name,
    earlier_generations,
    generations,
    read_manifest,
    rollback,
)
from index.sync import sync
from index.walk import is_gone, legible, legible_path
from ui.collection import Collection
from ui.collection_table import CollectionTable, clip
from ui.uploads import RefusedError, Uploads, uploads_folder

__all__ = ["CollectionAdmin", "Kind"]

_LISTED_ROWS = 500
"""Rows of one status in a report: a first sync adds everything, and nobody reads on."""
_QUIET = (Status.UNCHANGED, Status.SKIPPED)

_log = logging.getLogger(__name__)


class Kind(StrEnum):
    """What a job does."""

    UPLOADS = "uploads"
    UPDATE = "update"
    REMOVAL = "removal"
    REBUILD = "rebuild"
    ROLLBACK = "rollback"


@dataclass(slots=True)
class _Job:
    """A job under way or done. Written by its thread, read by any, under the lock of the owner."""

    id: str
    kind: Kind
    started: datetime
    state: str = "running"  # then "done", "failed" or "stopped"
    stopping: bool = False  # somebody asked it to stop
    stage: str = ""
    done: int = 0
    total: int = 0
    seconds: float = 0.0
    report: dict[str, Any] | None = None
    error: str | None = None
    code: str | None = None


class _StoppedError(YoujuError):
    """Somebody stopped the job that is under way."""


class CollectionAdmin:
    """Changes the collection that is served, and tells of it. Safe to share by threads."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._lock = threading.Lock()
        self._job: _Job | None = None
        self._clock = 0.0
        self._table: CollectionTable | None = None
        self._listing = threading.Lock()
        self._folder = uploads_folder(collection.directory)
        self._counted: tuple[tuple[int, int] | None, int] = (None, 0)  # see quarantined()

    # --- what there is ---------------------------------------------------------------------------

    @property
    def uploads(self) -> Uploads:
        """The folder of uploaded files, with the limit that the index was built with."""
        return Uploads(self._folder, max_bytes=self._config().max_file_mb << 20)

    def table(self) -> CollectionTable:
        """The table of the generation that is served, read once for each."""
        self._collection.refresh(max_age_s=1.0)
        with self._collection.index() as index, self._listing:
            if self._table is None or self._table.generation != index.generation:
                self._table = CollectionTable(index, uploads=self._folder)
            return self._table

    def quarantine(self) -> list[dict[str, Any]]:
        """What is not indexed: file, reason, a word for it, and whether it was uploaded."""
        uploads = self.uploads
        return [
            {
                "path": clip(row.path),
                "reason": clip(row.reason),
                "fault": fault(row.reason),
                "was_read": row.was_read,
                "file": _token(row.location) if uploads.holds(row.location) else None,
            }
            for row in self._quarantined()
        ]

    def quarantined(self) -> int:
        """How many files and records are not indexed; read anew when the list changed."""
        stamp = quarantine_stamp(self._collection.directory)
        if self._counted[0] != stamp or stamp is None:
            # Two threads may both do this; they come to the same.
            self._counted = (stamp, len(self._quarantined()))
        return self._counted[1]

    def generations(self) -> list[dict[str, Any]]:
        """The generations on the disk, newest first; ``is_previous``: a rollback leads there."""
        directory = self._collection.directory
        current = current_name(directory)
        earlier = next(iter(earlier_generations(directory)), None)
        told = []
        for name in generations(directory)[::-1]:
            row: dict[str, Any] = {
                "name": name,
                "is_current": name == current,
                "is_previous": name == earlier,
            }
            try:
                manifest = read_manifest(directory, name)
            except UnusableIndexError:
                row["is_damaged"] = True
            else:
                row |= {
                    "created": manifest.created,
                    "files": manifest.counts.files,
                    "articles": manifest.counts.articles,
                    "chunks": manifest.counts.chunks,
                }
            told.append(row)
        return told

    def removal(self, ids: Iterable[str], files: Iterable[str]) -> dict[str, Any]:
        """Say what removing articles means, before anything is removed.

        ``uploaded`` files would be deleted, each with all its articles; the others ``elsewhere``
        have to leave their folder by hand.

        Raises:
            RefusedError: an article or a file is not there any more.
        """
        uploads = self.uploads
        uploaded, elsewhere = [], []
        for location, articles in self._files(ids, files).items():
            if uploads.holds(location):
                uploaded.append({"path": legible_path(location, None), "articles": articles})
            else:
                folder = legible(os.path.dirname(location))  # noqa: PTH120 - bytes
                name = legible(os.path.basename(location))  # noqa: PTH119
                elsewhere.append({"path": name, "folder": folder, "articles": articles})
        return {"uploaded": uploaded, "elsewhere": elsewhere}

    # --- jobs ------------------------------------------------------------------------------------

    def job(self, *, brief: bool = False) -> dict[str, Any] | None:
        """The job under way, or the last one; ``brief``: without its report, which may be long."""
        with self._lock:
            job = self._job
            if job is None:
                return None
            told = dataclasses.asdict(job)
            if job.state == "running":
                told["seconds"] = time.monotonic() - self._clock
        told["started"] = job.started.isoformat(timespec="seconds")
        told["seconds"] = round(told["seconds"], 1)
        if brief:
            del told["report"], told["error"]
        return told

    def start(self, kind: Kind, *, ids: Iterable[str] = (), files: Iterable[str] = ()) -> str:
        """Start a job and return its id.

        Raises:
            RefusedError: another is under way (``busy``); there is nothing to remove
                (``elsewhere``) or nothing to read (``no_folders``).
        """
        with self._lock:
            if self._job is not None and self._job.state == "running":
                raise RefusedError("busy", "the collection is being changed already; wait for that")
            work = self._work(kind, list(ids), list(files))
            job = _Job(secrets.token_hex(8), kind, datetime.now(UTC))
            self._job, self._clock = job, time.monotonic()
        # A daemon: whoever stops the program need not wait, the index stays as it was.
        threading.Thread(target=self._run, args=(job, work), daemon=True, name=kind).start()
        return job.id

    def stop(self, job_id: str) -> None:
        """Ask a job to stop: it does at its next step, and the collection stays as it was.

        A job that has come to opening its new generation is done, and ends as such.

        Raises:
            RefusedError: it is not under way any more (``gone``).
        """
        with self._lock:
            job = self._job
            if job is None or job.id != job_id or job.state != "running":
                raise RefusedError("gone", "this job is not under way any more")
            job.stopping = True

    def _run(self, job: _Job, work: Callable[[_Job], SyncReport | str]) -> None:
        report: dict[str, Any] | None = None
        error = code = None
        state = "done"
        try:
            result = work(job)
            with self._lock:
                job.stage, job.done, job.total = "opening", 0, 0
            self._collection.refresh()
            report = {"generation": result} if isinstance(result, str) else _report_json(result)
        except _StoppedError:
            state = "stopped"
        except YoujuError as failure:
            state = "failed"
            error = "; ".join((str(failure), *getattr(failure, "__notes__", ())))
            code = _code(failure)
        except Exception as failure:
            state = "failed"
            _log.exception("the job %s failed", job.kind)
            error = f"it failed unexpectedly ({type(failure).__name__}); the details are in the log"
        with self._lock:
            job.seconds = time.monotonic() - self._clock
            job.report, job.error, job.code = report, error, code
            job.state = state

    def _work(
        self, kind: Kind, ids: list[str], files: list[str]
    ) -> Callable[[_Job], SyncReport | str]:
        """What a job will do; refuses here and now what cannot be done."""
        directory = self._collection.directory
        match kind:
            case Kind.ROLLBACK:
                return lambda _: rollback(directory)
            case Kind.UPLOADS:
                if not self._folder.is_dir():
                    raise RefusedError("no_folders", "no file was uploaded yet")
                return lambda job: self._sync(job, [self._folder])
            case Kind.REMOVAL:
                uploads = self.uploads
                doomed = [at for at in self._files(ids, files) if uploads.holds(at)]
                if not doomed:
                    raise RefusedError(
                        "elsewhere", "none of this was uploaded; nothing was removed"
                    )
                return lambda job: self._remove(job, doomed)
            case Kind.UPDATE | Kind.REBUILD:
                folders, missing = self._folders()
                if not folders:
                    raise RefusedError(
                        "no_folders", f"no folder is there any more: {', '.join(missing)}"
                    )
                is_rebuild = kind is Kind.REBUILD
                return lambda job: self._sync(job, folders, missing=missing, rebuild=is_rebuild)

    def _sync(
        self,
        job: _Job,
        paths: list[Path],
        *,
        missing: Iterable[str] = (),
        rebuild: bool = False,
    ) -> SyncReport:
        with self._collection.index() as index:
            embedder = index.embedder
        report = sync(
            paths,
            self._collection.directory,
            config=self._config(),
            embedder=embedder,
            rebuild=rebuild,
            on_progress=lambda task, done, total: self._tell(job, task, done, total),
        )
        notes = [f"{folder} is not there; what came from it stays indexed" for folder in missing]
        return dataclasses.replace(report, notes=(*report.notes, *notes))

    def _remove(self, job: _Job, doomed: list[bytes]) -> SyncReport:
        uploads = self.uploads
        try:
            with ExitStack() as stack:
                for done, location in enumerate(doomed):
                    self._tell(job, "files deleted", done, len(doomed))
                    try:
                        stack.enter_context(uploads.removing(location))
                    except OSError as error:
                        raise UnusableIndexError(
                            f"{legible(location)} could not be deleted ({error.strerror})"
                        ) from error
                # The files go for good once no article of theirs is indexed any more.
                return self._sync(job, [self._folder])
        except YoujuError as error:
            error.add_note("no file was deleted")
            raise

    def _tell(self, job: _Job, stage: str, done: int, total: int) -> None:
        """Note how far a job is; raises where somebody stopped it, which undoes what it began."""
        with self._lock:
            if job.stopping:
                raise _StoppedError("the job was stopped")
            job.stage, job.done, job.total = stage, done, total

    # --- what it rests on ------------------------------------------------------------------------

    def _config(self) -> IndexConfig:
        """What the served index was built with.

        Not what the settings say today: the page must not bring another embedder or another
        length of chunks into an index as a side effect of an upload.
        """
        with self._collection.index() as index:
            stored = index.manifest.config
        known = {field.name for field in dataclasses.fields(IndexConfig)}
        values: dict[str, Any] = {k: v for k, v in stored.items() if k in known}
        return IndexConfig(**values)

    def _folders(self) -> tuple[list[Path], list[str]]:
        """The folders and single files that the index was built from, and those that are away.

        What is away is left out: a disk that is not mounted looks like a deleted folder, and
        naming it would remove all its articles.
        """
        with self._collection.index() as index:
            files = index.files()
        # A file that was named by itself: its folder tells whether it can be looked for.
        named = {file.root or file.location: file.root is None for file in files}
        named.setdefault(os.fsencode(self._folder), False)
        here, missing = [], []
        for location, is_file in sorted(named.items()):
            folder = os.path.dirname(location) if is_file else location  # noqa: PTH120 - bytes
            if not is_gone(folder):
                here.append(Path(os.fsdecode(location)))
            elif location != os.fsencode(self._folder):
                missing.append(legible(location))
        return here, missing

    def _quarantined(self) -> list[Quarantined]:
        return read_quarantine(self._collection.directory)

    def _files(self, ids: Iterable[str], tokens: Iterable[str]) -> dict[bytes, int]:
        """Locations by ids of articles and tokens of files; what a browser sends is no path."""
        try:
            files = self.table().files_of(ids)
        except KeyError as error:
            raise RefusedError("gone", f"no article {error} is indexed any more") from None
        known = {_token(row.location): row.location for row in self._quarantined()}
        for token in tokens:
            if token not in known:
                raise RefusedError("gone", "the file is not in quarantine any more")
            files.setdefault(known[token], 0)
        return files


# By the words of the reasons, which are written in ``index``: a reason that none of these knows
# is still shown, with general advice.
_FAULTS = (
    ("size", r"max_file_mb|at most .* are read|characters of text|unpacks to"),
    ("scan", r"no text layer"),
    ("original", r"garbled|bytes are lost"),
    ("encoding", r"encoding|save it (again )?as UTF-8|byte order mark"),
    ("permission", r"permission denied"),
    ("link", r"link"),
    ("identity", r"the id .* is already"),
    ("empty", r"empty|no text|has no body|no article"),
    ("record", r"the field |column|record|line \d|JSON"),
    ("format", r"not a text|are not read|\.doc file|encrypted|DOCX|PDF|regular file"),
)


def fault(reason: str) -> str:
    """One word for what is wrong with a quarantined file.

    The page says it in its own language, and what to do; the reason itself, English, stands by.

    >>> fault("the encoding is not certain: the file reads as gbk and as big5; save it as UTF-8")
    'encoding'
    """
    found = (word for word, pattern in _FAULTS if re.search(pattern, reason))
    return next(found, "other")


def _token(location: bytes) -> str:
    """Names a file without telling where it lies."""
    return hashlib.blake2b(location, digest_size=8).hexdigest()


def _code(error: YoujuError) -> str | None:
    match error:
        case RefusedError(code=code):
            return code
        case IndexLockedError():
            return "locked"
        case IndexMissingError():
            return "nothing_earlier"
    return None


def _report_json(report: SyncReport) -> dict[str, Any]:
    """A report without what nothing happened to, and with a limit on the rest."""
    told = report.to_json()
    left: dict[str, int] = {}
    rows = []
    for row in told.pop("files"):
        if row["status"] in _QUIET and not row["warnings"]:
            continue
        left[row["status"]] = left.get(row["status"], 0) + 1
        if left[row["status"]] <= _LISTED_ROWS or row["status"] == Status.QUARANTINED:
            del row["article_ids"]
            is_quarantined = row["status"] == Status.QUARANTINED
            told_of = {"fault": fault(row["reason"] or "")} if is_quarantined else {}
            rows.append({**row, "path": clip(row["path"]), **told_of})
    return {**told, "files": rows}
