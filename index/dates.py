"""Dates as articles write them: ISO, Chinese, the Republic's and Japanese eras, Korean, English.

Comes in: a field, or a text with dates in it. Goes out: days with their precision. A date that
could be two (03/04/2021) is none.
"""

import re
from datetime import date
from typing import NamedTuple

from index.fold import fold

__all__ = ["MONTHS", "Day", "find_dates", "parse_date"]


class Day(NamedTuple):
    """A date and how exact it is: "day", "month" (the first stands for it) or "year"."""

    value: date
    precision: str


_FIRST_YEAR, _LAST_YEAR = 1900, 2100
_CHINESE_DIGITS = {c: i for i, c in enumerate("〇一二三四五六七八九")} | {"零": 0, "○": 0, "两": 2}
# Years of the Republic of China (1912 is year 1) and of the Japanese eras.
_ERAS = {"民国": 1911, "令和": 2018, "平成": 1988, "昭和": 1925}
MONTHS = {
    "jan": 1, "january": 1, "feb": 2, "february": 2, "mar": 3, "march": 3, "apr": 4, "april": 4,
    "may": 5, "jun": 6, "june": 6, "jul": 7, "july": 7, "aug": 8, "august": 8, "sep": 9,
    "sept": 9, "september": 9, "oct": 10, "october": 10, "nov": 11, "november": 11, "dec": 12,
    "december": 12,
}  # fmt: skip
_MONTH = r"(?P<month>" + "|".join(sorted(MONTHS, key=len, reverse=True)) + r")\.?"
_HAN_NUMBER = "〇○零一二三四五六七八九十百两"

# All on folded text, tried in this order. Groups: year, month, day, and era where there is one.
_DATES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:中华)?(?P<era>民国|令和|平成|昭和)\s*(?P<year>\d{{1,3}}|元|"
        rf"[{_HAN_NUMBER}]{{1,5}})\s*年\s*"
        rf"(?P<month>\d{{1,2}}|[{_HAN_NUMBER}]{{1,3}})\s*月(?:\s*(?P<day>\d{{1,2}}|"
        rf"[{_HAN_NUMBER}]{{1,3}})\s*[日号])?",
        r"(?<!\d)(?P<year>(?:19|20)\d\d)\s*年\s*(?P<month>\d{1,2})\s*月(?:\s*(?P<day>\d{1,2})\s"
        r"*[日号])?",
        r"(?<!\d)(?P<year>(?:19|20)\d\d)\s*년\s*(?P<month>\d{1,2})\s*월(?:\s*(?P<day>\d{1,2})\s"
        r"*일)?",
        rf"(?P<year>[{_HAN_NUMBER}]{{4}})年(?P<month>[{_HAN_NUMBER}]{{1,3}})月(?:(?P<day>["
        rf"{_HAN_NUMBER}]{{1,3}})[日号])?",
        r"(?<![\d.])(?P<year>(?:19|20)\d\d)([-/.])(?P<month>\d{1,2})\2(?P<day>\d{1,2})(?![\d])",
        r"(?<!\d)(?P<year>(?:19|20)\d\d)(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])(?!\d)",
        rf"(?<![a-z]){_MONTH}\s*(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s*,?\s*(?P<year>(?:19|"
        rf"20)\d\d)(?!\d)",
        rf"(?<!\d)(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s*[ -]\s*{_MONTH}\s*[ ,-]\s*(?P<year>(?:19"
        rf"|20)\d\d)(?!\d)",
        r"(?<!\d)(?P<year>(?:19|20)\d\d)[-/](?P<month>\d{1,2})(?!\d|[-/]\d)",
        rf"(?<![a-z]){_MONTH}\s*,?\s*(?P<year>(?:19|20)\d\d)(?!\d)",
    )
)
_BARE_YEAR = re.compile(r"^(?P<year>(?:19|20)\d\d)\s*年?$")


def parse_date(value: str) -> Day | None:
    """Read a field that holds a date; None where it holds none, or one that could be two.

    The day is the one written, whatever time zone follows it.

    >>> parse_date("2022-06-01 23:45:06 +0800")
    Day(value=datetime.date(2022, 6, 1), precision='day')
    >>> parse_date("民國109年5月")
    Day(value=datetime.date(2020, 5, 1), precision='month')
    >>> parse_date("03/04/2021") is None
    True
    """
    text = fold(value).strip()
    found = find_dates(text)
    if found:
        return found[0][0]
    year = _BARE_YEAR.match(text)
    return Day(date(int(year["year"]), 1, 1), "year") if year else None


def find_dates(folded: str) -> list[tuple[Day, int, int]]:
    """Every date written out with its year, in order, with its place in the folded text."""
    found: list[tuple[Day, int, int]] = []
    taken = bytearray(len(folded))  # 1 where a date was found: a table may hold thousands
    for pattern in _DATES:
        for match in pattern.finditer(folded):
            start, end = match.span()
            if 1 in taken[start:end]:
                continue
            day = _to_day(match)
            if day:
                found.append((day, start, end))
                taken[start:end] = b"\1" * (end - start)
    return sorted(found, key=lambda item: item[1])


def _to_day(match: re.Match[str]) -> Day | None:
    groups = match.groupdict()
    year = _number(groups["year"])
    if year is None:
        return None
    year += _ERAS.get(groups.get("era") or "", 0)
    month = MONTHS.get(groups["month"]) or _number(groups["month"])
    day = _number(groups["day"]) if groups.get("day") else None
    if month is None or not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    try:
        return Day(date(year, month, day or 1), "day" if day else "month")
    except ValueError:
        return None


def _number(text: str) -> int | None:
    """Read 12, 十二, 一百零九, 二〇二〇 or 元 (the first year of an era)."""
    if text.isdigit():
        return int(text)
    if text == "元":
        return 1
    if "十" not in text and "百" not in text:
        digits = [_CHINESE_DIGITS.get(c) for c in text]
        return None if None in digits else int("".join(map(str, digits)))
    total = 0
    for unit, size in (("百", 100), ("十", 10)):
        head, mark, text = text.rpartition(unit) if unit in text else ("", "", text)
        if mark:
            count = _CHINESE_DIGITS.get(head.strip("零〇") or "一")
            if count is None:
                return None
            total += size * count
    rest = text.strip("零〇")
    if rest and rest not in _CHINESE_DIGITS:
        return None
    return total + (_CHINESE_DIGITS[rest] if rest else 0)
