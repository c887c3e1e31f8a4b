"""What comes back for a question: the answer, its citations, and the events that stream it.

These records know nothing of how they were made. ``Answer.to_json`` is the one JSON form that
the terminal, the page, the batch and the API share.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from index.passage import Passage

if TYPE_CHECKING:  # both bring NumPy, which a reader of these records can do without
    from rag.retrieve import Retrieval
    from rag.understand import Reading

__all__ = [
    "SCHEMA_VERSION",
    "Answer",
    "AnswerSentence",
    "Approval",
    "Citation",
    "Event",
    "FellBack",
    "Finished",
    "GateCounts",
    "Retrieved",
    "SentenceAdded",
    "Verdict",
    "reading_json",
]

SCHEMA_VERSION = 1


class Verdict(StrEnum):
    """What the gate found when it compared a sentence with the span that it cites."""

    SUPPORTED = "supported"
    PARTLY = "partly"
    UNSUPPORTED = "unsupported"
    UNCITED = "uncited"


@dataclass(frozen=True, slots=True)
class Citation:
    """The exact characters of an article that a sentence of the answer rests on.

    ``quote`` is sliced from the stored article, never copied from a generator:
    ``article.text[start:end] == quote``. ``n`` counts from 1 within one answer.
    """

    n: int
    article_id: str
    title: str
    source: str | None
    published: str | None
    path: str
    url: str | None
    start: int
    end: int
    quote: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class AnswerSentence:
    """One sentence of the answer, the numbers of its citations, and what the gate says of it.

    ``reason`` says what the gate missed, "" where the sentence is supported. The rest is how it
    is shown: ``short`` are the offsets in ``text`` of the short answer; ``lead`` are words added
    before a quote that leans on them (not the article's, shown as added); ``item`` is one of a
    list; ``group`` the heading it stands under; ``as_of`` the day that its statement is of.
    """

    text: str
    citations: tuple[int, ...]
    verdict: Verdict = Verdict.SUPPORTED
    reason: str = ""
    short: tuple[int, int] | None = None
    lead: str = ""
    item: bool = False
    group: str = ""
    as_of: str = ""


@dataclass(frozen=True, slots=True)
class GateCounts:
    """How many sentences of one answer got which verdict.

    ``unknown_keys``: citation keys that named no passage and were taken out. ``dropped``:
    sentences that the policy left out.
    """

    supported: int = 0
    partly: int = 0
    unsupported: int = 0
    uncited: int = 0
    unknown_keys: int = 0
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class Approval:
    """By whom an answer was approved beforehand, and from which day until which (ISO dates)."""

    id: str
    by: str = ""
    valid_from: str | None = None
    valid_until: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The whole answer to one question. Declining is an answer too: ``abstained`` is true then,
    ``reason`` says why, ``sentences`` is empty and ``passages`` are the nearest that were found.

    ``answer_id`` names it: derived from the question and everything else that decided the answer.
    ``understood`` is how the question was understood.
    ``searched`` is the question as both legs looked for it: completed from the dialogue where it
    leaned on an earlier one, else equal to ``question``. ``answer`` is the sentences as one text,
    each followed by its marks (``…。[1]``).

    ``generator`` wrote the sentences; where a configured model failed that is the extractive one,
    and ``fallback`` says why. ``gate`` counts the verdicts. ``frame`` is what the answer says of
    itself, ``notice`` what a person should know before acting on it, both in the language of the
    question. ``probability`` tells how likely the collection answers the question. ``suggestions``
    are further questions that the collection answers; for a declined question the first of them
    is the question reworded. ``approval`` is set where the answer is a curated one.
    """

    question: str
    searched: str
    answer: str
    sentences: tuple[AnswerSentence, ...]
    citations: tuple[Citation, ...]
    passages: tuple[Passage, ...]
    abstained: bool
    reason: str | None
    generator: str
    index_generation: str
    config_fingerprint: str
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    answer_id: str = ""
    understood: "Reading | None" = None
    fallback: str | None = None
    gate: GateCounts = field(default_factory=GateCounts)
    frame: str = ""
    notice: str | None = None
    probability: float | None = None
    suggestions: tuple[str, ...] = ()
    approval: Approval | None = None

    def to_json(self) -> dict[str, Any]:
        """The answer as plain JSON values, with ``schema_version``."""
        return {
            "schema_version": SCHEMA_VERSION,
            "answer_id": self.answer_id,
            "question": self.question,
            "searched": self.searched,
            "understood": reading_json(self.understood) if self.understood else None,
            "answer": self.answer,
            "sentences": [_sentence_json(s) for s in self.sentences],
            "citations": [_citation_json(c) for c in self.citations],
            "passages": [_passage_json(p) for p in self.passages],
            "abstained": self.abstained,
            "reason": self.reason,
            "generator": self.generator,
            "fallback": self.fallback,
            "gate": dataclasses.asdict(self.gate),
            "frame": self.frame,
            "notice": self.notice,
            "probability": None if self.probability is None else round(self.probability, 4),
            "suggestions": list(self.suggestions),
            "approval": dataclasses.asdict(self.approval) if self.approval else None,
            "index_generation": self.index_generation,
            "config_fingerprint": self.config_fingerprint,
            "timings_ms": {name: round(ms, 2) for name, ms in self.timings_ms.items()},
        }


@dataclass(frozen=True, slots=True)
class Retrieved:
    """The first event: the passages, best first, before any sentence is written.

    Beside them stands how the question was read and how the passages were found.
    """

    passages: tuple[Passage, ...]
    reading: "Reading | None" = None
    retrieval: "Retrieval | None" = None


@dataclass(frozen=True, slots=True)
class SentenceAdded:
    """One more sentence, already through the gate, with the citations that it uses.

    ``citations`` holds those records in full, so that a face can render the sentence at once.
    """

    sentence: AnswerSentence
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class FellBack:
    """The generator failed: the sentences so far are void, the extractive ones follow."""

    reason: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event: the whole answer. The plain call returns just this."""

    answer: Answer


Event = Retrieved | SentenceAdded | FellBack | Finished


def reading_json(reading: "Reading") -> dict[str, Any]:
    """How a question was understood, as plain JSON values."""
    rewriting, suggestion = reading.rewriting, reading.suggestion
    return {
        "completed": rewriting.text if rewriting else None,
        "aliases": [{"said": match.said, "names": list(match.names)} for match in reading.aliases],
        "dates": [
            {
                "said": hint.said,
                "since": hint.since.isoformat() if hint.since else None,
                "until": hint.until.isoformat() if hint.until else None,
                "limits": hint.limits,
            }
            for hint in reading.dates
        ],
        "sides": list(reading.search.sides),
        "suggestion": suggestion.text if suggestion else None,
        "without": sorted(reading.without),
    }


def _sentence_json(sentence: AnswerSentence) -> dict[str, Any]:
    return {
        "text": sentence.text,
        "citations": list(sentence.citations),
        "verdict": sentence.verdict.value,
        "reason": sentence.reason,
        "short": list(sentence.short) if sentence.short else None,
        "lead": sentence.lead,
        "item": sentence.item,
        "group": sentence.group,
        "as_of": sentence.as_of,
    }


def _citation_json(citation: Citation) -> dict[str, Any]:
    return {
        "n": citation.n,
        "article_id": citation.article_id,
        "title": citation.title,
        "source": citation.source,
        "published": citation.published,
        "path": citation.path,
        "url": citation.url,
        "start": citation.start,
        "end": citation.end,
        "quote": citation.quote,
        "verdict": citation.verdict.value,
    }


def _passage_json(passage: Passage) -> dict[str, Any]:
    article, chunk = passage.article, passage.chunk
    return {
        "chunk_id": chunk.id,
        "article_id": article.id,
        "title": article.title,
        "source": article.source,
        "published": article.published.isoformat() if article.published else None,
        "path": article.path,
        "start": chunk.start,
        "end": chunk.end,
        "text": chunk.text,
        "score": round(passage.score, 6),
        "lexical": None if passage.lexical is None else round(passage.lexical, 6),
        "dense": None if passage.dense is None else round(passage.dense, 6),
        "reprints": list(passage.reprints),
    }
