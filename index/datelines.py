"""Datelines: agency, reporter, place and day, as the first sentence of a news article names them.

Comes in: the opening of an article. Goes out: whether it is a dateline ("新华社北京5月12日电",
"〔記者陳小玲／台北報導〕", "LONDON (Reuters) -"), the names in it, its day, and the sentence
without it. A day without a year stays without one here.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from index.credits import add_value, is_name
from index.dates import MONTHS, Day, parse_date
from index.fold import fold
from index.formats.parsed import Block, Kind

__all__ = ["Dateline", "opens_with_dateline", "read_datelines", "without_dateline"]

# An organisation that publishes, at the start of a dateline: up to the first word of this kind.
_NOT = r"\s,。;:()\[\]【】《》〈〉“”\"'"
_AGENCY = (
    rf"[^\d{_NOT}]{{0,14}}?(?:通讯社|新闻社|[^{_NOT}]社|新闻网|[^{_NOT}]网|日报|晚报|早报|时报|快报|"
    rf"商报|晨报|[^{_NOT}]报|电视台|[^{_NOT}]台|周刊|杂志|新闻|财经|经纬|在线|观察|头条)(?:客户端|app)?"
)
_PLACE = rf"[^\d{_NOT}]{{0,8}}?"
_DATELINE = re.compile(
    rf"^[(\[【〔<]?\s*(?P<after>据)?(?P<agency>{_AGENCY})\s*(?:记者\S{{2,4}})?\s*"
    rf"(?P<place>{_PLACE})\s*(?:(?P<year>(?:19|20)\d\d)年)?(?P<month>\d{{1,2}})月"
    r"(?P<day>\d{1,2})日?\s*(?P<kind>[电讯]|消息|(?:综合)?报[道导]|专电)"
)
# 某报讯(记者 …), 本报讯: the paper, without a day. Not 腾讯, 通讯, 资讯.
_UNDATED = re.compile(
    rf"^[(\[【〔]?\s*(?P<agency>{_AGENCY}|本[报刊网台])(?P<place>{_PLACE})"
    r"(?<![腾通资视喜音短])讯\s*(?=[(\s]|记者|$)"
)
# 【大紀元2020年05月12日訊】: in brackets any name will do.
_BRACKET_DATELINE = re.compile(
    r"^[(\[【〔]\s*(?P<agency>[^\d()\[\]【】〔〕]{2,14}?)\s*(?:(?P<year>(?:19|20)\d\d)年)?"
    r"(?P<month>\d{1,2})月(?P<day>\d{1,2})日\s*(?P<kind>[电讯]|报[道导])\s*[)\]】〕]"
)
# 〔記者陳曉玲／台北報導〕, 記者王小明／台北報導, (中央社記者王小明台北12日電)
_WORD = r"[^\d\s,。;:/()\[\]【】〔〕]"
_REPORTER = re.compile(
    rf"^[(\[【〔]?\s*(?P<agency>{_WORD}{{0,10}}?(?:社|网|报|台|新闻))?\s*(?:特[约派])?记者\s*"
    rf"(?P<name>{_WORD}{{2,4}}(?=\s*/)|{_WORD}{{2,3}})\s*(?:/\s*)?(?P<place>{_WORD}{{2,4}})?\s*"
    r"(?:(?:(?P<month>\d{1,2})月)?(?P<day>\d{1,2})日)?\s*(?:综合)?(?:电|讯|报[道导])\s*[)\]】〕]?"
)
_ENGLISH_DATELINE = re.compile(
    r"^(?:(?P<place>[A-Z][A-Za-z .'/-]{1,40}?)\s*,?\s*)?"
    r"(?:,\s*(?P<date>(?:[A-Z][a-z]{2,8}\.?)\s+\d{1,2}(?:,\s*(?:19|20)\d\d)?)\s*)?"
    r"\((?P<agency>AP|[A-Z][A-Za-z ]{2,24})\)\s*[-–—]+\s"
)
_REPORTER_NOTE = re.compile(
    r"[(\[【]\s*(?:本报)?记者\s*[::]?\s*(?P<names>[^()\[\]【】。]{2,24}?)\s*[)\]】]"
)


def opens_with_dateline(folded: str) -> bool:
    """Tell whether a folded line begins with a Chinese dateline that has its day."""
    return _DATELINE.match(folded) is not None


def without_dateline(text: str) -> str:
    """Cut the dateline off an opening sentence.

    >>> without_dateline("新华社北京5月12日电(记者张小明)银行开业。")
    '银行开业。'
    """
    folded = fold(text)
    label = re.match(r"原标?题\s*:\s*", folded)
    if label:
        return text[label.end() :] or text
    match = (
        _dated(folded)
        or _UNDATED.match(folded)
        or _REPORTER.match(folded)
        or _ENGLISH_DATELINE.match(text)
    )
    if match is None:
        return text
    rest = text[match.end() :].lstrip(" )）】]〕:：")
    note = _REPORTER_NOTE.match(fold(rest))
    return (rest[note.end() :].lstrip() if note else rest) or text


@dataclass(frozen=True, slots=True)
class Dateline:
    """A dateline as it stands; ``month`` is None where only the day is given."""

    text: str
    month: int | None
    day: int | None


def read_datelines(
    kept: Sequence[Block], values: dict[str, str]
) -> tuple[Day | None, Dateline | None]:
    """Read agency, reporter and day off the opening of the first paragraphs."""
    opening = [b.text for b in kept[:4] if b.kind is Kind.PARAGRAPH]
    for text in opening:
        folded = fold(text[:160])
        if note := _REPORTER_NOTE.search(folded[:80]):
            names = [n for n in re.split(r"[\s、/]+", note["names"]) if n]
            if names and all(is_name(n) for n in names):
                start, end = note.span("names")
                add_value(
                    values, "author", "、".join(re.split(r"[\s、/／]+", text[start:end].strip()))
                )
        if match := _dated(folded):
            return _chinese_dateline(text, match, values)
        if match := _UNDATED.match(folded):
            _add_agency(text[match.start("agency") : match.end("agency")], values)
            return None, None
        match = _REPORTER.match(folded)
        if match and is_name(match["name"]):
            add_value(values, "author", text[match.start("name") : match.end("name")])
            if match["agency"] and not match["agency"].startswith(("本", "我")):
                add_value(values, "source", text[match.start("agency") : match.end("agency")])
            if match["day"]:
                month = int(match["month"]) if match["month"] else None
                label = f"{month}月{int(match['day'])}日" if month else f"{int(match['day'])}日"
                return None, Dateline(label, month, int(match["day"]))
            return None, None
        if english := _ENGLISH_DATELINE.match(text):
            add_value(values, "source", english["agency"])
            if english["date"]:
                return _english_dateline(english["date"])
            return None, None
    return None, None


def _dated(folded: str) -> re.Match[str] | None:
    """A Chinese dateline with a day. "据某报5月12日报道" names what the article cites: none."""
    match = _DATELINE.match(folded)
    if match and match["after"] and match["kind"] not in ("电", "讯", "专电"):
        return None
    return match or _BRACKET_DATELINE.match(folded)


def _add_agency(agency: str, values: dict[str, str]) -> None:
    if not fold(agency).startswith(("本报", "本网", "本刊", "本社", "本台", "我报")):
        add_value(values, "source", agency)


def _chinese_dateline(
    text: str, match: re.Match[str], values: dict[str, str]
) -> tuple[Day | None, Dateline | None]:
    _add_agency(text[match.start("agency") : match.end("agency")], values)
    month, day = int(match["month"]), int(match["day"])
    try:
        # A leap year, so that 29 February passes.
        full = date(int(match["year"] or 2020), month, day)
    except ValueError:
        return None, None
    if match["year"]:
        return Day(full, "day"), Dateline(full.isoformat(), month, day)
    return None, Dateline(f"{month}月{day}日", month, day)


def _english_dateline(text: str) -> tuple[Day | None, Dateline | None]:
    if day := parse_date(text):
        return day, Dateline(text, day.value.month, day.value.day)
    match = re.match(r"([A-Za-z]+)\.?\s+(\d+)", text)
    month = MONTHS.get(match[1].lower()) if match else None
    if match is None or month is None:
        return None, None
    return None, Dateline(text, month, int(match[2]))
