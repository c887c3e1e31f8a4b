"""Complete a question that leans on the one before it, without a language model.

In: a question and its dialogue. Out: the question written out, or None where it stands by itself.
What changes is the subject, what stays is the predicate: 工行手机银行有多少用户？ 那建行呢？
is asked as 建行手机银行有多少用户？ Slots are recognised by form: organisations and products by
their names and endings, dates as ``rag.dates`` reads them; whatever else is left is an aspect.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from index.fold import fold
from rag.dates import read_dates
from rag.question import Turn, without_asking

__all__ = ["Completion", "Names", "complete"]

Names = Callable[[str], Sequence[tuple[int, int]]]
"""Where a text says a known name: ``(start, end)``."""


@dataclass(frozen=True, slots=True)
class Completion:
    """A question completed. ``kept`` is what came from the dialogue, ``changed`` what is new."""

    text: str
    kept: tuple[str, ...]
    changed: str


@dataclass(frozen=True, slots=True)
class _Slot:
    """A stretch of a question that names something: ``kind`` is organisation, product or date."""

    kind: str
    start: int
    end: int


# A question that opens or ends so goes on from another one. 那 before a place (那曲) or a measure
# word (那家银行, 那些年) is another word.
_OPENING = re.compile(
    r"^\s*(?:那么|那(?![曲些家个种天年时位次款项坡拉])|另外|换成|如果是|还有(?!没|哪|什|多|几)"
    r"|(?:and\s+)?(?:what|how)\s+about\b|and\b)\s*[,，]?\s*",
    re.I,
)
_CLOSING = re.compile(r"(?:呢|又如何|又怎么样|又怎样)?\s*[?？。!！.]*\s*$")
_ASKS_ON = re.compile(r"呢\s*[?？。!！]*\s*$|又(?:如何|怎么样|怎样)\s*[?？]*\s*$")

# Points to what was spoken of. 它山, 其他, 他国, 这些年 point nowhere.
_POINTS = re.compile(
    r"它们?(?!山)|其(?![他它中实余次间])|该(?:行|公司|机构|银行|平台|系统|产品|项目|服务)"
    r"|(?:这|那)(?:家|个|款|项|种)(?:银行|公司|机构|平台|系统|产品|服务|功能)?|这(?!些年|几年|时|里)"
    r"|他们(?!国)|她们|那里|那儿|\b(?:it|its|they|their|them|there|this|that)\b(?!\s+(?:is|was)\b)",
    re.I,
)
_LEADS = re.compile(rf"^\s*(?:{_POINTS.pattern})|\b(?:its|their|it|they)\b", re.I)
# Goes on without a subject of its own.
_BARE = re.compile(
    r"^(?:为什么|為什麼|为何|怎么会|然后|后来|比如|例如"
    r"|还有(?:别的|其他|什么|哪些|吗|呢)?.{0,3}|具体(?:是|有)?.{0,4}"
    r"|(?:and\s+)?why|what else|anything else|such as|for example|and then)(?:呢|吗|嗎)?"
    r"\s*[?？。!！]*$",
    re.I,
)

_PRODUCT = re.compile(
    r"(?:手机|网上|掌上|微信|电话|移动|行动|网络|远程|云端|直销|视频)银行|掌银|网银|app|客服|支付|小程序|人民币"
    r"|banking|mobile bank|hotline|payment",
    re.I,
)
_ORGANISATION = re.compile(
    r"[\u4e00-\u9fff]{2,8}(?<!手机)(?<!网上)(?<!掌上)(?<!微信)(?<!电话)(?<!移动)(?<!远程)(?<!云端)"
    r"(?:银行|支行|分行|公司|集团|大学|委员会|管理局)"
    r"|(?:[A-Z][\w'-]+\s)+(?:Bank|Group|University|Authority|Ltd|Inc)\b|\bBank of [A-Z]\w+"
)
# What stands before an organisation in its sentence, not in its name.
_BEFORE_NAME = re.compile(r".*(?:请问|在|和|与|跟|及|比|对|向|由|被|是|的|说|问)")
_JOINS = re.compile(r"\s*(?:的|之|'s|和|与|與|跟|及|、|and|or|vs\.?)?\s*", re.I)

_ORGANISATIONS_ONLY = frozenset(
    ["该行", "该银行", "该公司", "该机构", "这家银行", "那家银行", "这家公司", "那家公司"]
)

# 那建行呢，浙江有多少单位用了它的系统？: the new subject, then the question about it.
_NAMED_FIRST = re.compile(r"^(?:那么?)?\s*(?P<name>[^,，呢?？]{2,12})呢\s*[,，]\s*(?P<rest>.{2,})$")

# A question that opens so and names nothing has no subject of its own. 什么是 … asks for a meaning.
_SUBJECTLESS = re.compile(
    r"^(?:什么时候|什麼時候|何时|何時|几点|幾點|为什么|為什麼|为何|怎么|怎麼|怎样|怎樣|如何|多少|多久"
    r"|谁|誰|可以|可否|能|要|会|會|有没有|有沒有|是不是|是否|需要|涉及|一共|总共|總共"
    r"|最后|最後|到)"
    r"|^(?:when|where|why|how|who|with|for|in what)\b",
    re.I,
)
_MOST_SUBJECTLESS = 12  # characters, or
_MOST_SUBJECTLESS_WORDS = 6  # words

_LONGEST_ELLIPSIS = 24  # characters, or
_MOST_WORDS = 9  # words, of a question that leans: a longer one says all of it
_ANY_DAY = date(2024, 1, 1)  # only where a date stands matters here, not which one it is


def complete(
    question: str, dialogue: Sequence[Turn], *, names: Names | None = None
) -> Completion | None:
    """Complete a question from its dialogue; None where it stands by itself.

    ``names`` finds known names beside those with a telling ending.
    """
    earlier = ""
    answer: str | None = None
    for turn in dialogue:
        made = _completed(turn.question.strip(), earlier, answer, names)
        earlier, answer = made.text if made else turn.question.strip(), turn.answer
    return _completed(question, earlier, answer, names)


def _completed(
    question: str, earlier: str, answer: str | None, names: Names | None
) -> Completion | None:
    if not earlier or not _is_short(question):
        return None
    if first := _NAMED_FIRST.match(question):
        return _about(first["name"].strip(), first["rest"], earlier, answer, names)
    if _BARE.match(question):
        return Completion(f"{_bare(earlier)} {question}", (_bare(earlier),), question)
    opened = _OPENING.sub("", question, count=1)
    leaning = opened != question or bool(_ASKS_ON.search(question))
    core = _CLOSING.sub("", opened).strip()
    if core and leaning and not _POINTS.match(core):
        swapped = _swapped(core, earlier, answer, names)
        if swapped is not None:
            return swapped
    if _LEADS.search(opened):
        return _resolved(opened, core if leaning else "", earlier, answer, names)
    if _is_bald(opened, names) and (_SUBJECTLESS.match(opened) or _shares(opened, earlier)):
        subject = _subject(earlier, names) or _topic(earlier)
        if subject:
            blank = "" if not subject.isascii() and not opened.isascii() else " "
            return Completion(f"{subject}{blank}{opened}", (subject,), opened)
    return None


def _is_bald(question: str, names: Names | None) -> bool:
    """Tell whether a question is short and names nothing."""
    if [slot for slot in _slots(question, names) if slot.kind != "date"]:
        return False
    if question.isascii():
        return len(question.split()) <= _MOST_SUBJECTLESS_WORDS and question[1:].islower()
    return len(question) <= _MOST_SUBJECTLESS


def _shares(question: str, earlier: str) -> bool:
    """Tell whether both say one word of two characters: 陪伴者看得到余额吗 after 谁设了陪伴者."""
    said, before = without_asking(question), without_asking(earlier)
    words = (said[i : i + 2] for i in range(len(said) - 1))
    return any(not word.isascii() and word.isalnum() and word in before for word in words)


def _topic(text: str) -> str:
    """What a question is about, where it has no name: its words before the asking begins."""
    words = without_asking(text).split()
    return words[0] if words and len(words[0]) > 1 and not text.isascii() else ""


def _about(
    name: str, rest: str, earlier: str, answer: str | None, names: Names | None
) -> Completion:
    """The new subject where the rest of the question points; with the old one if it is none."""
    subject = name
    if not [slot for slot in _slots(name, names) if slot.kind == "organisation"]:
        old = _subject(earlier, names) or _subject(answer or "", names) or _topic(earlier)
        subject = f"{old}{name}" if old else name
    pointed = _POINTS.sub(lambda _: subject, rest, count=1)
    text = pointed if pointed != rest else f"{subject}{rest}"
    return Completion(text, (subject.removesuffix(name),) if subject != name else (), name)


def _swapped(core: str, earlier: str, answer: str | None, names: Names | None) -> Completion | None:
    """What follows 那 or "what about": another subject, another time, or another aspect."""
    mine = _slots(core, names)
    rest = _left(core, mine)
    if mine and len(rest) <= 1:
        text, kept = earlier, []
        for slot in mine:
            said = core[slot.start : slot.end]
            text, stays = _replaced(text, said, slot.kind, names)
            kept.append(stays)
        return Completion(text, tuple(kept), core)
    if mine and any(slot.kind == "organisation" for slot in mine):
        return None  # a whole question behind 那
    if len(without_asking(core)) < len(fold(core)) - 1 and len(rest) > 3:
        return None
    if alike := _alike(core, earlier):
        start, end = alike
        before, after = earlier[:start], earlier[end:]
        return Completion(f"{before}{core}{after}", (_bare(f"{before} {after}".strip()),), core)
    subject = _subject(earlier, names) or _subject(answer or "", names)
    if not subject:
        return Completion(f"{core} {_bare(earlier)}", (_bare(earlier),), core)
    return Completion(_of(subject, core), (subject,), core)


def _alike(core: str, earlier: str) -> tuple[int, int] | None:
    """Find what a short word is the counterpart of: 3.0 of 2.0, 一天 of 一笔, 手机盾 of U盾."""
    size = len(core)
    if not 2 <= size <= 6 or (core.isalpha() and core.isascii()):
        return None
    best, place = 0.0, -1
    for start in range(len(earlier) - size + 1):
        window = earlier[start : start + size]
        share = sum(a == b for a, b in zip(core, window, strict=True)) / size
        if best < share < 1 and window.isalnum() == core.isalnum():
            best, place = share, start
    if best >= 0.5:
        return place, place + size
    # A word with the same head: letters and digits before it belong to it.
    at = earlier.find(core[-1])
    if at > 0 and re.fullmatch(r"[A-Za-z0-9]+", head := _latin_before(earlier, at)):
        return at - len(head), at + 1
    return None


def _latin_before(text: str, at: int) -> str:
    match = re.search(r"[A-Za-z0-9]+$", text[:at])
    return match[0] if match else ""


def _resolved(
    question: str, core: str, earlier: str, answer: str | None, names: Names | None
) -> Completion | None:
    """Put the subject in the place of the pronoun."""
    match = _POINTS.search(question)
    assert match is not None  # _LEADS holds one
    alone = match[0] in _ORGANISATIONS_ONLY
    subject = _subject(earlier, names, alone=alone) or _subject(answer or "", names, alone=alone)
    if not subject:
        return Completion(f"{_bare(earlier)} {question}", (_bare(earlier),), question)
    possessive = match[0].lower() in ("its", "their")
    said = f"{subject}'s" if possessive else subject
    before, after = question[: match.start()], question[match.end() :]
    blank = " " if subject.isascii() and after[:1].isalnum() else ""
    text = f"{before}{said}{blank}{after}".strip()
    if core:  # 它的满意度呢？: nothing is asked but the aspect itself
        text = _CLOSING.sub("", text).strip()
    return Completion(text, (subject,), core or question)


def _replaced(text: str, said: str, kind: str, names: Names | None) -> tuple[str, str]:
    """Put a name or a date in the place of the one of its kind; in front where there is none."""
    spans = [(slot.start, slot.end) for slot in _slots(text, names) if slot.kind == kind]
    if not spans:
        if text.isascii():
            return f"{_bare(text)} {said}", _bare(text)
        return f"{said}{text}", _bare(text)
    # 工行和建行 is one subject of two names.
    start, end = spans[0]
    for low, high in spans[1:]:
        if _JOINS.fullmatch(text[end:low]):
            end = high
    before, after = text[:start], text[end:]
    return f"{before}{said}{after}", _bare(f"{before} {after}".strip())


def _subject(text: str, names: Names | None, *, alone: bool = False) -> str:
    """The first organisation of a text with the products that follow it, or without (alone)."""
    slots = [slot for slot in _slots(text, names) if slot.kind != "date"]
    if not slots:
        return ""
    first = [slot for slot in slots if slot.kind == "organisation"] or slots
    start, end = first[0].start, first[0].end
    for slot in slots:
        if not alone and slot.start >= end and _JOINS.fullmatch(text[end : slot.start]):
            end = slot.end
    return text[start:end]


def _slots(text: str, names: Names | None) -> list[_Slot]:
    """Names and dates of a text, in order, without overlaps."""
    hints = read_dates(text, today=_ANY_DAY) if text else ()
    found = [_Slot("date", hint.start, hint.end) for hint in hints]
    for start, end in names(text) if names and text else ():
        kind = "product" if _PRODUCT.search(fold(text[start:end])) else "organisation"
        found.append(_Slot(kind, start, end))
    for match in _ORGANISATION.finditer(fold(text) if not text.isascii() else text):
        start = match.start()
        if not text.isascii() and (lead := _BEFORE_NAME.match(match[0])):
            start += lead.end()
        if match.end() - start > 2 and text[start] not in "哪某各多几幾":
            found.append(_Slot("organisation", start, match.end()))
    kept: list[_Slot] = []
    for slot in sorted(found, key=lambda s: (s.start, -s.end)):
        if not kept or slot.start >= kept[-1].end:
            kept.append(slot)
    return kept


def _left(core: str, slots: Sequence[_Slot]) -> str:
    """What a text says beside its slots, its asking words and the words that join."""
    rest = core
    for slot in reversed(slots):
        rest = rest[: slot.start] + " " + rest[slot.end :]
    rest = re.sub(r"\b(?:for|in|at|of|the|with|and|to|from)\b", " ", without_asking(rest))
    return "".join(char for char in rest if char.isalnum() and char not in "的在有是和与呢到了")


def _of(subject: str, aspect: str) -> str:
    return f"{subject} {aspect}" if subject.isascii() else f"{subject}的{aspect.removeprefix('的')}"


def _bare(question: str) -> str:
    return question.rstrip(" ?？。!！.")


def _is_short(text: str) -> bool:
    if text.isascii():
        return len(text.split()) <= _MOST_WORDS
    return len(text) <= _LONGEST_ELLIPSIS
