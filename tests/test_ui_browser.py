"""The page in a real browser: asking, reading the evidence, and staying harmless.

One server and one browser for all; each test has a page of its own that records every request,
dialog and console error, and fails on a foreign request, a dialog or an error.
"""

import re
import time

import pytest
from ui_askers import (
    DECLINED,
    ENGLISH,
    FIRST_SENTENCE,
    HUGE,
    HUGE_QUOTE,
    LIBRARY,
    PAYLOADS,
    POISON,
    SECOND_SENTENCE,
    serving,
)
from ui_browser import ASK, ask, contrast, free_port, until, wait_for_chat

from ui.strings import ALL, Language

pytestmark = pytest.mark.browser

SIMPLIFIED = ALL[Language.HANS]

QUESTION = "试点期间办理了多少笔业务？"


def visible_part(page, selector):
    """How much of an element's box lies inside the panel's text, from 0 to 1."""
    return page.evaluate(
        """selector => {
          const a = document.querySelector(selector).getBoundingClientRect();
          const b = document.querySelector('.yj-body').getBoundingClientRect();
          const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
          return Math.max(0, height) / a.height;
        }""",
        selector,
    )


def test_an_answer_streams_and_its_citations_open_exactly_what_they_cite(open_page):
    page = open_page()
    assert page.locator(".yj-collection").inner_text().startswith("3 篇文章 · 42 个片段")
    until(page, "document.documentElement.lang === 'zh-Hans'")  # Gradio writes the browser's first
    ask(page, QUESTION)
    assert page.locator(".yj-question").inner_text() == QUESTION
    assert page.locator(".yj-said").all_inner_texts()[:2] == [FIRST_SENTENCE, SECOND_SENTENCE]
    assert page.input_value(ASK) == ""

    page.click("a.yj-cite >> nth=0")
    mark = page.wait_for_selector("mark")
    # Emoji, a flag and a rare Han character stand before it: offsets are code points.
    assert mark.text_content() == FIRST_SENTENCE
    assert visible_part(page, "mark") == 1
    assert page.locator(".yj-text").text_content() == LIBRARY.text
    assert page.locator(".yj-title").inner_text() == LIBRARY.title
    facts = page.locator(".yj-facts").inner_text()
    assert facts == "江畔日报 · 何小满 · 2024-05-06 · articles/counter.md"
    link = page.locator(".yj-original a")
    assert link.get_attribute("href") == LIBRARY.url
    assert link.get_attribute("rel") == "noopener noreferrer"
    assert len(page.context.pages) == 1

    page.click(".yj-next")
    until(page, f"document.querySelector('mark')?.textContent === '{SECOND_SENTENCE}'")
    assert page.locator(".yj-position").inner_text() == "引用 2 · 第 2 / 3 条"
    page.click("a.yj-source >> nth=2")
    until(page, "document.querySelector('.yj-title').textContent.startsWith('River')")
    assert page.locator(".yj-text").text_content() == ENGLISH.text

    # The passages below the answer open too.
    page.click(".yj-passages summary")
    page.click("a.yj-passage >> nth=0")
    until(page, "document.querySelector('mark')?.textContent.includes('排队的人少了')")
    page.click(".yj-close")
    assert page.locator("#yj-panel").is_hidden()


def test_the_keyboard_alone_is_enough(open_page):
    page = open_page()
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    page.keyboard.type(QUESTION)
    page.keyboard.press("Enter")
    page.wait_for_selector(".yj-sources")
    page.wait_for_selector("#yj-question .submit-button")
    for _ in range(30):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.textContent").endswith("引用 2"):
            break
    assert page.evaluate("document.activeElement.className") == "yj-cite"
    page.keyboard.press("Enter")
    page.wait_for_selector("mark")
    assert page.locator("mark").text_content() == SECOND_SENTENCE
    assert page.evaluate("document.activeElement.tagName") == "MARK"
    page.keyboard.press("Escape")
    assert page.locator("#yj-panel").is_hidden()
    assert page.evaluate("document.activeElement.textContent").endswith("2")

    # Enter that ends a composition of an input method sends nothing.
    page.focus(ASK)
    page.keyboard.type("pinyin")
    page.evaluate(
        f"""document.querySelector('{ASK}').dispatchEvent(new KeyboardEvent(
            'keydown', {{key: 'Enter', isComposing: true, bubbles: true, cancelable: true}}))"""
    )
    assert page.input_value(ASK) == "pinyin"
    assert page.locator(".yj-question").count() == 1


def test_examples_ask_and_a_new_conversation_forgets(open_page):
    page = open_page()
    examples = page.locator("#yj-chat .example")
    assert examples.all_inner_texts()[2].strip() == PAYLOADS[1]
    examples.nth(0).click()
    page.wait_for_selector(".yj-sources")
    assert page.locator(".yj-question").inner_text() == QUESTION
    page.click("a.yj-cite >> nth=0")
    page.wait_for_selector("mark")
    page.click("#yj-new")
    page.wait_for_selector(".yj-empty")
    assert page.locator(".yj-answer").count() == 0
    assert page.locator("#yj-panel").is_hidden()


def test_declining_failing_and_stopping_say_what_happened(open_page, server):
    page = open_page()
    ask(page, "今天天气怎么样？")
    declined = page.locator(".yj-declined").inner_text()
    assert declined.splitlines()[0] == DECLINED
    assert page.locator("a.yj-passage").count() == 3
    page.click("a.yj-passage >> nth=2")
    page.wait_for_selector("mark")
    assert page.locator("mark").text_content() == ENGLISH.text
    page.keyboard.press("Escape")

    ask(page, "？！")
    assert SIMPLIFIED.not_askable in page.locator(".yj-error").last.inner_text()
    page.fill(ASK, "银" * 2001)
    page.press(ASK, "Enter")
    until(page, "[...document.querySelectorAll('.yj-error')].some(e => /2001/.test(e.innerText))")
    ask(page, "没有索引")
    assert SIMPLIFIED.failed_index in page.locator(".yj-error").last.inner_text()
    ask(page, "出错")
    shown = page.locator(".yj-error").last.inner_text()
    assert SIMPLIFIED.failed_inside in shown
    assert "secret" not in page.content()

    before = server.closed_streams()
    page.fill(ASK, "要很久的问题")
    page.press(ASK, "Enter")
    until(page, "document.querySelectorAll('.yj-answer:last-child .yj-said').length > 3")
    page.fill(ASK, "下一个问题")
    page.click("#yj-question .stop-button")
    page.wait_for_selector(".yj-stopped")
    page.wait_for_selector("#yj-question .submit-button")
    assert page.input_value(ASK) == "下一个问题"
    deadline = time.monotonic() + 5
    while server.closed_streams() == before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert server.closed_streams() == before + 1


def test_updates_come_at_a_pace_that_people_see(open_page):
    page = open_page()
    page.evaluate(
        """() => {
          window.changes = [];
          new MutationObserver(() => {
            const n = document.querySelectorAll('.yj-said').length;
            if (n !== window.changes.at(-1)?.[1]) window.changes.push([performance.now(), n]);
          }).observe(document.querySelector('#yj-chat'), {childList: true, subtree: true});
        }"""
    )
    page.fill(ASK, "要很久的问题")
    page.press(ASK, "Enter")
    until(page, "document.querySelectorAll('.yj-said').length > 40")
    changes = page.evaluate("window.changes")
    page.click("#yj-new")
    page.wait_for_selector(".yj-empty")
    seconds = (changes[-1][0] - changes[0][0]) / 1000
    assert len(changes) > 5
    assert len(changes) / seconds < 14


def test_a_poisoned_collection_is_text(open_page):
    page = open_page()
    ask(page, "毒 " + " ".join(PAYLOADS))
    shown = page.evaluate("[...document.querySelectorAll('.yj-said')].map(n => n.textContent)")
    assert shown == [re.sub("\0", "\ufffd", payload) for payload in PAYLOADS]
    assert page.locator(".yj-question").text_content().endswith(PAYLOADS[-1])
    inside = page.evaluate(
        """() => [...document.querySelectorAll('.yj-answer *, .yj-question *')]
          .map(n => n.tagName.toLowerCase() + [...n.attributes].map(a => ' ' + a.name).join(''))"""
    )
    assert set(inside) <= {
        "div class",
        "p class",
        "span class",
        "span class title",
        "bdi",
        "bdi class",
        "ol",
        "li",
        "details class",
        "summary",
        "a class href",
        "a href class role",
        "a href class role aria-pressed",
        "a class href title",
        "span class hidden",
        "table class",
        "thead",
        "tbody",
        "tr",
        "th scope",
        "td",
        "dl",
        "dt",
        "dd",
    }
    hrefs = page.evaluate("[...document.querySelectorAll('.yj-answer a')].map(a => a.href)")
    assert all(href.split("#")[1].startswith(("cite/", "do/")) for href in hrefs)

    for n in (0, 17, 21, 25):
        page.locator("a.yj-cite").nth(n).click()
        until(
            page, "quote => document.querySelector('mark')?.textContent === quote", arg=PAYLOADS[n]
        )
        assert visible_part(page, "mark") == 1
    assert page.locator(".yj-text").text_content() == POISON.text
    assert len(POISON.title) == 10_000
    assert page.locator(".yj-title").text_content() == POISON.title
    assert page.locator(".yj-address").text_content() == POISON.url
    assert page.locator("#yj-panel a").count() == 0
    tags = page.evaluate(
        "[...new Set([...document.querySelectorAll('#yj-panel .yj-body *')].map(n => n.tagName))]"
    )
    assert set(tags) <= {"H2", "P", "BDI", "DIV", "SPAN", "MARK"}
    # An override is fenced in: what follows it in the line still stands to its right.
    order = page.evaluate(
        """() => {
          const said = [...document.querySelectorAll('.yj-said')][21];
          const first = said.querySelector('.yj-control');
          const after = document.createRange();
          after.setStart(first.nextSibling, 0); after.setEnd(first.nextSibling, 1);
          return first.getBoundingClientRect().right <= after.getBoundingClientRect().left + 1;
        }"""
    )
    assert order
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_an_article_of_five_megabytes_opens_at_its_mark(open_page):
    assert len(HUGE.text.encode()) > 5_000_000
    page = open_page()
    ask(page, "五兆")
    sizes = []
    page.on("response", lambda r: "/api/article" in r.url and sizes.append(len(r.body())))
    page.click("a.yj-cite >> nth=0")
    assert page.wait_for_selector("mark").text_content() == HUGE_QUOTE
    assert page.locator("mark").count() == 1
    assert visible_part(page, "mark") == 1
    # What makes it quick: only the neighbourhood is sent and drawn.
    assert sizes[0] < 200_000
    shown = page.locator(".yj-text").text_content()
    assert shown in HUGE.text
    assert page.locator(".yj-text img").count() == 0
    assert page.locator(".yj-cut").count() == 1  # before it; what comes after it is short
    # The whole is drawn when somebody asks for it, with the same mark.
    page.get_by_role("button", name=SIMPLIFIED.panel_show_all).click()
    until(
        page,
        "n => document.querySelector('.yj-text')?.textContent.length === n",
        arg=len(HUGE.text),
    )
    assert page.locator("mark").text_content() == HUGE_QUOTE
    assert visible_part(page, "mark") == 1


def test_a_citation_can_be_opened_from_its_address(open_page):
    start = ENGLISH.text.index("branch")
    page = open_page(path=f"/#cite/english-1/{start}/{start + 6}/1")
    page.wait_for_selector("mark")
    assert page.locator("mark").text_content() == "branch"


def test_an_article_that_is_gone_is_said_to_be(browser, server):
    page = browser.new_page(locale="zh-CN")
    page.goto(server.url + "/#cite/nobody/0/3/1")
    page.wait_for_selector(".yj-state")
    until(page, f"document.body.innerText.includes('{SIMPLIFIED.panel_gone}')")
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_narrow_screen_gets_a_sheet_and_both_schemes_are_readable(open_page, scheme):
    page = open_page(width=360, height=740, scheme=scheme)
    assert contrast(page, ".yj-empty p") >= 4.5
    ask(page, QUESTION)
    fits = "document.documentElement.scrollWidth <= 360 && document.body.scrollWidth <= 360"
    assert page.evaluate(fits)
    for selector in (
        ".yj-said",
        ".yj-cite",
        ".yj-partly",
        ".yj-question",
        ".yj-source-title",
        ".yj-byline bdi",
        ".yj-label",
        ".yj-collection",
        ".submit-button",
        "#yj-new",
    ):
        assert contrast(page, selector) >= 4.5, selector
    page.click("a.yj-cite >> nth=0")
    page.wait_for_selector("mark")
    assert page.locator("mark").text_content() == FIRST_SENTENCE
    assert visible_part(page, "mark") == 1
    for selector in (".yj-text", "mark", ".yj-title", ".yj-facts bdi", ".yj-position"):
        assert contrast(page, selector) >= 4.5, selector
    assert page.evaluate(fits)
    box = page.locator("#yj-panel").bounding_box()
    assert (box["x"], box["width"]) == (0, 360)
    assert box["y"] > 100
    # What lies behind the sheet cannot take the focus; a tap beside it closes it.
    assert page.evaluate("document.querySelector('gradio-app').inert")
    page.mouse.click(180, 60)
    assert page.locator("#yj-panel").is_hidden()
    assert not page.evaluate("document.querySelector('gradio-app').inert")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert dark == {"light": "rgb(246, 245, 241)", "dark": "rgb(21, 24, 27)"}[scheme]


@pytest.mark.slow
def test_the_sample_collection_from_question_to_highlight(browser, sample, sample_folder):
    question = "截至2月底，交行的在线机器人回答了多少笔提问，在线满意度是多少？"
    cited = sample.answer(question).citations[0]
    command = ("-m", "ui.cli", "chat", "--index", str(sample_folder), "--port", str(free_port()))
    with serving(command) as server:
        page = browser.new_page(locale="zh-CN", viewport={"width": 1280, "height": 800})
        foreign = []
        page.on(
            "request",
            lambda r: (
                foreign.append(r.url) if not r.url.startswith((server.url, "data:")) else None
            ),
        )
        page.goto(server.url)
        wait_for_chat(page)
        ask(page, question)
        assert "98.68%" in page.locator(".yj-said").first.inner_text()
        page.click("a.yj-cite >> nth=0")
        until(
            page, "quote => document.querySelector('mark')?.textContent === quote", arg=cited.quote
        )
        assert visible_part(page, "mark") == 1
        text = page.locator(".yj-text").text_content()
        assert cited.quote in text
        assert page.locator(".yj-title").text_content() == cited.title
        page.close()
        assert foreign == []


@pytest.mark.slow
def test_what_was_understood_is_shown_and_can_be_taken_back(browser, sample_folder):
    command = ("-m", "ui.cli", "chat", "--index", str(sample_folder), "--port", str(free_port()))
    with serving(command) as server:
        page = browser.new_page(locale="zh-CN", viewport={"width": 1280, "height": 800})
        page.goto(server.url)
        wait_for_chat(page)
        ask(page, "工行的网点有多少？")
        ask(page, "那建行呢，2021年以后？")
        undo = page.get_by_role("button", name=SIMPLIFIED.undo_dates)
        undo.wait_for()
        notes = " ".join(page.locator(".yj-note").all_inner_texts())
        assert "2021年以后：只查 2021-01-01 至 …" in notes
        assert "建行 也查" in notes
        undo.click()
        # Asked again in its place, without the filter.
        until(page, "() => !document.body.innerText.includes('只查 2021-01-01')")
        page.get_by_role("button", name=SIMPLIFIED.undo_aliases).wait_for()
        assert page.locator(".yj-question").count() == 2
        undo.wait_for(state="hidden")

        # What may have been meant is asked at a click.
        ask(page, "江湾银行和云夏银行签了什么协议？")
        page.locator(".yj-meant a").click()
        until(
            page,
            "[...document.querySelectorAll('.yj-question')].at(-1).innerText"
            " === '江湾银行和云峡银行签了什么协议？'",
        )
        page.close()
