"""What every page of the program stands in: its head, its navigation, its languages.

In: a language. Out: markup, all of whose texts come from ``ui.strings``. The chat is built by
Gradio and takes only the head and the navigation from here; the other pages are whole documents
of ours, filled by a script from our JSON endpoints, with ``textContent`` alone.
"""

import html
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ui.preload import link_header
from ui.strings import ALL, Language, Strings, negotiate

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.responses import Response

__all__ = [
    "BASE_STYLE",
    "CARE_EARLY",
    "LANGUAGE_COOKIE",
    "add_page",
    "add_shell",
    "document",
    "head_of",
    "navigation",
]

LANGUAGE_COOKIE = "yj-language"
"""Set by the page's script when somebody chooses a language; it decides where ``/`` leads."""

CARE_EARLY = "care-early.js"
"""The script that sets the elder-friendly mode before anything is painted."""

BASE_STYLE = "base.css"
"""The style sheet of every page."""

_STATIC = Path(__file__).with_name("static")
_ICON = _STATIC / "icon.svg"
_PAGES = ("chat", "collection", "operations")


def add_shell(app: "FastAPI") -> None:
    """Let ``/`` lead to the page in the language that was chosen, else that the browser asks for.

    The rest of the address is kept: ``/?care=1`` works without a language.
    """
    from starlette.requests import Request
    from starlette.responses import FileResponse, RedirectResponse

    def root(request: "Request") -> "Response":
        chosen = request.cookies.get(LANGUAGE_COOKIE)
        language = next((known for known in Language if known.value == chosen), None)
        if language is None:
            language = negotiate(request.headers.get("accept-language", ""))
        query = f"?{request.url.query}" if request.url.query else ""
        # The same address leads elsewhere once another language is chosen: never cached.
        return RedirectResponse(
            f"{language.path}/{query}", status_code=307, headers={"cache-control": "no-store"}
        )

    # A class in the signature, not a name: what is imported here FastAPI could not resolve.
    root.__annotations__["request"] = Request
    app.add_api_route("/", root, methods=["GET"], response_model=None)
    # Browsers ask for it unbidden, and report it missing.
    icon = FileResponse(_ICON, media_type="image/svg+xml")
    app.add_api_route("/favicon.ico", lambda: icon, methods=["GET"], response_model=None)


def add_page(app: "FastAPI", name: str, *, prefixes: tuple[str, ...]) -> None:
    """Serve one of our own documents, ``/LANGUAGE/NAME``, in every language.

    ``static/NAME.js`` fills its ``<main id="yj-main">``; ``prefixes`` name the rows of the
    table of texts that this script needs.
    """
    from starlette.responses import HTMLResponse

    script, styles = f"{name}.js", (f"{name}.css", "care.css")
    headers = {"cache-control": "no-store", "link": link_header(script, (BASE_STYLE, *styles))}

    def serve(text: str) -> "Callable[[], Response]":
        return lambda: HTMLResponse(text, headers=headers)

    for language, strings in ALL.items():
        page = serve(document(strings, name, prefixes=prefixes))
        app.add_api_route(f"{language.path}/{name}", page, methods=["GET"], response_model=None)


def document(strings: Strings, name: str, *, prefixes: tuple[str, ...]) -> str:
    """One whole document of ours: brand, navigation, a place for buttons, an empty ``<main>``."""
    title = f"{getattr(strings, f'nav_{name}')} · {strings.brand}"
    head = head_of(
        strings,
        "care_",
        *prefixes,
        script=f"{name}.js",
        styles=[f"{name}.css", "care.css"],
        early=CARE_EARLY,
    )
    return (
        f'<!doctype html><html lang="{strings.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title>"
        f"{head}</head>"
        f'<body class="yj-document"><header class="yj-top">'
        f'<a class="yj-home" href="{strings.language.path}/">{html.escape(strings.brand)} '
        f'<span class="yj-latin">{html.escape(strings.brand_latin)}</span></a>'
        f'{navigation(strings, name)}<span id="yj-tools"></span></header>'
        '<main id="yj-main"></main></body></html>'
    )


def head_of(
    strings: Strings, *prefixes: str, script: str, styles: Sequence[str], early: str | None = None
) -> str:
    """What goes into a page's head: its texts for the script, the script, the style sheets.

    ``script`` is a module, which runs when the document is whole; ``early`` is a small script
    that runs before anything is painted, hence written out: a link to it would be followed later.
    """
    texts = {"tag": strings.language.value, **strings.starting_with("nav_", *prefixes)}
    # "<" escaped: no text can end the element early.
    table = json.dumps(texts, ensure_ascii=True).replace("<", "\\u003c")
    sheets = "".join(
        f'<link rel="stylesheet" href="/page/{style}">' for style in (BASE_STYLE, *styles)
    )
    return (
        (f"<script>{(_STATIC / early).read_text(encoding='utf-8')}</script>" if early else "")
        + '<meta name="color-scheme" content="light dark">'
        f'<script type="application/json" id="yj-strings">{table}</script>'
        # Linked, not given to Gradio as css: it would prefix the selectors with its own.
        f"{sheets}"
        f'<script type="module" src="/page/{script}"></script>'
    )


def navigation(strings: Strings, current: str, *, staff_only: bool = False) -> str:
    """Links to the pages and to this page in the other languages. ``current`` is a page's name.

    ``staff_only``: the links to the pages are seen where the administrator's token was entered
    (``static/navigation.js``); others could not enter them.
    """
    here = strings.language.path
    address = {"chat": "/", "collection": "/collection", "operations": "/operations"}
    pages = "".join(
        f'<a href="{here}{address[name]}"{_current(name == current)}>'
        f"{html.escape(getattr(strings, f'nav_{name}'))}</a>"
        for name in _PAGES
    )
    languages = "".join(
        f'<a href="{language.path}{address[current]}" hreflang="{language}" lang="{language}" '
        f'class="yj-language"{_current(language is strings.language)}>{_OWN_NAMES[language]}</a>'
        for language in Language
    )
    css_class = "yj-nav yj-staff-only" if staff_only else "yj-nav"
    return (
        f'<nav class="{css_class}" aria-label="{html.escape(strings.nav_label)}">{pages}</nav>'
        f'<nav class="yj-languages" aria-label="{html.escape(strings.language_label)}">'
        f"{languages}</nav>"
    )


# A language is offered under its own name, so that whoever reads it finds it.
_OWN_NAMES = {Language.HANS: "简", Language.HANT: "繁", Language.ENGLISH: "EN"}


def _current(is_current: bool) -> str:
    return ' aria-current="page"' if is_current else ""
