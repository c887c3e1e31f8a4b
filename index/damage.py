"""Find the spots of a text where its source had lost bytes before we read it.

In: a cleaned text. Out: the damaged spots with their offsets, the reason, and a suggestion where
the surviving bytes allow one reading only. The text itself is never changed.

The hard kind is GBK that lost a lead byte: every character behind it is read from the second
byte of one and the first byte of the next, until an ASCII character brings the reader back into
step. ``注冊成功。客戶再次到訪`` becomes ``注冊成功??蛻粼俅蔚皆L``.

Not known here: files, encodings of files, what the author meant.
"""

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache

from index.article import Damage
from index.plausibility import assess

__all__ = ["find_damages"]

# What a converter leaves for a byte that it could not read, then the shifted run. A full-width
# question mark is no such trace itself, but 0xA3 0xBF is one, so it may follow.
_MARK = re.compile(r"(?<![?\ufffd])[?\ufffd]++？?(?=[^\x00-\x7f]{2})")
_RUN = re.compile(r"[^\x00-\x7f\ufffd]+")
_CHINESE = re.compile("[\u4e00-\u9fff\u3000-\u3011“”‘’…—（），：；！？]")
_REPLACED = re.compile("\ufffd+")

# UTF-8's own replacement character read as GBK, uninitialised memory read as GBK, the byte order
# mark or the replacement character of UTF-8 read as latin-1.
_REMAINS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile("(?:锟斤拷)+(?:锟斤?)?"), "characters lost in a conversion from GBK to UTF-8"),
    (re.compile("烫{3,}|屯{3,}"), "uninitialised memory read as GBK"),
    (re.compile("(?:ï¿½)+"), "characters lost before UTF-8 was read as latin-1"),
)

_LOST = "the source has lost bytes here"
_SHIFTED = "a byte of GBK was lost here and shifted the characters behind it"

_LEADS = range(0x81, 0xFF)
_TRAILS = frozenset({*range(0x40, 0x7F), *range(0x80, 0xFF)})

# A shifted run is rare Han (mean near -12), its right reading ordinary text (near -6.5).
_SHIFTED_MEAN = -9.0
_READ_MEAN = -8.3
# The right reading must be e^9 times as plausible as the run at hand.
_GAIN = 9.0
# Characters of a run that are looked at before the whole run is.
_GLANCE = 12
# A first character is suggested when it leads by this many nats.
_LEAD = 1.5
# Pairs are counted in this much of the text: the words of the article decide between readings.
_CONTEXT = 500_000


def find_damages(text: str) -> tuple[Damage, ...]:
    """Return the damaged spots of a text in order, none overlapping another.

    >>> find_damages("即可注冊成功??蛻粼俅蔚皆L網點時")[0]
    ... # doctest: +NORMALIZE_WHITESPACE
    Damage(start=6, end=14, reason='a byte of GBK was lost here and shifted the characters
    behind it', suggestion='。客戶再次到訪')
    """
    found = [*_shifted(text), *_remains(text)]
    found.sort(key=lambda damage: (damage.start, -damage.end))
    damages: list[Damage] = []
    for damage in found:
        if not damages or damage.start >= damages[-1].end:
            damages.append(damage)
    return tuple(damages)


def _remains(text: str) -> Iterator[Damage]:
    """Yield what plainly stands for lost characters."""
    for replaced in _REPLACED.finditer(text):
        yield Damage(*replaced.span(), _LOST)
    for pattern, reason in _REMAINS:
        for remain in pattern.finditer(text):
            yield Damage(*remain.span(), reason)


def _shifted(text: str) -> Iterator[Damage]:
    """Yield the runs that read well once a lost lead byte is put back."""
    context: Counter[str] | None = None
    for mark in _MARK.finditer(text):
        run = _RUN.match(text, mark.end())
        if run is None or _rarity(run.group()[:_GLANCE]) > _SHIFTED_MEAN:
            continue
        end = run.end()
        after = text[end] if end < len(text) else ""
        data = _two_bytes_each(run.group())
        if data is None:
            continue
        # The run's last byte is the lead of a character whose trail is the ASCII that follows;
        # where that is no trail, the last character is lost, and a mark stands for it.
        if after and ord(after) in _TRAILS and after != "?":
            data += after.encode("ascii")
            end += 1
            tail = _read(data[1:])
        else:
            tail = _read(data[1:-1])
        if not tail:
            continue
        before = assess(text[run.start() : end])
        reading = assess(tail)
        if reading.mean < _READ_MEAN or reading.total - before.total < _GAIN:
            continue
        lost_last = end == run.end()
        if lost_last and after in ("?", "\ufffd"):
            end = run.end() + 1
        if context is None:
            head = text[:_CONTEXT]
            context = Counter(map("".join, itertools.pairwise(head)))
        previous = text[mark.start() - 1 : mark.start()]
        start, first = _first(mark, data[0], previous=previous, following=tail[0], context=context)
        whole = first is not None and not lost_last
        yield Damage(start, end, _SHIFTED, f"{first}{tail}" if whole else None)


def _first(
    mark: re.Match[str], trail: int, *, previous: str, following: str, context: Counter[str]
) -> tuple[int, str | None]:
    """Read what stands before the run: (where the damage begins, its characters or None).

    Two marks may be a lost lead byte and a whole "？" (0xA3 0xBF) that was folded to ASCII: then
    0xA3 is a trail and 0xBF the lead of the run's first character, which is thus certain.
    """
    if len(mark.group()) >= 2 and mark.group()[-1] in "?？":
        second = _read(bytes((0xBF, trail)))
        if second is not None and assess(second).mean > _READ_MEAN:
            best = _lead(0xA3, previous=previous, following=second, context=context)
            return mark.end() - 2, best and best + second
    return mark.start(), _lead(trail, previous=previous, following=following, context=context)


def _lead(trail: int, *, previous: str, following: str, context: Counter[str]) -> str | None:
    """Find the character with this trail byte; None where no lead byte is clearly the best.

    A mark such as "。" may stand on its own frequency; a Han character must be seen elsewhere in
    the article before the one that follows it.
    """
    scored = sorted(
        (
            (value + _known(context[previous + char]) + 2 * _known(context[char + following]), char)
            for value, char in _by_trail(trail)
        ),
        reverse=True,
    )
    if not scored or (len(scored) > 1 and scored[0][0] - scored[1][0] < _LEAD):
        return None
    best = scored[0][1]
    return best if best in "。，、；：！？" or context[best + following] else None


def _known(times: int) -> float:
    """Return the nats that a pair seen elsewhere in the text speaks for a reading."""
    return 3.0 if times > 1 else 2.0 if times else 0.0


@cache
def _by_trail(trail: int) -> tuple[tuple[float, str], ...]:
    """Return the Chinese characters and marks of GBK with a trail byte: (nats, character)."""
    chars = (_read(bytes((lead, trail))) for lead in _LEADS)
    return tuple((assess(char).mean, char) for char in chars if char and _CHINESE.match(char))


def _rarity(run: str) -> float:
    """Return the mean nats of a few characters, quickly: there may be a mark on every line."""
    return sum(map(_nats, run)) / len(run)


@cache
def _nats(char: str) -> float:
    return assess(char).mean


def _two_bytes_each(run: str) -> bytes | None:
    """Encode a run in GBK; None unless every character takes two bytes."""
    try:
        data = run.encode("gb18030")
    except UnicodeEncodeError:
        return None
    return data if len(data) == 2 * len(run) else None


def _read(data: bytes) -> str | None:
    """Read bytes as GBK; None where they are not."""
    try:
        return data.decode("gb18030")
    except UnicodeDecodeError:
        return None
