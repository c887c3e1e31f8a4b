"""The hard facts of a sentence, and whether one text's fact is stated by another's.

A fact is an amount with its unit, a date, a time of day, a day of the week or a quotation, in one
form however it was written. `rag.factreader` finds them. Nothing here knows what an amount counts.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from index.fold import fold

__all__ = ["UNITS", "Bound", "Fact", "FactKind", "Value", "agree", "flatten"]


Value = float | str | tuple[int | None, ...]


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
    value: Value
    unit: str = ""
    bound: Bound = Bound.EXACT


_TABLE = tomllib.loads(Path(__file__).with_name("units.toml").read_text(encoding="utf-8"))
_CLASSIFIERS, _HARD = (frozenset(_TABLE[key].split()) for key in ("classifiers", "hard"))
UNITS: dict[str, tuple[str, float]] = {
    form: (unit, 1.0) for unit, forms in _TABLE["forms"].items() for form in forms.split()
} | {
    form: (unit, float(factor))
    for forms, (unit, factor) in _TABLE["converted"].items()
    for form in forms.split()
}
"""Written form, folded → the canonical unit, and what an amount is multiplied with."""


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
        return said.value == stated.value and (
            not said.unit or not stated.unit or said.unit == stated.unit
        )
    if said.kind is FactKind.QUOTE:
        return (
            isinstance(said.value, str)
            and isinstance(stated.value, str)
            and said.value in stated.value
        )
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
    one, other = said.value, stated.value
    if not isinstance(one, float) or not isinstance(other, float) or not other:
        return False
    if said.bound is Bound.EXACT or _digits(one) >= _digits(other):
        return False
    off = one / other - 1
    if said.bound is Bound.ABOUT:
        return abs(off) <= _ROUNDED
    return -2 * _ROUNDED <= off < 0 if said.bound is Bound.ABOVE else 0 < off <= 2 * _ROUNDED


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
