"""Split a text into the terms that the lexical leg counts: text in, folded terms out.

A question and an article go through the same splitting, and only that sameness matters. There
is no dictionary:

* a run of Han or kana gives every character and every pair of neighbours (银行 → 银, 银行, 行);
* Hangul gives the word and, because particles stick to it, its pairs;
* Thai, Lao, Khmer and Burmese, written without spaces, give pairs of letters with their marks;
* a number is one term: 98.68, and 1,234 is the term 1234;
* anything else is words of letters and marks; Latin plurals meet their singular.

The module knows nothing of stop words, weights or what a term means.
"""

import re
import unicodedata
from itertools import pairwise

from index.fold import fold

__all__ = ["MAX_TERM_CHARS", "term_spans", "terms", "word_terms"]

MAX_TERM_CHARS = 64
"""A longer word is cut: a run of letters without an end is data, not language."""

# Han, the marks that repeat or stand for it (々〆〇), kana with its length mark. Not "・".
_HAN_KANA = (
    "\u3005-\u3007\u3041-\u3096\u3099-\u309a\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_HANGUL = "\uac00-\ud7a3"
# Thai, Lao, Burmese, Khmer: letters and marks, no digits, no punctuation.
_SPACELESS = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e80-\u0ecf\u0edc-\u0edf\u1000-\u103f\u1050-\u108f\u1780-\u17d3"
)


def _marks() -> str:
    """List the combining marks below the Han blocks as ranges for a class of ``re``."""
    ranges: list[list[int]] = []
    for first, last in ((0x0300, 0x3000), (0xA66F, 0xAC00), (0xFB1E, 0xFB1F), (0x10A00, 0x12000)):
        for code in range(first, last):
            if unicodedata.category(chr(code)) not in ("Mn", "Mc"):
                continue
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


_MARKS = _marks()
# Possessive quantifiers (++) keep every match linear and unbroken: no part of a word is given
# back to make the rest of a pattern fit.
_LETTERS = rf"(?:[^\W\d_{_HAN_KANA}{_HANGUL}{_SPACELESS}]++[{_MARKS}]*+)++"
# Thousands in groups of three, else digits with inner points: 1,234.5 · 98.68 · 1.2.0
_NUMBER = r"(?>(?:[0-9]{1,3}(?:,[0-9]{3})++(?![0-9])|[0-9]++)(?:\.[0-9]++)*+)"
_TERM = re.compile(
    rf"(?P<han>[{_HAN_KANA}]++)"
    rf"|(?P<number>{_NUMBER})(?P<unit>{_LETTERS}(?![0-9]))?"
    # Letters with points between them are one abbreviation: u.s. → us. Not part of a host name.
    r"|(?<![\w.])(?P<points>[a-z](?:\.[a-z])+)(?![\w])"
    rf"|(?P<word>{_LETTERS})(?:['’]s(?![^\W_])|(?P<tail>{_NUMBER})(?!{_LETTERS}))?"
    rf"|(?P<hangul>[{_HANGUL}]++)"
    rf"|(?P<spaceless>[{_SPACELESS}]++)"
)
_CLUSTER = re.compile(rf"[^{_MARKS}][{_MARKS}]*|[{_MARKS}]+")


def terms(text: str) -> list[str]:
    """List the folded terms of a text, by position; a term is never empty and has no white space.

    >>> terms("交行滿意度98.68%")
    ['交', '交行', '行', '行满', '满', '满意', '意', '意度', '度', '98.68']
    >>> terms("The bank's 1,234 ATMs, Top50")
    ['the', 'bank', '1234', 'atm', 'top50', 'top', '50']
    """
    return [term for term, _, _ in term_spans(text)]


def word_terms(text: str) -> list[str]:
    """List the terms of a text that are not runs of Han or kana: words and numbers.

    >>> word_terms("交行滿意度98.68%, The bank's ATMs")
    ['98.68', 'the', 'bank', 'atm']
    """
    return [term for term, _, _ in _spans(text, han=False)]


def term_spans(text: str) -> list[tuple[str, int, int]]:
    """List ``(term, start, end)``: the term and the characters of ``text`` that it stands for.

    Ordered by start; at one start a single character comes before the pair, and a mixed word
    (``5g``) before its parts (``5``, ``g``), so that 5G and 5 G meet.
    """
    return _spans(text, han=True)


def _spans(text: str, *, han: bool) -> list[tuple[str, int, int]]:
    found: list[tuple[str, int, int]] = []
    for match in _TERM.finditer(fold(text)):
        kind = match.lastgroup
        if kind == "han":
            if han:
                _add_pairs(found, match.group(), match.start())
        elif kind in ("number", "unit"):
            _add_number(found, text, match)
        elif kind in ("word", "tail"):
            _add_word(found, match)
        elif kind == "points":
            found.append((match.group().replace(".", "")[:MAX_TERM_CHARS], *match.span()))
        elif kind == "hangul":
            _add_hangul(found, match.group(), match.start())
        else:
            _add_clusters(found, match.group(), match.start())
    return found


def _add_pairs(found: list[tuple[str, int, int]], run: str, start: int) -> None:
    """Add each character and each pair of neighbours."""
    before = ""
    for at, char in enumerate(run, start):
        if before:
            found.append((before + char, at - 1, at + 1))
        found.append((char, at, at + 1))
        before = char


def _add_hangul(found: list[tuple[str, int, int]], word: str, start: int) -> None:
    """Add the word, and its pairs as Lucene's CJK analyser does: 은행에서 meets 은행 by one."""
    found.append((word[:MAX_TERM_CHARS], start, start + len(word)))
    if len(word) > 2:
        found.extend((word[i : i + 2], start + i, start + i + 2) for i in range(len(word) - 1))


def _add_clusters(found: list[tuple[str, int, int]], run: str, start: int) -> None:
    """Add each pair of letters with their marks; a lone letter alone."""
    spans = [match.span() for match in _CLUSTER.finditer(run)]
    if len(spans) == 1:
        found.append((run[:MAX_TERM_CHARS], start, start + len(run)))
    for (first, _), (_, last) in pairwise(spans):
        found.append((run[first:last][:MAX_TERM_CHARS], start + first, start + last))


def _add_number(found: list[tuple[str, int, int]], text: str, match: re.Match[str]) -> None:
    """Add a number, with the letters stuck to it (16GB) if any."""
    start, end = match.span("number")
    # Folding made "，" a ",": in 「50，100」 it separates two numbers unless all is full width.
    while (comma := text.find("，", start, end)) > 0 and text[comma + 1].isascii():
        found.append((_plain(text[start:comma]), start, comma))
        start = comma + 1
    number = _plain(text[start:end])
    if match.group("unit") is not None:
        unit = _normal(match.group("unit"))
        found.append(((number + unit)[:MAX_TERM_CHARS], start, match.end()))
        found.append((number, start, end))
        found.append((unit, end, match.end()))
    else:
        found.append((number, start, end))


def _add_word(found: list[tuple[str, int, int]], match: re.Match[str]) -> None:
    """Add a word, with the number stuck to it (Top50) if any."""
    start, end = match.span("word")
    word = _normal(match.group("word"))
    tail = match.group("tail")
    if tail is None:
        found.append((_singular(word), start, end))
        return
    number = _plain(tail)
    found.append(((word + number)[:MAX_TERM_CHARS], start, match.end()))
    found.append((word, start, end))
    found.append((number, end, match.end()))


def _plain(number: str) -> str:
    """A number without thousands separators; 08 is 8, as a month or day is written both ways."""
    digits = fold(number).replace(",", "")
    if len(digits) == 2 and digits[0] == "0":
        digits = digits[1]
    return digits[:MAX_TERM_CHARS]


def _normal(word: str) -> str:
    """A word with its marks composed and its ligatures opened, whichever way it was typed."""
    if not word.isascii():
        word = fold("".join(unicodedata.normalize("NFKC", word).casefold().split()))
    return word[:MAX_TERM_CHARS]


def _singular(word: str) -> str:
    """Strip a plural "s": the S-stemmer of Harman, "How effective is suffixing?" (JASIS, 1991).

    Only the plural is touched, so that hardly any two words meet by mistake. Words of three
    letters stay (gas, bus, ios).

    >>> [_singular(w) for w in ("banks", "companies", "services", "business", "campus", "ios")]
    ['bank', 'company', 'service', 'business', 'campus', 'ios']
    """
    if len(word) <= 3 or word[-1] != "s" or not word.isascii():
        return word
    if word.endswith("ies") and word[-4] not in "ea":
        return word[:-3] + "y"
    if word.endswith(("us", "ss")):
        return word
    return word[:-1]
