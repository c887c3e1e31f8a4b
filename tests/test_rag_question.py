"""Reading a question: what is searched for, what kind it is, and what cannot be asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import UsageError
from rag.question import Kind, Turn, content_terms, read_question


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("一共接待了多少家企业？", Kind.NUMBER),
        ("滿意度如何？", Kind.NUMBER),
        ("How many branches closed?", Kind.NUMBER),
        ("关爱版是哪年上线的？", Kind.DATE),
        ("何時推出？", Kind.DATE),
        ("When did it start?", Kind.DATE),
        ("为什么要推出关爱版？", Kind.OTHER),
    ],
)
def test_kind(text, kind):
    assert read_question(text).kind is kind


def test_asking_words_do_not_count():
    assert content_terms("请问云端银行是什么？") == content_terms("云端银行")
    assert content_terms("What is the hotline of the bank?") == content_terms("hotline bank")


def test_both_scripts_ask_the_same():
    assert (
        read_question("郵儲銀行發放了多少筆？").terms
        == read_question("邮储银行发放了多少笔？").terms
    )


def test_an_elliptical_question_leans_on_the_one_before():
    dialogue = [Turn("工行的满意度是多少？")]
    assert (
        read_question("那建行呢？", dialogue=dialogue).searched == "工行的满意度是多少？ 那建行呢？"
    )
    whole = read_question("农行上线了哪些线上贷款产品？", dialogue=dialogue)
    assert whole.searched == whole.text


def test_a_third_turn_leans_on_the_last_whole_question():
    dialogue = [Turn("工行的满意度是多少？"), Turn("那建行呢？")]
    assert (
        read_question("那农行呢？", dialogue=dialogue).searched == "工行的满意度是多少？ 那农行呢？"
    )


@pytest.mark.parametrize(
    "text",
    [
        "其他银行的居家坐席上线用了几天？",
        "其中哪家银行最快？",
        "这些年网点少了多少？",
        "那曲分行什么时候开业？",
        "And how many of the customers who opened an account online were students?",
        "它" + "在疫情期间推出了哪些面向小微企业和个体工商户的线上贷款产品？",
    ],
)
def test_a_question_that_points_nowhere_stands_alone(text):
    dialogue = [Turn("江湾银行2022年底有多少手机银行用户？")]
    assert read_question(text, dialogue=dialogue).searched == text


def test_asking_words_inside_of_others_stay():
    assert "目的" in content_terms("视频开户的目的是什么？")
    assert read_question("有几十家银行？").kind is Kind.NUMBER


def test_invisible_characters_are_not_searched_for():
    assert read_question("手机\u200b银行\u202e\x00").text == "手机银行"


@pytest.mark.parametrize("text", ["", "   ", "？！……", "😀🎉", "\u200b\u202e", "\x00\x01"])
def test_nothing_to_search_for(text):
    with pytest.raises(UsageError, match="nothing to search for"):
        read_question(text)


def test_too_long():
    with pytest.raises(UsageError, match=r"100,000 characters; at most 2,000"):
        read_question("银" * 100_000)


@pytest.mark.parametrize(
    "text",
    ['"a" OR body:*', "'; DROP TABLE chunks; --", "title:[a TO b] AND (", "${alert(1)} {{x}}"],
)
def test_query_syntax_is_just_words(text):
    assert read_question(text).terms


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text):
    try:
        question = read_question(text)
    except UsageError:
        return
    assert question.terms
    assert len(set(question.terms)) == len(question.terms)
    question.text.encode("utf-8")
