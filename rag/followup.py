"""Complete a question that leans on the dialogue, such as 那建行呢.

In: a question and the turns before it. Out: the question written out in full, with what was kept
of the dialogue and what the new question changed; None where the question is whole by itself.

There is no model and no dictionary. What gives way is found by its shape (`rag.slots`), what
stays by where the predicate begins: at the first asking word, adverb or auxiliary of a closed
list. Chinese is read folded, so both scripts are read alike. The collection is not known here.

When in doubt the question is left alone: a new topic must not inherit the old one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.fold import fold
from rag.slots import Names, Slot, SlotKind, find_slots

__all__ = ["Completion", "Turn", "complete"]


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier exchange of the dialogue; the answer may be unknown."""

    question: str
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """A question written out in full.

    ``text`` is the whole question, ``kept`` the pieces of it that come from the dialogue, in
    order, ``changed`` what the new question put in or asked.
    """

    text: str
    kept: tuple[str, ...]
    changed: str


_MAX_TURNS = 20
"""Older turns say nothing about what 它 means now."""

_MAX_CHARS = 200
"""A longer question is whole; a longer one before it is not what a short one repeats."""

_MAX_ANSWER_CHARS = 40
"""An answer that names someone is short: 交通银行的。"""


def complete(
    question: str, dialogue: Sequence[Turn], *, names: Names | None = None
) -> Completion | None:
    """Write a question out in full with what the dialogue holds; None when it is whole.

    Each turn is completed from the completed one before it, so a chain (那建行呢？ 那农行呢？)
    keeps its predicate. ``names`` finds known names that have no telling shape (民生).

    >>> complete("那建行呢？", [Turn("工行手机银行有多少用户？")]).text
    '建行手机银行有多少用户？'
    >>> complete("and in 2020?", [Turn("How many branches did Bank A have in 2018?")]).text
    'How many branches did Bank A have in 2020?'
    """
    before: _Earlier | None = None
    for turn in dialogue[-_MAX_TURNS:]:
        done = _complete(turn.question, before, names)
        before = _Earlier(done.text if done else turn.question.strip(), turn.answer, names)
    return _complete(question, before, names)


def _complete(question: str, before: "_Earlier | None", names: Names | None) -> Completion | None:
    question = question.strip()
    if before is None or max(len(question), len(before.text)) > _MAX_CHARS:
        return None
    if not before.text:  # a turn without a word lends none
        return None
    way = _complete_chinese if _HAN.search(question) else _complete_english
    done = way(question, before, _said_after(before.text, names) if names else None)
    return done if done and fold(done.text) != fold(question) else None


def _said_after(before: str, names: Names) -> Names:
    """Find names in what is said after something: beside 建行, 民生 is a bank, too."""

    def found(text: str) -> list[tuple[int, int]]:
        shift = len(before) + 1
        spans = names(f"{before}\n{text}")
        return [(start - shift, end - shift) for start, end in spans if start >= shift]

    return found


_HAN = re.compile("[㐀-鿿]")
_END = "？?。.！! "

# --- the question before -----------------------------------------------------------------------

# Where a Chinese predicate begins. Guards keep out the words that merely contain one of them.
_ASKED = (
    r"多少|多久|多[长大高快远](?!$)|几(?!乎)|怎么|怎样|如何|为什么|为何|什么|何时|何地|哪|谁|是否|能否"
    r"|是不是|有没有|能不能|吗"
)
_ADVERB = (
    r"一般|平均|一共|总共|合共|最多|最少|至少|还(?!款|本|贷|清)|(?<![成首])都(?!市)|也|已经|才(?!能)|将(?!来)|就"
    r"|现在|究竟|到底|可以|应该|需要|(?<![功智性职可])能(?![力源耗])|(?<![社大协学委览])会(?![员议计话])|(?<![主重必首])要(?![求闻点])|不(?!动产|良)|没"
)
_VERB = (
    r"是(?!否|不)|拥有|具有|(?<![所国])有(?![限效没])|给|把|被(?!告)|(?<!转)让"
    r"|(?<!服)从(?!业)|叫|属于|涉及|包括"
    r"|除了|推出|发布|上线|提供|达到|超过|收取"
)
_PREDICATE = re.compile(f"{_ASKED}|{_ADVERB}|{_VERB}|(?<![信费应使作])用(?![户卡])|在(?!线|职)")
_STARTS = re.compile(rf"(?:{_ASKED}|{_ADVERB}|{_VERB})")
_ASKING = re.compile(rf"(?:有|是|在|去了?|到|要)?(?:{_ASKED})")
_SHORT_VERBS = "发办关开拦抽收借花做出教搬去放送卖买拿跑减降升等罚"
# A verb that is left at the end of the head: 服务了|多少, 搬到|哪里, 教|什么
_LEFT_VERB = re.compile(
    rf"(?:(?:[{_SHORT_VERBS}]|[^\0，,\s的][^\0，,\s的{_SHORT_VERBS}])[了过到至]第?"
    r"|[教搬卖做收借跑开设减]|设在)+$"
)
# A noun of this ending is something that things have (满意度, 缺点, 手续费), not a thing.
_ATTRIBUTE = re.compile(
    r"(?:[度率额量费价期限址法式件标数薪点]|时间|原因|办法|评分|分数|目标|要求|电话|热线|名字|名称|规模"
    r"|地点|作用|好处|优势|范围|利息|股价|总额|人口|面积|总部|董事长|行长|总裁|主席|部门|功能)$"
)
_ASKS_SUBJECT = re.compile(r"^(?:请问)?(?:哪|谁|什么)|的(?:是|叫)(?:谁|哪|什么)")
_ASKS_PERSON = re.compile(r"谁|哪位|\bwho(?:se)?\b", re.IGNORECASE)


class _Earlier:
    """The question before, taken apart: its slots, its head and where the predicate begins."""

    def __init__(self, text: str, answer: str | None, names: Names | None) -> None:
        self.text = text
        self.answer = (answer or "").strip(_END)
        self.names = names
        self.slots = find_slots(text, names)
        self.folded = fold(text)
        # The clause that asks: 江湾银行调整收费，短信提醒多少钱？
        asked = _PREDICATE.search(self.folded)
        comma = max(self.folded.rfind(c, 0, asked.start() if asked else 0) for c in "，,")
        self.clause = comma + 1
        masked = self._masked()
        start = next((m.start() for m in _PREDICATE.finditer(masked)), len(text.rstrip(_END)))
        # A preposition before the subject is no predicate: 在江湾银行更新护照要多久
        if start <= self.clause and masked[self.clause : start + 1].strip() in ("在", "从", "给"):
            later = _PREDICATE.search(masked, start + 1)
            start = later.start() if later else len(text.rstrip(_END))
        left = _LEFT_VERB.search(masked, self.clause, start)
        self.head_end = left.start() if left and left.start() > self.clause else start

    def _masked(self) -> str:
        """The folded text; a predicate is not looked for inside of names and quotations."""
        masked = self.folded
        for slot in self.slots:
            if slot.kind in (SlotKind.NAME, SlotKind.QUOTED, SlotKind.PLACE):
                masked = masked[: slot.start] + "\0" * (slot.end - slot.start) + masked[slot.end :]
        return masked

    def slot(self, kind: SlotKind) -> Slot | None:
        """The slot of this kind; of several names the one that is in the head, else the first."""
        return next((slot for slot in self.slots if slot.kind is kind), None)

    @property
    def subject(self) -> str:
        """What the question is about: 江湾银行的评分是多少 → 江湾银行, 小湾2022年… → 小湾2022年."""
        head = self.text[: self.head_end].strip(" ，,")
        if not head:
            # 有多少客户用过静心转账的撤回 asks for its subject; what is said of it stays.
            rest = self.text[: len(self.text.rstrip(_END))]
            return _cut(rest, _ASKING).strip(" ，,") if _HAN.search(rest) else ""
        owner, of, attribute = head.rpartition("的")
        if of and _ATTRIBUTE.search(fold(attribute)):
            head = owner
        for slot in reversed(self.slots):
            if slot.kind is SlotKind.RATE and slot.end == self.head_end and slot.start:
                head = self.text[: slot.start].strip(" ，,")
        return head

    def timeless(self, subject: str) -> str:
        """A subject without the dates in it: 江湾银行2022年底 → 江湾银行."""
        dates = [s for s in find_slots(subject, self.names) if s.kind is SlotKind.DATE]
        rest = "".join(c for i, c in enumerate(subject) if not _inside(dates, i))
        return rest.strip(" 的，,") or subject

    @property
    def named_in_answer(self) -> str:
        """The name or person that a short answer gives: 交通银行的。 → 交通银行."""
        if not self.answer or len(self.answer) > _MAX_ANSWER_CHARS:
            return ""
        name = next(
            (s for s in find_slots(self.answer, self.names) if s.kind is SlotKind.NAME), None
        )
        if name and not _ASKS_PERSON.search(self.folded):
            return self.answer[name.start : name.end]
        clause = re.split("[，,；;。]", self.answer)[0]
        return re.sub("^(?:是|由|叫)|的$", "", clause.strip())

    @property
    def antecedent(self) -> str:
        """What 它 or "it" means: the subject, else what the answer names."""
        if _HAN.search(self.text):
            asks_for_it = bool(_ASKS_SUBJECT.search(self.folded[self.clause :]))
            return (asks_for_it and self.named_in_answer) or self.subject
        return self.english_subject or self.named_in_answer

    def replace(self, changes: Sequence[tuple[int, int, str]]) -> tuple[str, tuple[str, ...]]:
        """Put new texts over spans; also the pieces that stayed."""
        parts: list[str] = []
        kept: list[str] = []
        at = 0
        for start, end, new in sorted(changes):
            parts += [self.text[at:start], new]
            kept.append(self.text[at:start])
            at = end
        parts.append(self.text[at:])
        kept.append(self.text[at:])
        pieces = (piece.strip(_END + "，,") for piece in kept)
        return "".join(parts), tuple(piece for piece in pieces if piece)

    @property
    def english_subject(self) -> str:
        """The noun phrase with the name in it: Jiangwan Bank's mobile app."""
        many = _HOW_MANY.match(self.text)
        named = next(
            (s for s in self.slots if s.kind is SlotKind.NAME and _ORG_EN.search(self._said(s))),
            self.slot(SlotKind.NAME),
        )
        name = ""
        if named:
            tail = _POSSESSED.match(self.text, named.end)
            name = self.text[named.start : tail.end() if tail else named.end].rstrip()
        counted = many["what"] if many else ""
        if not name:
            return f"the {counted}" if counted else _noun_phrase(self.text)
        return name

    @property
    def english_plural(self) -> str:
        """What "they" means: the booths of Nanwan Bank, when it was asked how many booths."""
        many = _HOW_MANY.match(self.text)
        named = self.slot(SlotKind.NAME)
        if not many:
            return ""
        of = self.english_subject if named else ""
        return f"the {many['what']}" + (f" of {of}" if of else "")

    def _said(self, slot: Slot) -> str:
        return self.text[slot.start : slot.end]


def _cut(text: str, pattern: re.Pattern[str]) -> str:
    """The text without the first match of a pattern in its folded form."""
    match = pattern.search(fold(text))
    return text[: match.start()] + text[match.end() :] if match else text


# --- what gives way ----------------------------------------------------------------------------

_YEAR = re.compile(r"(?:19|20)\d\d")
_BARE_YEAR = re.compile(r"(?:in\s+)?((?:19|20)\d\d)年?")
_RELATIVE = re.compile(r"([一二两三四五六七八九十]|\d+)年([前后])|(前|上|后)一年|(次|第二)年")
_NUMERALS = dict(zip("一二三四五六七八九十", range(1, 11), strict=True)) | {"两": 2}
_PREPOSITION = re.compile(r"(?:in|at|by|since|before|after|during|until|on|from)\s", re.IGNORECASE)


def _fill(before: _Earlier, said: str, slots: Sequence[Slot]) -> list[tuple[int, int, str]]:
    """The changes to the earlier question that put each said slot in place of its kind."""
    changes: list[tuple[int, int, str]] = []
    for slot in slots:
        new = said[slot.start : slot.end]
        old = before.slot(slot.kind)
        if slot.kind is SlotKind.NAME and not _HAN.search(new):
            # Of several English names the one with the same ending gives way: Bank for Bank.
            alike = [
                s
                for s in before.slots
                if s.kind is SlotKind.NAME
                and bool(_ORG_EN.search(before.text[s.start : s.end])) == bool(_ORG_EN.search(new))
            ]
            old = alike[0] if alike else old
        if old is None and slot.kind in (SlotKind.NAME, SlotKind.PLACE, SlotKind.QUOTED):
            head = _topic(before)
            if head and not before.text.isascii():
                changes.append((*head, new))
        elif old is None and before.text.isascii():
            end = len(before.text.rstrip(_END))
            changes.append((end, end, f" {new}"))
        elif old is None:
            changes.append((before.clause, before.clause, new))
        else:
            changes.append(_swapped(before.text[old.start : old.end], new, slot.kind, old.start))
    return changes


def _swapped(old: str, new: str, kind: SlotKind, start: int) -> tuple[int, int, str]:
    """One slot for another; a mere year takes the place of the year in 2020年底."""
    year = _YEAR.search(old) if kind is SlotKind.DATE else None
    if year:
        bare = _BARE_YEAR.fullmatch(fold(new))
        relative = _RELATIVE.fullmatch(fold(new))
        if bare or relative:
            told = bare[1] if bare else str(int(year[0]) + _shift(relative))
            return start + year.start(), start + year.end(), told
    preposition = _PREPOSITION.match(old) if kind is SlotKind.DATE else None
    skip = preposition.end() if preposition and new[:1].isdigit() else 0
    return start + skip, start + len(old), new


def _shift(relative: "re.Match[str] | None") -> int:
    """Years from the year that was spoken of: 两年前 → -2, 第二年 → 1."""
    if relative is None:
        return 0
    count, way, one, _next = relative.groups()
    if count:
        years = _NUMERALS.get(count) or int(count)
        return -years if way == "前" else years
    return -1 if one in ("前", "上") else 1


def _topic(before: _Earlier) -> tuple[int, int] | None:
    """What an unknown thing takes the place of: the head after its name, date and rate.

    江湾银行|跨行柜台转账|现在一笔多少钱, and of 行李箱的缺点 the 行李箱.
    """
    start, end = before.clause, before.head_end
    plain = [slot for slot in before.slots if slot.kind is not SlotKind.QUOTED]
    for slot in plain:
        if start <= slot.start and slot.end <= end:
            rest = fold(before.text[slot.end : end]).strip("的 ")
            if rest and any(not _inside(plain, i) for i in _places(before, slot.end, end)):
                start = slot.end
            else:
                end = min(end, slot.start)
    owner = before.folded[start:end]
    if owner.startswith("的"):
        start, owner = start + 1, owner[1:]
    head, of, attribute = owner.rpartition("的")
    if of and head and _ATTRIBUTE.search(attribute):
        end = start + len(head)
    return (start, end) if start < end else None


def _places(before: _Earlier, start: int, end: int) -> list[int]:
    return [i for i in range(start, end) if before.text[i] not in "的 "]


def _inside(slots: Sequence[Slot], place: int) -> bool:
    return any(slot.start <= place < slot.end for slot in slots)


# --- Chinese -----------------------------------------------------------------------------------

# 那 begins a follow-up when what comes next is no part of a longer word (那曲, 那家银行).
_THEN = re.compile(
    rf"^(?:那么|然后|那(?=它|他|她|其|该|年底|已经|{_ASKED}|{_ADVERB}|有|是)|那(?=[^，,]{{1,20}}呢)(?![家些个位时曲]))"
    "[，,]?"
)
_FRAGMENT = re.compile(r"^(?P<said>[^？?。，,]{1,30}?)呢(?:[，,？?。！!\s]+(?P<rest>.*))?$")
_MORE = re.compile(
    r"^(?:还有|还有(?:什么|哪些|没有|其他|其它|别).{0,4}|别的呢?|其[他它次](?:的|呢)*|具体(?:呢|一点)?|其次)"
    r"(?:呢|吗)?[？?。！!]*$"
)
_WHY = re.compile(
    r"^(?:这是|那是|是)?(?:为什么|为何|怎么会|什么原因|原因(?:是什么)?)呢?[？?。！!]*$"
)
_PRONOUN = re.compile(
    r"它们?|(?<![其吉维])他们?(?![国人乡日])|她们?|其(?![他它中实余次])"
    r"|该(?:行|公司|校|院|局|机构|平台|产品|系统|应用)|这家(?:银行|公司|机构)"
    r"|(?P<place>[那这]里|[那这]儿|[那这]边)"
    r"|(?P<thing>这[个项款种张台])(?=[一-鿿])"
)
_CONDITION = re.compile("(?:的话|的时候|之?[后前]|时|以[后前])$")
_LOCATES = re.compile("(?<=.)在(?:哪|什么地方)")
_DEFINES = re.compile(
    r"^(?:请问)?(?:什么(?:是|叫)|谁是|何谓)|(?:是什么(?:意思)?|是谁|叫什么.{0,3})[？?。]*$"
)
# Characters that carry no topic of their own, left out when the content is counted.
_LIGHT = re.compile(
    rf"{_ASKED}|{_ADVERB}|[的了吗呢吧啊我你您是有在到把被给从个家笔次名人位项元年天钱开始第]"
)
_CONTENT = re.compile("[一-鿿]")
# How many characters of content a question without a subject may have and still lean on the
# dialogue, and one that says "then" or "too"; how many may stand before its pronoun. Found on
# questions that are whole: of those, one in a hundred may be taken for a follow-up.
_MAX_CONTENT = 4
_MAX_CONTENT_HOW = 3
_MAX_CONTENT_TOLD = 8
_MAX_CONTENT_TOO = 6
_MAX_CONTENT_BEFORE = 1
_MAX_WORDS = 8
_HOW = re.compile(r"^(?:怎么|怎样|如何)")
# What asks for its own subject (什么样的作品会被保护, 谁杀了他) is whole.
_ASKS_ITS_SUBJECT = re.compile(
    r"^(?:谁|哪(?!里|儿|年|一年|天)|什么(?!时候|时间|地方|原因|办法)|是谁)"
)
_TOO = re.compile(r"^[一-鿿]{1,4}也(?:能|可以|要|会|有)")
# A verb alone before the asking word: 营业到几点, 保住了多少钱
_VERB_ALONE = re.compile(r"^[一-鿿]{1,2}[了过到](?=$)")


def _complete_chinese(question: str, before: _Earlier, names: Names | None) -> Completion | None:
    folded = fold(question)
    if _WHY.match(folded):
        return _ask_why(before, question)
    if _MORE.match(folded):
        text = f"{before.text.rstrip(_END)}，{question.removeprefix('那')}"
        return Completion(text, (before.text.rstrip(_END),), question.rstrip(_END))
    then = _THEN.match(folded)
    question, folded = (
        (question[then.end() :], folded[then.end() :]) if then else (question, folded)
    )
    pronoun = _pronoun(question, folded, names)
    fragment = _FRAGMENT.match(folded)
    if fragment and not _PREDICATE.search(folded, 0, fragment.end("said")):
        said = question[: fragment.end("said")]
        rest = question[fragment.start("rest") :] if fragment["rest"] else ""
        if not pronoun or pronoun.start() >= len(said):
            return _put_in(said, rest, before, names)
    if pronoun:
        return _resolve(question, pronoun, before)
    if _leans(question, folded, names, told=bool(then)):
        return _with_subject(question, before)
    return None


def _pronoun(question: str, folded: str, names: Names | None) -> "re.Match[str] | None":
    """The pronoun that nothing within the question itself explains."""
    pronoun = _PRONOUN.search(folded)
    if pronoun is None:
        return None
    first = question[: pronoun.start()]
    if any(s.kind in (SlotKind.NAME, SlotKind.QUOTED) for s in find_slots(first, names)):
        return None
    content = _CONTENT.findall(_LIGHT.sub("", fold(first)))
    # 其 and a noun at the head only: 马其顿 and 土耳其 are names.
    allowed = 0 if pronoun[0] == "其" else _MAX_CONTENT_BEFORE
    return pronoun if len(content) <= allowed and not re.search("[A-Za-z0-9]", first) else None


def _resolve(question: str, pronoun: "re.Match[str]", before: _Earlier) -> Completion | None:
    meant = before.antecedent
    organisation = before.slot(SlotKind.NAME)
    if re.match("该行|这家", pronoun[0]) and organisation:
        meant = before.text[organisation.start : organisation.end]
    if re.match("[他她]", pronoun[0]) and _ASKS_PERSON.search(before.folded):
        meant = before.named_in_answer or meant
    if not meant:
        return None
    start, end = pronoun.span()
    after = question[end:]
    is_clause = bool(_PREDICATE.search(fold(after)))
    if is_clause:
        # It is asked of the thing anew, at whatever time: 它在疫情期间推出了什么？
        meant = before.timeless(meant)
    joint = "的" if (pronoun["thing"] or pronoun[0] == "其") and not after.startswith("的") else ""
    text = f"{question[:start]}{meant}{joint}{after}"
    # 它的满意度呢？ is now a name and what is asked of it.
    text = text if is_clause else re.sub(r"呢(?=[？?]?$)", "", text)
    return Completion(text, (meant,), (question[:start] + after).rstrip(_END))


def _put_in(said: str, rest: str, before: _Earlier, names: Names | None) -> Completion | None:
    """那建行呢？: what was said takes the place of its kind; a rest asks something new of it."""
    said = re.sub("^到了?(?=.)", "", said)
    slots = find_slots(said, names)
    left = _remainder(said, slots)
    changes = _fill(before, said, slots)
    text, kept = before.replace(changes)
    changed = said if not rest else f"{said} {rest}"
    if left:
        now = _Earlier(text, before.answer, before.names)
        subject = now.subject
        alike = _same_verb(now, left) or _alike(now, left)
        topic = alike or _topic(now)
        if _CONDITION.search(fold(left)):
            text = f"{left}，{text}"
        elif _ATTRIBUTE.search(fold(left)) and not alike:
            # 那满意度呢？ is asked of the subject, whatever was asked of it before.
            predicate = "是多少？" if re.search("是多少|多少[？?]?$", now.folded) else "？"
            text = f"{subject}的{left}{predicate}" if subject else f"{left}？"
            kept = (subject,)
        elif topic:
            text, kept = now.replace([(*topic, left)])
        else:
            text, kept = f"{text.rstrip(_END)}，{left}呢？", (text.rstrip(_END),)
    if rest:
        subject = _Earlier(text, before.answer, before.names).subject
        pronoun = _PRONOUN.search(fold(rest))
        if pronoun:
            text = f"{rest[: pronoun.start()]}{said}{rest[pronoun.end() :]}"
            kept = ()
        else:
            text = f"{subject}{rest}"
            kept = tuple(piece for piece in kept if piece in text)
    return Completion(text, tuple(piece for piece in kept if piece), changed)


def _remainder(said: str, slots: Sequence[Slot]) -> str:
    """What was said besides its slots: 交行的接通率 → 接通率."""
    kept = "".join(c for i, c in enumerate(said) if not _inside(slots, i))
    return re.sub("^(?:的|那次|那回|那时)+|的$|^(?:在|到)$", "", kept.strip())


def _alike(before: _Earlier, said: str) -> tuple[int, int] | None:
    """The phrase of the same ending in the head: 手机盾 takes the place of U盾."""
    last = fold(said)[-1]
    for end in range(before.head_end, before.clause, -1):
        is_phrase = end == before.head_end or before.folded[end] in "的和与，, "
        if not is_phrase or before.folded[end - 1] != last or _inside(before.slots, end - 1):
            continue
        start = end
        while (
            start > before.clause
            and not _inside(before.slots, start - 1)
            and before.folded[start - 1] not in "的和与跟“「，,"
        ):
            start -= 1
        return start, end
    return None


def _same_verb(before: _Earlier, said: str) -> tuple[int, int] | None:
    """The predicate that begins with the same verb: 查余额 replaces 查网点."""
    verb = re.escape(fold(said)[0])
    same = re.search(rf"(?:能|可以|会|要)({verb}[^吗么？?，,]+)", before.folded)
    return same.span(1) if same else None


def _ask_why(before: _Earlier, question: str) -> Completion:
    """为什么？ is asked of what was asked and answered: …要等24小时才到账."""
    stated = before.text.rstrip(_END)
    asked = re.search(
        r"(?:多少|几)[一-鿿]{0,2}|多久|多长时间|什么时候|哪一?[年天]|哪里|吗$", fold(stated)
    )
    if asked:
        answer = before.answer if 0 < len(before.answer) <= _MAX_ANSWER_CHARS // 3 else ""
        middle = "" if asked[0] == "吗" else answer
        stated = stated[: asked.start()] + middle + stated[asked.end() :]
    why = "為什麼" if "為" in question else "为什么"
    return Completion(f"{why}{stated}？", (stated,), why)


def _leans(question: str, folded: str, names: Names | None, *, told: bool) -> bool:
    """Whether a question without a word that points back still lacks what it is about."""
    slots = find_slots(question, names)
    kinds = {slot.kind for slot in slots}
    if kinds & {SlotKind.NAME, SlotKind.QUOTED, SlotKind.PLACE} or re.search("[A-Za-z]", question):
        return False
    if any(c.isdigit() and not _inside(slots, i) for i, c in enumerate(question)):
        return False
    if _DEFINES.search(folded) and not told:
        return False
    # A 那 that is no "then" begins a word: 那曲. What asks where a thing is names the thing.
    located = _LOCATES.search(folded)
    if folded.startswith("那") or (located and not _ATTRIBUTE.search(folded[: located.start()])):
        return False
    content = len(_CONTENT.findall(_LIGHT.sub("", folded)))
    if told:
        return content <= _MAX_CONTENT_TOLD
    if _TOO.match(folded):
        return content <= _MAX_CONTENT_TOO
    if _HOW.match(folded):
        return content <= _MAX_CONTENT_HOW
    return content <= _MAX_CONTENT and _lacks_subject(folded, slots)


def _lacks_subject(folded: str, slots: Sequence[Slot]) -> bool:
    """Whether nothing but a date or a verb stands before the predicate: 年底还剩多少."""
    predicate = _PREDICATE.search(folded)
    if predicate is None or _ASKS_ITS_SUBJECT.match(folded):
        return False
    head = "".join(c for i, c in enumerate(folded[: predicate.start()]) if not _inside(slots, i))
    return not head.strip() or len(head) == 1 or bool(_VERB_ALONE.match(head))


def _with_subject(question: str, before: _Earlier) -> Completion | None:
    subject = before.antecedent
    if not subject:
        return None
    is_open = _STARTS.match(fold(question)) or len(subject) <= 2
    joint = "" if is_open else "，"
    return Completion(f"{subject}{joint}{question}", (subject,), question.rstrip(_END))


# --- English -----------------------------------------------------------------------------------

_AND = re.compile(r"^(?:and|but|so|then|also)\b,?\s*|^(?:what|how) about\s+", re.IGNORECASE)
_ABOUT = re.compile(r"^(?:and\s+)?(?:what|how) about\b", re.IGNORECASE)
_WHOLE_EN = re.compile(
    r"^(?:what|which|who|whom|whose|when|where|why|how|is|are|was|were|do|does|did|has|have|had|can"
    r"|could|will|would|should|may|(?:with|for|by|to|in|at|on|from)\s+(?:what|which|who|how))\b",
    re.IGNORECASE,
)
_MORE_EN = re.compile(
    r"^(?:anything|what|who|which ones?) else\??$|^any (?:others?|more)\??$|^others\??$|^more\??$",
    re.IGNORECASE,
)
_WHY_EN = re.compile(r"^(?:but |and )?(?:why|how so|how come|why(?: is)? that)\??$", re.IGNORECASE)
_PRONOUN_EN = re.compile(
    r"\b(?:(?P<of>its|their|his|her(?=\s+[a-z]))|(?P<person>he|she|him|her)|(?P<many>they|them)"
    r"|(?P<place>there)|it"
    r"|(?P<thing>the (?:bank|company|firm|lender|university|hospital|regulator)"
    r"(?! (?:on|of|in|that|which|with|for|where|at)\b)))\b",
    re.IGNORECASE,
)
# Words before a pronoun that say nothing it could stand for.
_CONTENT_EN = re.compile(
    r"\b(?!(?:what|which|who|whom|whose|when|where|why|how|many|much|long|often|fast|is|are|was|were"
    r"|do|does|did|has|have|had|can|could|will|would|should|may|not|the|an?|of|in|at|on|for|to|by"
    r"|with|and)\b)[a-z'’]+\b",
    re.IGNORECASE,
)
_MAX_WORDS_BEFORE = 1
# With how many employees? has no verb; In what year was HMS Dreadnought launched? has.
_MAX_WORDS_PREPOSITION = 4
_EXPLETIVE = re.compile(
    r"\b(?:is|are|was|were|will|has|have) there\b|\bthere (?:is|are|was|were)\b"
    r"|\b(?:does|did|will|would|can) it (?:take|cost to|matter|mean)\b|^it (?:is|was)\b"
    r"|\b(?:is|was) it (?:true|possible|thought|said|known|believed|called when|when|that)\b",
    re.IGNORECASE,
)
_AUX = (
    r"(?:did|does|do|is|are|was|were|has|have|had|can|could|will|would|should|may|in|at|on|by|for|of"
    r"|with|from|to|when|stand|gave|give|takes?|made|runs?|starts?|through)"
)
_HOW_MANY = re.compile(
    rf"how many (?P<what>(?!{_AUX}\b)[a-z-]+(?: (?!{_AUX}\b)(?![a-z]+ed\b)[a-z-]+)?)\b",
    re.IGNORECASE,
)
_POSSESSED = re.compile(
    rf"['’]s?\s+(?!{_AUX}\b)[a-z-]+(?:\s+(?!{_AUX}\b)[a-z-]+(?=\s*[?.,]|\s+{_AUX}\b))?"
)
_HOW_MANY_THERE = re.compile(
    r"(?:and )?how (?:many|much) (?:[a-z-]+ ){1,3}(?:was|were) there$", re.IGNORECASE
)
_ORG_EN = re.compile(
    r"\b(?:Bank|University|Company|Group|Corporation|Ministry|Commission|Inc|Ltd)\b"
)
_NOUNS = re.compile(rf"\b(?:the|an?)\s+((?:(?!{_AUX}\b)[a-z-]+\s?){{1,3}})", re.IGNORECASE)
_WH_AUX = re.compile(
    r"^(?:when|where|how(?: (?:many|much|long|often|fast|old))?(?: [a-z]+)?)\s+"
    r"(?P<rest>(?:did|does|do|is|are|was|were|has|have|had|can|could|will|would|should)\b.*)$",
    re.IGNORECASE,
)


def _noun_phrase(text: str) -> str:
    nouns = _NOUNS.search(text)
    return f"the {nouns[1].strip()}" if nouns else ""


def _complete_english(question: str, before: _Earlier, names: Names | None) -> Completion | None:
    bare = question.rstrip(_END)
    if _WHY_EN.match(bare):
        asked = _WH_AUX.match(before.text)
        text = f"Why {asked['rest']}" if asked else f"Why? {before.text}"
        return Completion(text, (asked["rest"].rstrip(_END) if asked else before.text,), "Why")
    if _MORE_EN.match(bare):
        kept = before.text.rstrip(_END)
        return Completion(f"{kept}, {bare[0].lower()}{bare[1:]}?", (kept,), bare)
    opening = _ABOUT.match(question) or _AND.match(question)
    said = question[opening.end() :].strip() if opening else question
    if (pronoun := _pronoun_english(said, names)) is not None:
        return _resolve_english(said, pronoun, before, about=bool(opening))
    if opening and not _WHOLE_EN.match(said):
        return _put_in_english(said.rstrip(_END), before, names)
    is_short = len(said.split()) <= _MAX_WORDS and before.text.isascii()
    if opening and is_short and not find_slots(said, names) and (meant := before.antecedent):
        text = f"{said[0].upper()}{said[1:].rstrip(_END)} for {meant}?"
        return Completion(text, (meant,), said.rstrip(_END))
    if _HOW_MANY_THERE.match(bare) and (meant := before.antecedent):
        return Completion(f"{bare} at {meant}?", (meant,), bare)
    if re.match(r"(?:with|for|by|to|in|at|on|from) (?:what|which|who|how)\b", bare, re.IGNORECASE):
        meant = before.antecedent
        if meant and len(bare.split()) <= _MAX_WORDS_PREPOSITION:
            return Completion(f"{bare}, {meant}?", (meant,), bare)
    return None


def _pronoun_english(said: str, names: Names | None) -> "re.Match[str] | None":
    spared = _EXPLETIVE.sub(lambda match: "\0" * len(match[0]), said)
    pronoun = _PRONOUN_EN.search(spared)
    if pronoun is None:
        return None
    # The further in it stands, the more of the question itself it may mean.
    is_far = len(_CONTENT_EN.findall(said[: pronoun.start()])) > _MAX_WORDS_BEFORE
    looked_at = said if pronoun["thing"] else said[: pronoun.start()]
    named = any(slot.kind is SlotKind.NAME for slot in find_slots(looked_at, names))
    return None if is_far or named else pronoun


def _resolve_english(
    said: str, pronoun: "re.Match[str]", before: _Earlier, *, about: bool
) -> Completion | None:
    meant = before.antecedent
    if pronoun["person"] or pronoun[0].lower() in ("his", "her"):
        meant = before.named_in_answer or meant
    elif pronoun["many"] or pronoun[0].lower() == "their":
        meant = before.english_plural or meant
    if not meant:
        return None
    start, end = pronoun.span()
    changed = said.rstrip(_END)
    if pronoun["of"] and about and not _WHOLE_EN.match(said):
        noun = said[end:].strip(_END)
        return Completion(f"What about the {noun} of {meant}?", (meant,), changed)
    new = f"{meant}'s" if pronoun["of"] and not meant.endswith("s") else meant
    new = f"at {meant}" if pronoun["place"] else new
    text = f"{said[:start]}{new}{said[end:]}"
    return Completion(text[0].upper() + text[1:], (meant,), changed)


def _put_in_english(said: str, before: _Earlier, names: Names | None) -> Completion | None:
    slots = find_slots(said, names)
    left = "".join(" " if _inside(slots, i) else c for i, c in enumerate(said)).split()
    words = [w for w in left if w.lower() not in ("the", "a", "an", "in", "at", "on", "for", "of")]
    if slots and not words:
        text, kept = before.replace(_fill(before, said, slots))
        return Completion(text, kept, said)
    if any(slot.kind is SlotKind.NAME for slot in slots):
        return None
    if meant := before.antecedent:
        phrase = re.sub("^the ", "", said)
        return Completion(f"What about the {phrase} of {meant}?", (meant,), said)
    return None
