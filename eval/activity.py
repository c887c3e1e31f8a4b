"""The page's log as it lies on disk: its tables, and what can be read from them.

In: the file ``INDEX-activity.sqlite`` that the page writes (``ui.activity``). Out: one
`Entry` for each question, with what came of it, and those worth a draft case. Questions stand
there masked (``rag.mask``) and answers not at all. Reading never waits for the writer.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Any

from eval.cases import Case
from eval.drafts import Logged, Reason, declined, from_log
from index.errors import UsageError
from index.store import beside
from rag.answer import Asker
from rag.journal import Journal
from rag.question import Asked, Turn

__all__ = [
    "ACTIVITY",
    "MIGRATIONS",
    "WAITED",
    "Entry",
    "LoggedArticle",
    "Outcome",
    "activity_path",
    "as_text",
    "cases_from_log",
    "logged",
    "read_entries",
    "read_lone_handoffs",
]

ACTIVITY = "activity.sqlite"


def activity_path(index: Path) -> Path:
    """Where the log of an index lies: ``var/index-activity.sqlite`` for ``var/index``."""
    return beside(index, ACTIVITY)


WAITED = timedelta(minutes=30)
"""Whoever has not come back to a question by then has given it up."""

MIGRATIONS = (
    """
    CREATE TABLE exchanges (
        id TEXT PRIMARY KEY, conversation TEXT NOT NULL, at TEXT NOT NULL, language TEXT NOT NULL,
        question TEXT NOT NULL, searched TEXT NOT NULL, outcome TEXT NOT NULL, reason TEXT,
        probability REAL, evidence_ms REAL, sentence_ms REAL, total_ms REAL,
        generator TEXT, approval TEXT, filters TEXT NOT NULL, gate TEXT NOT NULL,
        digest TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX exchanges_at ON exchanges (at);
    CREATE INDEX exchanges_conversation ON exchanges (conversation, at);
    CREATE TABLE articles (
        exchange TEXT NOT NULL REFERENCES exchanges ON DELETE CASCADE,
        is_cited INTEGER NOT NULL, place INTEGER NOT NULL,
        article_id TEXT NOT NULL, title TEXT NOT NULL, published TEXT, similarity REAL,
        PRIMARY KEY (exchange, is_cited, place)
    ) WITHOUT ROWID;
    CREATE TABLE ratings (
        exchange TEXT PRIMARY KEY REFERENCES exchanges ON DELETE CASCADE,
        at TEXT NOT NULL, solved INTEGER NOT NULL, reasons TEXT NOT NULL, comment TEXT NOT NULL,
        times INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE handoffs (
        reference TEXT PRIMARY KEY, exchange TEXT, at TEXT NOT NULL, language TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX handoffs_exchange ON handoffs (exchange);
    """,
)
"""The steps from each form of the file to the next; ``user_version`` counts those taken."""


class Outcome(StrEnum):
    """How an exchange ended."""

    ANSWERED = "answered"
    DECLINED = "declined"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class LoggedArticle:
    """An article that was cited, or was nearest where nothing was.

    ``similarity`` is the cosine of question and passage, None where the dense leg was silent.
    """

    id: str
    title: str
    published: str | None
    similarity: float | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One question of the log and what came of it.

    ``solved`` is what the person said, None for nothing. ``abandoned``: it ended without an
    answer, and for `WAITED` nothing followed: no further question in its conversation, no
    rating, no hand-off.
    """

    id: str
    conversation: str
    at: datetime
    language: str
    question: str
    searched: str
    outcome: Outcome
    reason: str | None
    probability: float | None
    evidence_ms: float | None
    sentence_ms: float | None
    total_ms: float | None
    generator: str | None
    approval: str | None
    cited: tuple[LoggedArticle, ...] = ()
    nearest: tuple[LoggedArticle, ...] = ()
    solved: bool | None = None
    reasons: tuple[str, ...] = ()
    comment: str = ""
    handed_off: bool = False
    abandoned: bool = False

    @property
    def failing(self) -> bool:
        """True where the person was not helped, or not by the page."""
        unanswered = self.outcome in (Outcome.DECLINED, Outcome.FAILED)
        return unanswered or self.solved is False or self.handed_off or self.abandoned


def as_text(at: datetime) -> str:
    """A moment as the log holds it: in UTC and of one length, so that texts sort as times do."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def read_lone_handoffs(
    path: Path, *, since: datetime | None = None, until: datetime | None = None
) -> list[datetime]:
    """Read when somebody was handed over whose question the log does not have, or who asked none.

    Raises:
        UsageError: as `read_entries`.
    """
    (rows,) = _read(path, (_LONE_HANDOFFS, _bounds(since, until)))
    return [datetime.fromisoformat(at) for (at,) in rows]


def read_entries(
    path: Path,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    now: datetime | None = None,
) -> list[Entry]:
    """Read the questions asked from ``since`` on and before ``until``, the oldest first.

    A file that is not there holds none. ``now`` decides what is abandoned by then.

    Raises:
        UsageError: the file is not a log, or a newer version wrote it.
    """
    between = _bounds(since, until)
    given_up = as_text((now or datetime.now(UTC)) - WAITED)
    rows, found = _read(path, (_EXCHANGES, (given_up, *between)), (_ARTICLES, between))
    articles: dict[tuple[str, int], list[LoggedArticle]] = defaultdict(list)
    for exchange, is_cited, *article in found:
        articles[exchange, is_cited].append(LoggedArticle(*article))
    return [
        Entry(
            id=row[0],
            conversation=row[1],
            at=datetime.fromisoformat(row[2]),
            language=row[3],
            question=row[4],
            searched=row[5],
            outcome=Outcome(row[6]),
            reason=row[7],
            probability=row[8],
            evidence_ms=row[9],
            sentence_ms=row[10],
            total_ms=row[11],
            generator=row[12],
            approval=row[13],
            cited=tuple(articles.get((row[0], 1), ())),
            nearest=tuple(articles.get((row[0], 0), ())),
            solved=None if row[14] is None else bool(row[14]),
            reasons=tuple(json.loads(row[15])) if row[15] else (),
            comment=row[16] or "",
            handed_off=bool(row[17]),
            abandoned=bool(row[18]),
        )
        for row in rows
    ]


def logged(
    entries: Iterable[Entry],
    reasons: Collection[Reason],
    *,
    only: Collection[str] | None = None,
) -> Iterator[Logged]:
    """Those of the log that are worth a case for one of ``reasons``; the weightiest is named.

    ``only`` are the ids of those that are wanted, None for all. A question that leaned on earlier
    ones comes with them as its dialogue, as far as the log has them, else as it was completed.
    """
    earlier: dict[str, list[Turn]] = defaultdict(list)
    for entry in entries:
        turns = earlier[entry.conversation]
        reason = next((r for r in _reasons(entry) if r in reasons), None)
        if reason is not None and (only is None or entry.id in only):
            leans = entry.searched != entry.question
            asked = Asked(
                entry.searched if leans and not turns else entry.question,
                entry.at.astimezone().date(),
                dialogue=tuple(turns) if leans else (),
            )
            yield Logged(asked, reason)
        turns.append(Turn(entry.question))


def cases_from_log(index: Path, asker: Asker, reasons: Collection[Reason]) -> Iterator[Case]:
    """Draft cases of what went wrong with questions asked of an index, on its page or by
    `youju ask`.

    Those that were declined are asked again, and left out where they are answered by now.
    """
    found = list(logged(read_entries(activity_path(index)), reasons))
    requests = [one.asked for one in found if one.reason is Reason.DECLINED]
    if Reason.DECLINED in reasons:
        requests += Journal(index).requests()
    others = (one for one in found if one.reason is not Reason.DECLINED)
    return from_log(chain(others, declined(asker, requests)))


def _reasons(entry: Entry) -> Iterator[Reason]:
    if entry.solved is False:
        yield Reason.DISLIKED
    if entry.handed_off:
        yield Reason.HANDED_OFF
    if entry.outcome is Outcome.DECLINED:
        yield Reason.DECLINED
    if entry.outcome is Outcome.FAILED:
        yield Reason.FAILED
    if entry.abandoned:
        yield Reason.ABANDONED


def _bounds(since: datetime | None, until: datetime | None) -> tuple[str, str]:
    return (as_text(since) if since else "", as_text(until) if until else "~")


def _read(path: Path, *queries: tuple[str, Sequence[str]]) -> list[list[Any]]:
    """The rows that each query finds, none where there is no file."""
    nothing: list[list[Any]] = [[] for _ in queries]
    if not path.exists():
        return nothing
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            if not _has_tables(database, path):
                return nothing
            return [database.execute(query, given).fetchall() for query, given in queries]
    except sqlite3.Error as error:
        raise UsageError(
            f"{path}: cannot be read as the page's log ({error}); move it away and go on without it"
        ) from error


def _has_tables(database: sqlite3.Connection, path: Path) -> bool:
    """False where the writer has only just begun; raises UsageError for another version."""
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise UsageError(f"{path}: written by a newer version of the program; use that one")
    if 0 < version < len(MIGRATIONS):
        raise UsageError(f"{path}: of an older version; open the page once: youju chat")
    return bool(version)


_EXCHANGES = """
    SELECT e.id, e.conversation, e.at, e.language, e.question, e.searched, e.outcome, e.reason,
        e.probability, e.evidence_ms, e.sentence_ms, e.total_ms, e.generator, e.approval,
        r.solved, r.reasons, r.comment,
        EXISTS (SELECT 1 FROM handoffs h WHERE h.exchange = e.id),
        e.outcome <> 'answered' AND r.exchange IS NULL AND e.at < ?
            AND NOT EXISTS (SELECT 1 FROM handoffs h WHERE h.exchange = e.id)
            AND NOT EXISTS (SELECT 1 FROM exchanges n
                            WHERE n.conversation IN (e.conversation, e.id) AND n.at > e.at)
    FROM exchanges e LEFT JOIN ratings r ON r.exchange = e.id
    WHERE e.at >= ? AND e.at < ? ORDER BY e.at, e.id
"""
_ARTICLES = """
    SELECT a.exchange, a.is_cited, a.article_id, a.title, a.published, a.similarity
    FROM articles a JOIN exchanges e ON e.id = a.exchange
    WHERE e.at >= ? AND e.at < ? ORDER BY a.exchange, a.is_cited, a.place
"""
_LONE_HANDOFFS = """
    SELECT h.at FROM handoffs h
    WHERE NOT EXISTS (SELECT 1 FROM exchanges e WHERE e.id = h.exchange)
        AND h.at >= ? AND h.at < ? ORDER BY h.at
"""
