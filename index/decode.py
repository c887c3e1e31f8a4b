"""From the bytes of a file to its text, or to the reason why there is none.

In: the bytes of one whole file and, where there is one, the encoding that an HTML page or a
server claims. Out: the text, the encoding it was read in and, where an earlier program had read
it wrongly, the repair. Every encoding that can read *all* the bytes is a candidate, the most
plausible one wins, and a close race is refused: never a silent wrong text.

Not known here: formats, cleaning, line ends. What bytes could not be read stands as U+FFFD in
the text, where :func:`index.damage.find_damages` reports it, and the encoding ends in
``(damaged)``.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from index.errors import UnreadableError
from index.mojibake import repair
from index.plausibility import Assessment, Language, assess

__all__ = ["Decoded", "decode"]


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text, the encoding it was read in, and the name of the repair that it needed, if any.

    ``text`` has no byte order mark, no NUL and no lone surrogate.
    """

    text: str
    encoding: str
    repaired: str | None = None


@dataclass(frozen=True, slots=True)
class _Candidate:
    """One reading of all the bytes; ``score`` is its plausibility and what speaks for it."""

    text: str
    name: str
    damaged: bool
    score: float
    assessment: Assessment

    @property
    def encoding(self) -> str:
        return f"{self.name} (damaged)" if self.damaged else self.name


# Name for people, codecs that read it (the first that can, does), prior in nats. Files without a
# byte order mark are seldom UTF-16.
_CANDIDATES: tuple[tuple[str, tuple[str, ...], float], ...] = (
    ("gb18030", ("gb18030",), 0.0),
    ("big5-hkscs", ("big5hkscs", "cp950"), 0.0),
    ("shift_jis", ("cp932",), 0.0),
    ("euc-jp", ("euc_jp", "euc_jis_2004"), 0.0),
    ("euc-kr", ("cp949",), 0.0),
    ("windows-1252", ("cp1252",), 0.0),
    ("utf-16-le", ("utf-16-le",), -6.0),
    ("utf-16-be", ("utf-16-be",), -6.0),
)
# Never guessed, as we have no frequencies to tell them apart: only where they are declared.
_DECLARED_ONLY = frozenset(
    {
        "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp874",
        "iso8859-2", "iso8859-3", "iso8859-4", "iso8859-5", "iso8859-6", "iso8859-7",
        "iso8859-8", "iso8859-10", "iso8859-11", "iso8859-13", "iso8859-14", "iso8859-15",
        "iso8859-16", "koi8-r", "koi8-u", "tis-620",
    }
)  # fmt: skip
# What a declared label means, as browsers read it (https://encoding.spec.whatwg.org/#names-and-labels).
_MEANS = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "big5": "big5-hkscs",
    "big5hkscs": "big5-hkscs",
    "cp950": "big5-hkscs",
    "shift_jis": "shift_jis",
    "cp932": "shift_jis",
    "euc_jp": "euc-jp",
    "euc_kr": "euc-kr",
    "cp949": "euc-kr",
    "ascii": "windows-1252",
    "iso8859-1": "windows-1252",
    "cp1252": "windows-1252",
    "utf-16": "utf-16-le",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
}
# e^4: enough to settle a close race, too little to win a clear one. Declarations are often wrong.
_DECLARED_BONUS = 4.0

# A reading that leads by less than this many nats (odds of about 1,000 to 1) is not sure.
_LEAD = 7.0
# Fewer characters than these have to lead by twice as much: a bracket or two says little.
_FEW = 4
# Below this mean a legacy reading is not writing in any language of the model: good paragraphs
# stay above -8, wrong readings fall below -10.
_PLAUSIBLE = -9.3

_PLAUSIBLE_SHORT = -9.0
_SHORT = 20
_SOUND = -8.0
_SOUND_CHARS = 5
_PLAUSIBLE_UTF16 = -8.5

# What a Japanese or Korean reading pays for showing no kana, no Hangul.
_NO_SCRIPT = 4.0

# The accented letters of the languages that windows-1252 was made for. Its bytes mean other letters
# in the code pages of Greek, Russian, Turkish, Polish or Romanian, and nearly any bytes can be
# read in it: it is believed only where the letters are those of one language.
_ALPHABETS = (
    frozenset("àâæçéèêëîïôœùûüÿ"),  # French
    frozenset("äöüßéè"),  # German
    frozenset("áéíóúüñ"),  # Spanish
    frozenset("àèéìíîòóù"),  # Italian
    frozenset("áâãàçéêíóôõúü"),  # Portuguese
    frozenset("éëïóöüè"),  # Dutch, English loan words
    frozenset("æøåéöä"),  # Danish, Norwegian, Swedish, Finnish
    frozenset("áéíóúýþæöð"),  # Icelandic
)
_ALPHABET_SHARE = 0.95
# French has one accented letter in twenty; a Greek or Russian page read so has nothing else.
_ACCENTS_PER_LETTER = 0.5
# In Portuguese ã and õ come with these; Romanian (cp1250) and Hungarian have them without.
_PORTUGUESE = re.compile("ão|ãe|õe|ç", re.IGNORECASE)

# ASCII with this much of controls may be UTF-16 of a script whose bytes are such (Devanagari).
_CONTROLS_OF_UTF16 = 0.05
_LEAST_UTF16 = 24  # bytes

# Damaged UTF-8 is kept while there is no more than one bad place in this many good characters.
_GOOD_PER_BAD = 50

# Controls that text files do carry: tab, line feed, vertical tab, form feed, carriage return,
# the end-of-file mark of old systems, escape (ISO 2022).
_CONTROLS = bytes(set(range(0x20)) - {0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x1A, 0x1B}) + b"\x7f"
_MAX_CONTROL_SHARE = 0.002

_BOMS = (
    (codecs.BOM_UTF8, "utf-8", "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32-le", "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be", "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030", "gb18030"),
)

# Only where the bytes are not UTF-8 text: an article may well begin with the letters "GIF89a".
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"RIFF", "a RIFF file (WebP, WAV or AVI)"),
    (b"PK\x03\x04", "a ZIP archive (or DOCX, XLSX, EPUB)"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"\x7fELF", "an ELF program"),
    (b"MZ\x90\x00", "a Windows program"),
    (b"\xca\xfe\xba\xbe", "a Java class or macOS program"),
    (b"\xcf\xfa\xed\xfe", "a macOS program"),
    (b"\x00asm", "a WebAssembly program"),
    (b"%PDF-", "a PDF document"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"OggS", "an Ogg sound or film"),
    (b"ID3", "an MP3 sound"),
    (b"fLaC", "a FLAC sound"),
)


def decode(data: bytes, *, declared: str | None = None) -> Decoded:
    """Read the bytes of a file as text.

    ``declared`` is the encoding that the file or its server claims: one more candidate with a
    small bonus, no more.

    >>> decode("引用有据，处处可查。".encode("gb18030"))
    Decoded(text='引用有据，处处可查。', encoding='gb18030', repaired=None)

    Raises:
        UnreadableError: empty, binary, in no encoding that reads plausibly, in several that do,
            or garbled beyond an exact repair. The message says which.
    """
    chosen = _with_mark(data) or _without_mark(data, declared)
    text = chosen.text.removeprefix("\ufeff")
    if not text or text.isspace():
        raise UnreadableError("the file is empty: it holds nothing but white space")
    _refuse_controls(text)
    repaired = repair(text)
    if repaired is None:
        return Decoded(text, chosen.encoding)
    return Decoded(repaired[0], chosen.encoding, repaired[1])


# --- which reading of the bytes -----------------------------------------------------------------


def _with_mark(data: bytes) -> _Candidate | None:
    """Read bytes that begin with a byte order mark as it says; None where there is none."""
    for mark, codec, name in _BOMS:
        if not data.startswith(mark):
            continue
        body = data[len(mark) :]
        reading = _utf8(body) if codec == "utf-8" else _strict(body, codec)
        if reading is None:
            raise UnreadableError(
                f"the file begins with the byte order mark of {name.upper()}, but its bytes are "
                "not that encoding"
            )
        text, damaged = reading
        return _Candidate(text, name, damaged, 0.0, Assessment(0.0, 0.0, 0, _ANY_LANGUAGE))
    return None


def _without_mark(data: bytes, declared: str | None) -> _Candidate:
    """Choose among the encodings that read all the bytes."""
    if not data.strip():
        raise UnreadableError("the file is empty: it holds nothing but white space")
    claim = _claimed(declared)
    has_nul = 0 in data
    utf8 = None if has_nul else _utf8(data)
    if utf8 is not None and not utf8[1]:
        seven_bit = _seven_bit(data, claim) if data.isascii() else None
        if seven_bit is not None:
            return seven_bit
        _refuse_accident(utf8[0])
        # UTF-8 is self-checking: longer texts in other encodings never look like it by accident.
        return _Candidate(utf8[0], "utf-8", False, 0.0, Assessment(0.0, 0.0, 0, _ANY_LANGUAGE))
    for magic, what in _MAGIC:
        if data.startswith(magic):
            raise UnreadableError(f"not a text: the file is {what}")
    readings = list(_readings(data, has_nul=has_nul, utf8=utf8, claim=claim))
    readings = [r for r in readings if "\0" not in r.text]
    if not readings:
        if has_nul:
            raise UnreadableError("not a text: the file holds NUL bytes and is not UTF-16")
        raise UnreadableError(_no_reading(data))
    readings.sort(key=lambda reading: -reading.score)
    best = readings[0]
    if has_nul:
        # Every ASCII character of UTF-16 brings its NUL: the whole text speaks, not the rest of it.
        plausible = best.assessment.total >= _PLAUSIBLE_UTF16 * len(best.text)
    else:
        plausible = not best.assessment.foreign or best.assessment.mean >= _least(best.assessment)
    if not plausible:
        if has_nul:
            raise UnreadableError("not a text: the file holds NUL bytes and is not UTF-16")
        if _share_of_controls(data) > _MAX_CONTROL_SHARE:
            raise UnreadableError("not a text: the bytes make sense in no encoding")
        raise UnreadableError(
            f"in no encoding that makes sense: the nearest, {best.name}, gives characters that "
            f"hardly occur together{_no_utf8(data)}"
        )
    if not _believable(best):
        raise UnreadableError(
            f"the encoding is not certain: {best.name} fits best, but the text lacks what marks "
            "its languages; save it as UTF-8"
        )
    for other in readings[1:]:
        few = best.assessment.foreign < _FEW and best.name != "windows-1252"
        close = best.score - other.score < (2 * _LEAD if few else _LEAD)
        # Nearly any bytes are windows-1252: it yields to a reading that makes sense by itself.
        sound = (
            best.name == "windows-1252"
            and other.assessment.foreign >= _SOUND_CHARS
            and other.assessment.mean >= _SOUND
        )
        if other.text != best.text and (close or sound):
            raise UnreadableError(
                f"the encoding is not certain: the file reads as {best.name} and as {other.name}; "
                "save it as UTF-8"
            )
    return best


def _refuse_accident(text: str) -> None:
    """Raise where a few bytes of GBK or UTF-16 may be UTF-8 by accident.

    Two bytes of GBK can be one two-byte character of UTF-8; a handful of them gives a handful of
    unrelated scripts, which no short text has.
    """
    foreign = "".join(_FOREIGN.findall(text[:_ACCIDENT_CHARS]))
    if len(text) > _ACCIDENT_CHARS or not foreign or max(foreign) > "\u07ff":
        return
    scripts = {script for char in foreign for script in _TWO_BYTE_SCRIPTS if ord(char) in script}
    if len(scripts) > 1:
        raise UnreadableError(
            "the encoding is not certain: as UTF-8 the few characters are of scripts that do not "
            "occur together; save it again as UTF-8"
        )


def _readings(
    data: bytes, *, has_nul: bool, utf8: tuple[str, bool] | None, claim: str | None
) -> Iterator[_Candidate]:
    """Yield every reading of all the bytes, scored."""
    if utf8 is not None:
        yield _candidate(utf8, "utf-8", 0.0)
    for name, names, prior in _CANDIDATES:
        if has_nul and not name.startswith("utf-16"):
            continue
        reading = next((r for codec in names if (r := _strict(data, codec)) is not None), None)
        if reading is not None:
            yield _candidate(reading, name, prior + _DECLARED_BONUS * (name == claim))
    if claim in _DECLARED_ONLY and not has_nul:
        reading = _strict(data, claim)
        if reading is not None:
            yield _candidate(reading, claim, _DECLARED_BONUS)
    if has_nul:
        for name in ("utf-32-le", "utf-32-be"):
            reading = _strict(data, name)
            if reading is not None:
                yield _candidate(reading, name, 0.0)


def _least(assessment: Assessment) -> float:
    """Return the mean that a reading needs: more in a short one, where chance weighs more."""
    return _PLAUSIBLE_SHORT if assessment.foreign < _SHORT else _PLAUSIBLE


def _believable(candidate: _Candidate) -> bool:
    """Tell whether a reading shows what sets the languages of its encoding apart.

    Windows-1252: the accented letters of one of its languages. Japanese: some kana. Korean: more
    Hangul than anything else. A title in Han alone is not sure to be either.
    """
    script = _SCRIPTS.get(candidate.name)
    if script is not None:
        pattern, least = script
        found = sum(len(run) for run in pattern.findall(candidate.text))
        return not candidate.assessment.foreign or found >= least * candidate.assessment.foreign
    if candidate.name != "windows-1252":
        return True
    letters = [
        letter
        for run in _ACCENTED_RUN.findall(candidate.text[:_LETTER_SAMPLE].lower())
        for letter in run
    ]
    plain = sum(map(str.isalpha, candidate.text[:_LETTER_SAMPLE])) - len(letters)
    if len(letters) > _ACCENTS_PER_LETTER * plain:
        return False
    for alphabet in _ALPHABETS:
        known = sum(letter in alphabet for letter in letters)
        if known < _ALPHABET_SHARE * len(letters):
            continue
        if "ã" in alphabet and {"ã", "õ"} & set(letters) and not _PORTUGUESE.search(candidate.text):
            continue
        if "þ" in alphabet and not {"æ", "ð"} <= set(letters):
            continue  # without them ý and þ are rather the Turkish ı and ş of cp1254
        return True
    return False


def _candidate(reading: tuple[str, bool], name: str, prior: float) -> _Candidate:
    text, damaged = reading
    assessment = assess(text)
    candidate = _Candidate(text, name, damaged, assessment.total + prior, assessment)
    if name in _SCRIPTS and not _believable(candidate):
        return replace(candidate, score=candidate.score - _NO_SCRIPT)
    return candidate


def _strict(data: bytes, codec: str) -> tuple[str, bool] | None:
    """Read bytes in an encoding: (text, damaged), or None where they are not in it.

    A character cut off by the end of the file becomes U+FFFD, and the text counts as damaged.
    """
    try:
        return data.decode(codec), False
    except UnicodeDecodeError as error:
        cut = error.reason in (
            "incomplete multibyte sequence",
            "truncated data",
            "unexpected end of data",
        )
        if not cut or error.start < len(data) - 3 or not error.start:
            return None
        return data[: error.start].decode(codec) + "\ufffd", True


def _utf8(data: bytes) -> tuple[str, bool] | None:
    """Read bytes as UTF-8: (text, damaged), or None where too much of them is not."""
    try:
        return data.decode("utf-8"), False
    except UnicodeDecodeError:
        pass
    text = data.decode("utf-8", "replace")
    bad = text.count("\ufffd") - data.count(b"\xef\xbf\xbd")
    good = sum(len(run) for run in _FOREIGN.findall(text)) - bad
    # One character cut off by the end of the file is damage of another kind: always kept.
    cut = _strict(data, "utf-8")
    if cut is not None and good:
        return cut
    return (text, True) if bad * _GOOD_PER_BAD <= good else None


def _seven_bit(data: bytes, claim: str | None) -> _Candidate | None:
    """Read ASCII that carries another encoding: ISO 2022, HZ, UTF-16 of some scripts."""
    as_ascii = data.decode("ascii")
    trials: list[str] = []
    if len(data) >= _LEAST_UTF16 and _share_of_controls(data) > _CONTROLS_OF_UTF16:
        trials = ["utf-16-le", "utf-16-be"]
    elif b"\x1b$" in data:
        trials = ["iso2022_jp_2", "iso2022_jp_ext", "iso2022_kr"]
    elif claim == "hz" and b"~{" in data:
        trials = ["hz"]
    for codec in trials:
        reading = _strict(data, codec)
        if reading is not None and "\0" not in reading[0]:
            candidate = _candidate(reading, codec.replace("_", "-"), 0.0)
            if candidate.assessment.mean >= _PLAUSIBLE and candidate.score > assess(as_ascii).total:
                return candidate
    return None


def _claimed(declared: str | None) -> str | None:
    """Return the name of the candidate that a declared label means; None where unknown."""
    if not declared:
        return None
    label = declared.strip().strip("\"'").lower()
    try:
        codec = codecs.lookup(label).name
    except (LookupError, ValueError):
        return None
    return _MEANS.get(codec, codec)


# --- what is no text ----------------------------------------------------------------------------


def _share_of_controls(data: bytes) -> float:
    return 1 - len(data.translate(None, _CONTROLS)) / len(data)


def _refuse_controls(text: str) -> None:
    """Raise where a text that did decode is not writing: NUL, or controls all over."""
    if "\0" in text:
        raise UnreadableError("not a text: the file holds NUL characters")
    controls = sum(len(run) for run in _CONTROL_RUN.findall(text))
    if controls > 2 and controls > _MAX_CONTROL_SHARE * len(text):
        raise UnreadableError("not a text: too many control characters")


def _no_utf8(data: bytes) -> str:
    """Say where the bytes stop being UTF-8."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return f" (not UTF-8 at byte {error.start})"
    return ""


def _no_reading(data: bytes) -> str:
    """Say how far the nearest encoding reads."""
    furthest = ("utf-8", -1)
    for name, names, _ in (("utf-8", ("utf-8",), 0.0), *_CANDIDATES):
        try:
            data.decode(names[0])
        except UnicodeDecodeError as error:
            if error.start > furthest[1]:
                furthest = (name, error.start)
    return (
        f"in no encoding from beginning to end: {furthest[0]} gets furthest and fails at byte "
        f"{furthest[1]} of {len(data)}"
    )


_FOREIGN = re.compile(r"[^\x00-\x7f]+")
# Cyrillic, Armenian, Hebrew, Arabic, Syriac, Thaana, N'Ko. (Greek stands beside any: "β-Каротин".)
_TWO_BYTE_SCRIPTS = (
    range(0x400, 0x530),
    range(0x530, 0x590),
    range(0x590, 0x600),
    range(0x600, 0x700),
    range(0x700, 0x750),
    range(0x780, 0x7C0),
    range(0x7C0, 0x800),
)
_ACCIDENT_CHARS = 24
_ACCENTED_RUN = re.compile("[ª¹³º¼-¾à-öø-ÿšžœƒ]+|(?<=[a-z])[\xa1-\xa6\xa8-\xaf\xb4-\xb6\xb8¿]")
_LETTER_SAMPLE = 1 << 20
_SCRIPTS = {
    "shift_jis": (re.compile("[\u3041-\u30ff]+"), 0.1),
    "euc-jp": (re.compile("[\u3041-\u30ff]+"), 0.1),
    "euc-kr": (re.compile("[\uac00-\ud7a3]+"), 0.5),
}
_CONTROL_RUN = re.compile(r"[\x00-\x08\x0e-\x19\x1c-\x1f\x7f]+")
_ANY_LANGUAGE = Language.OTHER
