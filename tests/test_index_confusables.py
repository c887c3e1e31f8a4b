"""Characters written for one another, and what is common in general text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.confusables import Reason, confusables, main
from index.errors import UsageError
from index.everyday import how_common

HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5)


@pytest.mark.parametrize(
    ("said", "meant", "reason"),
    [
        ("因", "银", Reason.SOUND),
        ("很", "银", Reason.SHAPE),
        ("行", "航", Reason.SOUND),  # the second reading
        ("林", "零", Reason.NEAR_SOUND),  # in, ing
        ("男", "蓝", Reason.NEAR_SOUND),  # n, l
        ("子", "只", Reason.NEAR_SOUND),  # z, zh
        ("未", "末", Reason.SHAPE),
        ("己", "巳", Reason.SHAPE),
    ],
)
def test_why_one_is_written_for_another(said, meant, reason):
    assert {c.char: c.reason for c in confusables(said)}[meant] is reason


@given(HAN)
def test_no_character_is_its_own_and_none_comes_twice(char):
    others = [c.char for c in confusables(char)]
    assert char not in others
    assert len(set(others)) == len(others)


def test_what_is_no_han_character_has_none():
    assert [confusables(char) for char in ("a", "7", "", "銀")] == [()] * 4


def test_how_common():
    assert [how_common(t) for t in ("银行", "哪些", "机因", "行", "", "which", "bakn")] == [
        *(2, 2, 0, 0, 0),
        *(1, 0),
    ]


def test_a_missing_source_is_one_line(tmp_path):
    with pytest.raises(UsageError, match=r"nowhere\.txt cannot be read"):
        main(["--decompositions", str(tmp_path / "nowhere.txt")])
