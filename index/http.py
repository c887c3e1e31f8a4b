"""Ask a server over HTTP: JSON out, JSON back at once or as a stream, tried again where it helps.

What `index.remote` (embeddings) and whoever talks to a chat server share: reading a spec, taking
the key from the environment, waiting and trying again, and an error that says what to do. The key
is shown nowhere and travels to no other host.
"""

import json
import logging
import math
import queue
import re
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from index.errors import RemoteError, UsageError

if TYPE_CHECKING:
    import httpx

__all__ = ["Server", "read_spec"]

_SPEC = re.compile(r"openai:(?P<url>https?://[^#\s]+?)/?#(?P<model>\S+)")
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 20.0
_WORTH_RETRYING = {408, 409, 425, 429, 500, 502, 503, 504}
# Far beyond any answer; a server that sends more is not waited for.
_MAX_BYTES = 64_000_000
_MAX_LINE_BYTES = 1_000_000
_QUEUED = 256
_log = logging.getLogger(__name__)


def read_spec(spec: str, *, what: str) -> tuple[str, str]:
    """Take ``openai:URL#MODEL`` apart; ``what`` says in an error which server is meant.

    >>> read_spec("openai:http://127.0.0.1:8080/v1/#bge-m3", what="embeddings")
    ('http://127.0.0.1:8080/v1', 'bge-m3')

    Raises:
        UsageError: the spec is malformed.
    """
    parts = _SPEC.fullmatch(spec)
    if parts is None:
        raise UsageError(
            f"{spec!r} names no {what} server; write openai:URL#MODEL, such as "
            "openai:http://127.0.0.1:8080/v1#bge-m3"
        )
    if "@" in urlsplit(parts["url"]).netloc:
        # Addresses are shown, logged and recorded.
        raise UsageError(
            f"the address of the {what} server holds a user name or password; leave it out and "
            "put the key into the environment"
        )
    return parts["url"], parts["model"]


class Server:
    """One address of an OpenAI-compatible server. Safe to share by threads."""

    def __init__(
        self,
        url: str,
        *,
        what: str,
        model: str,
        key_variables: Sequence[str],
        environment: Mapping[str, str],
        timeout_s: float,
        attempts: int,
    ) -> None:
        """Prepare the connections; nothing is sent yet.

        ``what`` ("embeddings", "chat") and ``model`` are for the errors. The key is the first of
        ``key_variables`` that the environment holds.
        """
        import httpx

        self.url = url
        self._what = what
        self._model = model
        self._key_variable = key_variables[0]
        self._timeout_s = timeout_s
        self._attempts = attempts
        key = next((environment[name] for name in key_variables if environment.get(name)), None)
        self._key = key
        # Redirects are not followed: the key must not travel to another host.
        self._client = httpx.Client(
            timeout=timeout_s,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            follow_redirects=False,
        )

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def post(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Send a body, trying again where a server asks for it or was away for a moment.

        Returns:
            The JSON object of the answer.

        Raises:
            UsageError: the server refuses the key, or knows no such address or model.
            RemoteError: it cannot be reached, is busy for too long, or answers with no JSON.
        """
        import httpx

        pause = _FIRST_WAIT_S
        for attempt in count(1):
            try:
                response = self._client.post(self.url, json=body)
            except httpx.HTTPError as error:
                problem = self._problem(error)
            else:
                if response.status_code not in _WORTH_RETRYING:
                    return self._content(response.status_code, response.content)
                problem = f"answered with status {response.status_code}"
                pause = max(pause, _asked_wait(response))
            pause = self._pause(attempt, problem, pause=min(pause, _LONGEST_WAIT_S))
        raise AssertionError("unreachable")

    def stream(
        self, body: Mapping[str, Any], *, deadline_s: float
    ) -> Generator[dict[str, Any], None, None]:
        """Send a body and give the JSON objects of the answer as they come.

        Tries again as ``post`` does, until the first object has come. A server that answers with
        one JSON object instead of a stream of them gives that one. Closing the iterator lets go
        of the answer.

        Raises:
            UsageError: as ``post`` does.
            RemoteError: as ``post`` does; or the answer broke off, is no JSON, is too large, or
                is not complete after ``deadline_s`` seconds, however it trickles in.
        """
        end = time.monotonic() + deadline_s
        # A socket's time limit starts anew with every byte. So somebody else waits for the
        # server, and we wait for them.
        items: queue.Queue[dict[str, Any] | Exception | None] = queue.Queue(_QUEUED)
        stopped = threading.Event()
        threading.Thread(
            target=self._pump, args=(body, end, items, stopped), name="youju-stream", daemon=True
        ).start()
        try:
            while True:
                left = end - time.monotonic()
                try:
                    if left <= 0:
                        raise queue.Empty
                    item = items.get(timeout=left)
                except queue.Empty:
                    raise RemoteError(
                        f"the {self._what} server {self.url} was not done within "
                        f"{deadline_s:g} s; allow it more time or a shorter answer"
                    ) from None
                if item is None:
                    return
                if isinstance(item, Exception):
                    raise item
                yield item
        finally:
            stopped.set()

    def _pump(
        self,
        body: Mapping[str, Any],
        end: float,
        items: "queue.Queue[dict[str, Any] | Exception | None]",
        stopped: threading.Event,
    ) -> None:
        """Pass on what comes in, then the error or None; runs in a thread of its own."""

        def put(item: dict[str, Any] | Exception | None) -> None:
            while not stopped.is_set():
                try:
                    items.put(item, timeout=0.1)
                except queue.Full:
                    continue
                return

        try:
            for event in self._events(body, end, stopped):
                put(event)
                if stopped.is_set():
                    return
        # Raised again where the answer is awaited.
        except Exception as error:
            put(error)
        else:
            put(None)

    def _events(
        self, body: Mapping[str, Any], end: float, stopped: threading.Event
    ) -> Iterator[dict[str, Any]]:
        import httpx

        pause = _FIRST_WAIT_S
        for attempt in count(1):
            begun = False
            left = max(0.1, end - time.monotonic())
            try:
                with self._client.stream(
                    "POST",
                    self.url,
                    json=body,
                    # Not compressed: a stream of small pieces, and no bomb.
                    headers={"Accept-Encoding": "identity"},
                    timeout=httpx.Timeout(left, connect=min(left, self._timeout_s)),
                ) as response:
                    if response.status_code not in _WORTH_RETRYING:
                        for event in self._read(response):
                            begun = True
                            yield event
                        return
                    problem = f"answered with status {response.status_code}"
                    pause = max(pause, _asked_wait(response))
            except httpx.HTTPError as error:
                problem = self._problem(error)
                if begun:
                    raise RemoteError(
                        f"the {self._what} server {self.url} broke off in the middle of its answer "
                        f"({type(error).__name__})"
                    ) from error
            pause = self._pause(attempt, problem, pause=pause, end=end, sleep=stopped.wait)
            if stopped.is_set():
                return

    def _read(self, response: "httpx.Response") -> Iterator[dict[str, Any]]:
        """The objects of one response: server-sent events, or one object."""
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if response.status_code != 200 or kind != "text/event-stream":
            content = b"".join(_bounded(response, most=_MAX_LINE_BYTES))
            if response.status_code == 200 and kind != "application/json":
                raise RemoteError(
                    f"{self.url} did not answer as {self._a_server} does "
                    f"(content type {kind or 'missing'})"
                )
            yield self._content(response.status_code, content)
            return
        for line in _lines(response):
            field, _, value = line.partition(b":")
            # Comments keep a connection alive; the other fields of the format are not used.
            if field != b"data" or not value.strip():
                continue
            if value.strip() == b"[DONE]":
                return
            event = self._parsed(value)
            if "error" in event:
                told = event["error"]
                told = told.get("message", told) if isinstance(told, dict) else told
                raise RemoteError(
                    f"the {self._what} server {self.url} failed: {self._shown(str(told))}"
                )
            yield event

    def _problem(self, error: "httpx.HTTPError") -> str:
        import httpx

        if isinstance(error, httpx.TimeoutException):
            return f"did not answer within {self._timeout_s:g} s"
        return f"cannot be reached ({type(error).__name__})"

    def _pause(
        self,
        attempt: int,
        problem: str,
        *,
        pause: float,
        end: float = math.inf,
        sleep: Callable[[float], object] | None = None,
    ) -> float:
        """Wait before the next attempt; returns how long to wait after that.

        Raises:
            RemoteError: that was the last attempt, or the next one would come too late.
        """
        if attempt >= self._attempts or time.monotonic() + pause >= end:
            times = f"{attempt} times in a row" if attempt > 1 else "once"
            late = f" (the next try would be in {pause:.0f} s)" if attempt < self._attempts else ""
            raise RemoteError(
                f"the {self._what} server {self.url} {problem}, {times}{late}; see that it runs, "
                "then try again"
            )
        _log.warning("%s %s; trying again in %.1f s", self.url, problem, pause)
        (sleep or time.sleep)(pause)
        return pause * 2

    def _content(self, status: int, content: bytes) -> dict[str, Any]:
        if status in (401, 403):
            raise UsageError(
                f"the {self._what} server {self.url} refused the key (status {status}); put the "
                f"right one into the environment variable {self._key_variable}"
            )
        if status == 404:
            raise UsageError(
                f"the {self._what} server has no {self.url}, or no model {self._model!r}; "
                "check both"
            )
        if status != 200:
            raise RemoteError(
                f"the {self._what} server {self.url} answered with status {status}: "
                f"{self._shown(content.decode('utf-8', 'replace'))}"
            )
        return self._parsed(content)

    def _parsed(self, content: bytes) -> dict[str, Any]:
        try:
            return dict(json.loads(content))
        except (ValueError, TypeError, RecursionError) as error:
            raise RemoteError(
                f"{self.url} did not answer as {self._a_server} does ({type(error).__name__})"
            ) from error

    @property
    def _a_server(self) -> str:
        return f"{'an' if self._what[0] in 'aeiou' else 'a'} {self._what} server"

    def _shown(self, detail: str) -> str:
        """What a server says, short and without the key, which some servers repeat."""
        if self._key:
            detail = detail.replace(self._key, "…")
        return " ".join(detail[:200].split())


def _bounded(response: "httpx.Response", *, most: int) -> Iterator[bytes]:
    """The bytes of a response; RemoteError when there are more than ``most``."""
    total = 0
    for part in response.iter_bytes():
        total += len(part)
        if total > most:
            raise RemoteError(f"{response.url} answered with more than {most:,} bytes")
        yield part


def _lines(response: "httpx.Response") -> Iterator[bytes]:
    """The lines of a response as they come in, without their ends."""
    held = b""
    for part in _bounded(response, most=_MAX_BYTES):
        *lines, held = (held + part).split(b"\n")
        if len(held) > _MAX_LINE_BYTES:
            raise RemoteError(f"{response.url} answered with an endless line")
        yield from (line.rstrip(b"\r") for line in lines)
    if held:
        yield held


def _asked_wait(response: "httpx.Response") -> float:
    """How long the server asks to wait, in seconds; 0 where it does not say."""
    try:
        asked = float(response.headers.get("retry-after", "0"))
    except ValueError:
        return 0.0
    # NaN compares false with everything.
    return asked if asked > 0 else 0.0
