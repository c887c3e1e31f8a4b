"""What the scripts and style sheets of a page are, told with the page itself.

In: a page's script and style sheets. Out: a ``Link`` header, so that a browser fetches them all
while it reads the page. Gradio adds the head it is given only once its own program has drawn the
page, and a module names what it imports only once it is there: without the header, what is typed
first would meet a page whose script still loads.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from ui.asgi import App, Message, Receive, Scope, Send

__all__ = ["Preload", "link_header"]

_STATIC = Path(__file__).with_name("static")
_IMPORT = re.compile(r'^import .*?"\./([\w-]+\.js)";$', re.MULTILINE | re.DOTALL)


def link_header(script: str, styles: Sequence[str]) -> str:
    """Name a module of ``ui/static``, all that it imports, and ``styles``, by RFC 8288."""
    modules = [script]
    for name in modules:  # grows while it is read
        imported = _IMPORT.findall((_STATIC / name).read_text(encoding="utf-8"))
        modules += [other for other in dict.fromkeys(imported) if other not in modules]
    return ", ".join(
        [f"</page/{name}>; rel=modulepreload" for name in modules]
        + [f"</page/{style}>; rel=preload; as=style" for style in styles]
    )


class Preload:
    """ASGI middleware: the page at each of ``links``' paths is sent with that ``Link`` header."""

    def __init__(self, app: App, links: Mapping[str, str]) -> None:
        self._app = app
        self._links = {path: value.encode("ascii") for path, value in links.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; where its page has a header, add it to the answer."""
        link = self._links.get(scope["path"]) if scope["type"] == "http" else None
        if link is None:
            await self._app(scope, receive, send)
            return

        async def send_with_link(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), (b"link", link)]}
            await send(message)

        await self._app(scope, receive, send_with_link)
