"""Curated answers measured: rates by hand, the fitted threshold, pairs scored as questions are."""

from dataclasses import replace

import pytest

from eval.cases import Case, GoldSpan
from eval.curated import Pair, Rates, Scored, fit_threshold, rates, score_pairs
from eval.rows import read_rows
from eval.run import evaluate
from index.aliases import Aliases
from index.errors import UsageError
from rag.answer import Asker
from rag.config import AnswerConfig, Config

PAIRS = [
    Scored(is_same=True, score=0.95, differs=False),
    Scored(is_same=False, score=0.9, differs=True),
    Scored(is_same=True, score=0.85, differs=False),
    Scored(is_same=False, score=0.7, differs=False),
    Scored(is_same=True, score=0.6, differs=False),
]


def test_rates():
    assert rates(PAIRS, threshold=0.8) == Rates(pairs=5, matched=2, precision=1.0, recall=2 / 3)
    assert rates(PAIRS, threshold=0.8, checked=False).precision == pytest.approx(2 / 3)
    assert rates(PAIRS, threshold=0.5) == Rates(pairs=5, matched=4, precision=0.75, recall=1.0)
    assert rates(PAIRS, threshold=0.99) == Rates(pairs=5, matched=0, precision=1.0, recall=0.0)


def test_the_lowest_threshold_that_is_precise_on_every_set():
    assert fit_threshold([PAIRS], precision=0.9) == 0.71
    stricter = [*PAIRS, Scored(is_same=False, score=0.88, differs=False)]
    assert fit_threshold([PAIRS, stricter], precision=0.9) == 0.89
    with pytest.raises(UsageError, match="no threshold"):
        fit_threshold([[Scored(is_same=False, score=1.0, differs=False)]])


def test_pairs_are_scored_as_questions_are():
    same, other = score_pairs(
        [
            Pair("工行的电话是多少？", "请问工商银行电话多少", is_same=True),
            Pair("工行的电话是多少？", "建行的电话是多少？", is_same=False),
        ],
        aliases=Aliases.load(),
    )
    assert (same.is_same, same.differs) == (True, False)
    assert same.score > 0.82
    assert (other.is_same, other.differs) == (False, True)


def test_a_run_scores_an_approved_answer_like_any_other(sample, tmp_path):
    path, quote = "articles/zh/2020-03-12-six-banks-online.md", "在线满意度98.68%"
    curated = tmp_path / "curated.toml"
    curated.write_text(
        f"""
[[answer]]
id = "robot"
questions = ["交行机器人的满意度是多少"]
approved_by = "编辑部"
[[answer.sentences]]
text = "满意度是98.68%。"
citations = [{{ article = "{path}", quote = "{quote}" }}]
""",
        encoding="utf-8",
    )
    asker = Asker(sample.index, config=Config(answer=AnswerConfig(curated=str(curated))))
    case = Case(
        id="a",
        question="请问交通银行机器人满意度是多少？",
        answers=("98.68%",),
        gold=((GoldSpan(path, quote),),),
        answerable=True,
        lang="zh-Hans",
        tags=("number",),
    )
    other = replace(
        case, id="b", question="江湾银行的微信小程序叫啥？", answers=("湾湾办",), gold=()
    )
    run = evaluate([case, other], asker, output=tmp_path / "run")
    first, second = read_rows(run.folder / "results.jsonl")
    assert first["answer"]["approval"]["id"] == "robot"
    assert first["answer"]["generator"] == "curated"
    assert first["metrics"]["verbatim"] == first["metrics"]["cited@1"] == 1.0
    assert first["metrics"]["script_invariance"] == 1.0
    assert second["answer"]["approval"] is None
