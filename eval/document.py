"""A report as blocks, and the same blocks as text for a terminal and as Markdown.

What is told is decided once (``eval.report``, ``eval.compare_report``, ``eval.sweep``); this and
``eval.page`` (HTML) only set it. No block knows of runs or metrics.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from eval.markup import Markup

__all__ = [
    "Block",
    "Cell",
    "Columns",
    "Facts",
    "Figure",
    "Fold",
    "Heading",
    "Notice",
    "Passage",
    "Span",
    "Table",
    "Text",
    "Tone",
    "cells_of",
    "counted",
    "markdown",
    "terminal",
]

Tone = Literal["", "good", "bad", "quiet"]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; level 1 is the title of the whole."""

    text: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    text: str
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A paragraph that must not be missed."""

    text: str
    tone: Tone = "bad"


@dataclass(frozen=True, slots=True)
class Facts:
    """Names with their values."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell. ``drawing`` is shown in its place where pictures can be."""

    text: str
    tone: Tone = ""
    drawing: Markup | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table. The first column is text, columns in ``words`` too; the others are figures.

    A column whose cells are all drawings without a text is left out where there are no pictures.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[Cell | str, ...], ...]
    caption: str = ""
    words: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing; ``told`` says in words what it shows."""

    drawing: Markup
    caption: str
    told: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a passage; ``mark`` says what it is, "" for plain text."""

    text: str
    mark: Literal["", "cited", "gold", "both"] = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of an article or an answer, with marks, under its title."""

    title: str
    spans: tuple[Span, ...]
    kind: Literal["passage", "answer"] = "passage"


@dataclass(frozen=True, slots=True)
class Fold:
    """Blocks under a line that opens them."""

    title: str
    blocks: tuple["Block", ...]
    note: str = ""
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Columns:
    """Blocks side by side where there is room."""

    blocks: tuple["Block", ...]


Block = Heading | Text | Notice | Facts | Table | Figure | Passage | Fold | Columns

_MARKS = {"": ("", ""), "cited": ("⟦", "⟧"), "gold": ("«", "»"), "both": ("⟦«", "»⟧")}
_MAX_COLUMNS = 44  # of a cell on a terminal, where two answers stand side by side
# What Markdown would read as markup inside a line.
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>|#~&])")


def counted(count: int, thing: str) -> str:
    """A number with its noun.

    >>> counted(1, "case"), counted(1200, "case")
    ('1 case', '1,200 cases')
    """
    return f"{count:,} {thing}" + ("" if count == 1 else "s")


def cells_of(table: Table) -> list[list[Cell]]:
    """The rows with every cell a :class:`Cell`."""
    return [[c if isinstance(c, Cell) else Cell(c) for c in row] for row in table.rows]


def terminal(blocks: Iterable[Block]) -> str:
    """The blocks as plain text; pictures are left out."""
    return "\n".join(_terminal(blocks)).strip("\n") + "\n"


def markdown(blocks: Iterable[Block]) -> str:
    """The blocks as Markdown; texts are escaped, pictures are told in words."""
    return re.sub(r"\n{3,}", "\n\n", "\n".join(_markdown(blocks))).strip("\n") + "\n"


def _terminal(blocks: Iterable[Block]) -> Iterable[str]:
    for block in blocks:
        match block:
            case Heading(text, level):
                yield f"\n{text}"
                if level == 1:
                    yield "=" * _width(text)
            case Text(text) | Notice(text):
                yield text
            case Facts(pairs):
                widest = max((_width(name) for name, _ in pairs), default=0)
                yield from (f"{_pad(name, widest)}  {value}" for name, value in pairs)
            case Table():
                yield from _terminal_table(block)
            case Figure():
                pass
            case Passage(title, spans):
                yield f"    {title}"
                yield f"      {_one_line(_marked(spans))}"
            case Fold(title, inner, note):
                yield f"\n- {title}" + (f"  ({note})" if note else "")
                yield from _terminal(inner)
            case Columns(inner):
                yield from _terminal(inner)


def _terminal_table(table: Table) -> Iterable[str]:
    table = _without_pictures(table)
    head, rows = table.head, [[cell.text for cell in row] for row in cells_of(table)]
    lines = [[_cut(text) for text in line] for line in (head, *rows)]
    widths = [max(_width(line[i]) for line in lines) for i in range(len(head))]
    yield ""
    if table.caption:
        yield table.caption
    for line in lines:
        yield "  ".join(
            _pad(text, width, right=i > 0 and i not in table.words)
            for i, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()


def _markdown(blocks: Iterable[Block]) -> Iterable[str]:
    for block in blocks:
        match block:
            case Heading(text, level):
                yield f"\n{'#' * level} {_escaped(text)}\n"
            case Text(text):
                yield f"\n{_escaped(text)}\n"
            case Notice(text):
                yield f"\n> **{_escaped(text)}**\n"
            case Facts(pairs):
                yield ""
                yield from (f"- {_escaped(name)}: {_escaped(value)}" for name, value in pairs)
                yield ""
            case Table():
                yield from _markdown_table(block)
            case Figure(_, caption, told):
                if told:
                    yield f"\n{_escaped(caption)} {_escaped(told)}\n"
            case Passage(title, spans):
                yield f"\n{_escaped(title)}\n\n> {_escaped(_one_line(_marked(spans)))}\n"
            case Fold(title, inner, note):
                yield f"\n#### {_escaped(title)}\n"
                if note:
                    yield f"{_escaped(note)}\n"
                yield from _markdown(inner)
            case Columns(inner):
                yield from _markdown(inner)


def _markdown_table(table: Table) -> Iterable[str]:
    table = _without_pictures(table)
    head, rows = table.head, [[cell.text for cell in row] for row in cells_of(table)]
    yield ""
    if table.caption:
        yield f"{_escaped(table.caption)}\n"
    yield "| " + " | ".join(map(_escaped, head)) + " |"
    yield (
        "|"
        + "|".join("---" if i == 0 or i in table.words else "---:" for i in range(len(head)))
        + "|"
    )
    for row in rows:
        yield "| " + " | ".join(map(_escaped, row)) + " |"
    yield ""


def _without_pictures(table: Table) -> Table:
    """The table without the columns that hold drawings alone, every cell on one line."""
    rows = [[_one_line(cell.text) for cell in row] for row in cells_of(table)]
    kept = [i for i, name in enumerate(table.head) if name or any(row[i] for row in rows)]
    return Table(
        head=tuple(table.head[i] for i in kept),
        rows=tuple(tuple(row[i] for i in kept) for row in rows),
        caption=table.caption,
        words=frozenset(n for n, i in enumerate(kept) if i in table.words),
    )


def _marked(spans: Sequence[Span]) -> str:
    return "".join(f"{_MARKS[s.mark][0]}{s.text}{_MARKS[s.mark][1]}" for s in spans)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _escaped(text: str) -> str:
    """Text inside a Markdown line. A first character that would begin a list is escaped too."""
    line = _MARKDOWN.sub(r"\\\1", _one_line(text))
    return re.sub(r"^(\d*)([-+.)])(?=\s)", r"\1\\\2", line)


def _width(text: str) -> int:
    """Columns on a terminal: Han characters take two."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def _cut(text: str) -> str:
    """At most so many columns of a text in a table."""
    if _width(text) <= _MAX_COLUMNS:
        return text
    kept = text[:_MAX_COLUMNS]
    while _width(kept) > _MAX_COLUMNS - 1:
        kept = kept[:-1]
    return kept + "…"


def _pad(text: str, width: int, *, right: bool = False) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space
