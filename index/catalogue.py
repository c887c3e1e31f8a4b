"""The catalogue of a generation: its files, articles and chunks, in one SQLite file.

``CatalogueWriter`` fills a new file that nobody else sees yet; ``Catalogue`` reads a finished one
that never changes again. Knows nothing of vectors, of the lexical index or of which generation is
current.

Every article of every file is kept, those that lost their place to a duplicate too: when the
winner goes away, the copy takes its place without being read again. An article that is part of
the collection has a ``position``, its number in path order; the others have none.
"""

import json
import os
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index.article import Article, Chunk, Damage, Heading, Script, content_id
from index.errors import IndexDamagedError

__all__ = [
    "Catalogue",
    "CatalogueWriter",
    "Claim",
    "FileRecord",
    "Listed",
    "Stamp",
    "content_key",
]

_SCHEMA = """
CREATE TABLE files (
    id INTEGER PRIMARY KEY,
    location BLOB NOT NULL UNIQUE,   -- absolute path, as bytes: names need not be UTF-8
    root BLOB,                       -- the folder it was found under; NULL: named by itself
    path TEXT NOT NULL,              -- for people: root's name / relative path
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL,
    inode TEXT NOT NULL,             -- device:inode; 64 bits unsigned do not fit an INTEGER
    read_ns INTEGER NOT NULL,        -- the clock when it was read
    sha256 BLOB NOT NULL,
    reading_version INTEGER NOT NULL,
    problems TEXT NOT NULL           -- JSON [[place, reason], …]
) STRICT;
CREATE TABLE articles (
    file INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,        -- its place within the file
    kept INTEGER NOT NULL,           -- 1: from an earlier, sounder version of the file
    position INTEGER UNIQUE,         -- its place in the collection; NULL: not part of it
    id TEXT NOT NULL,
    content TEXT NOT NULL,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    path TEXT NOT NULL,
    language TEXT NOT NULL,
    script TEXT NOT NULL,
    encoding TEXT NOT NULL,
    author TEXT,
    source TEXT,
    published TEXT,
    url TEXT,
    tags TEXT NOT NULL,
    headings TEXT NOT NULL,
    damages TEXT NOT NULL,
    metadata TEXT NOT NULL,
    signature BLOB NOT NULL,
    representative TEXT,             -- id of the article that stands for its near-duplicates
    PRIMARY KEY (file, ordinal)
) STRICT;
CREATE TABLE chunks (
    row INTEGER PRIMARY KEY,
    position INTEGER NOT NULL,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    headings TEXT NOT NULL,
    passage BLOB NOT NULL            -- hash of the text that was embedded
) STRICT;
CREATE UNIQUE INDEX articles_id ON articles (id) WHERE position IS NOT NULL;
CREATE INDEX articles_representative ON articles (representative);
"""
_ARTICLE = (
    "id, title, text, path, language, script, encoding, author, source, published, url, "
    "tags, headings, damages, metadata"
)
# Articles fetched per statement when all are read: enough to amortise the call, little to hold.
_BATCH = 64
# Articles kept decoded: the passages of one question come from few of them, again and again.
_CACHED_ARTICLES = 128
# Likewise of its candidates, some forty a question: the chunks, and whose they are.
_CACHED_CHUNKS = 512
_CACHED_IDS = 8192


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the file system says of a file's version."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: str

    @classmethod
    def of(cls, status: os.stat_result) -> "Stamp":
        """The stamp of a ``stat`` result."""
        return cls(
            size=status.st_size,
            mtime_ns=status.st_mtime_ns,
            ctime_ns=status.st_ctime_ns,
            inode=f"{status.st_dev}:{status.st_ino}",
        )


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file that articles were read from. ``problems`` are (place, reason) pairs."""

    id: int
    location: bytes
    root: bytes | None
    path: str
    stamp: Stamp
    read_ns: int
    sha256: bytes
    reading_version: int
    problems: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """An article's claim to be part of the collection: its id, and what it says.

    ``position`` is the place that it had in the generation it was read from, if any.
    """

    file: int
    ordinal: int
    id: str
    content: str
    path: str
    kept: bool = False
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """An article of the collection without its text: what a list of thousands can show.

    ``chars`` counts its text, ``damages`` the spots where its source had lost bytes; ``repaired``
    names how its characters were mended, if they were. ``file`` is the id of its file.
    """

    id: str
    title: str
    path: str
    source: str | None
    published: date | None
    language: str
    script: Script
    encoding: str
    repaired: str | None
    damages: int
    tags: tuple[str, ...]
    chars: int
    chunks: int
    representative: str
    file: int


def content_key(article: Article) -> str:
    """What makes two articles exact duplicates when their ids agree."""
    return content_id(
        title=article.title,
        text=article.text,
        source=article.source,
        published=article.published,
        url=article.url,
    )


class CatalogueWriter:
    """Fills the catalogue of a generation that is being built.

    No journal and no syncing: a catalogue that was not finished is thrown away, a finished one is
    synced with the rest of its folder.
    """

    def __init__(self, path: Path, *, previous: Path | None) -> None:
        """Make the file at ``path``; ``previous`` is the catalogue that ``copy_*`` copies from."""
        self._database = sqlite3.connect(path, isolation_level=None, uri=True)
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.executescript(_SCHEMA)
        if previous is not None:
            self._database.execute("ATTACH DATABASE ? AS previous", (_read_only(previous),))
        self._database.execute("BEGIN")

    def add_file(self, record: FileRecord) -> None:
        """Add a file that was read."""
        stamp = record.stamp
        self._database.execute(
            "INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                record.id,
                record.location,
                record.root,
                record.path,
                stamp.size,
                stamp.mtime_ns,
                stamp.ctime_ns,
                stamp.inode,
                record.read_ns,
                record.sha256,
                record.reading_version,
                _json(record.problems),
            ),
        )

    def add_article(self, article: Article, *, claim: Claim, signature: bytes) -> None:
        """Add an article that was read, at its place within its file."""
        values = (
            claim.file,
            claim.ordinal,
            int(claim.kept),
            claim.id,
            claim.content,
            article.title,
            article.text,
            article.path,
            article.language,
            article.script.value,
            article.encoding,
            article.author,
            article.source,
            article.published.isoformat() if article.published else None,
            article.url,
            _json(article.tags),
            _json([[h.start, h.end, h.level] for h in article.headings]),
            _json([[d.start, d.end, d.reason, d.suggestion] for d in article.damages]),
            _json(dict(article.metadata)),
            signature,
        )
        self._database.execute(
            "INSERT INTO articles VALUES (?, ?, ?, NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
            "?, ?, ?, NULL)",
            values,
        )

    def copy_file(self, record: FileRecord, *, old_file: int) -> None:
        """Take a file over from the previous catalogue with all its articles, under a new id."""
        self.add_file(record)
        self._database.execute(
            f"INSERT INTO articles SELECT ?, ordinal, kept, NULL, {_COPIED}, NULL "  # noqa: S608
            "FROM previous.articles WHERE file = ?",  # column names of ours
            (record.id, old_file),
        )

    def copy_article(self, claim: Claim, *, old_file: int, old_ordinal: int) -> None:
        """Take one article over from the previous catalogue."""
        self._database.execute(
            f"INSERT INTO articles SELECT ?, ?, ?, NULL, {_COPIED}, NULL "  # noqa: S608
            "FROM previous.articles WHERE file = ? AND ordinal = ?",  # column names of ours
            (claim.file, claim.ordinal, int(claim.kept), old_file, old_ordinal),
        )

    def place(self, winners: Sequence[Claim]) -> None:
        """Number the articles that make up the collection, in the order given."""
        self._database.executemany(
            "UPDATE articles SET position = ? WHERE file = ? AND ordinal = ?",
            ((position, claim.file, claim.ordinal) for position, claim in enumerate(winners)),
        )

    def fingerprints(self) -> list[tuple[str, bytes, date | None]]:
        """Id, near-duplicate signature and date of each article, by position."""
        found = self._database.execute(
            "SELECT id, signature, published FROM articles "
            "WHERE position IS NOT NULL ORDER BY position"
        )
        return [(id_, signature, _date(published)) for id_, signature, published in found]

    def group(self, representatives: Iterable[tuple[str, str]]) -> None:
        """Record (article id, id of the article that stands for it)."""
        self._database.executemany(
            "UPDATE articles SET representative = ? WHERE id = ? AND position IS NOT NULL",
            ((representative, id_) for id_, representative in representatives),
        )

    def article_at(self, position: int) -> Article:
        """The article of a position that was placed."""
        (row,) = self._database.execute(
            f"SELECT {_ARTICLE} FROM articles WHERE position = ?",  # noqa: S608 - names of ours
            (position,),
        ).fetchall()
        return _article(row)

    def articles(self) -> Iterator[Article]:
        """The articles of the collection, by position; the catalogue may be written meanwhile."""
        last = -1
        while batch := self._database.execute(
            f"SELECT position, {_ARTICLE} FROM articles "  # noqa: S608 - column names of ours
            "WHERE position > ? ORDER BY position LIMIT ?",
            (last, _BATCH),
        ).fetchall():
            last = batch[-1][0]
            for row in batch:
                yield _article(row[1:])

    def add_chunks(self, chunks: Iterable[tuple[int, int, Chunk, bytes]]) -> None:
        """Add (row, position of the article, chunk, hash of the embedded text)."""
        self._database.executemany(
            "INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?)",
            (
                (row, position, chunk.start, chunk.end, _json(chunk.headings), passage)
                for row, position, chunk, passage in chunks
            ),
        )

    def copy_chunks(self, *, first: int, position: int, old_rows: range) -> None:
        """Take consecutive chunks over from the previous catalogue; the first becomes ``first``."""
        self._database.execute(
            "INSERT INTO chunks SELECT row + ?, ?, start, end, headings, passage "
            "FROM previous.chunks WHERE row >= ? AND row < ?",
            (first - old_rows.start, position, old_rows.start, old_rows.stop),
        )

    def chunk_text(self, row: int) -> str:
        """The text of the chunk of a row that was added."""
        ((position, start, end),) = self._database.execute(
            "SELECT position, start, end FROM chunks WHERE row = ?", (row,)
        ).fetchall()
        return self.article_at(position).text[start:end]

    def passages(self) -> Iterator[tuple[int, Article, Chunk]]:
        """Every (row, article, chunk) in the order of the rows."""
        chunks = self._database.execute(
            "SELECT position, row, start, end, headings FROM chunks ORDER BY row"
        )
        pending = chunks.fetchone()
        for position, article in enumerate(self.articles()):
            while pending is not None and pending[0] == position:
                _, row, start, end, headings = pending
                yield row, article, _chunk(article, start, end, headings)
                pending = chunks.fetchone()

    def close(self) -> None:
        """Finish the file."""
        self._database.execute("COMMIT")
        self._database.close()

    def abandon(self) -> None:
        """Let go of a file that will be thrown away."""
        self._database.close()


class Catalogue:
    """A finished catalogue. Safe to use from several threads.

    One connection behind a lock, opened once: the file may be deleted while it is read, because
    a newer generation replaced it, and a second connection could not be opened then.
    """

    def __init__(self, path: Path) -> None:
        """Open the file; raises IndexDamagedError when it is no catalogue."""
        self._path = path
        self._lock = threading.Lock()
        self._cache: OrderedDict[str, Article] = OrderedDict()
        self._article_id_of = lru_cache(maxsize=_CACHED_IDS)(self._read_article_id)
        self._chunk_of = lru_cache(maxsize=_CACHED_CHUNKS)(self._read_chunk)
        try:
            self._database = sqlite3.connect(
                _read_only(path), uri=True, check_same_thread=False, isolation_level=None
            )
        except sqlite3.Error as error:
            raise self._damaged(error) from None
        # The schema of a hostile file must not run functions, and nothing may write.
        try:
            for pragma in ("query_only = ON", "trusted_schema = OFF", "cell_size_check = ON"):
                self._query(f"PRAGMA {pragma}")
        except BaseException:
            self._database.close()
            raise

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._database.close()

    def counts(self) -> tuple[int, int, int]:
        """How many files, articles and chunks there are."""
        ((files, articles, chunks),) = self._query(
            "SELECT (SELECT count(*) FROM files), "
            "(SELECT count(*) FROM articles WHERE position IS NOT NULL), "
            "(SELECT count(*) FROM chunks)"
        )
        return files, articles, chunks

    def check(self) -> None:
        """Let SQLite check the whole file; raises IndexDamagedError."""
        found = self._query("PRAGMA integrity_check(1)")
        if found != [("ok",)]:
            raise self._damaged(found[0][0] if found else "integrity check failed")

    def files(self) -> list[FileRecord]:
        """Every file that articles were read from, in path order."""
        with self._decoding():
            return [
                FileRecord(
                    id=row[0],
                    location=row[1],
                    root=row[2],
                    path=row[3],
                    stamp=Stamp(size=row[4], mtime_ns=row[5], ctime_ns=row[6], inode=row[7]),
                    read_ns=row[8],
                    sha256=row[9],
                    reading_version=row[10],
                    problems=tuple((place, reason) for place, reason in json.loads(row[11])),
                )
                for row in self._query("SELECT * FROM files ORDER BY path, location")
            ]

    def claims(self) -> list[Claim]:
        """Every article of every file, whether it is part of the collection or not."""
        return [
            Claim(file, ordinal, id_, content, path, kept=bool(kept), position=position)
            for file, ordinal, id_, content, path, kept, position in self._query(
                "SELECT file, ordinal, id, content, path, kept, position FROM articles "
                "ORDER BY file, ordinal"
            )
        ]

    def passage_rows(self) -> dict[bytes, int]:
        """Map the hash of each embedded text to a row that has its vector."""
        return dict(self._query("SELECT passage, row FROM chunks"))

    def article(self, article_id: str) -> Article:
        """The article with this id; raises KeyError."""
        with self._lock:
            cached = self._cache.get(article_id)
            if cached is not None:
                self._cache.move_to_end(article_id)
                return cached
        rows = self._query(
            f"SELECT {_ARTICLE} FROM articles "  # noqa: S608 - column names of ours
            "WHERE id = ? AND position IS NOT NULL",
            (article_id,),
        )
        if not rows:
            raise KeyError(article_id)
        with self._decoding():
            article = _article(rows[0])
        with self._lock:
            self._cache[article_id] = article
            if len(self._cache) > _CACHED_ARTICLES:
                self._cache.popitem(last=False)
        return article

    def ids_at(self, path: str) -> tuple[str, ...]:
        """The ids of the articles with this path; a file of records has several."""
        rows = self._query(
            "SELECT id FROM articles WHERE path = ? AND position IS NOT NULL ORDER BY position",
            (path,),
        )
        return tuple(id_ for (id_,) in rows)

    def articles(self) -> Iterator[Article]:
        """All articles in path order, a few at a time."""
        last = -1
        while batch := self._query(
            f"SELECT position, {_ARTICLE} FROM articles "  # noqa: S608 - column names of ours
            "WHERE position > ? ORDER BY position LIMIT ?",
            (last, _BATCH),
        ):
            last = batch[-1][0]
            for row in batch:
                with self._decoding():
                    article = _article(row[1:])
                yield article

    def article_id_of(self, row: int) -> str:
        """The id of the article that a row's chunk is a piece of; raises IndexError."""
        return self._article_id_of(int(row))

    def _read_article_id(self, row: int) -> str:
        found = self._query(
            "SELECT id FROM articles WHERE position = (SELECT position FROM chunks WHERE row = ?)",
            (row,),
        )
        if not found:
            raise IndexError(f"there is no chunk row {row}")
        id_: str = found[0][0]
        return id_

    def chunk(self, row: int) -> Chunk:
        """The chunk of a row; raises IndexError."""
        return self._chunk_of(int(row))

    def _read_chunk(self, row: int) -> Chunk:
        article = self.article(self.article_id_of(row))
        ((start, end, headings),) = self._query(
            "SELECT start, end, headings FROM chunks WHERE row = ?", (row,)
        )
        with self._decoding():
            return _chunk(article, start, end, headings)

    def article_ids(self) -> tuple[str, ...]:
        """The ids of all articles, by position."""
        return tuple(
            id_
            for (id_,) in self._query(
                "SELECT id FROM articles WHERE position IS NOT NULL ORDER BY position"
            )
        )

    def positions(self) -> npt.NDArray[np.int32]:
        """The position of each row's article, (chunks,) int32."""
        found = self._query("SELECT position FROM chunks ORDER BY row")
        return np.fromiter((position for (position,) in found), dtype=np.int32, count=len(found))

    def facets(self) -> list[tuple[date | None, str | None, str, tuple[str, ...]]]:
        """Date, source, language and tags of each article, by position: what filters ask for."""
        with self._decoding():
            return [
                (_date(published), source, language, tuple(json.loads(tags)))
                for published, source, language, tags in self._query(
                    "SELECT published, source, language, tags FROM articles "
                    "WHERE position IS NOT NULL ORDER BY position"
                )
            ]

    def listing(self) -> list[Listed]:
        """Every article by position, without its text."""
        chunks = dict(self._query("SELECT position, count(*) FROM chunks GROUP BY position"))
        with self._decoding():
            return [
                Listed(
                    id=row[1],
                    title=row[2],
                    path=row[3],
                    source=row[4],
                    published=_date(row[5]),
                    language=row[6],
                    script=Script(row[7]),
                    encoding=row[8],
                    repaired=None if row[9] is None else str(row[9]),
                    damages=row[10],
                    tags=tuple(json.loads(row[11])),
                    chars=row[12],
                    chunks=chunks.get(row[0], 0),
                    representative=row[13],
                    file=row[14],
                )
                for row in self._query(
                    "SELECT position, id, title, path, source, published, language, script, "
                    "encoding, json_extract(metadata, '$.repaired'), json_array_length(damages), "
                    "tags, length(text), representative, file "
                    "FROM articles WHERE position IS NOT NULL ORDER BY position"
                )
            ]

    def representative(self, article_id: str) -> str:
        """The id of the article that stands for this one's near-duplicates; raises KeyError."""
        found = self._query(
            "SELECT representative FROM articles WHERE id = ? AND position IS NOT NULL",
            (article_id,),
        )
        if not found:
            raise KeyError(article_id)
        return str(found[0][0])

    def members(self, representative: str) -> tuple[str, ...]:
        """The ids of the articles that this one stands for, itself included, in path order."""
        return tuple(
            id_
            for (id_,) in self._query(
                "SELECT id FROM articles WHERE representative = ? AND position IS NOT NULL "
                "ORDER BY position",
                (representative,),
            )
        )

    def _query(self, statement: str, values: Sequence[object] = ()) -> list[Any]:
        with self._lock:
            try:
                return self._database.execute(statement, values).fetchall()
            except UnicodeEncodeError:
                return []  # it asks for half a character, which no text here holds
            except sqlite3.DatabaseError as error:
                raise self._damaged(error) from None

    @contextmanager
    def _decoding(self) -> Iterator[None]:
        try:
            yield
        except (ValueError, TypeError, IndexError) as error:
            raise self._damaged(error) from None

    def _damaged(self, reason: object) -> IndexDamagedError:
        return IndexDamagedError(
            f"{self._path} is damaged ({reason}); go back with `youju index --rollback`, "
            "or build anew with `youju index PATH… --rebuild`"
        )


_COPIED = (
    "id, content, title, text, path, language, script, encoding, author, source, published, url, "
    "tags, headings, damages, metadata, signature"
)


def _read_only(path: Path) -> str:
    # immutable: no locks, no journal and no look at whether the file changed; it never does.
    return path.absolute().as_uri() + "?mode=ro&immutable=1"


def _article(row: Sequence[Any]) -> Article:
    (id_, title, text, path, language, script, encoding, author, source, published, url) = row[:11]
    tags, headings, damages, metadata = (json.loads(value) for value in row[11:])
    return Article(
        id=id_,
        text=text,
        title=title,
        path=path,
        language=language,
        script=Script(script),
        encoding=encoding,
        author=author,
        source=source,
        published=_date(published),
        url=url,
        tags=tuple(tags),
        headings=tuple(Heading(*heading) for heading in headings),
        damages=tuple(Damage(*damage) for damage in damages),
        metadata=metadata,
    )


def _chunk(article: Article, start: int, end: int, headings: str) -> Chunk:
    return Chunk(
        id=f"{article.id}:{start}-{end}",
        article_id=article.id,
        start=start,
        end=end,
        text=article.text[start:end],
        headings=tuple(json.loads(headings)),
    )


def _date(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None


def _json(value: object) -> str:
    # Metadata comes as the file had it; what JSON does not know (a YAML time) becomes text.
    return json.dumps(value, ensure_ascii=False, default=str, separators=(",", ":"))
