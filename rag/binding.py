"""Whether a source states a fact of a sentence, and of the same thing.

A number of the cited text may belong to something else there: 24 of 24 rooms for 12 of 24. There
is no grammar to tell; what stands right around the two is compared.
"""

import re
from collections import Counter
from collections.abc import Sequence

from index.fold import fold
from rag.facts import Fact, FactKind, agree
from rag.support import Claim, SourceSentence, Support

__all__ = ["is_displaced", "is_stated"]


def is_stated(fact: Fact, near: Sequence[Support], claim: Claim) -> bool:
    """Tell whether a fact stands in one of the sentences, or may be taken from their context."""
    stating = [s for s in near if agree(fact, s.sentence.facts)]
    if stating:
        return any(_is_bound(fact, claim.flat, s.sentence) for s in stating)
    if fact.kind is FactKind.QUOTE:
        words = str(fact.value)
        return any(words in _plain(s.text) or words in _plain(s.context.flat) for s in near)
    if fact.kind is FactKind.AMOUNT:
        # 8.0版, V2: the version of what is spoken of stands where it was named.
        number = claim.text[fact.start : fact.end].strip()
        around = (
            claim.flat[max(0, fact.start - 9) : fact.start],
            claim.flat[fact.end : fact.end + 1],
        )
        is_version = around[0].rstrip().endswith("version") or around[1] == "版"
        return is_version and any(number in s.context.flat for s in near)
    if fact.kind is FactKind.DATE:
        return any(_dated(fact, s) for s in near)
    return False


_WINDOW = 7
"""Characters on either side of an amount that tell what it belongs to."""


def _is_bound(fact: Fact, flat: str, sentence: SourceSentence) -> bool:
    """Tell whether a fact belongs to the same thing in its source, as far as neighbours tell.

    In 12 of 24 rooms, 24 of 24 says something else: the place of the first 24 is that of 12.
    """
    if fact.kind is FactKind.QUOTE:
        return True
    ours = _neighbours(flat, fact)
    right = wrong = 0
    for other in sentence.facts:
        if other.kind is FactKind.QUOTE:
            continue
        shared = sum((ours & _neighbours(sentence.wording.flat, other)).values())
        if agree(fact, (other,)):
            right = max(right, shared)
        elif other.kind is fact.kind or _COUNTED.issuperset((other.kind, fact.kind)):
            wrong = max(wrong, shared)
    return wrong < right + _FARTHER


def is_displaced(fact: Fact, flat: str, sentence: SourceSentence) -> bool:
    """Tell whether the nearest sentence has another fact of the kind in just this place."""
    if fact.kind is FactKind.QUOTE or agree(fact, sentence.facts):
        return False
    ours = _neighbours(flat, fact)
    return any(
        sum((ours & _neighbours(sentence.wording.flat, other)).values()) >= _IN_PLACE
        for other in sentence.facts
        if other.kind is fact.kind and not _refines(fact, other)
    )


def _refines(said: Fact, stated: Fact) -> bool:
    """Tell whether a date only adds to another what its context may say: 2020年2月, 2月."""
    if not isinstance(said.value, tuple) or not isinstance(stated.value, tuple):
        return False
    return all(
        a is None or b is None or a == b for a, b in zip(said.value, stated.value, strict=True)
    )


_COUNTED = frozenset({FactKind.AMOUNT, FactKind.DATE, FactKind.ORDINAL})
"""Kinds that figures alone do not tell apart: 1600 outfits, 1600 the year."""
_IN_PLACE = 6
_FARTHER = 4
"""How many more neighbours another amount must share for a fact to be in its place."""


def _neighbours(flat: str, fact: Fact) -> Counter[str]:
    """What stands around a fact: pairs of characters with their side, or words."""
    before = _NUMERALS.sub("", flat[max(0, fact.start - 4 * _WINDOW) : fact.start])
    after = _NUMERALS.sub("", flat[fact.end : fact.end + 4 * _WINDOW])
    found: Counter[str] = Counter()
    if before[-2:].isascii() and after[:2].isascii():
        for words in (re.findall("[a-z]+", before)[-3:], re.findall("[a-z]+", after)[:3]):
            found.update(word for word in words if len(word) > 3)
        found["<<" + "".join(re.findall(r"[a-z]+\W*\Z", before))] += 2
        found[">>" + "".join(re.findall(r"\A\W*[a-z]+", after))] += 2
        return found
    before, after = before[-_WINDOW:], after[:_WINDOW]
    for side, text in (("<", before), (">", after)):
        found.update(
            side + text[i : i + 2] for i in range(len(text) - 1) if text[i : i + 2].strip()
        )
    # The very next ones tell most.
    found["<<" + before[-2:]] += 2
    found[">>" + after[:2]] += 2
    return found


_NUMERALS = re.compile(r"[\d零一二三四五六七八九十百千万亿两]+")


def _dated(fact: Fact, support: Support) -> bool:
    """A date of which each part is stated, by the sentence or else by its context."""
    assert isinstance(fact.value, tuple)
    own = [f for f in support.sentence.facts if f.kind is FactKind.DATE]
    context = support.context_facts
    for place, part in enumerate(fact.value):
        if part is None:
            continue
        said = {f.value[place] for f in own if isinstance(f.value, tuple)} - {None}
        if said:
            if part not in said:
                return False
        elif part not in {f.value[place] for f in context if isinstance(f.value, tuple)}:
            return False
    return True


def _plain(text: str) -> str:
    return "".join(c for c in fold(text) if c.isalnum())
