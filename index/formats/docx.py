"""DOCX: paragraphs, headings and tables in the order of the document.

Comes in: bytes. Goes out: blocks and the document's properties. Runs in the guarded child. The
archive is measured before anything is unpacked: 300 KB can hold gigabytes.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from index.errors import UnreadableError
from index.formats.parsed import Block, Fields, Kind, Parsed
from index.formats.pdf import is_empty_title
from index.metadata import split_tags

__all__ = ["check_archive", "parse"]

_MAX_UNPACKED = 200 * 1024 * 1024
# Text compresses ten times, markup thirty; a bomb a thousand times.
_MAX_RATIO = 150
_RATIO_FROM = 5 * 1024 * 1024
_MAX_FILES = 10_000
# The creation date in the template that python-docx writes into every file.
_TEMPLATE_DATE = date(2013, 12, 23)

_HEADING_STYLE = re.compile(r"^(?:heading|标题|標題|見出し|제목)\s*(\d)", re.IGNORECASE)


def parse(data: bytes) -> Parsed:
    """Take a DOCX document apart.

    Raises:
        UnreadableError: no DOCX, broken, encrypted, or a bomb.
    """
    check_archive(data)
    import docx
    from docx.opc.exceptions import PackageNotFoundError

    try:
        document = docx.Document(io.BytesIO(data))
    except (PackageNotFoundError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise UnreadableError(f"not a readable DOCX document: {error}") from None
    blocks = list(_blocks(document))
    if not any(b.text.strip() for b in blocks):
        raise UnreadableError("the DOCX document has no text")
    title = next((b.text for b in blocks if b.kind is Kind.HEADING and b.level == 0), None)
    blocks = [
        Block(b.text, b.kind, level=max(1, b.level)) if b.kind is Kind.HEADING else b
        for b in blocks
    ]
    return Parsed(tuple(blocks), _fields(document.core_properties, title))


def check_archive(data: bytes) -> None:
    """Refuse what is no DOCX archive, or would unpack to more than a document can be."""
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableError("an old .doc file or an encrypted document; save it as plain .docx")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise UnreadableError(f"not a DOCX document: {error}") from None
    size = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if len(entries) > _MAX_FILES or size > _MAX_UNPACKED:
        raise UnreadableError(
            f"the DOCX archive unpacks to {size / 2**20:,.0f} MB in {len(entries)} files; refused"
        )
    if size > _RATIO_FROM and size > _MAX_RATIO * max(1, packed):
        raise UnreadableError(
            f"the DOCX archive unpacks to {size / max(1, packed):,.0f} times its size; refused"
        )


def _blocks(document: Any) -> Iterator[Block]:  # noqa: ANN401 - python-docx is untyped
    for part in document.iter_inner_content():
        if hasattr(part, "rows"):
            yield from _rows(part)
        elif part.text.strip():
            yield _paragraph(part)


def _paragraph(paragraph: Any) -> Block:  # noqa: ANN401
    style = (paragraph.style.name or "") if paragraph.style is not None else ""
    text: str = paragraph.text
    if style in ("Title", "标题", "標題"):
        return Block(text, Kind.HEADING, level=0)
    match = _HEADING_STYLE.match(style)
    level = int(match[1]) if match else _outline_level(paragraph)
    if level:
        return Block(text, Kind.HEADING, level=min(6, level))
    if style.startswith(("List", "列表", "清單")) or _is_numbered(paragraph):
        return Block(text, Kind.ITEM)
    bold = all(run.bold for run in paragraph.runs if run.text.strip()) and bool(paragraph.runs)
    return Block(text, bold=bold)


def _outline_level(paragraph: Any) -> int:  # noqa: ANN401
    found = paragraph._p.xpath("./w:pPr/w:outlineLvl/@w:val")
    return int(found[0]) + 1 if found and found[0].isdigit() and int(found[0]) < 6 else 0


def _is_numbered(paragraph: Any) -> bool:  # noqa: ANN401
    return bool(paragraph._p.xpath("./w:pPr/w:numPr"))


def _rows(table: Any) -> Iterator[Block]:  # noqa: ANN401
    for row in table.rows:
        cells = []
        before = None
        for cell in row.cells:
            # A merged cell comes once for every column that it spans.
            if cell._tc is not before:
                cells.append(" ".join(cell.text.split()))
            before = cell._tc
        if any(cells):
            yield Block(" | ".join(cells), Kind.ROW)


def _fields(properties: Any, title: str | None) -> Fields:  # noqa: ANN401
    stated = " ".join((properties.title or "").split())
    author = " ".join((properties.author or "").split())
    created = properties.created
    day = created.date() if isinstance(created, datetime) else None
    return Fields(
        title=title or (None if is_empty_title(stated) else stated),
        author=None if author in ("", "python-docx") else author,
        created=None if day == _TEMPLATE_DATE else day,
        language=properties.language or None,
        tags=split_tags(properties.keywords or ""),
    )
