"""What was asked, what came of it and how it was rated: the page's log, written beside the index.

In: exchanges that ended, ratings, hand-offs. Out: rows of an SQLite file (its place and tables:
``eval.activity``). Every text goes in masked (``rag.mask``), an answer's text not at all. One
thread writes; whoever logs leaves a job with it and goes on, so that no answer fails or waits
because of the log: what cannot be written is counted and told, not raised.
"""

import hashlib
import json
import logging
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from eval.activity import MIGRATIONS, as_text
from index.closing import Closing
from rag.mask import mask
from ui.exchange import Exchange
from ui.record import to_record
from ui.strings import Language
from ui.untrusted import without_surrogates

__all__ = ["MAX_RATINGS", "ActivityLog", "Known", "answer_digest", "prune"]

_log = logging.getLogger(__name__)

MAX_RATINGS = 20
"""How often one answer can be rated anew."""

_MAX_QUEUED = 10_000
_MAX_TEXT = 2000
_MAX_TITLE = 300
_NEAREST = 3
_WAIT_S = 5.0  # of a rating for the writer, of the writer for others; far longer than a row takes
_RETRY_S = 0.02
_DAY_S = 24 * 3600.0

Job = Callable[[sqlite3.Connection], Any]


class Known:
    """What the log knows of one exchange: ``digest`` tells whether its answer is still the same."""

    def __init__(self, digest: str) -> None:
        self.digest = digest

    def gave(self, record: Mapping[str, Any]) -> bool:
        """True where the answer of a record is the one that was given."""
        return self.digest == answer_digest(record)


class ActivityLog(Closing):
    """The log of one index. Safe to share by threads; close it, or use ``with``."""

    def __init__(
        self, path: Path, *, days: int, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """Start the writer. Rows older than ``days`` are removed at once, and then daily."""
        self.path = path
        self.days = days
        self.problem: str | None = None  # why nothing can be written, for the operations page
        self.dropped = 0  # rows that could not be written since the start
        self.revision = 0  # grows with every write: what was computed from the log may be stale
        self._now = now
        self._lock = threading.Lock()
        self._jobs: queue.Queue[tuple[Job, Future[Any]] | None] = queue.Queue(_MAX_QUEUED)
        self._writer = threading.Thread(target=self._write, name="activity-log", daemon=True)
        self._writer.start()

    def on_ended(self, exchange: Exchange, language: Language) -> None:  # noqa: ARG002 - it knows
        """Log an exchange of the page that ended. Never raises, never waits."""
        self.record(to_record(exchange))

    def record(self, record: Mapping[str, Any]) -> None:
        """Log an exchange that ended, in its plain JSON form. Never raises, never waits."""
        try:
            rows = _rows(record)
        except Exception:
            # A face is where the unexpected ends: the answer is out, only its row is lost.
            _log.exception("an exchange could not be logged")
            self._drop()
            return
        self._leave(lambda database: _insert(database, rows))

    def hand_off(self, reference: str, exchange: str | None, language: str) -> None:
        """Log that a conversation was handed to a person, at the exchange ``exchange``."""
        row = (reference, exchange, as_text(self._now()), language)
        self._leave(
            lambda database: database.execute("INSERT INTO handoffs VALUES (?, ?, ?, ?)", row)
        )

    def rate(self, exchange: str, *, solved: bool, reasons: Sequence[str], comment: str) -> None:
        """Log what a person said of an answer; a later word replaces an earlier one.

        Raises:
            LookupError: the log has no such exchange.
            PermissionError: it was rated ``MAX_RATINGS`` times.
            OSError: the log cannot be written just now.
        """
        said = mask(without_surrogates(comment))[:_MAX_TEXT]
        row = (exchange, as_text(self._now()), solved, json.dumps(list(reasons)), said)

        def job(database: sqlite3.Connection) -> None:
            if not database.execute("SELECT 1 FROM exchanges WHERE id = ?", row[:1]).fetchone():
                raise LookupError(exchange)
            changed = database.execute(_RATE, (*row, MAX_RATINGS)).rowcount
            if not changed:
                raise PermissionError(exchange)

        self._ask(job)

    def known(self, exchanges: Collection[str]) -> dict[str, Known]:
        """What the log knows of some exchanges, by their ids; those that it has not are left out.

        Raises:
            OSError: the log cannot be read just now.
        """
        marks = ", ".join("?" * len(exchanges))
        query = f"SELECT id, digest FROM exchanges WHERE id IN ({marks})"  # noqa: S608 - question marks
        names = tuple(exchanges)
        rows = self._ask(lambda database: database.execute(query, names).fetchall())
        return {name: Known(digest) for name, digest in rows}

    def flush(self) -> None:
        """Wait until all that was logged so far is written.

        Raises:
            OSError: it cannot be.
        """
        self._ask(lambda _: None)

    def close(self) -> None:
        """Write what is left, then end the writer."""
        self._jobs.put(None)
        self._writer.join()

    def _drop(self) -> None:
        with self._lock:  # any thread may have to tell
            self.dropped += 1

    def _leave(self, job: Job) -> "Future[Any] | None":
        future: Future[Any] = Future()
        try:
            self._jobs.put_nowait((job, future))
        except queue.Full:
            self._drop()
            return None
        return future

    def _ask(self, job: Job) -> Any:  # noqa: ANN401 - whatever the job returns
        future = self._leave(job)
        if future is None:
            raise OSError("the log is busy")
        try:
            return future.result(timeout=_WAIT_S)
        except TimeoutError as error:
            raise OSError("the log is busy") from error
        except sqlite3.Error as error:
            raise OSError(f"the log cannot be written: {error}") from error

    # ---- in the writer's thread ----------------------------------------------------------------

    def _write(self) -> None:
        try:
            database = _open(self.path)
        except (OSError, sqlite3.Error) as error:
            self.problem = f"{self.path}: {error}"
            _log.error("nothing is logged: %s", self.problem)
            self._refuse(error)
            return
        with closing(database):
            due = time.monotonic()
            while True:
                if time.monotonic() >= due:
                    due = time.monotonic() + _DAY_S
                    self._run(self._forget, None, database)
                try:
                    given = self._jobs.get(timeout=max(0.0, due - time.monotonic()))
                except queue.Empty:
                    continue
                if given is None:
                    return
                self._run(*given, database)

    def _run(self, job: Job, future: "Future[Any] | None", database: sqlite3.Connection) -> None:
        before = database.total_changes
        try:
            with database:
                result = job(database)
        except (LookupError, PermissionError) as answer:
            # What a caller asked for is not there: no fault of the log's.
            if future is not None:
                future.set_exception(answer)
        except Exception as error:
            _log.exception("a row could not be logged")
            self._drop()
            if future is not None:
                future.set_exception(error)
        else:
            self.revision += database.total_changes > before
            if future is not None:
                future.set_result(result)

    def _refuse(self, error: Exception) -> None:
        """Without a database every job fails, and is counted."""
        while (given := self._jobs.get()) is not None:
            self._drop()
            given[1].set_exception(error)

    def _forget(self, database: sqlite3.Connection) -> None:
        _remove(database, self.path, before=self._now() - timedelta(days=self.days))


def prune(path: Path, *, before: datetime) -> None:
    """Remove older rows from a log that nobody writes; where there is none, nothing happens.

    Raises:
        OSError, sqlite3.Error: it cannot be written.
    """
    if path.exists():
        with closing(_open(path)) as database:
            _remove(database, path, before=before)


def _remove(database: sqlite3.Connection, path: Path, *, before: datetime) -> None:
    """Remove older rows, from the file itself too."""
    last = as_text(before)
    removed = database.execute("DELETE FROM exchanges WHERE at < ?", (last,)).rowcount
    removed += database.execute("DELETE FROM handoffs WHERE at < ?", (last,)).rowcount
    if removed:
        _log.info("%d rows from before %s removed from %s", removed, last, path)
        database.commit()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def answer_digest(record: Mapping[str, Any]) -> str:
    """A fingerprint of an answer: outcome, sentences and citations, nothing of the question."""
    said = [
        record.get("outcome"),
        record.get("answer"),
        [[s["text"], s["citations"], s["verdict"]] for s in record.get("sentences", ())],
        [
            [c["n"], c["article_id"], c["start"], c["end"], c["quote"], c["verdict"]]
            for c in record.get("citations", ())
        ],
    ]
    text = json.dumps(said, ensure_ascii=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode("ascii"), digest_size=16).hexdigest()


def _open(path: Path) -> sqlite3.Connection:
    """Open the file, made by and for its owner alone, in the form of this version."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    database = sqlite3.connect(path, timeout=_WAIT_S)
    try:
        _use_wal(database)
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute("PRAGMA foreign_keys = ON")
        database.execute("PRAGMA secure_delete = ON")
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version > len(MIGRATIONS):
            raise OSError("written by a newer version of the program")
        for number, step in enumerate(MIGRATIONS[version:], start=version + 1):
            _take(database, number, step)
    except BaseException:
        database.close()
        raise
    return database


def _use_wal(database: sqlite3.Connection) -> None:
    """Switch the file to a write-ahead log, once nobody writes the file.

    SQLite waits for others before a switch, but not in the middle of one: it refuses at once.
    """
    last = time.monotonic() + _WAIT_S
    while True:
        try:
            database.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            is_busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY  # of whatever kind
            if not is_busy or time.monotonic() >= last:
                raise
            time.sleep(_RETRY_S)
        else:
            return


def _take(database: sqlite3.Connection, number: int, step: str) -> None:
    """Take one step to a newer form of the file, unless another program just did."""
    with database:
        database.execute("BEGIN IMMEDIATE")
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version < number:
            # One by one: `executescript` would first commit, and let go of the lock.
            for statement in _statements(step):
                database.execute(statement)
            database.execute(f"PRAGMA user_version = {number}")


def _statements(script: str) -> Iterator[str]:
    """The statements of a script, each up to its semicolon."""
    statement = ""
    for part in script.split(";"):
        statement += f"{part};"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


_RATE = """
    INSERT INTO ratings VALUES (?, ?, ?, ?, ?, 1)
    ON CONFLICT (exchange) DO UPDATE SET at = excluded.at, solved = excluded.solved,
        reasons = excluded.reasons, comment = excluded.comment, times = times + 1
    WHERE times < ?
"""


def _insert(database: sqlite3.Connection, rows: tuple[tuple[Any, ...], list[Any]]) -> None:
    exchange, articles = rows
    # An exchange that is recorded twice keeps its first row.
    marks = ", ".join("?" * len(exchange))
    added = database.execute(f"INSERT OR IGNORE INTO exchanges VALUES ({marks})", exchange)  # noqa: S608 - question marks
    if added.rowcount:
        database.executemany("INSERT INTO articles VALUES (?, ?, ?, ?, ?, ?, ?)", articles)


def _rows(record: Mapping[str, Any]) -> tuple[tuple[Any, ...], list[Any]]:
    """The rows of one exchange: its own, and those of its articles."""
    timings = record["timings_ms"]
    key = record["id"]
    exchange = (
        key,
        record.get("conversation") or key,
        as_text(datetime.fromisoformat(record["asked"])),
        record["language"],
        _text(record["question"]),
        _text(record.get("searched") or record["question"]),
        record["outcome"],
        # An error's or a refusal's words may repeat the question.
        _text(record.get("reason") or record.get("error") or "") or None,
        record.get("probability"),
        timings.get("first_evidence", _sum(timings, "understand", "retrieve")),
        timings.get("first_sentence"),
        timings.get("total"),
        record.get("generator"),
        (record.get("approval") or {}).get("id"),
        _text(json.dumps(record.get("filters") or {}, ensure_ascii=False)),
        json.dumps(record.get("gate") or {}),
        answer_digest(record),
    )
    cited = {c["article_id"]: c for c in record.get("citations", ())}
    nearest = [] if cited else _first_of_each(record.get("passages", ()))[:_NEAREST]
    articles = [
        (
            key,
            int(bool(cited)),
            place,
            article["article_id"],
            without_surrogates(article["title"])[:_MAX_TITLE],
            article.get("published"),
            None if cited else article.get("dense"),
        )
        for place, article in enumerate(cited.values() if cited else nearest)
    ]
    return exchange, articles


def _sum(timings: Mapping[str, float], *steps: str) -> float | None:
    """How long some steps took together, None where one was not taken."""
    return sum(timings[step] for step in steps) if set(steps) <= timings.keys() else None


def _first_of_each(passages: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The best passage of every article, in order."""
    best: dict[str, Mapping[str, Any]] = {}
    for passage in passages:
        best.setdefault(passage["article_id"], passage)
    return list(best.values())


def _text(text: str) -> str:
    return mask(without_surrogates(text))[:_MAX_TEXT]
