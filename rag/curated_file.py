"""A file of curated answers, read: TOML in, entries out, and every problem of it.

An entry is a question in several wordings with an answer that somebody approved, each sentence
with the quotes it rests on. Whether the quotes are in the articles is `rag.curated`'s to say.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from index.toml_file import read_toml

__all__ = ["Entry", "Line", "Problem", "Quote", "read_curated"]

_LANGUAGE = re.compile("[a-z]{2,3}")


@dataclass(frozen=True, slots=True)
class Quote:
    """Characters that a sentence rests on: ``text`` as it stands in ``article``, the ``nth`` time.

    ``article`` is an article's id or its path.
    """

    article: str
    text: str
    nth: int = 1


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence of an approved answer, and its quotes: at least one."""

    text: str
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A question in all of its wordings, with its approved answer.

    ``name`` tells where it stands in its file. It is served from ``valid_from`` until
    ``valid_until``, both days included; None is open. ``language``: only questions in this
    language (``zh``, ``en``) are answered by it. ``min_match`` takes the place of the general
    threshold.
    """

    name: str
    id: str
    questions: tuple[str, ...]
    lines: tuple[Line, ...]
    approved_by: str
    valid_from: date | None = None
    valid_until: date | None = None
    language: str | None = None
    min_match: float | None = None

    def is_valid_on(self, day: date) -> bool:
        """Tell whether the answer may be given on this day."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day <= self.valid_until
        )


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with an entry, and what to do. ``entry`` is its name, or "the file"."""

    entry: str
    what: str

    def __str__(self) -> str:
        """The problem as one line."""
        return f"{self.entry}: {self.what}"


def read_curated(path: Path) -> tuple[tuple[Entry, ...], tuple[Problem, ...]]:
    """Read a file of ``[[answer]]`` tables: all entries, and all problems.

    An entry that is named in a problem has no value or an empty one for what is wrong.

    Raises:
        UsageError: the file cannot be read, or is no TOML.
    """
    tables = read_toml(path, "curated answers", encoding="utf-8-sig")
    problems = [
        Problem("the file", f"unknown key {key!r}; only [[answer]] tables may stand here")
        for key in sorted(set(tables) - {"answer"})
    ]
    rows = tables.get("answer", [])
    if not isinstance(rows, list):
        problems.append(Problem("the file", "write [[answer]], in two pairs of brackets"))
        rows = []
    entries: list[Entry] = []
    for number, row in enumerate(rows, start=1):
        reader = _Reader(f"answer {number}")
        entry = reader.entry(row)
        if entry.id and entry.id in {other.id for other in entries}:
            reader.say("the id stands already at an answer before it; give it another")
        entries.append(entry)
        problems += reader.problems
    return tuple(entries), tuple(problems)


@dataclass(slots=True)
class _Reader:
    """Reads one ``[[answer]]`` and gathers what is wrong with it."""

    name: str
    problems: list[Problem] = field(default_factory=list)

    def say(self, what: str) -> None:
        self.problems.append(Problem(self.name, what))

    def entry(self, row: object) -> Entry:
        if not isinstance(row, dict):
            self.say("must be a table")
            return Entry(self.name, "", (), (), "")
        id_ = self._text(row, "id")
        if id_:
            self.name = f"{self.name} ({id_})"
        self._known(
            row, "id questions sentences approved_by valid_from valid_until language min_match"
        )
        questions = self._list(row, "questions")
        sound = tuple(q for q in questions if isinstance(q, str) and any(map(str.isalnum, q)))
        if len(sound) < len(questions):
            self.say("questions must be texts with at least one letter or digit each")
        valid_from, valid_until = self._day(row, "valid_from"), self._day(row, "valid_until")
        if valid_from and valid_until and valid_until < valid_from:
            self.say(
                f"valid_until {valid_until} is before valid_from {valid_from}; swap or correct them"
            )
        lines = [self._line(s, n) for n, s in enumerate(self._list(row, "sentences"), start=1)]
        return Entry(
            name=self.name,
            id=id_,
            questions=sound,
            lines=tuple(line for line in lines if line is not None),
            approved_by=self._text(row, "approved_by"),
            valid_from=valid_from,
            valid_until=valid_until,
            language=self._language(row),
            min_match=self._share(row, "min_match"),
        )

    def _line(self, row: object, number: int) -> Line | None:
        where = f"sentence {number}"
        if not isinstance(row, dict):
            self.say(f"{where} must be a table with text and citations")
            return None
        self._known(row, "text citations", where)
        text = self._text(row, "text", where)
        quotes = []
        for n, cited in enumerate(self._list(row, "citations", where), start=1):
            place = f"{where}, citation {n}"
            if not isinstance(cited, dict):
                self.say(f"{place} must be a table with article and quote")
                continue
            self._known(cited, "article quote nth", place)
            nth = cited.get("nth", 1)
            if type(nth) is not int or nth < 1:
                self.say(f"{place}: nth must be a whole number from 1 on, not {nth!r}")
                nth = 1
            article = self._text(cited, "article", place)
            # White space is part of a quote: it is looked for as it stands.
            quote = cited.get("quote")
            if not isinstance(quote, str) or not quote.strip():
                self.say(f"{place}: quote is missing; copy the exact characters of the article")
                continue
            if article:
                quotes.append(Quote(article, quote, nth))
        return Line(text, tuple(quotes))

    def _known(self, row: Mapping[str, object], names: str, where: str = "") -> None:
        for key in sorted(set(row) - set(names.split())):
            self.say(f"{_at(where)}unknown key {key!r}; known: {', '.join(names.split())}")

    def _text(self, row: Mapping[str, object], key: str, where: str = "") -> str:
        value = row.get(key)
        if isinstance(value, str) and value.strip():
            return value.strip()
        what = "is missing" if value is None else "must be a text that is not empty"
        self.say(f"{_at(where)}{key} {what}")
        return ""

    def _list(self, row: Mapping[str, object], key: str, where: str = "") -> list[object]:
        value = row.get(key)
        if isinstance(value, list) and value:
            return value
        self.say(f"{_at(where)}{key} must be a list with at least one element")
        return []

    def _day(self, row: Mapping[str, object], key: str) -> date | None:
        value = row.get(key)
        if isinstance(value, str):
            try:
                return date.fromisoformat(value)
            except ValueError:
                pass
        if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
            return value
        self.say(f"{key} must be a day such as 2024-06-30, not {value}")
        return None

    def _language(self, row: Mapping[str, object]) -> str | None:
        value = row.get("language")
        if value is None or (isinstance(value, str) and _LANGUAGE.fullmatch(value)):
            return value
        self.say(f"language must be a code such as zh or en, not {value!r}")
        return None

    def _share(self, row: Mapping[str, object], key: str) -> float | None:
        value = row.get(key)
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 1:
            return float(value)
        self.say(f"{key} must be a number above 0 and up to 1, not {value!r}")
        return None


def _at(where: str) -> str:
    return f"{where}: " if where else ""
