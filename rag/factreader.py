"""Read the facts of a text: amounts with their units, dates, times of day, quotations.

In: a text in either Chinese script or in English. Out: facts with offsets, each in one form
however it was written: 98.68% and 百分之九十八点六八, 3.5亿 and 350 million, 2019年12月 and
2019-12, 晚上八点 and 8 p.m. There is no grammar: patterns, kind by kind, and what one has read is
blanked for the next.
"""

import re

from index.fold import fold
from rag.facts import UNITS, Bound, Fact, FactKind, Value, flatten
from rag.numerals import HAN, SCALES, WORDS, han_number, integer, spelled_number, year

__all__ = ["read_facts"]

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
    "mon": 1, "tues": 2, "wednes": 3, "thurs": 4, "fri": 5, "satur": 6, "sun": 7,
    "一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "日": 7, "天": 7, "末": 0,
}  # fmt: skip
_ORDINALS = {
    "fourth": 4, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "eleventh": 11, "twelfth": 12,
}  # fmt: skip
"""Those that are no other word: a second, a third of it, first of all."""

_ascii_units = "|".join(
    sorted((u for u in UNITS if u.isascii() and u != "%"), key=len, reverse=True)
)
_han_units = "|".join(sorted((u for u in UNITS if not u.isascii()), key=len, reverse=True))
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
_NUMERAL = rf"[{HAN}][{HAN}万亿]*(?:点[{HAN}]+)?"
_HANZI = re.compile(
    rf"{_MONEY}(?:(?P<of>[{HAN}]+)分之)?(?P<digits>{_NUMERAL})"
    rf"(?P<more1>多|余|几)?(?P<scale>[万亿]{{1,2}})?(?P<one_and>个半(?=小时|钟头|月))?{_TAIL}"
)
_NUMBER_WORD = "|".join(
    sorted((*WORDS, "hundred", "thousand", "million", "billion"), key=len)[::-1]
)
_SPELLED = re.compile(
    rf"\b(?P<digits>(?:an?\s+(?=hundred|thousand|million|billion|dozen|third|quarter|fifth|tenth))?"
    rf"(?:(?:{_NUMBER_WORD}|dozen|half|thirds?|quarters?|fifths?|tenths?)(?![a-z])"
    rf"(?:\s+and\s+(?={_NUMBER_WORD})|[\s-]+)?)+)"
    rf"\s*(?P<unit>(?:{_ascii_units}|per\s+cent|percentage\s+points?)(?![a-z]))?"
)
_HALF = re.compile(r"半(?:个)?(?P<unit>小时|钟头|年|月|天|分钟)|half\s+an?\s+(?P<en>hour|year|day)")
_ORDINAL = re.compile(
    rf"第(?P<n>\d+|[{HAN}]+)(?P<unit>季度|季|届|代|次|个|名|位|期|轮|条|章|节|集|张|版|世纪|大)?"
    rf"|\b(?P<word>{'|'.join(_ORDINALS)})\b"
    r"|\b(?P<th>\d+)(?:st|nd|rd|th)\b(?:\s+(?P<cent>century))?"
)
_ORDERED = {"世纪": "世纪", "季度": "季", "季": "季"}
_Y = r"(?:1\d|2[01])\d\d"
_HAN_YEAR = "[零〇一二三四五六七八九]{4}"
_MONTH_NUMBER = r"1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九]"
_DAY_NUMBER = r"[12]\d|3[01]|0?[1-9]|二?十[一二三四五六七八九]?|三十一?|[一二三四五六七八九]"
_MONTH_DAY = rf"(?P<m>{_MONTH_NUMBER})\s*月(?!亮|球)份?(?:\s*(?P<d>{_DAY_NUMBER})\s*[日号])?"
_DATES = (
    re.compile(
        rf"(?P<y>{_Y})[-/.](?P<m>1[0-2]|0?[1-9])(?:[-/.](?P<d>[12]\d|3[01]|0?[1-9]))?(?!\d|%)"
    ),
    re.compile(rf"(?<!\d)(?P<y>{_Y})(?=\s*年?\s*[-–—~至到]\s*{_Y}(?:\s*年|\b))"),
    re.compile(
        rf"(?<!\d)(?P<y>{_Y}|{_HAN_YEAR})\s*年(?!代|级|龄)(?:初|末|底)?(?:\s*{_MONTH_DAY})?"
    ),
    re.compile(rf"(?<![\d个零一二三四五六七八九十]){_MONTH_DAY}"),
)
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_ENGLISH_DATE = re.compile(
    rf"\b(?:(?P<d>[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?\s+(?:of\s+)?)?(?P<m>{_MONTH})\b\.?"
    rf"(?:\s+(?P<d2>[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?(?!\d|:))?(?:,?\s+(?P<y>{_Y})\b)?"
)
_BARE_YEAR = re.compile(
    rf"(?<![\d.,$¥€£:-])(?P<y>{_Y})(?![\d%:]|[.,]\d|\s*(?:{_han_units}|[万亿千百]|多|余))"
)
_PART = "凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜里|晚间|晚"
_HOUR = rf"\d{{1,2}}|[{HAN}]+"
_TIME = re.compile(
    rf"(?P<part>{_PART})?\s*(?P<h>\d{{1,2}}):(?P<min>[0-5]\d)(?:\s*(?P<ap>[ap])\.?m)?"
    # 下午三点, 早上八时: the part of the day tells 点 from points.
    rf"|(?P<part2>{_PART})\s*(?P<h2>{_HOUR})[点时](?:(?P<half2>半)|(?P<min2>{_HOUR})分)?"
    rf"|(?P<h3>{_HOUR})[点时](?:(?P<half3>半)|(?P<min3>{_HOUR})分|钟)"
    rf"|\b(?P<h4>\d{{1,2}}|{'|'.join(WORDS)})\s*(?:o['’]clock\s*)?(?:(?P<ap4>[ap])\.?m\b"
    r"|in\s+the\s+(?P<part4>morning|afternoon|evening)|at\s+(?P<night>night))"
)
_WEEKDAY = re.compile(
    r"(?:周|星期|礼拜)(?P<han>[一二三四五六日天末])(?!年)"
    r"|\b(?P<en>mon|tues|wednes|thurs|fri|satur|sun)days?\b"
)
_QUOTED = re.compile(
    r"《([^《》]{1,60})》|“([^“”]{1,80})”|「([^「」]{1,80})」|『([^『』]{1,80})』"
    r'|"([^"]{1,120})"'
)

# What stands right before or behind an amount and says how it is meant.
_BEFORE = {
    Bound.ABOVE: (
        "超过|超出|超|逾|突破|高于|多于|大于|至少|最少|不少于|不低于|不下|满"
        "|(?:more|greater|higher) than|over|above"
        "|exceed(?:s|ed|ing)?|at least|upwards of|no (?:less|fewer) than"
    ),
    Bound.BELOW: (
        "不足|不到|不满|未满|低于|少于|小于|不及|将近|接近|近|最多|至多|不超过|不多于|不超"
        "|(?:less|fewer|lower) than|under|below|nearly|almost|close to|at most|up to|no more than"
        "|(?:ceiling|limit|maximum|cap) (?:is|of)|limited to|上限|限额|封顶"
    ),
    Bound.ABOUT: "大约|约|大概|约莫|左右|about|around|approximately|some|roughly",
}
_BOUND_BEFORE = re.compile(
    "(?:"
    + "|".join(f"(?P<{bound.value}>{words})" for bound, words in _BEFORE.items())
    + r")\s*(?:了|为|是|有|a|an|the|每[日天月年]|可|达)?\s*\Z"
)
_BOUND_REACH = 18
_BOUND_AFTER = re.compile(
    r"\s*(?:(?P<above>以上|多|余|or more|and (?:over|above)|\+)"
    r"|(?P<below>以下|以内|之内|内(?![地部容外存])|or less)"
    r"|(?P<about>左右|上下))"
)
# Numerals in words that count nothing.
_NO_NUMBER = re.compile(
    "一一|(?<![二三四五六七八九])十分(?!之)|万一|千万(?![元人户美用级笔港日欧册部])|百姓|百货|万事|万物|千里"
    "|四川|三亚|九江|五金|六安|八卦|三国|十字|百度|百科|七夕|九龙|三峡|四处|四周|五官|万里|百合|(?<![一二三四五六七八九两几数])[百千]年|千古"
    "|一千零一夜|三角|五角|十足|两岸|两侧|两边|两者|双十一|十一月革命|一百八十度|不三不四|乱七八糟|三明|三星"
    "|三菱|四海|五四|一二九|九一八|六四|八一|零售|零钱|零食|零件|零散|零头|第一时间"
)


def read_facts(text: str) -> tuple[Fact, ...]:
    """Read the facts of a text in the order in which they stand; quotations may hold others.

    >>> [(f.kind.value, f.value, f.unit) for f in read_facts("2019年12月底超過3.5億戶，占八成")]
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
        if not any(
            c.isdigit() or c in _NUMERIC or (c.isascii() and c.isalpha()) for c in self.left
        ):
            return
        self.left = _NO_NUMBER.sub(lambda m: "\0" * len(m[0]), self.left)
        self._times()
        self._dates()
        self._weekdays()
        self._ordinals()
        self._amounts()

    def _take(
        self,
        kind: FactKind,
        span: tuple[int, int],
        value: Value,
        unit: str = "",
        bound: Bound = Bound.EXACT,
    ) -> None:
        start, end = span
        self.found.append(Fact(kind, start, end, value, unit, bound))
        self._blank(start, end)

    def _blank(self, start: int, end: int) -> None:
        self.left = self.left[:start] + "\0" * (end - start) + self.left[end:]

    def _times(self) -> None:
        for m in list(_TIME.finditer(self.left)):
            g = m.groupdict()
            hour = integer(g["h"] or g["h2"] or g["h3"] or g["h4"] or "")
            minute = integer(g["min"] or g["min2"] or g["min3"] or "0")
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
                parts = year(g.get("y")), integer(g.get("m")), integer(g.get("d"))
                self._take(FactKind.DATE, m.span(), parts)
        for m in list(_ENGLISH_DATE.finditer(self.left)):
            # "may", "march" and "mar" are words; a month has a capital.
            if not self.text[m.start("m")].isupper():
                continue
            day = integer(m["d"] or m["d2"])
            self._take(FactKind.DATE, m.span(), (year(m["y"]), _MONTHS[m["m"]], day))
        for m in list(_BARE_YEAR.finditer(self.left)):
            self._take(FactKind.DATE, m.span(), (int(m["y"]), None, None))

    def _weekdays(self) -> None:
        for m in list(_WEEKDAY.finditer(self.left)):
            day = _WEEKDAYS[m["han"] or m["en"]]
            self._take(FactKind.WEEKDAY, m.span(), (day,))

    def _ordinals(self) -> None:
        for m in list(_ORDINAL.finditer(self.left)):
            number = _ORDINALS[m["word"]] if m["word"] else integer(m["n"] or m["th"])
            if number is None:
                continue
            unit = "世纪" if m["cent"] else _ORDERED.get(m["unit"] or "", "")
            if number == 1 and not unit:
                self._blank(*m.span())
                continue
            self._take(FactKind.ORDINAL, m.span(), float(number), unit)

    def _amounts(self) -> None:
        for m in list(_HALF.finditer(self.left)):
            if self.left[m.start() - 1 : m.start()] == "个":
                continue
            unit, factor = _unit(m["unit"] or m["en"])
            bound = self._bound(m.start(), m.end(), more=False)
            self._take(FactKind.AMOUNT, m.span(), 0.5 * factor, unit, bound)
        for m in list(_ARABIC.finditer(self.left)):
            point = m["point"] or ""
            if point.count(".") > 1:
                self._take(FactKind.AMOUNT, m.span(), m["digits"] + point, "")
                continue
            value = float(m["digits"].replace(",", "") + point) + (0.5 if m["half"] else 0.0)
            self._amount(m, value, more=bool(m["more1"]))
        for m in list(_HANZI.finditer(self.left)):
            number = han_number(m["digits"])
            if number is None or not self._counts(m):
                continue
            if m["of"]:
                whole = han_number(m["of"])
                if not whole:
                    continue
                self._take(FactKind.AMOUNT, m.span(), round(100 * number / whole, 9), "%",
                           self._bound(m.start(), m.end(), more=False))  # fmt: skip
                continue
            self._amount(m, number + (0.5 if m["one_and"] else 0.0), more=bool(m["more1"]))
        for m in list(_SPELLED.finditer(self.left)):
            words = m["digits"].replace("-", " ").split()
            spelled = spelled_number(words)
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
        if m["of"] or m["one_and"]:
            return True
        if len(digits) == 1:
            # 一 is an article more often than a number.
            return digits != "一" and bool(m["unit"] or m["scale"] or m["money"])
        return not digits.startswith("一") or len(digits) > 2 or digits[1] in "百千万亿十"

    def _amount(self, m: re.Match[str], value: float, *, more: bool) -> None:
        scale = (m["scale"] or "").strip(" -")
        for part in [scale] if scale in SCALES else list(scale):
            value *= SCALES[part]
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
        found = _BOUND_BEFORE.search(self.whole[max(0, start - _BOUND_REACH) : start])
        after = _BOUND_AFTER.match(self.whole, end)
        for m in (found, after):
            if m:
                for name in ("above", "below", "about"):
                    if m[name]:
                        return Bound(name)
        return Bound.EXACT


_NUMERIC = frozenset(HAN + "万亿半")
_MONEY_UNITS = {
    "$": "美元", "us$": "美元", "美元": "美元", "hk$": "港元", "港币": "港元", "nt$": "元",
    "¥": "元", "rmb": "元", "人民币": "元", "新台币": "元", "台币": "元", "€": "欧元", "£": "英镑",
}  # fmt: skip


def _unit(form: str) -> tuple[str, float]:
    form = re.sub(r"\s+", " ", form.strip())
    if form == "per cent":
        return "%", 1.0
    if form.startswith("percentage point"):
        return "pp", 1.0
    return UNITS.get(form, ("", 1.0))
