"""What every request passes before the page sees it, and what every response carries.

In: an ASGI application. Out: the same one, refusing other hosts (DNS rebinding), requests that
another site makes a browser send, and the routes of Gradio that the page does not use; with a
content security policy on all it answers. It buffers nothing, so streams stay streams.
"""

import ipaddress
import re
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any

__all__ = ["CONTENT_SECURITY_POLICY", "Guard", "is_loopback"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

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
    """ASGI middleware: refuses with 400 (host), 403 (origin, unused route), else passes on.

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

        async def send_with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                ours = {name for name, _ in _HEADERS}
                kept = [pair for pair in message.get("headers", ()) if pair[0].lower() not in ours]
                message = {**message, "headers": [*kept, *_HEADERS]}
            await send(message)

        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, send_with_headers)
            return
        status, reason = refusal
        body = reason.encode("utf-8")
        await send_with_headers(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [
                    (b"content-type", b"text/plain; charset=utf-8"),
                    (b"content-length", str(len(body)).encode("ascii")),
                ],
            }
        )
        await send_with_headers({"type": "http.response.body", "body": body})

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
