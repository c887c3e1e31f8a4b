"""Read one file for the index: its bytes in; the articles that can be stored, and problems, out.

What a parser did not expect becomes a reason to quarantine the file. Knows nothing of what was
indexed before, nor of where the bytes come from.
"""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass

from index.article import Article
from index.errors import UnreadableError
from index.ingest import read_articles

__all__ = ["READING_VERSION", "FileReading", "read", "warnings_of"]

READING_VERSION = 2
"""Raise it when reading, chunking or grouping gives other results for the same file: every file
is then read again at the next sync."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FileReading:
    """The articles of a file, and (place, reason) of what could not be read in it."""

    articles: tuple[Article, ...]
    problems: tuple[tuple[str, str], ...]


def read(data: bytes, path: str) -> FileReading:
    """Read the articles of a file; raises UnreadableError when there is none."""
    try:
        reading = read_articles(data, path=path)
    except UnreadableError:
        raise
    except Exception as error:
        # A parser met a file that nobody thought of. That is one row, not the end of the sync.
        _log.exception("reading %s", path)
        raise UnreadableError(
            f"reading it failed unexpectedly ({type(error).__name__}: {error})"
        ) from error
    problems = [(problem.place, problem.reason) for problem in reading.problems]
    articles = []
    for article in reading.articles:
        if _is_storable(article):
            articles.append(article)
        else:
            place = article.path.removeprefix(path)
            problems.append((place, "it holds half a character (a lone surrogate)"))
    if not articles:
        reasons = [f"{place}: {reason}" if place else reason for place, reason in problems]
        more = f", and {len(reasons) - 3} more" if len(reasons) > 3 else ""
        raise UnreadableError("; ".join(reasons[:3]) + more or "there is no article in it")
    return FileReading(tuple(articles), tuple(problems))


def warnings_of(article: Article, path: str) -> Iterator[str]:
    """Say what looks wrong in an article, counting lines and columns of its text from 1.

    ``path`` is that of its file. An article that is a record in it is named: its lines are not
    those of the file.
    """
    record, its_text = ("", "") if article.path == path else (f"{article.path}: ", " of its text")
    if "repaired" in article.metadata:
        yield f"{record}its characters were repaired: {article.metadata['repaired']}"
    for damage in article.damages:
        line = article.text.count("\n", 0, damage.start) + 1
        column = damage.start - article.text.rfind("\n", 0, damage.start)
        spot = article.text[damage.start : damage.end]
        perhaps = f"; perhaps {damage.suggestion!r}" if damage.suggestion else ""
        place = f"line {line}, column {column}{its_text}"
        yield f"{record}{place}: {damage.reason} ({spot!r}{perhaps})"


def _is_storable(article: Article) -> bool:
    """Tell whether every text of an article has a UTF-8 form."""
    texts = (
        *(article.id, article.text, article.title, article.path, article.language),
        *(article.encoding, article.author, article.source, article.url, *article.tags),
        json.dumps(dict(article.metadata), ensure_ascii=False, default=str),
        *(part for damage in article.damages for part in (damage.reason, damage.suggestion)),
    )
    try:
        for text in texts:
            (text or "").encode()
    except UnicodeEncodeError:
        return False
    return True
