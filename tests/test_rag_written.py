"""What a model writes becomes drafts: borders, keys, decoration, reasoning, repetition."""

import itertools

import pytest
from chat_models import article
from hypothesis import given
from hypothesis import strategies as st

from rag.generate import GeneratorError, NoAnswerError, Span
from rag.keys import make_keys, take_keys
from rag.markdown import plain
from rag.reasoning import is_mark, spoken, thinks
from rag.written import CutShortError, drafts

ONE = Span(article("甲" * 9, name="one"), 0, 9)
TWO = Span(article("乙" * 9, name="two"), 0, 9)
CITED = {"q7m2x4": ONE, "b2c3d4": TWO}
NAMES = {"one": 1, "two": 2}


def read(text, *, size=1, **settings):
    """The drafts of a text that comes in pieces of ``size``: text, passages, unknown keys."""
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    return [
        (d.text, [NAMES[span.article.id] for span in d.spans], d.unknown_keys)
        for d in drafts(pieces, CITED, **settings)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Keys before and behind the full stop, several, in brackets of any width.
        ("工行增长[q7m2x4]。建行下降。[b2c3d4]", [("工行增长。", [1], 0), ("建行下降。", [2], 0)]),
        ("工行增长【q7m2x4】［b2c3d4］。", [("工行增长。", [1, 2], 0)]),
        ("工行增长（q7m2x4、b2c3d4）。", [("工行增长。", [1, 2], 0)]),
        ("工行增长[q7m2x4, b2c3d4]。", [("工行增长。", [1, 2], 0)]),
        ("工行增长[来源：q7m2x4][^b2c3d4]。", [("工行增长。", [1, 2], 0)]),
        ("工行增长[Q7M2X4][q7m2x4]。", [("工行增长。", [1], 0)]),
        ("工行增长 q7m2x4。", [("工行增长。", [1], 0)]),
        ("工行增长。\n[q7m2x4]\n建行下降。", [("工行增长。", [1], 0), ("建行下降。", [], 0)]),
        ("[q7m2x4] 增长。[b2c3d4] 下降。", [("增长。", [1], 0), ("下降。", [2], 0)]),
        ("好。根据[q7m2x4]，增长。", [("好。", [], 0), ("增长。", [1], 0)]),
        ("增长；[q7m2x4]下降。[b2c3d4]", [("增长；", [1], 0), ("下降。", [2], 0)]),
        ("It grew [q7m2x4]. It fell.[b2c3d4] So", [
            ("It grew.", [1], 0), ("It fell.", [2], 0), ("So", [], 0),
        ]),
        ("It grew.[q7m2x4]Then it fell.", [("It grew.", [1], 0), ("Then it fell.", [], 0)]),
        ("According to [q7m2x4], it grew by 3.5% in the U.S. market. Yes.", [
            ("it grew by 3.5% in the U.S. market.", [1], 0), ("Yes.", [], 0),
        ]),
        ("It grew. <passage q7m2x4> It fell.", [("It grew.", [1], 0), ("It fell.", [], 0)]),
        # What has the form of a key and is none.
        ("增长[z9z9z9]。下降[1][2]。", [("增长。", [], 1), ("下降。", [], 2)]),
        ("增长[q7m2x4][b9b9b9, 3]。", [("增长。", [1], 2)]),
        ("增长[a1b2c]。", [("增长。", [], 1)]),
        # What only looks a little like one.
        ("增长[编者注]，在(2004)年[sic]。", [("增长[编者注]，在(2004)年[sic]。", [], 0)]),
        # Quotations end where the article's do.
        ("“增长了。”他说。[q7m2x4]对。", [("“增长了。”他说。", [1], 0), ("对。", [], 0)]),
        ("他说：“增长。下降。”[q7m2x4]", [("他说：“增长。", [], 0), ("下降。”", [1], 0)]),
        ("没有句号[q7m2x4]", [("没有句号", [1], 0)]),
        # Reasoning.
        ("<think>想[q7m2x4]。</think>\n\n增长。", [("增长。", [], 0)]),
        ("<THINKING>a</thinking>增长。<think>然后", [("增长。", [], 0)]),
        ("[THINK]想。[/THINK]增长。", [("增长。", [], 0)]),
        ("◁think▷想。◁/think▷增长。", [("增长。", [], 0)]),
        ("想一想。</think>增长。", [("增长。", [], 0)]),
        (
            "<|channel|>analysis<|message|>想。<|end|><|start|>assistant<|channel|>final<|message|>"
            "增长。<|return|>",
            [("增长。", [], 0)],
        ),
    ],
)  # fmt: skip
def test_text_becomes_sentences_with_their_passages(text, expected):
    if text.startswith("想一想"):
        # Only where no sentence went out yet.
        text = text.replace("。</think>", "</think>")
    for size in (1, 2, 3, 5, 1000):
        assert read(text, size=size) == expected, size


def test_reasoning_that_was_taken_for_an_answer_is_an_error():
    with pytest.raises(GeneratorError, match="thinks aloud"):
        read("先想一想工行。再想建行。</think>增长。")


def test_a_template_may_begin_the_reasoning():
    assert thinks("<|im_start|>assistant\n<think>\n")
    assert not thinks("<|im_start|>assistant\n<think>\n\n</think>\n\n")
    assert not thinks("<think>嗯<|im_start|>assistant\n")
    assert read("想。</think>增长。", thinking=True) == [("增长。", [], 0)]
    assert is_mark("<think>")
    assert not is_mark("<|im_end|>")


def test_a_sentence_goes_out_before_the_next_is_written():
    def pieces():
        for piece in ("工行增长", "[q7m", "2x4]", "。", "建", "行下降", "。"):
            given.append(piece)
            yield piece

    given = []
    written = drafts(pieces(), CITED)
    assert next(written).text == "工行增长。"
    assert given[-1] == "建"
    assert [draft.text for draft in written] == ["建行下降。"]


def test_closing_closes_the_source():
    def pieces():
        try:
            yield from itertools.cycle(["第", "一。", "第", "二！"])
        finally:
            closed.append(True)

    closed = []
    written = drafts(pieces(), CITED)
    next(written)
    written.close()
    assert closed == [True]


def test_lists_and_headings():
    text = (
        "## 工商银行\n\n- **用户**：4.16亿户 [q7m2x4]\n* 增长`15.5%`。\n\n**谁也没问的话**\n"
        "1. 甲。\n2、乙。\n（3）丙。\n---\n```\n> 丁。\n"
        "| 行 | 户 |\n|---|---|\n| 工 | 4 [b2c3d4] |\n"
    )
    found = list(drafts(text, CITED, question="工商银行有多少用户？"))
    assert [(d.text, d.item, d.group) for d in found] == [
        ("用户：4.16亿户", True, "工商银行"),
        ("增长15.5%。", True, "工商银行"),
        ("甲。", True, ""),
        ("乙。", True, ""),
        ("丙。", True, ""),
        ("丁。", False, ""),
        ("行 | 户", True, ""),
        ("工 | 4", True, ""),
    ]
    assert found[0].spans == (ONE,)
    assert found[-1].spans == (TWO,)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3*5*2 是 30", "3*5*2 是 30"),
        ("*很*好", "*很*好"),
        ("很 *好* 的", "很 好 的"),
        ("![图](http://x/y.png)见[原文](https://x/y)", "见原文"),
        ("snake_case 和 **粗__体", "snake_case 和 粗体"),
        ("a<b>b</b><br/>", "ab"),
    ],
)
def test_decoration_is_taken_off(text, expected):
    assert plain(text) == expected


@pytest.mark.parametrize("text", ["NO_ANSWER", "NO\\_ANSWER。", "**NO_ANSWER**\n\n因为没有。"])
def test_no_answer(text):
    with pytest.raises(NoAnswerError):
        read(text)


def test_no_answer_behind_an_answer_ends_it():
    assert read("增长。\nNO_ANSWER\n下降。") == [("增长。", [], 0)]
    assert read("There is no answer from the bank.")[0][0] == "There is no answer from the bank."


def test_repetition_ends_the_answer():
    around = itertools.cycle(["工行增长。", "建行下降！"])
    assert [d.text for d in drafts(around, CITED)] == ["工行增长。", "建行下降！"]
    # Once is no loop, and keys make no difference.
    assert read("增长[q7m2x4]。增长[b2c3d4]。下降。") == [("增长。", [1], 0), ("下降。", [], 0)]
    inside = itertools.chain(["工行增长。", "建行"], itertools.repeat("下降了又"))
    assert [d.text for d in drafts(inside, CITED)] == ["工行增长。"]
    with pytest.raises(GeneratorError, match="wrote no sentence"):
        list(drafts(itertools.repeat("哈"), CITED))


def test_a_sentence_without_end_is_cut():
    words = (f"词{n}，" for n in itertools.count())
    found = [d.text for d in itertools.islice(drafts(words, CITED), 3)]
    assert all(2000 < len(text) <= 4000 for text in found)


def test_a_huge_piece_is_read_in_reasonable_time():
    text = "".join(f"第{n}句。" for n in range(5000))
    assert len(read(text, size=10**6)) == 5000


def test_what_was_cut_short_loses_its_last_words():
    def pieces(*texts):
        yield from texts
        raise CutShortError

    assert [d.text for d in drafts(pieces("增长。", "下"), CITED)] == ["增长。"]
    assert [d.text for d in drafts(pieces("增长。", "下降。"), CITED)] == ["增长。", "下降。"]
    with pytest.raises(GeneratorError):
        list(drafts(pieces("增"), CITED))


def test_keys_are_reproducible_and_no_article_can_hold_its_own():
    keys = make_keys(["问题", "甲"], seed=0, count=1000)
    assert len(set(keys)) == 1000
    assert keys == make_keys(["问题", "甲"], seed=0, count=1000)
    others = (["问题", "甲" + keys[0]], ["问题二", "甲"], ["问题甲"])
    for given_ in others:
        assert not set(make_keys(given_, seed=0, count=50)) & set(keys[:50])
    assert not set(make_keys(["问题", "甲"], seed=1, count=50)) & set(keys[:50])
    text = "".join(f"[{key}]" for key in keys)
    left, gaps = take_keys(text, set(keys))
    assert left == ""
    assert [key.text for gap in gaps for key in gap.keys if key.known] == list(keys)


SENTENCES = st.lists(
    st.sampled_from(
        [
            "工行增长了[q7m2x4]。",
            "建行有3.5亿户。[b2c3d4]",
            "农行没有公布！[9]",
            "根据[q7m2x4]，交行下降。",
            "“增长了。”他说。[b2c3d4]",
            "- **用户**：4.16亿户【q7m2x4】\n",
            "\n## 工行\n",
            "\n**建行**：\n",
            "> 引用的话；[z9z9z9]",
            "It grew [q7m2x4]. ",
            "It fell by 3.5% in the U.S. market.[b2c3d4] ",
            "Did it?[b2c3d4] ",
            "\n\n",
            "<think>想想[q7m2x4]。</think>",
        ]
    ),
    max_size=8,
).map("".join)
PARTS = st.lists(
    st.sampled_from(
        ["工行", "增长", "。", "！", "\n", "[q7m2x4]", "【b2c3d4】", "[9]", " ", "It", ". ", "- ",
         "**", "“", "”", "，", "<think>", "</think>", "根据", "|", "#", "3.5", "[", "]"]
    ),
    max_size=25,
).map("".join)  # fmt: skip


@given(SENTENCES, st.integers(1, 6))
def test_pieces_of_any_size_give_the_same(text, size):
    def outcome(size):
        try:
            return read(text, size=size)
        except (GeneratorError, NoAnswerError) as error:
            return type(error)

    assert outcome(size) == outcome(10_000)


@given(PARTS)
def test_no_key_is_ever_shown(parts):
    try:
        found = read(parts, size=2)
    except (GeneratorError, NoAnswerError):
        return
    for text, _, _ in found:
        assert "q7m2x4" not in text
        assert "b2c3d4" not in text


@given(st.text(alphabet="<>[]/thinkTHINK|channelmsgd◁▷ 。", max_size=60), st.integers(1, 5))
def test_hidden_text_does_not_depend_on_the_pieces(text, size):
    pieces = [text[at : at + size] for at in range(0, len(text), size)]

    def heard(pieces):
        said = ""
        for piece in spoken(pieces):
            said = "" if piece is None else said + piece
        return said

    assert heard(pieces) == heard([text])
