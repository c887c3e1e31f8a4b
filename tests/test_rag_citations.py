"""The gate: what passes quotes its span exactly, numbers are stable, the rest is refused."""

import pytest

from index.article import Article, Script
from rag.citations import Citer
from rag.gate import Gate
from rag.generate import Draft, Span
from rag.schema import Verdict

ARTICLE = Article(
    id="a1",
    text="江湾银行😀发布公告。满意度为98.68%。服务没有中断。",
    title="公告",
    path="a.md",
    language="zh",
    script=Script.SIMPLIFIED,
    encoding="utf-8",
)


def span(quote: str) -> Span:
    start = ARTICLE.text.index(quote)
    return Span(ARTICLE, start, start + len(quote))


def test_a_verbatim_sentence_is_supported():
    citer = Citer(Gate())
    sentence = citer.cite(Draft("满意度为98.68%。", (span("满意度为98.68%。"),)))
    assert sentence is not None
    assert sentence.citations == (1,)
    (citation,) = citer.citations
    assert ARTICLE.text[citation.start : citation.end] == citation.quote == "满意度为98.68%。"
    assert citation.verdict is Verdict.SUPPORTED


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("满意度为98.86%。", Verdict.UNSUPPORTED),
        ("满意度为98.68。", Verdict.UNSUPPORTED),
        ("满意度为98.68%，在全国同业里排名第一。", Verdict.PARTLY),
        ("", Verdict.UNSUPPORTED),
    ],
)
def test_an_altered_sentence_does_not_pass(text, verdict):
    draft = Draft(text, (span("满意度为98.68%。"),))
    assert Gate().check(draft.text, draft.spans, offered=()).verdict is verdict
    citer = Citer(Gate(), policy="drop")
    assert citer.cite(draft) is None
    assert citer.counts.dropped == 1
    assert citer.citations == ()
    marked = Citer(Gate()).cite(draft)
    assert marked is not None
    assert (marked.verdict, bool(marked.reason)) == (verdict, True)


def test_a_sentence_without_a_span_is_uncited():
    assert Gate().check("满意度为98.68%。", (), offered=()).verdict is Verdict.UNCITED


def test_the_same_span_keeps_its_number():
    citer = Citer(Gate())
    first, second = span("服务没有中断。"), span("满意度为98.68%。")
    numbers = [
        citer.cite(Draft(ARTICLE.text[s.start : s.end], (s,))) for s in (first, second, first)
    ]
    assert [s.citations for s in numbers if s] == [(1,), (2,), (1,)]
    assert len(citer.citations) == 2
