"""Measuring follow-ups: which half a case is in, and what each form of its question finds."""

from eval.cases import Case, GoldSpan
from eval.followups import Outcome, changed_whole, measure, table
from rag.config import RetrievalConfig
from rag.question import Turn

GOLD = ((GoldSpan("bees.md"),),)


def case(name, *, tags=("follow-up",), question="那蜜蜂呢？", standalone="蜜蜂冬天吃什么？"):
    dialogue = (Turn("松鼠冬天吃什么？"),)
    return Case(name, question, True, "zh-Hans", ("蜂蜜",), GOLD, dialogue, standalone, tags)


def test_recall_of_the_three_forms_is_given_by_half():
    outcomes = [
        Outcome(case("a"), True, "蜜蜂冬天吃什么？", False, True, True),
        Outcome(case("b"), False, None, False, False, True),
        Outcome(case("c", tags=("new-topic",)), True, None, True, True, True),
    ]
    lines = {line[:26].strip(): line[26:].split() for line in table(outcomes).splitlines()}
    assert lines["follow-up"] == ["2", "0.000", "0.500", "1.000", "0.500"]
    assert "recall@5" in lines


GOLD_OF_SAMPLE = ((GoldSpan("articles/zh-hant/2022-12-05-video-kyc-faq.md"),),)


class Scripted:
    """A rewriter that says one thing, whatever it is asked."""

    def rewrite(self, _question, _dialogue):
        return "南湾银行的虚拟分行设在哪里？"


def test_a_completed_question_finds_what_the_one_alone_does_not(sample):
    asked = Case(
        id="zh-hans-turn-900",
        question="那证件呢？",
        answerable=True,
        lang="zh-Hans",
        answers=("身分證",),
        gold=GOLD_OF_SAMPLE,
        dialogue=(Turn("明禾银行视讯开户要几岁？"),),
        standalone="明禾银行视讯开户要什么证件？",
        tags=("follow-up",),
    )
    single = Case("zh-hans-what-900", "明禾银行？", True, "zh-Hans", gold=GOLD_OF_SAMPLE)
    [outcome] = measure([single, asked], sample.index, config=RetrievalConfig(), k=1)
    assert not outcome.held_out
    assert "明禾银行" in outcome.completed_text
    assert (outcome.completed, outcome.standalone) == (True, True)
    [rewritten] = measure([asked], sample.index, config=RetrievalConfig(), k=1, rewriter=Scripted())
    assert rewritten.held_out
    assert rewritten.completed_text == "南湾银行的虚拟分行设在哪里？"
    assert not rewritten.completed


def test_whole_questions_that_are_changed_are_told():
    assert changed_whole(["南湾银行哪年成立？", "Who founded Minghe?"]) == []
    assert changed_whole(["它有多少用户？", "它有多少用户？"]) == []
    [first, *_] = changed_whole(["它有多少用户？"] + ["江湾银行有多少用户？"] * 9)
    assert first == ("它有多少用户？", "江湾银行有多少用户？")
