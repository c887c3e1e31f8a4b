"""Dates in a question: what they cover, whether they limit, and what only looks like one."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import UsageError
from rag.dates import DateHint, Period, date_fit, filters_of, load_periods, read_dates

TODAY = date(2024, 5, 15)  # a Wednesday
PERIODS = load_periods()


def read(text, today=TODAY):
    hints = read_dates(text, today=today, periods=PERIODS)
    assert all(text[hint.start : hint.end] == hint.said for hint in hints)
    return [(hint.said, _span(hint), hint.limits) for hint in hints]


def _span(hint):
    return f"{hint.since or ''}/{hint.until or ''}"


MENTIONED = {
    "2020年银行发了什么": ("2020年", "2020-01-01/2020-12-31"),
    "二〇二〇年的满意度": ("二〇二〇年", "2020-01-01/2020-12-31"),
    "一九九八年": ("一九九八年", "1998-01-01/1998-12-31"),
    "２０２２年６月的公告": ("２０２２年６月", "2022-06-01/2022-06-30"),
    "2020年三月十五日": ("2020年三月十五日", "2020-03-15/2020-03-15"),
    "2020年2月底": ("2020年2月底", "2020-02-21/2020-02-29"),
    "民國109年5月": ("民國109年5月", "2020-05-01/2020-05-31"),
    "2020-03-15的新闻": ("2020-03-15", "2020-03-15/2020-03-15"),
    "2020/3/15": ("2020/3/15", "2020-03-15/2020-03-15"),
    "20200315": ("20200315", "2020-03-15/2020-03-15"),
    "2020-03": ("2020-03", "2020-03-01/2020-03-31"),
    "5月的公告": ("5月", "2024-05-01/2024-05-31"),
    "六月的公告": ("六月", "2023-06-01/2023-06-30"),
    "2月29日": ("2月29日", "2024-02-29/2024-02-29"),
    "3-5月": ("3-5月", "2024-03-01/2024-05-31"),
    "12月到2月": ("12月到2月", "2023-12-01/2024-02-29"),
    "6月以后": ("6月以后", "2023-06-01/"),
    "上半年": ("上半年", "2024-01-01/2024-06-30"),
    "下半年": ("下半年", "2023-07-01/2023-12-31"),
    "去年下半年": ("去年下半年", "2023-07-01/2023-12-31"),
    "一季度": ("一季度", "2024-01-01/2024-03-31"),
    "2020年前三季度": ("2020年前三季度", "2020-01-01/2020-09-30"),
    "去年Q3": ("去年Q3", "2023-07-01/2023-09-30"),
    "Q3 2021": ("Q3 2021", "2021-07-01/2021-09-30"),
    "2020年前后": ("2020年", "2020-01-01/2020-12-31"),
    "2020年中国银行": ("2020年", "2020-01-01/2020-12-31"),
    "去年": ("去年", "2023-01-01/2023-12-31"),
    "前年": ("前年", "2022-01-01/2022-12-31"),
    "明年": ("明年", "2025-01-01/2025-12-31"),
    "上个月": ("上个月", "2024-04-01/2024-04-30"),
    "上週": ("上週", "2024-05-06/2024-05-12"),
    "昨天": ("昨天", "2024-05-14/2024-05-14"),
    "两年前": ("两年前", "2022-01-01/2022-12-31"),
    "到2020年底有多少人": ("到2020年底", "2020-12-01/2020-12-31"),
    "疫情期間工行線上繳費": ("疫情期間", "2020-01-23/2022-12-07"),
    "十四五时期": ("十四五时期", "2021-01-01/2025-12-31"),
    "during the pandemic": ("pandemic", "2020-01-23/2022-12-07"),
    "last year": ("last year", "2023-01-01/2023-12-31"),
    "last month": ("last month", "2024-04-01/2024-04-30"),
    "what happened in 2021": ("2021", "2021-01-01/2021-12-31"),
    "the 2018 World Cup": ("2018", "2018-01-01/2018-12-31"),
    "in March": ("March", "2024-03-01/2024-03-31"),
    "15 March 2020": ("15 March 2020", "2020-03-15/2020-03-15"),
    "as of March 31, 2020": ("as of March 31, 2020", "2020-03-31/2020-03-31"),
    "the first half of 2021": ("first half of 2021", "2021-01-01/2021-06-30"),
    "early 2020": ("early 2020", "2020-01-01/2020-03-31"),
    "two years ago": ("two years ago", "2022-01-01/2022-12-31"),
}

LIMITING = {
    "2020年以后工行": ("2020年以后", "2020-01-01/"),
    "2020年之後": ("2020年之後", "2020-01-01/"),
    "2020年以来": ("2020年以来", "2020-01-01/"),
    "今年以来": ("今年以来", "2024-01-01/"),
    "自2020年3月起施行": ("自2020年3月起", "2020-03-01/"),
    "从2020年3月开始": ("从2020年3月开始", "2020-03-01/"),
    "2020年3月至今": ("2020年3月至今", "2020-03-01/"),
    "2019年以前": ("2019年以前", "/2018-12-31"),
    "2020年前推出": ("2020年前", "/2019-12-31"),
    "2020年2月底之前": ("2020年2月底之前", "/2020-02-29"),
    "2020年3月15日之前": ("2020年3月15日之前", "/2020-03-15"),
    "2020年到2021年": ("2020年到2021年", "2020-01-01/2021-12-31"),
    "2020-2021年": ("2020-2021年", "2020-01-01/2021-12-31"),
    "２０２０－２０２１年": ("２０２０－２０２１年", "2020-01-01/2021-12-31"),
    "从2020年底到2022年底": ("从2020年底到2022年底", "2020-12-01/2022-12-31"),
    "2020年3月到6月之间": ("2020年3月到6月之间", "2020-03-01/2020-06-30"),
    "2020年12月到2月": ("2020年12月到2月", "2020-12-01/2021-02-28"),
    "2021年3月15日至20日": ("2021年3月15日至20日", "2021-03-15/2021-03-20"),
    "2019年和2021年之间": ("2019年和2021年之间", "2019-01-01/2021-12-31"),
    "由2021年試行到2023年": ("由2021年試行到2023年", "2021-01-01/2023-12-31"),
    "最近三年": ("最近三年", "2021-05-15/2024-05-15"),
    "近两年": ("近两年", "2022-05-15/2024-05-15"),
    "過去半年": ("過去半年", "2023-11-15/2024-05-15"),
    "近年来": ("近年来", "2021-05-15/2024-05-15"),
    "两三年来": ("两三年来", "2021-05-15/2024-05-15"),
    "疫情以来": ("疫情以来", "2020-01-23/"),
    "疫情之前": ("疫情之前", "/2020-01-22"),
    "改革开放以来": ("改革开放以来", "1978-12-18/"),
    "past three years": ("past three years", "2021-05-15/2024-05-15"),
    "in the last 3 months": ("last 3 months", "2024-02-15/2024-05-15"),
    "since March 2020": ("since March 2020", "2020-03-01/"),
    "since last year": ("since last year", "2023-01-01/"),
    "before 2019": ("before 2019", "/2018-12-31"),
    "from 2019 to 2021": ("from 2019 to 2021", "2019-01-01/2021-12-31"),
    "from March to June 2020": ("from March to June 2020", "2020-03-01/2020-06-30"),
    "between 2019 and 2021": ("between 2019 and 2021", "2019-01-01/2021-12-31"),
}


@pytest.mark.parametrize("question", MENTIONED)
def test_a_date_that_is_mentioned(question):
    assert read(question) == [(*MENTIONED[question], False)]


@pytest.mark.parametrize("question", LIMITING)
def test_a_date_that_limits(question):
    assert read(question) == [(*LIMITING[question], True)]


NO_DATES = """
2020元|2020家企业|3.5万|iPhone 2019款|2020年13月|2月30日|2021年2月30日|2021-02-30|2000-13-01
90后|2020年代|三年级|第二年的目标|3个月|5550-1188|2000年的历史|疫情防控系统|年底还剩多少
五月天|十月革命|a fine of 2000 yuan|How many people in 2000 banks|you may march
Office 2019 users|1,2020|2020.5%|version 2020.1.2.3|几月几日|哪年|什么时候
"""


@pytest.mark.parametrize("question", NO_DATES.strip().replace("\n", "|").split("|"))
def test_what_is_no_date_gives_no_hint(question):
    assert read(question) == []


def test_several_dates_stand_side_by_side():
    assert read("江湾银行2018、2020、2022三年") == [
        ("2018", "2018-01-01/2018-12-31", False),
        ("2020", "2020-01-01/2020-12-31", False),
        ("2022", "2022-01-01/2022-12-31", False),
    ]
    assert [said for said, _, _ in read("2018年和2020年比")] == ["2018年", "2020年"]
    # A month takes the year that is said with it.
    assert [span for _, span, _ in read("in March and April 2022")] == [
        "2022-03-01/2022-03-31",
        "2022-04-01/2022-04-30",
    ]
    assert [span for _, span, _ in read("2022年3月和4月")][1] == "2022-04-01/2022-04-30"


@pytest.mark.parametrize(
    ("question", "dates"),
    [
        ("从2022年到2020年", "'从2022年到2020年' runs from 2022-01-01 to 2020-12-31"),
        ("２０２１年5月到2021年3月", "runs from 2021-05-01 to 2021-03-31"),
        ("between 2022 and 2019", "'between 2022 and 2019' runs from 2022-01-01 to 2019-12-31"),
    ],
)
def test_a_range_that_ends_before_it_begins_is_refused(question, dates):
    with pytest.raises(UsageError, match="ends before it begins") as caught:
        read(question)
    assert dates in str(caught.value)


def test_two_numbers_with_a_dash_may_be_anything():
    assert [said for said, _, _ in read("2020-1999")] == ["2020", "1999"]


def test_relative_dates_follow_today():
    assert read("上个月", today=date(2024, 1, 31)) == [("上个月", "2023-12-01/2023-12-31", False)]
    assert read("最近一个月", today=date(2024, 3, 31))[0][1] == "2024-02-29/2024-03-31"
    assert read("6月", today=date(2024, 6, 1))[0][1] == "2024-06-01/2024-06-30"


_SAID = """
2020年 二〇二〇年 13月 6月 30日 2月 到 至 - 、 和 以后 之前 起 从 自 去年 上 个月 最近 三 年 季度
疫情 期间
Q3 since before between and March 2021 to last years the may 民国 99 今天 前 半年 999 H1
year
2000 . / ０
"""
_PIECES = st.sampled_from(_SAID.split())


@given(
    st.one_of(st.text(), st.lists(_PIECES, max_size=12).map("".join),
              st.lists(_PIECES, max_size=12).map(" ".join)),
    st.dates(),
)  # fmt: skip
def test_any_text_on_any_day(text, today):
    try:
        hints = read_dates(text, today=today, periods=PERIODS)
    except UsageError as error:
        assert "ends before it begins" in str(error)  # noqa: PT017  (any other error fails)
        return
    at = 0
    for hint in hints:
        assert at <= hint.start < hint.end
        assert text[hint.start : hint.end] == hint.said
        assert hint.since or hint.until
        assert not (hint.since and hint.until) or hint.since <= hint.until
        at = hint.end
    since, until = filters_of(hints, late_days=365)
    assert not (since and until) or since <= until
    assert 0.0 <= date_fit(today, hints) <= 1.0


def hint(since, until, limits):
    return DateHint(0, 1, "x", since, until, limits)


def test_filters_come_from_what_limits():
    only = hint(date(2020, 1, 1), date(2020, 12, 31), False)
    later = hint(date(2021, 1, 1), None, True)
    earlier = hint(None, date(2022, 12, 31), True)
    assert filters_of([only]) == (None, None)
    assert filters_of([only, later, earlier]) == (date(2021, 1, 1), date(2022, 12, 31))
    assert filters_of([earlier], late_days=31) == (None, date(2023, 1, 31))
    assert filters_of([hint(None, date.max, True)], late_days=31) == (None, date.max)
    # 2020年以前和2022年以后: a comparison, which limits nothing.
    assert filters_of(
        [hint(None, date(2019, 12, 31), True), hint(date(2022, 1, 1), None, True)]
    ) == (
        None,
        None,
    )


def test_fit_is_one_within_and_falls_outside():
    hints = [hint(date(2020, 1, 1), date(2020, 12, 31), False)]
    assert date_fit(date(2020, 6, 1), hints) == 1.0
    assert date_fit(date(2021, 6, 29), hints) == pytest.approx(0.5)
    assert date_fit(date(2019, 12, 2), hints) == pytest.approx(0.5)
    assert date_fit(None, hints) == 0.0
    assert date_fit(None, []) == 1.0
    assert date_fit(date(1, 1, 1), hints) < 1e-9


def test_a_period_of_ones_own_goes_first(tmp_path):
    path = tmp_path / "periods.toml"
    path.write_text(
        '[[period]]\nnames = ["疫情", "封控"]\nsince = 2022-04-01\nuntil = 2022-05-31\n',
        encoding="utf-8",
    )
    periods = load_periods(path)
    assert periods[0] == Period(("疫情", "封控"), date(2022, 4, 1), date(2022, 5, 31))
    (found,) = read_dates("疫情期间", today=TODAY, periods=periods)
    assert found.since == date(2022, 4, 1)
    assert read_dates("封控以后", today=TODAY, periods=periods)[0].limits


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[[period\n", "is not valid TOML"),
        ("[period]\n", "only tables"),
        ("x = 1\n", "only tables"),
        ("[[period]]\nsince = 2020-01-01\n", "period 1 must hold names"),
        ('[[period]]\nnames = "疫情"\nsince = 2020-01-01\n', "names must be a list"),
        ('[[period]]\nnames = ["疫"]\nsince = 2020-01-01\n', "names must be a list"),
        ('[[period]]\nnames = ["疫情"]\nsince = "2020-01-01"\n', "is no day"),
        ('[[period]]\nnames = ["疫情"]\nsince = 2020-01-01T08:00:00\n', "is no day"),
        ('[[period]]\nnames = ["疫情"]\n', "needs since or until"),
        ('[[period]]\nnames = ["疫情"]\nsince = 2020-01-01\nuntil = 2019-01-01\n', "ends before"),
    ],
)
def test_a_file_of_periods_that_is_wrong_is_refused(tmp_path, text, complaint):
    path = tmp_path / "periods.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=complaint) as caught:
        load_periods(path)
    assert str(path) in str(caught.value)


def test_a_file_of_periods_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UsageError, match="cannot read the periods"):
        load_periods(tmp_path / "none.toml")


@pytest.mark.timeout(30)  # seconds; it takes 3, and took minutes when it was a square
def test_a_long_text_takes_no_square_of_its_length():
    for piece in ("2020年", "3月", "in 2020 ", "2020-", "从", "近", "the end of "):
        text = piece * (30_000 // len(piece))
        assert all(text[h.start : h.end] == h.said for h in read_dates(text, today=TODAY))


def test_what_begins_on_a_day_is_announced_before_it():
    (one,) = read_dates("2023年9月1日起哪些收费调整了？", today=date(2024, 1, 1))
    assert (one.since, one.until, one.limits) == (date(2023, 9, 1), None, False)
    (other,) = read_dates("2023年9月1日以来哪些收费调整了？", today=date(2024, 1, 1))
    assert other.limits
