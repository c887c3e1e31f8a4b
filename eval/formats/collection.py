"""What a public set holds: articles and cases. In: either, one by one. Out: a folder of both.

The folder has ``articles/`` for ``youju index`` and ``cases.jsonl`` for ``youju eval run``. Gold
quotes must stand in the text as the index stores it, so a reader takes quotes from `stored_text`.
"""

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from eval.cases import Case
from index.article import Script
from index.atomic import TEMPORARY, make_folder, publish_folder, sync_folder
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

_ARTICLES, _CASES = "articles", "cases.jsonl"

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
    """Write a set into a new or empty folder: it is there whole or not at all.

    An empty folder is filled, not replaced, for it may be a mounted volume or the current folder:
    its cases come last.

    Gold that the set's articles do not hold is left out with a note, and a case that has no other
    with it: it could not be asked.

    Raises:
        UsageError: the folder holds something already, or the set has no article or no case.
    """
    target = folder.resolve()
    is_there = target.exists()
    draft = (target if is_there else target.parent) / (TEMPORARY + target.name)
    if is_there and (not target.is_dir() or any(path != draft for path in target.iterdir())):
        raise UsageError(f"{folder} holds something already; name a new folder with --output")
    make_folder(target.parent)
    shutil.rmtree(draft, ignore_errors=True)
    try:
        articles, cases = _write(collection, draft)
        if not articles or not cases:
            raise UsageError(f"the set holds {articles} articles and {cases} cases: nothing to ask")
        if is_there:
            for name in (_ARTICLES, _CASES):
                (draft / name).rename(target / name)
            sync_folder(target)
        else:
            publish_folder(draft, target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return Written(articles, cases, folder / _ARTICLES, folder / _CASES)


def _write(collection: Collection, folder: Path) -> tuple[int, int]:
    """Write articles, then cases; gives how many of each."""
    (folder / _ARTICLES).mkdir(parents=True)
    held: set[str] = set()
    for part, lines in enumerate(_parts(collection.articles, held), start=1):
        with (folder / _ARTICLES / f"part-{part:04}.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(lines)
    known: set[str] = set()
    with (folder / _CASES).open("w", encoding="utf-8") as file:
        for given in collection.cases:
            if given.id in known:
                collection.notes.append(f"case {given.id}: its id is taken; left out")
                continue
            case = _with_held_gold(given, held, collection.notes)
            if case is not None:
                known.add(case.id)
                file.write(json.dumps(case.to_json(), ensure_ascii=False) + "\n")
    return len(held), len(known)


def _with_held_gold(case: Case, held: Set[str], notes: list[str]) -> Case | None:
    """The case with the gold that there is; None where there was gold, and there is none left."""
    facts = [tuple(span for span in fact if span.article in held) for fact in case.gold]
    gold = tuple(fact for fact in facts if fact)
    if gold == case.gold:
        return case
    lost = [span.article for fact in case.gold for span in fact if span.article not in held]
    told = f"case {case.id}: {', '.join(lost[:3])}{', …' * (len(lost) > 3)} is no article here"
    notes.append(told if gold else f"{told}; left out")
    return replace(case, gold=gold) if gold else None


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


def _parts(articles: Iterable[Record], held: set[str]) -> Iterator[list[str]]:
    """The articles as lines, in lists of at most ``_PART_BYTES``; each id once, put in ``held``."""
    lines: list[str] = []
    size = 0
    for record in articles:
        if record.id in held:
            continue
        held.add(record.id)
        line = json.dumps(record.to_json(), ensure_ascii=False) + "\n"
        if lines and size + len(line.encode("utf-8", "replace")) > _PART_BYTES:
            yield lines
            lines, size = [], 0
        lines.append(line)
        size += len(line.encode("utf-8", "replace"))
    if lines:
        yield lines
