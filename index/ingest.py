"""From the bytes of one file to its articles: decode, parse, clean, describe.

Comes in: bytes and the path they were read from; no file is opened here. Goes out: articles with
their cleaned text, and the problems that were met on the way. A file that holds no article at all
is an UnreadableError, whose message is the reason; nothing else is ever raised.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import PurePosixPath

from index.article import Article, Heading, content_id
from index.clean import clean_blocks, clean_line, remove_boilerplate
from index.damage import find_damages
from index.datelines import without_dateline
from index.decode import Decoded, decode
from index.errors import UnreadableError
from index.fold import fold
from index.formats import html, markdown, plain, records
from index.formats.parsed import Block, Fields, Kind, Parsed, Problem
from index.headings import find_headings
from index.language import detect_language, detect_script
from index.metadata import (
    Clues,
    cut_signature,
    find_clues,
    is_headline,
    path_date,
    path_title,
    same_words,
    shorten,
)
from index.sandbox import run_guarded

__all__ = ["SUFFIXES", "Problem", "Reading", "read_articles"]

_MARKDOWN = frozenset({".md", ".markdown", ".mkd"})
_HTML = frozenset({".html", ".htm", ".xhtml"})
_PLAIN = frozenset({".txt", ".text"})
_JSONL = frozenset({".jsonl", ".ndjson"})
_CSV = frozenset({".csv", ".tsv"})
SUFFIXES = _MARKDOWN | _HTML | _PLAIN | _JSONL | _CSV | {".pdf", ".docx"}

# What is longer or nested deeper is parsed in the guarded child. Parsers have inputs on which they
# are slow: of 200,000 characters some took 20 s; below these limits the worst of forty made to be
# slow took three. A page costs more than a fragment, because its main text has to be found. Real
# pages are nested some thirty deep.
_MAX_INLINE_CHARS = {"html": 20_000, "fragment": 50_000, "markdown": 50_000}
_MAX_INLINE_DEPTH = 60
_MAX_TITLE = 200
# Written in Han characters or Latin letters, and not told apart from Chinese or English by us.
_UNDETECTED = frozenset({"yue", "wuu", "nan", "hak", "lzh", "ms", "fil", "tl", "da", "no", "nb"})
_HTML_START = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.{0,500}?-->\s*)*<(?:!doctype\s+html|html)\b",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """The articles of one file, and what in it could not be read."""

    articles: tuple[Article, ...]
    problems: tuple[Problem, ...] = ()


def read_articles(data: bytes, *, path: str) -> Reading:
    """Read the articles in one file.

    Args:
        data: The whole file.
        path: Where it came from, for people and for what its name says ("articles/a.md").

    Raises:
        UnreadableError: the file as a whole cannot become an article; the message says why.
    """
    suffix = PurePosixPath(path).suffix.lower()
    if suffix not in SUFFIXES:
        known = " ".join(sorted(SUFFIXES))
        raise UnreadableError(f"files of kind {suffix or '(none)'} are not read; known: {known}")
    if not data.strip():
        raise UnreadableError("the file is empty")
    if data.startswith(b"%PDF-") or suffix == ".pdf":
        return _one(run_guarded("pdf", data), path=path, encoding="pdf")
    if suffix == ".docx":
        return _one(run_guarded("docx", data), path=path, encoding="docx")
    declared = html.declared_encoding(data) if suffix in _HTML else None
    decoded = decode(data, declared=declared)
    if suffix in _JSONL | _CSV:
        return _read_records(decoded, suffix, path=path)
    parsed = _parse(decoded.text, suffix)
    return _one(parsed, path=path, encoding=decoded.encoding, repaired=decoded.repaired)


def _parse(text: str, suffix: str) -> Parsed:
    """Take a text apart by what it is; a page saved as .txt is still a page."""
    if suffix in _HTML or _HTML_START.match(text):
        return _guarded("html", html.parse, text)
    if suffix in _MARKDOWN or markdown.has_front_matter(text):
        return _guarded("markdown", markdown.parse, text)
    return plain.parse(text)


def _guarded(task: str, parse: Callable[[str], Parsed], text: str) -> Parsed:
    if len(text) <= _MAX_INLINE_CHARS[task] and html.tag_depth(text) <= _MAX_INLINE_DEPTH:
        return parse(text)
    return run_guarded(task, text.encode("utf-8", "replace"))


def _read_records(decoded: Decoded, suffix: str, *, path: str) -> Reading:
    read = records.read_jsonl if suffix in _JSONL else records.read_csv
    found, problems = read(decoded.text)
    articles: list[Article] = []
    seen: dict[str, tuple[str, str]] = {}
    for record in found:
        place = f"line {record.line}"
        try:
            parsed = replace(_parse_record(record.text), fields=record.fields)
            article = _article(
                parsed,
                path=path,
                record=record.fields.id or str(record.line),
                encoding=decoded.encoding,
                repaired=decoded.repaired,
            )
        except UnreadableError as error:
            problems.append(Problem(place, str(error)))
            continue
        if record.fields.id:
            before = seen.setdefault(article.id, (place, _content(article)))
            if before[1] != _content(article):
                reason = f"id {article.id!r} was given to another article in {before[0]}"
                problems.append(Problem(place, reason))
                continue
        articles.append(article)
    problems.sort(key=lambda p: int(p.place.split()[-1]) if p.place else 0)
    if not articles:
        first = problems[0] if problems else None
        why = f"{first.place}: {first.reason}" if first else "the file has no records"
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise UnreadableError(f"no record could be read; {why}{more}")
    return Reading(tuple(articles), tuple(problems))


def _parse_record(text: str) -> Parsed:
    if records.is_html(text):
        blocks = _guarded("fragment", html.parse_fragment, text).blocks
    elif records.is_markdown(text):
        blocks = _guarded("markdown", markdown.parse, text).blocks
    else:
        blocks = plain.parse(text).blocks
    return Parsed(blocks)


def _content(article: Article) -> str:
    return content_id(
        title=article.title,
        text=article.text,
        source=article.source,
        published=article.published,
        url=article.url,
    )


def _one(parsed: Parsed, *, path: str, encoding: str, repaired: str | None = None) -> Reading:
    article = _article(parsed, path=path, encoding=encoding, repaired=repaired)
    return Reading((article,), parsed.problems)


def _article(
    parsed: Parsed, *, path: str, encoding: str, repaired: str | None, record: str | None = None
) -> Article:
    """Clean a parsed document and describe it; ``record`` names it within a file of articles."""
    fields = parsed.fields
    cleaned = remove_boilerplate(clean_blocks(parsed.blocks))
    if not cleaned.kept:
        raise UnreadableError("no text left after cleaning: nothing but navigation and notices")
    clues = find_clues(cleaned.kept, cleaned.removed, path=path, url=fields.url)
    kept, signature = _cut_signature(cleaned.kept)
    # The name of a file of articles says nothing about the one.
    title, kept = _title(fields, kept, path=path if record is None else None)
    text, headings = _join(find_headings(kept))
    if not any(map(str.isalnum, text)):
        raise UnreadableError("no text left after cleaning: nothing but punctuation")
    published, extra = _published(fields, clues, path=path)
    source = _tidy(fields.source or clues.source or fields.publisher or clues.publisher)
    publisher = _tidy(fields.publisher or clues.publisher)
    if publisher and publisher != source:
        extra["publisher"] = publisher
    if repaired:
        extra["repaired"] = repaired
    url = _tidy(fields.url or clues.url)
    return Article(
        id=fields.id
        or content_id(title=title, text=text, source=source, published=published, url=url),
        text=text,
        title=title,
        path=path if record is None else f"{path}#{record}",
        language=_language(text, fields.language),
        script=detect_script(text),
        encoding=encoding,
        author=_tidy(fields.author or clues.author or signature),
        source=source,
        published=published,
        url=url,
        tags=tuple(dict.fromkeys(filter(None, map(_tidy, fields.tags or clues.tags)))),
        headings=headings,
        damages=find_damages(text),
        metadata={**clues.extra, **fields.extra, **extra},
    )


def _tidy(value: str | None) -> str | None:
    return (" ".join(clean_line(value).split()) or None) if value else None


def _cut_signature(kept: Sequence[Block]) -> tuple[list[Block], str | None]:
    """Take the writer's name in brackets off the last paragraph."""
    blocks = list(kept)
    if blocks and blocks[-1].kind is Kind.PARAGRAPH:
        text, signature = cut_signature(blocks[-1].text)
        if signature and text:
            blocks[-1] = replace(blocks[-1], text=text)
            return blocks, signature
    return blocks, None


def _title(fields: Fields, kept: list[Block], *, path: str | None) -> tuple[str, list[Block]]:
    """Choose the title, and take the line that holds it out of the text.

    Declared, else a first heading, else a first line that reads like a headline, else the file's
    name, else the opening sentence.
    """
    declared = _tidy(fields.title)
    if declared:
        at = next((i for i, b in enumerate(kept[:4]) if same_words(b.text, declared)), None)
        return _cut(declared), _without(kept, at)
    first = kept[0]
    heading = next((i for i, b in enumerate(kept[:3]) if b.kind is Kind.HEADING), None)
    if heading is not None and kept[heading].level == 1:
        return _cut(kept[heading].text), _without(kept, heading)
    if len(kept) > 1 and first.kind is Kind.PARAGRAPH and is_headline(first.text):
        return _cut(first.text), _without(kept, 0)
    named = path_title(path) if path else None
    opening = next((b.text for b in kept if any(map(str.isalnum, b.text))), first.text)
    if named and named.isascii() and not fold(opening).isascii():
        # An English slug says less about a Chinese article than its first sentence.
        named = None
    return _cut(_tidy(named) or shorten(without_dateline(opening))), kept


def _without(kept: list[Block], position: int | None) -> list[Block]:
    """Take out the title's line, unless it is all there is."""
    if position is None or len(kept) == 1:
        return kept
    return kept[:position] + kept[position + 1 :]


def _cut(title: str) -> str:
    return title if len(title) <= _MAX_TITLE else title[: _MAX_TITLE - 1] + "…"


def _published(fields: Fields, clues: Clues, *, path: str) -> tuple[date | None, dict[str, object]]:
    """The best date there is, and what is to be known about it."""
    extra: dict[str, object] = {}
    value, precision = fields.published, fields.precision
    if value is None and clues.published:
        value, precision = clues.published
    if value is None and (named := path_date(path)):
        value, precision = named
        extra["published_from"] = "file name"
    if value is None and fields.created:
        value, precision = fields.created, "day"
        extra["published_from"] = "document properties"
    if value and precision != "day":
        extra["published_precision"] = precision
    return value, extra


def _language(text: str, declared: str | None) -> str:
    """The language that the characters show; a declared one where they leave it open."""
    found = detect_language(text)
    stated = re.match(r"[a-z]{2,3}(?=$|[-_])", (declared or "").strip().lower())
    if stated and (found == "und" or (found in ("zh", "en") and stated[0] in _UNDETECTED)):
        return stated[0]
    return found


def _join(blocks: Sequence[Block]) -> tuple[str, tuple[Heading, ...]]:
    """Put the blocks together, one to a line, and note where the headings stand."""
    headings = []
    at = 0
    for block in blocks:
        if block.kind is Kind.HEADING:
            headings.append(Heading(at, at + len(block.text), block.level))
        at += len(block.text) + 1
    return "\n".join(b.text for b in blocks), tuple(headings)
