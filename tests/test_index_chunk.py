from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.article import Article, Heading, Script
from index.chunk import chunk_article
from index.sentences import sentences


def article(text, headings=()):
    return Article(
        id="art",
        text=text,
        title="题",
        path="articles/a.md",
        language="zh",
        script=Script.SIMPLIFIED,
        encoding="utf-8",
        published=date(2024, 4, 1),
        headings=tuple(headings),
    )


LINES = st.text(
    st.sampled_from(
        "银行開放，。！？；、カなのthe bank 3.5%1,2「」“”👨\u200d👩🇨🇳e\u0301\ud83d\u3000"
    ),
    max_size=50,
)


@st.composite
def articles(draw):
    parts, headings, at = [], [], 0
    for is_heading, line in draw(st.lists(st.tuples(st.booleans(), LINES), max_size=8)):
        if is_heading:
            headings.append(Heading(at, at + len(line), draw(st.integers(1, 4))))
        parts.append(line + draw(st.sampled_from(["\n", "\n\n"])))
        at += len(parts[-1])
    return article("".join(parts), headings)


@given(articles(), st.integers(1, 60))
def test_chunks_are_exact_pieces_that_cover_the_text_once(art, max_chars):
    chunks = chunk_article(art, max_chars=max_chars)
    inside = {at for h in art.headings for at in range(h.start, h.end)}
    seen = [0] * len(art.text)
    for chunk in chunks:
        assert art.text[chunk.start : chunk.end] == chunk.text == chunk.text.strip()
        assert 0 < len(chunk.text) <= max_chars
        assert chunk.id == f"art:{chunk.start}-{chunk.end}"
        assert chunk.article_id == "art"
        for at in range(chunk.start, chunk.end):
            seen[at] += 1
    assert [c.start for c in chunks] == sorted(c.start for c in chunks)
    for at, char in enumerate(art.text):
        if at in inside:
            assert seen[at] <= 1
        elif not char.isspace():
            assert seen[at] == 1


@given(articles(), st.integers(1, 60))
def test_every_heading_is_findable_and_no_chunk_spans_one(art, max_chars):
    chunks = chunk_article(art, max_chars=max_chars)
    contexts = {heading for chunk in chunks for heading in chunk.headings}
    for heading in art.headings:
        words = art.text[heading.start : heading.end].strip()
        own = [c for c in chunks if heading.start <= c.start and c.end <= heading.end]
        assert not words or words in contexts or own
        for chunk in chunks:
            outside = chunk.end <= heading.start or heading.end <= chunk.start
            assert outside or chunk in own or heading.start == heading.end


@given(articles(), st.integers(20, 60))
def test_no_sentence_is_cut_that_would_fit(art, max_chars):
    chunks = chunk_article(art, max_chars=max_chars)
    borders = [0, *(at for h in art.headings for at in (h.start, h.end)), len(art.text)]
    for first, last in pairwise(borders):
        for start, end in sentences(art.text, first, last):
            if end - start <= max_chars:
                touching = [c for c in chunks if c.start < end and start < c.end]
                assert len(touching) <= 1


@given(articles())
def test_the_same_article_gives_the_same_chunks(art):
    assert chunk_article(art, max_chars=40) == chunk_article(art, max_chars=40)


def texts(chunks):
    return [chunk.text for chunk in chunks]


def test_paragraphs_are_the_first_choice():
    text = "一二三四五六七八九。甲乙丙丁戊己庚辛壬。\n子丑寅卯辰巳午未申。One two three."
    assert texts(chunk_article(article(text), max_chars=32)) == text.split("\n")


def test_small_paragraphs_share_a_chunk():
    text = "第一段在这里。\n第二段在这里。\n第三段在这里。"
    assert texts(chunk_article(article(text), max_chars=100)) == [text]


def test_the_last_chunk_is_no_crumb():
    text = "这一句话一共有十个字。" * 7
    assert [len(t) for t in texts(chunk_article(article(text), max_chars=66))] in (
        [33, 44],
        [44, 33],
    )


def test_headings_are_context_and_borders():
    text = "总则\n第一句。\n细则\n第二句。\n空的\n附则\n第三句。"

    def heading(words, level):
        at = text.index(words)
        return Heading(at, at + len(words), level)

    art = article(
        text, [heading("总则", 1), heading("细则", 2), heading("空的", 2), heading("附则", 1)]
    )
    assert [(c.text, c.headings) for c in chunk_article(art, max_chars=100)] == [
        ("第一句。", ("总则",)),
        ("第二句。", ("总则", "细则")),
        ("空的", ("总则",)),
        ("第三句。", ("附则",)),
    ]


def test_only_headings_and_nothing_at_all():
    text = "壹\n贰"
    art = article(text, [Heading(0, 1, 1), Heading(2, 3, 2)])
    assert [(c.text, c.headings) for c in chunk_article(art, max_chars=9)] == [("贰", ("壹",))]
    assert chunk_article(article(""), max_chars=9) == []
    assert chunk_article(article(" \n"), max_chars=9) == []


@pytest.mark.parametrize(
    ("text", "max_chars", "expected"),
    [
        ("甲乙丙丁戊，己庚辛壬癸，子丑寅卯。", 12, ["甲乙丙丁戊，己庚辛壬癸，", "子丑寅卯。"]),
        ("one two three four", 10, ["one two", "three four"]),
        ("金额达98.68万元和12,345元整", 8, ["金额达98.68", "万元和", "12,345元整"]),
        ("家庭👨\u200d👩\u200d👧是好", 5, ["家庭", "👨\u200d👩\u200d👧", "是好"]),
        ("国🇨🇳🇫🇷旗帜", 4, ["国🇨🇳", "🇫🇷旗帜"]),
        ("ne\u0301ne\u0301", 4, ["ne\u0301", "ne\u0301"]),
        ("abcdefgh", 3, ["abc", "def", "gh"]),
    ],
)
def test_a_sentence_that_is_too_long_is_cut_where_it_hurts_least(text, max_chars, expected):
    assert texts(chunk_article(article(text), max_chars=max_chars)) == expected


def test_the_limit_must_be_positive():
    with pytest.raises(ValueError, match="at least 1, not 0"):
        chunk_article(article("一。"), max_chars=0)


@pytest.mark.parametrize("unit", ["字", "字\n", "a", "。a", "\u200d", "🇨", "e\u0301", "1,"])
def test_monotonous_text_is_no_trap(unit):
    text = unit * (60_000 // len(unit))
    chunks = chunk_article(article(text), max_chars=320)
    assert "".join("".join(texts(chunks)).split()) == "".join(text.split())
    assert len(chunks) < 600
