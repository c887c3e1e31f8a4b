"""The operations page and what it reads: for administrators alone.

``/LANGUAGE/operations`` is the page; ``/api/operations`` what it shows, ``…/drafts`` and
``…/table`` what it saves. The last few ranges are remembered until the log grows.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.activity import Entry, read_entries, read_lone_handoffs
from index.errors import UsageError
from ui.activity import ActivityLog
from ui.admin import Admin
from ui.body import answer_json, read_object
from ui.operations import draft_lines, overview, table_csv
from ui.shell import add_page

if TYPE_CHECKING:
    from fastapi import FastAPI
    from fastapi.responses import JSONResponse
    from starlette.requests import Request

__all__ = ["operations_part"]

_log = logging.getLogger(__name__)

MAX_BODY_BYTES = 64_000
_REMEMBERED = 4
_LONGEST = timedelta(days=36_600)

_COUNTS = ("questions", "answered", "declined", "stopped", "failed", "handed_off", "abandoned")
_FAULTS = ("declined", "failed", "unsolved", "handed_off", "abandoned")
TABLES: Mapping[str, tuple[str, ...]] = {
    "series": ("day", *_COUNTS, "rated", "solved"),
    "latency": ("moment", "p50", "p95", "n"),
    "questions": ("label", "count", "wordings", "failing"),
    "failing": ("label", "count", "wordings", *_FAULTS),
    "gaps": ("label", "count", "wordings"),
    "oldest": ("article_id", "title", "published", "cited", "outdated"),
}


def operations_part(
    path: Path, *, log: ActivityLog | None, admin: Admin, today: Callable[[], date] = date.today
) -> "Callable[[FastAPI], None]":
    """Make the part of the application that shows the log at ``path``.

    ``log`` is None where it is off; what an earlier log holds is shown all the same.
    """
    reader = _Reader(path, log)

    def add(app: "FastAPI") -> None:
        from starlette.concurrency import run_in_threadpool
        from starlette.requests import Request

        def operations(request: "Request", since: str = "", until: str = "") -> "JSONResponse":
            admin.check(request)
            try:
                shown = reader.overview(*_range(since, until, today()))
            except UsageError as error:
                return _refusal(error)
            return answer_json({"log": reader.state(), **shown})

        async def drafts(request: "Request") -> "JSONResponse":
            return await _save(request, _drafts)

        async def table(request: "Request") -> "JSONResponse":
            return await _save(request, _table)

        async def _save(
            request: "Request", make: Callable[[Mapping[str, Any]], dict[str, Any]]
        ) -> "JSONResponse":
            admin.check(request)
            try:
                body = await read_object(request, max_bytes=MAX_BODY_BYTES)
                return answer_json(await run_in_threadpool(make, body))
            except UsageError as error:
                return _refusal(error)

        def _drafts(body: Mapping[str, Any]) -> dict[str, Any]:
            since, until = _range(body.get("since"), body.get("until"), today())
            chosen = body.get("clusters")
            if not isinstance(chosen, list) or not all(isinstance(name, str) for name in chosen):
                raise UsageError("clusters: a list of their ids")
            lines = draft_lines(reader.entries(since, until), chosen)
            if not lines:
                raise _StaleError("no question is in these clusters any more; reload the page")
            name = f"drafts-{since}-{until}.jsonl"
            return {"name": name, "text": "".join(f"{line}\n" for line in lines)}

        def _table(body: Mapping[str, Any]) -> dict[str, Any]:
            since, until = _range(body.get("since"), body.get("until"), today())
            table = body.get("table")
            if not isinstance(table, str) or table not in TABLES:
                raise UsageError(f"table: one of {', '.join(TABLES)}")
            rows = reader.overview(since, until)[table]
            return {"name": f"{table}-{since}-{until}.csv", "text": table_csv(rows, TABLES[table])}

        for route in (operations, drafts, table):
            route.__annotations__["request"] = Request
        app.add_api_route("/api/operations", operations, methods=["GET"], response_model=None)
        app.add_api_route("/api/operations/drafts", drafts, methods=["POST"], response_model=None)
        app.add_api_route("/api/operations/table", table, methods=["POST"], response_model=None)
        add_page(app, "operations", prefixes=("operations_", "rating_", "untitled"))

    return add


class _StaleError(UsageError):
    """What was chosen on the page is not there any more."""


class _RangeError(UsageError):
    """These are no days of which anything can be shown."""


def _refusal(error: UsageError) -> "JSONResponse":
    """Say what is wrong, with a code for a page in another language."""
    match error:
        case _StaleError():
            code = "stale"
        case _RangeError():
            code = "range"
        case _:
            code = "invalid"
    _log.info("refused (%s): %s", code, error)
    return answer_json({"error": str(error), "code": code}, status=422)


class _Reader:
    """Reads the log and remembers what it came to. Safe to share by threads."""

    def __init__(self, path: Path, log: ActivityLog | None) -> None:
        self._path = path
        self._log = log
        self._lock = threading.Lock()
        self._known: dict[tuple[date, date], tuple[object, dict[str, Any]]] = {}

    def state(self) -> dict[str, Any]:
        """Whether and how long the log is kept, and what went wrong with it."""
        log = self._log
        return {
            "on": log is not None,
            "days": log.days if log else None,
            "problem": log.problem if log else None,
            "dropped": log.dropped if log else 0,
            "exists": self._path.exists(),
            "file": self._path.name,
        }

    def entries(self, since: date, until: date) -> list[Entry]:
        if self._log is not None and self._log.problem is not None:
            return []
        return read_entries(self._path, since=_midnight(since), until=_midnight(until, later=1))

    def lone_handoffs(self, since: date, until: date) -> list[datetime]:
        if self._log is not None and self._log.problem is not None:
            return []
        between = {"since": _midnight(since), "until": _midnight(until, later=1)}
        return read_lone_handoffs(self._path, **between)

    def overview(self, since: date, until: date) -> dict[str, Any]:
        # What is abandoned depends on the time, too: a minute is near enough.
        minute = int(datetime.now(UTC).timestamp() // 60)
        stamp = (self._log.revision if self._log else 0, minute)
        # One at a time: a second request for the same range finds it done.
        with self._lock:
            held = self._known.get((since, until))
            if held is None or held[0] != stamp:
                shown = overview(
                    self.entries(since, until),
                    since=since,
                    until=until,
                    lone_handoffs=self.lone_handoffs(since, until),
                )
                held = (stamp, shown)
                self._known.pop((since, until), None)
                self._known[since, until] = held
                while len(self._known) > _REMEMBERED:
                    self._known.pop(next(iter(self._known)))
            return held[1]


def _range(since: object, until: object, today: date) -> tuple[date, date]:
    """The days that are asked for; thirty up to today where none are named."""
    last = _day(until, "until") or today
    try:
        first = _day(since, "since") or last - timedelta(days=29)
    except OverflowError:
        raise _RangeError("until: a day of the calendar's second month or later") from None
    if first > last or last - first > _LONGEST:
        raise _RangeError("since: a day before until")
    return first, last


def _day(value: object, name: str) -> date | None:
    if value in (None, ""):
        return None
    try:
        return date.fromisoformat(value)  # type: ignore[arg-type]  # any value may come in
    except (TypeError, ValueError):
        raise _RangeError(f"{name}: a day such as 2026-03-31") from None


def _midnight(day: date, *, later: int = 0) -> datetime:
    """When a day began by this machine's clock, or the one ``later`` days after."""
    try:
        day += timedelta(days=later)
        return datetime(day.year, day.month, day.day).astimezone()
    except (OverflowError, ValueError, OSError):
        raise _RangeError("since and until: days between the years 1970 and 9998") from None
