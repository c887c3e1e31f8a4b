"""Many questions, one JSON line each, in order: the batch is a loop over the single call.

A line in: ``{"id", "question", "dialogue"?, "filters"?}``. A line out: the answer's JSON with that
``id``, or an error row (``{"id", "line", "error"}``) for a line that cannot be asked. One bad line
never stops the rest.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from index.errors import UsageError
from index.passage import Filters
from rag.answer import Asker
from rag.question import Turn

__all__ = ["Request", "answer_lines", "parse_day", "parse_request"]


@dataclass(frozen=True, slots=True)
class Request:
    """One line of a batch, read."""

    id: str | int
    question: str
    dialogue: tuple[Turn, ...] = ()
    filters: Filters = field(default_factory=Filters)


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
            given = raw.get("id") if isinstance(raw.get("id"), str | int) else None
            request = parse_request(raw)
            answer = asker.answer(
                request.question, dialogue=request.dialogue, filters=request.filters, k=k
            )
        except UsageError as error:
            yield {"id": given, "line": number, "error": str(error)}
        else:
            yield {"id": request.id, **answer.to_json()}


def parse_request(raw: Mapping[str, Any]) -> Request:
    """Check one line's fields.

    Raises:
        UsageError: naming the field that is missing, unknown or of the wrong type.
    """
    _known(raw, {"id", "question", "dialogue", "filters"}, "the line")
    identity, question = raw.get("id"), raw.get("question")
    if isinstance(identity, bool) or not isinstance(identity, str | int):
        raise UsageError('"id" must be a string or a whole number')
    if not isinstance(question, str):
        raise UsageError('"question" must be a string')
    return Request(
        id=identity,
        question=question,
        dialogue=_dialogue(raw.get("dialogue")),
        filters=_filters(raw.get("filters")),
    )


def parse_day(text: str, *, field: str, end: bool = False) -> date:
    """Read ``2020-05-12``, ``2020-05`` or ``2020``; a part left out means its first day.

    With ``end`` it means the last day, so that "until 2020" includes all of it.

    >>> parse_day("2020-02", field="until", end=True)
    datetime.date(2020, 2, 29)
    """
    parts = text.strip().split("-")
    try:
        numbers = [int(part) for part in parts]
        if len(numbers) == 3:
            return date(*numbers)
        if len(numbers) == 2:
            year, month = numbers
            first = date(year, month, 1)
            return _last_day(date(year + month // 12, month % 12 + 1, 1)) if end else first
        if len(numbers) == 1:
            return date(numbers[0], 12, 31) if end else date(numbers[0], 1, 1)
    except (ValueError, OverflowError):
        pass
    raise UsageError(f"{field}: {text!r} is not a date; write 2020-05-12, 2020-05 or 2020")


def _last_day(next_first: date) -> date:
    return date.fromordinal(next_first.toordinal() - 1)


def _object(line: str) -> dict[str, Any]:
    try:
        raw = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
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
        since=parse_day(since, field="since") if since else None,
        until=parse_day(until, field="until", end=True) if until else None,
        sources=_names(raw, "source"),
        languages=_names(raw, "lang"),
        tags=_names(raw, "tag"),
    )


def _names(raw: Mapping[str, Any], field: str) -> tuple[str, ...]:
    value = raw.get(field)
    values = [value] if isinstance(value, str) else value or []
    if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
        raise UsageError(f'"filters": "{field}" must be a string or a list of strings')
    return tuple(values)
