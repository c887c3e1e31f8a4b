"""What turns a statement around: negations bound to what they deny, and words with opposites.

In: a sentence and the text that it rests on, both flattened (`rag.facts.flatten`). Out: the words
of the sentence that say the contrary of the text. What is said in neither is no contradiction:
this module knows nothing of what is missing.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

__all__ = ["Contrast", "Negation", "are_alike", "are_opposite", "contradictions", "negations"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_OPPOSITES = Path(__file__).with_name("opposites.toml")

# What holds a character of negation and denies nothing, or asks.
_NO_NEGATION = re.compile(
    # fixed words
    "不然|否则|非(?![常但洲])[^，。不]{1,8}不[可行]?|差不多|了不起|不乏|无非|无比|不时|不得已|恨不得|巴不得|要不|不失"
    "|不知不觉|难免|避免|豁免|免费|免疫|免得|不受影响|不满(?=的是)|不仅|不但|不只|不单|不断|不少|不同|不论|不管|不过|不久"
    "|不止|不已|不禁|不愧|不惜|不料|不妨|不如|不一|不等(?!于)|不定期|不锈|不动产|不由得|不可或缺|必不可少"
    "|不约而同|无论|无数|无线|无锡|无形|无疑|无障碍|无机|无接触|无穷|无产|无关紧要|无人机|虚无|南无|未来|未婚|未知数"
    "|未成年|未央|没收|没落|沉没|淹没|埋没|没完|非常|非洲|非凡|非得|非要|除非|是非|非正式|非政府|非营利|非盈利"
    "|非物质|莫非|若非|非约定|特别|分别|区别|差别|级别|性别|类别|个别|告别|识别|别人|别的|别墅|别名|别处|离别|鉴别"
    "|辨别|别称|别具|派别|国别|送别|勿忘|免不了|不免|少不了|忍不住"
    # denied twice
    "|不能不|不会不|不可不|没有不|不得不|无不|不是不"
    # bounds of amounts
    "|(?:不足|不到|不满)(?=[0-9一二三四五六七八九十百千万两])|不(?:超过|低于|少于|多于|高于|晚于|早于)"
    "|不[下及](?=[0-9])|no (?:longer|more|less|fewer) than|no\\. ?(?=[0-9])"
    # questions
    "|是不是|能不能|会不会|要不要|可不可|好不好|有没有|行不行|对不对|愿不愿"
    "|not only|no doubt|not until|nothing but"
)
_NEGATION = re.compile(
    "并不|从不|绝不|毫不|不再|不曾|不会|不能|不可|不得|不必|不用|不须|不需|不是|不|未能|未曾|尚未|从未|未"
    "|没有|没|毋须|毋|无法|无需|无须|无|并非|绝非|非|勿|别(?=[再把让忘])|缺(?!点|陷|口|席|少不)|难以|免"
    r"|\b(?:not|no|never|cannot|without|none|neither|nor|nobody|nothing|hardly|unable|unclear"
    r"|impossible|instead of|rather than|fail(?:s|ed)? to|lacks?|lacked|missing|refus(?:es?|ed)"
    r"|(?:is|are|was|were|do|does|did|ca|could|wo|would|should|has|have|had)n['’]t)\b"
)
_MOST = 40
"""Negations of one text that are looked at; more is no language."""

_REACH = 7
"""Han characters behind a negation that it denies."""

_REACH_WORDS = 4
"""The same in words of a script with blanks."""

_ENOUGH = 2
"""Units of a denial that a sentence affirms, where the first of them is not among them."""

_CLAUSE_END = re.compile(
    r"[，。；！？：:;!?\n、（）()]|,(?!\d)|\.(?=\s|$)|\b(?:but|and|while|because)\b"
)
_SKIP = frozenset("的了在是和与及也都就会能可要得被把将为有再必需须用曾过到对以让给着该其")
_AUXILIARIES = "的了在是和与及也都就会能可以要被把将为有再必需须用曾过到对让给着 "
_SKIP_WORDS = _words(
    "a an the to of in on at for by be been is are was were do does did have has had will "
    "would can could should may might it its that this any ever yet and or with from as than "
    "their his her"
)


@dataclass(frozen=True, slots=True)
class Negation:
    """A negation at ``text[start:end]`` and the content units that stand behind it."""

    start: int
    end: int
    scope_end: int
    units: frozenset[str]


@dataclass(frozen=True, slots=True)
class Contrast:
    """Words of a sentence, ``[start:end]``, that say the contrary of what it rests on."""

    start: int
    end: int
    reason: str


def contradictions(said: str, stated: str, *, whole: str = "") -> Iterator[Contrast]:
    """Find what in a clause turns around what its source states; both flattened.

    ``whole`` is the sentence that the clause is a part of: what is denied elsewhere in it is.

    >>> [c.reason for c in contradictions("小程序可以转账", "小程序暂时不能转账。")]
    ['the source denies 转账']
    """
    yield from _negated(said, stated, whole or said)
    yield from _opposed(said, stated)


def negations(text: str) -> tuple[Negation, ...]:
    """Find the negations of a flattened text, each with what it denies."""
    masked = _NO_NEGATION.sub(lambda m: "\0" * len(m[0]), text)
    found = []
    for m in islice(_NEGATION.finditer(masked), _MOST):
        end = _CLAUSE_END.search(text, m.end())
        limit = end.start() if end else len(text)
        scope = _reach(text, m.end(), limit)
        found.append(Negation(m.start(), m.end(), scope, _units(text[m.end() : scope])))
    return tuple(found)


def _reach(text: str, start: int, limit: int) -> int:
    words = list(re.finditer(r"[a-z']+", text[start:limit]))
    if words and words[0].start() <= 2:
        content = [w for w in words if w[0] not in _SKIP_WORDS]
        return start + content[min(_REACH_WORDS, len(content)) - 1].end() if content else limit
    at, left = start, _REACH
    while at < limit and left:
        left -= text[at] not in _SKIP
        at += 1
    return at


def _units(text: str) -> frozenset[str]:
    """Pairs of neighbouring Han characters that are not both particles, and content words."""
    found: set[str] = set()
    for run in re.findall("[\u4e00-\u9fff]+", text):
        pairs = (run[i : i + 2] for i in range(max(1, len(run) - 1)))
        found.update(pair for pair in pairs if not _SKIP.issuperset(pair))
    found.update(_stem(w) for w in re.findall("[a-z]{2,}", text) if w not in _SKIP_WORDS)
    return frozenset(found)


def _stem(word: str) -> str:
    for suffix in ("ing", "ed", "es", "s"):
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            return word[: -len(suffix)]
    return word


def _negated(said: str, stated: str, whole: str) -> Iterator[Contrast]:
    ours, theirs = negations(said), negations(stated)
    if not ours and not theirs:
        return
    denied_there = frozenset().union(*(n.units for n in theirs))
    all_ours = negations(whole)
    denied_here = frozenset().union(*(n.units for n in all_ours))
    free_there = _units(_without(stated, theirs))
    free_here = _units(_without(said, ours))
    # Behind "is missing" nothing stands: what it denies stands before.
    open_there = any(not n.units for n in theirs)
    unmatched = [n for n in theirs if not _meet(n.units, denied_here)]
    for n in ours:
        if _meet(n.units, denied_there) or open_there:
            continue
        if affirmed := _nearest(said, n) & free_there:
            yield Contrast(n.start, n.scope_end, f"the source does not deny {min(affirmed)}")
        elif not unmatched:
            denied = said[n.start : n.scope_end]
            yield Contrast(n.start, n.scope_end, f"{denied}: the source denies nothing like it")
    if any(not m.units for m in all_ours):
        return
    for n in unmatched:
        # 只证明…，并不证明…: who repeats the first half says nothing that is denied.
        also_affirmed = _units(_without(*_sentence_of(stated, theirs, n)))
        if n.units & also_affirmed:
            continue
        lone = frozenset(c for c in n.units if len(c) == 1 and c in said)
        affirmed = n.units & free_here or lone
        # One word in common may stand there for another reason, unless it is what is denied.
        if len(affirmed) < _ENOUGH and not affirmed & _nearest(stated, n) and not lone:
            continue
        if affirmed:
            word = min(affirmed)
            at = max(0, said.find(word))
            yield Contrast(at, at + len(word), f"the source denies {word}")


def _sentence_of(
    text: str, found: Sequence[Negation], negation: Negation
) -> tuple[str, list[Negation]]:
    """The sentence in which a negation stands, and the negations of it, by their places in it."""
    start = max(text.rfind(mark, 0, negation.start) for mark in "。！？\n") + 1
    ends = [at for mark in "。！？\n" if (at := text.find(mark, negation.end)) >= 0]
    end = min(ends, default=len(text))
    inside = [
        Negation(n.start - start, n.end - start, n.scope_end - start, n.units)
        for n in found
        if start <= n.start < end
    ]
    return text[start:end], inside


def _meet(one: frozenset[str], other: frozenset[str]) -> bool:
    """Tell whether two scopes share a unit; a lone character meets the pairs that hold it."""
    if one & other:
        return True
    lone = {unit for unit in one | other if len(unit) == 1}
    return any(char in a and char in b for char in lone for a in one for b in other)


def _nearest(text: str, negation: Negation) -> frozenset[str]:
    """The first content behind a negation: what it denies before all else."""
    inside = text[negation.end : negation.scope_end].lstrip(_AUXILIARIES)
    han = re.match("[\u4e00-\u9fff]{2}", inside)
    if han:
        return frozenset((han[0],))
    words = [_stem(w) for w in re.findall("[a-z]{2,}", inside) if w not in _SKIP_WORDS]
    return frozenset(words[:1])


def _without(text: str, found: Sequence[Negation]) -> str:
    chars = list(text)
    for n in found:
        chars[n.start : n.scope_end] = "\n" * (n.scope_end - n.start)
    return "".join(chars)


def are_opposite(one: str, other: str) -> bool:
    """Tell whether two pieces of flattened text say the two sides of one pair.

    >>> are_opposite("增加", "减少"), are_opposite("last", "first"), are_opposite("增加", "提高")
    (True, True, False)
    """
    ours, theirs = _sides(one), _sides(other)
    return any((pair, 1 - side) in theirs for pair, side in ours)


def are_alike(one: str, other: str) -> bool:
    """Tell whether two pieces of flattened text say the same side of one pair: 全部, 悉数."""
    return bool(_sides(one).keys() & _sides(other).keys())


def _opposed(said: str, stated: str) -> Iterator[Contrast]:
    ours, theirs = _sides(said), _sides(stated)
    for (pair, side), spans in ours.items():
        if (
            (pair, side) not in theirs
            and (pair, 1 - side) in theirs
            and (pair, 1 - side) not in ours
        ):
            start, end = spans[0]
            other_start, other_end = theirs[pair, 1 - side][0]
            yield Contrast(
                start,
                end,
                f"{said[start:end]}, where the source says {stated[other_start:other_end]}",
            )


def _sides(text: str) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """The words of the pairs that a text says: (pair, side) → where."""
    table = _opposites()
    found: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for m in table.pattern.finditer(text):
        for key in table.words[m[0]]:
            found.setdefault(key, []).append(m.span())
    return found


@dataclass(frozen=True, slots=True)
class _Opposites:
    """``words``: the pairs and sides that a word is of; ``loose``: pairs that count in place."""

    pattern: re.Pattern[str]
    words: Mapping[str, tuple[tuple[int, int], ...]]
    loose: frozenset[int]


@cache
def _opposites() -> _Opposites:
    table = tomllib.loads(_OPPOSITES.read_text(encoding="utf-8"))
    pairs = table["pairs"] + table["in_place"]
    words: dict[str, list[tuple[int, int]]] = {}
    for number, sides in enumerate(pairs):
        for side, listed in enumerate(sides):
            for word in listed.split():
                words.setdefault(word, []).append((number, side))
    han = sorted((w for w in words if not w.isascii()), key=lambda w: (-len(w), w))
    latin = sorted((w for w in words if w.isascii()), key=lambda w: (-len(w), w))
    return _Opposites(
        pattern=re.compile("|".join(han) + rf"|\b(?:{'|'.join(latin)})\b"),
        words={word: tuple(keys) for word, keys in words.items()},
        loose=frozenset(range(len(table["pairs"]), len(pairs))),
    )
