"""One question, from words to a cited answer: the path that every face and every run takes.

``Asker.stream`` is the one implementation; ``Asker.answer`` folds it, a batch loops over it.
"""

from collections.abc import Iterator, Sequence
from time import perf_counter

from index.passage import Filters
from index.search import Index
from rag.citations import Citer
from rag.config import Config, fingerprint
from rag.decline import reason_to_decline
from rag.extract import compose, rank_sentences
from rag.frame import declined_text
from rag.question import Turn, read_question
from rag.retrieve import retrieve
from rag.schema import Answer, AnswerSentence, Event, Finished, Retrieved, SentenceAdded

__all__ = ["Asker"]

_NO_FILTERS = Filters()
_GENERATOR = "extractive"


class Asker:
    """Answers questions over one open index with one configuration. Safe to share by threads."""

    def __init__(self, index: Index, *, config: Config) -> None:
        """Bind an index and a configuration; nothing is computed yet."""
        self.index = index
        self.config = config
        self._fingerprint = fingerprint(config)

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
            UsageError: the question is empty or too long.
        """
        for event in self.stream(question, dialogue=dialogue, filters=filters, k=k):
            if isinstance(event, Finished):
                return event.answer
        raise AssertionError("the stream ended without its last event")

    def stream(
        self,
        question: str,
        *,
        dialogue: Sequence[Turn] = (),
        filters: Filters = _NO_FILTERS,
        k: int | None = None,
    ) -> Iterator[Event]:
        """Answer one question event by event: passages, then sentences, then the whole.

        ``k`` overrides how many passages the answer may draw on.

        Raises:
            UsageError: the question is empty or too long.
        """
        clock = _Clock()
        settings = self.config.answer
        asked = read_question(question, dialogue=dialogue, max_chars=settings.max_question_chars)
        clock.lap("understand")
        passages = retrieve(
            self.index, asked.searched, config=self.config.retrieval, filters=filters, k=k
        )
        clock.lap("retrieve")
        yield Retrieved(passages)

        weights = dict(zip(asked.terms, self.index.idf(asked.terms), strict=True))
        candidates = rank_sentences(asked, passages, weights=weights)
        reason = reason_to_decline(candidates, passages, filters=filters, config=settings)
        citer = Citer()
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
            reason = f"the citation gate refused all {citer.dropped} sentences"
        clock.lap("answer")
        clock.total()
        yield Finished(
            Answer(
                question=asked.text,
                searched=asked.searched,
                answer=_prose(said) if said else declined_text(asked.text),
                sentences=tuple(said),
                citations=citer.citations,
                passages=passages,
                abstained=not said,
                reason=reason,
                generator=_GENERATOR,
                index_generation=self.index.generation,
                config_fingerprint=self._fingerprint,
                timings_ms=clock.timings,
            )
        )


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
