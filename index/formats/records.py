"""Files of articles: JSON lines and CSV, one record an article.

Comes in: decoded text. Goes out: the records with their declared fields, and a problem for every
line that is none. The fields are ``id?, title?, text, source?, author?, published?, url?,
language?, tags?``; any other is kept as metadata, as it came.
"""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from index.dates import parse_date
from index.errors import UnreadableError
from index.formats.parsed import Fields, Problem
from index.metadata import split_tags

__all__ = ["Record", "is_html", "is_markdown", "read_csv", "read_jsonl"]

_DELIMITERS = (",", "\t", ";", "|")
# The default of 128 KiB is less than a long article; this is the most that every platform takes.
_MAX_FIELD = 2**31 - 1
# An open quote swallows the lines below it; reading starts again after its line. Not for ever:
# each time may cost the rest of the file.
_MAX_RESTARTS = 100

# Linear on any input: no part can run over the beginning of the next match, or far.
_HTML = re.compile(
    r"</(?:p|div|span|h[1-6]|ul|ol|li|table|a|b|strong|em|article|section|blockquote)\s*>|"
    r"<br\s*/?>|<p(?:\s[^<>]*)?>",
    re.IGNORECASE,
)
_ELEMENT = re.compile(r"\s*+<(\w++)[^>]*+>.*</\1>\s*", re.DOTALL)
_MARKDOWN = re.compile(
    r"^#{1,6} \S|\[[^\[\]\n]+\]\((?:https?:|/|#|\.)[^)\n]{0,500}\)|"
    r"!\[[^\[\]\n]*\]\([^)\n]{1,500}\)|"
    r"\*\*\S[^*\n]*\*\*|^```|^\|?[ \t]*:?-{3,}:?[ \t]*\|",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Record:
    """One article of a file, not yet cleaned. ``line`` counts from 1."""

    line: int
    text: str
    fields: Fields


def is_html(text: str) -> bool:
    """Tell whether a text is clearly HTML, not a sentence about it."""
    return len(_HTML.findall(text)) >= 2 or _ELEMENT.fullmatch(text) is not None


def is_markdown(text: str) -> bool:
    """Tell whether a text shows the marks of Markdown."""
    return _MARKDOWN.search(text) is not None


def read_jsonl(text: str) -> tuple[list[Record], list[Problem]]:
    """Read one JSON object a line; blank lines are skipped."""
    records: list[Record] = []
    problems: list[Problem] = []
    # Not splitlines: U+2028 may stand inside a JSON string.
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line, parse_constant=_refuse_constant)
            records.append(_record(value, number))
        except (ValueError, RecursionError, UnreadableError) as error:
            problems.append(Problem(f"line {number}", _json_reason(error)))
    return records, problems


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _json_reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"not valid JSON: {error.msg} at character {error.pos + 1}"
    if isinstance(error, RecursionError):
        return "not valid JSON: nested too deep"
    return str(error)


def read_csv(text: str) -> tuple[list[Record], list[Problem]]:
    """Read a table whose first row names the fields; the delimiter is found from that row.

    Raises:
        UnreadableError: no column is named "text".
    """
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    lines = [line + "\n" for line in lines]
    delimiter, header, first = _header(lines)
    records: list[Record] = []
    problems: list[Problem] = []
    for number, row in _rows(lines, delimiter, first, problems):
        if len(row) > len(header):
            reason = f"{len(row)} cells where the header names {len(header)}"
            problems.append(Problem(f"line {number}", reason))
            continue
        values = {k: v for k, v in zip(header, row, strict=False) if k and v.strip()}
        try:
            records.append(_record(values, number))
        except UnreadableError as error:
            problems.append(Problem(f"line {number}", str(error)))
    return records, problems


def _header(lines: list[str]) -> tuple[str, list[str], int]:
    """Find the delimiter, the names of the columns and the first line below them."""
    csv.field_size_limit(_MAX_FIELD)
    seen: list[str] = []
    start = next((i for i, line in enumerate(lines) if line.strip()), 0)
    for delimiter in _DELIMITERS:
        reader = csv.reader(lines[start:], delimiter=delimiter)
        names = [name.strip().lower() for name in next(reader, [])]
        if "text" in names:
            doubled = {n for n in names if n and names.count(n) > 1}
            if doubled:
                raise UnreadableError(f"columns named twice: {', '.join(sorted(doubled))}")
            return delimiter, names, start + reader.line_num
        seen = max(seen, names, key=len)
    shown = ", ".join(name[:20] for name in seen[:8])
    raise UnreadableError(f'no column is named "text"; the first row has: {shown}')


def _rows(
    lines: list[str], delimiter: str, start: int, problems: list[Problem]
) -> Iterator[tuple[int, list[str]]]:
    """Every row with the number of its first line; a broken one becomes a problem."""
    restarts = 0
    while start < len(lines):
        reader = csv.reader(lines[start:], delimiter=delimiter, strict=True)
        number = start + 1
        try:
            for row in reader:
                if any(cell.strip() for cell in row):
                    yield number, row
                number = start + reader.line_num + 1
        except csv.Error as error:
            reason = "a quote is not closed" if "unexpected end" in str(error) else str(error)
            problems.append(Problem(f"line {number}", f"not a row of CSV: {reason}"))
            restarts += 1
            if restarts > _MAX_RESTARTS:
                problems.append(
                    Problem(f"line {number + 1}", "too many broken rows: the rest was not read")
                )
                return
            start = number
        else:
            return


def _record(value: object, line: int) -> Record:
    if not isinstance(value, dict):
        raise UnreadableError(f"a record must be an object of fields, not {_kind(value)}")
    rest = dict(value)
    text = rest.pop("text", None)
    if text is None:
        raise UnreadableError('the field "text" is missing')
    if not isinstance(text, str):
        raise UnreadableError(f'the field "text" must be a string, not {_kind(text)}')
    if not text.strip():
        raise UnreadableError('the field "text" is empty')
    given = rest.pop("id", None)
    if isinstance(given, bool) or not isinstance(given, str | int | None):
        raise UnreadableError(
            f'the field "id" must be a string or a whole number, not {_kind(given)}'
        )
    published, precision = None, "day"
    if stated := _string(rest, "published"):
        day = parse_date(stated)
        if day is None:
            raise UnreadableError(
                f'the field "published" is no date: {stated[:40]!r}; write it as 2024-05-12'
            )
        published, precision = day
    tags = rest.pop("tags", None)
    return Record(
        line=line,
        text=text,
        fields=Fields(
            id=_clean_id(given),
            published=published,
            precision=precision,
            tags=_tags(tags),
            title=_string(rest, "title"),
            author=_string(rest, "author"),
            source=_string(rest, "source"),
            url=_string(rest, "url"),
            language=_string(rest, "language"),
            # Last: every known field has been taken out by now.
            extra=_whole(rest),
        ),
    )


def _string(values: dict[str, Any], name: str) -> str | None:
    value = values.pop(name, None)
    if value is not None and not isinstance(value, str):
        raise UnreadableError(f'the field "{name}" must be a string, not {_kind(value)}')
    return value or None


def _tags(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        return split_tags(value)
    if isinstance(value, list) and all(isinstance(tag, str) for tag in value):
        return tuple(dict.fromkeys(tag.strip() for tag in value if tag.strip()))
    raise UnreadableError('the field "tags" must be a list of strings or one string')


def _clean_id(value: str | int | None) -> str | None:
    """An id as a line of printable text; it names files and stands in paths."""
    if value is None:
        return None
    text = "".join(c if c.isprintable() else "\ufffd" for c in str(value)).strip()
    return text or None


def _whole(value: Mapping[str, Any]) -> dict[str, object]:
    """Metadata that every store can hold: half a surrogate pair becomes U+FFFD."""
    # 1e999 is JSON but no number that could be written back: refused as NaN is.
    encoded = json.dumps(value, ensure_ascii=False, allow_nan=False).encode(
        "utf-16-le", "surrogatepass"
    )
    whole: dict[str, object] = json.loads(encoded.decode("utf-16-le", "replace"))
    return whole


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "true or false"}
    return names.get(type(value), "null" if value is None else "a number")
