"""Gloss a text word by word with a Chinese-English dictionary.

In: a text and a random generator. Out: the text with most of its words in the other language,
word order kept. It does not choose senses: with many texts, the senses that fit are the ones
that recur.
"""

import random
import re
from collections import defaultdict
from collections.abc import Iterable

from index.fold import fold

__all__ = ["Switcher"]

_SHARE = 0.85
"""How many of the words known to the dictionary are replaced."""

_LONGEST_WORD = 8  # characters of a Chinese entry; longer ones are sayings
_LONGEST_GLOSS = 3  # words of an English gloss; longer ones are explanations


class Switcher:
    """Both directions of one dictionary."""

    def __init__(self, entries: Iterable[tuple[str, str]]) -> None:
        """Take ``(Chinese word, English glosses parted by ';')``."""
        self._english: dict[str, list[str]] = defaultdict(list)
        self._chinese: dict[str, list[str]] = defaultdict(list)
        for word, glosses in entries:
            word = fold(word)
            for gloss in glosses.split(";"):
                gloss = re.sub(r"^(?:to be|to|a|an|the) ", "", gloss.strip().lower())
                if not gloss or len(gloss.split()) > _LONGEST_GLOSS:
                    continue
                self._english[word].append(gloss)
                # A single character glosses as a part of words; as a translation it misleads.
                if len(word) > 1 and " " not in gloss:
                    self._chinese[gloss].append(word)

    def to_english(self, text: str, rng: random.Random) -> str:
        """Replace Chinese words, longest match first."""
        text = fold(text)
        out = []
        start = 0
        while start < len(text):
            for end in range(min(start + _LONGEST_WORD, len(text)), start, -1):
                glosses = self._english.get(text[start:end])
                if glosses and (end - start > 1 or len(glosses) < 4):
                    use = rng.random() < _SHARE
                    out.append(f" {rng.choice(glosses)} " if use else text[start:end])
                    start = end
                    break
            else:
                out.append(text[start])
                start += 1
        return "".join(out)

    def to_chinese(self, text: str, rng: random.Random) -> str:
        """Replace English words that some entry has for its whole gloss."""

        def replace(match: re.Match[str]) -> str:
            for word in _bases(match[0]):
                if word in self._chinese and rng.random() < _SHARE:
                    return rng.choice(self._chinese[word])
            return match[0]

        return re.sub(r"[a-z]{3,}", replace, text.lower())


def _bases(word: str) -> list[str]:
    """List what an inflected English word may be a form of, itself first."""
    bases = [word]
    for ending, base in (("ies", "y"), ("es", ""), ("s", ""), ("ed", ""), ("ed", "e"), ("ing", "")):
        if word.endswith(ending) and len(word) - len(ending) > 2:
            bases.append(word.removesuffix(ending) + base)
    return bases
