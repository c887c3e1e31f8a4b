"""Find the sentences of a text in any script: text in, spans out.

What ends a sentence:

* the end of a line, always;
* 。！？；… and their like in other scripts, with the quotes and brackets that close after them;
* ``!``, ``?`` before white space, the end, or a Han, kana or Hangul character;
* ``;`` before those characters or the end (Chinese typed in half width), and in Greek, where it
  asks; between Latin words it joins clauses;
* ``.`` where it ends an English sentence: not in 3.5, U.S., Mr., e.g., 1. or www.example.com.

A sentence that ends inside a quotation ends there too, but the last one of a quotation takes
what belongs to it: 「…。」と述べた is one sentence, and so is “……。”他说。 An attribution that
introduces the next quotation (他说：“…”) begins a sentence of its own.

Thai and others that have no sentence marks fall to their lines. The module knows abbreviations
of English and a few of other European languages; nothing of grammar.
"""

import re

__all__ = ["sentences"]

_WIDE = "。｡．！？；﹒﹖﹗﹔︒‼⁇⁈⁉؟۔।॥։።፧။។៕"
_ENDS = re.compile(rf"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]|[{_WIDE}…⋯!?;.]+")
_CLOSERS = "”’」』）】〉》〕］｝〗〙»›)]}｣\"'"
_CJK = (
    r"\u2018\u201c\u3000-\u303f\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff"
    r"\uff00-\uff60\U00020000-\U0003ffff"
)
# What follows a half-width mark that ends a sentence. A quote may open the next one.
_AFTER_NARROW = re.compile(rf"\s|\Z|[{_CJK}]")
# Note numbers behind a full stop: "… in 1999.[12][13] The …"
_NOTES = re.compile(r"(?:\[[0-9]{1,3}\])+(?=\s|\Z)")
# After a closed quotation the sentence goes on with a comma, a particle (と述べた, 的问题) or a
# lower-case word.
_GOES_ON = re.compile(r"[，、,:：\u3041-\u3096的等之与與和及]|[ ]?[a-zß-öø-ÿа-яё]")
_GOES_ON_OPEN = re.compile(r"[，、,]")
# “…。”他说。 A colon after the verb would open the next quotation instead.
_SPEECH = re.compile(
    r"[\w·]{0,12}?(?:说|説|說|道|表示|称|稱|指出|问|問|答|强调|強調|认为|認為|介绍|介紹|透露|坦言|补充|補充)"
    r"(?=[。，,])"
)
_GREEK = re.compile(r"[\u0370-\u03ff\u1f00-\u1fff]")
_LOWER = re.compile(r"[a-zß-öø-ÿа-яё]")
_WORD_BEFORE = re.compile(r"[^\W_](?:[\w.’'-]{0,18}[^\W_])?\Z")
# U.S, a.m, Ph.D: an abbreviation by its form. Not www.example.com.
_POINTED = re.compile(r"(?:[^\W\d_]{1,2}\.)+[^\W\d_]{1,2}")
_WORD_AFTER = re.compile(r"\s*([\"“‘'(\[]*)(\w+)?")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Before a name or a number: the point never ends a sentence.
_NEVER = _words(
    "mr mrs ms messrs mme mlle dr prof gen col maj capt cmdr lt sgt adm rev fr hon gov sen rep "
    "pres supt st mt ft vs cf viz approx ca bzw ggf hr fig figs eq eqs e.g i.e z.b u.a d.h"
)
# The point belongs to the abbreviation only when a number follows.
_BEFORE_NUMBER = _words("no nos nr vol vols p pp ch sec sect art para pt pl ed")
# These end a sentence often enough: only when the next word is one that opens sentences.
_MAYBE = _words(
    "inc corp co ltd llc plc bros jr sr etc al dept est univ assn ave blvd rd jan feb mar apr "
    "jun jul aug sep sept oct nov dec mon tue tues wed thu thur thurs fri sat sun ph.d"
)
_OPENERS = _words(
    "a after all also although an and another as at because before both but by during each even "
    "every for from he her his how however i if in it its many more most no nor not now of on "
    "once one only or other our she since so some such that the their then there these they this "
    "those though to under until we what when where which while who why with yet you your"
)
# Ordinals: "am 3. Oktober", "im 19. Jahrhundert".
_GERMAN_AFTER_ORDINAL = _words(
    "januar februar märz april mai juni juli august september oktober november dezember "
    "jahrhundert jahrhunderts jahrhunderte"
)


def sentences(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """Find the sentences of ``text[start:end]`` as spans of ``text``.

    The spans are in order, do not overlap, neither begin nor end with white space, and leave
    nothing but white space between them. Linear in the length of the text.

    >>> text = "利率是3.5%。是吗？“是的。”他说。"
    >>> [text[a:b] for a, b in sentences(text)]
    ['利率是3.5%。', '是吗？', '“是的。”他说。']
    """
    if start or (end is not None and end < len(text)):
        return [(a + start, b + start) for a, b in sentences(text[start:end])]
    spans: list[tuple[int, int]] = []
    begin = 0  # of the sentence
    line = 0  # number of spans before the line
    quotes = 0  # straight double quotes seen in the line
    counted = 0  # up to here
    # A closer or attribution may reach beyond the next mark; what it took is not looked at again.
    done = 0
    for match in _ENDS.finditer(text):
        mark = match.group()
        if mark[0] < " " or mark[0] in "\x85\u2028\u2029":
            _add(spans, text, begin, match.start(), line)
            begin, line = match.end(), len(spans)
            quotes, counted = 0, match.end()
            continue
        if match.start() < done:
            continue
        quotes += text.count('"', counted, match.end())
        counted = match.end()
        after = _close(text, match.end(), quote_is_open=quotes % 2 == 1)
        if _ends(text, match, after=after, begin=begin):
            _add(spans, text, begin, after, line)
            begin = done = after
    _add(spans, text, begin, len(text), line)
    return spans


def _add(spans: list[tuple[int, int]], text: str, start: int, end: int, line: int) -> None:
    """Add ``text[start:end]`` without its white space; marks alone join the sentence before."""
    piece = text[start:end]
    stripped = piece.lstrip()
    start += len(piece) - len(stripped)
    end = start + len(stripped.rstrip())
    if start == end:
        return
    # Nothing but marks (a stray quote, an emoji behind the full stop) is no sentence.
    if len(spans) > line and not any(map(str.isalnum, text[start:end])):
        spans[-1] = (spans[-1][0], end)
    else:
        spans.append((start, end))


def _close(text: str, at: int, *, quote_is_open: bool) -> int:
    """Return where the quotes, brackets and note numbers that close at ``at`` end."""
    while at < len(text) and text[at] in _CLOSERS:
        if text[at] == '"':
            if not quote_is_open:
                break
            quote_is_open = False
        elif text[at] == "'" and at + 1 < len(text) and text[at + 1].isalnum():
            break
        at += 1
    notes = _NOTES.match(text, at)
    return notes.end() if notes else at


def _ends(text: str, match: re.Match[str], *, after: int, begin: int) -> bool:
    """Tell whether the marks of ``match``, closed up to ``after``, end a sentence."""
    mark = match.group()
    if after == len(text):
        return True
    if after > match.end():
        # A title goes on (《谁来买单？》一书), unless white space follows.
        if text[after - 1] in "》〉" and not text[after].isspace():
            return False
        if _GOES_ON.match(text, after) or _SPEECH.match(text, after):
            return False
    elif _GOES_ON_OPEN.match(text, after):
        return False
    last = mark[-1]
    if mark == ".":
        return _full_stop_ends(text, match.start(), after=after, begin=begin)
    if set(mark) <= set("…⋯."):
        return _ellipsis_ends(text, match, after=after, begin=begin)
    if last in _WIDE or last in "…⋯":
        # 第３．５ is a number in full-width digits.
        return not (mark == "．" and text[after].isdigit())
    if last == ";" and text[after].isspace():
        return bool(_GREEK.match(text, match.start() - 1)) if match.start() else False
    return bool(_AFTER_NARROW.match(text, after))


def _ellipsis_ends(text: str, match: re.Match[str], *, after: int, begin: int) -> bool:
    """Dots end a sentence unless they open it or the next word is written as its continuation."""
    # Opening marks only: a bounded look, so that a text of many dots stays linear.
    if match.start() - begin < 8 and not any(map(str.isalnum, text[begin : match.start()])):
        return False
    if _GOES_ON.match(text, after):
        return False
    if match.group().startswith(".") and not _AFTER_NARROW.match(text, after):
        return False
    following = text[after : after + 2].lstrip()
    return not (following and (_LOWER.match(following) or following[0].isdigit()))


def _full_stop_ends(text: str, at: int, *, after: int, begin: int) -> bool:
    """Decide for a single ``.`` at ``at``."""
    before = text[at - 1] if at > begin else " "
    if not text[after].isspace():
        # Typed for a "。": 增长了.但是
        return bool(_AFTER_NARROW.match(text, after)) and (
            after > at + 1 or (before.isalpha() and bool(_AFTER_NARROW.match(before)))
        )
    if before.isspace():
        return False
    # Bounded slices keep a text of many points linear.
    following = _WORD_AFTER.match(text[after : after + 40])
    word = (following.group(2) if following else None) or ""
    if _LOWER.match(word):
        return False
    found = _WORD_BEFORE.search(text[max(begin, at - 20) : at])
    if found is None:
        return True
    token = found.group()
    if token.replace(".", "").isdigit():
        # "1. Introduction" at the start of a sentence is a mark of a list.
        opens = not text[begin : at - len(token)].strip() if at - begin < 8 else False
        return not opens and word.lower() not in _GERMAN_AFTER_ORDINAL
    key = token.lower()
    if key in _NEVER or (len(token) == 1 and token.isupper()):
        return False
    if key in _BEFORE_NUMBER:
        return not word[:1].isdigit()
    if len(token) == 1 and token.isascii() and at - begin < 8 and not text[begin : at - 1].strip():
        return False  # "a. first point"
    if key in _MAYBE or _POINTED.fullmatch(token):
        return word.lower() in _OPENERS
    return True
