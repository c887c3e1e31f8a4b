"""Cut an article into chunks: an article in, pieces with offsets out.

A chunk is a run of whole sentences of at most ``max_chars`` characters under one heading.
``article.text[chunk.start:chunk.end] == chunk.text``, and every character of the article that is
neither white space nor part of a heading lies in exactly one chunk. A heading is context of the
chunks below it (``Chunk.headings``); one with no text below it anywhere becomes a chunk, so that
it can still be found.

The module knows nothing of tokens or of the model that will read the chunks: the limit is in
characters.
"""

import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from index.article import Article, Chunk, Heading
from index.sentences import sentences

__all__ = ["chunk_article"]

# What it costs to break before a piece, by what stands there. The scale is that of _cost: a
# chunk that is empty costs 1 more than a full one.
_AT_BLANK_LINE = 0.0
_AT_LINE = 0.05
_AT_SENTENCE = 0.3
_INSIDE_SENTENCE = 1.0
# What every chunk costs, so that two small paragraphs share one.
_PER_CHUNK = 0.5
# A piece shorter than this share of a chunk is joined to its neighbour before borders are
# weighed: a short line (一、背景) stays with what it introduces, and no input has many choices.
_TINY = 1 / 16

_CLAUSE_MARKS = frozenset("，、；：,;:︰﹐﹑؛،—")


@dataclass(frozen=True, slots=True)
class _Piece:
    """A sentence, a part of one, or some tiny ones; ``border`` is the cost to break before it."""

    start: int
    end: int
    border: float


def chunk_article(article: Article, *, max_chars: int) -> list[Chunk]:
    """Cut an article into chunks of at most ``max_chars`` characters, in order.

    Borders fall where they cost least: between paragraphs rather than between sentences, and
    inside a sentence only when it alone exceeds the limit. The lengths are balanced, so that no
    crumb remains at the end.

    Raises:
        ValueError: ``max_chars`` is less than 1.
    """
    if max_chars < 1:
        raise ValueError(f"max_chars must be at least 1, not {max_chars}")
    text = article.text
    headings = _headings(article)
    paths = _paths(headings)
    spans: list[tuple[int, int, tuple[int, ...]]] = []  # start, end, indexes of the headings
    used: set[int] = set()
    borders = [0, *(heading.end for heading in headings)]
    stops = [*(heading.start for heading in headings), len(text)]
    for number, (start, end) in enumerate(zip(borders, stops, strict=True)):
        path = paths[number - 1] if number else ()
        found = _pack(_pieces(text, start, end, max_chars=max_chars), max_chars=max_chars)
        spans.extend((a, b, path) for a, b in found)
        if found:
            used.update(path)
    # Backwards: a heading that becomes a chunk has those above it as its context.
    for number in range(len(headings) - 1, -1, -1):
        if number not in used:
            above = paths[number][:-1]
            used.update(above)
            heading = headings[number]
            pieces = _pieces(text, heading.start, heading.end, max_chars=max_chars)
            spans.extend((a, b, above) for a, b in _pack(pieces, max_chars=max_chars))
    return [
        Chunk(
            id=f"{article.id}:{start}-{end}",
            article_id=article.id,
            start=start,
            end=end,
            text=text[start:end],
            headings=tuple(text[headings[n].start : headings[n].end].strip() for n in path),
        )
        for start, end, path in sorted(spans)
    ]


def _headings(article: Article) -> list[Heading]:
    """The headings in order, without overlaps and without those that hold no character."""
    kept: list[Heading] = []
    at = 0
    for heading in sorted(article.headings, key=lambda h: (h.start, h.end, h.level)):
        start, end = max(heading.start, at), min(heading.end, len(article.text))
        if start < end and not article.text[start:end].isspace():
            kept.append(Heading(start, end, heading.level))
            at = end
    return kept


def _paths(headings: list[Heading]) -> list[tuple[int, ...]]:
    """For each heading the indexes of those it stands under, outermost first, and its own."""
    paths: list[tuple[int, ...]] = []
    stack: list[int] = []
    for number, heading in enumerate(headings):
        while stack and headings[stack[-1]].level >= heading.level:
            stack.pop()
        stack.append(number)
        paths.append(tuple(stack))
    return paths


def _pieces(text: str, start: int, end: int, *, max_chars: int) -> list[_Piece]:
    """Split ``text[start:end]`` into sentences, and those that are too long into parts."""
    pieces: list[_Piece] = []
    before = start
    for a, b in sentences(text, start, end):
        lines = len(text[before:a].splitlines()) if before < a else 0
        border = _AT_SENTENCE
        if _has_line_end(text, before, a):
            border = _AT_BLANK_LINE if lines > 2 else _AT_LINE
        parts = list(_cut(text, a, b, max_chars=max_chars))
        for number, (first, last) in enumerate(parts):
            pieces.append(_Piece(first, last, _INSIDE_SENTENCE if number else border))
        before = b
    return _join_tiny(pieces, max_chars=max_chars)


_LINE_END = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")


def _has_line_end(text: str, start: int, end: int) -> bool:
    return _LINE_END.search(text, start, end) is not None


def _join_tiny(pieces: list[_Piece], *, max_chars: int) -> list[_Piece]:
    """Join a tiny piece to the next when it opens a line, else to the one before."""
    tiny = max(2, int(max_chars * _TINY))
    joined: list[_Piece] = []
    for piece in pieces:
        last = joined[-1] if joined else None
        if (
            last is not None
            and piece.end - last.start <= max_chars
            and (
                (last.end - last.start < tiny and last.border <= _AT_LINE)
                or (piece.end - piece.start < tiny and piece.border > _AT_LINE)
            )
        ):
            joined[-1] = _Piece(last.start, piece.end, last.border)
        else:
            joined.append(piece)
    return joined


def _pack(pieces: list[_Piece], *, max_chars: int) -> list[tuple[int, int]]:
    """Choose the borders between pieces that cost least in all (the shortest path)."""
    costs = [0.0] + [math.inf] * len(pieces)
    previous = [0] * (len(pieces) + 1)
    for first, piece in enumerate(pieces):
        here = costs[first] + _PER_CHUNK + (piece.border if first else 0.0)
        for last in range(first, len(pieces)):
            length = pieces[last].end - piece.start
            if length > max_chars:
                break
            cost = here + (1 - length / max_chars) ** 2
            if cost < costs[last + 1]:
                costs[last + 1], previous[last + 1] = cost, first
    spans: list[tuple[int, int]] = []
    after = len(pieces)
    while after:
        first = previous[after]
        spans.append((pieces[first].start, pieces[after - 1].end))
        after = first
    return spans[::-1]


def _cut(text: str, start: int, end: int, *, max_chars: int) -> Iterator[tuple[int, int]]:
    """Cut a sentence into parts of at most ``max_chars``; a short one comes back whole."""
    while end - start > max_chars:
        # Parts of equal length as far as the text allows: no crumb after the last cut.
        remaining = end - start
        ideal = math.ceil(remaining / math.ceil(remaining / max_chars))
        at = _cut_point(text, start, low=start + (ideal + 1) // 2, high=start + max_chars)
        stop = at
        while stop > start and text[stop - 1].isspace():
            stop -= 1
        if stop > start:
            yield start, stop
        start = at
        while start < end and text[start].isspace():
            start += 1
    if start < end:
        yield start, end


def _cut_point(text: str, start: int, *, low: int, high: int) -> int:
    """Find the best place to cut in (start, high], not before ``low`` if that can be."""
    for at in range(high, low - 1, -1):
        if text[at - 1] in _CLAUSE_MARKS and not _in_number(text, at) and not _joined(text, at):
            return at
    for at in range(high, low - 1, -1):
        if (text[at - 1].isspace() or text[at].isspace()) and not _joined(text, at):
            return at
    for at in range(high, start, -1):
        if not _in_word(text, at) and not _in_number(text, at) and not _joined(text, at):
            return at
    for at in range(high, start, -1):
        if not _joined(text, at):
            return at
    return high


def _in_number(text: str, at: int) -> bool:
    """Tell whether a cut before ``at`` would part a number: 98|.|68|%, 1,|234."""
    before, after = text[at - 1], text[at]
    if before.isdigit():
        return (
            after.isdigit()
            or after in "%％‰"
            or (after in ".,:：．，" and text[at + 1 : at + 2].isdigit())
        )
    return (
        after.isdigit()
        and before in ".,:：．，-+$¥￥€£"
        and (before in "-+$¥￥€£" or text[at - 2 : at - 1].isdigit())
    )


def _in_word(text: str, at: int) -> bool:
    """Tell whether a cut before ``at`` would part a word of a script that has spaces."""
    return _is_letter(text[at - 1]) and _is_letter(text[at])


def _is_letter(char: str) -> bool:
    # Han and kana have no case and no spaces; Hangul and the others below them do.
    return char.isalnum() and (char < "\u2e80" or "\uac00" <= char <= "\ud7a3" or char >= "\uff10")


def _joined(text: str, at: int) -> bool:
    """Tell whether the characters around ``at`` are one to the reader (a grapheme cluster).

    After Unicode Standard Annex 29, with half-width kana marks; Indic conjuncts are not kept.
    """
    before, after = text[at - 1], text[at]
    if before.isascii() and after.isascii():
        return before == "\r" and after == "\n"
    if "\u200d" in (before, after) or "\uff9e" <= after <= "\uff9f":
        return True
    if unicodedata.category(after) in ("Mn", "Mc", "Me"):
        return True
    if "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f":
        return True
    if "\ud800" <= before <= "\udbff" and "\udc00" <= after <= "\udfff":
        return True
    if "\u1100" <= before <= "\u11ff" and "\u1160" <= after <= "\u11ff":
        return True
    if _is_flag_half(before) and _is_flag_half(after):
        # Flags are pairs: the cut is wrong after an odd number of halves. Looking back over
        # more flags than anybody writes in a row would cost more than a wrong cut.
        halves = 0
        while halves < 64 and at - 1 - halves >= 0 and _is_flag_half(text[at - 1 - halves]):
            halves += 1
        return halves % 2 == 1
    return False


def _is_flag_half(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"
