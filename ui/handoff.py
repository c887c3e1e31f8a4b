"""What a person is given who takes a conversation over: the pack.

In: exchanges as a browser kept them, a note, and the articles of the index. Out: plain JSON with
the dialogue, how each question was searched for, the passages in full, the citations with their
verdicts, and what was tried. What people typed is masked (``rag.mask``), but for the contact that
they chose to leave.

A browser's word is not trusted: a quote is the article's only where it stands there, at these
offsets; an answer is ours only where the log knows it. All else is marked. Nor may it make a
pack of any size: a pack has the last exchanges of a conversation, as many as a person would read.
"""

import json
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from index.article import Article
from index.errors import UsageError, YoujuError
from rag.mask import mask
from rag.schema import Citation
from ui.activity import Known
from ui.exchange import Exchange, ShownPassage
from ui.record import to_record
from ui.strings import ALL, Language, Strings
from ui.untrusted import without_surrogates

__all__ = ["MAX_CONTACT", "MAX_NOTE", "REFERENCE", "Given", "build_pack", "new_reference"]

MAX_NOTE = 2000
MAX_CONTACT = 200
# Each is well above what an answer has; a record may claim more.
MAX_CITATIONS = 30
_MAX_PASSAGE = 4000
_MAX_TITLE = 300

MAX_PACK_CHARS = 1_000_000
"""Of all exchanges in a pack, as JSON; the latest is always there."""
MAX_LOOKUPS = 1000
"""How many citations and passages of a pack are read from the index."""
_REMEMBERED = 16  # articles, each of which may be large
# No 0/O, 1/I/L, 2/Z, 5/S, 8/B: a reference is read out on the telephone.
_LETTERS = "34679ACDEFGHJKMNPQRTUVWXY"

REFERENCE = re.compile(f"[0-9]{{8}}-[{_LETTERS}]{{6}}")
"""The form of a reference."""

FindArticle = Callable[[str], Article]
Found = Callable[[str], Article | None]


class Given(StrEnum):
    """Whether an answer in a pack is the one that the page gave."""

    AS_GIVEN = "as given"
    CHANGED = "changed"
    UNKNOWN = "unknown"


def new_reference(at: datetime) -> str:
    """A name for a hand-off that can be read out: the day and six letters.

    Not derived from the content: the same question may be handed over twice.
    """
    return f"{at:%Y%m%d}-{''.join(secrets.choice(_LETTERS) for _ in range(6))}"


def build_pack(
    conversation: Sequence[Exchange],
    *,
    note: str,
    contact: str,
    language: Language,
    generation: str,
    article: FindArticle,
    known: Mapping[str, Known],
    now: datetime | None = None,
) -> dict[str, Any]:
    """Put a pack together.

    ``article`` looks an article up (LookupError or a YoujuError for none), ``known`` is what the
    log knows, by the id of an exchange.

    Raises:
        UsageError: there is neither a conversation nor a note, or a text is too long.
    """
    note, contact = (without_surrogates(text).strip() for text in (note, contact))
    if len(note) > MAX_NOTE or len(contact) > MAX_CONTACT:
        raise UsageError(f"at most {MAX_NOTE} characters of note and {MAX_CONTACT} of contact")
    if not conversation and not note:
        raise UsageError("nothing to hand over: ask a question first, or write a note")
    at = now or datetime.now(UTC)
    exchanges = _latest(conversation, article, known, ALL[language])
    return {
        "form": "youju-handoff",
        "v": 1,
        "reference": new_reference(at),
        "at": at.isoformat(timespec="seconds"),
        "language": language.value,
        "index_generation": generation,
        "note": mask(note),
        "contact": contact,
        "left_out": len(conversation) - len(exchanges),
        "conversation": exchanges,
    }


def _latest(
    conversation: Sequence[Exchange],
    article: FindArticle,
    known: Mapping[str, Known],
    strings: Strings,
) -> list[dict[str, Any]]:
    """The last exchanges that fit into a pack, the oldest of them first."""
    found = lru_cache(_REMEMBERED)(lambda article_id: _find(article, article_id))
    packed: list[dict[str, Any]] = []
    chars = lookups = 0
    for exchange in reversed(conversation):
        lookups += len(exchange.citations[:MAX_CITATIONS]) + len(exchange.passages or ())
        if packed and lookups > MAX_LOOKUPS:
            break
        row = _exchange(exchange, found, known.get(exchange.id), strings)
        chars += len(json.dumps(row, ensure_ascii=False))
        if packed and chars > MAX_PACK_CHARS:
            break
        packed.append(row)
    return packed[::-1]


def _exchange(
    exchange: Exchange, found: Found, ours: Known | None, strings: Strings
) -> dict[str, Any]:
    record = to_record(exchange)
    if ours is None:
        given = Given.UNKNOWN
    else:
        given = Given.AS_GIVEN if ours.gave(record) else Given.CHANGED
    is_ours = given is Given.AS_GIVEN
    asked = _masked(exchange.question)
    return {
        "id": exchange.id,
        "asked": record["asked"],
        "question": asked,
        "searched": _masked(exchange.searched) if exchange.searched else asked,
        "understood": _deep_masked(record["understood"]),
        "tried": {
            "without": record["without"],
            "filters": _deep_masked(record["filters"]),
            "suggestions": _deep_masked(record["suggestions"]),
        },
        "outcome": record["outcome"],
        "reason": _deep_masked(record["reason"]),
        "error": _deep_masked(record["error"]),
        "given": given.value,
        "answer": _masked(exchange.answer),
        "sentences": [
            {
                "text": _masked(sentence.text),
                "citations": list(sentence.citations),
                # A verdict is the gate's: nobody else may claim it.
                "verdict": sentence.verdict.value if is_ours else None,
                "reason": _masked(sentence.reason) if is_ours else "",
            }
            for sentence in exchange.sentences
        ],
        "citations": [
            _citation(c, found(c.article_id), is_ours=is_ours)
            for c in exchange.citations[:MAX_CITATIONS]
        ],
        "passages": [_passage(p, found(p.article_id)) for p in exchange.passages or ()],
        "notice": _deep_masked(record["notice"]),
        "fallback": _fallback(exchange, strings),
        "probability": record["probability"],
        "generator": record["generator"],
        "approval": _deep_masked(record["approval"]) if is_ours else None,
        "index_generation": record["index_generation"],
        "timings_ms": record["timings_ms"],
    }


def _fallback(exchange: Exchange, strings: Strings) -> str | None:
    """Why quotes took a model's place, in words where the reason is not known; None: they did not.

    A page's record tells only that a model failed; those of earlier versions had the reason.
    """
    if exchange.fallback is None:
        return None
    return _masked(exchange.fallback) or strings.handoff_fell_back


def _citation(citation: Citation, found: Article | None, *, is_ours: bool) -> dict[str, Any]:
    """A citation with the article's own words, or with what was claimed, marked as such."""
    text = found.text[citation.start : citation.end] if found else ""
    is_verified = found is not None and bool(text) and text == citation.quote
    return {
        "n": citation.n,
        "article_id": citation.article_id,
        **_heading(found),
        "start": citation.start,
        "end": citation.end,
        "verified": is_verified,
        "quote": text if is_verified else None,
        "unverified_quote": None if is_verified else citation.quote,
        "verdict": citation.verdict.value if is_ours else None,
    }


def _passage(passage: ShownPassage, found: Article | None) -> dict[str, Any]:
    """A passage in full, from the index: of what the browser sent only the place is taken."""
    end = min(passage.end, passage.start + _MAX_PASSAGE)
    text = found.text[passage.start : end] if found else ""
    return {
        "article_id": passage.article_id,
        **_heading(found),
        "start": passage.start,
        "end": end,
        "verified": bool(text),
        "text": text or None,
        "score": passage.score,
        "lexical": passage.lexical,
        "dense": passage.dense,
    }


def _heading(article: Article | None) -> dict[str, Any]:
    """By what an article is recognised, all of it None for one that is not in the index."""
    if article is None:
        return dict.fromkeys(("title", "source", "published", "path", "url"))
    return {
        "title": article.title[:_MAX_TITLE],
        "source": article.source,
        "published": article.published.isoformat() if article.published else None,
        "path": article.path,
        "url": article.url,
    }


def _find(article: FindArticle, article_id: str) -> Article | None:
    try:
        return article(article_id)
    except (LookupError, YoujuError):  # a damaged index must not keep anyone from a person
        return None


def _masked(text: str) -> str:
    return mask(without_surrogates(text))


def _deep_masked(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """The same JSON with every text in it masked."""
    match value:
        case str():
            return _masked(value)
        case list():
            return [_deep_masked(item) for item in value]
        case dict():
            return {name: _deep_masked(item) for name, item in value.items()}
        case _:
            return value
