"""The web server of the page: our FastAPI application with the Gradio page mounted in it.

In: something that answers (``ui.page.ChatBackend``). Out: a page on a local address, and JSON
endpoints: ``/api/article``, the article behind a citation, and ``/api/facets``, what articles can
be filtered by. It knows HTTP; it knows nothing of how answers are made.
"""

import contextlib
import os
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import UnusableIndexError, UsageError
from ui.article_view import view_article
from ui.body import answer_json
from ui.guard import Guard, is_loopback
from ui.health import add_health
from ui.page import SCRIPT, STYLES, ChatBackend, OnEnded, build_page, head
from ui.preload import Preload, link_header
from ui.shell import BASE_STYLE, add_shell
from ui.strings import ALL
from ui.theme import theme

if TYPE_CHECKING:
    from fastapi import FastAPI
    from fastapi.responses import JSONResponse

__all__ = ["make_app", "serve"]

STATIC = Path(__file__).with_name("static")

Part = Callable[["FastAPI"], None]
"""Adds the routes of one part of the page to the application."""

_LOCAL_NAMES = ("127.0.0.1", "localhost", "::1")

# Nothing leaves the machine: no usage statistics, no look-up of newer versions, no model hub.
_OFFLINE = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "GRADIO_SHARE": "False",
    "GRADIO_MCP_SERVER": "False",
}


def make_app(
    backend: ChatBackend,
    *,
    hosts: Collection[str] = _LOCAL_NAMES,
    any_address: bool = False,
    parts: Sequence[Part] = (),
    on_ended: OnEnded | None = None,
    staff_only: bool = False,
) -> "FastAPI":
    """Build the whole application around something that answers.

    ``hosts`` are the names under which a browser may ask for the page; see :class:`Guard` for
    ``any_address``. ``parts`` add what stands beside the chat: each is given the application.
    ``on_ended`` is told of every exchange that has ended, from the thread that answered it.
    ``staff_only``: the pages beside the chat ask for a token, and customers see no links to them.
    Sets the environment variables that keep Gradio offline, which it reads when it is first
    imported.
    """
    os.environ.update(_OFFLINE)
    import gradio
    from fastapi import FastAPI
    from fastapi.staticfiles import StaticFiles

    app = FastAPI(title="Youju", docs_url=None, redoc_url=None, openapi_url=None)

    # Plain def: FastAPI runs it in a thread, and the backend may read from disk.
    def article(id: str, start: int = 0, end: int = 0, whole: bool = False) -> "JSONResponse":  # noqa: A002 - the name in the URL
        try:
            view = view_article(backend.article(id), start=start, end=end, whole=whole)
        except (LookupError, UsageError) as error:
            return answer_json({"error": str(error)}, status=404)
        except UnusableIndexError as error:
            return answer_json({"error": str(error)}, status=503)
        return answer_json(view)

    def facets() -> "JSONResponse":
        summary = backend.summary()
        named = {"sources": summary.sources, "languages": summary.languages, "tags": summary.tags}
        counted = {name: [asdict(f) for f in values] for name, values in named.items()}
        days = (summary.earliest, summary.latest)
        earliest, latest = (day.isoformat() if day else None for day in days)
        return answer_json({"earliest": earliest, "latest": latest, **counted})

    # Added by call: a decorator would read annotations that name what is imported above.
    app.add_api_route("/api/article", article, methods=["GET"], response_model=None)
    app.add_api_route("/api/facets", facets, methods=["GET"], response_model=None)
    app.mount("/page", StaticFiles(directory=STATIC), name="page")
    add_shell(app)
    add_health(app, backend)
    for add_part in parts:
        add_part(app)
    # Gradio's own texts change with the browser, ours are built in: so a page for each language.
    for language, strings in ALL.items():
        gradio.mount_gradio_app(
            app,
            build_page(backend, strings=strings, on_ended=on_ended, staff_only=staff_only),
            path=language.path,
            footer_links=[],
            run_history=False,
            ssr_mode=False,
            mcp_server=False,
            enable_monitoring=False,
            pwa=False,
            show_error=False,
            app_kwargs={"docs_url": None, "redoc_url": None, "openapi_url": None},
            theme=theme(),
            head=head(strings),
        )
    link = link_header(SCRIPT, (BASE_STYLE, *STYLES))
    app.add_middleware(Preload, links={f"{language.path}/": link for language in ALL})
    app.add_middleware(Guard, hosts=frozenset(hosts), any_address=any_address)
    return app


def serve(
    backend: ChatBackend,
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    open_browser: bool = False,
    allow_remote: bool = False,
    hosts: Collection[str] = (),
    parts: Sequence[Part] = (),
    on_ended: OnEnded | None = None,
    staff_only: bool = False,
) -> None:
    """Serve the page until interrupted. Port 0 takes a free one; the address goes to stderr.

    ``hosts`` are further names for the page, such as that of a proxy before it. ``parts``,
    ``on_ended`` and ``staff_only`` are those of ``make_app``.

    Raises:
        UsageError: ``host`` can be reached from other machines and ``allow_remote`` is off, or
            the address cannot be listened on.
    """
    if not is_loopback(host) and not allow_remote:
        raise UsageError(
            f"{host} can be reached from other machines, and the page has no login; "
            "use --host 127.0.0.1, or --allow-remote to mean it"
        )
    listener = _listen(host, port)
    with listener:
        bound_port = listener.getsockname()[1]
        app = make_app(
            backend,
            hosts=(*_LOCAL_NAMES, *hosts, host),
            any_address=not is_loopback(host),
            parts=parts,
            on_ended=on_ended,
            staff_only=staff_only,
        )
        import uvicorn

        server = uvicorn.Server(
            uvicorn.Config(
                app,
                log_level="warning",
                server_header=False,
                proxy_headers=False,
                # Open event streams never end by themselves: Ctrl+C must not wait for them.
                timeout_graceful_shutdown=2,
            )
        )
        url = f"http://{_for_url(host)}:{bound_port}/"
        print(f"Youju: {url}  (Ctrl+C to stop)", file=sys.stderr, flush=True)
        if open_browser:
            # The socket listens already, so the browser waits for the first answer by itself.
            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
        # uvicorn raises the interrupt again once all is shut down: that is how it is meant to end.
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    """Bind the address before anything slow is loaded, so that a taken port fails at once."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except (OSError, OverflowError) as error:
        raise UsageError(f"cannot listen on {host} port {port}: {error}") from error
    try:
        if os.name == "posix":  # elsewhere the option would let two servers share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except (OSError, OverflowError) as error:
        listener.close()
        raise UsageError(
            f"cannot listen on {host} port {port}: {error}; try --port {port + 1}"
        ) from error
    return listener


def _for_url(host: str) -> str:
    """Write an address as a URL has it; "every address" is reached as the local one."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
