import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.sentences import sentences

TEXTS = st.text(
    st.sampled_from("银行说的とa B.。！!?？；;…\"'”“」「）（》[1] \n\u3000，、3👍é"), max_size=60
) | st.text(max_size=60)


def split(text):
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    "expected",
    [
        ["利率是3.5%。", "真的吗？！", "是的……", "好；", "走。"],
        ["“甲公司获批。”他说。", "乙公司没有。"],
        ["“甲公司获批。”", "张三说：“乙公司没有。”"],
        ["（真的吗？）他问。", "《谁来买单？》这本书很好。", "“怎么办？”的问题。"],
        ["「はい。", "そうです。」と述べた。", "次の日（雨。）", "「終わり。」"],
        ['他说"好。"', "然后走了。", '"再见。"', '她说"好"。'],
        ["增长了.", "但是3.5倍。"],
        ["今天…的确冷。", "好。"],
        ["……我不知道。", "他走了……", "没有回来。"],
        ["नमस्ते।", "यह है॥"],
        ["هل هذا؟", "نعم.", "انتهى۔"],
        ["Τι είναι;", "Ναι."],
        ["半角；", "标点;", "也算!", "对吗?", "对."],
    ],
)
def test_sentences_that_touch(expected):
    joiner = " " if expected[0].isascii() or expected[0][0] in "نهΤन" else ""
    assert split(joiner.join(expected)) == expected


@pytest.mark.parametrize(
    "expected",
    [
        ["Mr. Smith of the U.S. Government paid $3.5 million.", "See www.example.com.", "Good."],
        ["Acme Inc. announced it, e.g. in June.", "He works at Acme Inc.", "The rest is known."],
        ["1. Introduction to banks.", "2. More of it.", "It ended in 2019.", "Then it rained."],
        ['He said "Really?" and left.', '"No!" he cried.', '"It works."', "Yes."],
        ["Wait... what?", "No...", "He left."],
        ["It ended.[12]", "Then (see p. 5).", "At 5 p.m.", "The bank closed.", "J. Smith came."],
        ["Plan No. 5 is ready.", "He said no.", "Nobody asked; she left."],
        ["Es war am 3. Oktober im 19. Jahrhundert.", "Dann kam z.B. der Regen."],
        ["It rose by 3.5.", "Then it fell.", "Great! 😀"],
        ["Open http://a.example/?q=1 now.", "Done!"],
    ],
)
def test_sentences_with_spaces_between(expected):
    assert split(" ".join(expected)) == expected


def test_a_line_always_ends_and_white_space_is_outside():
    assert split("标题\n　　第一段。 第二句\r\n\n \tEnd of Mr.\nSmith ") == [
        "标题",
        "第一段。",
        "第二句",
        "End of Mr.",
        "Smith",
    ]
    assert split("") == split(" \n\u3000") == []


def test_a_part_of_a_text_keeps_the_offsets_of_the_whole():
    text = "头。一句。两句。尾"
    assert sentences(text, 2, 8) == [(2, 5), (5, 8)]
    assert sentences(text, 2) == [(2, 5), (5, 8), (8, 9)]
    assert sentences(text, 5, 5) == []


@given(TEXTS)
def test_spans_cover_all_but_white_space(text):
    at = 0
    for start, end in sentences(text):
        assert at <= start < end
        assert not text[at:start].strip()
        assert text[start:end] == text[start:end].strip()
        at = end
    assert not text[at:].strip()


@given(TEXTS, TEXTS)
def test_a_line_is_split_alike_wherever_it_stands(first, second):
    first = " ".join(first.splitlines())
    whole = f"{first}\n{second}"
    moved = [(a + len(first) + 1, b + len(first) + 1) for a, b in sentences(second)]
    assert sentences(whole) == sentences(first) + moved


@pytest.mark.parametrize(
    "unit", ["字", "。", ".", "…a", "“。”", '。"', "x? ", "\n", " ", "A. ", "1. ", "。说", "u."]
)
def test_the_time_is_linear(unit):
    def seconds(chars):
        text = unit * (chars // len(unit))
        started = time.process_time()
        sentences(text)
        return time.process_time() - started

    # Ten times the text within thirty times the time; quadratic would be a hundred.
    assert seconds(200_000) < max(30 * seconds(20_000), 1.0)
