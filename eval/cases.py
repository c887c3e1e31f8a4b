"""Evaluation cases: a question with its gold, read from JSONL or CSV and checked strictly.

In: the lines of a case file. Out: `Case` records, and for every bad line its number, field and
what to do. Nothing here knows how a question is answered or how an answer is scored.

A case file is UTF-8, one JSON object a line; blank lines are skipped. (`eval.case_tables` reads
the same fields from the columns of a CSV file.) The fields:

    id          text, required, unique in the file
    question    text, required: what the person types in this turn
    answerable  true or false, required: does the collection hold the answer?
    lang        text, required: the language of the question (zh-Hans, zh-Hant, en, …)
    dialogue    the earlier turns, oldest first: [{"question": "…", "answer": "…"}];
                "answer" may be left out
    standalone  the question written out in full, for a question that leans on its dialogue
    answers     accepted short answers: any one of them is right
    gold        where the answer stands: a list of the facts that are needed, each a list of
                alternatives. Every fact is needed; within a fact one alternative is enough
                (a reprint, the same figure told twice). An alternative is
                {"article": "articles/a.md", "quote": "the exact characters of its cleaned text"};
                without "quote" the whole article is the gold. The article is named by its path
                as the index gives it, or by its id
    tags        a list of texts, free: they become the slices of a report; "draft" marks a case
                that no person has confirmed yet
    today       the day the question is asked on, for 去年 and "last month": 2020-05-12
    paraphrase_of  the id of an earlier case that asks the same in other words

An answerable case has answers or gold; an unanswerable one has neither. Unknown fields are
refused, so that a misspelt one is not silently ignored.
"""

import json
import re
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import IO, Any

from index.errors import UsageError
from index.sentences import sentences
from rag.question import Turn

__all__ = [
    "FIELDS",
    "BadFieldError",
    "Case",
    "CaseFiles",
    "CaseProblem",
    "CaseReading",
    "GoldSpan",
    "Record",
    "load_cases",
    "locate",
    "parse_case",
    "parse_cases",
    "quote_around",
]

FIELDS = (
    "id",
    "question",
    "dialogue",
    "standalone",
    "answers",
    "gold",
    "answerable",
    "lang",
    "tags",
    "today",
    "paraphrase_of",
)
_TURN_FIELDS = ("question", "answer")
_GOLD_FIELDS = ("article", "quote")

# The shape of a BCP 47 language tag: a primary subtag, then subtags of 1 to 8 characters.
_LANG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8})*")

_PEEK_BYTES = 1 << 16
# A list, a brace alone on its line, or an object of which "data" is a field, after texts, numbers
# and the like (SQuAD has "version" before it or after).
_DOCUMENT = re.compile(
    rb"""\s* (?: \[ | \{ [ \t\r]* (?: \n | \Z )
       | \{ \s* (?: %(text)s \s* : \s* (?: %(text)s | [\w.+-]+ ) \s* , \s* )* "data" \s* : )"""
    % {b"text": rb'"(?: [^"\\] | \\. )*"'},
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class GoldSpan:
    """A place that holds a needed fact.

    ``article`` is an article's path as the index gives it (``articles/a.md``,
    ``articles/b.jsonl#record-id``). ``quote`` stands there exactly once; None means the article
    as a whole.
    """

    article: str
    quote: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A question with its gold. `gold` holds needed facts, each with its alternatives."""

    id: str
    question: str
    answerable: bool
    lang: str
    answers: tuple[str, ...] = ()
    gold: tuple[tuple[GoldSpan, ...], ...] = ()
    dialogue: tuple[Turn, ...] = ()
    standalone: str | None = None
    tags: tuple[str, ...] = ()
    today: date | None = None
    paraphrase_of: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The case as a line of a case file holds it; fields at their defaults are left out."""
        record: dict[str, Any] = {"id": self.id, "question": self.question}
        if self.dialogue:
            record["dialogue"] = [
                {"question": turn.question, **({"answer": turn.answer} if turn.answer else {})}
                for turn in self.dialogue
            ]
        if self.standalone is not None:
            record["standalone"] = self.standalone
        if self.answers:
            record["answers"] = list(self.answers)
        if self.gold:
            record["gold"] = [
                [
                    {"article": s.article, **({"quote": s.quote} if s.quote is not None else {})}
                    for s in fact
                ]
                for fact in self.gold
            ]
        record |= {"answerable": self.answerable, "lang": self.lang}
        if self.tags:
            record["tags"] = list(self.tags)
        if self.today:
            record["today"] = self.today.isoformat()
        if self.paraphrase_of is not None:
            record["paraphrase_of"] = self.paraphrase_of
        return record


@dataclass(frozen=True, slots=True)
class CaseProblem:
    """Why one line is not a case. ``field`` is ``gold[0][1].quote`` or the like, "" = the line.

    ``path`` is the file's, None where a reader of plain lines did not know it.
    """

    line: int
    field: str
    reason: str
    path: Path | None = None

    def __str__(self) -> str:
        """Return the problem as one line."""
        place = f"{self.path}: " if self.path else ""
        return f"{place}line {self.line}: {self.field + ': ' if self.field else ''}{self.reason}"


@dataclass(frozen=True, slots=True)
class CaseReading:
    """What a case file gave: its good cases in order, and every bad line."""

    cases: tuple[Case, ...]
    problems: tuple[CaseProblem, ...]


class CaseFiles:
    """The cases of some files, read from the disk each time anew: as many as you like, in little
    memory. Ids are unique over all of them.
    """

    def __init__(self, *paths: Path) -> None:
        """Name the files; nothing is read yet."""
        self.paths = paths
        self.name = "+".join(dict.fromkeys(path.stem for path in paths))

    def __iter__(self) -> Iterator[Case]:
        """The good cases, in order."""
        return (found for found in self.read() if isinstance(found, Case))

    def problems(self) -> Iterator[CaseProblem]:
        """What is wrong with the other lines, in order."""
        return (found for found in self.read() if isinstance(found, CaseProblem))

    def read(self) -> Iterator[Case | CaseProblem]:
        """Every line that holds anything, as its case or its problem.

        Raises:
            UsageError: a file cannot be read, or is a CSV file without the columns of a case.
        """
        known = _Known({})
        for path in self.paths:
            if path.is_dir():
                raise UsageError(
                    f"{path} is a folder; name case files (of a BEIR folder they are made by "
                    f"`youju eval import beir {path} --output DIR`)"
                )
            try:
                with path.open("rb") as file:
                    yield from _checked(_records(file, path), known, path=path)
            except OSError as error:
                raise UsageError(
                    f"{path}: cannot be read ({error.strerror}); check the path of the case file"
                ) from error


def load_cases(path: Path) -> list[Case]:
    """Read a case file in which every line must be right.

    Raises:
        UsageError: the file cannot be read, holds no case, or has bad lines; the message names
            the file and, for every bad line, its number, the field and what to do.
    """
    found = list(CaseFiles(path).read())
    if problems := [str(one) for one in found if isinstance(one, CaseProblem)]:
        raise UsageError("\n".join(problems))
    if not found:
        raise UsageError(f"{path}: no case in this file; write one JSON object a line")
    return [one for one in found if isinstance(one, Case)]


def parse_cases(lines: Iterable[str]) -> CaseReading:
    """Turn the lines of a case file into cases. Bad lines become problems, the rest goes on.

    >>> line = '{"id": "a", "question": "?", "answerable": false, "lang": "en"}'
    >>> [case.id for case in parse_cases([line]).cases]
    ['a']
    """
    records = ((number, partial(_object, line)) for number, line in enumerate(lines, start=1))
    found = list(_checked(records, _Known({})))
    return CaseReading(
        tuple(one for one in found if isinstance(one, Case)),
        tuple(one for one in found if isinstance(one, CaseProblem)),
    )


def locate(span: GoldSpan, text: str) -> tuple[int, int]:
    """Find where a gold span stands in the cleaned text of its article.

    Returns:
        ``(start, end)`` with ``text[start:end] == span.quote``; the whole text for a span
        without a quote.

    Raises:
        UsageError: the quote is not there, or is there more than once.

    >>> locate(GoldSpan("a.md", "wait is 17 seconds"), "The wait is 17 seconds.")
    (4, 22)
    """
    if span.quote is None:
        return 0, len(text)
    start = text.find(span.quote)
    if start < 0:
        raise UsageError(
            f"{span.article}: the gold quote {span.quote!r} is not in the article; "
            "copy it from the text that `youju show` prints"
        )
    # From start + 1, so that occurrences that overlap are counted too.
    if text.find(span.quote, start + 1) >= 0:
        raise UsageError(
            f"{span.article}: the gold quote {span.quote!r} is in the article more than once; "
            "lengthen it until it is unique"
        )
    return start, start + len(span.quote)


def quote_around(text: str, start: int, end: int) -> str | None:
    """The sentences that hold ``text[start:end]``, with neighbours until they stand only once.

    None where nothing but the whole text would.

    >>> quote_around("有三家。甲是。有三家。乙是。", 7, 10)
    '甲是。有三家。'
    """
    spans = sentences(text)
    held = [n for n, (a, b) in enumerate(spans) if a < end and start < b]
    if not held:
        return None
    first, last = held[0], held[-1]
    while True:
        quote = text[spans[first][0] : spans[last][1]]
        if text.find(quote) == text.rfind(quote):
            return quote
        if first == 0 and last == len(spans) - 1:
            return None
        first, last = (first - 1, last) if first else (first, last + 1)


class BadFieldError(Exception):
    """One field of one line is wrong."""

    def __init__(self, field: str, reason: str) -> None:
        """Name the field, "" for the whole line, and what to do."""
        super().__init__(field, reason)
        self.field = field
        self.reason = reason


Record = Callable[[], Mapping[str, Any] | None]
"""Gives the fields of one line, None for a blank one; raises `BadFieldError` where it is none."""


@dataclass(slots=True)
class _Known:
    """Where each id stands that was read so far."""

    places: dict[str, str]


def _checked(
    records: Iterable[tuple[int, Record]], known: _Known, *, path: Path | None = None
) -> Iterator[Case | CaseProblem]:
    """Turn records, each with its line, into cases and problems."""
    for number, record in records:
        try:
            fields = record()
            if fields is None:
                continue
            case = parse_case(fields)
            _check_ids(case, known)
        except BadFieldError as bad:
            yield CaseProblem(number, bad.field, bad.reason, path)
        else:
            known.places[case.id] = f"line {number}" + (f" of {path}" if path else "")
            yield case


def _check_ids(case: Case, known: _Known) -> None:
    if case.id in known.places:
        raise BadFieldError(
            "id",
            f"{case.id!r} is already the id of {known.places[case.id]}; give every case its own id",
        )
    if case.paraphrase_of is not None and case.paraphrase_of not in known.places:
        raise BadFieldError(
            "paraphrase_of", f"{case.paraphrase_of!r} is the id of no case above this line"
        )


def _records(file: IO[bytes], path: Path) -> Iterator[tuple[int, Record]]:
    """The lines of a file. JSON lines end at line feeds alone: texts may hold U+2028 and U+0085."""
    if path.suffix.lower() in (".csv", ".tsv"):
        from eval.case_tables import table_records

        yield from table_records(file, path)
        return
    if path.suffix.lower() == ".json" and _is_one_document(file):
        raise UsageError(
            f"{path}: one JSON document, where a case file has one JSON object a line; is it a "
            f"public question set? Then make cases of it: youju eval import squad {path} "
            "--output DIR (or rgb)"
        )
    for number, line in enumerate(file, start=1):
        line = line.removeprefix(BOM_UTF8) if number == 1 else line
        yield number, partial(_decoded_object, line.rstrip(b"\r\n"))


def _is_one_document(file: IO[bytes]) -> bool:
    """Tell whether a file begins as a list, as an object over many lines or as one of ``data``.

    The last is a SQuAD file, which may be one line of any length: only its beginning is read. A
    file that begins in another way has lines, however wrong the first is. The file is at its
    start after.
    """
    head = file.read(_PEEK_BYTES).removeprefix(BOM_UTF8)
    file.seek(0)
    return _DOCUMENT.match(head) is not None


def _decoded_object(line: bytes) -> Mapping[str, Any] | None:
    try:
        return _object(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise BadFieldError("", "not UTF-8; save the case file as UTF-8") from error


def _object(line: str) -> Mapping[str, Any] | None:
    if not line.strip():
        return None
    try:
        record = json.loads(line, object_pairs_hook=_unique_object)
    except json.JSONDecodeError as error:
        raise BadFieldError(
            "", f"not JSON at column {error.colno} ({error.msg}); write one JSON object a line"
        ) from error
    except RecursionError as error:
        raise BadFieldError("", "nested too deeply; write one JSON object a line") from error
    except ValueError as error:
        # An integer of more digits than Python converts (sys.set_int_max_str_digits).
        raise BadFieldError("", f"not JSON that can be read ({error})") from error
    _check_object(record, "", known=FIELDS)
    return dict(record)


def parse_case(record: Mapping[str, Any]) -> Case:
    """Check the fields of one case.

    Raises:
        BadFieldError: naming the first field that is missing, unknown or wrong.
    """
    _check_object(record, "", known=FIELDS)
    case = Case(
        id=_text(record, "id"),
        question=_text(record, "question"),
        answerable=_truth(record, "answerable"),
        lang=_lang(record),
        answers=_texts(record, "answers"),
        gold=_gold(record),
        dialogue=_dialogue(record),
        standalone=_text(record, "standalone") if "standalone" in record else None,
        tags=_texts(record, "tags"),
        today=_day(record, "today"),
        paraphrase_of=_text(record, "paraphrase_of") if "paraphrase_of" in record else None,
    )
    if case.standalone is not None and not case.dialogue:
        raise BadFieldError(
            "standalone",
            'only a question with a "dialogue" has one; put the full question in "question"',
        )
    if case.answerable and not (case.answers or case.gold):
        raise BadFieldError(
            "answerable",
            'true, but there is nothing to compare with; add "answers" or "gold", or say false',
        )
    for field, value in (("answers", case.answers), ("gold", case.gold)):
        if not case.answerable and value:
            raise BadFieldError(
                field, 'an unanswerable case has none; remove it or set "answerable" to true'
            )
    return case


def _unique_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build a JSON object; json.loads alone keeps the last of two fields of the same name."""
    record: dict[str, Any] = {}
    for name, value in pairs:
        if name in record:
            raise BadFieldError(name, "given twice; keep one")
        record[name] = value
    return record


def _check_object(value: object, place: str, *, known: tuple[str, ...]) -> None:
    if not isinstance(value, dict):
        raise BadFieldError(
            place, f'is {_kind(value)}; write an object with "' + '", "'.join(known) + '"'
        )
    for name in value:
        if name not in known:
            raise BadFieldError(
                f"{place}.{name}" if place else name,
                "unknown field; the known ones are " + ", ".join(known),
            )


def _text(record: Mapping[str, Any], name: str, place: str = "") -> str:
    field = f"{place}.{name}" if place else name
    if name not in record:
        raise BadFieldError(field, "missing; add it")
    return _checked_text(record[name], field)


def _checked_text(value: object, field: str) -> str:
    if not isinstance(value, str):
        raise BadFieldError(field, f"is {_kind(value)}; write a text in quotation marks")
    if not value.strip():
        raise BadFieldError(field, "is empty; write a text or leave the field out")
    if any("\ud800" <= char <= "\udfff" for char in value):
        # JSON can spell half of a surrogate pair; it is no character and cannot be stored.
        raise BadFieldError(field, "has half a surrogate pair; write the whole character")
    return value


def _truth(record: Mapping[str, Any], name: str) -> bool:
    if name not in record:
        raise BadFieldError(name, "missing; add true or false")
    value = record[name]
    if not isinstance(value, bool):
        raise BadFieldError(name, f"is {_kind(value)}; write true or false")
    return value


def _lang(record: Mapping[str, Any]) -> str:
    value = _text(record, "lang")
    if not _LANG.fullmatch(value):
        raise BadFieldError("lang", f"{value!r} is no language tag; write zh-Hans, zh-Hant, en, …")
    return value


def _day(record: Mapping[str, Any], name: str) -> date | None:
    if name not in record:
        return None
    value = _text(record, name)
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise BadFieldError(name, f"{value!r} is no date; write 2020-05-12") from error


def _items(record: Mapping[str, Any], name: str) -> list[Any]:
    """The list in an optional field; an absent field is an empty list."""
    value = record.get(name, [])
    if not isinstance(value, list):
        raise BadFieldError(name, f"is {_kind(value)}; write a list in [ ]")
    return value


def _texts(record: Mapping[str, Any], name: str) -> tuple[str, ...]:
    texts: list[str] = []
    for i, item in enumerate(_items(record, name)):
        text = _checked_text(item, f"{name}[{i}]")
        if text in texts:
            raise BadFieldError(f"{name}[{i}]", f"{text!r} is there twice; keep one")
        texts.append(text)
    return tuple(texts)


def _dialogue(record: Mapping[str, Any]) -> tuple[Turn, ...]:
    turns: list[Turn] = []
    for i, item in enumerate(_items(record, "dialogue")):
        place = f"dialogue[{i}]"
        _check_object(item, place, known=_TURN_FIELDS)
        answer = _text(item, "answer", place) if "answer" in item else None
        turns.append(Turn(_text(item, "question", place), answer))
    return tuple(turns)


def _gold(record: Mapping[str, Any]) -> tuple[tuple[GoldSpan, ...], ...]:
    facts: list[tuple[GoldSpan, ...]] = []
    for i, fact in enumerate(_items(record, "gold")):
        if not isinstance(fact, list) or not fact:
            raise BadFieldError(
                f"gold[{i}]",
                "is no list of alternatives; gold is a list of facts, each a list of places: "
                '[[{"article": "…", "quote": "…"}]]',
            )
        spans: list[GoldSpan] = []
        for j, item in enumerate(fact):
            place = f"gold[{i}][{j}]"
            _check_object(item, place, known=_GOLD_FIELDS)
            quote = _text(item, "quote", place) if "quote" in item else None
            span = GoldSpan(_text(item, "article", place), quote)
            if span in spans:
                raise BadFieldError(place, "the same place twice; keep one")
            spans.append(span)
        facts.append(tuple(spans))
    return tuple(facts)


def _kind(value: object) -> str:
    """Name a JSON value's type in the words of JSON."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return "a list"
        case _:
            return "an object"
