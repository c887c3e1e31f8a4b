"""Read numbers that are written in words: Han numerals and English.

In: the words alone. Out: the number, or None where they are none. Which words of a text are a
number is for `rag.facts` to tell.
"""

from collections.abc import Sequence

__all__ = ["HAN", "PARTS", "SCALES", "WORDS", "han_number", "integer", "spelled_number", "year"]

HAN = "零〇一二两三四五六七八九十百千"
"""Numerals below 万."""

SCALES = {
    "十": 1e1, "百": 1e2, "千": 1e3, "万": 1e4, "十万": 1e5, "百万": 1e6, "千万": 1e7, "亿": 1e8,
    "十亿": 1e9, "百亿": 1e10, "千亿": 1e11, "万亿": 1e12, "兆": 1e12,
    "hundred": 1e2, "thousand": 1e3, "million": 1e6, "mn": 1e6, "billion": 1e9, "bn": 1e9,
    "trillion": 1e12, "dozen": 12,
}  # fmt: skip
"""What may stand behind a number and multiplies it."""

WORDS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
    "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20,
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip

PARTS = {
    "half": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fifth": 5, "fifths": 5,
    "tenth": 10, "tenths": 10,
}  # fmt: skip
"""Shares: one tenth is 10 %."""

_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}


def year(text: str | None) -> int | None:
    """Read the four digits of a year, Arabic or Han; None for no text."""
    if not text:
        return None
    return int("".join(c if c.isascii() else str(_DIGITS[c]) for c in text))


def integer(text: str | None) -> int | None:
    """Read a whole number: digits, Han numerals, or one English word; None where it is none."""
    if not text:
        return None
    if text.isascii():
        return int(text) if text.isdigit() else WORDS.get(text)
    number = han_number(text)
    return None if number is None else int(number)


def han_number(text: str) -> float | None:
    """Read a number in Han numerals; None where it is none.

    >>> [han_number(t) for t in ("二十六", "九十八点六八", "一百六", "两千三百万", "二〇一九")]
    [26.0, 98.68, 160.0, 23000000.0, 2019.0]
    """
    whole, _, fraction = text.partition("点")
    if fraction and not all(c in _DIGITS for c in fraction):
        return None
    value = _digit_by_digit(whole) if len(whole) > 1 else None
    if value is None:
        value = _by_scale(whole, ("亿", "万", "千", "百", "十"))
    if value is None:
        return None
    return round(value + float("0." + "".join(str(_DIGITS[c]) for c in fraction or "零")), 9)


def _digit_by_digit(text: str) -> float | None:
    if not all(c in _DIGITS for c in text):
        return None
    return float("".join(str(_DIGITS[c]) for c in text))


def _by_scale(text: str, scales: Sequence[str]) -> float | None:
    """Read what stands before and behind the largest scale, each by the smaller ones."""
    if len(text) <= 1:
        return float(_DIGITS[text]) if text in _DIGITS else 0.0 if not text else _lone(text)
    for n, scale in enumerate(scales):
        before, found, after = text.rpartition(scale)
        if not found:
            continue
        # 十六 has no digit before its scale; 万亿 has a scale.
        times = _by_scale(before, scales) if before else 1.0
        if times is None:
            return None
        unit = float(SCALES[scale])
        if len(after) == 1 and after in _DIGITS and scale != "十":
            return times * unit + _DIGITS[after] * unit / 10  # 一百六 is 160, 一万二 is 12000
        rest = _by_scale(after.lstrip("零〇"), scales[n + 1 :])
        return None if rest is None else times * unit + rest
    return _digit_by_digit(text)


def _lone(text: str) -> float | None:
    return float(SCALES[text]) if text in SCALES else None


def spelled_number(words: Sequence[str]) -> tuple[float, str] | None:
    """Read an English number in words: its value and ``%`` for a share. None where it is none."""
    total, current, seen = 0.0, 0.0, False
    for word in words:
        if word in ("and", "a", "an"):
            continue
        if word in WORDS:
            current, seen = current + WORDS[word], True
        elif word == "hundred":
            current, seen = (current or 1) * 100, True
        elif word == "dozen":
            current, seen = (current or 1) * 12, True
        elif word in SCALES:
            total, current, seen = total + (current or 1) * SCALES[word], 0.0, True
        elif word in PARTS:
            if word == "half" and not seen:
                return None
            if not seen and "a" not in words:
                return None
            return 100 * (current or 1) / PARTS[word], "%"
    return (total + current, "") if seen else None
