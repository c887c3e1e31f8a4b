"""How far a text holds the wording of a sentence, unit by unit.

In: a sentence, once, and then any number of texts. Out: for each unit of the sentence (a Han
character, a word of another script) how far the text holds it, and what it weighs: rare wording
says more than common wording, particles say nothing. Numbers are left to `rag.facts`, what is a
name to `rag.names`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from index.everyday import how_common
from rag.facts import flatten

__all__ = ["Held", "Unit", "Wording", "is_particle", "units_of"]

Held = npt.NDArray[np.float64]
"""``(units,)``, how far each unit is held, between 0 and 1."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_HAN = "\u3007\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff"
_WORD = re.compile(rf"[{_HAN}]|[^\W\d_{_HAN}](?:[^\W_{_HAN}]|['’](?=[^\W\d_]))*")
_PARTICLES = frozenset(
    "的了着过在是和与及或跟而且并就都也还又才便则即于以为把被将让给使由从向对到自当所之其此该这那某每各"
    "有个会可能可要得地吗呢啊吧么们之者等后前时中内里上下间起来去出则如若但却仍已曾再共达至约称说表示据"
    "一〇零二三四五六七八九十百千万亿两年月日号份个名位人家次户元点分秒半第多余几"
)
_STOP = _words(
    "a an the of to in on at by for from with as and or but nor so if than then that which "
    "who whom whose this these those it its he his him she her they them their we our us you "
    "your i my me is are was were be been being am do does did done have has had will would "
    "can could should may might must shall there here when while where what how why not no "
    "into out up down over under about after before during until since also only just still "
    "even each every all both any some such more most much many very too own same other per "
    "via s t one once"
)
_PARTICLE, _VERY_COMMON, _COMMON, _RARE = 0.08, 0.45, 0.75, 1.0
_LONE = 0.5
"""What a Han character counts that stands in the text without either of its neighbours."""
_KIN = 0.85
"""What a word counts of which the text has another form: lasted, lasting."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A Han character or a word at ``text[start:end]``.

    ``pairs`` are the character with its neighbours to the left and right, where there are any.
    ``is_name``: a word of another script that is written as a name is.
    """

    start: int
    end: int
    term: str
    pairs: tuple[str, ...]
    weight: float
    is_name: bool = False

    @property
    def is_han(self) -> bool:
        """A Han character or kana."""
        return self.term >= "\u3007"


def is_particle(char: str) -> bool:
    """Tell whether a Han character, or numeral, says nothing by itself."""
    return char in _PARTICLES


def units_of(text: str) -> tuple[Unit, ...]:
    """Cut a text into its units, in order; numbers and marks are none."""
    flat = flatten(text)
    matches = list(_WORD.finditer(flat))
    found = []
    for n, m in enumerate(matches):
        term, start, end = m[0], m.start(), m.end()
        if term >= "\u3007":
            before = matches[n - 1] if n else None
            after = matches[n + 1] if n + 1 < len(matches) else None
            pairs = []
            if before and before.end() == start and before[0] >= "\u3007":
                pairs.append(before[0] + term)
            if after and after.start() == end and after[0] >= "\u3007":
                pairs.append(term + after[0])
            found.append(Unit(start, end, term, tuple(pairs), _han_weight(term, pairs)))
        else:
            found.append(_latin(text, term, start, end))
    return tuple(found)


def _han_weight(char: str, pairs: Sequence[str]) -> float:
    if char in _PARTICLES:
        return _PARTICLE
    common = max(map(how_common, pairs), default=1)
    return (_RARE, _COMMON, _VERY_COMMON)[common]


def _latin(text: str, term: str, start: int, end: int) -> Unit:
    term = term.replace("’", "'")
    term = term.removesuffix("'s")
    if term in _STOP:
        return Unit(start, end, term, (), _PARTICLE)
    common = how_common(term) if len(term) > 2 else 0
    opens = not text[:start].rstrip(" \"“‘'(").rstrip() or text[:start].rstrip()[-1:] in ".!?:;•"
    capital = text[start].isupper()
    # At the head of a sentence every word has a capital; a common word is no name there.
    name = capital and not (opens and common)
    beside_han = any("\u4e00" <= c <= "\u9fff" for c in text)
    return Unit(
        start, end, term, (), _COMMON if common else _RARE, name or (beside_han and len(term) > 1)
    )


@lru_cache(maxsize=4096)
def _stem(word: str) -> str:
    """Cut the endings of English inflection, alike for all forms of a word rather than rightly."""
    for suffix in ("ations", "ation", "ments", "ment", "ingly", "edly", "ings", "ies", "ied", "ers",
                   "ing", "est", "ed", "es", "er", "ly", "s", "e", "y"):  # fmt: skip
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            stem = word[: -len(suffix)]
            return stem[:-1] if len(stem) > 3 and stem[-1] == stem[-2] else stem
    return word


class Wording:
    """The units of a text, to be looked up: pairs, characters, words and their stems."""

    def __init__(self, text: str) -> None:
        """Read a text once."""
        self.flat = flatten(text)
        found = _WORD.findall(self.flat)
        self.words = frozenset(
            w.replace("’", "'").removesuffix("'s") for w in found if w < "\u3007"
        )
        self.chars = frozenset(w for w in found if w >= "\u3007")
        flat = self.flat
        self.pairs = frozenset(
            flat[i : i + 2]
            for i in range(len(flat) - 1)
            if flat[i] >= "\u3007" and flat[i + 1] >= "\u3007"
        )

    @cached_property
    def stems(self) -> frozenset[str]:
        """The stems of the words."""
        return frozenset(map(_stem, self.words))

    def holds(self, units: Sequence[Unit]) -> Held:
        """How far each unit is held: 1 with a neighbour, less alone or in another form."""
        return np.array([self._held(unit) for unit in units], dtype=np.float64)

    def _held(self, unit: Unit) -> float:
        if unit.is_han:
            if any(pair in self.pairs for pair in unit.pairs):
                return 1.0
            return _LONE if unit.term in self.chars else 0.0
        if unit.term in self.words:
            return 1.0
        return _KIN if _stem(unit.term) in self.stems else 0.0
