"""A report's blocks as one HTML page that opens offline: no script, nothing from elsewhere.

The style sheet (``report.css``) is written into the page. A policy in the page's head forbids
scripts and every connection, so that even a hole in the escaping could not be used.
"""

from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from eval.document import (
    Block,
    Cell,
    Columns,
    Facts,
    Figure,
    Fold,
    Heading,
    Notice,
    Passage,
    Table,
    Text,
    cells_of,
)
from eval.markup import Markup, tag

__all__ = ["page"]

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_MARK_TITLES = {"cited": "cited", "gold": "gold", "both": "cited, and gold"}


def page(title: str, blocks: Iterable[Block]) -> str:
    """The whole page."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("style", Markup(_style())),
    )
    body = tag("body", tag("main", *map(_html, blocks)))
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


@cache
def _style() -> str:
    return files("eval").joinpath("report.css").read_text(encoding="utf-8")


def _html(block: Block) -> Markup:
    match block:
        case Heading(text, level):
            return tag(f"h{level}", text)
        case Text(text, tone):
            return tag("p", text, class_=tone or None)
        case Notice(text, tone):
            return tag("p", text, class_=f"notice {tone}")
        case Facts(pairs):
            rows = [tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs]
            return tag("dl", *rows, class_="facts")
        case Table():
            return _table(block)
        case Figure(drawing, caption, told):
            below = tag("figcaption", tag("b", caption), f" {told}" if told else "")
            return tag("figure", drawing, below)
        case Passage(title, spans, kind):
            inner = [
                tag("mark", s.text, class_=s.mark, title=_MARK_TITLES[s.mark]) if s.mark else s.text
                for s in spans
            ]
            head = tag("p", title, class_="source")
            return tag("div", head, tag("blockquote", *inner), class_=kind)
        case Fold(title, inner_blocks, note, is_open):
            summary = tag(
                "summary",
                tag("span", title, class_="title"),
                *([tag("span", note, class_="note")] if note else []),
            )
            return tag("details", summary, *map(_html, inner_blocks), open="" if is_open else None)
        case Columns(inner_blocks):
            return tag("div", *map(_html, inner_blocks), class_="columns")


def _table(table: Table) -> Markup:
    # A drawing needs no words for its column, and a cell without words is no header.
    head = tag(
        "tr",
        *(
            tag("th", name, scope="col", class_=_kind(i, table)) if name else tag("td")
            for i, name in enumerate(table.head)
        ),
    )
    rows = [
        tag("tr", *(_cell(cell, i, table) for i, cell in enumerate(row))) for row in cells_of(table)
    ]
    caption = [tag("caption", table.caption)] if table.caption else []
    inner = tag("table", *caption, tag("thead", head), tag("tbody", *rows))
    # Scrolls by itself where the screen is narrow, by keyboard too. A group: as a region each
    # table would be a landmark of the page.
    label = table.caption or table.head[0]
    return tag("div", inner, class_="scroll", tabindex="0", role="group", aria_label=label)


def _cell(cell: Cell, column: int, table: Table) -> Markup:
    shown = cell.drawing if cell.drawing is not None else cell.text
    kind = " ".join(filter(None, (_kind(column, table), cell.tone)))
    if column == 0:
        return tag("th", shown, scope="row", class_=kind or None)
    return tag("td", shown, class_=kind or None)


def _kind(column: int, table: Table) -> str | None:
    return "words" if column == 0 or column in table.words else "figure"
