"""Find the parts of a question that another question may replace: a name, a date, a place.

In: a text. Out: its slots, each with its kind and offsets. They are found by their shape alone:
an organisation ends in 银行 or Bank, a date is made of digits and 年, an English name is written
with capitals. Whoever knows names that have no such shape (光大, 民生) passes their spans in.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from index.fold import fold

__all__ = ["Names", "Slot", "SlotKind", "find_slots"]

Names = Callable[[str], Sequence[tuple[int, int]]]
"""Finds known names in a text: their ``(start, end)``."""


class SlotKind(StrEnum):
    """What may stand in a slot; only the same kind takes its place."""

    NAME = "name"
    DATE = "date"
    RATE = "rate"
    PLACE = "place"
    VERSION = "version"
    QUOTED = "quoted"


@dataclass(frozen=True, slots=True)
class Slot:
    """A replaceable part, ``text[start:end]``."""

    kind: SlotKind
    start: int
    end: int


_MONTH = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december)"
)
_DIGIT = "[0-9一二两三四五六七八九十]"
_DATE = re.compile(
    # 2022年6月1日, 2020年底; a bare 2020 only where no unit follows that makes it an amount
    rf"(?:19|20)\d\d年(?:\d\d?月(?:\d\d?[日号])?|[上下]半年|第?{_DIGIT}季度)?"
    r"(?:年?[底末初]|冬天|夏天|春天|秋天)?"
    rf"|(?:\d\d?|[一二三四五六七八九十]{{1,2}})月(?:份|\d\d?[日号]|[底末初])?"
    rf"|{_DIGIT}+年[前后](?!\w?来)"
    rf"|(?:第{_DIGIT}|[去今明前当同次]|[前后上]一)年(?:年?[底末初]|冬天|夏天|春天|秋天|[上下]半年)?"
    r"|[上下]半年|[上下这本]个?(?:月|周|季度)(?!转)|(?:周|星期|礼拜)[一二三四五六日天末]"
    r"|原来|后来|以前|现在|目前|当时|平时|平日|假日|夜间|白天|凌晨|年[底末初]"
    # English, with the preposition, so that "in 2020" gives way to "last year" as a whole
    r"|\b(?:(?:(?:in|at|by|since|before|after|during|until|on|from)\s+)"
    r"(?:the\s+)?(?:(?:end|beginning|start|middle)\s+of\s+)?)?"
    rf"(?:(?:early|mid|late)[\s-])?(?:\d\d?\s+)?(?:{_MONTH}\s+)?(?:\d\d?,\s*)?"
    r"(?<![\d.,$])(?:19|20)\d\d(?![\d.,]?\d|[年万亿元%])(?!\s*(?:yuan|dollars|people))"
    rf"|\b(?:(?:in|since|by|until|during)\s+){_MONTH}\b"
    r"|\b(?:last|this|next|the\s+previous|the\s+following)\s+(?:year|month|week|quarter)\b"
)
_RATE = re.compile(
    r"(?<![哪第这那])(?:每|单|一)(?:天|日|笔|个月|月|年|次|周|户|季度)(?!月)"
    r"|\b(?:in|per|each|every)\s+(?:an?\s+)?(?:day|week|month|quarter|year|transfer)\b"
    r"|\ba\s+(?:day|week|month|year)\b"
)
_VERSION = re.compile(r"\bversion\s+\d+(?:\.\d+)*|(?<![\d.])\d{1,2}\.\d版?(?![\d.%分亿万])")
_QUOTED = re.compile(r"“[^”]{1,20}”|「[^」]{1,20}」|『[^』]{1,20}』|《[^》]{1,30}》")
# Characters that glue a sentence together do not stand inside of a name.
_GLUE = "在和与跟对给把被让从向到由为是的了请问那而及以如果比哪这该本各几某家个位么多少"
_IN_NAME = rf"(?:(?![{_GLUE}]|有(?!限))[一-鿿])"
# 手机银行 and the like are what banks offer, not who they are.
_NO_BANK = re.compile(
    "(?:手机|网上|网络|远程|流动|电子|电话|线上|移动|行动|私人|掌上|云端|智能)银行|虚拟[分支]行"
)
_ORGANISATION = re.compile(
    rf"{_IN_NAME}{{1,8}}?"
    r"(?:银行|公司|集团|大学|学院|医院|委员会|协会|学会|交易所|研究[院所]|法院|[总分支]局|证监会)"
    # 工行, 建行; but 进行, 发行 and the like are words
    rf"|(?![银进发执运流实举推内同出总支分直步旅飞通现另自先例并平言罪外强航跨他]行)"
    rf"{_IN_NAME}行(?![业为动政程李情列走驶人长])"
)
_PLACE = re.compile(
    r"(?:北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南"
    r"|广东|海南|四川|贵州|云南|陕西|甘肃|青海|内蒙古|广西|西藏|宁夏|新疆|台湾|香港|澳门)[省市]?"
    # A branch is where a bank is: 工行|武汉分行
    rf"|{_IN_NAME}{{1,5}}?[分支]行"
    rf"|{_IN_NAME}{{2,3}}?(?:省|市(?!场)|县|镇|村|(?<![专社小地片景园校])区)"
)
_WORD = r"[A-Z][A-Za-z0-9&.-]*(?:['’](?!s\b)[a-z]+)?"
_CAPITALISED = re.compile(
    rf"(?<![A-Za-z0-9.]){_WORD}(?:(?:\s+(?:of|and|for)(?:\s+the)?)?\s+{_WORD})*"
)
# Words that have their capital from the place at the head of a question, or always have one.
_NO_NAME = re.compile(
    r"(?:(?:And|But|So|Then|What|Which|Who|Whom|Whose|When|Where|Why|How|Did|Does|Do|Is|Are|Was"
    r"|Were|Has|Have|Had|Can|Could|Will|Would|Should|May|Tell|Please|The|An?|It|Its|They|Their|He"
    r"|She|His|Her|There|I|In|On|At|By|For|From|To|With|Since|After|Before|Any|Anything|Also"
    r"|If|Or|Many|Much|App|About|Name|Give|List|Explain|Describe|That|This|These|Those)\b\s*)+"
)


def find_slots(text: str, names: Names | None = None) -> tuple[Slot, ...]:
    """Find the slots of a text, in order, none overlapping another.

    Names that touch are one slot.

    >>> [(s.kind.value, s.start, s.end) for s in find_slots("2020年底江湾银行有多少用户")]
    [('date', 0, 6), ('name', 6, 10)]
    """
    folded, cased = fold(text), text
    found: list[Slot] = []

    def take(kind: SlotKind, start: int, end: int) -> None:
        nonlocal folded, cased
        if start < end and "\0" not in folded[start:end]:
            found.append(Slot(kind, start, end))
            blank = "\0" * (end - start)
            folded = folded[:start] + blank + folded[end:]
            cased = cased[:start] + blank + cased[end:]

    for start, end in names(text) if names else ():
        take(SlotKind.NAME, start, end)
    folded = _NO_BANK.sub(lambda match: "\0" * len(match[0]), folded)
    for kind, pattern in (
        (SlotKind.DATE, _DATE),
        (SlotKind.RATE, _RATE),
        (SlotKind.VERSION, _VERSION),
        (SlotKind.QUOTED, _QUOTED),
        (SlotKind.NAME, _ORGANISATION),
        (SlotKind.PLACE, _PLACE),
    ):
        for match in list(pattern.finditer(folded)):
            take(kind, *match.span())
    for match in list(_CAPITALISED.finditer(cased)):
        start, end = match.span()
        if opening := _NO_NAME.match(match[0]):
            start += opening.end()
        # In a Chinese question capitals are often only half of a word: U盾, WAP版.
        shortest = 3 if text.isascii() else 6 if _is_han(text[end : end + 1]) else 5
        if end - start >= shortest:
            take(SlotKind.NAME, start, end)
    return _joined(sorted(found, key=lambda slot: slot.start))


def _is_han(char: str) -> bool:
    return "\u3400" <= char <= "\u9fff"


def _joined(slots: Sequence[Slot]) -> tuple[Slot, ...]:
    joined: list[Slot] = []
    for slot in slots:
        last = joined[-1] if joined else None
        if last and last.kind == slot.kind == SlotKind.NAME and last.end == slot.start:
            joined[-1] = Slot(slot.kind, last.start, slot.end)
        else:
            joined.append(slot)
    return tuple(joined)
