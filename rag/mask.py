"""Take card, phone and identity numbers out of a text before it is written down anywhere.

In: what a person typed. Out: the same with ``[card]``, ``[phone]`` or ``[id]`` in place of such a
number. A number counts by its form and, where so short a one may be anything, by its check digit;
it may be written in full width, in Chinese digits, or in groups. Amounts, dates and hotline
numbers (95588, 400-…) stay: without them a logged question would say nothing.
"""

import re
import unicodedata
from collections.abc import Callable

__all__ = ["mask"]

_DIGITS = str.maketrans("零〇一二三四五六七八九", "00123456789")
_SEPARATOR = r"[ \t\u00a0\-‐–—－·.]"
_GAP = f"{_SEPARATOR}?"
_YEAR = r"(?:19|20)\d\d"
_DAYS = re.compile(
    rf"{_YEAR}(?:{_GAP}[01]?\d(?:{_GAP}[0-3]?\d)?)?"
    rf"(?:{_SEPARATOR}+{_YEAR}(?:{_GAP}[01]?\d(?:{_GAP}[0-3]?\d)?)?)*"
)


_BEGINS = rf"(?<!\d)(?<!\d{_SEPARATOR})"
_MOBILE = rf"1[3-9](?:{_GAP}\d){{9}}(?!\d)"


def _grouped(*, low: int, high: int) -> str:
    return rf"\d(?:{_GAP}\d){{{low - 1},{high - 1}}}"


def _is_card(written: str) -> bool:
    """The check digit of ISO/IEC 7812 (Luhn), as on every bank card."""
    digits = _digits_of(written)
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0 and len(set(digits)) > 1


def _is_resident_id(written: str) -> bool:
    """The check digit of GB 11643 behind a birthday that can be, or the older form without it."""
    digits = _digits_of(written)
    if len(digits) == 15:
        return _is_day("19" + digits[6:12])
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(d) * w for d, w in zip(digits, weights, strict=False))
    return _is_day(digits[6:14]) and "10X98765432"[total % 11] == digits[17]


def _is_day(digits: str) -> bool:
    return (
        "1880" <= digits[:4] <= "2100"
        and "01" <= digits[4:6] <= "12"
        and "01" <= digits[6:8] <= "31"
    )


def _is_long(written: str) -> bool:
    """A card or an identity number of 16 to 19 digits, also with one of them mistyped.

    In one piece so many digits are no amount. In groups they may be years, days or hotline
    numbers side by side: what is no date has to be in fours, as on a card, or pass the check.
    """
    groups = re.split(_SEPARATOR, written)
    if len(groups) == 1:
        return True
    if _DAYS.fullmatch(written):
        return False
    in_fours = all(len(group) == 4 for group in groups[:-1]) and len(groups[-1]) <= 4
    return _is_card("".join(groups)) or (in_fours and written[0] in "34569")


def _digits_of(written: str) -> str:
    return re.sub(r"[^0-9X]", "", written.upper())


def _always(_: str) -> bool:
    return True


# A resident's number before a card: the check digits tell one from the other.
_KINDS: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    (
        "[id]",
        re.compile(rf"(?<!\d){_grouped(low=17, high=17)}{_GAP}[\dX](?![\dA-Z])", re.IGNORECASE),
        _is_resident_id,
    ),
    ("[id]", re.compile(r"(?<!\d)\d{15}(?!\d)"), _is_resident_id),
    # A mainland mobile number: with the country's code it is as long as a short card, without it
    # as long as the last three groups of a long one.
    ("[phone]", re.compile(rf"{_BEGINS}(?:\+|00)?{_GAP}86{_GAP}{_MOBILE}"), _always),
    ("[card]", re.compile(rf"(?<!\d){_grouped(low=16, high=19)}(?!\d)"), _is_long),
    ("[card]", re.compile(rf"(?<!\d){_grouped(low=13, high=15)}(?!\d)"), _is_card),
    ("[phone]", re.compile(rf"(?<!\d){_MOBILE}"), _always),
    # Hong Kong, Macao, Taiwan and others abroad, told by the plus sign.
    (
        "[phone]",
        re.compile(rf"\+\d{{1,3}}{_GAP}(?:\(\d+\){_GAP})?\d(?:{_GAP}\d){{6,11}}(?!\d)"),
        _always,
    ),
    ("[phone]", re.compile(rf"(?<!\d)09\d{{2}}{_GAP}\d{{3}}{_GAP}\d{{3}}(?!\d)"), _always),
    # A landline with its area code: 010-12345678. Hotlines (400, 800) belong to nobody.
    ("[phone]", re.compile(r"(?<!\d)\(?0\d{2,3}\)?[ \-－]\d{7,8}(?!\d)"), _always),
    # Identity cards of Taiwan (A123456789) and Hong Kong (A123456(7)).
    ("[id]", re.compile(r"(?<![A-Z0-9])[A-Z][1289]\d{8}(?!\d)", re.IGNORECASE), _always),
    ("[id]", re.compile(r"(?<![A-Z0-9])[A-Z]{1,2}\d{6}[(（][0-9A][)）]", re.IGNORECASE), _always),
)


def mask(text: str) -> str:
    """Return the text without personal numbers.

    >>> mask("卡号6222 0212 3456 7894怎么解绑？电话１３８００１３８０００")
    '卡号[card]怎么解绑？电话[phone]'
    >>> mask("2022年有3,000万用户，客服95588")
    '2022年有3,000万用户，客服95588'
    """
    plain = "".join(map(_plain, text))
    # A mark for each character: whoever sends many numbers must not make it slow.
    taken = bytearray(len(plain))
    found: list[tuple[int, int, str]] = []
    for label, pattern, is_one in _KINDS:
        for match in pattern.finditer(plain):
            start, end = match.span()
            if taken.find(1, start, end) >= 0:
                continue
            if is_one(match.group()):
                taken[start:end] = b"\1" * (end - start)
                found.append((start, end, label))
    parts: list[str] = []
    done = 0
    for start, end, label in sorted(found):
        parts += text[done:start], label
        done = end
    return "".join((*parts, text[done:]))


def _plain(char: str) -> str:
    """One character for one, so that offsets hold: full width and Chinese digits become ASCII."""
    narrow = unicodedata.normalize("NFKC", char)
    if len(narrow) != 1:
        return char
    return narrow.translate(_DIGITS)
