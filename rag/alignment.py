"""Where a sentence departs from the one that it was made from: both as units, out come changes.

A sentence that keeps most of its source word for word and has other words in one place says, in
that place, something else. This finds the places; what a change means is for others to tell.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from rag.wording import Unit

__all__ = ["Change", "changes"]

_ALIKE = 0.65
"""From this share of the sentence in common, in order, the places of the two correspond."""


@dataclass(frozen=True, slots=True)
class Change:
    """``said[first:last]`` stands in place of ``stated[other_first:other_last]``, as units.

    Either may be empty: words added, words left out. ``alike`` is the share of the whole sentence
    that the two have in common.
    """

    first: int
    last: int
    other_first: int
    other_last: int
    alike: float


def changes(said: Sequence[Unit], stated: Sequence[Unit]) -> Iterator[Change]:
    """Find the changes between two sentences that correspond; none where they do not."""
    matcher = SequenceMatcher(
        None, [u.term for u in said], [u.term for u in stated], autojunk=False
    )
    codes = matcher.get_opcodes()
    same = sum(last - first for tag, first, last, _, _ in codes if tag == "equal")
    alike = same / max(1, len(said))
    if alike < _ALIKE:
        return
    for n, (tag, first, last, other_first, other_last) in enumerate(codes):
        if tag == "equal":
            continue
        # Between words that correspond; a single character in common is chance.
        before, after = codes[n - 1] if n else None, codes[n + 1] if n + 1 < len(codes) else None
        held = [c is None or _is_firm(said, c[1], c[2]) for c in (before, after)]
        if n == 1 and before and before[1] == before[3] == 0:
            held[0] = True  # both begin with it
        if all(held):
            yield Change(first, last, other_first, other_last, alike)


def _is_firm(said: Sequence[Unit], first: int, last: int) -> bool:
    return last - first >= 2 or not said[first].is_han
