"""Follow-ups completed without a language model, and questions that stand by themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.aliases import Aliases
from rag.followup import complete
from rag.question import Turn

USERS = "工行手机银行有多少用户？"


def names(text):
    return [(match.start, match.end) for match in Aliases.load().find(text)]


def completed(question, *earlier, answer=None):
    dialogue = [Turn(text) for text in earlier[:-1]] + [Turn(earlier[-1], answer)]
    made = complete(question, dialogue, names=names)
    return made.text if made else None


@pytest.mark.parametrize(
    ("earlier", "question", "text"),
    [
        (USERS, "那建行呢？", "建行手机银行有多少用户？"),
        (USERS, "建行呢", "建行手机银行有多少用户？"),
        ("江灣銀行的小程序什麼時候上線？", "那南灣銀行呢？", "南灣銀行的小程序什麼時候上線？"),
        ("2020年" + USERS, "2021年呢？", "2021年工行手机银行有多少用户？"),
        ("2020年" + USERS, "去年呢？", "去年工行手机银行有多少用户？"),
        ("交行手机银行2.0是哪年发布的？", "3.0呢？", "交行手机银行3.0是哪年发布的？"),
        ("U盾的缺点是什么？", "手机盾呢？", "手机盾的缺点是什么？"),
        (
            "How many users did Harbourline Bank have in 2020?",
            "And in 2021?",
            "How many users did Harbourline Bank have in 2021?",
        ),
        (
            "How many users does ICBC have?",
            "What about China Construction Bank?",
            "How many users does China Construction Bank have?",
        ),
    ],
)
def test_the_subject_changes_and_the_predicate_stays(earlier, question, text):
    assert completed(question, earlier) == text


@pytest.mark.parametrize(
    ("earlier", "question", "text"),
    [
        (USERS, "它的满意度呢？", "工行手机银行的满意度"),
        (USERS, "那手续费呢？", "工行手机银行的手续费"),
        (USERS, "该行有多少网点？", "工行有多少网点？"),
        ("Where is Harbourline Bank?", "And its app?", "Harbourline Bank's app"),
        ("中山路支行哪天搬家？", "为什么要搬？", "中山路支行为什么要搬？"),
        (
            "農業銀行怎麼讓企業開戶？",
            "那建設銀行呢，服務分成幾個場景？",
            "建設銀行服務分成幾個場景？",
        ),
    ],
)
def test_the_subject_stays_and_the_predicate_changes(earlier, question, text):
    assert completed(question, earlier) == text


def test_chains_complete_from_the_completed_question():
    assert completed("那农行呢？", USERS, "那建行呢？") == "农行手机银行有多少用户？"
    assert completed("它的满意度呢？", USERS, "那建行呢？") == "建行手机银行的满意度"


def test_a_subject_may_come_from_the_answer():
    earlier = "哪家银行推出了湾湾办？"
    made = completed("它有多少网点？", earlier, answer="江湾银行推出了湾湾办。")
    assert made == "江湾银行有多少网点？"


def test_a_bare_question_goes_on_with_the_whole_of_the_one_before():
    assert completed("为什么？", USERS) == "工行手机银行有多少用户 为什么？"
    assert completed("还有别的吗？", USERS) == "工行手机银行有多少用户 还有别的吗？"


@pytest.mark.parametrize(
    "question",
    [
        "什么是数字人民币？",
        "南湾银行哪年成立？",
        "那曲在哪里？",
        "那农行有哪些线上贷款产品？",
        "那些年网点少了多少？",
        "其他银行的满意度是多少？",
        "哪些网点重新开放？",
        "Who founded Minghe?",
        "What is a remote bank?",
        "And how many of the customers who opened an account online were students?",
        "它" + "在疫情期间推出了哪些面向小微企业和个体工商户的线上贷款产品？",
    ],
)
def test_a_new_topic_does_not_inherit_the_old_one(question):
    assert completed(question, USERS) is None


def test_without_a_dialogue_nothing_is_completed():
    assert complete("那建行呢？", [], names=names) is None


def test_what_was_kept_and_what_is_new_can_be_shown():
    made = complete("那建行呢？", [Turn(USERS)], names=names)
    assert made is not None
    assert made.changed == "建行"
    assert made.kept == ("手机银行有多少用户",)


@given(st.text(max_size=60), st.text(max_size=60), st.none() | st.text(max_size=60))
def test_any_dialogue_is_read(question, earlier, answer):
    made = complete(question, [Turn(earlier, answer)], names=names)
    assert made is None or made.text
