"""The report of a run in a real browser: both schemes, a narrow screen, and paper."""

import pytest
from eval_runs import answer, case, citation, passage, write_run
from ui_browser import violations

from eval.report import write_report

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ALL_LEVELS = ("minor", "moderate", "serious", "critical")
TEXT = "去年共有12家。今年有15家分行。"


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    found = [passage(TEXT)]
    wrong = answer(passages=found, citations=[citation(1, 7, 15, TEXT[7:15])], probability=0.8)
    gold = {"answers": ["12家"], "spans": [[{"article": "a.md", "start": 4, "end": 10}]]}
    names = ("recall@5", "nDCG@10", "cited@1", "contains", "correct", "decided", "short_F1")
    rows = [
        case("wrong", metrics=dict.fromkeys(names, 0), answer=wrong, gold=gold, tags=["a"]),
        case("right", metrics=dict.fromkeys(names, 1), answer=answer(probability=0.9), tags=["b"]),
    ]
    before = [case(row["id"], metrics=dict.fromkeys(names, 1)) for row in rows]
    folder = tmp_path_factory.mktemp("report")
    return write_report(
        write_run(folder / "new", rows), baseline=write_run(folder / "old", before)
    )[1].as_uri()


@pytest.fixture
def shown(browser, report):
    opened = []

    def show(**how):
        # The page's own policy forbids the script of axe-core.
        opened.append(browser.new_context(bypass_csp=True, **how))
        page = opened[-1].new_page()
        page.goto(report)
        return page

    yield show
    for context in opened:
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_it(shown, scheme):
    page = shown(color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert violations(page, level=ALL_LEVELS) == []


def test_on_a_narrow_screen_tables_scroll_and_the_page_does_not(shown):
    page = shown(viewport={"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    table = page.locator(".scroll").first
    assert table.evaluate("box => box.scrollWidth > box.clientWidth")


def test_on_paper_nothing_is_folded_and_marks_keep_their_colour(shown):
    page = shown(color_scheme="dark")
    assert not page.get_by_text("recall@5", exact=True).last.is_visible()  # in the last case's fold
    page.emulate_media(media="print", color_scheme="dark")
    assert page.get_by_text("recall@5", exact=True).last.is_visible()
    mark = page.locator("mark.cited").first
    assert mark.evaluate("one => getComputedStyle(one).printColorAdjust") == "exact"
    ink = page.evaluate("getComputedStyle(document.body).color")
    assert max(map(int, ink[4:-1].split(","))) < 100  # dark ink, whatever the screen has
