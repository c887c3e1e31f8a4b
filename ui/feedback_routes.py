"""What people tell the page: whether an answer helped, and that a person should take over.

``/api/feedback`` says what can be told, ``/api/ratings`` and ``/api/handoff`` take it;
``/api/handoff/preview`` shows what would be handed over. Nobody needs a token for it: what is
sent is checked, bounded in size and number, and never trusted. A refusal has a ``code``, for a
page in another language; what exactly was wrong goes to the service's log as well.
"""

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from index.errors import UsageError
from rag.mask import mask
from ui.activity import ActivityLog, Known
from ui.body import TooLongError, answer_json, read_object
from ui.exchange import Exchange
from ui.handoff import FindArticle, build_pack
from ui.handoff_delivery import Desk, Taken
from ui.handoff_page import pack_page
from ui.record import from_record, is_id
from ui.strings import ALL, Language

if TYPE_CHECKING:
    from fastapi import FastAPI
    from fastapi.responses import JSONResponse
    from starlette.requests import Request

__all__ = ["REASONS", "feedback_part"]

REASONS = ("wrong", "outdated", "not_found", "citation", "other")
"""Why an answer did not help."""

MAX_COMMENT = 500
MAX_RATING_BYTES = 16_000
MAX_HANDOFF_BYTES = 1_000_000
MAX_EXCHANGES = 200

# Whoever can reach the page can make it work and write files: no more of either than people would
# ask for, one of them and all together. A pack is looked at before it is handed over, hence twice.
_WINDOW_S = 600.0
_MAX_TAKEN, _MAX_TAKEN_OF_ALL = 60, 300
_MAX_MADE, _MAX_MADE_OF_ALL = 2 * _MAX_TAKEN, 2 * _MAX_TAKEN_OF_ALL

_log = logging.getLogger(__name__)


def feedback_part(
    *, log: ActivityLog | None, desk: Desk, article: FindArticle, generation: Callable[[], str]
) -> "Callable[[FastAPI], None]":
    """Make the part of the application that takes ratings and hand-offs.

    ``log`` is None where it is off: ratings are refused then. ``generation`` names the index
    that is being served.
    """

    def add(app: "FastAPI") -> None:
        from starlette.concurrency import run_in_threadpool
        from starlette.requests import Request

        making = _Bound(_MAX_MADE, of_all=_MAX_MADE_OF_ALL, window_s=_WINDOW_S)
        taking = _Bound(_MAX_TAKEN, of_all=_MAX_TAKEN_OF_ALL, window_s=_WINDOW_S)

        def feedback() -> "JSONResponse":
            return answer_json({"ratings": log is not None, "handoff": desk.kind})

        async def ratings(request: "Request") -> "JSONResponse":
            return await _answer(request, MAX_RATING_BYTES, lambda body: _rate(log, body))

        async def handoff(request: "Request") -> "JSONResponse":
            client = _client(request)
            return await _bounded(request, lambda body: take(body, client))

        async def preview(request: "Request") -> "JSONResponse":
            return await _bounded(request, _preview)

        async def _bounded(
            request: "Request", do: Callable[[Mapping[str, Any]], "JSONResponse"]
        ) -> "JSONResponse":
            if not making.allows(_client(request)):  # before anything is read
                return _refusal("busy", "too many at once; try again later", status=429)
            return await _answer(request, MAX_HANDOFF_BYTES, do)

        async def _answer(
            request: "Request", max_bytes: int, do: Callable[[Mapping[str, Any]], "JSONResponse"]
        ) -> "JSONResponse":
            try:
                body = await read_object(request, max_bytes=max_bytes)
                return await run_in_threadpool(do, body)
            except TooLongError as error:
                return _refusal("too_long", str(error), status=413)
            except UsageError as error:
                return _refusal("invalid", str(error), status=422)

        def take(body: Mapping[str, Any], client: str) -> "JSONResponse":
            language = _language(body.get("language"))
            conversation = _conversation(body)
            pack = build_pack(
                conversation,
                note=_text(body, "note"),
                contact=_text(body, "contact"),
                language=language,
                generation=generation(),
                article=article,
                known=_known(log, conversation),
            )
            page = pack_page(pack, ALL[language])
            if not taking.allows(client):
                # Never a dead end: the person can save the pack and pass it on.
                return _refusal("busy", "too many at once", status=429, pack=pack, page=page)
            taken = desk.take(pack, page)
            if log is not None and taken is not Taken.FAILED:
                last = pack["conversation"][-1]["id"] if pack["conversation"] else None
                log.hand_off(pack["reference"], last, language.value)
            return answer_json({"taken": taken.value, "pack": pack, "page": page})

        for route in (ratings, handoff, preview):
            route.__annotations__["request"] = Request
        app.add_api_route("/api/feedback", feedback, methods=["GET"], response_model=None)
        app.add_api_route("/api/ratings", ratings, methods=["POST"], response_model=None)
        app.add_api_route("/api/handoff/preview", preview, methods=["POST"], response_model=None)
        app.add_api_route("/api/handoff", handoff, methods=["POST"], response_model=None)

    return add


def _rate(log: ActivityLog | None, body: Mapping[str, Any]) -> "JSONResponse":
    if log is None:
        return answer_json({"error": "the log is off: nothing is kept"}, status=403)
    exchange, solved, reasons = _text(body, "id"), body.get("solved"), body.get("reasons", [])
    if not is_id(exchange):
        raise UsageError("id: 16 hex digits")
    if not isinstance(solved, bool):
        raise UsageError("solved: true or false")
    if not isinstance(reasons, list) or not all(reason in REASONS for reason in reasons):
        raise UsageError(f"reasons: a list of {', '.join(REASONS)}")
    if solved and reasons:
        raise UsageError("reasons: only for an answer that did not help")
    comment = _text(body, "text")
    if len(comment) > MAX_COMMENT:
        raise UsageError(f"text: at most {MAX_COMMENT} characters")
    try:
        log.rate(exchange, solved=solved, reasons=sorted(set(reasons)), comment=comment.strip())
    except LookupError:
        return answer_json({"error": "no such answer is in the log"}, status=404)
    except PermissionError:
        return answer_json({"error": "rated too often already"}, status=429)
    except OSError:
        return answer_json({"error": "the log cannot be written just now"}, status=503)
    return answer_json({"id": exchange, "solved": solved})


def _preview(body: Mapping[str, Any]) -> "JSONResponse":
    """The questions of a conversation as they would be handed over."""
    return answer_json({"questions": [mask(e.question) for e in _conversation(body)]})


def _conversation(body: Mapping[str, Any]) -> list[Exchange]:
    rows = body.get("conversation", [])
    if not isinstance(rows, list) or len(rows) > MAX_EXCHANGES:
        raise UsageError(f"conversation: a list of at most {MAX_EXCHANGES} records")
    return [from_record(row) for row in rows]


def _known(log: ActivityLog | None, conversation: Sequence[Exchange]) -> dict[str, Known]:
    if log is None or not conversation:
        return {}
    try:
        return log.known({exchange.id for exchange in conversation})
    except OSError as error:  # the hand-off matters more: its answers stand as unknown
        _log.warning("a hand-off is not compared with the log: %s", error)
        return {}


def _refusal(code: str, why: str, *, status: int, **more: object) -> "JSONResponse":
    _log.info("refused (%s): %s", code, why)
    return answer_json({"error": why, "code": code, **more}, status=status)


def _client(request: "Request") -> str:
    return request.client.host if request.client else ""


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name, "")
    if not isinstance(value, str):
        raise UsageError(f"{name}: a text")
    return value


def _language(value: object) -> Language:
    try:
        return Language(value)  # type: ignore[arg-type]  # any value may come from a browser
    except ValueError:
        raise UsageError(f"language: one of {', '.join(Language)}") from None


class _Bound:
    """At most so many events in a window of time, by one client and by all of them together.

    Behind a proxy all have its address. Safe to share by threads.
    """

    def __init__(self, of_one: int, *, of_all: int, window_s: float) -> None:
        self._of_one = of_one
        self._of_all = of_all
        self._window_s = window_s
        self._events: deque[tuple[float, str]] = deque()
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def allows(self, client: str) -> bool:
        """Count one more event; False, and not counted, when there were too many."""
        now = time.monotonic()
        with self._lock:
            while self._events and self._events[0][0] <= now - self._window_s:
                _, gone = self._events.popleft()
                self._counts[gone] -= 1
                if not self._counts[gone]:
                    del self._counts[gone]
            if len(self._events) >= self._of_all or self._counts[client] >= self._of_one:
                return False
            self._events.append((now, client))
            self._counts[client] += 1
            return True
