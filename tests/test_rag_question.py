"""Reading a question: what is searched for, what kind it is, and what cannot be asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import UsageError
from rag.followup import Completion
from rag.question import Kind, Turn, content_terms, read_question


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("一共接待了多少家企业？", Kind.NUMBER),
        ("滿意度如何？", Kind.NUMBER),
        ("How many branches closed?", Kind.NUMBER),
        ("关爱版是哪年上线的？", Kind.DATE),
        ("网点几点钟开门", Kind.DATE),
        ("营业时间是几点？", Kind.DATE),
        ("建议有几点？", Kind.OTHER),
        ("有几点建议", Kind.OTHER),
        ("何時推出？", Kind.DATE),
        ("When did it start?", Kind.DATE),
        ("为什么要推出关爱版？", Kind.REASON),
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


def test_a_question_that_leans_on_the_dialogue_is_searched_in_full():
    dialogue = [Turn("工行的满意度是多少？")]
    asked = read_question("那建行呢？", dialogue=dialogue)
    assert asked.text == "那建行呢？"
    assert asked.searched == "建行的满意度是多少？"
    assert asked.kind is Kind.NUMBER
    assert asked.completion == Completion("建行的满意度是多少？", ("的满意度是多少",), "建行")
    assert "满意" in asked.terms
    whole = read_question("农行上线了哪些线上贷款产品？", dialogue=dialogue)
    assert (whole.searched, whole.completion) == (whole.text, None)


def test_a_third_turn_is_completed_from_the_completed_second():
    dialogue = [Turn("工行的满意度是多少？"), Turn("那建行\u200b呢？")]
    assert read_question("那农行呢？", dialogue=dialogue).searched == "农行的满意度是多少？"


def test_a_completion_is_undone_by_leaving_the_dialogue_out():
    assert read_question("那建行呢？").searched == "那建行呢？"


def test_what_somebody_else_wrote_out_is_searched_instead():
    dialogue = [Turn("工行的满意度是多少？")]
    asked = read_question("那建行呢？", dialogue=dialogue, rewritten=" 建行客服的满意度\n如何？")
    assert (asked.text, asked.searched) == ("那建行呢？", "建行客服的满意度 如何？")
    assert asked.completion is None


def test_a_name_without_a_telling_shape_is_given():
    dialogue = [Turn("光大的居家坐席有多少？")]

    def names(text):
        return [(text.find(n), text.find(n) + 2) for n in ("光大", "民生") if n in text]

    asked = read_question("那民生呢？", dialogue=dialogue, names=names)
    assert asked.searched == "民生的居家坐席有多少？"


@pytest.mark.parametrize(
    "text",
    [
        "其他银行的居家坐席上线用了几天？",
        "其中哪家银行最快？",
        "这些年网点少了多少？",
        "那曲分行什么时候开业？",
        "And how many of the customers who opened an account online were students?",
    ],
)
def test_a_question_that_points_nowhere_stands_alone(text):
    dialogue = [Turn("江湾银行2022年底有多少手机银行用户？")]
    assert read_question(text, dialogue=dialogue).searched == text


def test_a_long_question_may_point_back_too():
    dialogue = [Turn("江湾银行2022年底有多少手机银行用户？")]
    text = "它在疫情期间推出了哪些面向小微企业和个体工商户的线上贷款产品？"
    assert read_question(text, dialogue=dialogue).searched == f"江湾银行{text[1:]}"


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


def test_small_talk_without_end_is_read_at_once():
    # Words that could be cut in two ways took time that doubles with each of them.
    for words in ("goodbye" * 200, "hello" * 300, "早上好" * 300):
        assert not read_question(f"{words} x").is_small_talk
    assert read_question("goodbye" * 200).is_small_talk


@pytest.mark.parametrize(
    "text", ["你是谁", "你好！", "謝謝你", "Who are you?", "What can you do?", "Thank you so much!"]
)
def test_what_speaks_to_whoever_answers_is_small_talk(text):
    assert read_question(text).is_small_talk


@pytest.mark.parametrize("text", ["我的卡", "好看吗", "感谢信是谁写的", "IT", "多久到账", "早茶"])
def test_what_names_a_thing_is_none(text):
    assert not read_question(text).is_small_talk
