"""What the browser tests share: one browser, pages that watch what goes wrong, and waiting.

Used as a plugin of pytest (see conftest.py): the fixtures are there without an import.
"""

import os
import shutil
import socket
import time
from urllib.parse import urlsplit

import pytest
from ui_askers import serving

ASK = "#yj-question textarea"

LEAVING = ("console: AbortError", "console: Unexpected error")
"""What Gradio's own client says when its page is left while a stream is open: for tests that
reload, in ``watched.allowed``."""


def chromium_path():
    named = os.environ.get("CHROMIUM")
    if named:
        return named
    return (
        shutil.which("chromium")
        or shutil.which("chromium-browser")
        or shutil.which("google-chrome")
    )


@pytest.fixture(scope="session")
def browser():
    path = chromium_path()
    if path is None:
        reason = "no Chromium here: install it or name it in CHROMIUM"
        # CI installs one, so there a skip would hide that the page went untested.
        (pytest.fail if os.environ.get("YOUJU_REQUIRE_BROWSER") else pytest.skip)(reason)
    from playwright import sync_api

    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--no-first-run",
            ],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def server(browser):  # noqa: ARG001 - no server where there is no browser
    with serving() as server:
        yield server


@pytest.fixture
def watched(browser):
    """Open an address in some size, scheme and locale; what went wrong is asserted afterwards.

    ``watched(url, width=…, height=…, scheme=…, locale=…, context=…)`` returns the page;
    ``watched.allowed`` takes beginnings of what a test expects to go wrong.
    """
    pages, wrong = [], []

    def watch(page, netloc):
        def watch_request(request):
            asked = urlsplit(request.url)
            if not (asked.netloc == netloc or asked.scheme in ("data", "blob")):
                wrong.append(f"foreign request: {request.url}")

        def watch_dialog(dialog):
            wrong.append(f"dialog: {dialog.message}")
            dialog.dismiss()

        page.on("request", watch_request)
        page.on("dialog", watch_dialog)
        page.on("pageerror", lambda error: wrong.append(f"script error: {error}"))
        page.on(
            "console",
            lambda m: wrong.append(f"console: {m.text}") if m.type == "error" else None,
        )
        page.on("popup", lambda popup: wrong.append(f"popup: {popup.url}"))
        page.on(
            "response",
            lambda r: wrong.append(f"{r.status}: {r.url}") if r.status >= 400 else None,
        )

    def open_url(url, width=1280, height=800, scheme="light", locale="zh-CN", context=None):
        if context is None:
            page = browser.new_page(
                locale=locale,
                viewport={"width": width, "height": height},
                color_scheme=scheme,
                reduced_motion="reduce",
            )
        else:
            page = context.new_page()
        page.set_default_timeout(15_000)
        watch(page, urlsplit(url).netloc)
        pages.append(page)
        page.goto(url)
        return page

    open_url.allowed = []
    yield open_url
    for page in pages:
        page.close()
    assert [w for w in wrong if not w.startswith(tuple(open_url.allowed))] == []


@pytest.fixture
def open_page(watched, server):
    """Open the chat of the scripted asker and wait until it can be asked."""

    def open_page(path="/", **how):
        page = watched(server.url + path, **how)
        wait_for_chat(page)
        return page

    return open_page


def wait_for_chat(page):
    """Wait until the chat can be asked: Gradio drew it, and the page's own script runs."""
    page.wait_for_selector(ASK)
    page.wait_for_selector("#yj-tools .yj-history-button", state="attached")


def free_port():
    """A port that nothing listens on; a server started again comes back on it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(page, expression, *, arg=None):
    """Wait until an expression holds. (Playwright's own wait evaluates strings: our policy forbids
    that.)
    """
    deadline = time.monotonic() + 30
    while not page.evaluate(expression, arg):
        assert time.monotonic() < deadline, f"never came true: {expression}"
        page.wait_for_timeout(30)


def ask(page, question):
    """Ask, and wait until the answer is whole."""
    before = page.locator(".yj-answer").count()
    page.fill(ASK, question)
    page.press(ASK, "Enter")
    until(
        page,
        "n => document.querySelectorAll('.yj-answer').length > n"
        " && !document.querySelector('.yj-progress')"
        " && document.querySelector('#yj-question .submit-button')",
        arg=before,
    )


def contrast(page, selector):
    """WCAG contrast of an element's text against the first opaque background behind it."""
    return page.evaluate(
        r"""selector => {
          const parse = (text) => text.match(/[\d.]+/g).map(Number);
          const light = ([r, g, b]) => {
            const [x, y, z] = [r, g, b].map((v) => v / 255)
              .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
            return 0.2126 * x + 0.7152 * y + 0.0722 * z;
          };
          const element = document.querySelector(selector);
          let behind = element, back = [0, 0, 0, 0], seen = 1;
          for (let at = element; at; at = at.parentElement) seen *= getComputedStyle(at).opacity;
          if (seen < 1) return 0;
          while (behind && back[3] === 0) {
            back = parse(getComputedStyle(behind).backgroundColor);
            if (back.length === 3) back.push(1);
            behind = behind.parentElement;
          }
          const [a, b] = [light(parse(getComputedStyle(element).color)), light(back)];
          return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        }""",
        selector,
    )


def violations(page, *, level=("serious", "critical")):
    """What axe-core finds wrong with a page, of these levels: a line for each rule and element."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:160]} ({node['failureSummary'][:200]})"
        for rule in found
        if rule["impact"] in level
        for node in rule["nodes"]
    ]
