"""Read the hard facts of a sentence: amounts with their units, dates, times of day, quotations.

In: a text in either Chinese script or in English. Out: facts with offsets, each in one form
however it was written: 98.68% and 百分之九十八点六八, 3.5亿 and 350 million, 2019年12月 and 2019-12,
晚上八点 and 8 p.m. ``agree`` tells whether one text's fact is stated by another's. It knows nothing
of what an amount counts, and nothing of citations.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from index.fold import fold

__all__ = ["Bound", "Fact", "FactKind", "agree", "flatten", "read_facts"]


class FactKind(StrEnum):
    """What a fact is; only facts of one kind are compared."""

    AMOUNT = "amount"
    ORDINAL = "ordinal"
    DATE = "date"
    TIME = "time"
    WEEKDAY = "weekday"
    QUOTE = "quote"


class Bound(StrEnum):
    """How an amount is meant: exactly, about, as what is exceeded, as what is not reached."""

    EXACT = "exact"
    ABOUT = "about"
    ABOVE = "above"
    BELOW = "below"


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact that stands at ``text[start:end]``.

    ``value`` is a number for an amount (shares in percent, spans of time up to an hour in seconds),
    ``(year, month, day)`` for a date, ``(minute of twelve hours, half of the day)`` for a time, the
    folded words for a quotation; what is not said is None. ``bound`` is said right at the number.
    """

    kind: FactKind
    start: int
    end: int
    value: float | str | tuple[int | None, ...]
    unit: str = ""
    bound: Bound = Bound.EXACT


_HAN_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_HAN_SCALES = {"十": 10, "百": 100, "千": 1000}
_HAN = "零〇一二两三四五六七八九十百千"
_SCALES = {
    "十": 1e1, "百": 1e2, "千": 1e3, "万": 1e4, "十万": 1e5, "百万": 1e6, "千万": 1e7, "亿": 1e8,
    "十亿": 1e9, "百亿": 1e10, "千亿": 1e11, "万亿": 1e12, "兆": 1e12,
    "hundred": 1e2, "thousand": 1e3, "million": 1e6, "mn": 1e6, "billion": 1e9, "bn": 1e9,
    "trillion": 1e12, "dozen": 12,
}  # fmt: skip
_WORDS = {
    word: number
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen".split()
    )
} | {word: 10 * n for n, word in enumerate(
    "twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}  # fmt: skip
_PARTS = {
    "half": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fifth": 5, "fifths": 5,
    "tenth": 10, "tenths": 10,
}  # fmt: skip
_ORDINALS = {
    w: n
    for n, w in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split(),
        1,
    )
}
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul",
            "august aug", "september sept sep", "october oct", "november nov", "december dec",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_WEEKDAYS = {
    day: number
    for number, day in enumerate(
        "monday tuesday wednesday thursday friday saturday sunday".split(), 1
    )
} | {c: n for n, c in enumerate("一二三四五六日", 1)} | {"天": 7, "末": 0}  # fmt: skip

# Written form → (canonical unit, factor). Seconds for what people convert in their heads; days and
# longer stay as they are said.
_UNITS: dict[str, tuple[str, float]] = {}


def _define(canonical: str, forms: str, factor: float = 1.0) -> None:
    _UNITS.update(dict.fromkeys(forms.split(), (canonical, factor)))


for _canonical, _forms in {
    "%": "% ％ percent 个% pct",
    "pp": "个百分点 百分点",
    "倍": "倍",
    "折": "折",
    "元": "元 块 块钱 圆 人民币 yuan rmb 元人民币",
    "美元": "美元 美金 dollar dollars usd",
    "港元": "港元 港币",
    "欧元": "欧元 euro euros",
    "英镑": "英镑 pound pounds",
    "日元": "日元 yen",
    "天": "天 日 day days",
    "周": "周 星期 个星期 礼拜 个礼拜 week weeks",
    "月": "个月 月 month months",
    "季": "季度 个季度 季",
    "年": "年 year years 年间",
    "岁": "岁 周岁 year-old years-old",
    "分": "分 分满分",
    "个": "个",
    "人": "人 名 位 people persons",
    "人次": "人次",
    "户": "户",
    "家": "家 所 间",
    "次": "次 回 趟 遍 times",
    "件": "件 起 宗",
    "种": "种 款 类",
    "笔": "笔",
    "条": "条",
    "项": "项",
    "张": "张",
    "台": "台 部 辆 架 艘",
    "例": "例",
    "通": "通",
    "座": "座 栋 幢",
    "节": "节",
    "门": "门",
    "本": "本 册 卷",
    "字": "字",
    "场": "场",
    "集": "集",
    "首": "首",
    "公里": "公里 千米 km kilometer kilometers kilometre kilometres",
    "里": "里",
    "英里": "英里 mile miles mi",
    "米": "米 m metre metres meter meters 公尺",
    "厘米": "厘米 cm 公分 centimetres centimeters",
    "毫米": "毫米 mm",
    "英尺": "英尺 feet foot ft",
    "英寸": "英寸 inch inches",
    "平方公里": "平方公里 平方千米 km2",
    "平方米": "平方米 平方公尺",
    "平方英里": "平方英里",
    "亩": "亩",
    "公顷": "公顷 hectares hectare",
    "吨": "吨 公吨 tons tonnes ton",
    "公斤": "公斤 千克 kg kilograms kilogram",
    "斤": "斤",
    "克": "克 grams",
    "磅": "磅 lb lbs",
    "mb": "mb megabytes megabyte 兆字节",
    "gb": "gb gigabytes gigabyte",
    "度": "度 degrees degree",
    "层": "层 楼",
    "级": "级",
    "代": "代",
    "届": "届",
    "年代": "年代",
    "世纪": "世纪 century centuries",
    "坪": "坪",
    "度c": "摄氏度 °c ℃",
    "马力": "马力 hp",
    "千瓦": "千瓦 kw",
    "队": "队",
    "支": "支",
    "颗": "颗",
    "只": "只 头 匹",
    "站": "站",
}.items():
    _define(_canonical, _forms)
_define("秒", "秒 秒钟 second seconds sec secs")
_define("秒", "分钟 minute minutes min mins", 60.0)
_define("秒", "小时 个小时 钟头 个钟头 hour hours hr hrs", 3600.0)
_define("%", "成", 10.0)
_CLASSIFIERS = frozenset("个 人 户 家 次 件 种 笔 条 项 张 台 例 通 座 节 门 本 场 集 首 队 支 颗 只".split())
_HARD = frozenset({"%", "pp", "倍", "折", "元", "美元", "港元", "欧元", "英镑", "日元"})
"""Units without which a number is another one: 98.68 is not 98.68%."""

_ascii_units = "|".join(sorted((u for u in _UNITS if u.isascii() and u != "%"), key=len, reverse=True))
_han_units = "|".join(sorted((u for u in _UNITS if not u.isascii()), key=len, reverse=True))
_UNIT = rf"(?P<unit>%|percentage\s+points?|per\s+cent|{_han_units}|(?:{_ascii_units})(?![a-z]))"
_SCALE = (
    r"(?P<scale>[十百千]?万亿|[十百千]?[万亿]|[百千兆]|"
    r"\s*-?\s*(?:hundred|thousand|million|billion|trillion|mn|bn)(?![a-z]))"
)
_MONEY = r"(?P<money>(?:us|hk|nt)?\$|[¥€£]|rmb\s*|(?:新)?台币|人民币|港币|美元)?\s*"
_TAIL = rf"(?:\s*(?P<more>多|余|来|几|\+))?\s*-?\s*(?:{_UNIT})?"
_ARABIC = re.compile(
    rf"{_MONEY}(?P<parts>百分之)?(?<![\d.])(?P<digits>\d{{1,3}}(?:,\d{{3}})+(?!\d)|\d+)"
    rf"(?P<point>(?:\.\d+)*)(?P<half>½)?(?:(?P<more1>多|余|几)(?=[万亿千百]))?(?:{_SCALE})?{_TAIL}"
)
_NUMERAL = rf"[{_HAN}][{_HAN}万亿]*(?:点[{_HAN}]+)?"
_HANZI = re.compile(
    rf"{_MONEY}(?:(?P<of>[{_HAN}]+)分之)?(?P<digits>{_NUMERAL})"
    rf"(?P<more1>多|余|几)?(?P<scale>[万亿]{{1,2}})?(?P<one_and>个半(?=小时|钟头|月))?{_TAIL}"
)
_NUMBER_WORD = "|".join(sorted((*_WORDS, "hundred", "thousand", "million", "billion"), key=len)[::-1])
_SPELLED = re.compile(
    rf"\b(?P<digits>(?:an?\s+(?=hundred|thousand|million|billion|dozen|third|quarter|fifth|tenth))?"
    rf"(?:(?:{_NUMBER_WORD}|dozen|half|thirds?|quarters?|fifths?|tenths?)(?![a-z])"
    rf"(?:\s+and\s+(?={_NUMBER_WORD})|[\s-]+)?)+)\s*(?P<unit>(?:{_ascii_units}|per\s+cent|percentage\s+points?)(?![a-z]))?"
)
_HALF = re.compile(r"半(?:个)?(?P<unit>小时|钟头|年|月|天|分钟)|half\s+an?\s+(?P<en>hour|year|day)")
_ORDINAL = re.compile(
    rf"第(?P<n>\d+|[{_HAN}]+)(?P<unit>季度|季|届|代|次|个|名|位|期|轮|条|章|节|集|张|版|世纪|大)?"
    rf"|\b(?P<word>{'|'.join(_ORDINALS)})\b|\b(?P<th>\d+)(?:st|nd|rd|th)\b(?:\s+(?P<cent>century))?"
)
_Y = r"(?:1\d|2[01])\d\d"
_HAN_YEAR = "[零〇一二三四五六七八九]{4}"
_MONTH_NUMBER = r"1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九]"
_DAY_NUMBER = r"[12]\d|3[01]|0?[1-9]|二?十[一二三四五六七八九]?|三十一?|[一二三四五六七八九]"
_DATES = (
    re.compile(rf"(?P<y>{_Y})[-/.](?P<m>1[0-2]|0?[1-9])(?:[-/.](?P<d>[12]\d|3[01]|0?[1-9]))?(?!\d|%)"),
    re.compile(rf"(?<!\d)(?P<y>{_Y})(?=\s*年?\s*[-–—~至到]\s*{_Y}(?:\s*年|\b))"),
    re.compile(
        rf"(?<!\d)(?P<y>{_Y}|{_HAN_YEAR})\s*年(?!代|级|龄)(?:初|末|底)?(?:\s*(?P<m>{_MONTH_NUMBER})\s*月份?"
        rf"(?:\s*(?P<d>{_DAY_NUMBER})\s*[日号])?)?"
    ),
    re.compile(
        rf"(?<![\d个零一二三四五六七八九十])(?P<m>{_MONTH_NUMBER})\s*月(?!亮|球)份?(?:\s*(?P<d>{_DAY_NUMBER})\s*[日号])?"
    ),
)  # fmt: skip
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_ENGLISH_DATE = re.compile(
    rf"\b(?:(?P<d>[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?\s+(?:of\s+)?)?(?P<m>{_MONTH})\b\.?"
    rf"(?:\s+(?P<d2>[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?(?!\d|:))?(?:,?\s+(?P<y>{_Y})\b)?"
)
_BARE_YEAR = re.compile(rf"(?<![\d.,$¥€£:-])(?P<y>{_Y})(?![\d%:]|[.,]\d|\s*(?:{_han_units}|[万亿千百]|多|余))")
_PART = "凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜里|晚间|晚"
_TIME = re.compile(
    rf"(?P<part>{_PART})?\s*(?P<h>\d{{1,2}}):(?P<min>[0-5]\d)(?:\s*(?P<ap>[ap])\.?m)?"
    rf"|(?P<part2>{_PART})\s*(?P<h2>\d{{1,2}}|[{_HAN}]+)[点时](?:(?P<half2>半)|(?P<min2>\d{{1,2}}|[{_HAN}]+)分)?"
    rf"|(?P<h3>\d{{1,2}}|[{_HAN}]+)[点时](?:(?P<half3>半)|(?P<min3>\d{{1,2}}|[{_HAN}]+)分|钟)"
    rf"|\b(?P<h4>\d{{1,2}}|{'|'.join(_WORDS)})\s*(?:o['’]clock\s*)?(?:(?P<ap4>[ap])\.?m\b|(?:in\s+the\s+(?P<part4>morning|afternoon|evening)|at\s+(?P<night>night)))"
)
_WEEKDAY = re.compile(r"(?:周|星期|礼拜)(?P<han>[一二三四五六日天末])(?!年)|\b(?P<en>mon|tues|wednes|thurs|fri|satur|sun)days?\b")
_QUOTED = re.compile(r"《([^《》]{1,60})》|“([^“”]{1,80})”|「([^「」]{1,80})」|『([^『』]{1,80})』|\"([^\"]{1,120})\"")

_BEFORE = {
    Bound.ABOVE: r"超过|超出|超|逾|突破|高于|多于|大于|至少|最少|不少于|不低于|不下|达到?逾|满|(?:more|greater|higher) than|over|above|exceed(?:s|ed|ing)?|at least|upwards of|no (?:less|fewer) than",
    Bound.BELOW: r"不足|不到|不满|未满|低于|少于|小于|不及|将近|接近|近|最多|至多|不超过|不多于|(?:less|fewer|lower) than|under|below|nearly|almost|close to|at most|up to|no more than|within|不超",
    Bound.ABOUT: r"大约|约|大概|约莫|左右|about|around|approximately|some|roughly",
}
_BOUND_BEFORE = re.compile(
    "(?:" + "|".join(f"(?P<{b.value}>{p})" for b, p in _BEFORE.items() if b is not Bound.ABOUT)
    + f"|(?P<about>{_BEFORE[Bound.ABOUT]}))" + r"\s*(?:了|的|为|有|a|an|the|每[日天月年]|可|达)?\s*\Z"
)  # fmt: skip
_BOUND_AFTER = re.compile(r"\s*(?:(?P<above>以上|多|余|or more|and (?:over|above)|\+)|(?P<below>以下|以内|之内|or less)|(?P<about>左右|上下))")
# Numerals in words that count nothing.
_NO_NUMBER = re.compile(
    "一一|(?<![二三四五六七八九])十分(?!之)|万一|千万(?!元|人|户|美|用|级|笔|港|日|欧|册|部)|百姓|百货|万事|万物|千里|四川|三亚|九江|五金|六安|"
    "八卦|三国|十字|百度|百科|七夕|九龙|三峡|四处|四周|五官|万里|百合|百年|千年|千古|一千零一夜|三角|五角|十足|两岸|"
    "两侧|两边|两者|双十一|十一月革命|一百八十度|不三不四|乱七八糟|三明|三星|三菱|四海|五四|一二九|九一八|六四|八一|"
    "零售|零钱|零食|零件|零散|零头|第一时间"
)


def flatten(text: str) -> str:
    """Fold a text for reading facts; a full-width comma between words stays one.

    ``len(flatten(t)) == len(t)``.

    >>> flatten("增長３，０００萬，約５０，１００")
    '增长3,000万，约50,100'
    """
    folded = fold(text)
    at = text.find("，")
    if at < 0:
        return folded
    chars = list(folded)
    while at >= 0:
        # Of a number all of which is full width the comma is a separator: １，２３４.
        group = text[at - 1 : at] + text[at + 1 : at + 4]
        if not (len(group) == 4 and all("０" <= c <= "９" for c in group)):
            chars[at] = "，"
        at = text.find("，", at + 1)
    return "".join(chars)


def read_facts(text: str) -> tuple[Fact, ...]:
    """Read the facts of a text in the order in which they stand; quotations may hold others.

    >>> [(f.kind.value, f.value, f.unit) for f in read_facts("2019年12月底超過3.5億戶，占百分之八十")]
    [('date', (2019, 12, None), ''), ('amount', 350000000.0, '户'), ('amount', 80.0, '%')]
    """
    reader = _Reader(text)
    reader.read()
    return tuple(sorted(reader.found, key=lambda fact: (fact.start, fact.end)))


class _Reader:
    """Reads one text kind by kind; what was read is blanked for the kinds after it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.left = flatten(text)
        self.whole = self.left
        self.found: list[Fact] = []

    def read(self) -> None:
        for match in _QUOTED.finditer(self.text):
            inner = next(group for group in match.groups() if group is not None)
            start = self.text.index(inner, match.start())
            words = "".join(c for c in fold(inner) if c.isalnum())
            if words:
                self.found.append(Fact(FactKind.QUOTE, start, start + len(inner), words))
        if not any(c.isdigit() or c in _NUMERIC or (c.isascii() and c.isalpha()) for c in self.left):
            return
        self.left = _NO_NUMBER.sub(lambda m: "\0" * len(m[0]), self.left)
        self._times()
        self._dates()
        self._weekdays()
        self._ordinals()
        self._amounts()

    def _take(self, kind: FactKind, span: tuple[int, int], value, unit: str = "", bound=Bound.EXACT):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        start, end = span
        self.found.append(Fact(kind, start, end, value, unit, bound))
        self.left = self.left[:start] + "\0" * (end - start) + self.left[end:]

    def _times(self) -> None:
        for m in list(_TIME.finditer(self.left)):
            g = m.groupdict()
            hour = _integer(g["h"] or g["h2"] or g["h3"] or g["h4"] or "")
            minute = _integer(g["min"] or g["min2"] or g["min3"] or "0")
            if g["half2"] or g["half3"]:
                minute = 30
            if hour is None or minute is None or hour > 24 or minute > 59:
                continue
            part = g["part"] or g["part2"] or ""
            half: int | None = None
            if part in ("凌晨", "清晨", "早上", "早晨", "上午") or g["part4"] == "morning":
                half = 0
            elif part or g["part4"] or g["night"]:
                half = 1
            elif g["ap"] or g["ap4"]:
                half = int((g["ap"] or g["ap4"]) == "p")
            elif hour > 12:
                half = 1
            self._take(FactKind.TIME, m.span(), (hour % 12 * 60 + minute, half))

    def _dates(self) -> None:
        for pattern in _DATES:
            for m in list(pattern.finditer(self.left)):
                if "\0" in m[0]:
                    continue
                g = m.groupdict()
                year = _year(g.get("y"))
                self._take(FactKind.DATE, m.span(), (year, _integer(g.get("m")), _integer(g.get("d"))))
        for m in list(_ENGLISH_DATE.finditer(self.left)):
            # "may", "march" and "mar" are words; a month has a capital.
            if not self.text[m.start("m")].isupper():
                continue
            day = _integer(m["d"] or m["d2"])
            self._take(FactKind.DATE, m.span(), (_year(m["y"]), _MONTHS[m["m"]], day))
        for m in list(_BARE_YEAR.finditer(self.left)):
            self._take(FactKind.DATE, m.span(), (int(m["y"]), None, None))

    def _weekdays(self) -> None:
        for m in list(_WEEKDAY.finditer(self.left)):
            day = _WEEKDAYS[m["han"]] if m["han"] else _WEEKDAYS[m["en"] + "day"]
            self._take(FactKind.WEEKDAY, m.span(), (day,))

    def _ordinals(self) -> None:
        for m in list(_ORDINAL.finditer(self.left)):
            if m["word"]:
                # "a third of": a share; "first" opens sentences and is everywhere
                if m["word"] in ("first", "second", "third", "fifth", "tenth"):
                    continue
                number: int | None = _ORDINALS[m["word"]]
            else:
                number = _integer(m["n"] or m["th"])
            if number is None:
                continue
            unit = "世纪" if m["cent"] or m["unit"] == "世纪" else "季" if m["unit"] in ("季度", "季") else ""
            if number == 1 and not unit:
                self.left = self.left[: m.start()] + "\0" * len(m[0]) + self.left[m.end() :]
                continue
            self._take(FactKind.ORDINAL, m.span(), float(number), unit)

    def _amounts(self) -> None:
        for m in list(_HALF.finditer(self.left)):
            if self.left[m.start() - 1 : m.start()] == "个":
                continue
            unit, factor = _unit(m["unit"] or m["en"])
            self._take(FactKind.AMOUNT, m.span(), 0.5 * factor, unit)
        for m in list(_ARABIC.finditer(self.left)):
            point = m["point"] or ""
            if point.count(".") > 1:
                self._take(FactKind.AMOUNT, m.span(), m["digits"] + point, "")
                continue
            value = float(m["digits"].replace(",", "") + point) + (0.5 if m["half"] else 0.0)
            self._amount(m, value, more=bool(m["more1"]))
        for m in list(_HANZI.finditer(self.left)):
            number = _han_number(m["digits"])
            if number is None or not self._counts(m):
                continue
            if m["of"]:
                whole = _han_number(m["of"])
                if not whole:
                    continue
                self._take(FactKind.AMOUNT, m.span(), round(100 * number / whole, 9), "%",
                           self._bound(m.start(), m.end(), more=False))  # fmt: skip
                continue
            self._amount(m, number + (0.5 if m["one_and"] else 0.0), more=bool(m["more1"]))
        for m in list(_SPELLED.finditer(self.left)):
            words = m["digits"].replace("-", " ").split()
            spelled = _spelled(words)
            if spelled is None:
                continue
            value, unit = spelled
            end = m.start("digits") + len(m["digits"].rstrip(" -"))
            if m["unit"]:
                unit, factor = _unit(m["unit"])
                value, end = value * factor, m.end("unit")
            elif value == 1 and unit != "%":
                continue
            bound = self._bound(m.start(), end, more=False)
            self._take(FactKind.AMOUNT, (m.start(), end), round(value, 9), unit, bound)

    def _counts(self, m: re.Match[str]) -> bool:
        """Tell an amount in Han numerals from numerals that are part of words."""
        digits = m["digits"]
        if m["of"] or m["unit"] and m["unit"] in ("成", "折") or m["one_and"]:
            return digits != "一" or bool(m["of"]) or bool(m["one_and"])
        if len(digits) == 1:
            # 一 is an article more often than a number.
            return digits != "一" and bool(m["unit"] or m["scale"] or m["money"])
        return not digits.startswith("一") or len(digits) > 2 or digits[1] in "百千万亿十"

    def _amount(self, m: re.Match[str], value: float, *, more: bool) -> None:
        scale = (m["scale"] or "").strip(" -")
        for part in ([scale] if scale in _SCALES else list(scale)):
            value *= _SCALES[part]
        unit, factor = _unit(m["unit"] or "")
        groups = m.groupdict()
        if groups.get("parts"):
            unit, factor = "%", 1.0
        money = (m["money"] or "").strip()
        end = m.end()
        if m["unit"] == "元" or not m["unit"]:
            unit = _MONEY_UNITS.get(money, unit)
        if not m["unit"]:
            end = m.start() + len(m[0].rstrip(" -"))
        bound = self._bound(m.start(), end, more=more or bool(m["more"]))
        self._take(FactKind.AMOUNT, (m.start(), end), round(value * factor, 9), unit, bound)

    def _bound(self, start: int, end: int, *, more: bool) -> Bound:
        if more:
            return Bound.ABOVE
        before = _BOUND_BEFORE.search(self.whole, max(0, start - 18), start)
        if before is None:
            found = _BOUND_BEFORE.search(self.whole[max(0, start - 18) : start])
        else:
            found = before
        after = _BOUND_AFTER.match(self.whole, end)
        for m in (found, after):
            if m:
                for name in ("above", "below", "about"):
                    if m[name]:
                        return Bound(name)
        return Bound.EXACT


_NUMERIC = frozenset(_HAN + "万亿半")
_MONEY_UNITS = {
    "$": "美元", "us$": "美元", "美元": "美元", "hk$": "港元", "港币": "港元", "nt$": "元", "¥": "元",
    "rmb": "元", "人民币": "元", "新台币": "元", "台币": "元", "€": "欧元", "£": "英镑",
}  # fmt: skip


def _unit(form: str) -> tuple[str, float]:
    form = re.sub(r"\s+", " ", form.strip())
    if form == "per cent":
        return "%", 1.0
    if form.startswith("percentage point"):
        return "pp", 1.0
    return _UNITS.get(form, ("", 1.0))


def _year(text: str | None) -> int | None:
    if not text:
        return None
    return int(text) if text.isdigit() and text.isascii() else int("".join(str(_HAN_DIGITS[c]) for c in text))


def _integer(text: str | None) -> int | None:
    if not text:
        return None
    if text.isascii():
        return int(text) if text.isdigit() else _WORDS.get(text)
    number = _han_number(text)
    return None if number is None else int(number)


def _han_number(text: str) -> float | None:
    """Read a number in Han numerals; None where it is none.

    >>> [_han_number(t) for t in ("二十六", "九十八点六八", "一百六", "两千三百万", "二〇一九", "十万")]
    [26.0, 98.68, 160.0, 23000000.0, 2019.0, 100000.0]
    """
    whole, _, fraction = text.partition("点")
    if fraction and not all(c in _HAN_DIGITS for c in fraction):
        return None
    if len(whole) > 1 and all(c in _HAN_DIGITS for c in whole):
        value = float("".join(str(_HAN_DIGITS[c]) for c in whole))
    else:
        total, section, digit, last = 0.0, 0.0, -1, 0
        for char in whole:
            if char in _HAN_DIGITS:
                if digit > 0:
                    return None
                digit = _HAN_DIGITS[char]
            elif char in _HAN_SCALES:
                last = _HAN_SCALES[char]
                section += (1 if digit < 0 else digit) * last
                digit = -1
            else:
                section += max(digit, 0)
                total = (total + (section or 1)) * (1e4 if char == "万" else 1e8)
                section, digit, last = 0.0, -1, 0
        if digit > 0:
            # 一百六 is 160; 一百零六 has its zero.
            section += digit * (last // 10 if last >= 100 and "零" not in whole else 1)
        value = total + section
    if fraction:
        value += float("0." + "".join(str(_HAN_DIGITS[c]) for c in fraction))
    return round(value, 9)


def _spelled(words: Sequence[str]) -> tuple[float, str] | None:
    """Read an English number in words: its value and ``%`` for a share. None where it is none."""
    total, current, seen = 0.0, 0.0, False
    for word in words:
        if word in ("and", "a", "an"):
            continue
        if word in _WORDS:
            current, seen = current + _WORDS[word], True
        elif word == "hundred":
            current, seen = (current or 1) * 100, True
        elif word == "dozen":
            current, seen = (current or 1) * 12, True
        elif word in _SCALES:
            total, current, seen = total + (current or 1) * _SCALES[word], 0.0, True
        elif word in _PARTS:
            if word == "half" and not seen:
                return None
            if not seen and "a" not in words:
                return None
            return 100 * (current or 1) / _PARTS[word], "%"
    return (total + current, "") if seen else None


def agree(said: Fact, stated: Iterable[Fact]) -> bool:
    """Tell whether a fact of a sentence is among the facts that a source states.

    An amount needs its value and a unit that goes with it; what is said as more or less than the
    amount must be stated so. A rounded amount that says so (约100万) stands for the exact one.
    A date must not contradict: a source's 2月末 does not state a year, and 2019年 is all of it.
    """
    return any(_agrees(said, fact) for fact in stated if fact.kind is said.kind)


def _agrees(said: Fact, stated: Fact) -> bool:
    if said.kind is FactKind.AMOUNT:
        return _same_amount(said, stated)
    if said.kind is FactKind.ORDINAL:
        return said.value == stated.value and (not said.unit or not stated.unit or said.unit == stated.unit)
    if said.kind is FactKind.QUOTE:
        return isinstance(said.value, str) and isinstance(stated.value, str) and said.value in stated.value
    assert isinstance(said.value, tuple)
    assert isinstance(stated.value, tuple)
    pairs = list(zip(said.value, stated.value, strict=True))
    if said.kind is FactKind.DATE:
        return all(a is None or a == b for a, b in pairs)
    return all(a is None or b is None or a == b for a, b in pairs)


def _same_amount(said: Fact, stated: Fact) -> bool:
    if not _units_agree(said.unit, stated.unit):
        return False
    if said.value == stated.value:
        return said.bound in (Bound.EXACT, Bound.ABOUT, stated.bound)
    if isinstance(said.value, str) or isinstance(stated.value, str):
        return False
    if said.bound is Bound.EXACT or not stated.value or _digits(said.value) >= _digits(stated.value):
        return False
    off = said.value / stated.value - 1
    return {
        Bound.ABOUT: abs(off) <= _ROUNDED,
        Bound.ABOVE: -2 * _ROUNDED <= off < 0,
        Bound.BELOW: 0 < off <= 2 * _ROUNDED,
    }[said.bound]


_ROUNDED = 0.05
"""How far "about" may be from the exact amount."""


def _digits(value: float) -> int:
    return len(f"{value:.9f}".rstrip("0").rstrip(".").replace(".", "").strip("0"))


def _units_agree(one: str, other: str) -> bool:
    if one == other:
        return True
    if not one or not other:
        return not {one, other} & _HARD
    return "个" in (one, other) and {one, other} <= _CLASSIFIERS
