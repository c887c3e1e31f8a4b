"""Plain text: one line is one paragraph, unless the lines were wrapped at a column.

Comes in: decoded text. Goes out: its lines as blocks. Knows nothing of titles or credits.
"""

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

from index.formats.parsed import Block, Kind, Parsed

__all__ = ["is_wrapped", "join_lines", "parse", "width"]

_BULLET = re.compile(r"^\s*(?:[-*•●·◆■]|[+](?=\s))\s*\S")
_ENDS_SENTENCE = re.compile("[。！？；…：.!?:;][”’」』\"')）\\]]*$")
_WIDE = "[\u2e80-\u303f\u3041-\u30ff\u3400-\u9fff\uff01-\uffef“”‘’…—]"
_SEAM = re.compile(f"(?<={_WIDE})[ \t]*\n[ \t]*|\n[ \t]*(?={_WIDE})")


def parse(text: str) -> Parsed:
    """Take a plain text apart."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    paragraphs = _unwrap(lines) if is_wrapped(lines) else lines
    blocks = []
    for line in paragraphs:
        kind = Kind.ITEM if _BULLET.match(line) else Kind.PARAGRAPH
        blocks.append(Block(line, kind))
    return Parsed(tuple(blocks))


def width(text: str) -> int:
    """How many columns a line takes: two for a full-width character."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def join_lines(text: str) -> str:
    r"""Undo line breaks inside a paragraph: nothing between Chinese characters, else one space.

    >>> join_lines("远程\n银行 and its\ncustomers")
    '远程银行 and its customers'
    """
    return _SEAM.sub("", text).replace("\n", " ")


def is_wrapped(lines: Sequence[str]) -> bool:
    """Tell whether lines were broken at a column and not where a paragraph ends.

    Most lines that another follows are nearly as long as the longest ones, and most of those
    stop in the middle of a sentence.
    """
    inner = [line.rstrip() for line, after in pairwise(lines) if line.strip() and after.strip()]
    if len(inner) < 3:
        return False
    widths = sorted(width(line) for line in inner)
    column = widths[int(0.9 * (len(widths) - 1))]
    if not 24 <= column <= 110 or widths[-1] > 1.3 * column:
        return False
    full = [line for line in inner if width(line) >= 0.75 * column]
    open_ended = [line for line in full if not _ENDS_SENTENCE.search(line)]
    return len(full) >= 0.6 * len(inner) and len(open_ended) >= 0.5 * len(full)


def _unwrap(lines: Sequence[str]) -> list[str]:
    """Join the lines of each paragraph: it ends at an empty, an indented or a short line."""
    column = max(width(line.rstrip()) for line in lines)
    paragraphs: list[str] = []
    current: list[str] = []
    for line in lines:
        starts = line[:1] in " \t\u3000" or _BULLET.match(line)
        if current and (not line.strip() or starts):
            paragraphs.append(join_lines("\n".join(current)))
            current = []
        if line.strip():
            current.append(line.strip())
            if width(line.rstrip()) < 0.6 * column:
                paragraphs.append(join_lines("\n".join(current)))
                current = []
    if current:
        paragraphs.append(join_lines("\n".join(current)))
    return paragraphs
