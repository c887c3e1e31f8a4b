"""What is indexed, as a table: searched, filtered, sorted and cut into pages; and its facets.

In: the articles of one generation without their texts. Out: plain JSON values, a page at a time,
so that a browser never holds ten thousand rows. Knows nothing of HTTP, nor of who asks.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from index.catalogue import Listed
from index.fold import fold
from index.search import Index
from index.walk import is_below

__all__ = ["PAGE_SIZES", "CollectionTable", "Column", "Query", "clip"]

PAGE_SIZES = (25, 50, 100)
_SHOWN_CHARS = 300
"""A title may have ten thousand characters; the article itself has them all."""
_FACET_VALUES = 200
"""More values than this nobody picks from a list; the search finds them."""
_LISTED_GROUPS = 500


class Column(StrEnum):
    """What the table can be sorted by."""

    TITLE = "title"
    SOURCE = "source"
    PUBLISHED = "published"
    LANGUAGE = "language"
    CHARS = "chars"
    CHUNKS = "chunks"
    ENCODING = "encoding"
    DUPLICATES = "duplicates"
    PATH = "path"


@dataclass(frozen=True, slots=True)
class Query:
    """Which rows, in which order. ``page`` counts from 1; an empty text filters nothing."""

    text: str = ""
    source: str = ""
    language: str = ""
    tag: str = ""
    sort: Column = Column.PATH
    descending: bool = False
    page: int = 1
    size: int = PAGE_SIZES[0]


class CollectionTable:
    """The articles of one generation. Reads them once; safe to share by threads."""

    def __init__(self, index: Index, *, uploads: Path) -> None:
        """Read what an open index lists; ``uploads`` is the folder of uploaded files."""
        self.generation = index.generation
        self._rows = index.listing()
        self._keys = [_key(row) for row in self._rows]
        self._by_id = {row.id: row for row in self._rows}
        self._groups = Counter(row.representative for row in self._rows)
        folder = os.path.abspath(os.fsencode(uploads))  # noqa: PTH100 - names need not be UTF-8
        self._locations = {file.id: file.location for file in index.files()}
        self._uploaded = {
            id_ for id_, location in self._locations.items() if is_below(location, folder)
        }
        self._copies = [
            {
                "path": clip(claim.path),
                "id": claim.id,
                "title": clip(self._by_id[claim.id].title),
            }
            for claim in index.claims()
            if claim.position is None and claim.id in self._by_id
        ]
        self._order: dict[Column, list[int]] = {}

    def page(self, query: Query) -> dict[str, Any]:
        """One page of the rows that a query asks for, and how many there are in all."""
        terms = fold(query.text).split()
        found = [
            at
            for at in self._ordered(query.sort, descending=query.descending)
            if _is_asked_for(self._rows[at], query) and all(t in self._keys[at] for t in terms)
        ]
        pages = max(1, -(-len(found) // query.size))
        page = min(query.page, pages)
        first = (page - 1) * query.size
        return {
            "generation": self.generation,
            "total": len(found),
            "page": page,
            "pages": pages,
            "size": query.size,
            "rows": [self._row(self._rows[at]) for at in found[first : first + query.size]],
        }

    def facets(self) -> dict[str, Any]:
        """What can be filtered by, with counts, and how many articles each year has."""
        years = Counter(row.published.year for row in self._rows if row.published)
        return {
            "sources": _counted(row.source for row in self._rows if row.source),
            "languages": _counted(_language(row) for row in self._rows),
            "tags": _counted(tag for row in self._rows for tag in row.tags),
            "years": [{"value": str(year), "count": years[year]} for year in sorted(years)],
            "undated": sum(row.published is None for row in self._rows),
            "without_source": sum(not row.source for row in self._rows),
        }

    def duplicates(self) -> dict[str, Any]:
        """Groups of near-duplicates, the one that stands for them first, and exact copies."""
        members: dict[str, list[Listed]] = {}
        for row in self._rows:
            if self._groups[row.representative] > 1:
                members.setdefault(row.representative, []).append(row)
        groups = [
            {
                "representative": _named(self._by_id[id_]),
                "members": [_named(row) for row in rows if row.id != id_],
            }
            for id_, rows in members.items()
        ]
        return {
            "groups": groups[:_LISTED_GROUPS],
            "groups_total": len(groups),
            "copies": self._copies[:_LISTED_GROUPS],
            "copies_total": len(self._copies),
        }

    def counts(self) -> dict[str, int]:
        """How many articles, groups of near-duplicates and exact copies there are."""
        return {
            "articles": len(self._rows),
            "chunks": sum(row.chunks for row in self._rows),
            "groups": sum(count > 1 for count in self._groups.values()),
            "copies": len(self._copies),
        }

    def files_of(self, ids: Iterable[str]) -> dict[bytes, int]:
        """The files that hold these articles, each with how many articles it holds in all.

        Raises:
            KeyError: there is no article with such an id.
        """
        held = Counter(row.file for row in self._rows)
        files = {self._by_id[id_].file for id_ in ids}
        return {self._locations[file]: held[file] for file in sorted(files)}

    def _ordered(self, column: Column, *, descending: bool) -> list[int]:
        """Numbers of all rows in order: what is unknown comes last, either way."""
        ascending = self._order.get(column)
        if ascending is None:
            value = _VALUES.get(column) or (lambda row: self._groups[row.representative])
            known = [at for at, row in enumerate(self._rows) if value(row) is not None]
            unknown = [at for at, row in enumerate(self._rows) if value(row) is None]
            known.sort(key=lambda at: value(self._rows[at]))
            # Two threads may both do this; they come to the same.
            ascending = self._order[column] = known + unknown
        if not descending:
            return ascending
        missing = sum(_is_unknown(row, column) for row in self._rows)
        known = ascending[: len(ascending) - missing]
        return known[::-1] + ascending[len(known) :]

    def _row(self, row: Listed) -> dict[str, Any]:
        return {
            **_named(row),
            "source": clip(row.source) if row.source else None,
            "published": row.published.isoformat() if row.published else None,
            "language": clip(_language(row)),
            "chars": row.chars,
            "chunks": row.chunks,
            "encoding": row.encoding,
            "repaired": row.repaired,
            "damages": row.damages,
            "tags": [clip(tag) for tag in row.tags[:20]],
            "duplicates": self._groups[row.representative] - 1,
            "representative": (
                None if row.representative == row.id else _named(self._by_id[row.representative])
            ),
            "is_uploaded": row.file in self._uploaded,
        }


def clip(text: str) -> str:
    """A text short enough for a cell."""
    return text if len(text) <= _SHOWN_CHARS else text[:_SHOWN_CHARS] + "…"


def _language(row: Listed) -> str:
    """A language tag; Chinese comes in two scripts, which people tell apart."""
    return f"{row.language}-{row.script.value}" if row.language == "zh" else row.language


def _named(row: Listed) -> dict[str, Any]:
    return {"id": row.id, "title": clip(row.title), "path": clip(row.path)}


def _key(row: Listed) -> str:
    """What a search looks through. Parts are kept apart: no term spans two of them."""
    return fold("\n".join((row.title, row.source or "", row.path, row.id)))


def _is_asked_for(row: Listed, query: Query) -> bool:
    return (
        (not query.source or row.source == query.source)
        and (not query.language or _language(row) == query.language)
        and (not query.tag or query.tag in row.tags)
    )


def _counted(values: Iterable[str]) -> list[dict[str, Any]]:
    """Values with their counts, the most frequent first, ties by name."""
    counted: Sequence[tuple[str, int]] = sorted(
        Counter(values).items(), key=lambda pair: (-pair[1], pair[0])
    )
    return [{"value": value, "count": count} for value, count in counted[:_FACET_VALUES]]


_VALUES: dict[Column, Callable[[Listed], Any]] = {
    Column.TITLE: lambda row: fold(row.title) or None,
    Column.SOURCE: lambda row: fold(row.source) if row.source else None,
    Column.PUBLISHED: lambda row: row.published,
    Column.LANGUAGE: lambda row: _language(row),
    Column.CHARS: lambda row: row.chars,
    Column.CHUNKS: lambda row: row.chunks,
    # What was repaired or is damaged is looked for; the plain ones follow by name.
    Column.ENCODING: lambda row: (row.encoding, row.repaired or "", row.damages),
    Column.PATH: lambda row: row.path,
}


def _is_unknown(row: Listed, column: Column) -> bool:
    value = _VALUES.get(column)
    return value is not None and value(row) is None
