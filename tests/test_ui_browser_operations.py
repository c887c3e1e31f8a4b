"""What listens to users, in a real browser: ratings, handing over, the operations page."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from ui_askers import PAYLOADS, serving
from ui_browser import ask, contrast, until, violations, wait_for_chat
from ui_logged import PATH as LOGGED
from ui_logged import TOKEN

from eval.activity import ACTIVITY, read_entries
from eval.cases import load_cases
from ui.strings import ALL, Language

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HANS = ALL[Language.HANS]
QUESTION = "试点期间办理了多少笔业务？我的电话13800138000"
FITS = "document.documentElement.scrollWidth <= window.innerWidth"


@pytest.fixture(scope="module")
def logged(browser, tmp_path_factory):  # noqa: ARG001 - no server where there is no browser
    folder = tmp_path_factory.mktemp("logged")
    with serving((LOGGED, str(folder))) as server:
        yield server, folder


@pytest.fixture
def chat(watched, logged):
    def open_chat(language="zh-hans", **how):
        page = watched(f"{logged[0].url}/{language}/", **how)
        wait_for_chat(page)
        return page

    return open_chat


@pytest.fixture
def operations(watched, logged):
    def open_operations(language="zh-hans", **how):
        page = watched(f"{logged[0].url}/{language}/operations", **how)
        page.wait_for_selector(".yj-clusters")
        return page

    return open_operations


def entry_of(page, folder):
    """The row of the last exchange that a page shows."""
    name = page.locator("#yj-chat a.yj-do-handoff").last.get_attribute("href").split("/")[-1]
    return name, next(e for e in read_entries(folder / ACTIVITY) if e.id == name)


def top_of(page, selector):
    return page.evaluate("s => document.querySelector(s).getBoundingClientRect().top", selector)


# ---- rating -------------------------------------------------------------------------------------


def test_a_rating_is_given_changed_and_remembered(chat, logged):
    _, folder = logged
    page = chat(height=1000)
    ask(page, QUESTION)
    page.wait_for_selector("#yj-chat .yj-do-solved[aria-pressed]")
    before = top_of(page, ".yj-prose")
    page.click("#yj-chat .yj-do-unsolved")
    page.wait_for_selector(".yj-rating-form")
    assert top_of(page, ".yj-prose") == before  # nothing above it moves
    assert page.evaluate("document.activeElement.type") == "checkbox"
    page.keyboard.press("Space")
    page.get_by_label(HANS.rating_outdated).check()
    page.fill(".yj-rating-form textarea", "打13900139000问的，早改了")
    page.click(".yj-rating-form .yj-primary")
    page.wait_for_selector(".yj-rating-thanks")
    assert page.locator(".yj-rating-thanks").inner_text() == HANS.rating_thanks_unsolved
    _, entry = entry_of(page, folder)
    assert (entry.solved, entry.reasons) == (False, ("outdated", "wrong"))
    assert entry.comment == "打[phone]问的，早改了"
    assert entry.question == "试点期间办理了多少笔业务？我的电话[phone]"

    # Changing starts from what was said; the next question redraws the chat and loses nothing.
    page.get_by_role("button", name=HANS.rating_change, exact=True).click()
    assert page.get_by_label(HANS.rating_outdated).is_checked()
    page.click(".yj-rating-form .yj-button:not(.yj-primary)")
    ask(page, "再问一次？")
    assert page.locator(".yj-rating-thanks").count() == 1
    first = page.locator("#yj-chat .yj-do-unsolved").first
    assert first.get_attribute("aria-pressed") == "true"
    page.locator("#yj-chat .yj-do-solved").first.click()
    until(
        page,
        "text => document.querySelector('.yj-rating-thanks').textContent === text",
        arg=HANS.rating_thanks_solved,
    )
    assert first.get_attribute("aria-pressed") == "false"
    kept = page.evaluate("Object.values(JSON.parse(sessionStorage.getItem('yj-ratings')))")
    assert [rating["solved"] for rating in kept] == [True]


def test_without_a_log_nobody_is_asked_to_rate(watched, tmp_path):
    with serving((LOGGED, str(tmp_path), "empty", "off")) as server:
        page = watched(server.url + "/zh-hans/")
        wait_for_chat(page)
        ask(page, "有多少？")
        until(page, "document.documentElement.classList.contains('yj-unrated')")
        assert page.locator("#yj-chat .yj-do-solved").is_hidden()
        assert page.locator("#yj-chat .yj-do-handoff").is_visible()
        page.close()  # before its server goes away
        page = watched(server.url + "/zh-hans/operations")
        page.wait_for_selector(".yj-note-box")
        said = page.locator(".yj-note-box").inner_text()
        assert HANS.operations_off in said
        assert ACTIVITY in said  # what an earlier log holds is not removed, and that is said
        assert page.locator(".yj-blank h2").inner_text() == HANS.operations_empty
        assert violations(page) == []


# ---- handing over -------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_a_conversation_is_handed_over(chat, logged, width, scheme):
    _, folder = logged
    page = chat(width=width, scheme=scheme)
    ask(page, QUESTION)
    page.locator("#yj-chat .yj-do-handoff").last.click()
    dialog = page.wait_for_selector("dialog.yj-handoff[open]")
    shown = dialog.inner_text()
    assert HANS.handoff_next_folder in shown
    assert "我的电话[phone]" in shown  # as it is handed over
    assert "13800138000" not in shown
    assert violations(page) == []
    box = dialog.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    for selector in (".yj-handoff .yj-quiet", ".yj-handoff .yj-primary", ".yj-handoff-label"):
        assert contrast(page, selector) >= 4.5, selector
    page.fill(".yj-handoff textarea", "请核实")
    page.fill(".yj-handoff input", "13900139000")
    page.click(".yj-handoff .yj-primary")
    page.wait_for_selector(".yj-handoff-reference")
    reference = page.locator(".yj-handoff-reference strong").inner_text()
    pack = json.loads((folder / "handoff" / f"{reference}.json").read_text("utf-8"))
    assert (pack["note"], pack["contact"]) == ("请核实", "13900139000")
    (exchange,) = pack["conversation"]
    # The record went through the browser, and is still what the server gave.
    assert exchange["given"] == "as given"
    assert [c["verified"] for c in exchange["citations"]] == [True, True, True]
    assert HANS.handoff_with_contact in page.locator("dialog.yj-handoff").inner_text()
    assert violations(page) == []
    with page.expect_download() as download:
        page.get_by_role("button", name=HANS.handoff_save_page).click()
    assert download.value.suggested_filename == f"youju-handoff-{reference}.html"
    assert QUESTION[:10] in download.value.path().read_text("utf-8")
    page.click(".yj-handoff .yj-primary")
    page.wait_for_selector("dialog", state="detached")
    name, entry = entry_of(page, folder)
    assert (exchange["id"], entry.handed_off) == (name, True)


def test_a_person_can_be_asked_before_any_question(chat):
    page = chat("en")
    english = ALL[Language.ENGLISH]
    page.evaluate("import('/page/handoff.js').then((m) => m.handOff(null))")
    page.wait_for_selector("dialog.yj-handoff")
    assert english.handoff_nothing_yet in page.locator("dialog").inner_text()
    page.click(".yj-handoff .yj-primary")  # the note is needed
    assert page.locator(".yj-handoff-reference").count() == 0
    page.fill(".yj-handoff textarea", "I lost my card")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")
    page.evaluate("import('/page/handoff.js').then((m) => m.handOff(null))")
    page.wait_for_selector("dialog.yj-handoff")
    assert page.input_value(".yj-handoff textarea") == "I lost my card"
    page.click(".yj-handoff .yj-primary")
    page.wait_for_selector(".yj-handoff-reference")
    assert english.handoff_without_contact in page.locator("dialog").inner_text()


def test_a_help_desk_that_is_away_is_no_dead_end(watched, tmp_path):
    class Broken(BaseHTTPRequestHandler):
        def do_POST(self):
            self.send_error(503)

        def log_message(self, *_):
            pass

    away = HTTPServer(("127.0.0.1", 0), Broken)
    threading.Thread(target=away.serve_forever, daemon=True).start()
    target = f"http://127.0.0.1:{away.server_port}/tickets"
    with serving((LOGGED, str(tmp_path), "empty", target)) as server:
        page = watched(server.url + "/zh-hant/")
        wait_for_chat(page)
        ask(page, "有多少？")
        page.locator("#yj-chat .yj-do-handoff").click()
        page.wait_for_selector("dialog.yj-handoff")
        hant = ALL[Language.HANT]
        assert hant.handoff_next_webhook in page.locator("dialog").inner_text()
        page.click(".yj-handoff .yj-primary")
        page.wait_for_selector(".yj-handoff-reference")
        assert hant.handoff_waiting in page.locator("dialog").inner_text()
        assert len(list((tmp_path / "handoff" / "outgoing").glob("*.json"))) == 1
    away.shutdown()
    away.server_close()


def test_who_comes_after_too_many_can_save_the_pack(chat, watched):
    watched.allowed = ["console: Failed to load", "429: "]
    page = chat()
    ask(page, "有多少？")
    page.locator("#yj-chat .yj-do-handoff").click()
    page.wait_for_selector("dialog.yj-handoff")
    answer = {"error": "invalid: words for the log", "code": "invalid"}
    page.route("**/api/handoff", lambda route: route.fulfill(status=429, json=answer))
    page.click(".yj-handoff .yj-primary")
    until(page, "document.querySelector('.yj-handoff-error').textContent")
    assert page.locator(".yj-handoff-error").inner_text() == HANS.handoff_refused
    answer |= {"code": "busy", "pack": {"reference": "20260320-ACDEFG"}, "page": "<p>页"}
    page.click(".yj-handoff .yj-primary")
    save = page.get_by_role("button", name=HANS.handoff_save_page)
    save.wait_for()
    assert page.locator(".yj-handoff-error").inner_text() == HANS.handoff_busy
    assert page.locator(".yj-handoff-reference").count() == 0
    with page.expect_download() as download:
        save.click()
    assert download.value.path().read_text("utf-8") == "<p>页"


def test_an_unreachable_service_keeps_what_was_written(chat, watched):
    watched.allowed = ["console: Failed to load", "429: "]
    page = chat()
    ask(page, "有多少？")
    page.locator("#yj-chat .yj-do-handoff").click()
    page.wait_for_selector("dialog.yj-handoff")
    page.fill(".yj-handoff textarea", "写了很久的话")
    page.route("**/api/handoff", lambda route: route.abort())
    page.click(".yj-handoff .yj-primary")
    until(page, "document.querySelector('.yj-handoff-error').textContent")
    assert page.locator(".yj-handoff-error").inner_text() == HANS.handoff_offline
    assert page.input_value(".yj-handoff textarea") == "写了很久的话"
    page.unroute("**/api/handoff")
    page.click(".yj-handoff .yj-primary")
    page.wait_for_selector(".yj-handoff-reference")


# ---- the operations page ------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh-hans", "zh-hant", "en"])
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark"), (360, "light")])
def test_the_operations_page_can_be_read(operations, language, width, scheme):
    page = operations(language, width=width, scheme=scheme)
    assert page.evaluate(FITS)
    strings = {s.language.path: s for s in ALL.values()}[f"/{language}"]
    assert page.locator("h1").inner_text() == strings.operations_heading
    for details in page.locator("details summary").all()[:4]:
        details.click()
    assert page.evaluate(FITS)
    assert violations(page) == []
    for selector in (".yj-figure dd", ".yj-quiet", ".yj-tags li", ".yj-count", ".yj-legend li"):
        assert contrast(page, selector) >= 4.5, selector


def test_what_people_typed_stands_there_as_text(operations):
    page = operations()
    page.get_by_role("button", name=HANS.operations_quarter).click()
    until(page, "document.querySelectorAll('.yj-cluster').length > 8")
    for summary in page.locator(".yj-card-failing summary").all():
        summary.click()
    labels = page.locator(".yj-cluster-label").all_inner_texts()
    assert PAYLOADS[0] in labels
    assert PAYLOADS[0] in page.locator(".yj-comment").all_inner_texts()
    assert page.locator("#yj-main :is(script, img, iframe, a)").count() == 0


def test_a_range_is_chosen_and_kept_in_the_address(operations):
    page = operations()
    today = page.evaluate("document.querySelectorAll('.yj-field')[1].value")
    month = page.locator(".yj-is-questions dd").first.inner_text()
    page.get_by_role("button", name=HANS.operations_quarter).click()
    until(page, "n => document.querySelector('.yj-is-questions dd')?.textContent !== n", arg=month)
    label = page.locator("svg[role=img]").first.get_attribute("aria-label")
    assert page.locator(".yj-is-questions dd").first.inner_text() in label
    page.get_by_role("link", name="EN", exact=True).click()
    page.wait_for_selector(".yj-clusters")
    assert page.evaluate("document.documentElement.lang") == "en"
    quarter = page.locator(".yj-preset").nth(3)
    assert quarter.get_attribute("aria-pressed") == "true"
    page.fill(".yj-field >> nth=0", "2019-01-01")
    page.fill(".yj-field >> nth=1", "2019-01-31")
    page.get_by_role("button", name="Show").click()
    page.wait_for_selector(".yj-blank")
    assert page.locator(".yj-blank h2").inner_text() == ALL[Language.ENGLISH].operations_empty
    assert f"until={today}" not in page.url


def test_chosen_clusters_are_saved_as_draft_cases(operations, tmp_path):
    page = operations()
    save = page.locator(".yj-card-failing .yj-primary")
    assert save.is_disabled()
    label = page.locator(".yj-card-failing .yj-cluster-label").first.inner_text()
    page.locator(".yj-card-failing input").first.check()
    assert save.inner_text() == HANS.operations_export.format(count=1)
    with page.expect_download() as download:
        save.click()
    path = tmp_path / "drafts.jsonl"
    download.value.save_as(path)
    assert label in [case.question for case in load_cases(path)]
    with page.expect_download() as download:
        page.locator(".yj-card-failing").get_by_role("button", name="CSV").click()
    assert label in download.value.path().read_text("utf-8-sig")


def test_a_token_is_asked_for_and_its_absence_told(watched, tmp_path):
    watched.allowed = ["401", "console: Failed to load"]
    with serving((LOGGED, str(tmp_path), "empty", "token")) as server:
        page = watched(server.url + "/zh-hans/operations")
        page.wait_for_selector("dialog[open]")
        assert violations(page) == []
        page.keyboard.press("Escape")
        page.wait_for_selector(".yj-blank .yj-primary")
        assert page.locator(".yj-blank h2").inner_text() == HANS.operations_no_token
        page.click(".yj-blank .yj-primary")
        page.fill("dialog input", TOKEN)
        page.keyboard.press("Enter")
        until(
            page,
            "text => document.querySelector('.yj-blank h2')?.textContent === text",
            arg=HANS.operations_empty,
        )


def test_the_elder_friendly_mode_holds_on_this_page_too(operations):
    page = operations(width=360)
    assert page.locator("a.yj-home").get_attribute("href") == "/zh-hans/"
    page.click(".yj-care-switch")
    sizes = page.evaluate(
        """() => [...document.querySelectorAll('main *:not(svg *)')]
          .filter((n) => n.checkVisibility() && n.getClientRects().length && n.innerText?.trim())
          .map((n) => parseFloat(getComputedStyle(n).fontSize))"""
    )
    assert len(sizes) > 30
    assert min(sizes) >= 18
    assert page.evaluate(FITS)
    for text in (".yj-quiet", ".yj-figure dt", ".yj-nav a", ".yj-tags li", ".yj-count"):
        assert contrast(page, text) >= 7, text
    page.reload()
    page.wait_for_selector(".yj-clusters")
    assert page.evaluate("document.documentElement.classList.contains('yj-care')")
    page.click(".yj-care-switch")
    assert not page.evaluate("document.documentElement.classList.contains('yj-care')")
