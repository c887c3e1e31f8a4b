"""The article as the panel gets it: cut exactly, in code points."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ui_askers import FIRST_SENTENCE, LIBRARY, POISON, citation

from index.article import Article, Damage, Heading, Script
from index.errors import UsageError
from ui.article_view import CONTEXT_CHARS, view_article


def article(text, **more):
    fixed = {"id": "a", "title": "t", "path": "p", "language": "zh", "encoding": "utf-8"}
    return Article(text=text, script=Script.SIMPLIFIED, **fixed, **more)


def joined(runs):
    return "".join(run["text"] for run in runs)


@st.composite
def spans(draw, size):
    start, end = sorted((draw(st.integers(0, size)), draw(st.integers(0, size))))
    return start, end


@given(st.data())
def test_the_pieces_are_the_text_whatever_headings_and_damages_cross_them(data):
    text = data.draw(st.text("a😀𠮷\n中 \u202e", min_size=1, max_size=40))
    start, end = data.draw(spans(len(text)))
    headings = [Heading(*data.draw(spans(len(text))), 2) for _ in range(2)]
    damages = [Damage(*data.draw(spans(len(text))), "lost")]
    view = view_article(
        article(text, headings=tuple(headings), damages=tuple(damages)), start=start, end=end
    )
    assert joined(view["before"]) == text[:start]
    assert joined(view["quote"]) == text[start:end]
    assert joined(view["after"]) == text[end:]


def test_headings_and_damaged_spots_are_marked_and_the_quote_is_exact():
    cited = citation(LIBRARY, FIRST_SENTENCE, 1)
    view = view_article(LIBRARY, start=cited.start, end=cited.end)
    assert joined(view["quote"]) == FIRST_SENTENCE
    assert view["before"][0] == {"text": "城南营业厅试点记"[:8], "heading": 1, "damage": None}
    assert {"text": "小旗", "heading": 0, "damage": "lead byte lost"} in view["before"]
    assert {"text": "后来的安排", "heading": 2, "damage": None} in view["after"]
    assert view["url"] == LIBRARY.url
    assert view["published"] == "2024-05-06"


def test_a_url_that_is_none_is_text():
    view = view_article(POISON, start=0, end=1)
    assert view["url"] is None
    assert view["url_text"] == "javascript:alert(15)"


def test_a_long_article_is_cut_and_says_by_how_much():
    long = article("前" * 50_000 + "引文" + "后" * 60_000)
    view = view_article(long, start=50_000, end=50_002)
    assert joined(view["before"]) == "前" * CONTEXT_CHARS
    assert joined(view["quote"]) == "引文"
    assert view["cut_before_chars"] == 50_000 - CONTEXT_CHARS
    assert view["cut_after_chars"] == 60_000 - CONTEXT_CHARS
    whole = view_article(long, start=50_000, end=50_002, whole=True)
    assert joined(whole["before"] + whole["quote"] + whole["after"]) == long.text
    assert whole["cut_before_chars"] == whole["cut_after_chars"] == 0


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (3, 2), (0, 99)])
def test_a_span_outside_the_article_is_refused(start, end):
    with pytest.raises(UsageError, match="not inside article a"):
        view_article(article("短文"), start=start, end=end)
