"""Citation keys: made for one question, found again in what a model writes.

A key says which passage a sentence rests on. Keys are opaque and of a form of their own
(``q7m2x4``), so that neither a number nor a word of an article is taken for one; they depend on
everything that the model is given to read, so that no article can hold a key of its own.
"""

import hashlib
import re
from collections.abc import Container, Iterable
from dataclasses import dataclass

__all__ = ["Gap", "Key", "could_begin_key", "make_keys", "take_keys"]

# No vowels: no words. No l: no ones.
_LETTERS = "bcdfghjkmnpqrstvwxz"
_DIGITS = "23456789"
_FORM = rf"(?:[{_LETTERS}][{_DIGITS}]){{3}}"

_OPEN = r"[\[【［〔〖(（{｛「『《〈<＜]"
_CLOSE = r"[\]】］〕〗)）}｝」』》〉>＞]"
# What models write before a key, inside its brackets: [来源：q7m2x4], [^q7m2x4], <passage q7m2x4>
_LABEL = (
    r"(?:(?:参见|參見|来源|來源|出处|出處|引用|文章|段落|资料|資料|见|見"
    r"|key|keys|source|sources|passage|passages|ref|cite|see)\s*)?[:：=#^/\"'\s]*"
)
_BETWEEN = r"(?:\s*[,，、;；|/&+]\s*|\s+(?:and\s+)?|\s*[和与與及]\s*)"
_KEY = rf"(?<![0-9A-Za-z]){_FORM}(?![0-9A-Za-z])"
# [1] is what models write out of habit, and [x12y34] a key gone wrong; in round brackets both are
# more often part of the text.
_NUMBER = r"(?:[0-9]{1,3}|(?=[0-9]*[a-z])(?=[a-z]*[0-9])[0-9a-z]{5,8})"
_KEYS = rf"{_OPEN}/?{_LABEL}{_KEY}(?:{_BETWEEN}{_KEY})*[\"'/\s]*{_CLOSE}"
_NUMBERS = rf"[\[【［]\s*\^?{_NUMBER}(?:{_BETWEEN}{_NUMBER})*\s*[\]】］]"
# 根据[q7m2x4]，… and "According to [q7m2x4], …": without the key, the words have no object.
_LEAD = r"(?:根据|根據|依据|依據|[Aa]ccording to(?: passages?)?)\s*"
_GROUP = re.compile(
    rf"{_LEAD}(?P<led>{_KEYS}|{_NUMBERS})(?:的?(?:内容|內容|文章|段落|资料|資料))?\s*[，,]?\s*"
    rf"|\s*(?P<plain>{_KEYS}|{_NUMBERS}|{_KEY})",
    re.IGNORECASE,
)
_ITEM = re.compile(rf"{_KEY}|(?<![0-9A-Za-z]){_NUMBER}(?![0-9A-Za-z])", re.IGNORECASE)
# A bracket that has not closed, for as long as it could hold keys, or the first half of a bare key.
_BEGUN = re.compile(
    rf"{_OPEN}[^\]】］〕〗)）}}｝」』》〉>＞\n]{{0,60}}|(?:[{_LETTERS}][{_DIGITS}]){{0,3}}[{_LETTERS}]?",
    re.IGNORECASE,
)
_WORD_ENDS = re.compile(r"[A-Za-z0-9.!?,;:]\Z")
_WORD_BEGINS = re.compile(r"[A-Za-z0-9]")


@dataclass(frozen=True, slots=True)
class Key:
    """A key as a model wrote it, in small letters; ``known`` is one of ours."""

    text: str
    known: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """Where keys stood: ``at`` in the text without keys, ``start`` to ``stop`` before.

    ``after`` is where that text goes on: behind a space, where one was put in. ``leads``: the
    keys open what rests on them (根据[q7m2x4]，…).
    """

    at: int
    after: int
    start: int
    stop: int
    keys: tuple[Key, ...]
    leads: bool


def make_keys(given: Iterable[str], *, seed: int, count: int) -> tuple[str, ...]:
    """Make ``count`` different keys from all that a model is given to read.

    The same question on the same passages gives the same keys, so that a run can be repeated. An
    article that holds a key changes it.
    """
    digest = hashlib.blake2b(f"youju-keys-1 {seed}".encode(), digest_size=32)
    for text in given:
        digest.update(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=32).digest())
    root = digest.digest()
    keys: dict[str, None] = {}
    turn = 0
    while len(keys) < count:
        drawn = hashlib.blake2b(turn.to_bytes(8, "big"), key=root, digest_size=6).digest()
        pairs = zip(drawn[::2], drawn[1::2], strict=True)
        key = "".join(_LETTERS[a % len(_LETTERS)] + _DIGITS[b % len(_DIGITS)] for a, b in pairs)
        keys[key] = None
        turn += 1
    return tuple(keys)


def take_keys(text: str, known: Container[str]) -> tuple[str, tuple[Gap, ...]]:
    """Take every key out of a text; what has the form of a key and is none of ours goes, too.

    >>> take_keys("增长了[q7m2x4]。下降了[1]。", {"q7m2x4"})[0]
    '增长了。下降了。'
    """
    kept = ""
    gaps: list[Gap] = []
    end = 0
    for match in _GROUP.finditer(text):
        kept += text[end : match.start()]
        end = match.end()
        at = len(kept)
        # "It grew.[q7m2x4]Then": two words must not become one.
        if _WORD_BEGINS.match(text, end) and _WORD_ENDS.search(kept):
            kept += " "
        items = [item.group().lower() for item in _ITEM.finditer(match["led"] or match["plain"])]
        keys = tuple(Key(item, item in known) for item in items)
        gaps.append(Gap(at, len(kept), match.start(), end, keys, match["led"] is not None))
    return kept + text[end:], tuple(gaps)


def could_begin_key(text: str) -> bool:
    """Tell whether a text that is still being written may turn out to begin with a key."""
    return bool(_BEGUN.fullmatch(text))
