"""Facts in every way of writing them, and which of them state one another."""

import pytest

from rag.factreader import read_facts
from rag.facts import Bound, FactKind, agree, flatten
from rag.numerals import han_number, spelled_number


def facts(text):
    return [(f.kind.value, f.value, f.unit) for f in read_facts(text)]


def amount(text):
    (fact,) = (f for f in read_facts(text) if f.kind is FactKind.AMOUNT)
    return fact.value, fact.unit, fact.bound.value


@pytest.mark.parametrize(
    ("texts", "value", "unit"),
    [
        (("98.68%", "９８．６８％", "百分之九十八点六八", "98.68 percent"), 98.68, "%"),
        (("3.5亿元", "35,000万元", "三亿五千万元", "３．５億元", "350 million yuan"), 3.5e8, "元"),
        (("1.2万户", "12000户", "12,000戶", "一万二千户", "一萬二戶"), 12000, "户"),
        (("三成", "30%", "百分之三十", "30 percent", "十分之三"), 30, "%"),
        (("one tenth", "a tenth", "十分之一"), 10, "%"),
        (("半小时", "半個小時", "30分钟", "half an hour", "thirty minutes"), 1800, "秒"),
        (("一个半小时", "90分钟", "ninety minutes"), 5400, "秒"),
        (("新臺幣三萬元", "3万元", "30,000元"), 30000, "元"),
        (("5,000 dollars", "$5,000", "5000美元", "五千美元", "US$5,000"), 5000, "美元"),
        (("two hundred and sixty-three people", "263人", "二百六十三名"), 263, "人"),
        (("6.3个百分点", "6.3 percentage points"), 6.3, "pp"),
        (("2.36倍", "二点三六倍"), 2.36, "倍"),
    ],
)  # fmt: skip
def test_an_amount_is_one_however_it_is_written(texts, value, unit):
    for text in texts:
        assert amount(text)[:2] == (pytest.approx(value), unit), text


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("超过92万例", "above"),
        ("92万多例", "above"),
        ("二十餘家", "above"),
        ("近20万笔", "below"),
        ("将近20万笔", "below"),
        ("不足四万元", "below"),
        ("约27万人", "about"),
        ("27万人左右", "about"),
        ("至少3次", "above"),
        ("最多三次", "below"),
        ("more than 3,100 people", "above"),
        ("nearly 20 miles", "below"),
        ("about 410,000 people", "about"),
        ("27万人", "exact"),
    ],
)
def test_how_an_amount_is_meant(text, bound):
    assert amount(text)[2] == bound


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2019年12月", (2019, 12, None)),
        ("2019-12", (2019, 12, None)),
        ("二〇一九年十二月", (2019, 12, None)),
        ("December 2019", (2019, 12, None)),
        ("2024年3月1日", (2024, 3, 1)),
        ("2024-03-01", (2024, 3, 1)),
        ("1 March 2024", (2024, 3, 1)),
        ("March 1, 2024", (2024, 3, 1)),
        ("三月一日", (None, 3, 1)),
        ("２０２４年", (2024, None, None)),
        ("in 2024 the bank", (2024, None, None)),
    ],
)
def test_a_date_is_one_however_it_is_written(text, date):
    assert facts(text) == [("date", date, "")]


def test_both_ends_of_a_range_are_read():
    assert [f.value[0] for f in read_facts("2016年至2019年")] == [2016, 2019]
    assert [f.value[0] for f in read_facts("2016-2019年")] == [2016, 2019]


@pytest.mark.parametrize(
    ("texts", "value"),
    [
        (("晚上八点", "晚上8點", "20:00", "8 pm", "8 p.m", "8 in the evening"), (480, 1)),
        (("上午九点十七分", "上午9:17", "9:17 am"), (557, 0)),
        (("下午三点半", "15:30"), (210, 1)),
    ],
)
def test_a_time_of_day_is_one_however_it_is_written(texts, value):
    for text in texts:
        (fact,) = read_facts(text)
        assert (fact.kind, fact.value) == (FactKind.TIME, value), text


@pytest.mark.parametrize(
    "text",
    [
        "十分满意，万一有事，四川的百姓",
        "一个人，一些，一样",
        "it may march on; some people march",
        "第一，先做减法",
        "零售业务和零钱兑换",
        "no one is the first",
    ],
)
def test_what_counts_nothing_is_no_fact(text):
    assert facts(text) == []


def test_quotations_and_ordinals_and_weekdays():
    assert facts("《红楼梦》第三回") == [("quote", "红楼梦", ""), ("ordinal", 3.0, "")]
    assert facts("「極速貸」") == facts("“极速贷”") == [("quote", "极速贷", "")]
    assert facts("每周三") == facts("星期三") == facts("Wednesday") == [("weekday", (3,), "")]


def test_offsets_are_those_of_the_text():
    text = "到2月底，機器人一共回答提問５５.57萬筆，滿意度98.68%。"
    assert [text[f.start : f.end].strip() for f in read_facts(text)] == [
        "2月",
        "５５.57萬筆",
        "98.68%",
    ]


def test_flattening_keeps_the_length_and_the_comma():
    text = "增長３，０００萬，約５０，１００"
    assert len(flatten(text)) == len(text)
    assert flatten(text) == "增长3,000万，约50,100"


@pytest.mark.parametrize(
    ("said", "stated", "agrees"),
    [
        ("98.68%", "百分之九十八点六八", True),
        ("98.86%", "98.68%", False),
        ("98.68", "98.68%", False),
        ("312.6万个", "312.6万户", True),
        ("312.6万人", "312.6万户", False),
        ("312.6亿户", "312.6万户", False),
        ("136亿元", "136亿美元", False),
        ("超过1.6亿户", "1.6亿户", False),  # nobody said "more than"
        ("1.6亿户", "超过1.6亿户", True),
        ("不足1.6亿户", "超过1.6亿户", False),
        ("约100万人", "104.2万人", True),
        ("约100万人", "140万人", False),
        ("超过40万人", "41.3万人", True),
        ("2019年", "2019年12月3日", True),
        ("2019年12月4日", "2019年12月3日", False),
        ("2018年", "2019年", False),
        ("上午八点", "晚上八点", False),
        ("八点半", "上午8:30", True),
        ("“极速贷”", "“極速貸”放出10万笔", True),
        ("“快贷”", "“极速贷”", False),
        ("第六届", "第七届", False),
    ],
)
def test_which_facts_are_stated(said, stated, agrees):
    (fact,) = read_facts(said)
    assert agree(fact, read_facts(stated)) is agrees


def test_bounds_are_values():
    assert [b.value for b in Bound] == ["exact", "about", "above", "below"]


def test_numerals():
    assert han_number("两亿三千万") == 230_000_000
    assert han_number("一百零六") == 106
    assert han_number("三四") == 34
    assert han_number("一万二") == 12_000
    assert han_number("一千零一") == 1_001
    assert han_number("一亿零五百") == 100_000_500
    assert spelled_number(["three", "hundred", "and", "five"]) == (305.0, "")
    assert spelled_number(["half"]) is None
