import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.fold import fold

ANY_TEXT = st.text(st.characters(), max_size=60)  # lone surrogates included
HAN_TEXT = st.text(st.characters(min_codepoint=0x2E80, max_codepoint=0x9FFF), max_size=60)


@given(ANY_TEXT | HAN_TEXT)
def test_folding_keeps_the_length_and_is_idempotent(text):
    folded = fold(text)
    assert len(folded) == len(text)
    assert fold(folded) == folded


def test_every_code_point_of_the_basic_plane_folds_to_one_settled_character():
    text = "".join(map(chr, range(0x10000)))
    folded = fold(text)
    assert len(folded) == len(text)
    assert fold(folded) == folded


@given(st.lists(ANY_TEXT, max_size=4))
def test_folding_looks_at_single_characters_only(parts):
    assert fold("".join(parts)) == "".join(map(fold, parts))


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ＡＰＩ　３.５％", "api 3.5%"),
        ("开放银行", "开放银行"),
        ("開放銀行，裏面", "开放银行,里面"),
        ("İstanbul ΣΑΣ ςſ", "istanbul σασ σs"),
        ("straße ẞ", "straße ß"),  # "ss" would move the offsets
        ("…㎡½", "…㎡½"),
        ("٣४๕", "345"),
        ("⼈⻓⻢", "人长马"),  # radicals, as PDF files write them
        ("ﾃｽﾄ", "テスト"),
        ("", ""),
    ],
)
def test_examples(text, folded):
    assert fold(text) == folded


@pytest.mark.parametrize(
    "spellings",
    [
        "裏裡里",
        "著着",
        "臺台",
        "爲為为",
        "衆眾众",
        "啓啟启",
        "衞衛卫",
        "図圖图",
        "気氣气",
        "発發髮发",
        "後后",
        "鉱礦鑛矿",
        "瞭了",
        "覆復複复",
    ],
)
def test_variants_of_a_character_meet(spellings):
    assert len(set(map(fold, spellings))) == 1


@pytest.mark.parametrize("pair", ["欠缺", "坐座", "画划", "人入", "未末"])
def test_different_characters_stay_apart(pair):
    assert fold(pair[0]) != fold(pair[1])


@pytest.mark.parametrize(
    ("simplified", "traditional"),
    [
        (
            "客服中心上线了智能机器人，回复客户的提问。",
            "客服中心上線了智能機器人，回覆客戶的提問。",
        ),
        ("借助手机银行，他了解了干燥机的价格。", "藉助手機銀行，他瞭解了乾燥機的價格。"),
        ("看着里面的钟表", "看著裏面的鐘錶"),
    ],
)
def test_both_scripts_of_a_sentence_fold_to_one_string(simplified, traditional):
    assert fold(simplified) == fold(traditional)


def test_opencc_is_loaded_by_the_first_han_character_only():
    code = (
        "import sys; from index.fold import fold; fold('no Han: é Ж ١')\n"
        "assert 'opencc' not in sys.modules\n"
        "assert fold('銀') == '银' and 'opencc' in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
