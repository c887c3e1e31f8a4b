"""What every format hands over: the blocks of a document in reading order, and what it says
about itself in fields of its own (front matter, HTML metadata, document properties).

A block is one paragraph, heading, list item, table row or line of code. Nothing is cleaned yet.
Everything here survives a trip through JSON, because parsers may run in a child process.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

__all__ = ["Block", "Fields", "Kind", "Parsed", "Problem"]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that was not read, or not read as it was meant.

    ``place`` is where in the file ("line 12"), or "" for the whole of it.
    """

    place: str
    reason: str


class Kind(StrEnum):
    """What a block is, as far as cleaning and headings care."""

    PARAGRAPH = "paragraph"
    HEADING = "heading"
    ITEM = "item"
    ROW = "row"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Block:
    """One line of the article to be. ``level`` counts for headings only, 1 is the outermost.

    ``linked`` is how many of its characters stand inside links, ``bold`` says that all of them
    are emphasised: signs of navigation and of headings that carry no markup of their own.
    """

    text: str
    kind: Kind = Kind.PARAGRAPH
    level: int = 0
    linked: int = 0
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Fields:
    """What a document declares about itself; None or empty where it says nothing.

    ``publisher`` is who runs the site, ``source`` who wrote the article first; ``precision`` is
    how exact ``published`` is ("day", "month", "year"); ``created`` is when the file was made,
    which is the publication date only where nothing better is known.
    """

    id: str | None = None
    title: str | None = None
    author: str | None = None
    source: str | None = None
    publisher: str | None = None
    published: date | None = None
    precision: str = "day"
    created: date | None = None
    url: str | None = None
    language: str | None = None
    tags: tuple[str, ...] = ()
    extra: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A document taken apart."""

    blocks: tuple[Block, ...]
    fields: Fields = Fields()
    problems: tuple[Problem, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The document as plain JSON values; ``from_json`` gives it back."""
        names = ("id", "title", "author", "source", "publisher", "precision", "url", "language")
        fields: dict[str, Any] = {name: getattr(self.fields, name) for name in names}
        for name in ("published", "created"):
            day = getattr(self.fields, name)
            fields[name] = day.isoformat() if day else None
        fields["tags"] = list(self.fields.tags)
        fields["extra"] = dict(self.fields.extra)
        return {
            "blocks": [[b.text, b.kind.value, b.level, b.linked, b.bold] for b in self.blocks],
            "fields": fields,
            "problems": [[p.place, p.reason] for p in self.problems],
        }

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> "Parsed":
        """Rebuild what ``to_json`` wrote."""
        fields = dict(value["fields"])
        for name in ("published", "created"):
            fields[name] = date.fromisoformat(fields[name]) if fields[name] else None
        fields["tags"] = tuple(fields["tags"])
        return Parsed(
            blocks=tuple(
                Block(text, Kind(kind), level, linked, bold)
                for text, kind, level, linked, bold in value["blocks"]
            ),
            fields=Fields(**fields),
            problems=tuple(Problem(place, reason) for place, reason in value["problems"]),
        )
