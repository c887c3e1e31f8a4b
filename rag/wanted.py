"""A question as it is looked for in texts: which of its words a text holds, and how far.

In: a question taken apart, with how rare each of its terms is. Out: for any text, a number for
each unit of the question. What that is worth is for others to decide.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from index.fold import fold
from rag.question import Question, Unit

__all__ = ["Looker", "Wanted", "unit_held"]

_LONE_CHARACTER = 0.3  # a Han character without the neighbour that it has in the question


@dataclass(frozen=True, slots=True)
class Wanted:
    """A question as it is looked for in passages.

    ``weights`` has the inverse document frequency of each of its terms. ``names`` are names of one
    thing, the one that was said first; a text that has one of them has what was said.
    """

    question: Question
    weights: Mapping[str, float]
    names: tuple[tuple[str, ...], ...] = ()


class Looker:
    """Looks for one question in many texts."""

    def __init__(self, wanted: Wanted) -> None:
        self.units = wanted.question.units
        weights = np.array([wanted.weights[unit.term] for unit in self.units])
        self.weights = weights / (weights.sum() or 1.0)
        self.kind = wanted.question.kind
        # The first of the names is the one that was said.
        self.names = [tuple(map(fold, names)) for names in wanted.names]
        self.named = [
            [n for n, unit in enumerate(self.units) if _belongs(unit, names[0])]
            for names in self.names
        ]
        content = "".join(c if c.isalnum() else " " for c in fold(wanted.question.searched))
        runs = content.split()
        self.phrases = [
            run[i : i + n]
            for run in runs
            if not run.isascii()
            for n in (3, 4)
            for i in range(len(run) - n + 1)
        ]
        # In a script with blanks, two words in a row say as much.
        words = [run for run in runs if run.isascii()]
        self.phrases += [f"{a} {b}" for a, b in pairwise(words)]
        self.runs = runs
        self.length = max(map(len, runs), default=1)

    def holds(self, text: str, words: frozenset[str]) -> npt.NDArray[np.float64]:
        """How far each unit is found in a folded text whose words are given."""
        found = np.array([unit_held(unit, text, words) for unit in self.units])
        for places, names in zip(self.named, self.names, strict=True):
            if places and any(name in text for name in names):
                found[places] = 1.0
        return found

    def strings(self, number: int, text: str) -> list[str]:
        """What of a folded text stands for a unit that it holds."""
        unit = self.units[number]
        whole = [pair for pair in unit.pairs if pair in text]
        for places, names in zip(self.named, self.names, strict=True):
            if number in places:
                whole += [name for name in names if name in text]
        return whole or [unit.term]

    def longest(self, text: str) -> float:
        """The longest piece of a run of the question in the text, as a share of the longest run."""
        best = 0
        for run in self.runs:
            start = 0
            while start + best < len(run):
                if run[start : start + best + 1] in text:
                    best += 1
                else:
                    start += 1
        return best / self.length


def unit_held(unit: Unit, text: Container[str], words: Container[str]) -> float:
    """How far a unit is found, between 0 and 1.

    ``text`` holds Han: a folded text, or a set of its terms. ``words`` are its words.
    """
    if unit.pairs:
        if any(pair in text for pair in unit.pairs):
            return 1.0
        return _LONE_CHARACTER if unit.term in text else 0.0
    if unit.term in words:
        return 1.0
    return 1.0 if not unit.term.isascii() and unit.term in text else 0.0


def _belongs(unit: Unit, name: str) -> bool:
    """Tell whether a unit of the question is a part of a folded name."""
    return any(pair in name for pair in unit.pairs) if unit.pairs else unit.term in name
