"""Mojibake: good bytes that an earlier program had read in a wrong encoding, read again.

In: a text. Out: the text that it was, and the name of the misreading, where the way back is exact
and its end clearly more plausible as writing. A text that shows the signs of a misreading, but
lost bytes on the way, is refused: never a silent wrong text.

Not known here: files, and which encoding their bytes are in (:mod:`index.decode`).
"""

import codecs
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from index.errors import UnreadableError
from index.plausibility import Assessment, Language, assess, line_assessments

__all__ = ["repair"]

_Item = TypeVar("_Item")

# Chinese or Japanese read as windows-1252 has more accents than this for a plain letter.
_ACCENTS_PER_LETTER = 0.5


@dataclass(frozen=True, slots=True)
class _Misreading:
    """A way in which text was garbled: the right encoding, the wrong one, how often."""

    right: str
    wrong: str
    times: int = 1

    @property
    def name(self) -> str:
        return f"{self.right} read as {self.wrong}{' twice' * (self.times == 2)}"

    def undo(self, text: str) -> str | None:
        """The text before it was garbled; None where it cannot have been."""
        attempt: str | None = text
        for _ in range(self.times):
            attempt = attempt and _undo(attempt, self.right, self.wrong)
        return attempt


# Right encoding, and the wrong ones that it is met in. Checked in this order; ties keep the first.
# Shift_JIS is no wrong encoding here: its codec reads different bytes as one character.
_UTF8_AS = ("windows-1252", "latin-1", "gb18030", "big5-hkscs", "euc-kr")
_MISREADINGS: tuple[tuple[str, str], ...] = (
    *(("utf-8", wrong) for wrong in _UTF8_AS),
    ("gb18030", "latin-1"),
    ("gb18030", "windows-1252"),
    ("gb18030", "big5-hkscs"),
    ("gb18030", "euc-kr"),
    ("big5-hkscs", "gb18030"),
    ("big5-hkscs", "latin-1"),
    ("big5-hkscs", "windows-1252"),
    ("shift_jis", "latin-1"),
    ("shift_jis", "windows-1252"),
    ("shift_jis", "gb18030"),
    ("euc-jp", "latin-1"),
    ("euc-jp", "windows-1252"),
    ("euc-jp", "gb18030"),
    ("euc-kr", "latin-1"),
    ("euc-kr", "windows-1252"),
    ("euc-kr", "gb18030"),
)
# Some files went in and out again.
_TWICE = (_Misreading("utf-8", "windows-1252", 2), _Misreading("utf-8", "latin-1", 2))
# Name for people, codec that reads it.
_CODECS = {
    "utf-8": "utf-8",
    "gb18030": "gb18030",
    "big5-hkscs": "big5hkscs",
    "shift_jis": "cp932",
    "euc-jp": "euc_jp",
    "euc-kr": "cp949",
    "windows-1252": "cp1252",
    "latin-1": "latin-1",
}

# A line whose non-ASCII characters are rarer than this is worth trying: French accents and
# ordinary Chinese stay above, and the exact round trip keeps the rest from harm.
_SUSPECT = -7.3
_SUSPECT_LATIN = -6.3
# Mojibake is rare, so the repaired text must be e^25 times as plausible as the text at hand.
_GAIN = 25.0
# UTF-8 checks itself, so its lines may share that: an accent here and there adds up.
_GAIN_OF_LINE = 8.0
# The other encodings read nearly anything: two signs may pass for two characters by chance.
_LEAST_REPAIRED = 5
# What a repair must reach. Lower and it has only turned one kind of garbage into another.
_REPAIRED_MEAN = -8.3
# Above this share of suspect characters the whole text is tried before its lines are.
_WHOLE_SHARE = 0.1
# Mojibake that lost bytes is told by what is left of it: this share of the characters may be gone,
# each at the cost of a rare character.
_LOST_NATS = -12.0
_MAX_LOST = 0.35
# Of a text of many suspect lines: how many are undone, how many of those weighed, to tell which
# misreading it was. Weighing one takes some 50 µs, and there are two dozen misreadings.
_MOST_TRIED = 4_000
_MOST_WEIGHED = 400
# Doubt needs this many characters: shorter, a list of rare names looks the same.
_MIN_DOUBT = 20


def repair(text: str) -> tuple[str, str] | None:
    """Undo mojibake where it is exact and clearly better: (repaired text, what was wrong).

    Raises:
        UnreadableError: the text is mojibake, but not all its bytes survived.
    """
    whole = assess(text)
    if not whole.foreign:
        return None
    suspect = _SUSPECT_LATIN if whole.language is Language.LATIN else _SUSPECT
    suspects: list[tuple[int, int]] = []
    suspected = 0
    for start, end, mean, foreign in line_assessments(text, whole.language):
        if foreign and mean < suspect:
            suspects.append((start, end))
            suspected += foreign
    # EUC-JP and GB2312 share their kana: Japanese read as GBK looks half right.
    japanese = whole.language is Language.JAPANESE
    if not suspects and not japanese:
        return None
    if japanese or suspected > _WHOLE_SHARE * whole.foreign:
        exact = _best_repair([text])
        if exact is not None:
            return exact[1][0] or text, exact[0]
    lines = [text[start:end] for start, end in suspects]
    exact = _best_repair(lines)
    if exact is None:
        if whole.mean < _SUSPECT and whole.foreign >= _MIN_DOUBT:
            _refuse_lossy(text)
            _refuse_accents(text, whole)
        return None
    name, repaired = exact
    pieces: list[str] = []
    done = 0
    for (start, end), line in zip(suspects, repaired, strict=True):
        if line is not None:
            pieces += (text[done:start], line)
            done = end
    pieces.append(text[done:])
    changed = sum(line is not None for line in repaired)
    lines_total = text.count("\n") + (not text.endswith("\n"))
    return "".join(pieces), f"{name} ({changed} of {lines_total} lines)"


def _best_repair(pieces: list[str]) -> tuple[str, list[str | None]] | None:
    """Find the misreading whose repair gains most: (its name, each piece repaired or None).

    Of very many lines only some are weighed to find it; the one found then meets every line.
    """
    times = Counter(pieces)
    distinct = list(times)
    before: dict[str, Assessment] = {}
    best: tuple[float, _Misreading] | None = None
    for misreading in (*(_Misreading(r, w) for r, w in _MISREADINGS), *_TWICE):
        # UTF-8 checks itself: what it can be undone to is rare, so every line is tried.
        tried = distinct if misreading.right == "utf-8" else _spread(distinct, _MOST_TRIED)
        undone = [(piece, attempt) for piece in tried if (attempt := misreading.undo(piece))]
        gained = sum(
            times[piece] * (_gain(piece, attempt, misreading, before) or 0.0)
            for piece, attempt in _spread(undone, _MOST_WEIGHED)
        )
        if gained >= _GAIN and (best is None or gained > best[0]):
            best = gained, misreading
    if best is None:
        return None
    found = best[1]
    repaired: dict[str, str | None] = {}
    for piece in distinct:
        attempt = found.undo(piece)
        good = attempt is not None and _gain(piece, attempt, found, before) is not None
        repaired[piece] = attempt if good else None
    return found.name, [repaired[piece] for piece in pieces]


def _gain(
    piece: str, attempt: str, misreading: _Misreading, before: dict[str, Assessment]
) -> float | None:
    """How many nats a repair gains; None where it is not good enough to be believed."""
    utf8 = misreading.right == "utf-8"
    least, chars = (_GAIN_OF_LINE, 1) if utf8 else (_GAIN, _LEAST_REPAIRED)
    if piece not in before:
        before[piece] = assess(piece)
    after = assess(attempt)
    gain = after.total - before[piece].total
    good = gain >= least and after.mean >= _REPAIRED_MEAN and after.foreign >= chars
    return gain if good else None


def _spread(items: list[_Item], most: int) -> list[_Item]:
    """Take at most so many items, evenly spread."""
    step = max(1, -(-len(items) // most))
    return items[::step]


def _undo(text: str, right: str, wrong: str) -> str | None:
    """Take a text back through its misreading; None unless every byte of it survives the trip."""
    to_bytes, to_text = _misreader(wrong)
    try:
        data = to_bytes(text)
        repaired = data.decode(_CODECS[right])
        if repaired == text or "\0" in repaired or to_text(repaired.encode(_CODECS[right])) != text:
            return None
    except UnicodeError:
        return None
    return repaired


def _refuse_lossy(text: str) -> None:
    """Raise where a text is mojibake that lost some of its bytes on the way."""
    sample = text[:_SAMPLE]
    before = assess(sample).total
    for right, wrong in _MISREADINGS:
        to_bytes, _ = _misreader(wrong)
        data = b"".join(_lenient(run, to_bytes) for run in _SAMPLES.findall(sample))
        attempt = data.decode(_CODECS[right], "replace")
        lost = attempt.count("\ufffd")
        rest = assess(attempt.replace("\ufffd", ""))
        if (
            rest.foreign >= _MIN_DOUBT // 2
            and rest.mean >= _REPAIRED_MEAN
            and rest.total + lost * _LOST_NATS - before >= 2 * _GAIN
            and lost <= _MAX_LOST * (rest.foreign + lost)
        ):
            raise UnreadableError(
                f"garbled: it looks like {right} read as {wrong} by an earlier program, and some "
                "of its bytes are lost; find the original"
            )


def _refuse_accents(text: str, whole: Assessment) -> None:
    """Raise where a text is little but accented letters and signs: more bytes lost than left."""
    letters = sum(letter.isascii() and letter.isalpha() for letter in text[:_SAMPLE])
    known = _browser_1252_bytes()  # Vietnamese, as rich in accents, has others
    foreign = sum(not char.isascii() and ord(char) in known for char in text[:_SAMPLE])
    others = sum(ord(char) not in known for char in text[:_SAMPLE])
    if others * 20 > foreign:
        return
    if whole.language is Language.LATIN and foreign > _ACCENTS_PER_LETTER * letters:
        raise UnreadableError(
            "garbled: hardly anything but accented letters and signs, as when an earlier program "
            "read Chinese or Japanese as windows-1252; find the original"
        )


def _lenient(run: str, to_bytes: Callable[[str], bytes]) -> bytes:
    """Encode what can be encoded; the rest becomes a byte that no encoding of ours reads."""
    try:
        return to_bytes(run)
    except UnicodeError:
        pass
    pieces = []
    for char in run:
        try:
            pieces.append(to_bytes(char))
        except UnicodeError:
            pieces.append(b"\xff")
    return b"".join(pieces)


_SAMPLES = re.compile(r".{1,64}", re.DOTALL)
_SAMPLE = 20_000


@cache
def _misreader(name: str) -> tuple[Callable[[str], bytes], Callable[[bytes], str]]:
    """Return the functions text → bytes and bytes → text of a wrong encoding."""
    if name == "windows-1252":
        return _from_browser_1252, _to_browser_1252
    codec = _CODECS[name]
    return lambda text: text.encode(codec), lambda data: data.decode(codec)


@cache
def _browser_1252() -> str:
    """Return the 256 characters of windows-1252 as browsers have it: no byte is undefined."""
    return "".join(
        char if (char := bytes((byte,)).decode("cp1252", "replace")) != "\ufffd" else chr(byte)
        for byte in range(0x100)
    )


@cache
def _browser_1252_bytes() -> dict[int, int]:
    return {ord(char): byte for byte, char in enumerate(_browser_1252())}


def _from_browser_1252(text: str) -> bytes:
    return codecs.charmap_encode(text, "strict", _browser_1252_bytes())[0]


def _to_browser_1252(data: bytes) -> str:
    return codecs.charmap_decode(data, "strict", _browser_1252())[0]
