"""From what was typed to what is looked for, and every step of it explained."""

import json
from datetime import date

import pytest

from index.errors import UsageError
from index.passage import Filters
from rag.answer import Asker
from rag.comparison import compared_in, joined_names, sides_of
from rag.config import Config, QuestionConfig
from rag.explain import explanation_json, explanation_text
from rag.question import Asked, Turn
from rag.understand import Step

TODAY = date(2023, 6, 1)


@pytest.fixture(scope="module")
def asker(sample):
    return sample


def read(asker, question, **options):
    return asker.inspect(Asked(question, TODAY, **options)).reading


def test_a_follow_up_is_completed_shown_and_undone(asker):
    dialogue = (Turn("工行手机银行有多少用户？"),)
    reading = read(asker, "那建行呢？", dialogue=dialogue)
    assert reading.question.searched == "建行手机银行有多少用户？"
    assert reading.question.text == "那建行呢？"
    undone = read(asker, "那建行呢？", dialogue=dialogue, without=("rewriting",))
    assert undone.rewriting is None
    assert undone.question.searched == "那建行呢？"
    assert undone.without == {Step.REWRITING}


def test_names_reach_both_legs_and_can_be_taken_back(asker):
    reading = read(asker, "交行的机器人回答了多少提问？")
    assert reading.search.names[0][0] == "交行"
    assert "交通银行" in reading.search.names[0]
    assert any("交通银行" in variant for variant in reading.search.variants)
    plain = read(asker, "交行的机器人回答了多少提问？", without=("aliases",))
    assert (plain.aliases, plain.search.names, plain.search.variants) == ((), (), ())


def test_a_date_that_limits_filters_and_one_that_is_mentioned_does_not(asker):
    limited = read(asker, "2021年以后江湾银行有什么变化？")
    assert limited.search.filters.since == date(2021, 1, 1)
    mentioned = read(asker, "2021年3月江湾银行有什么变化？")
    assert not mentioned.search.filters
    assert mentioned.search.hints[0].since == date(2021, 3, 1)
    own = Filters(since=date(2018, 1, 1))
    assert read(asker, "2021年以后江湾银行有什么变化？", filters=own).search.filters == own
    undone = read(asker, "2021年以后江湾银行有什么变化？", without=("dates",))
    assert not undone.search.filters


def test_today_is_what_last_year_counts_from(asker):
    (hint,) = read(asker, "去年江湾银行有多少网点？").dates
    assert (hint.since, hint.until) == (date(2022, 1, 1), date(2022, 12, 31))


def test_sides_of_a_comparison():
    def sides(question, *names):
        return sides_of(question, joined_names(question, names))

    assert sides("工行、建行和农行的手机银行哪个好", (0, 2), (3, 5), (6, 8)) == (
        "工行的手机银行哪个好",
        "建行的手机银行哪个好",
        "农行的手机银行哪个好",
    )
    assert sides("工行的手机银行", (0, 2), (3, 7)) == ()
    assert sides("ICBC vs CCB fees", (0, 4), (8, 11)) == ("ICBC fees", "CCB fees")
    assert sides("手机银行") == ()


@pytest.mark.parametrize(
    ("question", "sides"),
    [
        ("U盾和短信验证码有什么区别？", ("U盾", "短信验证码")),
        ("U盾、手机盾哪个更安全", ("U盾", "手机盾")),
        ("請問茶農貸與山貨貸的差異是什麼", ("茶農貸", "山貨貸")),
        ("比较一下2.0版和3.0版", ("2.0版", "3.0版")),
        (
            "What is the difference between the Basic account and the Plus account?",
            ("Basic account", "Plus account"),
        ),
        ("How does a call centre differ from a remote bank?", ("call centre", "remote bank")),
        ("U盾 vs 手机盾", ("U盾", "手机盾")),
        ("U盾、手机盾和短信验证码有什么区别", ("U盾", "手机盾", "短信验证码")),
        ("Harbourline vs Nanwan: which is older?", ("Harbourline", "Nanwan")),
        ("人和商业银行和江湾银行的区别", ()),  # 人和 is a name: cut at 和, it is one no more
        ("我和我的朋友有什么不同", ()),
        ("How is it going with my card and to whom?", ()),
        ("江湾银行的网点和客服有什么不同", ()),  # half a name is no side
    ],
)
def test_what_is_compared_need_not_be_a_known_name(question, sides):
    assert tuple(question[a:b] for a, b in compared_in(question)) == sides


def test_only_a_question_for_a_difference_is_cut_without_names(asker):
    ukey, code = read(asker, "U盾和短信验证码有什么区别？").compared
    assert (ukey[0], code[0]) == ("U盾", "短信验证码")
    assert "USB Key" in ukey
    assert read(asker, "U盾和短信验证码是谁发明的？").compared == ()
    (one, _) = read(asker, "工行和建行的手机银行有什么不同？").compared
    assert one[0] == "工行"
    assert "工商银行" in one


@pytest.mark.parametrize(
    "question",
    [
        "'; DROP TABLE chunks; -- 银行",
        '银行 AND (title:"x" OR *)',
        "银行\u202e\x00手机",
        "银行" * 900,
        "b\ud800ank",
    ],
)
def test_odd_questions_are_answered_or_declined(asker, question):
    answer = asker.answer_to(Asked(question, TODAY))
    assert answer.abstained or answer.citations


@pytest.mark.parametrize("question", ["", "？！……", "😀", "银" * 100_000, "从2022年到2020年的银行"])
def test_what_cannot_be_asked_is_one_clear_error(asker, question):
    with pytest.raises(UsageError) as told:
        asker.answer_to(Asked(question, TODAY))
    assert "\n" not in str(told.value)


def test_an_unknown_source_is_declined_with_its_reason(asker):
    answer = asker.answer_to(Asked("手机银行", TODAY, filters=Filters(sources=("没有的报",))))
    assert answer.abstained
    assert "filters" in answer.reason


def test_own_aliases_and_periods_are_read(asker, tmp_path):
    aliases = tmp_path / "own.toml"
    aliases.write_text('[[group]]\nnames = ["湾湾办", "小湾通"]\n', encoding="utf-8")
    config = Config(question=QuestionConfig(aliases=str(aliases)))
    reading = Asker(asker.index, config=config).inspect(Asked("小湾通能转账吗？", TODAY)).reading
    assert reading.search.names == (("小湾通", "湾湾办"),)
    wrong = Config(question=QuestionConfig(periods=str(tmp_path / "gone.toml")))
    with pytest.raises(UsageError, match=r"gone\.toml"):
        Asker(asker.index, config=wrong).answer_to(Asked("银行", TODAY))


def test_the_same_request_has_the_same_id(asker):
    one = asker.answer_to(Asked("手机银行有什么功能？", TODAY))
    assert one.answer_id == asker.answer_to(Asked("手机银行有什么功能？", TODAY)).answer_id
    other = asker.answer_to(Asked("手机银行有什么功能？", TODAY, without=("aliases",)))
    assert other.answer_id != one.answer_id


def test_an_explanation_tells_every_step(asker):
    asked = Asked("2020年以后工行和建行的手机银行有多少用户？", TODAY)
    inspection = asker.inspect(asked)
    told = json.loads(json.dumps(explanation_json(inspection, index=asker.index)))
    assert told["understood"]["sides"] == [
        "2020年以后工行的手机银行有多少用户？",
        "2020年以后建行的手机银行有多少用户？",
    ]
    assert told["filters"]["since"] == "2020-01-01"
    assert [c["fate"] for c in told["candidates"][:1]] == ["passage 1"]
    assert len(told["candidates"]) <= asker.config.retrieval.rerank
    assert {"lexical", "dense", "fused", "timings_ms", "declined"} <= told.keys()
    text = explanation_text(inspection, index=asker.index)
    assert f"answer      {inspection.answer.answer_id}" in text
    assert "alias       工行 = 工商银行" in text
    assert "date        2020年以后: 2020-01-01 to … (filter)" in text
    assert "decision    " in text
