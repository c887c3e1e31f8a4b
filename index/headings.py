"""Which lines of a document are headings, where no markup says so.

Two rules. A numbered line on its own ("一、…", "(二)…", "1.…", "第三章 …") heads what follows
when that is running text or a deeper number; three in a row are a list. A short line without the
marks of a sentence is a heading when running text follows it and it follows running text;
captions and bylines are none.

Comes in: the cleaned blocks. Goes out: the same blocks, some of them now headings with a level.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from index.clean import is_prose
from index.fold import fold
from index.formats.parsed import Block, Kind
from index.metadata import is_byline

__all__ = ["find_headings"]

_MAX_NUMBERED = 40
_MAX_PLAIN = 32
_MAX_PLAIN_LATIN = 80

_DIGITS = "零〇一二三四五六七八九十百"
# Outermost first: this order decides the levels. On folded text.
_STYLES = (
    re.compile(rf"^第[{_DIGITS}\d]{{1,4}}[章篇编部]"),
    re.compile(rf"^第[{_DIGITS}\d]{{1,4}}节"),
    re.compile(rf"^[{_DIGITS}]{{1,3}}[、.:]\s*\S"),
    re.compile(rf"^\([{_DIGITS}]{{1,3}}\)\s*\S"),
    re.compile(r"^\d{1,2}(?:[、]|\.(?!\d)|\s+(?=[^\d\s]))\s*\S"),
    re.compile(r"^\d{1,2}\.\d{1,2}\.?(?!\d)\s*[^\d\s%]"),
    re.compile(r"^\(?\d{1,2}\)\s*\S"),
    re.compile(r"^[①-⑳]\s*\S"),
)
_PLAIN = -1
_CAPTION = re.compile(r"^(?:图|表|附图|附表|照片|figure|fig\.?|table)\s*[\d一二三四五六七八九十]")
_NO_HEADING = re.compile(r"[。!?;…]|[,、:]$|\.{2,}$|https?://|@|\s[|]\s|[a-z]\.$")
_MIN_SENTENCE = 20
_SENTENCE_END = re.compile(r"(?:[。!?;…]|[a-z]\.)[”’」』\"')\]]*$")
_DIALOGUE = re.compile(r"^[^\s:]{1,8}:.*$")


def find_headings(blocks: Sequence[Block]) -> list[Block]:
    """Mark the headings that carry no markup; a document with marked headings stays as it is."""
    if any(b.kind is Kind.HEADING for b in blocks):
        return list(blocks)
    styles = _styles(blocks)
    levels = _levels(styles)
    return [
        block if level is None else replace(block, kind=Kind.HEADING, level=level)
        for block, level in zip(blocks, levels, strict=True)
    ]


def _styles(blocks: Sequence[Block]) -> list[int | None]:
    """For each block the style of heading it is (a place in _STYLES or _PLAIN), or None."""
    folded = [fold(b.text) for b in blocks]
    styles: list[int | None] = [_numbered(b, t) for b, t in zip(blocks, folded, strict=True)]
    # From below: whether a number heads anything depends on what stands under it.
    for i in range(len(blocks) - 1, -1, -1):
        style = styles[i]
        if style is None:
            continue
        below = styles[i + 1] if i + 1 < len(blocks) else None
        leads = below is not None and below > style
        if not (leads or (i + 1 < len(blocks) and below is None and _is_body(blocks[i + 1]))):
            styles[i] = None
    for i in range(len(blocks) - 2, -1, -1):
        if styles[i] is None and _plain(blocks, folded, styles, i):
            styles[i] = _PLAIN
    return styles


def _numbered(block: Block, text: str) -> int | None:
    if block.kind is not Kind.PARAGRAPH or len(text) > _MAX_NUMBERED or _NO_HEADING.search(text):
        return None
    return next((i for i, style in enumerate(_STYLES) if style.match(text)), None)


def _is_body(block: Block) -> bool:
    return block.kind in (Kind.ITEM, Kind.ROW, Kind.CODE) or is_prose(block.text)


def _is_sentence(block: Block) -> bool:
    """Running text, be it one sentence."""
    if is_prose(block.text):
        return True
    return len(block.text) >= _MIN_SENTENCE and _SENTENCE_END.search(fold(block.text)) is not None


def _plain(
    blocks: Sequence[Block], folded: Sequence[str], styles: Sequence[int | None], i: int
) -> bool:
    """A short line between prose and longer prose, or one that is set in bold."""
    block, text = blocks[i], folded[i]
    limit = _MAX_PLAIN_LATIN if text.isascii() else _MAX_PLAIN
    if block.kind is not Kind.PARAGRAPH or not 2 <= len(text) <= limit:
        return False
    if _NO_HEADING.search(text) or _CAPTION.match(text) or not any(map(str.isalpha, text)):
        return False
    if is_byline(block.text):
        return False
    if (
        text.startswith(("(", "【", "[", "*", "-", "注", "“"))
        and not block.bold
        and (text[0] != "“" or text.endswith("”"))
    ):
        return False
    after, style_after = blocks[i + 1], styles[i + 1]
    leads = style_after is not None or (_is_sentence(after) and len(after.text) > len(block.text))
    if block.bold:
        return leads
    if not leads or style_after == _PLAIN:
        return False
    # A name and a colon begin a turn of a dialogue, unless what follows is no turn itself.
    if _DIALOGUE.match(text) and _DIALOGUE.match(folded[i + 1][:12]):
        return False
    before = blocks[i - 1] if i else None
    return before is None or _is_sentence(before) or before.kind is not Kind.PARAGRAPH


def _levels(styles: Sequence[int | None]) -> list[int | None]:
    """Rank the styles that occur, outermost 1; a plain heading under a plain one is deeper."""
    numbered = sorted({s for s in styles if s is not None and s != _PLAIN})
    first = next((s for s in styles if s is not None), None)
    shift = 1 if first == _PLAIN else 0
    rank = {style: 1 + shift + i for i, style in enumerate(numbered)}
    levels: list[int | None] = []
    run = 0
    for style in styles:
        if style == _PLAIN:
            run += 1
            levels.append(min(run, 6))
        else:
            run = 0
            levels.append(None if style is None else min(rank[style], 6))
    return levels
