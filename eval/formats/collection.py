"""What a public set holds: articles and cases. In: either, one by one. Out: a folder of both.

The folder has ``articles/`` for ``youju index`` and ``cases.jsonl`` for ``youju eval run``. Gold
quotes must stand in the text as the index stores it, so a reader takes quotes from `stored_text`.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eval.cases import Case
from index.article import Script
from index.errors import UnreadableError, UsageError
from index.language import detect_language, detect_script
from index.reading import read

__all__ = [
    "Collection",
    "Record",
    "Written",
    "document_id",
    "language_of",
    "load_json",
    "stored_text",
    "write_collection",
]

_PART_BYTES = 32 << 20
"""Articles are split into files of this size, well below ``max_file_mb``."""


@dataclass(frozen=True, slots=True)
class Record:
    """One article of a set. ``id`` is what its cases name it by."""

    id: str
    text: str
    title: str = ""

    def to_json(self) -> dict[str, str]:
        """The article as a record that ``youju index`` reads."""
        title = {"title": self.title} if self.title.strip() else {}
        return {"id": self.id, **title, "text": self.text}


@dataclass(frozen=True, slots=True)
class Collection:
    """A set, read. ``notes`` say what could not be taken over; they fill up while it is read."""

    articles: Iterable[Record]
    cases: Iterable[Case]
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Written:
    """How much was written, and where."""

    articles: int
    cases: int
    articles_folder: Path
    cases_file: Path


def write_collection(collection: Collection, folder: Path) -> Written:
    """Write a set into a new folder.

    Raises:
        UsageError: the folder holds something already.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} holds something already; name a new folder with --output")
    articles_folder, cases_file = folder / "articles", folder / "cases.jsonl"
    articles_folder.mkdir(parents=True)
    articles = cases = 0
    for part, lines in enumerate(_parts(collection.articles), start=1):
        with (articles_folder / f"part-{part:04}.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(lines)
        articles += len(lines)
    known: set[str] = set()
    with cases_file.open("w", encoding="utf-8") as file:
        for case in collection.cases:
            if case.id in known:
                collection.notes.append(f"case {case.id}: its id is taken; left out")
                continue
            known.add(case.id)
            file.write(json.dumps(case.to_json(), ensure_ascii=False) + "\n")
            cases += 1
    return Written(articles, cases, articles_folder, cases_file)


def document_id(text: str) -> str:
    """Name an article that has no name in its set: by its content, the same everywhere."""
    return "doc-" + hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=6).hexdigest()


def stored_text(record: Record) -> str | None:
    """The text of an article as the index will store it; None where it cannot be indexed."""
    line = json.dumps(record.to_json(), ensure_ascii=False).encode("utf-8", "replace")
    try:
        return read(line, "record.jsonl").articles[0].text
    except UnreadableError:
        return None


def language_of(question: str, context: str = "") -> str:
    """The language tag of a question; its context tells where it is too short to.

    >>> language_of("谁？", "銀行業務"), language_of("Who is it that was there?")
    ('zh-Hant', 'en')
    """
    language = detect_language(question)
    if language == "und":
        language = detect_language(context)
    if language != "zh":
        return language
    script = detect_script(question + context)
    return "zh-Hant" if script is Script.TRADITIONAL else "zh-Hans"


def load_json(path: Path) -> Any:  # noqa: ANN401 - any JSON value
    """Read a JSON file.

    Raises:
        UsageError: it cannot be read, or is no JSON.
    """
    try:
        return json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not JSON in UTF-8 ({error})") from error


def _parts(articles: Iterable[Record]) -> Iterator[list[str]]:
    """The articles as lines, in lists of at most ``_PART_BYTES``; an id only once."""
    known: set[str] = set()
    lines: list[str] = []
    size = 0
    for record in articles:
        if record.id in known:
            continue
        known.add(record.id)
        line = json.dumps(record.to_json(), ensure_ascii=False) + "\n"
        if lines and size + len(line.encode("utf-8", "replace")) > _PART_BYTES:
            yield lines
            lines, size = [], 0
        lines.append(line)
        size += len(line.encode("utf-8", "replace"))
    if lines:
        yield lines
