"""Write a text with about half of its English words in Chinese, and tell where places went.

In: a folded text and a dictionary. Out: the text with words replaced, the same word always by the
same one under one salt, so that question and passage still share what they shared.
"""

import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from index.fold import fold

__all__ = ["Glosses", "read_glosses", "switched"]

Glosses = Mapping[str, Sequence[str]]
"""Chinese words of an English one, the likeliest first."""

_REPLACED = 7  # of ten words that the dictionary has
_CHOICES = 3
_LONGEST = 4  # characters of a Chinese word
_STEM = 5  # letters that decide how a word is replaced, so that inflected forms agree


def read_glosses(entries: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Turn ``(Chinese word, English glosses parted by ';')`` around.

    >>> read_glosses([("银行", "bank; (fig.) the pool"), ("河岸", "bank")])
    {'bank': ['银行', '河岸'], 'pool': ['银行']}
    """
    found: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for word, glosses in entries:
        if len(word) > _LONGEST:
            continue
        for sense, gloss in enumerate(glosses.split(";")):
            plain = re.sub(r"\(.*?\)", "", gloss).strip().lower()
            plain = re.sub(r"^(?:to|a|an|the) ", "", plain)
            if re.fullmatch("[a-z]+", plain):
                found[plain].append((sense, abs(len(word) - 2), fold(word)))
    return {
        gloss: [word for *_, word in sorted(words, key=lambda row: row[:2])[:_CHOICES]]
        for gloss, words in found.items()
    }


def switched(
    text: str, glosses: Glosses, *, salt: int, places: Sequence[int] = ()
) -> tuple[str, list[int]]:
    """Replace words, and tell where each of the places is afterwards.

    A place inside a replaced word is where the new word begins.
    """
    parts: list[str] = []
    moves: list[tuple[int, int, int]] = []  # a word's begin and end, and its begin afterwards
    last = grown = 0
    for match in re.finditer("[a-z]+", text):
        new = _replacement(match.group(), glosses, salt)
        if new is None:
            continue
        parts += [text[last : match.start()], new]
        moves.append((match.start(), match.end(), match.start() + grown))
        grown += len(new) - len(match.group())
        last = match.end()
    parts.append(text[last:])
    after = "".join(parts)
    return after, [_moved(place, moves, len(after) - len(text)) for place in places]


def _replacement(word: str, glosses: Glosses, salt: int) -> str | None:
    forms = [word, *(word.removesuffix(end) for end in ("s", "ed") if word.endswith(end))]
    choices = next((glosses[form] for form in forms if form in glosses), None)
    drawn = zlib.crc32(f"{salt}{word[:_STEM]}".encode())
    if choices is None or drawn % 10 >= _REPLACED:
        return None
    return choices[(drawn >> 8) % len(choices)]


def _moved(place: int, moves: Sequence[tuple[int, int, int]], grown: int) -> int:
    """``grown`` is by how much the whole text did, and so whatever stands behind all words."""
    for n in range(len(moves) - 1, -1, -1):
        start, end, begin = moves[n]
        if start < place < end:
            return begin
        if place <= start:
            grown = begin - start
        else:
            break
    return place + grown
