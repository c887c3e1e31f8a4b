"""What every request passes before the page sees it, and what every response carries.

In: an ASGI application. Out: the same one, refusing other hosts (DNS rebinding), requests that
another site makes a browser send, bodies that nobody would send, and the routes of Gradio that
the page does not use; with a content security policy on all it answers. It buffers nothing, so
streams stay streams.
"""

import ipaddress
import re
from collections.abc import Collection

from ui.asgi import App, Message, Receive, Scope, Send

__all__ = ["CONTENT_SECURITY_POLICY", "Guard", "is_loopback"]

# Gradio's page starts with inline scripts and styles, hence 'unsafe-inline'; it needs no eval.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "media-src 'self' blob:",
        "worker-src 'self' blob:",
        "frame-src 'none'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

_HEADERS = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode("ascii")),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
)

# Gradio serves these whether or not a page uses them, and this page does not: files into and
# out of the machine, a proxy, its recorder, its editor, its dashboard, calls by other programs.
_UNUSED = re.compile(
    r"(/[a-z-]+)?(/gradio_api/(upload|file|proxy|stream/|component_server|custom_component|process_recording"
    r"|deep_link|runs|run-history|vibe-|undo-vibe-edit|dev/|profiling|openapi|info|call/|run/(?!predict$)|api/)"
    r"|/(monitoring|custom_component|svelte))"
)

# Whoever parses a body holds all of it in memory. Gradio sets no limit: a conversation that is
# drawn again comes through it, the longest by far of what the page sends.
_GRADIO_PATH = re.compile("(/[a-z-]+)?/gradio_api/")
_MAX_GRADIO_BYTES = 9_000_000
_MAX_BYTES = 1_100_000
# Written to the disk as it comes, with a limit of its own (max_file_mb).
_UPLOADS = "/api/collection/uploads"

_TOO_LONG = 413, "more than this page takes"

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?")


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address to listen on."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class Guard:
    """ASGI middleware: refuses with 400 (host), 403 (origin, unused route) or 413 (length of the
    body, whether or not it was told beforehand), else passes on.

    ``hosts`` are the names by which the page may be asked for. ``any_address`` also lets every
    literal IP address through: rebinding needs a name, and a server open to a network is asked
    for by an address that it cannot know.
    """

    def __init__(self, app: App, *, hosts: Collection[str], any_address: bool) -> None:
        self._app = app
        self._hosts = frozenset(host.lower().strip("[]") for host in hosts)
        self._any_address = any_address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # the page opens no WebSocket
            await send({"type": "websocket.close", "code": 1008})
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                ours = {name for name, _ in _HEADERS}
                kept = [pair for pair in message.get("headers", ()) if pair[0].lower() not in ours]
                message = {**message, "headers": [*kept, *_HEADERS]}
            await send(message)

        refusal = self._refusal(scope)
        if refusal is None:
            bounded = _Bounded(receive, send_with_headers, most_bytes=_most_bytes(scope))
            try:
                await self._app(scope, bounded.receive, bounded.send)
            except Exception:
                # What the application makes of a body that is cut off is no fault of its own.
                if not bounded.is_over:
                    raise
            if not bounded.is_over or bounded.has_begun:
                return
            refusal = _TOO_LONG
        await _answer(send_with_headers, *refusal)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Return the status and reason with which a request is refused, or None."""
        names = [value for name, value in scope["headers"] if name == b"host"]
        host = names[0].decode("latin-1") if len(names) == 1 else ""
        if not self._is_ours(host):
            return 400, "unknown host"
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        path, method = str(scope["path"]), str(scope["method"])
        origin = headers.get(b"origin")
        if origin is not None and origin.partition("://")[2].lower() != host.lower():
            return 403, "requests from other origins are refused"
        # Browsers say where a request comes from. Following a link to the page is fine.
        site = headers.get(b"sec-fetch-site", "none")
        visits = method in _SAFE_METHODS and headers.get(b"sec-fetch-mode") == "navigate"
        if site not in ("none", "same-origin") and not visits:
            return 403, "requests from other sites are refused"
        if _UNUSED.match(path):
            return 403, "not used by this page"
        stated, most_bytes = headers.get(b"content-length", ""), _most_bytes(scope)
        if most_bytes is not None and stated.isdecimal() and int(stated) > most_bytes:
            return _TOO_LONG
        return None

    def _is_ours(self, host: str) -> bool:
        match = _HOST.fullmatch(host)
        if match is None:
            return False
        name = match["name"].lower().strip("[]")
        if name in self._hosts:
            return True
        if not self._any_address:
            return False
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


class _TooLongError(Exception):
    """The body of a request is longer than is taken."""


class _Bounded:
    """A request whose body ends, by an error, where it becomes too long.

    ``is_over``: it became so. From then on nothing of the application's answer is sent;
    ``has_begun``: some was sent before.
    """

    def __init__(self, receive: Receive, send: Send, *, most_bytes: int | None) -> None:
        self._receive = receive
        self._send = send
        self._left = most_bytes
        self.is_over = False
        self.has_begun = False

    async def receive(self) -> Message:
        if self.is_over:
            return {"type": "http.disconnect"}
        message = await self._receive()
        if self._left is not None and message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                self.is_over = True
                raise _TooLongError
        return message

    async def send(self, message: Message) -> None:
        if not self.is_over:
            self.has_begun = True
            await self._send(message)


def _most_bytes(scope: Scope) -> int | None:
    """How long the body of a request may be; None where what takes it sees to that."""
    path = str(scope["path"])
    if path == _UPLOADS:
        return None
    return _MAX_GRADIO_BYTES if _GRADIO_PATH.match(path) else _MAX_BYTES


async def _answer(send: Send, status: int, reason: str) -> None:
    body = reason.encode("utf-8")
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode("ascii")),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
