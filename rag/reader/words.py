"""Cut a text into what the reader reads: folded text in, pieces and the units they belong to out.

A unit is a word of Latin letters, a digit, or one other character. Every unit is one piece except
a word that the vocabulary lacks, which is several. Units are also what question and passage are
compared by: a word by its first six letters, so that inflected forms meet.
"""

import json
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index.errors import UsageError

__all__ = [
    "ASKED",
    "CLS",
    "MASK",
    "PAD",
    "SENTENCE",
    "SEP",
    "UNIT",
    "UNKNOWN",
    "Ints",
    "Vocabulary",
    "Words",
    "key_of",
    "runs_shared",
]

PAD, CLS, SEP, SENTENCE, MASK, UNKNOWN, ASKED = range(7)
"""The pieces that stand for no text."""

_SPECIAL = ("[PAD]", "[CLS]", "[SEP]", "[S]", "[MASK]", "[UNK]", "[ASK]")
UNIT = re.compile(r"[a-z]+|[0-9]|[^\W\d_]|[^\s]")
"""One unit of a folded text."""

_STEM = 6
_MAX_PIECES = 6  # of one word: what is longer is no word
_RARE = 3
_WORD_BIT = 0x200000  # beyond every character's code
_KEPT_WORDS = 100_000

Ints = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True)
class Words:
    """A text in pieces.

    ``pieces`` and ``units`` are ``(pieces,)``: the number of each piece in the vocabulary, and
    the unit that it belongs to. ``keys``, ``rarity`` and ``starts`` are ``(units,)``: what a unit
    is compared by, how rare it is from 0 to 3, and the character at which it begins.
    """

    pieces: Ints
    units: Ints
    keys: Ints
    rarity: Ints
    starts: Ints

    @classmethod
    def of(cls, text: str, vocabulary: "Vocabulary") -> "Words":
        """Cut a folded text."""
        pieces: list[int] = []
        units: list[int] = []
        keys: list[int] = []
        starts: list[int] = []
        for number, match in enumerate(UNIT.finditer(text)):
            cut = vocabulary.pieces_of(match.group())
            pieces.extend(cut)
            units.extend([number] * len(cut))
            keys.append(key_of(match.group()))
            starts.append(match.start())
        return cls(
            pieces=np.array(pieces, dtype=np.int32),
            units=np.array(units, dtype=np.int32),
            keys=np.array(keys, dtype=np.int64),
            rarity=np.array([vocabulary.rarity.get(k, _RARE) for k in keys], dtype=np.int8),
            starts=np.array(starts, dtype=np.int32),
        )


class Vocabulary:
    """The reader's pieces by their text, and how rare a unit is where it is not of the rarest."""

    def __init__(self, pieces: Sequence[str], rarity: Mapping[int, int]) -> None:
        self._numbers = {text: n for n, text in enumerate([*_SPECIAL, *pieces])}
        self.rarity = rarity
        self._cut: dict[str, tuple[int, ...]] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    @classmethod
    def read(cls, path: Path) -> "Vocabulary":
        """Read the file that ``rag.reader.export`` writes; raises UsageError for another one."""
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            return cls(record["pieces"], {int(k): int(v) for k, v in record["rarity"].items()})
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(f"{path} is no vocabulary of a reader: {error}") from None

    def pieces_of(self, unit: str) -> tuple[int, ...]:
        """The numbers of a unit's pieces: the longest that fits first (WordPiece)."""
        found = self._cut.get(unit)
        if found is None:
            found = self._pieces_of(unit)
            if len(self._cut) < _KEPT_WORDS:
                self._cut[unit] = found
        return found

    def _pieces_of(self, unit: str) -> tuple[int, ...]:
        if len(unit) == 1:
            return (self._numbers.get(unit, UNKNOWN),)
        found: list[int] = []
        at, mark = 0, ""
        while at < len(unit):
            end = len(unit)
            while end > at and mark + unit[at:end] not in self._numbers:
                end -= 1
            if end == at:
                return (UNKNOWN,)
            found.append(self._numbers[mark + unit[at:end]])
            at, mark = end, "##"
        return tuple(found[:_MAX_PIECES])


def runs_shared(keys: Ints, others: Ints) -> Ints:
    """How long a run around each unit stands in the other text, too: 0 to 3, ``(units,)``."""
    found = np.isin(keys, others).astype(np.int64)
    for size in (2, 3):
        mine, theirs = _runs(keys, size), _runs(others, size)
        at = np.flatnonzero(np.isin(mine, theirs))
        for offset in range(size):
            found[at + offset] = size
    return found


def _runs(keys: Ints, size: int) -> Ints:
    """One number for each run of so many units."""
    count = max(0, len(keys) - size + 1)
    found = np.zeros(count, dtype=np.int64)
    for offset in range(size):
        found = found * 1_000_003 + keys[offset : offset + count]
    return found


def key_of(unit: str) -> int:
    """What a unit is compared by."""
    if len(unit) == 1:
        return ord(unit)
    return (zlib.crc32(unit[:_STEM].encode()) & 0x3FFFFFFF) | _WORD_BIT
