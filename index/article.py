"""The article and the pieces of it that the rest of the program passes around.

The text of an article is the cleaned text. It is what is stored, shown, chunked and cited:
``article.text[start:end] == quote``, always. Offsets count Unicode code points.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

__all__ = ["Article", "Chunk", "Damage", "Heading", "Script", "content_id"]


class Script(StrEnum):
    """The writing system of a text, as far as matching and display care."""

    SIMPLIFIED = "Hans"
    TRADITIONAL = "Hant"
    JAPANESE = "Jpan"
    KOREAN = "Kore"
    LATIN = "Latn"
    OTHER = "Zyyy"


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading inside ``article.text[start:end]``; ``level`` 1 is the outermost."""

    start: int
    end: int
    level: int


@dataclass(frozen=True, slots=True)
class Damage:
    """A spot of ``article.text[start:end]`` where the source had lost bytes before we read it.

    ``suggestion`` is a reading that the surviving bytes allow. It is reported, never applied.
    """

    start: int
    end: int
    reason: str
    suggestion: str | None = None


@dataclass(frozen=True, slots=True)
class Article:
    """One article, cleaned.

    ``path`` is where it was read from, for people: ``articles/a.md``, or
    ``articles/b.jsonl#record-id`` for a record in a file of articles. ``metadata`` holds the
    fields that we do not know, as they came.
    """

    id: str
    text: str
    title: str
    path: str
    language: str
    script: Script
    encoding: str
    author: str | None = None
    source: str | None = None
    published: date | None = None
    url: str | None = None
    tags: tuple[str, ...] = ()
    headings: tuple[Heading, ...] = ()
    damages: tuple[Damage, ...] = ()
    metadata: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of an article: ``article.text[start:end] == text``.

    ``headings`` are the headings that it stands under, outermost first: context for matching,
    not part of ``text``.
    """

    id: str
    article_id: str
    start: int
    end: int
    text: str
    headings: tuple[str, ...] = ()


def content_id(
    *, title: str, text: str, source: str | None, published: date | None, url: str | None
) -> str:
    """Derive an article's id from what it says and where it appeared.

    The same article has the same id on every machine; a reprint elsewhere has another one.

    >>> content_id(title="a", text="b", source=None, published=None, url=None)
    '03c6c6bc08f9950b'
    """
    day = published.isoformat() if published else None
    canonical = json.dumps([title, text, source, day, url], ensure_ascii=False)
    return hashlib.blake2b(canonical.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
