"""PDF: the text layer of every page, with lines joined to paragraphs.

Comes in: bytes. Goes out: blocks and the document's own title and author. Runs in the guarded
child. A scan has no text layer, and says so.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from index.clean import clean_line
from index.dates import parse_date
from index.errors import UnreadableError
from index.formats.parsed import Block, Fields, Parsed
from index.formats.plain import join_lines, width

__all__ = ["is_empty_title", "join_pages", "parse"]

_MAX_PAGES = 5000
_MAX_CHARS = 20_000_000
# A line that stands at the edge of this share of the pages is a running head.
_REPEATED = 0.5
_EDGE_LINES = 2

_PAGE_NUMBER = re.compile(
    r"^(?:[-–—·\s]*\d{1,4}[-–—·\s]*|第\s*[\d一二三四五六七八九十百]+\s*[页頁](?:\s*[,，/]?\s*共"
    r"\s*\d+\s*[页頁])?|(?:page\s*)?\d{1,4}\s*(?:/|of)\s*\d{1,4}|page\s+\d{1,4}|[ivxlc]{1,6})$",
    re.IGNORECASE,
)
_ENDS = re.compile(r"[。！？；…：.!?:;][”’」』\"')）\]]*$")
_NUMBERED = re.compile(
    r"^(?:[一二三四五六七八九十]{1,3}、|[(（][一二三四五六七八九十\d]{1,3}[)）]|"
    r"第[一二三四五六七八九十\d]{1,3}[章节條条]|[•●■◆]|\d{1,2}[.、](?!\d))"
)
# What word processors write when the author never set a title.
_EMPTY_TITLE = re.compile(
    r"^(?:microsoft (?:word|powerpoint|excel)\b.*|untitled.*|无标题.*|文档\s*\d*|"
    r"document\s*\d*|演示文稿\s*\d*|.*\.(?:docx?|pptx?|xlsx?|pdf|wps|indd|tex|qxd)|slide \d+|"
    r"\W*)$",
    re.IGNORECASE,
)


def parse(data: bytes) -> Parsed:
    """Take a PDF apart.

    Raises:
        UnreadableError: encrypted, broken, or without a text layer.
    """
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise UnreadableError(_reason(str(error))) from None
    try:
        count = len(document)
        if count > _MAX_PAGES:
            raise UnreadableError(f"the PDF has {count} pages; at most {_MAX_PAGES} are read")
        pages = _texts(document, count)
        fields = _fields(document.get_metadata_dict(skip_empty=True))
    finally:
        document.close()
    if not any(page.strip() for page in pages):
        raise UnreadableError(
            f"the PDF has no text layer on its {count} page(s), probably a scan; run OCR on it "
            f"first"
        )
    return Parsed(tuple(map(Block, join_pages(pages))), fields)


def is_empty_title(title: str) -> bool:
    """Tell whether a document's title is what a word processor puts there by itself."""
    return _EMPTY_TITLE.match(title) is not None


def _reason(message: str) -> str:
    if "password" in message.lower() or "security" in message.lower():
        return "the PDF is encrypted; remove its password first"
    return f"the PDF is broken: {message}"


def _texts(document: Any, count: int) -> list[str]:  # noqa: ANN401 - pypdfium2 is untyped
    pages: list[str] = []
    size = 0
    for number in range(count):
        page = document[number]
        text_page = page.get_textpage()
        pages.append(text_page.get_text_range())
        text_page.close()
        page.close()
        size += len(pages[-1])
        if size > _MAX_CHARS:
            raise UnreadableError(f"the PDF has more than {_MAX_CHARS:,} characters of text")
    return pages


def _fields(metadata: dict[str, str]) -> Fields:
    title = clean_line(metadata.get("Title", "")).replace("\n", " ")
    created = re.match(r"D:(\d{4})(\d{2})(\d{2})", metadata.get("CreationDate", ""))
    day = parse_date("-".join(created.groups())) if created else None
    return Fields(
        title=None if is_empty_title(title) else title,
        author=clean_line(metadata.get("Author", "")).replace("\n", " ") or None,
        tags=tuple(t for t in re.split(r"[,;，；、]\s*", metadata.get("Keywords", "")) if t),
        # When the file was made, often long after the text appeared: kept, not believed.
        extra={"created": day.value.isoformat()} if day else {},
    )


def join_pages(pages: Sequence[str]) -> list[str]:
    """Turn the lines of pages into paragraphs, without running heads and page numbers.

    A paragraph may run over the end of a page. Breaks inside Chinese are closed up, hyphens at
    line ends undone.
    """
    split = [
        [line.strip() for line in re.split(r"\r\n|\r|\n", page) if line.strip()] for page in pages
    ]
    heads = _running_heads(split)
    lines = [line for page in split for line in _body(page, heads)]
    if not lines:
        return []
    # Typical, not largest: one wide table must not make every line look short.
    widths = sorted(width(line) for line in lines)
    column = widths[int(0.9 * (len(widths) - 1))]
    words = Counter(re.findall(r"[A-Za-z]+(?:-[A-Za-z]+)*", " ".join(lines)))
    paragraphs: list[str] = []
    current = ""
    for line in lines:
        if current and _NUMBERED.match(line) and (_ENDS.search(current) or len(line) < 40):
            paragraphs.append(current)
            current = ""
        current = _join(current, line, words) if current else line
        ended = _ENDS.search(line) and not re.search(r"[:：;；]$", line)
        # A full line may end a sentence inside a paragraph: parting it there costs nothing.
        if ended or width(line) < 0.75 * column:
            paragraphs.append(current)
            current = ""
    if current:
        paragraphs.append(current)
    return [p.replace("\x02", "").replace("\ufffe", "") for p in paragraphs]


def _running_heads(pages: Sequence[Sequence[str]]) -> set[str]:
    """Lines at the top or bottom of most pages, figures aside."""
    if len(pages) < 3:
        return set()
    counts = Counter(
        shape
        for page in pages
        for shape in {_shape(line) for line in [*page[:_EDGE_LINES], *page[-_EDGE_LINES:]]}
    )
    return {shape for shape, n in counts.items() if n >= max(3, _REPEATED * len(pages))}


def _shape(line: str) -> str:
    return re.sub(r"\d+", "0", "".join(line.split()))


def _body(page: Sequence[str], heads: set[str]) -> list[str]:
    last = len(page) - 1
    return [
        line
        for i, line in enumerate(page)
        if not (
            (i < _EDGE_LINES or i > last - _EDGE_LINES)
            and (_shape(line) in heads or (i in (0, last) and _PAGE_NUMBER.match(line)))
        )
    ]


def _join(before: str, line: str, words: Counter[str]) -> str:
    # pdfium marks a hyphen that it takes for a soft one.
    if before.endswith(("\x02", "\ufffe", "\u00ad")):
        return before[:-1] + line
    hyphen = re.search(r"([A-Za-z]+)-$", before)
    follows = re.match(r"[a-z]+", line)
    if hyphen and follows:
        # "well-" + "known": the document itself shows how the word is written elsewhere.
        kept = words[f"{hyphen[1]}-{follows[0]}"] > words[hyphen[1] + follows[0]]
        return (before if kept else before[:-1]) + line
    return join_lines(f"{before}\n{line}")
