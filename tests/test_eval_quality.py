"""Judging one answer by hand-made cases, and the tables."""

from datetime import date

import pytest

from eval.bench import Row
from eval.bench import table as bench_table
from eval.cases import Case, GoldSpan
from eval.quality import judge, plain, table
from index.article import Article, Chunk, Script
from index.errors import UsageError
from index.passage import Passage
from rag.schema import Answer, AnswerSentence, Citation, Verdict

TEXT = "江湾银行今年搬家。新址在和平路12号。电话不变。"
ARTICLE = Article(
    id="a1",
    text=TEXT,
    title="搬迁",
    path="articles/a.md",
    language="zh",
    script=Script.SIMPLIFIED,
    encoding="utf-8",
    published=date(2021, 5, 6),
)
GOLD = ((GoldSpan("articles/a.md", "新址在和平路12号。"),),)
CASE = Case("c1", "新址在哪？", True, "zh-Hans", ("和平路12号",), GOLD, tags=("place",))
UNANSWERABLE = Case("c2", "租金多少？", False, "zh-Hans")


def answer(*quotes: str, passages: bool = True) -> Answer:
    citations = tuple(
        Citation(
            n=n,
            article_id="a1",
            title="搬迁",
            source=None,
            published=None,
            path="articles/a.md",
            url=None,
            start=TEXT.index(quote),
            end=TEXT.index(quote) + len(quote),
            quote=quote,
            verdict=Verdict.SUPPORTED,
        )
        for n, quote in enumerate(quotes, 1)
    )
    chunk = Chunk("a1:0-24", "a1", 0, len(TEXT), TEXT)
    return Answer(
        question="",
        searched="",
        answer="".join(quotes) or "没有依据",
        sentences=tuple(AnswerSentence(c.quote, (c.n,)) for c in citations),
        citations=citations,
        passages=(Passage(chunk, ARTICLE, 1.0),) if passages else (),
        abstained=not quotes,
        reason=None,
        generator="test",
        index_generation="g",
        config_fingerprint="f",
    )


def outcome(given: Answer, case: Case = CASE):
    o = judge(case, given, {"articles/a.md": ARTICLE})
    return o.declined, o.retrieved, o.cited, o.first, o.contained


def test_the_right_sentence_first():
    assert outcome(answer("新址在和平路12号。")) == (False, True, True, True, True)


def test_the_right_sentence_second():
    given = answer("江湾银行今年搬家。", "新址在和平路12号。")
    assert outcome(given) == (False, True, True, False, True)


def test_a_neighbour_is_not_the_gold():
    assert outcome(answer("电话不变。")) == (False, True, False, False, False)


def test_declined_though_answerable():
    assert outcome(answer(passages=False)) == (True, False, False, False, False)


def test_a_gold_article_that_is_not_indexed_is_named():
    with pytest.raises(
        UsageError, match=r"c1: the gold article articles/a\.md is not in the index"
    ):
        judge(CASE, answer(), {})


def test_the_table_counts_each_row_apart():
    known = {"articles/a.md": ARTICLE}
    right = judge(CASE, answer("新址在和平路12号。"), known)
    missed = judge(CASE, answer(), known)
    declined = judge(UNANSWERABLE, answer(), known)
    lines = table([right, missed, declined]).splitlines()
    assert lines[1].split() == ["answerable", "2", "1.000", "0.500", "0.500", "0.500", "0.500"]
    assert lines[2].split()[:2] == ["zh-Hans", "2"]
    assert lines[3].split()[:2] == ["#place", "2"]
    assert lines[4].split() == ["unanswerable", "1", "declined", "1.000"]


def test_answers_are_compared_folded():
    assert plain("滿意度 98.68％。") == plain("满意度98.68%")


def test_the_bench_names_what_missed_its_target():
    text = bench_table([Row("python", 0.1, None), Row("a", 0.5, 1.0), Row("b", 2.0, 1.0)])
    assert text.splitlines()[2].split() == ["a", "0.500", "5.0", "1.0"]
    assert text.splitlines()[3].split() == ["b", "2.000", "20.0", "1.0", "missed"]
