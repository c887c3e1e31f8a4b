import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.damage import find_damages

SEEDS = Path(__file__).parents[2] / "shared" / "seeds"
needs_seeds = pytest.mark.skipif(not SEEDS.is_dir(), reason="../shared/seeds is not here")


def spots(text):
    return [(text[d.start : d.end], d.suggestion) for d in find_damages(text)]


@needs_seeds
def test_both_spots_of_the_seed_are_found_with_their_reading():
    text = (SEEDS / "002_0119d893c273449f.txt").read_text(encoding="utf-8")
    assert [(d.start, d.end, d.suggestion) for d in find_damages(text)] == [
        (1231, 1239, "。客戶再次到訪"),
        (3553, 3559, "。客戶通過"),
    ]
    assert spots(text) == [("??蛻粼俅蔚皆L", "。客戶再次到訪"), ("??蛻敉ㄟ^", "。客戶通過")]


@needs_seeds
@pytest.mark.parametrize(
    "name",
    [
        "000_8e5239ca2f79c0ce.txt",
        "001_f8637387506d8987.txt",
        "003_ece5416f2cfa0aba.txt",
        "004_4aa1aa8326864f39.txt",
    ],
)
def test_the_other_seeds_are_whole(name):
    assert find_damages((SEEDS / name).read_text(encoding="utf-8")) == ()


def lose_byte(before, after, *, mark="?"):
    """GBK text whose byte between the two parts was lost: the first of ``after``."""
    data = after.encode("gbk")[1:]
    return before + mark + data.decode("gbk", "strict")


def test_a_lost_lead_byte_is_read_by_the_words_of_the_article():
    whole = "銀行的客戶很多。客戶再次到訪，客戶都滿意。"
    garbled = whole + lose_byte("辦理完成後", "客戶再次到訪")
    start = garbled.index("?")
    (damage,) = find_damages(garbled)
    assert damage.start == start
    assert damage.end == len(garbled)
    assert damage.suggestion == "客戶再次到訪"


def test_a_replacement_character_is_as_good_a_mark():
    garbled = "客戶再次到訪。客戶很多。" + lose_byte("辦理完成後", "客戶再次到訪", mark="\ufffd")
    assert spots(garbled) == [(garbled[garbled.index("\ufffd") :], "客戶再次到訪")]


def test_no_suggestion_where_several_characters_fit():
    (damage,) = find_damages("服務?蛻敉ㄟ^交行")
    assert (damage.start, damage.end, damage.suggestion) == (2, 7, None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("前面\ufffd\ufffd后面", ["\ufffd\ufffd"]),
        ("\ufffd", ["\ufffd"]),
        ("标题锟斤拷锟斤拷正文", ["锟斤拷锟斤拷"]),
        ("输出烫烫烫烫结束", ["烫烫烫烫"]),
        ("name ï¿½ï¿½ here", ["ï¿½ï¿½"]),
        ("一锟斤拷二\ufffd三", ["锟斤拷", "\ufffd"]),
    ],
)
def test_plain_remains(text, expected):
    assert [spot for spot, _ in spots(text)] == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "真的??这也太贵了吧",
        "是吗?我觉得还好。",
        "為什麼?因為客戶再次到訪。",
        "什么？！怎么会这样？？我不信",
        "你說呢???我們明天再談",
        "https://example.org/搜索?关键词=交行&页=2",
        "a ?? b; x = y ?? 默认值",
        "条件 ? 真值 : 假值",
        "|问题?|答案|\n|---|---|\n|好?|是|",
        "他问:“谁?”鬼谷子笑而不答。",
        "谁?饕餮魑魅魍魉。",
        "咋?啥?嗯?哦!",
        "汤太烫烫嘴",
        "Qu'est-ce que c'est ? ¿Qué? Què?",
        "本当ですか?はい、そうです。",
        "정말요?네, 그렇습니다.",
        "吃了吗?😀😀",
    ],
)
def test_good_text_is_not_damaged(text):
    assert find_damages(text) == ()


SENTENCES = (
    "远程银行中心把常见的问题整理成册",
    "客户不用出门就能办好业务",
    "圖書館的舊報紙已經全部掃描完畢",
    "這項研究發現睡眠不足",
    "山里的雨说来就来",
    "図書館の古い新聞",
    "도서관의 오래된 신문",
    "plain words",
    "😀",
)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(SENTENCES), st.sampled_from(["?", "??", "？", "?\n", " ? ", "。"])
        ),
        max_size=10,
    )
)
def test_questions_are_never_damage(parts):
    assert find_damages("".join(a + b for a, b in parts)) == ()


@given(st.text(alphabet=st.sampled_from("?？\ufffd蛻敉ㄟ^锟斤拷中文aL，\n"), max_size=60))
def test_damages_are_in_order_inside_the_text_and_apart(text):
    end = 0
    for damage in find_damages(text):
        assert end <= damage.start < damage.end <= len(text)
        assert damage.reason
        end = damage.end
    assert all(
        any(d.start <= at < d.end for d in find_damages(text))
        for at, char in enumerate(text)
        if char == "\ufffd"
    )


@pytest.mark.parametrize("text", ["?中" * 200_000, "?" * 1_000_000, "?中文字" * 100_000])
def test_question_marks_take_linear_time(text):
    started = time.perf_counter()
    assert find_damages(text) == ()
    assert time.perf_counter() - started < 5.0
