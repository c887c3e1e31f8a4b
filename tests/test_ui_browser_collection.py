"""The collection page in a real browser: looking things up, uploading, removing, going back."""

import json
import re

import pytest
from playwright.sync_api import expect
from syncing import CONFIG, article, write
from ui_askers import PAYLOADS, serving
from ui_browser import ask, contrast, until, violations, wait_for_chat

from index.sync import sync
from ui.strings import ALL, Language

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HANS, ENGLISH = ALL[Language.HANS], ALL[Language.ENGLISH]
VIEWS = ("articles", "quarantine", "duplicates", "generations")
POISONED_NAME = "<img src=x onerror=alert(13)>.md"
REPRINT = "临江银行推出新的手机银行服务，客户可以在家中办理业务，不必到网点排队等候。" * 6
CHOOSER = ".yj-drop input[type=file]"
REFUSED = "console: Failed to load resource: the server responded with a status of {}"
DONE = ".yj-job[data-state=done]"


def front(title, source, published, text):
    told = "\n".join(
        f"{name}: {json.dumps(value, ensure_ascii=False)}"
        for name, value in (("title", title), ("source", source), ("published", published))
    )
    return f"---\n{told}\ntags: [年报]\n---\n\n{text}\n"


def build(folder):
    """An index of thirty plain articles, reprints, poison, and what cannot be read."""
    home = folder / "articles"
    write(home, **{f"n{n:02}_md": article(n) for n in range(30)}, empty_md="")
    write(
        home, list_jsonl='{"title":"一条","text":"临江银行在2021年开通了新的客服热线。"}\n{"x":1}\n'
    )
    write(home, first_md=front("新服务", "甲报", "2020-01-01", REPRINT))
    write(home, second_md=front("转载", "乙报", "2020-02-01", REPRINT + "转自甲报。"))
    poison = front(
        "".join(PAYLOADS[:9]) + "题" * 2000, PAYLOADS[1], "2019-05-05", "\n".join(PAYLOADS)
    )
    (home / POISONED_NAME).write_text(poison, encoding="utf-8")
    sync([home], folder / "index", config=CONFIG)
    return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return build(tmp_path_factory.mktemp("collection"))


@pytest.fixture(scope="module")
def served(browser, place):  # noqa: ARG001 - no server where there is no browser
    # With a token, which `admitted` gives.
    command = ("-c", _CHAT, str(place / "index"), "right")
    with serving(command) as server:
        yield server


_CHAT = """
import sys
from contextlib import closing
from pathlib import Path
from index.search import open_index
from rag.answer import Asker
from rag.config import Config
from ui.admin import Admin
from ui.collection import Collection
from ui.collection_routes import collection_part
from ui.feedback_routes import feedback_part
from ui.handoff_delivery import open_desk
from ui.server import serve

asker = Asker(open_index(Path(sys.argv[1])), config=Config())
with closing(Collection(asker)) as collection:
    admin = Admin(sys.argv[2] if sys.argv[2:] else "", is_local=True)
    # The chat asks at its start whether ratings are kept: they are not.
    feedback = feedback_part(
        log=None,
        desk=open_desk("", otherwise=Path(sys.argv[1]).parent / "handoff", environment={}),
        article=collection.article,
        generation=lambda: collection.summary().generation,
    )
    parts = [collection_part(collection, admin), feedback]
    serve(collection, port=0, parts=parts, staff_only=not admin.is_open)
"""


@pytest.fixture
def admitted(watched, served):
    """Open a tab that has the token, and on demand a page in it."""

    def admitted(path=None, **how):
        page = watched(served.url + "/page/icon.svg", **how)
        page.evaluate("sessionStorage.setItem('yj-token', 'right')")
        if path:
            page.goto(served.url + path)
        return page

    return admitted


@pytest.fixture
def open_collection(admitted):
    def open_collection(path="/zh-hans/collection", **how):
        page = admitted(path, **how)
        page.wait_for_selector(".yj-articles tbody tr", state="attached")
        return page

    return open_collection


def cells(page, column):
    return page.locator(f".yj-articles tbody td:nth-child({column})").all_inner_texts()


def overflow(page):
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")


@pytest.mark.parametrize(
    ("language", "width", "scheme"),
    [
        ("zh-hans", 1280, "light"),
        ("zh-hans", 360, "dark"),
        ("zh-hant", 1280, "dark"),
        ("en", 360, "light"),
    ],
)
def test_every_view_is_accessible_in_every_size_scheme_and_language(
    open_collection, language, width, scheme
):
    page = open_collection(f"/{language}/collection", width=width, scheme=scheme)
    strings = next(s for s in ALL.values() if s.language.path == f"/{language}")
    assert page.evaluate("document.documentElement.lang") == strings.language.value
    assert page.locator("h1").inner_text() == strings.collection_heading
    for view in VIEWS:
        page.click(f"#yj-tab-{view}")
        shown = f"#yj-view-{view} :is(tbody tr, .yj-group)"
        page.locator(shown).locator("visible=true").first.wait_for()
        assert violations(page) == []
        assert overflow(page) <= 0
    # A row that became a card is still a row to a screen reader.
    page.click("#yj-tab-articles")
    assert page.get_by_role("table", name=strings.collection_table).get_by_role("row").count() == 26
    assert contrast(page, ".yj-path") >= 4.5


def test_search_order_filters_and_pages_are_the_servers(open_collection):
    page = open_collection()
    assert page.locator(".yj-total").inner_text() == "34 篇"
    assert page.locator(".yj-articles tbody tr").count() == 25
    page.get_by_role("button", name=HANS.collection_next).click()
    until(page, "document.querySelectorAll('.yj-articles tbody tr').length === 9")
    assert page.locator(".yj-place").inner_text() == "第 2 / 2 页"

    # Traditional characters find simplified ones; the page begins again.
    page.fill(".yj-search", "第7號 通告")
    until(page, "document.querySelectorAll('.yj-articles tbody tr').length === 1")
    assert page.locator(".yj-open-article").inner_text() == "第7号通告"
    page.fill(".yj-search", "没有这样的")
    page.get_by_text(HANS.collection_found_none).wait_for()
    assert page.locator(".yj-articles").is_hidden()
    page.get_by_role("button", name=HANS.collection_clear).click()
    until(page, "document.querySelectorAll('.yj-articles tbody tr').length === 25")

    header = page.get_by_role("columnheader", name=HANS.collection_column_chars)
    header.get_by_role("button").click()
    until(page, "document.querySelector('[aria-sort=descending]')")
    counts = [int(text.replace(",", "")) for text in cells(page, 6)]
    assert counts == sorted(counts, reverse=True)
    assert header.get_attribute("aria-sort") == "descending"
    header.get_by_role("button").press("Enter")
    until(page, "document.querySelector('[aria-sort=ascending]')")
    counts = [int(text.replace(",", "")) for text in cells(page, 6)]
    assert counts == sorted(counts)

    page.locator(".yj-filters select").nth(1).select_option("乙报")
    until(page, "document.querySelectorAll('.yj-articles tbody tr').length === 1")
    assert cells(page, 9) == ["近似《新服务》"]
    assert cells(page, 4) == ["2020-02-01"]


def test_the_keyboard_alone_moves_between_views_and_the_address_keeps_the_view(open_collection):
    page = open_collection()
    page.focus("#yj-tab-articles")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.id") == "yj-tab-quarantine"
    assert page.locator("#yj-view-quarantine").is_visible()
    assert page.locator("#yj-view-articles").is_hidden()
    page.reload()
    page.wait_for_selector("#yj-view-quarantine tbody tr")
    # To another language with the view, too.
    page.click("a.yj-language[lang=en]")
    page.wait_for_selector("#yj-view-quarantine tbody tr")
    rows = page.locator("#yj-view-quarantine tbody tr").all_inner_texts()
    assert any("articles/list.jsonl line 2" in row for row in rows)
    assert any(ENGLISH.collection_advice_empty in row for row in rows)


def test_a_row_opens_the_article(open_collection):
    page = open_collection()
    page.fill(".yj-search", "新服务")
    until(page, "document.querySelectorAll('.yj-articles tbody tr').length === 1")
    page.click(".yj-open-article")
    wait_for_chat(page)
    page.wait_for_selector("#yj-panel .yj-text")
    assert page.locator("#yj-panel .yj-title").inner_text() == "新服务"


def test_titles_names_and_sources_are_text_and_nothing_else(open_collection):
    page = open_collection()
    page.fill(".yj-search", "onerror")
    until(page, "document.querySelectorAll('.yj-articles tbody tr').length === 1")
    named = page.locator(".yj-articles tbody .yj-named")
    shown = named.inner_text()
    for payload in (*PAYLOADS[:5], POISONED_NAME):
        assert payload in shown
    assert (
        page.locator("main img, main iframe, main script, main form, main svg image").count() == 0
    )
    assert page.locator(".yj-bar-name", has_text="<img src=x onerror=alert(2)>").count() <= 1
    assert named.bounding_box()["height"] < 200
    assert overflow(page) <= 0


def test_the_plots_stand_as_tables_too(open_collection):
    page = open_collection()
    assert page.locator(".yj-columns rect").count() == 2
    rows = page.get_by_role("table", name=HANS.collection_by_year).get_by_role("row")
    assert [" ".join(text.split()) for text in rows.all_inner_texts()] == [
        f"{HANS.collection_year} {HANS.collection_count}",
        "2019 1",
        "2020 2",
    ]
    sources = page.get_by_role("table", name=HANS.collection_by_source)
    assert sources.get_by_role("row").count() == 4


# --- changing ------------------------------------------------------------------------------------


@pytest.fixture
def own(browser, tmp_path, watched):  # noqa: ARG001
    """A collection that a test may change."""
    folder = build(tmp_path)
    with serving(("-c", _CHAT, str(folder / "index"))) as server:

        def open_own(path="/zh-hans/collection", **how):
            page = watched(server.url + path, **how)
            page.wait_for_selector(".yj-articles tbody tr", state="attached")
            return page

        open_own.folder, open_own.url = folder, server.url
        yield open_own


def payload(name, text):
    return {"name": name, "mimeType": "text/plain", "buffer": text.encode()}


def test_files_are_uploaded_taken_in_asked_about_removed_and_brought_back(own, watched):
    watched.allowed += [
        "409: ",
        REFUSED.format(409),
    ]
    page = own()
    news = "# 夜间热线\n\n临江银行自2025年3月起开通夜间热线，号码是955123，整夜有人接听。\n"
    page.set_input_files(
        CHOOSER,
        [
            payload("夜间热线.md", news),
            payload("<img src=x onerror=alert(1)>.txt", article(77)),
            payload("空.txt", ""),
            payload("program.exe", "x"),
            payload(".hidden.md", "x"),
        ],
    )
    page.wait_for_selector(DONE)
    chips = page.locator(".yj-chip").all_inner_texts()
    assert "新增 2" in chips
    assert "未能收录 1" in chips
    report = page.locator(".yj-job").inner_text()
    assert f"index-uploads/空.txt {HANS.collection_fault_empty}" in report
    assert "it is empty" in report
    assert HANS.collection_advice_empty in report
    assert "index-uploads/<img src=x onerror=alert(1)>.txt" in report
    refused = page.locator(".yj-sent li").all_inner_texts()
    assert len(refused) == 2
    assert HANS.collection_error_suffix in refused[0]
    until(page, "document.querySelector('.yj-summary').textContent.startsWith('36 篇')")
    assert violations(page) == []
    kept = sorted(path.name for path in (own.folder / "index-uploads").iterdir())
    assert kept == ["<img src=x onerror=alert(1)>.txt", "夜间热线.md", "空.txt"]

    # What came in is answered from, without a restart.
    chat = watched(own.url + "/zh-hans/")
    wait_for_chat(chat)
    ask(chat, "夜间热线的号码是多少？")
    assert "955123" in chat.locator(".yj-answer").inner_text()

    # The same name again: it is asked about, and Escape keeps the old file.
    page.set_input_files(CHOOSER, [payload("夜间热线.md", news + "后来改了。\n")])
    page.get_by_role("dialog", name=HANS.collection_replace_heading).wait_for()
    assert violations(page) == []
    assert page.evaluate("document.activeElement.textContent") == HANS.collection_keep
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")
    assert "后来" not in (own.folder / "index-uploads" / "夜间热线.md").read_text("utf-8")
    page.set_input_files(CHOOSER, [payload("夜间热线.md", news + "后来改了。\n")])
    page.get_by_role("button", name=HANS.collection_replace, exact=True).click()
    page.locator(".yj-chip", has_text="更改 1").wait_for()

    # One that was uploaded and one that was not: what happens to each is said before.
    page.fill(".yj-search", "夜间热线")
    until(page, "document.querySelectorAll('.yj-articles tbody tr').length === 1")
    page.locator(".yj-articles tbody input").check()
    page.fill(".yj-search", "n03.md")
    until(
        page, "document.querySelector('.yj-articles tbody .yj-path')?.textContent.includes('n03')"
    )
    page.locator(".yj-articles tbody input").check()
    assert page.locator(".yj-selection").inner_text().startswith("已选 2 篇")
    page.locator(".yj-selection .yj-danger").click()
    dialog = page.get_by_role("dialog", name=HANS.collection_remove_heading)
    dialog.wait_for()
    said = dialog.inner_text()
    assert "index-uploads/夜间热线.md" in said
    assert f"n03.md，在 {own.folder / 'articles'}" in said
    assert violations(page) == []
    dialog.get_by_role("button", name=HANS.collection_remove_go).click()
    page.locator(".yj-chip", has_text="移出 1").wait_for()
    assert not (own.folder / "index-uploads" / "夜间热线.md").exists()
    assert (own.folder / "articles" / "n03.md").exists()

    # Back to the generation before: the articles are back, the file is not.
    page.click("#yj-tab-generations")
    page.locator("#yj-view-generations .yj-buttons button").nth(1).click()
    page.get_by_role("dialog").get_by_role("button", name=HANS.collection_rollback_go).click()
    page.get_by_text(re.compile("已回到版本 g00000")).wait_for()
    until(page, "document.querySelector('.yj-summary').textContent.startsWith('36 篇')")
    page.get_by_role("button", name=HANS.collection_update).click()
    page.locator(".yj-chip", has_text="移出 1").wait_for()

    # Rebuilding is asked about, and cancelled by the button that has the focus.
    page.get_by_role("button", name=HANS.collection_rebuild).click()
    page.get_by_role("dialog", name=HANS.collection_rebuild_heading).wait_for()
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog", state="detached")
    page.get_by_role("button", name=HANS.collection_rebuild).click()
    page.get_by_role("button", name=HANS.collection_rebuild_go, exact=True).click()
    page.get_by_text(f"{HANS.collection_job_rebuild}：完成").wait_for()

    # Files can be dropped anywhere on the page, a small one too.
    page.set_viewport_size({"width": 360, "height": 800})
    page.evaluate(
        """() => {
          const files = new DataTransfer();
          const text = "# 拖放\\n\\n临江银行在2026年试行拖放上传，客户很满意。";
          files.items.add(new File([text], "拖放.md"));
          for (const type of ["dragenter", "dragover", "drop"]) {
            const how = { dataTransfer: files, bubbles: true, cancelable: true };
            const event = new DragEvent(type, how);
            document.body.dispatchEvent(event);
          }
        }"""
    )
    page.get_by_text("index-uploads/拖放.md").first.wait_for()
    assert "新增 1" in page.locator(".yj-chip").all_inner_texts()
    assert overflow(page) <= 0
    assert violations(page) == []


def test_with_a_token_the_whole_page_asks_for_it(watched, served):
    watched.allowed += ["401: ", REFUSED.format(401)]
    page = watched(served.url + "/zh-hans/collection")
    page.fill("dialog input[type=password]", "wrong")
    page.keyboard.press("Enter")
    page.get_by_text(HANS.nav_token_wrong).wait_for()
    assert page.input_value("dialog input") == ""
    assert violations(page) == []
    assert page.locator("tbody tr").count() == 0
    # Given up: said in words, and it can be tried again.
    page.get_by_role("button", name=HANS.nav_cancel).click()
    page.get_by_text(HANS.collection_error_token).wait_for()
    page.get_by_role("button", name=HANS.collection_retry).click()
    page.fill("dialog input[type=password]", "right")
    page.keyboard.press("Enter")
    page.wait_for_selector(".yj-articles tbody tr")
    page.get_by_role("button", name=HANS.collection_update).click()
    page.wait_for_selector(DONE)

    # Customers see no links to what they cannot enter; whoever has entered it does.
    links = page.locator(".yj-nav a", has_text=HANS.nav_operations)
    assert links.is_visible()
    page.locator(".yj-nav a", has_text=HANS.nav_chat).click()
    wait_for_chat(page)
    links.wait_for()
    customer = watched(served.url + "/zh-hans/")
    wait_for_chat(customer)
    assert customer.locator(".yj-nav a").count() == 3
    assert not customer.locator(".yj-nav").is_visible()
    assert customer.locator(".yj-languages").is_visible()


def test_the_links_stay_until_a_token_is_refused(browser, watched, served):
    watched.allowed += ["401: ", REFUSED.format(401)]
    context = browser.new_context(locale="zh-CN")
    staff = "document.documentElement.classList.contains('yj-staff')"
    kept = "localStorage.getItem('yj-staff')"
    one = watched(served.url + "/page/icon.svg", context=context)
    one.evaluate("sessionStorage.setItem('yj-token', 'right')")
    one.goto(served.url + "/zh-hans/collection")
    until(one, staff)
    # A tab that has no token says nothing of the one that has it.
    other = watched(served.url + "/zh-hans/collection", context=context)
    field = other.locator("dialog input[type=password]")
    field.wait_for()
    assert other.evaluate(kept) == "1"
    field.fill("wrong")
    other.keyboard.press("Enter")
    other.get_by_text(HANS.nav_token_wrong).wait_for()
    assert other.evaluate(kept) is None
    # What was refused is not sent again, where the chat asks what everybody may ask.
    other.get_by_role("button", name=HANS.nav_cancel).click()
    with other.expect_response("**/api/feedback") as answered:
        other.goto(served.url + "/zh-hans/")
        wait_for_chat(other)
    assert "authorization" not in answered.value.request.headers
    assert not other.evaluate(staff)
    context.close()


# --- states --------------------------------------------------------------------------------------


def test_loading_failing_and_trying_again(watched, admitted, served):
    watched.allowed += ["console: Failed to load resource"]
    page = admitted()
    page.route("**/api/collection", lambda route: route.abort())
    page.goto(served.url + "/en/collection")
    page.get_by_text(ENGLISH.collection_unreachable).wait_for()
    assert violations(page) == []
    page.unroute("**/api/collection")
    page.get_by_role("button", name=ENGLISH.collection_retry).click()
    page.wait_for_selector(".yj-articles tbody tr")
    assert page.locator(".yj-state:visible").count() == 0


def changed(page, change):
    """Let the page see another overview than the server's."""

    def handle(route):
        told = route.fetch().json()
        change(told)
        route.fulfill(json=told)

    page.route("**/api/collection", handle)


def test_where_administration_is_off_the_page_says_so(watched, admitted):
    watched.allowed += ["403: ", REFUSED.format(403)]
    page = admitted()
    page.route("**/api/collection", lambda route: route.fulfill(status=403, json={"error": "off"}))
    page.goto(page.url.replace("/page/icon.svg", "/en/collection"))
    page.get_by_text(ENGLISH.collection_off).wait_for()
    for hidden in (".yj-drop", ".yj-headline .yj-buttons", ".yj-tabs"):
        assert page.locator(hidden).is_hidden()
    assert violations(page) == []


def test_a_job_that_somebody_else_started_is_shown_and_its_end_too(admitted, served):
    job = {
        "id": "0123456789abcdef",
        "stopping": False,
        "kind": "rebuild",
        "state": "running",
        "stage": "files read",
        "done": 3,
        "total": 7,
        "seconds": 4.2,
    }
    page = admitted()
    changed(page, lambda told: told.update(job=job))
    page.goto(served.url + "/zh-hant/collection")
    strings = ALL[Language.HANT]
    told = page.get_by_text(
        f"{strings.collection_job_rebuild} · {strings.collection_stage_files_read}"
    )
    told.wait_for()
    assert told.get_attribute("role") == "status"
    assert page.locator(".yj-job-counts").inner_text() == "3 / 7 · 4 秒"
    assert (
        page.locator(".yj-progress").get_attribute("aria-label") == strings.collection_job_rebuild
    )
    assert page.get_by_role("button", name=strings.collection_choose).is_disabled()
    assert violations(page) == []
    # It can be stopped; that is asked for once, and told until it is so.
    asked = []

    def stopping(route):
        asked.append(route.request.post_data_json)
        job["stopping"] = True
        route.fulfill(json={})

    page.route("**/api/collection/jobs/stop", stopping)
    page.get_by_role("button", name=strings.collection_stop).click()
    stop = page.get_by_role("button", name=strings.collection_stopping)
    stop.wait_for()
    assert stop.is_disabled()
    assert asked == [{"id": job["id"]}]
    job |= {"state": "stopped"}
    page.get_by_text(
        strings.collection_stopped.format(job=strings.collection_job_rebuild)
    ).wait_for()
    job |= {"state": "running", "stopping": False}
    page.reload()
    told.wait_for()
    job |= {"state": "failed", "code": "locked"}
    page.get_by_text(strings.collection_failed).wait_for()
    assert page.get_by_role("button", name=strings.collection_choose).is_enabled()


def test_a_second_job_is_refused_in_words(watched, open_collection):
    watched.allowed += ["409: ", "console: Failed to load resource"]
    page = open_collection("/en/collection")
    page.route(
        "**/api/collection/jobs",
        lambda route: route.fulfill(status=409, json={"error": "busy", "code": "busy"}),
    )
    page.get_by_role("button", name=ENGLISH.collection_update).click()
    page.get_by_text(ENGLISH.collection_error_busy).wait_for()


def test_far_down_the_list_what_can_be_done_and_what_came_of_it_are_in_sight(
    watched, open_collection
):
    watched.allowed += ["409: ", REFUSED.format(409)]
    page = open_collection(width=360, height=700)
    box = page.locator(".yj-articles tbody input[type=checkbox]").nth(20)
    box.scroll_into_view_if_needed()
    box.check()
    remove = page.get_by_role("button", name=HANS.collection_remove)
    expect(remove).to_be_in_viewport(ratio=1)
    page.route(
        "**/api/collection/removal",
        lambda route: route.fulfill(status=409, json={"error": "locked", "code": "locked"}),
    )
    remove.click()
    expect(page.get_by_text(HANS.collection_error_locked)).to_be_in_viewport()


def test_an_empty_collection_invites(admitted, served):
    page = admitted()

    def emptied(told):
        told["facets"] = {name: [] for name in ("sources", "languages", "tags", "years")}
        told["facets"] |= {"undated": 0, "without_source": 0}
        told["counts"] = dict.fromkeys(told["counts"], 0)

    changed(page, emptied)
    nothing = {"generation": "g000001", "total": 0, "page": 1, "pages": 1, "size": 25, "rows": []}
    page.route("**/api/collection/articles?*", lambda route: route.fulfill(json=nothing))
    page.goto(served.url + "/en/collection")
    page.get_by_text(ENGLISH.collection_empty).wait_for()
    assert page.locator(".yj-overview").is_hidden()
    assert violations(page) == []
