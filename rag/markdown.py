"""The decoration that models put around their sentences, taken off: a line in, its parts out.

Only what the prompt asks a model not to write, and it writes anyway: bullets, headings, bold type,
links, tables, quotes, code fences. Not a Markdown parser: nothing here needs a whole document.
"""

import re
from dataclasses import dataclass

__all__ = ["Line", "decided", "plain", "read_line"]

_BULLET = re.compile(
    r"\s*(?:[-*+•‣▪·●○–—]\s+|\[[ xX]\]\s+|[0-9]{1,2}(?:[.)．）]\s+|、\s*)|[（(][0-9]{1,2}[）)]\s*"
    r"|[①-⑳]\s*|[一二三四五六七八九十]{1,3}、\s*)"
)
_QUOTE = re.compile(r"\s*(?:>\s*)+")
_HEADING = re.compile(r"\s*#{1,6}\s+")
_BOLD_LINE = re.compile(r"\s*\*\*(?P<text>[^*]{1,60})\*\*\s*[:：]?\s*")
_BOLD_GOES_ON = re.compile(r"\*\*(?:[^*]{61}|[^*]*\*\*\s*[:：]?\s*[^\s:：*])")
_SKIPPED = re.compile(r"\s*(?:```|~~~).*|\s*(?:[-*_=]\s*){3,}|[\s|:+-]*\|[\s|:+-]*")
_ROW = re.compile(r"\s*\|(?P<cells>.*?)\|?\s*")
_LONGEST_PREFIX = 8
_MAY_BEGIN = re.compile(r"[-*+•‣▪·●○–—\[0-9(（①-⑳一二三四五六七八九十>#|`~_=]")

_IMAGE = re.compile(r"!\[[^\]]*\]\([^)\s]*\)")
_LINK = re.compile(r"\[([^\]]*)\]\((?:https?:|mailto:|/|#)[^)\s]*\)")
_EMPHASIS = re.compile(r"(?<![\w*])\*(?=\S)([^*]+?)(?<=\S)\*(?![\w*])")
_MARKS = re.compile(r"\*\*|__|~~|`+|</?(?:b|i|u|em|strong|p|sup|sub|span|ul|ol|li|br)\s*/?>", re.I)


@dataclass(frozen=True, slots=True)
class Line:
    """What a line is: its text begins at ``start``.

    ``heading`` is its text where it is one, else None. ``skipped``: there is no text in it.
    """

    start: int = 0
    item: bool = False
    heading: str | None = None
    skipped: bool = False


def decided(line: str) -> bool:
    """Tell whether the beginning of a line shows what it is, while the rest is still to come."""
    begun = line.lstrip()
    if begun.startswith(("#", "|", "```", "~~~")):
        return False  # known by their ends
    if begun.startswith("**"):
        return bool(_BOLD_GOES_ON.match(begun))
    return len(begun) >= _LONGEST_PREFIX or bool(begun and not _MAY_BEGIN.match(begun))


def read_line(line: str, *, whole: bool) -> Line:
    """Find out what a line is; only a whole one can be a heading or have no text at all."""
    if whole and _SKIPPED.fullmatch(line) and line.strip():
        return Line(skipped=True)
    quote = _QUOTE.match(line)
    start = quote.end() if quote else 0
    if whole:
        if heading := _HEADING.match(line, start):
            return Line(heading=plain(line[heading.end() :]).strip(" #:："))
        if bold := _BOLD_LINE.fullmatch(line, start):
            return Line(heading=bold["text"].strip(" :："))
    if row := _ROW.fullmatch(line, start):
        return Line(row.start("cells"), item=True)
    if bullet := _BULLET.match(line, start):
        return Line(bullet.end(), item=True)
    return Line(start)


def plain(text: str) -> str:
    """A sentence without bold type, code marks, links, images and the edges of table cells.

    >>> plain("**工行** 的 `利率` 是 [3.5%](https://example.com)")
    '工行 的 利率 是 3.5%'
    """
    text = _LINK.sub(r"\1", _IMAGE.sub("", text))
    text = _MARKS.sub("", _EMPHASIS.sub(r"\1", text))
    return text.strip().strip("|").strip()
