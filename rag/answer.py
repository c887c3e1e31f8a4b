"""One question, from words to a cited answer: the path that every face and every run takes.

``Asker.stream`` is the one implementation; ``Asker.answer`` folds it, a batch loops over it.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from time import perf_counter

from index.passage import Filters
from index.search import Index
from rag.citations import Citer
from rag.config import Config, fingerprint
from rag.context import widened
from rag.decline import reason_to_decline
from rag.extract import compose, rank_sentences
from rag.frame import declined_text
from rag.gate import Gate
from rag.generate import Span
from rag.question import Asked, Turn
from rag.rerank import Reranker, load_reranker
from rag.retrieve import Retrieval, retrieve
from rag.schema import Answer, AnswerSentence, Event, Finished, Retrieved, SentenceAdded
from rag.understand import Reading, Understander

__all__ = ["Asker", "Inspection", "today"]

_NO_FILTERS = Filters()
_GENERATOR = "extractive"


@dataclass(frozen=True, slots=True)
class Inspection:
    """An answer with everything that led to it."""

    answer: Answer
    reading: Reading
    retrieval: Retrieval


class Asker:
    """Answers questions over one open index with one configuration. Safe to share by threads."""

    def __init__(self, index: Index, *, config: Config) -> None:
        """Bind an index and a configuration; nothing is computed yet."""
        self.index = index
        self.config = config
        self._fingerprint = fingerprint(config)

    @cached_property
    def _understander(self) -> Understander:
        return Understander(self.index, config=self.config)

    @cached_property
    def _gate(self) -> Gate:
        return Gate()

    @cached_property
    def _reranker(self) -> Reranker:
        return load_reranker(self.config.retrieval)

    def answer(
        self,
        question: str,
        *,
        dialogue: Sequence[Turn] = (),
        filters: Filters = _NO_FILTERS,
        k: int | None = None,
    ) -> Answer:
        """Answer one question. Declining is an answer (``abstained``), never an exception.

        Raises:
            UsageError: the question is empty or too long, or its dates are the wrong way round.
        """
        return self.answer_to(
            Asked(question, today(), dialogue=tuple(dialogue), filters=filters, k=k)
        )

    def stream(
        self,
        question: str,
        *,
        dialogue: Sequence[Turn] = (),
        filters: Filters = _NO_FILTERS,
        k: int | None = None,
    ) -> Iterator[Event]:
        """Answer one question event by event; ``k`` overrides how many passages it may draw on.

        Raises:
            UsageError: as ``answer`` does.
        """
        yield from self.stream_to(
            Asked(question, today(), dialogue=tuple(dialogue), filters=filters, k=k)
        )

    def answer_to(self, request: Asked) -> Answer:
        """Answer a whole request; raises as ``answer`` does."""
        return self.inspect(request).answer

    def inspect(self, request: Asked) -> Inspection:
        """Answer a request and keep what led to the answer; raises as ``answer`` does."""
        reading: Reading | None = None
        retrieval: Retrieval | None = None
        for event in self.stream_to(request):
            if isinstance(event, Retrieved):
                reading, retrieval = event.reading, event.retrieval
            elif isinstance(event, Finished) and reading and retrieval:
                return Inspection(event.answer, reading, retrieval)
        raise AssertionError("the stream ended without its last event")

    def stream_to(self, request: Asked) -> Iterator[Event]:
        """Answer a request event by event: passages, then sentences, then the whole.

        Raises:
            UsageError: as ``answer`` does.
        """
        clock = _Clock()
        settings = self.config.answer
        reading = self._understander.read(request)
        asked = reading.question
        clock.lap("understand")
        retrieval = self._retrieve(reading, request)
        if not retrieval.passages and reading.search.filters != request.filters:
            # No article of the time that the question limits itself to (今年以来 in an old text):
            # the limit becomes a preference, and the face says so.
            reading = reading.unlimited(request.filters)
            retrieval = self._retrieve(reading, request)
        passages = retrieval.passages
        clock.lap("retrieve")
        yield Retrieved(passages, reading, retrieval)

        weights = dict(zip(asked.terms, self.index.idf(asked.terms), strict=True))
        candidates = rank_sentences(asked, passages, weights=weights)
        reason = reason_to_decline(
            candidates, passages, filters=reading.search.filters, config=settings
        )
        offered = [Span(p.article, *widened(p.article, p.chunk)) for p in passages]
        citer = Citer(self._gate, offered=offered, policy=self.config.gate.policy)
        said: list[AnswerSentence] = []
        if reason is None:
            for draft in compose(candidates, weights=weights, config=settings):
                sentence = citer.cite(draft)
                if sentence is None:
                    continue
                said.append(sentence)
                used = tuple(c for c in citer.citations if c.n in sentence.citations)
                clock.first("first_sentence")
                yield SentenceAdded(sentence, used)
        if reason is None and not said:
            reason = f"the citation gate refused all {citer.counts.dropped} sentences"
        clock.lap("answer")
        clock.total()
        yield Finished(
            Answer(
                answer_id=self._identify(request),
                question=asked.text,
                searched=asked.searched,
                understood=reading,
                answer=_prose(said) if said else declined_text(asked.text),
                sentences=tuple(said),
                citations=citer.citations,
                passages=passages,
                abstained=not said,
                reason=reason,
                generator=_GENERATOR,
                gate=citer.counts,
                index_generation=self.index.generation,
                config_fingerprint=self._fingerprint,
                timings_ms=clock.timings,
            )
        )

    def _retrieve(self, reading: Reading, request: Asked) -> Retrieval:
        return retrieve(
            self.index,
            reading.search,
            config=self.config.retrieval,
            reranker=self._reranker,
            k=request.k,
        )

    def _identify(self, request: Asked) -> str:
        """Derive an answer's id from all that decides it: asked again, it has the same one."""
        decided = repr((request, self.index.generation, self._fingerprint))
        return hashlib.blake2b(decided.encode("utf-8", "replace"), digest_size=6).hexdigest()


def today() -> date:
    """The day of the person who asks, by this machine's clock."""
    return date.today()


def _prose(said: Sequence[AnswerSentence]) -> str:
    """The answer as one text, each sentence followed by its marks: ``…。[1]``."""
    return "\n".join(s.text + "".join(f"[{n}]" for n in s.citations) for s in said)


class _Clock:
    """Milliseconds per stage of one question."""

    def __init__(self) -> None:
        self._start = self._last = perf_counter()
        self.timings: dict[str, float] = {}

    def lap(self, stage: str) -> None:
        now = perf_counter()
        self.timings[stage] = (now - self._last) * 1000
        self._last = now

    def first(self, moment: str) -> None:
        """Note when something happened for the first time, counted from the start."""
        self.timings.setdefault(moment, (perf_counter() - self._start) * 1000)

    def total(self) -> None:
        self.timings["total"] = (perf_counter() - self._start) * 1000
