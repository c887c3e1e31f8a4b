"""One question and how far its answer has come, as the page keeps it.

In: questions and the events of ``rag.schema``. Out: exchanges, and what fits them: which steps
can be taken back, what the next question may lean on. Pure: it knows neither markup nor Gradio;
``ui.record`` writes an exchange as JSON.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from eval.activity import Outcome
from index.passage import Filters, Passage
from rag.question import Turn
from rag.schema import (
    AnswerSentence,
    Approval,
    Citation,
    Event,
    FellBack,
    Finished,
    GateCounts,
    Retrieved,
    SentenceAdded,
)
from rag.understand import Reading, Step
from ui.strings import Language

__all__ = [
    "MAX_PASSAGES",
    "Alias",
    "DateRead",
    "Exchange",
    "Outcome",
    "ShownPassage",
    "Understood",
    "apply_event",
    "dialogue",
    "suggested",
    "undoable",
]

MAX_PASSAGES = 8
"""More than these are not shown: people do not read further."""

EXCERPT_CHARS = 160
TITLE_CHARS = 120


@dataclass(frozen=True, slots=True)
class ShownPassage:
    """A passage as it is listed under an answer: where it stands, and its beginning."""

    article_id: str
    title: str
    source: str | None
    published: str | None
    start: int
    end: int
    excerpt: str
    score: float
    lexical: float | None = None
    dense: float | None = None


@dataclass(frozen=True, slots=True)
class Alias:
    """A name in the question, and the other names that were searched for with it."""

    said: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DateRead:
    """A date in the question, as ISO days; with ``limits`` only articles of then were searched."""

    said: str
    since: str | None
    until: str | None
    limits: bool


@dataclass(frozen=True, slots=True)
class Understood:
    """How the question was understood, as it is told to people."""

    completed: str | None = None
    aliases: tuple[Alias, ...] = ()
    dates: tuple[DateRead, ...] = ()
    sides: tuple[str, ...] = ()
    suggestion: str | None = None
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question and how far its answer has come; ``outcome`` is None until it has ended.

    ``id`` names it in logs, ratings and hand-offs; ``conversation`` is the id of the exchange that
    the conversation began with, or that this one takes the place of, "" for the first; ``asked``
    is in UTC. ``without`` are the steps of understanding that the person took back. ``passages``
    is None until they are found. ``error`` says what went wrong, in the language of the page.
    """

    question: str
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    conversation: str = ""
    asked: datetime = field(default_factory=lambda: datetime.now(UTC))
    language: Language = Language.HANS
    without: tuple[str, ...] = ()
    filters: Filters = field(default_factory=Filters)
    outcome: Outcome | None = None
    searched: str | None = None
    answer: str = ""
    reason: str | None = None
    error: str | None = None
    sentences: tuple[AnswerSentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    passages: tuple[ShownPassage, ...] | None = None
    understood: Understood | None = None
    frame: str = ""
    notice: str | None = None
    fallback: str | None = None
    suggestions: tuple[str, ...] = ()
    gate: GateCounts = field(default_factory=GateCounts)
    probability: float | None = None
    generator: str = ""
    approval: Approval | None = None
    index_generation: str = ""
    timings_ms: Mapping[str, float] = field(default_factory=dict)

    @property
    def running(self) -> bool:
        """True until the answer is whole, stopped or failed."""
        return self.outcome is None

    @property
    def short(self) -> str:
        """The short answer: what is emphasised in the first sentence that has such a part."""
        for sentence in self.sentences:
            if sentence.short is not None:
                start, end = sentence.short
                return sentence.text[start:end]
        return ""

    def stopped(self) -> "Exchange":
        """The exchange, ended where it stands."""
        return replace(self, outcome=Outcome.STOPPED)

    def failed(self, error: str) -> "Exchange":
        """The exchange, ended by an error."""
        return replace(self, outcome=Outcome.FAILED, error=error)


def apply_event(exchange: Exchange, event: Event) -> Exchange:
    """Return the exchange after one more event. The last event's answer has the last word."""
    match event:
        case Retrieved(passages=passages, reading=reading):
            understood = _understood(reading) if reading else None
            return replace(
                exchange,
                passages=_shown(passages),
                understood=understood,
                searched=understood.completed if understood else None,
            )
        case SentenceAdded(sentence=sentence, citations=citations):
            known = {c.n for c in exchange.citations}
            new = tuple(c for c in citations if c.n not in known)
            return replace(
                exchange,
                sentences=(*exchange.sentences, sentence),
                citations=(*exchange.citations, *new),
            )
        case FellBack(reason=reason):
            return replace(exchange, sentences=(), citations=(), fallback=reason)
        case Finished(answer=answer):
            return replace(
                exchange,
                outcome=Outcome.DECLINED if answer.abstained else Outcome.ANSWERED,
                searched=answer.searched,
                answer=answer.answer,
                reason=answer.reason,
                sentences=answer.sentences,
                citations=answer.citations,
                passages=_shown(answer.passages),
                frame=answer.frame,
                notice=answer.notice,
                fallback=answer.fallback,
                suggestions=answer.suggestions,
                gate=answer.gate,
                probability=answer.probability,
                generator=answer.generator,
                approval=answer.approval,
                index_generation=answer.index_generation,
                timings_ms=dict(answer.timings_ms),
            )


def dialogue(exchanges: Iterable[Exchange]) -> tuple[Turn, ...]:
    """Return what was answered or declined as the dialogue that a follow-up belongs to."""
    said = (Outcome.ANSWERED, Outcome.DECLINED)
    return tuple(Turn(e.question, e.answer) for e in exchanges if e.outcome in said)


def undoable(exchange: Exchange) -> tuple[Step, ...]:
    """List the steps of understanding that shaped an answer and can be taken back."""
    understood = exchange.understood
    if understood is None or exchange.running:
        return ()
    took = {
        Step.REWRITING: understood.completed is not None,
        Step.ALIASES: bool(understood.aliases),
        Step.DATES: bool(understood.dates),
    }
    return tuple(step for step, taken in took.items() if taken)


def suggested(exchange: Exchange) -> str | None:
    """The question as it may have been meant, where something looks like a slip."""
    if exchange.understood is None or exchange.running:
        return None
    return exchange.understood.suggestion


def _shown(passages: Sequence[Passage]) -> tuple[ShownPassage, ...]:
    return tuple(
        ShownPassage(
            article_id=passage.article.id,
            # Cut here, not where it is shown: titles and chunks may be long, and records are kept.
            title=passage.article.title[: TITLE_CHARS + 1],
            source=passage.article.source,
            published=passage.article.published.isoformat() if passage.article.published else None,
            start=passage.chunk.start,
            end=passage.chunk.end,
            excerpt=" ".join(passage.chunk.text[: 2 * EXCERPT_CHARS].split())[: EXCERPT_CHARS + 1],
            score=passage.score,
            lexical=passage.lexical,
            dense=passage.dense,
        )
        for passage in passages[:MAX_PASSAGES]
    )


def _understood(reading: Reading) -> Understood:
    return Understood(
        completed=reading.rewriting.text if reading.rewriting else None,
        # One whose other names all hold it has none to tell of: it finds them by itself.
        aliases=tuple(Alias(match.said, match.names) for match in reading.aliases if match.names),
        dates=tuple(
            DateRead(
                hint.said,
                hint.since.isoformat() if hint.since else None,
                hint.until.isoformat() if hint.until else None,
                hint.limits,
            )
            for hint in reading.dates
        ),
        sides=tuple(reading.search.sides),
        suggestion=reading.suggestion.text if reading.suggestion else None,
        without=tuple(sorted(step.value for step in reading.without)),
    )
