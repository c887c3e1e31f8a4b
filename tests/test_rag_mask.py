"""Personal numbers are taken out before anything is written down; everything else stays."""

import sys
from datetime import date

import pytest

from rag.journal import JOURNAL, Journal
from rag.mask import mask
from rag.question import Asked, Turn

CARD = "6222021234567894"  # made up, with a right check digit
RESIDENT = "11010519491231002X"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"卡号{CARD}怎么解绑？", "卡号[card]怎么解绑？"),
        ("卡号6222 0212 3456 7894", "卡号[card]"),
        ("卡号６２２２０２１２３４５６７８９４", "卡号[card]"),
        ("card 4111-1111-1111-1111 is lost", "card [card] is lost"),
        (f"身份证{RESIDENT}", "身份证[id]"),
        ("卡号6222021234567890", "卡号[card]"),  # a digit mistyped, the others still a card's
        ("身份证110105194912310028", "身份证[card]"),
        ("卡号6222 0212 1380 0138 008怎么办", "卡号[card]怎么办"),  # its end is a mobile number's
        ("卡号6222 0212 3456 7890", "卡号[card]"),  # mistyped, in groups
        ("86 13800138000", "[phone]"),
        ("+86-138-1234-5678", "[phone]"),  # as long as a card, and by chance with its check digit
        ("手机13800138000收不到验证码", "手机[phone]收不到验证码"),
        ("手機一三八零零一三八零零零", "手機[phone]"),
        ("+86 138-0013-8000", "[phone]"),
        ("call +852 9123 4567", "call [phone]"),
        ("0912-345-678", "[phone]"),
        ("010-12345678", "[phone]"),
        ("A123456789 開戶", "[id] 開戶"),
        ("Z683365(5)", "[id]"),
        (f"{CARD}和13800138000", "[card]和[phone]"),
    ],
)
def test_personal_numbers_are_taken_out(text, masked):
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "2022年1月1日到2023年12月31日有3,000万用户，增长98.68%",
        "客服95588、400-820-8888、12378",
        "订单20230901123456",  # a wrong check digit, and too short for most cards
        "20230101-20231231的流水",
        "2023-09-01 2023-10-01期间",
        "2019 2020 2021 2022四年",
        "客服95588 95533 95599 9",
        "贷款1,000,000,000,000元",
        "一二三四五六七八九十",
        "iPhone15 Pro 256GB A12 M13",
        "",
    ],
)
def test_other_numbers_stay(text):
    assert mask(text) == text


def test_the_work_grows_as_the_text_does():
    def steps(text):
        count = 0

        def told(*_):
            nonlocal count
            count += 1

        before = sys.getprofile()
        sys.setprofile(told)
        try:
            mask(text)
        finally:
            sys.setprofile(before)
        return count

    numbers = "13800138000、"
    assert mask(numbers * 50) == "[phone]、" * 50
    assert steps(numbers * 400) < 5 * steps(numbers * 100)


def test_the_journal_holds_no_personal_number(tmp_path):
    journal = Journal(tmp_path)
    asked = Asked(
        f"我的卡{CARD}能转账吗",
        date(2024, 5, 1),
        dialogue=(Turn("手机13800138000", f"已登记{RESIDENT}"), Turn("好")),
    )
    journal.remember("a1", asked)
    written = (tmp_path / JOURNAL).read_text(encoding="utf-8")
    assert all(number not in written for number in (CARD, "13800138000", RESIDENT))
    assert journal.find("a1").question == "我的卡[card]能转账吗"
    assert journal.find("a1").dialogue == (Turn("手机[phone]", "已登记[id]"), Turn("好"))
