"""A question, read: cleaned, folded into terms that carry its content, its kind recognised.

It knows nothing of the collection; how rare a term is there is asked later.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from index.errors import UsageError
from index.fold import fold
from index.passage import Filters
from index.tokens import term_spans, terms
from rag.followup import Completion, Turn, complete
from rag.slots import Names

__all__ = ["ASKING", "Asked", "Kind", "Question", "Turn", "Unit", "content_terms", "read_question"]


class Kind(StrEnum):
    """What sort of thing would answer the question."""

    NUMBER = "number"
    DATE = "date"
    PERSON = "person"
    PLACE = "place"
    REASON = "reason"
    MANNER = "manner"
    LIST = "list"
    COMPARISON = "comparison"
    YES_NO = "yes-no"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Asked:
    """Everything that decides an answer, but the index and the configuration.

    ``today`` is what 去年 and "last month" are counted from, ``k`` how many passages the answer may
    draw on (None: as configured), ``without`` the steps of understanding that are left out.
    ``suggest`` asks for further questions beside the answer.
    """

    question: str
    today: date
    dialogue: tuple[Turn, ...] = ()
    filters: Filters = field(default_factory=Filters)
    k: int | None = None
    without: tuple[str, ...] = ()
    suggest: bool = False


@dataclass(frozen=True, slots=True)
class Unit:
    """One word of the question, or one Han character with the pairs that it stands in there.

    Nothing tells where one Chinese word ends and the next begins, so a pair may reach over a
    border (银行|今年 gives 行今) and be in no article. Hence a character counts as found when any
    of its pairs is.
    """

    term: str
    pairs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """A question ready to be searched for.

    ``text`` is what was asked, ``searched`` what both legs look for (the same, unless the
    dialogue had to complete it: ``completion`` says how), ``terms`` its distinct content terms in
    order, ``units`` the same content word by word. ``measure`` finds, in folded text, an amount
    of what is counted in a question such as 多少家企业 (an amount, then 家 or 企业), None when
    nothing is counted.
    """

    text: str
    searched: str
    terms: tuple[str, ...]
    units: tuple[Unit, ...]
    kind: Kind
    measure: re.Pattern[str] | None = None
    completion: Completion | None = None

    @property
    def is_small_talk(self) -> bool:
        """It speaks to whoever answers and names nothing to look for: 你是谁, thanks."""
        if self.kind in (Kind.NUMBER, Kind.DATE, Kind.PLACE):
            return False
        said = "".join(char for char in _content(self.searched) if char.isalnum())
        return bool(_SMALL_TALK.fullmatch(said))


# Words that ask rather than say, in folded form (lower case, simplified); the longest first
# within each alternative. Single characters stand here only where they hardly ever belong to a
# longer word: 几 does (几乎), 对 does (对公), so they are left to the trimming below.
ASKING = re.compile(
    r"请问一下|请问|请介绍一下|介绍一下|告诉我|我想知道|想知道|你知道"
    r"|什么时候|什么时间|哪一年|哪一天|哪一个|哪一家"
    r"|(?:多少|好几|几)[十百千]?(?:万|亿)?(?:个|家|笔|次|名|人|户|款|种|项|元|倍|条|张|台|位|岁|天|年|个月)?(?!乎)"
    r"|怎么样|怎么回事|怎么|怎样|如何|为什么|什么样|什么|为何|何时|何地"
    r"|哪年|哪天|哪些|哪个|哪家|哪里|哪儿|哪位|哪"
    r"|是不是|有没有|能不能|可不可以|是否|能否|可否|分别|一共|总共|谁|吗|呢(?!绒)|(?<!目)的(?![士确])"
)
_ASKING_EN = re.compile(
    r"\b(?:how (?:many|much|long|often|old)|what|which|who|whom|whose|when|where|why|how"
    r"|did|does|do|is|are|was|were|has|have|had|can|could|will|would|should|please|tell me"
    r"|the|a|an|of|in|on|at|to|for|by|with|from|and|or|its|their|it|they|this|that|these|those"
    r"|there|be|been|about|any|some|into|as)\b"
)
# What a person says to whoever is there, about no article. Possessive, the longer words before
# those that they begin with: no text is tried in two ways.
_SMALL_TALK = re.compile(
    r"(?:早上|晚上|自己|非常|再见|哈喽"
    r"|[你您我他她它们这那好早谢多感很拜嗨喂在是叫啊呀哦嗯了的]"
    r"|evening|morning|thanks|thank|hello|they|very|much|good|you|she|hey|bye|so|me|we|he|hi|ok(?:ay)?|i)++"
)
# Characters that glue a sentence together; dropped at the edges of what is left between the
# asking words, where they would make bigrams that no article contains.
_GLUE = "是为有了在由被于到会能将和与及以也都等其该这那个从对用让给"

_NUMBER = re.compile(
    r"多少|几[十百千万亿]*[个家笔次名户款种项元倍条张台位岁天]|百分之几|how (?:many|much)"
    r"|满意度|接通率|比例|占比|金额|比率|增速|增长率"
)
_DATE = re.compile(
    r"哪一?年|哪一?天|哪个?月|何时|什么时[候间]|几[年月日]|(?<![线话码])几号"
    # 几点 is a time of day but for 有几点, 哪几点, 几点建议: so many points.
    r"|(?<![哪有这那好])几点(?:[钟到至半开关上下结起前后]|几分|[?？。]?$)"
    r"|\bwhen\b|(?:what|which) (?:year|date|month|day)"
)
# The first that is found decides: 哪些地方 asks for a list, 什么原因 not for a thing.
_KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (Kind.DATE, _DATE),
    (Kind.NUMBER, _NUMBER),
    (
        Kind.COMPARISON,
        re.compile(
            r"区别|不同|差异|差别|相比|对比|哪[个家款种]更|谁更|更[^，。]{1,6}的是"
            r"|\b(?:differ\w*|compared?|versus|vs)\b"
        ),
    ),
    (Kind.REASON, re.compile(r"为什么|为何|原因|何故|缘故|怎么会|\b(?:why|reason)\b")),
    (
        Kind.LIST,
        re.compile(
            r"哪些|哪几|分别|有什么(?!关系|问题)|包括什么|都有谁"
            r"|哪[一二两三四五六七八九十\d]{1,2}(?<!一)[条种个项点类步]"
            r"|[二两三四五六七八九十\d][条种个项点类步大][^，。？?]{0,8}是(?:什么|啥)"
            r"|\b(?:what|which)(?: [a-z]+)? (?:are|were)\b"
            r"|\b(?:what|which) (?:two|three|four|five|six|seven|[2-9]) [a-z]+"
            r"|\blist\b|\bname (?:two|three|the)\b"
        ),
    ),
    (Kind.PERSON, re.compile(r"谁|哪一?位|何人|什么人|\b(?:who|whom|whose)\b")),
    (
        Kind.PLACE,
        re.compile(
            r"哪里|哪儿|何处|何地|在哪|什么地方"
            r"|(?:哪一?[个座]?|什么)(?:国家?|城市|省|市|县|区|州|地区?|岛|街|路)"
            r"|\bwhere\b"
            r"|\b(?:what|which) (?:city|country|state|place|town|county|region|province)\b"
        ),
    ),
    (
        Kind.YES_NO,
        re.compile(
            r"吗[?？!！。]?$|是否|是不是|有没有|能不能|可不可以|会不会|要不要|能否|可否"
            r"|^(?:is|are|was|were|do|does|did|can|could|has|have|had|will|would|should)\b"
        ),
    ),
    (Kind.MANNER, re.compile(r"怎么|怎样|如何|\bhow (?:do|does|did|can|to|is|are|was|were)\b")),
)
_COUNTED = re.compile(r"(?:多少|好?几)[十百千]*[万亿]?(?P<what>[^\s，。？?！,的万亿]{1,3})")
_COUNTED_EN = re.compile(r"\bhow many (?P<what>\w+)")
_NUMERALS = r"\d一二三四五六七八九十百千万亿两"
_AMOUNT = (
    rf"(?<![第{_NUMERALS}])(?<![\d][,.])[{_NUMERALS}][{_NUMERALS},.]*"  # 第一百四十家 is no count
)
_AMOUNT_EN = r"(?:\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|dozen))"
_CONTROLS = dict.fromkeys((*range(32), *range(127, 160), 8232, 8233), " ")
# Zero-width and bidirectional marks change what a person sees, never what is meant.
_INVISIBLE = dict.fromkeys(
    [*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF, 0x00AD]
)


def read_question(
    text: str,
    *,
    dialogue: Sequence[Turn] = (),
    rewritten: str | None = None,
    names: Names | None = None,
    max_chars: int = 2000,
) -> Question:
    """Clean a question and take it apart.

    A question that leans on the dialogue (那建行呢？) is searched as it reads in full. Without a
    ``dialogue`` nothing is completed: that is how a person undoes it. Where somebody else has
    written the question out (a model, the person), that is ``rewritten``. ``names`` finds known
    names, so that one takes the place of another.

    Raises:
        UsageError: nothing to search for is left, or the question is longer than ``max_chars``.
    """
    cleaned = _clean(text)
    if len(cleaned) > max_chars:
        raise UsageError(
            f"the question has {len(cleaned):,} characters; at most {max_chars:,} can be asked at "
            "once. Ask a shorter question"
        )
    completion = None
    if rewritten is None:
        earlier = [Turn(_clean(t.question), t.answer and _clean(t.answer)) for t in dialogue]
        completion = complete(cleaned, earlier, names=names)
    searched = (rewritten and _clean(rewritten)[:max_chars]) or cleaned
    if completion:
        searched = completion.text
    content = _content(searched)
    distinct = tuple(dict.fromkeys(terms(content)))
    if not distinct:
        raise UsageError(
            f"nothing to search for in {cleaned[:40]!r}: ask with at least one word, name or number"
        )
    folded = fold(searched)
    return Question(
        text=cleaned,
        searched=searched,
        terms=distinct,
        units=_units(content),
        kind=_kind(folded),
        measure=_measure(folded),
        completion=completion,
    )


def content_terms(text: str) -> list[str]:
    """The lexical terms of a question without the words that only ask.

    >>> content_terms("云端银行是哪一年推出的？")
    ['云', '云端', '端', '端银', '银', '银行', '行', '推', '推出', '出']

    A question made of asking words alone keeps them: there is nothing else to look for.
    """
    return terms(_content(text))


def _content(text: str) -> str:
    """The folded question without its asking words; a space stands where something was."""
    folded = fold(text)
    # The space ends a run of Han, so that no pair reaches over what was taken out.
    parts = _ASKING_EN.sub(" ", ASKING.sub(" ", folded)).split()
    content = " ".join(part.strip(_GLUE) for part in parts)
    return content if terms(content) else folded


def _units(content: str) -> tuple[Unit, ...]:
    spans = term_spans(content)
    alone = {start for _, start, end in spans if end - start == 1}
    # Two characters that also stand alone are a pair of Han; 5g and ai are words.
    pairs = {
        (start, end): term
        for term, start, end in spans
        if end - start == 2 and {start, start + 1} <= alone
    }
    units: dict[Unit, None] = {}
    for term, start, end in spans:
        if (start, end) not in pairs:
            around = [pairs.get((start - 1, end)), pairs.get((start, end + 1))]
            units[Unit(term, tuple(pair for pair in around if pair))] = None
    return tuple(units)


def _measure(folded: str) -> re.Pattern[str] | None:
    if counted := _COUNTED.search(folded):
        # The measure word or the first character or two of the noun, whichever was said.
        said = counted["what"]
        heads = "|".join(re.escape(said[:n]) for n in (1, 2) if len(said) >= n)
        return re.compile(rf"{_AMOUNT}[余多%]?[^\d\s，。,]{{0,2}}(?:{heads})")
    if counted := _COUNTED_EN.search(folded):
        head = re.escape(counted["what"].rstrip("s"))
        return re.compile(rf"{_AMOUNT_EN}\S*\s(?:\w+\s){{0,2}}{head}")
    return None


def _clean(text: str) -> str:
    # Lone surrogates (broken JSON, odd terminals) would fail in every library downstream.
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    plain = unicodedata.normalize("NFC", whole.translate(_INVISIBLE).translate(_CONTROLS))
    return " ".join(plain.split())


def _kind(folded: str) -> Kind:
    return next((kind for kind, pattern in _KINDS if pattern.search(folded)), Kind.OTHER)
