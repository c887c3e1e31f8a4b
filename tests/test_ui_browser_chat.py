"""The chat in a real browser: no question lost, asking again, filters, how an answer was found."""

import re
import time

import pytest
from playwright.sync_api import expect
from ui_askers import FIRST_SENTENCE
from ui_browser import ASK, ask, contrast, until, violations, wait_for_chat

from ui.strings import ALL, Language

pytestmark = pytest.mark.browser

SIMPLIFIED = ALL[Language.HANS]
QUESTION = "试点期间办理了多少笔业务？"
LONG = "要很久的问题"
IDLE = (
    "!document.querySelector('.yj-progress') && !document.querySelector('.yj-waits')"
    " && document.querySelector('#yj-question .submit-button')"
)


def questions(page):
    return page.locator(".yj-question").all_inner_texts()


def press(page, text):
    page.fill(ASK, text)
    page.press(ASK, "Enter")


@pytest.mark.slow
def test_no_question_is_lost_that_comes_when_an_answer_gets_whole(open_page):
    page = open_page()
    # The page itself asks, in the very frame in which it sees the answer before it whole (its
    # record is there): no test could press a key sooner.
    page.evaluate(
        """([ask, total]) => {
          const box = document.querySelector(ask);
          const value = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value');
          let n = 0;
          const next = () => {
            n += 1;
            value.set.call(box, `第${n}个问题`);
            box.dispatchEvent(new Event('input', {bubbles: true}));
            const enter = {key: 'Enter', bubbles: true, cancelable: true};
            box.dispatchEvent(new KeyboardEvent('keypress', enter));
          };
          new MutationObserver(() => {
            const whole = document.querySelectorAll('.yj-record').length;
            if (whole === n && n < total) next();
          }).observe(document.querySelector('#yj-chat'), {childList: true, subtree: true});
          next();
        }""",
        [ASK, 12],
    )
    until(page, f"document.querySelectorAll('.yj-record').length === 12 && {IDLE}")
    assert questions(page) == [f"第{n}个问题" for n in range(1, 13)]


def test_questions_asked_while_an_answer_runs_take_their_turn(open_page):
    page = open_page()
    press(page, LONG)
    until(page, "document.querySelectorAll('.yj-said').length > 2")
    press(page, "第二问")
    # It stands in the chat at once, says that it waits, and has left the box.
    until(page, "document.querySelector('.yj-waits')")
    until(page, f"document.querySelector('{ASK}').value === ''")
    press(page, "第三问")
    until(page, "document.querySelectorAll('.yj-waits').length === 2")
    assert questions(page) == [LONG, "第二问", "第三问"]
    page.click("#yj-question .stop-button")
    until(page, f"document.querySelectorAll('.yj-record').length === 3 && {IDLE}")
    assert questions(page) == [LONG, "第二问", "第三问"]
    assert page.locator(".yj-stopped").count() == 1
    assert page.locator(".yj-answer").nth(2).locator(".yj-said").count() == 3


def test_two_quick_presses_ask_once_and_words_typed_meanwhile_stay(open_page):
    page = open_page()
    page.fill(ASK, QUESTION)
    page.press(ASK, "Enter")
    page.press(ASK, "Enter")
    page.locator(ASK).press_sequentially("下一句")
    until(page, IDLE)
    page.wait_for_timeout(300)
    assert questions(page) == [QUESTION]
    assert page.input_value(ASK) == "下一句"


def test_evidence_comes_before_the_answer_and_nothing_that_is_read_moves(open_page):
    page = open_page()
    page.evaluate(
        """() => {
          window.seen = [];
          const note = () => {
            const said = document.querySelector('.yj-said');
            window.seen.push({
              passages: document.querySelectorAll('.yj-early a.yj-passage').length,
              said: document.querySelectorAll('.yj-said').length,
              // Below the question: the page itself may scroll to it.
              top: said && Math.round(said.getBoundingClientRect().top
                - document.querySelector('.yj-question').getBoundingClientRect().top),
            });
          };
          new MutationObserver(() => requestAnimationFrame(note))
            .observe(document.querySelector('#yj-chat'), {childList: true, subtree: true});
        }"""
    )
    press(page, LONG)
    until(page, "document.querySelectorAll('.yj-said').length > 30")
    page.click("#yj-question .stop-button")
    until(page, IDLE)
    seen = page.evaluate("window.seen")
    assert any(view["passages"] == 3 and view["said"] == 0 for view in seen)
    views = [view for view in seen if view["said"]]
    assert len({view["said"] for view in views}) > 3
    assert len({view["top"] for view in views}) == 1, views
    assert page.locator(".yj-early").count() == 0


@pytest.mark.parametrize("width", [1280, 360])
def test_the_question_stays_in_sight_above_its_answer(open_page, width):
    page = open_page(width=width, height=640)
    for question in ("前一问", "第二问", "今天天气怎么样？"):
        ask(page, question)
    page.wait_for_timeout(300)
    place = page.evaluate(
        """() => {
          const view = document.querySelector('#yj-chat .bubble-wrap').getBoundingClientRect();
          const last = [...document.querySelectorAll('.yj-question')].at(-1);
          const box = last.getBoundingClientRect();
          return [box.top - view.top, view.bottom - box.bottom];
        }"""
    )
    assert min(place) >= -2, place


def test_further_questions_come_after_the_answer_and_can_be_asked(open_page):
    page = open_page()
    ask(page, QUESTION)
    further = page.locator("#yj-further button")
    further.first.wait_for()
    # Not markup: what they say stands in them as it is.
    assert further.all_inner_texts() == ["城北呢？", "<b>城东</b>呢？"]
    further.nth(1).click()
    until(page, f"document.querySelectorAll('.yj-record').length === 2 && {IDLE}")
    assert questions(page) == [QUESTION, "<b>城东</b>呢？"]
    until(page, "!document.querySelector('#yj-further button')")


def test_the_last_question_can_be_asked_again_and_edited(open_page):
    page = open_page(height=500)
    ask(page, "前一问")
    ask(page, QUESTION)
    last = "document.querySelectorAll('.yj-record')[1]?.textContent"
    before = page.evaluate(last)
    page.click("#yj-retry")
    until(page, f"before => {last} && {last} !== before && {IDLE}", arg=before)
    assert questions(page) == ["前一问", QUESTION]
    # As a new one would be: in sight, above its answer.
    in_sight = """() => {
      const view = document.querySelector('#yj-chat .bubble-wrap').getBoundingClientRect();
      const box = [...document.querySelectorAll('.yj-question')].at(-1).getBoundingClientRect();
      return box.top >= view.top - 2 && box.bottom <= view.bottom;
    }"""
    page.hover("#yj-chat")
    page.mouse.wheel(0, -5000)
    until(page, f"() => !({in_sight})()")
    page.click("#yj-retry")
    until(page, in_sight)
    until(page, IDLE)
    assert page.evaluate(in_sight)

    page.click("#yj-edit")
    until(page, f"document.querySelector('{ASK}').value !== ''")
    assert page.input_value(ASK) == QUESTION
    # Its own words: while it is being made, Gradio keeps a clock in it that nobody sees.
    until(
        page,
        "text => document.querySelector('#yj-editing .prose')?.innerText.trim() === text",
        arg=SIMPLIFIED.chat_editing,
    )
    assert page.locator("#yj-edit").count() == 0
    page.click("#yj-leave")
    until(page, f"document.querySelector('{ASK}').value === ''")
    page.wait_for_selector("#yj-edit")

    page.focus("#yj-edit")
    page.keyboard.press("Enter")
    until(page, f"document.querySelector('{ASK}').value !== ''")
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    page.fill(ASK, "改过的问题")
    page.press(ASK, "Enter")
    until(
        page, f"document.querySelectorAll('.yj-question')[1].textContent === '改过的问题' && {IDLE}"
    )
    assert questions(page) == ["前一问", "改过的问题"]
    until(page, "!document.querySelector('#yj-editing')")


def test_filters_go_along_are_told_and_can_be_taken_back(open_page):
    page = open_page()
    page.click(".yj-filter-toggle")
    page.wait_for_selector(".yj-filter-value")
    assert page.locator(".yj-filter-group legend").all_inner_texts() == ["来源", "语言", "标签"]
    source = page.locator(".yj-filter-value", has_text="江畔日报")
    assert source.locator(".yj-filter-count").inner_text() == "1"
    source.locator("input").check()
    page.fill('[name="since"]', "2021-05-01")
    page.fill('[name="until"]', "2020-01-01")
    page.locator('[name="until"]').blur()
    assert page.locator(".yj-filter-wrong").inner_text() == SIMPLIFIED.filter_swapped
    page.fill('[name="until"]', "2024-12-31")
    page.locator('[name="until"]').blur()
    assert page.locator(".yj-filter-wrong").is_hidden()
    chips = page.locator(".yj-chip")
    assert [text.replace("\n", "") for text in chips.all_inner_texts()] == [
        "2021-05-01 – 2024-12-31×",
        "江畔日报×",
    ]
    ask(page, QUESTION)
    told = "筛选：2021-05-01 起 · 2024-12-31 止 · 江畔日报"
    assert told in page.locator(".yj-note").all_inner_texts()
    chips.nth(0).click()
    ask(page, "再问")
    assert "筛选：江畔日报" in page.locator(".yj-note").all_inner_texts()
    page.locator(".yj-chip").nth(0).click()
    assert page.locator(".yj-chip").count() == 0
    ask(page, "又问")
    assert page.locator(".yj-answer").nth(2).locator(".yj-note", has_text="筛选").count() == 0
    page.keyboard.press("Escape")


def test_when_the_filters_leave_nothing_they_can_be_cleared_from_the_answer(open_page):
    page = open_page()
    page.click(".yj-filter-toggle")
    page.locator(".yj-filter-value", has_text="英文").locator("input").check()
    page.click(".yj-filter-toggle")
    ask(page, QUESTION)
    assert SIMPLIFIED.chat_nothing_passes in page.locator(".yj-declined").inner_text()
    page.locator(".yj-do-unfilter").press("Enter")
    until(page, f"document.querySelectorAll('.yj-said').length === 3 && {IDLE}")
    assert questions(page) == [QUESTION]
    assert page.locator(".yj-chip").count() == 0
    assert page.locator(".yj-said").first.inner_text() == FIRST_SENTENCE


def test_what_gradio_would_say_is_said_in_the_notices_of_the_page(open_page):
    page = open_page()
    page.evaluate(
        """() => {
          const field = document.querySelector('#yj-filters-value textarea');
          const value = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value');
          value.set.call(field, 'no filters');
          field.dispatchEvent(new Event('input', {bubbles: true}));
        }"""
    )
    press(page, QUESTION)
    told = page.locator('.yj-banner[data-name="toast"]')
    told.wait_for()
    assert SIMPLIFIED.filter_bad_day in told.inner_text()
    assert "Warning" not in page.locator("body").inner_text()
    assert page.input_value(ASK) == QUESTION
    assert questions(page) == []


def test_each_thing_said_is_shown_for_its_own_time(open_page):
    page = open_page()
    page.evaluate(
        """() => {
          const { setTimeout, clearTimeout } = window;
          window.held = new Map(); // the timers of ten seconds: they end when the test says so
          window.setTimeout = (end, ms, ...more) => {
            if (ms !== 10_000) return setTimeout(end, ms, ...more);
            const name = `held ${Math.random()}`;
            held.set(name, end);
            return name;
          };
          window.clearTimeout = (id) => held.delete(id) || clearTimeout(id);
        }"""
    )
    say = """(text) => {
      const toast = document.createElement('div');
      toast.className = 'warning';
      toast.dataset.testid = 'toast-body';
      toast.innerHTML = '<p data-testid="toast-text"></p>';
      toast.firstChild.textContent = text;
      document.body.append(toast);
    }"""
    told = page.locator('.yj-banner[data-name="toast"] .yj-banner-text')
    page.evaluate(say, "先说的")
    expect(told).to_have_text("先说的")
    first = page.evaluate("[...held.keys()].at(-1)")
    page.evaluate(say, "后说的")
    expect(told).to_have_text("后说的")
    page.evaluate("name => held.get(name)?.()", first)
    expect(told).to_have_text("后说的")
    page.evaluate("[...held.values()].at(-1)()")
    expect(told).to_have_count(0)


def test_a_long_question_leaves_room_for_what_is_said_to_it(open_page):
    page = open_page(width=360, height=640)
    press(page, "很长的问题" * 450)
    page.wait_for_selector(".yj-error")
    page.wait_for_timeout(300)
    assert page.locator(".yj-error").bounding_box()["y"] < 500


def test_a_conversation_is_restored_from_its_records(open_page, watched):
    watched.allowed.append("console: ")  # Gradio complains of the stream that a reload cuts
    page = open_page()
    ask(page, QUESTION)
    records = page.evaluate(
        """() => [...document.querySelectorAll('.yj-record')].map((node) => {
          const raw = atob(node.textContent.replaceAll('-', '+').replaceAll('_', '/'));
          return new TextDecoder().decode(Uint8Array.from(raw, (c) => c.charCodeAt(0)));
        })"""
    )
    shown = page.locator(".yj-answer").inner_html()
    page.reload()
    wait_for_chat(page)
    restore(page, f"[{','.join(records)}]")
    page.wait_for_selector(".yj-record", state="attached")
    assert page.locator(".yj-answer").inner_html() == shown
    ask(page, "接着问")
    assert questions(page) == [QUESTION, "接着问"]
    # What no page has written is refused, and changes nothing.
    restore(page, '[{"v":1,"id":"<img src=x>"}]')
    expect(page.locator("body")).to_contain_text(SIMPLIFIED.chat_not_restored)
    assert questions(page) == [QUESTION, "接着问"]


def restore(page, text):
    page.evaluate(
        """(text) => {
          const field = document.querySelector('#yj-restore textarea, #yj-restore input');
          const kind = field.constructor.prototype;
          Object.getOwnPropertyDescriptor(kind, 'value').set.call(field, text);
          field.dispatchEvent(new Event('input', {bubbles: true}));
          document.querySelector('#yj-restore-go').click();
        }""",
        text,
    )


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/zh-hans/", "/zh-hant/", "/en/"])
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_every_state_is_readable_and_accessible(open_page, path, width, scheme):
    page = open_page(path, width=width, height=740, scheme=scheme)
    fits = """() => [...document.querySelectorAll('main.contain *')]
        .filter((n) => !n.closest('#yj-further, #yj-steps, .yj-chips, .yj-collection'))
        .filter((n) => n.getBoundingClientRect().right > window.innerWidth + 1)
        .map((n) => n.outerHTML.slice(0, 120))"""
    # Gradio draws its examples as a list of buttons, and the page's script mends that.
    until(page, """() => !document.querySelector('#yj-chat .examples[role="list"]')""")
    assert violations(page) == []
    assert page.evaluate(fits) == []
    # Links within the page stay in this tab, and say where one is.
    assert page.locator("#yj-navigation a[target]").count() == 0
    assert page.locator("#yj-navigation [aria-current]").count() == 2
    ask(page, QUESTION)
    page.evaluate("document.querySelectorAll('#yj-chat details').forEach((d) => (d.open = true))")
    page.click(".yj-filter-toggle")
    page.wait_for_selector(".yj-filter-value")
    page.locator(".yj-filter-value input").first.check()
    assert violations(page) == []
    assert page.evaluate(fits) == []
    for selector in (
        ".yj-filter-toggle",
        ".yj-chip bdi",
        ".yj-filter-count",
        ".yj-filter-group legend",
        ".yj-how dt",
        ".yj-how dd bdi",
        ".yj-do-copy",
        ".yj-frame",
    ):
        assert contrast(page, selector) >= 4.5, selector
    page.click(".yj-chip")
    page.click(".yj-filter-toggle")
    for selector in ("#yj-retry", "#yj-edit"):
        assert contrast(page, selector) >= 4.5, selector
    ask(page, "今天天气怎么样？")
    assert violations(page) == []
    assert contrast(page, ".yj-actions-handoff .yj-do-handoff") >= 4.5
    assert page.evaluate(fits) == []


def test_the_header_tells_of_the_collection_as_it_is_now(open_page):
    page = open_page()
    assert page.locator(".yj-collection").inner_text().startswith("3 篇文章")
    ask(page, "换一批文章")
    other = open_page()
    expect(other.locator(".yj-collection")).to_have_text(re.compile("^4 篇文章"))
    assert other.locator("#yj-tools").count() == 1


def test_leaving_in_the_middle_of_an_answer_ends_it(open_page, watched, server):
    watched.allowed.append("console: ")  # Gradio complains of the stream that it left
    page = open_page()
    before = server.closed_streams()
    press(page, LONG)
    until(page, "document.querySelectorAll('.yj-said').length > 2")
    page.goto("about:blank")
    deadline = time.monotonic() + 10
    while server.closed_streams() == before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert server.closed_streams() == before + 1
