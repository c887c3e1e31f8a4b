"""Many questions, one JSON line each, in order: the batch is a loop over the single call.

A line in: ``{"id", "question", "dialogue"?, "filters"?, "today"?, "without"?}``. A line out: the
answer's JSON with that ``id``, or an error row (``{"id", "line", "error"}``) for a line that cannot
be asked. One bad line never stops the rest.
"""

import calendar
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeGuard

from index.errors import UsageError
from index.passage import Filters
from rag.answer import Asker, today
from rag.question import Asked, Turn
from rag.understand import Step

__all__ = ["Request", "answer_lines", "parse_day", "parse_request"]


_DAY = re.compile(r"([12]\d{3})(?:-(\d{1,2}))?(?:-(\d{1,2}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Request:
    """One line of a batch, read."""

    id: str | int
    asked: Asked


def answer_lines(
    lines: Iterable[str], asker: Asker, *, k: int | None = None
) -> Iterator[dict[str, Any]]:
    """Answer line by line; blank lines are skipped. Rows come in the order of the lines."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        given: str | int | None = None
        try:
            raw = _object(line)
            given = raw.get("id") if _is_id(raw.get("id")) else None
            request = parse_request(raw)
            answer = asker.answer_to(replace(request.asked, k=k))
        except UsageError as error:
            yield {"id": given, "line": number, "error": str(error)}
        else:
            yield {"id": request.id, **answer.to_json()}


def parse_request(raw: Mapping[str, Any]) -> Request:
    """Check one line's fields.

    Raises:
        UsageError: naming the field that is missing, unknown or of the wrong type.
    """
    _known(raw, {"id", "question", "dialogue", "filters", "today", "without"}, "the line")
    identity, question = raw.get("id"), raw.get("question")
    if identity is None:
        raise UsageError('"id" is missing; the answer comes back under it')
    if not _is_id(identity):
        raise UsageError('"id" must be a whole number or a string of whole characters')
    if not isinstance(question, str):
        raise UsageError('"question" must be a string')
    day = raw.get("today")
    if not isinstance(day, str | None):
        raise UsageError('"today" must be a date string')
    asked = Asked(
        question,
        parse_day(day, field="today") if day is not None else today(),
        dialogue=_dialogue(raw.get("dialogue")),
        filters=_filters(raw.get("filters")),
        without=_steps(raw),
    )
    return Request(identity, asked)


def _steps(raw: Mapping[str, Any]) -> tuple[str, ...]:
    steps = _names(raw, "without")
    known = [step.value for step in Step]
    if unknown := sorted(set(steps) - set(known)):
        raise UsageError(f'"without" has an unknown step {unknown[0]!r}; known: {", ".join(known)}')
    return steps


def parse_day(text: str, *, field: str, end: bool = False) -> date:
    """Read ``2020-05-12``, ``2020-05`` or ``2020``; a part left out means its first day.

    With ``end`` it means the last day, so that "until 2020" includes all of it.

    >>> parse_day("2020-02", field="until", end=True)
    datetime.date(2020, 2, 29)
    """
    written = _DAY.fullmatch(text.strip())
    if not written:
        raise UsageError(f"{field}: {text!r} is not a date; write 2020-05-12, 2020-05 or 2020")
    year, month, day = (int(part) if part else None for part in written.groups())
    assert year is not None
    try:
        if end:
            last = day or calendar.monthrange(year, month or 12)[1]
            return date(year, month or 12, last)
        return date(year, month or 1, day or 1)
    except ValueError as error:
        raise UsageError(f"{field}: {text!r} is not in the calendar ({error})") from error


def _is_id(value: object) -> TypeGuard[str | int]:
    if isinstance(value, str):
        # JSON can spell half a surrogate pair, which no file could hold.
        return not any("\ud800" <= char <= "\udfff" for char in value)
    return isinstance(value, int) and not isinstance(value, bool)


def _object(line: str) -> dict[str, Any]:
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError) as error:
        # ValueError alone: a number of more digits than Python converts.
        raise UsageError(f"not valid JSON: {error}") from error
    if not isinstance(raw, dict):
        raise UsageError('not a JSON object; a line looks like {"id": 1, "question": "…"}')
    return raw


def _known(raw: Mapping[str, Any], fields: set[str], where: str) -> None:
    if unknown := sorted(set(raw) - fields):
        raise UsageError(
            f"{where} has an unknown field {unknown[0]!r}; known: {', '.join(sorted(fields))}"
        )


def _dialogue(raw: object) -> tuple[Turn, ...]:
    if raw is None:
        return ()
    if not isinstance(raw, list):
        raise UsageError('"dialogue" must be a list of {"question", "answer"?}')
    turns = []
    for place, turn in enumerate(raw, start=1):
        where = f'"dialogue" turn {place}'
        if not isinstance(turn, dict):
            raise UsageError(f'{where} must be an object {{"question", "answer"?}}')
        _known(turn, {"question", "answer"}, where)
        question, answer = turn.get("question"), turn.get("answer")
        if not isinstance(question, str) or not isinstance(answer, str | None):
            raise UsageError(f'{where}: "question" and "answer" must be strings')
        turns.append(Turn(question, answer))
    return tuple(turns)


def _filters(raw: object) -> Filters:
    if raw is None:
        return Filters()
    if not isinstance(raw, dict):
        raise UsageError('"filters" must be an object')
    _known(raw, {"since", "until", "source", "lang", "tag"}, '"filters"')
    since, until = raw.get("since"), raw.get("until")
    for name, value in (("since", since), ("until", until)):
        if not isinstance(value, str | None):
            raise UsageError(f'"filters": "{name}" must be a date string')
    return Filters(
        since=parse_day(since, field="since") if since is not None else None,
        until=parse_day(until, field="until", end=True) if until is not None else None,
        sources=_names(raw, "source"),
        languages=_names(raw, "lang"),
        tags=_names(raw, "tag"),
    )


def _names(raw: Mapping[str, Any], field: str) -> tuple[str, ...]:
    value = raw.get(field)
    if value is None:
        return ()
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
        raise UsageError(f'"{field}" must be a string or a list of strings')
    return tuple(values)
