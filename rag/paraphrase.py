"""Whether two questions ask the same, in words so alike that an approved answer fits both.

In: two questions, each read once as a ``Phrasing``, and the cosine of their vectors. Out: a score
between 0 and 1, and the first thing that they do not share. Where there is such a thing the score
counts for nothing: 2023 is not 2024, 工行 not 建行, 能 not 不能, 转入 not 转出. So is another word
for the same, unless it is a name that `index.aliases` knows, a way of asking (怎样, 如何) or a
courtesy: of two questions that differ in a word of content half ask something else
(docs/decisions/0014-curated-answers.md). Other words are for whoever approves the answer.
"""

import re
from collections import Counter
from dataclasses import dataclass

from index.aliases import Aliases
from index.tokens import terms
from rag.factreader import read_facts
from rag.facts import Fact, FactKind, agree, flatten
from rag.polarity import contradictions

__all__ = ["THRESHOLD", "Phrasing", "difference", "likeness", "read_phrasing"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


THRESHOLD = 0.82
"""The score from which two phrasings without a difference count as one question: the lowest of
which 98 % of the pairs above are; ``python -m eval.curated`` fits and measures it."""

_COURTESY = re.compile(
    "你好|您好|谢谢|麻烦|(?:能不能|可以|能否|可否)?(?:请|帮我)?(?:告诉我|问一下|介绍一下|说一下|查一下)"
    "|请问|请|我?想(?:问|知道|了解)?一下|我?想(?:问|知道|了解)|一下|[呢啊呀吧嘛哦](?=\\W|$)"
    r"|\b(?:hello|hi|please|thanks|thank you|(?:can|could) you tell me|tell me|i would like to know"
    r"|i want to know)\b"
)
# Ways of asking, by what is asked for. The first that fits takes its words away: 怎么回事 asks for
# no manner. What stays of a question is what it speaks of.
_ASKED: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("quality", r"怎么样|怎样[?？。]?$|好不好"),
        ("use", r"有(?:什么|啥)用|有何用"),
        ("meaning", r"(?:是|指的?是?)?(?:什么|啥|何)意思"),
        ("trouble", r"怎么回事|怎么了|咋了|什么情况"),
        ("reason", r"为什么|为何|为啥|怎么会|什么原因|\bwhy\b"),
        ("day", r"什么时[候间]|何时|啥时候?|哪一?[年天日]|哪个?月|几[年月号日点]|\bwhen\b"),
        ("duration", r"多久|多长时间|\bhow long\b"),
        ("distance", r"多远|\bhow far\b"),
        (
            "amount",
            r"(?:总|一)?共?[有是为达]?多少|[有是]?几(?=[个家笔次名户款种项元倍条张台位岁])"
            r"|\bhow (?:much|many)\b",
        ),
        ("size", r"多[大高快]|\bhow (?:big|large|high|fast)\b"),
        # 谁喜欢 is not 喜欢谁: only where it is what something is does its place say nothing.
        ("person", r"是谁|谁是|哪一?位|什么人|何人|\bwho(?:m|se)?\b"),
        ("place", r"在?(?:哪里|哪儿|何处|何地|什么地方)|在哪(?!个|家|些)|\bwhere\b"),
        ("manner", r"怎么|怎样|如何|咋|\bhow\b"),
        ("list", r"哪些|哪几"),
        ("choice", r"哪一?[个家款种只]?|\bwhich\b"),
        ("thing", r"什么|啥|\bwhat\b"),
        (
            "whether",
            r"是不是|有没有|可不可以|能不能|(.)不\1|是否|能否|可否|吗"
            r"|^\s*(?:is|are|was|were|do|does|did|can|could|has|have|will|would|should)\b",
        ),
    )
)
_TOKEN = re.compile(r"[a-z0-9]+(?:[.'’][a-z0-9]+)*|[^\W_]")
_SMALL = frozenset("的了吗呢啊呀吧嘛哦么我你您就也是能可以这那") | _words(
    "a an the i my me we our us you your do does did is are was were can could will would to it "
    "its this that"
)
"""What may stand in one question and not in the other. Neither 还 (还款) nor 会 (会员) may."""

_DIRECTED = frozenset("转入出到往从向给对把被让比换兑汇付收借还存取")
"""What goes from one to another, or is done by one to another."""

_PERSONS = re.compile(r"[我你]|\b(?:i|you)\b")

_READ_AS_FACTS = frozenset(FactKind) - {FactKind.QUOTE}


@dataclass(frozen=True, slots=True)
class Phrasing:
    """A question, read for comparing it with others.

    ``text`` is folded, without courtesies, and has the first name of each thing that it names.
    ``asked`` is what it asks for,
    ``facts`` are the amounts and dates in it, ``tokens`` the words of content beside both, in
    order; ``grams`` are all of these as a set, particles included. ``persons`` are those that it
    addresses or speaks for: 我, 你. Phrasings of different ``key`` always differ.
    """

    text: str
    asked: frozenset[str]
    facts: tuple[Fact, ...]
    tokens: tuple[str, ...]
    grams: frozenset[str]
    persons: frozenset[str]

    @property
    def key(self) -> tuple[object, ...]:
        """What two phrasings of one question have in common, to look them up by."""
        return tuple(sorted(self.tokens)), self.asked, len(self.facts)


def read_phrasing(question: str, aliases: Aliases | None = None) -> Phrasing:
    """Read one question; its names are taken for one another as ``aliases`` say."""
    named = aliases.canonical(question) if aliases else question
    text = rest = _COURTESY.sub(" ", flatten(named)).strip()
    facts = tuple(fact for fact in read_facts(text) if fact.kind in _READ_AS_FACTS)
    for fact in facts:
        rest = rest[: fact.start] + " " * (fact.end - fact.start) + rest[fact.end :]
    asked = set()
    for name, pattern in _ASKED:
        rest, found = pattern.subn(" ", rest)
        if found:
            asked.add(name)
    tokens = tuple(_singular(t) for t in _TOKEN.findall(rest) if t not in _SMALL)
    grams = {*terms(rest), *(f"asks {name}" for name in asked)}
    grams.update(f"{fact.kind} {fact.value}" for fact in facts)
    persons = frozenset(_PERSONS.findall(text.replace("您", "你")))
    return Phrasing(text, frozenset(asked), facts, tokens, frozenset(grams), persons)


def likeness(one: Phrasing, other: Phrasing, cosine: float) -> float:
    """Score two questions: the mean of their vectors' cosine and of the share of common terms.

    The share is Dice's coefficient over the sets of terms: ``2 |A ∩ B| / (|A| + |B|)``.
    """
    both = len(one.grams) + len(other.grams)
    dice = 2 * len(one.grams & other.grams) / both if both else 0.0
    return (max(cosine, 0.0) + dice) / 2


def difference(one: Phrasing, other: Phrasing) -> str:
    """Say what keeps two questions from being the same, "" where nothing does.

    >>> read = read_phrasing
    >>> difference(read("2023年的贷款余额是多少？"), read("2024年的贷款余额有多少"))
    '2023年 is not in the other'
    >>> difference(read("请问网点几点开门？"), read("網點的開門時間是什麼時候"))
    '时 is not in the other'
    >>> difference(read("如何重置密码？"), read("請問密碼怎樣重置呢"))
    ''
    """
    for said, stated in ((one, other), (other, one)):
        for fact in said.facts:
            if not agree(fact, stated.facts):
                return f"{said.text[fact.start : fact.end].strip()} is not in the other"
        if missing := Counter(said.tokens) - Counter(stated.tokens):
            return f"{next(iter(missing))} is not in the other"
    if one.asked != other.asked:
        return f"one asks for {_list(one.asked)}, the other for {_list(other.asked)}"
    if len(one.facts) != len(other.facts):
        return "one says more figures than the other"
    if one.persons and other.persons and one.persons != other.persons:
        return "they speak of different persons"
    if one.tokens != other.tokens and not _is_turned(one.tokens, other.tokens):
        return "their words stand in another order"
    for said, stated in ((one, other), (other, one)):
        for contrast in contradictions(said.text, stated.text):
            return contrast.reason
    return ""


def _is_turned(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Tell whether two halves of Chinese changed places: 重置|密码, 密码|重置.

    Not so 储蓄卡|转|信用卡, where two things change places around a third, nor where a direction
    would be turned as well: 转入|活期, 活期|转入.
    """
    if any(token.isascii() or token in _DIRECTED for token in one):
        return False
    return any(one[n:] + one[:n] == other for n in range(2, len(one) - 1))


def _singular(token: str) -> str:
    """A Latin word as the terms have it: accounts is account."""
    return next(iter(terms(token)), token) if token.isascii() else token


def _list(asked: frozenset[str]) -> str:
    return " and ".join(sorted(asked)) or "nothing"
