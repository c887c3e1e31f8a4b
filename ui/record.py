"""Records: an exchange as plain JSON, which a browser keeps and gives back.

In: exchanges that have ended. Out: records, and exchanges again. What comes back from a browser
is read strictly (``ui.fields``), for it may be anything.
"""

import base64
import dataclasses
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from index.errors import UsageError
from index.passage import Filters
from rag.schema import AnswerSentence, Approval, Citation, GateCounts, Verdict
from rag.understand import Step
from ui.exchange import (
    MAX_PASSAGES,
    Alias,
    DateRead,
    Exchange,
    Outcome,
    ShownPassage,
    Understood,
)
from ui.fields import Fields
from ui.strings import Language

__all__ = [
    "encoded",
    "filters_from_json",
    "filters_json",
    "from_record",
    "is_id",
    "records_from_text",
    "to_record",
]

RECORD_VERSION = 1

# What a record may hold, well above what an answer ever has.
MAX_RECORDS = 200
MAX_RECORDS_CHARS = 8_000_000
_LINE = 20_000  # a question, a title, a reason
_TEXT = 200_000  # an answer
_OFFSET = 10**9
_ID = re.compile("[0-9a-f]{16}")


def is_id(text: str) -> bool:
    """Tell whether a text can be the id of an exchange."""
    return _ID.fullmatch(text) is not None


def to_record(exchange: Exchange) -> dict[str, Any]:
    """Write an exchange that has ended as plain JSON values."""
    if exchange.outcome is None:
        raise ValueError("only an exchange that has ended is recorded")
    return {
        "v": RECORD_VERSION,
        "id": exchange.id,
        "conversation": exchange.conversation,
        "asked": exchange.asked.isoformat(timespec="milliseconds"),
        "language": exchange.language.value,
        "question": exchange.question,
        "searched": exchange.searched,
        "without": list(exchange.without),
        "filters": filters_json(exchange.filters),
        "outcome": exchange.outcome.value,
        "answer": exchange.answer,
        "reason": exchange.reason,
        "error": exchange.error,
        "sentences": [_plain(sentence) for sentence in exchange.sentences],
        "citations": [_plain(citation) for citation in exchange.citations],
        "passages": [_plain(passage) for passage in exchange.passages or ()],
        "understood": _plain(exchange.understood) if exchange.understood else None,
        "frame": exchange.frame,
        "notice": exchange.notice,
        # That a model failed, not how: its words name machines, and stand in the service's log.
        "fallback": exchange.fallback is not None,
        "suggestions": list(exchange.suggestions),
        "gate": _plain(exchange.gate),
        "probability": exchange.probability,
        "generator": exchange.generator,
        "approval": _plain(exchange.approval) if exchange.approval else None,
        "index_generation": exchange.index_generation,
        "timings_ms": {name: round(ms, 2) for name, ms in exchange.timings_ms.items()},
    }


def from_record(record: object) -> Exchange:
    """Read a record that a browser kept.

    Raises:
        UsageError: it is not what :func:`to_record` writes; the message names the field.
    """
    names = {f.name for f in dataclasses.fields(Exchange)}
    row = Fields(record, "record", known=names | {"v"})
    if row.integer("v", most=_OFFSET) != RECORD_VERSION:
        raise UsageError(f"record: v must be {RECORD_VERSION}; a newer page wrote it")
    name, conversation = row.text("id", most=16), row.text("conversation", most=16)
    if not is_id(name):
        raise UsageError("record: id must be 16 hex digits")
    if conversation and not is_id(conversation):
        raise UsageError("record: conversation must be 16 hex digits, or empty")
    outcome = row.choice("outcome", Outcome)
    passages = row.objects("passages", _passage, most=MAX_PASSAGES)
    return Exchange(
        id=name,
        conversation=conversation,
        asked=_moment(row.text("asked", most=40)),
        language=row.choice("language", Language),
        question=row.text("question", most=_TEXT),
        searched=row.text_or_none("searched", most=_TEXT),
        without=_steps(row),
        filters=row.object_or_none("filters", filters_from_json) or Filters(),
        outcome=outcome,
        answer=row.text("answer", most=_TEXT),
        reason=row.text_or_none("reason", most=_LINE),
        error=row.text_or_none("error", most=_LINE),
        sentences=row.objects("sentences", _sentence, most=500),
        citations=row.objects("citations", _citation, most=500),
        passages=passages if passages or outcome is Outcome.DECLINED else None,
        understood=row.object_or_none("understood", _understood),
        frame=row.text("frame", most=_LINE),
        notice=row.text_or_none("notice", most=_LINE),
        fallback=_fallback(record, row),
        suggestions=row.texts("suggestions", most=10, most_chars=_LINE),
        gate=row.object_or_none("gate", _gate) or GateCounts(),
        probability=row.number_or_none("probability"),
        generator=row.text("generator", most=_LINE),
        approval=row.object_or_none("approval", _approval),
        index_generation=row.text("index_generation", most=200),
        timings_ms=row.numbers("timings_ms", most=60, most_chars=60),
    )


def records_from_text(text: str) -> tuple[Exchange, ...]:
    """Read a JSON list of records, the oldest first; each id once.

    Raises:
        UsageError: it is no such list, too long, or one of the records is wrong.
    """
    if len(text) > MAX_RECORDS_CHARS:
        raise UsageError(f"the conversation is too long: at most {MAX_RECORDS_CHARS} characters")
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError("the conversation is no JSON") from error
    if not isinstance(rows, list) or len(rows) > MAX_RECORDS:
        raise UsageError(f"a conversation is a list of at most {MAX_RECORDS} records")
    return tuple({exchange.id: exchange for exchange in map(from_record, rows)}.values())


def encoded(record: Mapping[str, Any]) -> str:
    """Write a record as base64url of its JSON, without padding: it stands in the markup so."""
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    raw = base64.urlsafe_b64encode(text.encode("utf-8", "replace"))
    return raw.rstrip(b"=").decode("ascii")


def filters_json(filters: Filters) -> dict[str, Any]:
    """Write filters as plain JSON values."""
    return {
        "since": filters.since.isoformat() if filters.since else None,
        "until": filters.until.isoformat() if filters.until else None,
        "sources": list(filters.sources),
        "languages": list(filters.languages),
        "tags": list(filters.tags),
    }


def filters_from_json(value: object, where: str = "filters") -> Filters:
    """Read filters that a browser sent; raises UsageError for what is wrong in them."""
    known = [f.name for f in dataclasses.fields(Filters)]
    row = Fields(value, where, known=known)
    return Filters(
        since=row.day("since"),
        until=row.day("until"),
        sources=row.texts("sources", most=100, most_chars=_LINE),
        languages=row.texts("languages", most=100, most_chars=40),
        tags=row.texts("tags", most=100, most_chars=_LINE),
    )


def _plain(value: Any) -> dict[str, Any]:  # noqa: ANN401 -- any of the records' dataclasses
    """A dataclass of texts, numbers and tuples of them, as JSON has them."""
    plain: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(value)))
    return plain


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError("record: asked must be a moment in ISO form") from None
    if moment.tzinfo is None:
        raise UsageError("record: asked must name its time zone")
    # Every clock can show such a moment in its own time; the ends of the calendar it cannot.
    if not 1970 <= moment.year <= 9000:
        raise UsageError("record: asked must be in the years from 1970 to 9000")
    return moment.astimezone(UTC)


def _fallback(record: object, row: Fields) -> str | None:
    """Why a model failed: "" where only that it did is known, None where none did."""
    value = record.get("fallback") if isinstance(record, dict) else None
    if isinstance(value, bool):
        return "" if value else None
    return row.text_or_none("fallback", most=_LINE)  # as earlier versions wrote it


def _steps(row: Fields) -> tuple[str, ...]:
    steps = row.texts("without", most=len(Step), most_chars=20)
    if not set(steps) <= {step.value for step in Step}:
        raise UsageError(f"record: without may hold {', '.join(Step)}")
    return steps


def _sentence(value: object, where: str) -> AnswerSentence:
    row = Fields(value, where, known=[f.name for f in dataclasses.fields(AnswerSentence)])
    text = row.text("text", most=_TEXT)
    short = row.integers("short", most=2, largest=len(text)) if _has(value, "short") else ()
    if short and (len(short) != 2 or short[0] > short[1]):
        raise UsageError(f"{where}: short must be two offsets, the smaller one first")
    return AnswerSentence(
        text=text,
        citations=row.integers("citations", most=100, largest=_OFFSET),
        verdict=row.choice("verdict", Verdict),
        reason=row.text("reason", most=_LINE),
        short=(short[0], short[1]) if short else None,
        lead=row.text("lead", most=_LINE),
        item=row.flag("item"),
        group=row.text("group", most=_LINE),
        as_of=row.text("as_of", most=_LINE),
    )


def _has(value: object, name: str) -> bool:
    return isinstance(value, dict) and value.get(name) is not None


def _citation(value: object, where: str) -> Citation:
    row = Fields(value, where, known=[f.name for f in dataclasses.fields(Citation)])
    return Citation(
        n=row.integer("n", least=1, most=9999),
        article_id=row.text("article_id", most=_LINE),
        title=row.text("title", most=_TEXT),
        source=row.text_or_none("source", most=_LINE),
        published=row.text_or_none("published", most=40),
        path=row.text("path", most=_LINE),
        url=row.text_or_none("url", most=8_000),
        start=row.integer("start", most=_OFFSET),
        end=row.integer("end", most=_OFFSET),
        quote=row.text("quote", most=_TEXT),
        verdict=row.choice("verdict", Verdict),
    )


def _passage(value: object, where: str) -> ShownPassage:
    row = Fields(value, where, known=[f.name for f in dataclasses.fields(ShownPassage)])
    return ShownPassage(
        article_id=row.text("article_id", most=_LINE),
        title=row.text("title", most=_TEXT),
        source=row.text_or_none("source", most=_LINE),
        published=row.text_or_none("published", most=40),
        start=row.integer("start", most=_OFFSET),
        end=row.integer("end", most=_OFFSET),
        excerpt=row.text("excerpt", most=_LINE),
        score=row.number_or_none("score") or 0.0,
        lexical=row.number_or_none("lexical"),
        dense=row.number_or_none("dense"),
    )


def _understood(value: object, where: str) -> Understood:
    row = Fields(value, where, known=[f.name for f in dataclasses.fields(Understood)])
    return Understood(
        completed=row.text_or_none("completed", most=_TEXT),
        aliases=row.objects("aliases", _alias, most=200),
        dates=row.objects("dates", _date_read, most=200),
        sides=row.texts("sides", most=50, most_chars=_TEXT),
        suggestion=row.text_or_none("suggestion", most=_TEXT),
        without=_steps(row),
    )


def _alias(value: object, where: str) -> Alias:
    row = Fields(value, where, known=("said", "names"))
    names = row.texts("names", most=200, most_chars=_LINE)
    return Alias(row.text("said", most=_LINE), names)


def _date_read(value: object, where: str) -> DateRead:
    row = Fields(value, where, known=("said", "since", "until", "limits"))
    return DateRead(
        said=row.text("said", most=_LINE),
        since=row.text_or_none("since", most=40),
        until=row.text_or_none("until", most=40),
        limits=row.flag("limits"),
    )


def _gate(value: object, where: str) -> GateCounts:
    names = [f.name for f in dataclasses.fields(GateCounts)]
    row = Fields(value, where, known=names)
    return GateCounts(**{name: row.integer(name, most=_OFFSET) for name in names})


def _approval(value: object, where: str) -> Approval:
    row = Fields(value, where, known=[f.name for f in dataclasses.fields(Approval)])
    return Approval(
        id=row.text("id", most=200),
        by=row.text("by", most=200),
        valid_from=row.text_or_none("valid_from", most=40),
        valid_until=row.text_or_none("valid_until", most=40),
    )
