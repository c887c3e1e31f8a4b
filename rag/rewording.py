"""What it means that a sentence has other words where its source has some.

In: a change that `rag.alignment` found. Out: what is wrong with it, "" where the two may mean the
same: one is denied and the other not, one is the opposite of the other, or a name stands in place
of something that is not the same.
"""

import re
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from index.aliases import Aliases
from index.fold import fold
from rag.alignment import Change
from rag.names import reads_as_name
from rag.polarity import are_alike, are_opposite, negations
from rag.support import Claim, Support
from rag.wording import Unit

__all__ = ["Cosines", "wrong_change"]

Cosines = Callable[[str], Callable[[Sequence[str]], npt.NDArray[np.float64]]]
"""Of a sentence: what tells its cosines with texts, ``(len(texts),)``; ``Index.cosines`` is one."""

_CONTENT = 0.45
"""Weight of words that say something: one common word, one character that is no particle."""
_WORD_FOR_WORD = 0.9
"""A sentence that shares so much with its source was not written anew: what differs is telling."""
_SYNONYM, _UNKNOWN = 0.35, 0.97
"""Similarities between which two expressions may mean the same; what the encoder does not know at
all is alike to it."""
_POINTING = re.compile(".*[您你我]|[该此其它他她那本]|.?[该这]|.+的.|.*[，；：。、]")
_SHORT, _SHORT_WORDS = 5, 4
"""Characters or words of a change that is one expression for another."""


def wrong_change(claim: Claim, change: Change, best: Support, cosines: Cosines) -> str:
    """Say what is wrong with words in place of others, "" where they may mean the same."""
    said = claim.units[change.first : change.last]
    stated = best.sentence.units[change.other_first : change.other_last]
    here = claim.flat[said[0].start : said[-1].end] if said else ""
    source = best.sentence.wording.flat
    there = source[stated[0].start : stated[-1].end] if stated else ""
    denials = _denials(claim.flat, said), _denials(source, stated)
    is_odd = denials[0] % 2 != denials[1] % 2
    is_odd = is_odd and len(negations(claim.flat)) != len(negations(source))
    if is_odd and _is_short(said, here) and _is_short(stated, there):
        return f"{here or there}: denied in one of sentence and source"
    if not said or not stated or are_alike(here, there):
        return ""
    if are_opposite(_widened(claim.flat, said), _widened(source, stated)):
        return f"{here}, where the source says {there}"
    missing = best.sentence.wording.holds(said) < 1.0
    weight = sum(u.weight for u, gone in zip(said, missing, strict=True) if gone)
    if weight < _CONTENT or sum(u.weight for u in stated) < 2 * _CONTENT:
        return ""
    likely = change.alike >= _WORD_FOR_WORD
    is_named = _names_something(there, stated, likely=likely)
    # A name in place of "the bank" is what the source leans on; whether it is that one is told
    # by strange names.
    if not is_named and not (said[0].is_han and _names_something(here, said, likely=likely)):
        return ""
    if _leans(there) or _alike_written(here, there) or _is_alias(here, there):
        return ""
    if _SYNONYM <= cosines(here)([there])[0] < _UNKNOWN:
        return ""
    return f"{here}, where the source says {there}"


def _leans(there: str) -> bool:
    """Tell whether words point at what was named before (该行), or are more than one expression."""
    return bool(_POINTING.match(there))


def _alike_written(one: str, other: str) -> bool:
    """Tell whether two expressions share most of their Han characters: 看诊, 问诊."""
    shared = {c for c in one if c >= "\u3400" and c in other}
    return 2 * len(shared) >= min(len(set(one)), len(set(other))) and "·" not in one + other


def _is_short(units: Sequence[Unit], text: str) -> bool:
    if not units:
        return True
    if re.search(r"[，；：。、,;:]", text):
        return False
    return len(units) <= (_SHORT if units[0].is_han else _SHORT_WORDS)


def _denials(flat: str, units: Sequence[Unit]) -> int:
    if not units:
        return 0
    start, end = units[0].start, units[-1].end
    return sum(start <= n.start < end for n in negations(flat))


def _widened(flat: str, units: Sequence[Unit]) -> str:
    """The words with a Han character before and behind: 增 of 增至."""
    start, end = units[0].start, units[-1].end
    return flat[max(0, start - 1) : end + 1] if units[0].is_han else flat[start:end]


def _names_something(text: str, units: Sequence[Unit], *, likely: bool) -> bool:
    return (
        reads_as_name(text, likely=likely)
        if units[0].is_han
        else any(unit.is_name for unit in units)
    )


def _is_alias(one: str, other: str) -> bool:
    return any(fold(other) in map(fold, m.names) for m in Aliases.load().find(one))
