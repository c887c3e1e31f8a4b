"""Public question sets as indexes: which article answers which question.

In: a folder that holds ``NAME.corpus.jsonl.xz`` (``doc_id, title, text``) and
``NAME.queries.jsonl.xz`` (``q, answers, gold``). Out: questions with their gold, and an index of
the set's documents built the way a user's is, kept between runs. Documents are split in two
halves; what is fitted is fitted on the one and reported on the other.
"""

import hashlib
import json
import lzma
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from index.config import IndexConfig
from index.errors import IndexMismatchError, IndexMissingError, UsageError
from index.fold import fold
from index.search import open_index
from index.sync import sync

__all__ = ["CROSS", "SETS", "Half", "Query", "build", "half_of", "plain", "read_queries", "rows"]

CROSS = {"xquad.en-zh": ("xquad.en", "xquad.zh"), "xquad.zh-en": ("xquad.zh", "xquad.en")}
"""Sets that ask the questions of one language of the articles in another."""

SETS = (
    "cmrc2018",
    "drcd_dev",
    "xquad.zh",
    "xquad.en",
    *CROSS,
    "dureader_robust",
    "cjrc_dev",
    "squad20_dev",
    "stard",
    "crud_news",
)


class Half(StrEnum):
    """The half of a set that a document belongs to."""

    FIT = "fit"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class Query:
    """A question that a set can answer; ``gold`` are ids of articles, any of which is right."""

    text: str
    gold: frozenset[str]
    answers: tuple[str, ...]


def half_of(doc_id: str) -> Half:
    """Tell a document's half: by its id, so that it is the same everywhere."""
    odd = hashlib.blake2b(doc_id.encode(), digest_size=1).digest()[0] % 2
    return Half.REPORT if odd else Half.FIT


def read_queries(name: str, data: Path, *, half: Half, limit: int | None = None) -> list[Query]:
    """Read the answerable questions of one half, at most ``limit``, spread evenly over it.

    A question belongs to the half of its first gold document.
    """
    asked, answered = CROSS.get(name, (name, name))
    gold = [row["gold"] for row in rows(data / f"{answered}.queries.jsonl.xz")]
    queries = [
        Query(row["q"], frozenset(right), tuple(row.get("answers") or ()))
        for row, right in zip(rows(data / f"{asked}.queries.jsonl.xz"), gold, strict=True)
        if right and not row.get("unanswerable") and row["q"].strip(" ?？")
        if half_of(min(right)) is half
    ]
    if limit is None or len(queries) <= limit:
        return queries
    return [queries[i * len(queries) // limit] for i in range(limit)]


def plain(text: str) -> str:
    """Text as answers are compared: folded, without spaces and punctuation but for 3.5 and 9%.

    >>> plain("滿意度 98.68％。")
    '满意度98.68%'
    """
    return "".join(c for c in fold(text) if c.isalnum() or c in ".%")


def build(name: str, data: Path, *, cache: Path, embedder: str = "bundled") -> Path:
    """Index the documents of a set under ``cache``; what is there already is only synced."""
    _, answered = CROSS.get(name, (name, name))
    folder = cache / answered
    articles = folder / f"{answered}.jsonl"
    if not articles.exists():
        folder.mkdir(parents=True, exist_ok=True)
        fresh = articles.with_suffix(".tmp")
        with fresh.open("w", encoding="utf-8") as file:
            for row in rows(data / f"{answered}.corpus.jsonl.xz"):
                record = {"id": row["doc_id"], "title": row["title"], "text": row["text"]}
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
        fresh.replace(articles)
    config = IndexConfig(max_file_mb=1_000, embedder=embedder)  # the news are one file of 160 MB
    # One index for each embedder, under a name that is one folder's.
    index = folder / ("index" if embedder == "bundled" else f"index-{plain_name(embedder)}")
    report = sync([articles], index, config=config, progress=True, rebuild=not _is_usable(index))
    if report.exit_status:  # a few records that a user's sync would not take either
        print(
            f"{answered}: some records were quarantined (youju index {articles})", file=sys.stderr
        )
    return index


def plain_name(embedder: str) -> str:
    """An embedder's name as a part of a folder's."""
    return re.sub(r"[^A-Za-z0-9.-]+", "-", embedder).strip("-")


def _is_usable(index: Path) -> bool:
    """Tell whether there is an index whose vectors the embedder of today made."""
    try:
        open_index(index).close()
    except (IndexMismatchError, IndexMissingError):
        return False
    return True


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """Read a ``.jsonl.xz`` file row by row; raises UsageError where it is not there."""
    try:
        with lzma.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)
    except FileNotFoundError:
        raise UsageError(f"{path} is not there; give the folder of the sets by --data") from None
