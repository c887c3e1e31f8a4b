"""Dates in a question, relative to a given today: 2020年以后, 去年, 疫情期间, "since March 2020".

In: the words of a question, the day it is asked on, and periods that have a name. Out: for each
date the days that it covers, whether the question limits itself to them (以后, between … and …)
or only mentions them, and where it stands. It knows nothing of articles, and reads no clock.

A date is read in three steps: points in time (去年3月, Q3 2021), then what joins two of them to a
range (到, to), then what stands before and behind (since, 以前). A date that is none, such as
2020年13月, is passed over as a whole. 以后 and 以前 are read widely: 2020年以后 begins with 2020.
"""

import re
from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path

from index.dates import MONTHS
from index.errors import UsageError
from index.fold import fold
from index.toml_file import read_toml

__all__ = ["DateHint", "Period", "date_fit", "filters_of", "load_periods", "read_dates"]

_SHIPPED = Path(__file__).with_name("periods.toml")

_LOOK_BACK = 40  # characters before a date that can belong to it

_EARLY_HALF_LIFE_DAYS, _LATE_HALF_LIFE_DAYS = 30, 180
"""How fast an article loses its fit to a date that it is not of. A set guess: news of a month is
often told again in the report of the year, hardly ever before."""


@dataclass(frozen=True, slots=True)
class DateHint:
    """A date that a question says: ``text[start:end] == said``.

    ``since`` and ``until`` are the first and the last day, None where that side is open. With
    ``limits`` the question asks for this time only, else it may just as well be in the text.
    """

    start: int
    end: int
    said: str
    since: date | None
    until: date | None
    limits: bool


@dataclass(frozen=True, slots=True)
class Period:
    """A period that has a name; both days inclusive, None where that side is open."""

    names: tuple[str, ...]
    since: date | None
    until: date | None


def read_dates(text: str, *, today: date, periods: Sequence[Period] = ()) -> tuple[DateHint, ...]:
    """Find the dates that a question says, in order; they do not overlap.

    Args:
        text: The question, in any script; any text will do.
        today: The day that 去年 and "last month" count from.
        periods: Periods that have a name, from ``load_periods``.

    Raises:
        UsageError: a range ends before it begins (从2022年到2020年).

    >>> for hint in read_dates("2020年以后工行和去年建行", today=date(2024, 5, 1)):
    ...     print(hint.said, hint.since, hint.until, hint.limits)
    2020年以后 2020-01-01 None True
    去年 2023-01-01 2023-12-31 False
    """
    folded = fold(text)
    points = _points(folded, today=today, periods=periods)
    hints: list[DateHint] = []
    year: int | None = None
    at = 0
    while at < len(points):
        points[at] = _with_year(folded, points[at : at + 2], year)
        year = points[at].year or year
        hint = _range(text, folded, points[at : at + 2], today=today)
        at += 2 if hint else 1
        hint = hint or _single(folded, points[at - 1])
        if hint:
            start = max(hint.start, hints[-1].end if hints else 0)
            hints.append(replace(hint, start=start, said=text[start : hint.end]))
    return tuple(hints)


def date_fit(published: date | None, hints: Sequence[DateHint]) -> float:
    """Tell how well an article of this day fits to the dates of a question, in [0, 1].

    1 within one of them, less with every day outside; 0 for an article without a date. Without
    hints everything fits.
    """
    if not hints:
        return 1.0
    if published is None:
        return 0.0
    return max(_fit(published, hint) for hint in hints)


def filters_of(hints: Sequence[DateHint], *, late_days: int = 0) -> tuple[date | None, date | None]:
    """The first and the last day that a question limits itself to, for ``index.passage.Filters``.

    Where its limits leave no day at all (2020年以前和2022年以后), it compares, and nothing is
    limited. ``late_days`` moves the end: an article tells of a day when it is over.
    """
    limits = [hint for hint in hints if hint.limits]
    since = max((hint.since for hint in limits if hint.since), default=None)
    until = min((hint.until for hint in limits if hint.until), default=None)
    if since and until and until < since:
        return None, None
    if until and late_days:
        until = min(until, date.max - timedelta(late_days)) + timedelta(late_days)
    return since, until


def load_periods(extra: Path | None = None) -> tuple[Period, ...]:
    """Read the periods that have a name: the shipped ones and, before them, the user's own.

    Raises:
        UsageError: a file is missing or not as it should be.
    """
    return (*(_read_periods(extra) if extra else ()), *_shipped_periods())


def _fit(published: date, hint: DateHint) -> float:
    if hint.since and published < hint.since:
        days, half_life = (hint.since - published).days, _EARLY_HALF_LIFE_DAYS
    elif hint.until and published > hint.until:
        days, half_life = (published - hint.until).days, _LATE_HALF_LIFE_DAYS
    else:
        return 1.0
    return float(0.5 ** (days / half_life))


# Points in time ----------------------------------------------------------------------------

# A stretch within a year: first month and day, last month and day; day 0 is the month's last,
# month 0 is the one that was said before (3月15日至20日).
_Part = tuple[int, int, int, int]
_YEAR: _Part = (1, 1, 12, 0)


@dataclass(frozen=True, slots=True)
class _Point:
    """A point or stretch of time as it is said; without ``since`` and ``until`` it is no date.

    ``year`` is None for 6月 and the like, whose days are then those of its latest one, and
    ``part`` is None for what counts from today. ``whole``: 之前 does not include it (2020年之前,
    but 2月底之前). ``limits``: it does so by itself (最近三年). ``needs``: it is a date only
    beside a word of time (疫情期间).
    """

    start: int
    end: int
    since: date | None = None
    until: date | None = None
    year: int | None = None
    part: _Part | None = None
    whole: bool = False
    limits: bool = False
    needs: bool = False


_Reader = Callable[[re.Match[str], date], _Point]

_HAN_DIGITS = {c: i for i, c in enumerate("〇一二三四五六七八九")} | {"零": 0, "○": 0, "两": 2}
_HAN = "〇○零一二三四五六七八九十两"
_WORDS = {
    "a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "twelve": 12, "few": 3, "several": 3, "couple of": 2,
    "几": 3, "数": 3, "first": 1, "second": 2, "third": 3, "fourth": 4, "1st": 1, "2nd": 2,
    "3rd": 3, "4th": 4, "首": 1, "上": 1, "前": 1, "下": 2, "后": 2,
}  # fmt: skip
_MONTH_EN = r"(?:" + "|".join(sorted(MONTHS, key=len, reverse=True)) + r")\b\.?"
_YEAR4 = r"(?:19|20)\d\d"
_SMALL = rf"(?:\d{{1,2}}|[{_HAN}]{{1,3}})"
_TO = r"[-–—~至到]"
_NO_WORD = r"(?<![a-z0-9_.])"

_YEAR_ZH = (
    rf"(?:(?<![\d.,])(?P<year>{_YEAR4})\s*年"
    rf"|(?<![{_HAN}])(?P<han>[一二][〇○零一二三四五六七八九]{{3}})年"
    rf"|民国(?P<roc>\d{{1,3}}|[{_HAN}]{{1,3}})年)(?!代|的?历史|级)(?:度(?!假))?"
    r"|(?P<ago>大前年|(?<!过)去年|(?<![年之以目此从先史大])前年(?!度)|今年|本年(?!级)|明年"
    r"|(?<![战之以此今事随])后年(?!代))"
)
_MONTH_ZH = (
    rf"(?P<month>{_SMALL})\s*月(?![天饼球革花嫂薪供租均息])份?"
    rf"(?:\s*(?P<day>{_SMALL})\s*[日号](?![线楼院门店码称召])"
    r"|(?P<third>上旬|中旬|下旬|初(?![中级步始次衷])|底(?![层线部盘])|末(?!端)))?"
)
_QUARTER_ZH = r"(?:第?(?P<quarter>[一二三四1-4])|(?P<first>首))季度?(?![节花军赛])"
_HALF_ZH = r"(?P<half>[上下])半年"
_PARTS_ZH = (
    rf"{_MONTH_ZH}|{_QUARTER_ZH}|{_HALF_ZH}|(?P<half2>[前后])半年|q(?P<q>[1-4])(?!\d)"
    rf"|h(?P<h>[12])(?!\d)|前(?P<quarters>[两二三23])个?季度?|前(?P<months>{_SMALL})个月"
)
_EDGE_ZH = (
    r"(?P<edge>初(?![中级步始次衷一二三])|底(?![层线部盘薪气特])|末(?![端班])|中(?=[,;?!。、的]|$))"
)
_DATE_ZH = re.compile(rf"(?:公元)?(?:{_YEAR_ZH})(?:\s*的?(?:{_PARTS_ZH})|{_EDGE_ZH})?")
_NOT_BEFORE = rf"(?<![\d.第几数半/{_HAN}])"
_MONTH_ALONE_ZH = re.compile(rf"{_NOT_BEFORE}(?:{_MONTH_ZH})")
_PART_ALONE_ZH = re.compile(
    rf"{_NOT_BEFORE}(?:前(?P<quarters>[两二三23])个?季度"
    rf"|{_QUARTER_ZH.replace('度?', '度')}|{_HALF_ZH})"
)
# The first of two, where the second says what both are: 2020-2021年, 3-5月, and lists of years.
_YEARS_LEFT = re.compile(
    rf"(?<![\d.,])(?P<year>{_YEAR4})(?=(?:\s*(?:{_TO}|[、和与及])\s*{_YEAR4}){{1,8}}"
    r"\s*[二两三四五]?年)"
)
_YEARS_LAST = re.compile(rf"(?<=[、和与及])(?P<year>{_YEAR4})(?=\s*[二两三四五]年)")
_MONTH_LEFT = re.compile(rf"{_NOT_BEFORE}(?P<month>{_SMALL})(?=\s*(?:{_TO}|、)\s*{_SMALL}\s*月)")
_DAY_RIGHT = re.compile(rf"(?<={_TO})(?P<day>{_SMALL})[日号](?![线楼院门店码])")
_ISO = re.compile(
    r"(?<![\d./-])(?P<year>(?:19|20)\d\d)(?P<sep>[-/.])(?P<month>\d{1,2})"
    r"(?:(?P=sep)(?P<day>\d{1,2}))?(?![\d%]|[./-]\d|\s*[年月%])"
)
_COMPACT = re.compile(
    rf"(?<![\w.])(?P<year>{_YEAR4})(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])(?![\w.])"
)
# 2019-2021 and 2019/2021 alone: a range where no unit follows.
_YEARS_BARE = re.compile(
    rf"(?<![\w.-])(?P<year>{_YEAR4})(?=[-–—~](?P<other>{_YEAR4})(?![\w%]|[-.]\d))"
    rf"|(?<=\d[-–—~])(?P<last>{_YEAR4})(?![\w%]|[-.]\d)"
)

_EDGE_EN = (
    r"(?:(?P<edge>early|mid|late|(?:very )?(?:end|close|beginning|start|middle) of)"
    r"(?:\s+|-)(?:the\s+)?(?:year\s+)?)?"
)
_OF_YEAR = rf"\s*,?\s*(?:of\s+)?(?:(?P<year>{_YEAR4})(?!\w)|(?P<ago>last|this) year\b)"
_DATE_EN = tuple(
    re.compile(_NO_WORD + pattern)
    for pattern in (
        rf"(?P<month>{_MONTH_EN})\s*(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?![\w:%])"
        rf"(?:\s*,?\s*(?P<year>{_YEAR4})(?!\w))?",
        rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month>{_MONTH_EN})"
        rf"(?:\s*,?\s*(?P<year>{_YEAR4})(?!\w))?",
        rf"{_EDGE_EN}(?P<month>{_MONTH_EN}){_OF_YEAR}",
        rf"(?P<nth>first|second|third|fourth|1st|2nd|3rd|4th) (?P<kind>quarter|half){_OF_YEAR}",
        rf"(?P<kind>[qh])(?P<nth>[1-4]){_OF_YEAR}",
        rf"(?P<year>{_YEAR4})\s*(?P<kind>[qh])(?P<nth>[1-4])(?!\w)",
        rf"{_EDGE_EN}(?P<ago>last|this|next) year\b",
    )
)
_MONTH_ALONE_EN = re.compile(
    rf"{_NO_WORD}{_EDGE_EN}(?P<month>{_MONTH_EN})(?!\s*\d|\w|\s+(?:i|we|you|they|he|she|it|be)\b)"
)
_YEAR_ALONE_EN = re.compile(
    rf"(?<![\w.,$¥€£-]){_EDGE_EN}(?P<year>{_YEAR4})(?![\w%]|[.,]\d|-\w|['’]s\b)"
)
# "To march" is something else.
_BEFORE_MONTH = re.compile(
    r"\b(?:in|since|until|till|by|during|from|between|of|last|through)\s+$"
    rf"|(?<![a-z]){_MONTH_EN}\s+to\s+$"
)
# What makes a number without 年 a year: these words before it, or others and no noun behind it.
_BEFORE_YEAR = re.compile(
    r"\b(?:in|since|before|after|during|until|till|throughout|between|year|as of|prior to|than"
    r"|summer|winter|spring|autumn|early|mid|late|the)\s+(?:the\s+)?$"
)
_BEFORE_YEAR_OR_NUMBER = re.compile(r"\b(?:by|from|to|through|of|for|about|and|or|versus|vs)\s+$")
_UNIT_BEHIND = re.compile(
    r"\s+(?:yuan|rmb|dollars?|usd|cny|hkd|euros?|people|banks?|branches|customers|users|clients"
    r"|employees|cases|times|companies|million|billion|percent|points)\b"
)
_NO_NOUN_BEHIND = re.compile(
    r"\s*(?:$|[?!,.;:)'’\"]|(?:and|or|to|did|does|was|were|is|are|has|had|have|the|by|on|in|with"
    r"|for|at|as|who|what|how|which|until|through|onwards?|compared|than|versus|vs)\b)"
)

_COUNT = rf"(?P<n>\d{{1,3}}|[{_HAN}]{{1,3}}|几|数|半)"
_UNIT_ZH = r"个?(?P<unit>年(?!级|代|龄)|季度|月|周|星期|礼拜|天|日)"
_UNIT_EN = r"(?P<unit>year|quarter|month|week|day)s?\b"
_COUNT_EN = (
    r"(?P<n>\d{1,3}|a|one|two|three|four|five|six|seven|eight|nine|ten|twelve|few|several"
    r"|couple of)"
)
_ROLLING = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:最近|过去|(?<![附靠接逼邻临远])近|这(?!一[天日]))的?\s*{_COUNT}\s*{_UNIT_ZH}"
        r"(?:以来|来|里|内|间)?",
        rf"(?<![\d.第{_HAN}]){_COUNT}\s*{_UNIT_ZH}以?来(?![自到源])",
        rf"\b(?:last|past|previous|recent)\s+{_COUNT_EN}\s+{_UNIT_EN}",
        r"\bpast\s+(?P<n>)?" + _UNIT_EN,
        r"\brecent\s+(?P<unit>year|month|week)s\b(?P<n>)",
        r"近(?P<unit>年)(?P<n>)来?(?![级代龄])",
    )
)
_LONG_AGO = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?<![\d.第{_HAN}近去]){_COUNT}\s*{_UNIT_ZH}(?:以|之)?前(?![后台往期])",
        rf"\b{_COUNT_EN}\s+{_UNIT_EN}\s+ago\b",
    )
)
# The calendar's units around today: 上个月, 本周, "this quarter".
_NEAR = re.compile(
    r"(?P<which>上上|(?<!以)上|本|这|下)个?(?P<unit>季度|月(?![球台亮饼])|周(?![年岁])|星期|礼拜)"
    r"|\b(?P<which_en>last|this|next) (?P<unit_en>quarter|month|week)\b"
    r"|(?P<day>大前天|前天|昨[天日]|今[天日]|明[天日](?!星)|\byesterday\b|\btoday\b|\btomorrow\b)"
)
_STEPS = {"上上": -2, "上": -1, "本": 0, "这": 0, "下": 1, "last": -1, "this": 0, "next": 1}
_DAY_STEPS = {
    "大前天": -3, "前天": -2, "昨天": -1, "昨日": -1, "今天": 0, "今日": 0, "明天": 1, "明日": 1,
    "yesterday": -1, "today": 0, "tomorrow": 1,
}  # fmt: skip
_YEAR_STEPS = {
    "大前年": -3, "前年": -2, "去年": -1, "今年": 0, "本年": 0, "明年": 1, "后年": 2,
    "last": -1, "this": 0, "next": 1,
}  # fmt: skip
_UNITS = {
    "年": "year", "季度": "quarter", "月": "month", "周": "week", "星期": "week", "礼拜": "week",
    "天": "day", "日": "day",
}  # fmt: skip


def _points(folded: str, *, today: date, periods: Sequence[Period]) -> list[_Point]:
    """All points in time in order; where two patterns meet, the earlier of the list wins."""
    readers: list[tuple[re.Pattern[str], _Reader]] = [
        (_ISO, _calendar),
        (_COMPACT, _calendar),
        (_DATE_ZH, _calendar),
        *((pattern, _calendar) for pattern in _DATE_EN),
        (_YEARS_LEFT, _calendar),
        (_YEARS_LAST, _calendar),
        (_YEARS_BARE, _calendar),
        *((pattern, _rolling) for pattern in _ROLLING),
        *((pattern, _long_ago) for pattern in _LONG_AGO),
        (_NEAR, _near),
        (_MONTH_LEFT, _calendar),
        (_MONTH_ALONE_ZH, _calendar),
        (_PART_ALONE_ZH, _calendar),
        (_DAY_RIGHT, _calendar),
        (_MONTH_ALONE_EN, _month_alone),
        (_YEAR_ALONE_EN, _year_alone),
    ]
    for period in periods:
        for name in sorted(map(fold, period.names), key=len, reverse=True):
            border = r"(?![a-z0-9])" if name[-1].isascii() else ""
            pattern = re.compile((_NO_WORD if name[0].isascii() else "") + re.escape(name) + border)
            readers.append((pattern, _named(period)))
    found: list[_Point] = []
    taken = bytearray(len(folded))
    for pattern, read in readers:
        for match in pattern.finditer(folded):
            start, end = match.span()
            if start == end or 1 in taken[start:end]:
                continue
            try:
                point = read(match, today)
            except (ValueError, OverflowError):  # 2月30日, 近999年 on a day of the year 1
                point = _Point(start, end)
            if point.end > start:
                found.append(point)
                taken[start:end] = b"\1" * (end - start)
    return sorted(found, key=lambda point: point.start)


def _calendar(match: re.Match[str], today: date) -> _Point:
    """A point of the calendar, whatever was said of year, month, day or quarter."""
    said = {key: value for key, value in match.groupdict().items() if value}
    start, end = match.span()
    year = _year(said, today)
    part, whole = _part(said)
    if part[0] == 0:
        return _Point(start, end, part=part)
    since, until = _days(year, part, today)
    return _Point(start, end, since, until, year=year, part=part, whole=whole)


def _year(said: dict[str, str], today: date) -> int | None:
    if ago := said.get("ago"):
        return today.year + _YEAR_STEPS[ago]
    if roc := said.get("roc"):
        return 1911 + _number(roc)
    if han := said.get("han"):
        return int("".join(str(_HAN_DIGITS[char]) for char in han))
    year = said.get("year") or said.get("last")
    return int(year) if year else None


def _part(said: dict[str, str]) -> tuple[_Part, bool]:
    """The stretch of the year that is said, and whether 之前 leaves it out."""
    edge = said.get("edge", "")
    kind = said.get("kind", "")
    if "day" in said:
        day = _number(said["day"])
        month = _month(said["month"]) if "month" in said else 0
        return (month, day, month, day), False
    if "month" in said:
        month = _month(said["month"])
        third = said.get("third") or edge
        if third in ("上旬", "初", "early") or third.startswith(("begin", "start")):
            return (month, 1, month, 10), True
        if third in ("中旬", "mid") or third.startswith("middle"):
            return (month, 11, month, 20), True
        return (month, 21 if third else 1, month, 0), not third
    quarter = said.get("quarter") or said.get("first") or said.get("q")
    if quarter or kind in ("q", "quarter"):
        number = _number(quarter or said["nth"])
        return (3 * number - 2, 1, 3 * number, 0), True
    half = said.get("half") or said.get("half2") or said.get("h")
    if half or kind in ("h", "half"):
        number = _number(half or said["nth"])
        return (6 * number - 5, 1, 6 * number, 0), True
    if "quarters" in said or "months" in said:
        months = 3 * _number(said["quarters"]) if "quarters" in said else _number(said["months"])
        return (1, 1, months, 0), True
    if edge in ("初", "early") or edge.startswith(("begin", "start")):
        return (1, 1, 3, 0), True
    if edge in ("中", "mid") or edge.startswith("middle"):
        return (5, 1, 8, 0), True
    if edge:
        return (9 if edge == "late" else 12, 1, 12, 0), False
    return _YEAR, True


def _days(year: int | None, part: _Part, today: date) -> tuple[date, date]:
    """First and last day; of a part without a year the latest one that has begun.

    Raises:
        ValueError: there is no such day.
    """
    if year is not None:
        return _bounds(year, part)
    # 29 February may be eight years back.
    for back in range(9):
        try:
            since, until = _bounds(today.year - back, part)
        except ValueError:
            if part != (2, 29, 2, 29):
                raise
            continue
        if since <= today:
            return since, until
    raise ValueError("no such day in the years before")


def _bounds(year: int, part: _Part) -> tuple[date, date]:
    first_month, first_day, last_month, last_day = part
    since = date(year, first_month, first_day)
    if not 1 <= last_month <= 12:
        raise ValueError(f"no month {last_month}")
    return since, date(year, last_month, last_day or monthrange(year, last_month)[1])


def _before(pattern: re.Pattern[str], folded: str, at: int) -> re.Match[str] | None:
    """Match what ends at a place. Only so far back, or a long text would take its square."""
    return pattern.search(folded, max(0, at - _LOOK_BACK), at)


def _month_alone(match: re.Match[str], today: date) -> _Point:
    """March: also a verb, a name or a permission, unless a word of time stands before it."""
    if not _before(_BEFORE_MONTH, match.string, match.start()):
        return _Point(0, 0)
    return _calendar(match, today)


def _year_alone(match: re.Match[str], today: date) -> _Point:
    """2021 in English: a year only where the words around it say so."""
    folded, (start, end) = match.string, match.span()
    if match["edge"] is None and not (
        (_before(_BEFORE_YEAR, folded, start) and not _UNIT_BEHIND.match(folded, end))
        or (_before(_BEFORE_YEAR_OR_NUMBER, folded, start) and _NO_NOUN_BEHIND.match(folded, end))
    ):
        return _Point(0, 0)
    return _calendar(match, today)


def _rolling(match: re.Match[str], today: date) -> _Point:
    """最近三年: as many days, weeks, months or years up to today."""
    unit, said = _unit(match["unit"]), match["n"]
    if said == "半":
        since = _back(today, 6, "month") if unit == "year" else _back(today, 15, "day")
    else:
        plural = match[0].endswith("s") or "年" in match[0]
        since = _back(today, _count(said) if said else 3 if plural else 1, unit)
    return _Point(*match.span(), since, today, limits=True)


def _long_ago(match: re.Match[str], today: date) -> _Point:
    """两年前: the year, month or day of the calendar that is so far back."""
    unit, said = _unit(match["unit"]), match["n"]
    if said == "半":
        day = _back(today, 6, "month") if unit == "year" else _back(today, 15, "day")
        unit = "month" if unit == "year" else "day"
    else:
        day = _back(today, _count(said), unit)
    return _Point(*match.span(), *_around(day, unit))


def _near(match: re.Match[str], today: date) -> _Point:
    """上个月, 昨天: a unit of the calendar counted from the one of today."""
    if day := match["day"]:
        that = today + timedelta(_DAY_STEPS[day])
        return _Point(*match.span(), that, that)
    steps = _STEPS[match["which"] or match["which_en"]]
    unit = _unit(match["unit"] or match["unit_en"])
    since, until = _around(_back(today, -steps, unit), unit)
    return _Point(*match.span(), since, until, whole=True)


def _named(period: Period) -> _Reader:
    def read(match: re.Match[str], today: date) -> _Point:  # noqa: ARG001  (as the others)
        return _Point(*match.span(), period.since, period.until, whole=True, needs=True)

    return read


def _back(today: date, count: int, unit: str) -> date:
    """So many units before today; the last day of a month stays one."""
    if unit in ("day", "week"):
        return today - timedelta(count * (7 if unit == "week" else 1))
    months = (
        today.year * 12 + today.month - 1 - count * {"month": 1, "quarter": 3, "year": 12}[unit]
    )
    year, month = divmod(months, 12)
    return date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))


def _around(day: date, unit: str) -> tuple[date, date]:
    """The first and last day of the calendar's unit around a day; a week begins on Monday."""
    if unit == "day":
        return day, day
    if unit == "week":
        monday = day - timedelta(day.weekday())
        return monday, monday + timedelta(6)
    if unit == "year":
        return _bounds(day.year, _YEAR)
    if unit == "quarter":
        first = (day.month - 1) // 3 * 3 + 1
        return _bounds(day.year, (first, 1, first + 2, 0))
    return _bounds(day.year, (day.month, 1, day.month, 0))


def _unit(said: str) -> str:
    return _UNITS.get(said, said)


def _month(said: str) -> int:
    return MONTHS.get(said.rstrip("."), 0) or _number(said)


def _count(said: str) -> int:
    """As ``_number``, but 两三 and 三五 name the most that is meant."""
    return _number(said[-1] if set(said) <= set("一二两三四五六七八九") else said)


def _number(said: str) -> int:
    """Read 12, 十二, 二〇 or "three"; raises ValueError for what is no number."""
    if said.isascii() and said.isdigit():
        return int(said)
    if said in _WORDS:
        return _WORDS[said]
    if "十" not in said:
        digits = [str(_HAN_DIGITS.get(char, "x")) for char in said]
        return int("".join(digits))
    tens, _, ones = said.partition("十")
    try:
        return 10 * (_HAN_DIGITS[tens] if tens else 1) + (_HAN_DIGITS[ones] if ones else 0)
    except KeyError:
        raise ValueError(f"no number: {said}") from None


# Ranges and limits -------------------------------------------------------------------------

_JOINED = re.compile(rf"\s*(?:{_TO}{{1,2}}|直到|to|through|until|till)\s*(?:the\s+)?")
_LISTED = re.compile(r"\s*(?:and|or|和|与|及|或|、|,)\s*")
_JOINED_AFTER_FROM = re.compile(r"[^\d,;?!。]{0,6}(?:到|至)\s*")
_JOINED_BETWEEN = re.compile(r"\s*(?:and|和|与|及)\s*(?:the\s+)?")
_FROM = re.compile(r"(?:(?:从|自|由|\bfrom)\s*(?:the\s+)?)$")
_BETWEEN = re.compile(r"\bbetween\s+(?:the\s+)?$")
_NUMBERS = re.compile(r"\d{4}[-–—~]\d{4}")
_RANGE_END = re.compile(r"(?:之间|期间|(?<=[年月日号])间)")

_SINCE_BEFORE = re.compile(
    r"(?:(?:自从|(?<![来各独亲])自|打?从|(?<![理自])由|\bsince|\bafter|\bstarting(?: in| from)?"
    r"|\bbeginning(?: in| from)?)\s*(?:the\s+)?)$"
)
_BEGINS = re.compile(r"\s*(?:起|开始)")
_SINCE_BEHIND = re.compile(
    r"\s*(?:[以之]后|以来|以降|至今|到现在|到今天|到今日|迄今|开始|起(?![点因源初草诉价步码来飞伏义])"
    r"|来(?=[,的]|$)|后(?![半期续面勤者果端备市悔天卫台门代来])|and (?:later|after)\b"
    r"|or later\b|onwards?\b)"
)
_UNTIL_BEFORE = re.compile(
    r"(?:(?:早于|\bbefore|\bprior to|\buntil|\btill|\bup to|\bearlier than|\bno later than)"
    r"\s*(?:the\s+)?)$"
)
_UNTIL_BEHIND = re.compile(
    rf"\s*(?:[以之]前|前(?![后几半季夕期台往来去提景面者线所任瞻沿进年\d{_HAN}])|为止"
    r"|(?:or earlier|and before)\b)"
)
_AS_OF = re.compile(r"(?:(?:截[至止][到至]?|直?到|(?<!以)至|\bas of|\bas at|\bby)\s*(?:the\s+)?)$")
_DURING_BEFORE = re.compile(r"\b(?:during|in|throughout|amid|over)\s+(?:the\s+)?$")
_DURING_BEHIND = re.compile(r"期间|时期|时候|之际|当中|期(?=[,的内里间]|$)")


def _with_year(folded: str, points: Sequence[_Point], year: int | None) -> _Point:
    """Give 3月 the year said before it (2022年3月和4月) or with it (March and April 2022)."""
    point = points[0]
    if not point.part or point.year is not None or point.part[0] == 0:
        return point
    for after in points[1:]:
        if _LISTED.fullmatch(folded[point.end : after.start]):
            year = year or after.year
    if year is None:
        return point
    try:
        since, until = _bounds(year, point.part)
    except ValueError:
        return _Point(point.start, point.end)
    return replace(point, since=since, until=until, year=year)


def _range(text: str, folded: str, points: Sequence[_Point], *, today: date) -> DateHint | None:
    """Join two points in time, if the text does.

    Raises:
        UsageError: the range ends before it begins.
    """
    if len(points) < 2:
        return None
    first, last = points
    gap = folded[first.end : last.start]
    came_from, between = (_before(p, folded, first.start) for p in (_FROM, _BETWEEN))
    behind = _RANGE_END.match(folded, last.end)
    if not (
        _JOINED.fullmatch(gap)
        or (came_from and _JOINED_AFTER_FROM.fullmatch(gap))
        or ((between or (behind and behind[0] == "之间")) and _JOINED_BETWEEN.fullmatch(gap))
    ):
        return None
    try:
        days = _joined(first, last, today=today)
    except ValueError:
        return None
    if days is None:
        return None
    since, until = days
    opening = came_from or between
    start = opening.start() if opening else first.start
    end = behind.end() if behind else last.end
    if until < since:
        if _NUMBERS.fullmatch(folded, first.start, last.end):
            return None  # 2020-1999 may be any number
        raise UsageError(
            f"the time asked for ends before it begins: {text[start:end]!r} runs from {since} to "
            f"{until}; name the earlier date first"
        )
    dated = any(point.part is None or point.year is not None for point in points)
    return DateHint(start, end, "", since, until, limits=dated)


def _joined(first: _Point, last: _Point, *, today: date) -> tuple[date, date] | None:
    """The first and the last day of a range; what one of two leaves out, the other says."""
    if last.part and last.part[0] == 0:  # 3月15日至20日
        if not first.part or not first.until:
            return None
        part = (first.part[2], last.part[1], first.part[2], last.part[3])
        last = replace(last, until=_bounds(first.until.year, part)[1])
    elif last.part and last.year is None and first.since:
        if first.part and first.year is None:
            # Both are months only: the latest such range that has begun.
            begun = _days(None, first.part, today)[0].year
            since, until = _bounds(begun, first.part)[0], _bounds(begun, last.part)[1]
            return (since, until) if since <= until else (since, _bounds(begun + 1, last.part)[1])
        until = _bounds(first.since.year, last.part)[1]
        if until < first.since:
            until = _bounds(first.since.year + 1, last.part)[1]
        last = replace(last, until=until)
    elif first.part and first.year is None and last.year is not None and last.until:
        since = _bounds(last.year, first.part)[0]
        if since > last.until:
            since = _bounds(last.year - 1, first.part)[0]
        first = replace(first, since=since)
    if first.since is None or last.until is None:
        return None
    return first.since, last.until


def _single(folded: str, point: _Point) -> DateHint | None:
    """Read what stands before and behind one point in time."""
    if point.since is None and point.until is None:
        return None
    begin, at = point.start, point.end
    dated = point.part is None or point.year is not None
    if behind := _SINCE_BEHIND.match(folded, at):
        opening = _before(_SINCE_BEFORE, folded, begin) or _before(_FROM, folded, begin)
        start = opening.start() if opening else point.start
        # What begins on a day (2023年9月1日起) is announced before it.
        begins = _BEGINS.fullmatch(behind[0]) and point.since == point.until
        limits = dated and not begins
        return _open(start, behind.end(), since=point.since, until=None, limits=limits)
    if behind := _UNTIL_BEHIND.match(folded, at):
        opening = _before(_AS_OF, folded, begin)
        start = opening.start() if opening else point.start
        return _open(start, behind.end(), since=None, until=_last(point), limits=dated)
    if opening := _before(_SINCE_BEFORE, folded, begin):
        return _open(opening.start(), at, since=point.since, until=None, limits=dated)
    if opening := _before(_UNTIL_BEFORE, folded, begin):
        return _open(opening.start(), at, since=None, until=_last(point), limits=dated)
    during = _DURING_BEHIND.match(folded, at)
    if point.needs and not during and not _before(_DURING_BEFORE, folded, begin):
        return None
    start, end = point.start, during.end() if during else at
    # A figure as of a day is told after it: no limit. So 到2020年底 only says a date.
    if opening := _before(_AS_OF, folded, begin):
        start = opening.start()
    return DateHint(start, end, "", point.since, point.until, limits=point.limits)


def _open(
    start: int, end: int, *, since: date | None, until: date | None, limits: bool
) -> DateHint | None:
    """A hint with one open side; none where the point has no day on the other (改革开放之后)."""
    if since is None and until is None:
        return None
    return DateHint(start, end, "", since, until, limits=limits)


def _last(point: _Point) -> date | None:
    """The last day before a point: 2020年之前 leaves it out, 2月底之前 and a day do not."""
    if point.whole:
        return point.since - timedelta(1) if point.since and point.since > date.min else None
    return point.until


# Periods -----------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _shipped_periods() -> tuple[Period, ...]:
    return _read_periods(_SHIPPED)


def _read_periods(path: Path) -> tuple[Period, ...]:
    tables = read_toml(path, "periods", encoding="utf-8-sig")
    listed = tables.pop("period", [])
    if tables or not isinstance(listed, list):
        raise UsageError(f"{path}: only tables [[period]] are known")
    return tuple(_period(table, f"{path}: period {at}") for at, table in enumerate(listed, 1))


def _period(table: object, where: str) -> Period:
    if not isinstance(table, dict) or not {"names"} <= set(table) <= {"names", "since", "until"}:
        raise UsageError(f"{where} must hold names, and since or until or both")
    names, since, until = table["names"], table.get("since"), table.get("until")
    if (
        not isinstance(names, list)
        or not names
        or not all(isinstance(name, str) and len(name.strip()) > 1 for name in names)
    ):
        raise UsageError(f"{where}: names must be a list of strings of two characters at least")
    for day in (since, until):
        if day is not None and type(day) is not date:
            raise UsageError(f"{where}: {day!r} is no day; write one as 2020-01-23, without quotes")
    if since is None and until is None:
        raise UsageError(f"{where} ({names[0]}) needs since or until")
    if since and until and until < since:
        raise UsageError(f"{where} ({names[0]}) ends before it begins: {since} to {until}")
    return Period(tuple(name.strip() for name in names), since, until)
