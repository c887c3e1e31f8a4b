"""What a passage holds of a question, as numbers."""

import pytest

from index.article import Article, Chunk, Script
from rag.evidence import FEATURES, Candidate, gather_evidence
from rag.question import read_question
from rag.wanted import Wanted


def candidate(text, *, row=0, title="", headings=(), lexical=1.0, dense=0.5, name="a", start=0):
    article = Article(
        id=name, text=text, title=title, path="a.md", language="zh", script=Script.SIMPLIFIED,
        encoding="utf-8",
    )  # fmt: skip
    chunk = Chunk(f"{name}:{row}", name, start, start + len(text), text, headings)
    return Candidate(row, chunk, article, lexical, dense)


def features(question, *candidates, names=(), rare=(), ideal=2.0):
    asked = read_question(question)
    weights = {term: 5.0 if term in rare else 1.0 for term in asked.terms}
    evidence = gather_evidence(Wanted(asked, weights, names), candidates, ideal=ideal)
    rows = [dict(zip(FEATURES, row, strict=True)) for row in evidence.features]
    return rows, evidence


def test_coverage_counts_each_character_once_and_pairs_in_full():
    (whole, part, none), _ = features(
        "手机银行用户",
        candidate("手机银行的用户很多。"),
        candidate("手机卖得好，银行关了。", row=1),
        candidate("天气很好。", row=2),
    )
    assert whole["coverage"] == pytest.approx(1.0)
    assert 0.5 < part["coverage"] < 0.8
    assert none["coverage"] == 0.0
    assert whole["phrase"] > part["phrase"] == 0.0
    assert whole["longest"] == pytest.approx(4 / 6)


def test_one_sentence_is_more_than_two_far_apart():
    (near, far), _ = features(
        "视频开户 满意度",
        candidate("视频开户的满意度很高。天气很好。"),
        candidate("视频开户很快。天气很好。雨停了。满意度很高。", row=1),
    )
    assert near["coverage"] == far["coverage"] == pytest.approx(1.0)
    assert near["sentence_coverage"] > far["sentence_coverage"] + 0.2
    assert near["pair_coverage"] > far["pair_coverage"] + 0.2


def test_a_title_helps_its_sentences():
    (titled, bare), _ = features(
        "江湾银行满意度",
        candidate("满意度很高。", title="江湾银行的一年"),
        candidate("满意度很高。", row=1, name="b"),
    )
    assert titled["coverage"] == pytest.approx(1.0)
    assert titled["text_coverage"] == bare["text_coverage"] < 1
    assert titled["sentence_coverage"] > bare["sentence_coverage"]


def test_another_name_counts_as_the_one_that_was_said():
    said = (("工行", "工商银行", "ICBC"),)
    (other, none), evidence = features(
        "工行满意度",
        candidate("ICBC的满意度很高。"),
        candidate("满意度很高。", row=1),
        names=said,
    )
    assert other["coverage"] == pytest.approx(1.0)
    assert other["alias"] == 1.0
    assert none["coverage"] < 0.7
    assert none["alias"] == 0.0
    assert evidence.held.shape == (2, len(evidence.weights))


def test_words_are_whole_words():
    (word, inside), _ = features(
        "mobile bank fees",
        candidate("A mobile bank without fees."),
        candidate("Embankments", row=1),
    )
    assert word["coverage"] == pytest.approx(1.0)
    assert inside["coverage"] == 0.0


def test_the_rarest_word_and_the_kind_of_thing():
    (rare, common), _ = features(
        "Xanadu bank founded when",
        candidate("Xanadu was founded in 1987."),
        candidate("The bank was founded.", row=1),
        rare=("xanadu",),
    )
    assert rare["rarest"] == pytest.approx(1.0)
    assert common["rarest"] == pytest.approx(0.2)
    assert (rare["kind"], common["kind"]) == (1.0, 0.0)


def test_the_cosine_speaks_up_where_no_word_matched():
    (silent,), _ = features("银行", candidate("bank", lexical=None, dense=0.6))
    assert silent["silence"] == pytest.approx(0.6)
    (spoken,), _ = features("银行", candidate("银行", lexical=2.0, dense=0.6))
    assert spoken["silence"] == 0.0


def test_neighbours_are_other_chunks_of_the_article():
    (first, second, alone), _ = features(
        "银行",
        candidate("银行", lexical=4.0),
        candidate("银行", row=1, lexical=2.0, start=300),
        candidate("银行", row=2, lexical=3.0, name="b"),
    )
    assert first["neighbours"] == 0.5
    assert second["neighbours"] == 1.0
    assert alone["neighbours"] == 0.0
    assert first["opening"] > second["opening"]


def test_nothing_found_is_no_rows():
    rows, evidence = features("银行")
    assert rows == []
    assert evidence.features.shape == (0, len(FEATURES))
