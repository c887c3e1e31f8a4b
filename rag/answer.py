"""One question, from words to a cited answer: the path that every face and every run takes.

``Asker.stream`` is the one implementation; ``Asker.answer`` folds it, a batch loops over it.
"""

import hashlib
import logging
import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from time import perf_counter

from index.errors import UsageError, YoujuError
from index.fold import fold
from index.passage import NO_FILTERS, Filters, Passage
from index.search import Index
from rag.citations import Citer
from rag.config import Config, fingerprint
from rag.context import widened
from rag.curated import Curated, CuratedAnswer, open_curated
from rag.decline import probability_of_answer
from rag.extract import ExtractiveGenerator
from rag.frame import approved_text, declined_text, failed_text, frame_text
from rag.gate import Gate
from rag.generate import Generator, GeneratorError, NoAnswerError, Span, Task
from rag.generators import open_generator
from rag.judge import load_judge
from rag.notice import Notice, load_notices, notice_for
from rag.question import Asked, Kind, Question, Turn
from rag.rank import Ranked, rank_statements
from rag.rerank import Reranker, load_reranker
from rag.reread import load_reader, reread
from rag.retrieve import Retrieval, Search, retrieve
from rag.schema import Answer, AnswerSentence, Event, FellBack, Finished, Retrieved, SentenceAdded
from rag.statements import FEATURES, Material
from rag.suggest import asked_for, further_questions
from rag.understand import Reading, Step, Understander

__all__ = ["Asker", "Inspection", "make_material", "today"]

_STATED_BY_HEADINGS = (Kind.NUMBER, Kind.DATE, Kind.PERSON, Kind.PLACE)
_FRESH = FEATURES.index("fresh")
_SURE = 0.5
"""A suggestion is answered at least so likely: it must not lead to a declined answer."""

_SUGGESTIONS = 3
_TRIED = 8
_log = logging.getLogger(__name__)


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

    def over(self, index: Index) -> "Asker":
        """The same configuration over another index. Models that are loaded are shared."""
        asker = Asker(index, config=self.config)
        # Not the understander: it reads the words of its index.
        for name in ("_gate", "extractive", "generator", "_notices", "_reranker"):
            if name in self.__dict__:
                asker.__dict__[name] = self.__dict__[name]
        return asker

    def prepare(self) -> None:
        """Open now what the first question would open.

        Raises:
            YoujuError: a file that the configuration names cannot be read, or makes no sense; no
                question could be answered.
        """
        _ = (self._understander, self._gate, self.generator, self._notices, self._curated)
        _ = self._reranker
        if reader := load_reader(self.config.answer):
            reader.prepare()

    @cached_property
    def _understander(self) -> Understander:
        return Understander(self.index, config=self.config)

    @cached_property
    def _gate(self) -> Gate:
        return Gate(judge=load_judge(self.config.gate.judge))

    @cached_property
    def extractive(self) -> ExtractiveGenerator:
        """The generator that quotes: the default, and what answers where a model fails."""
        return ExtractiveGenerator(max_sentences=self.config.answer.max_sentences)

    @cached_property
    def generator(self) -> Generator:
        """The generator that the configuration names."""
        spec = self.config.answer.generator
        if spec == self.extractive.name:
            return self.extractive
        return open_generator(spec, self.config.model)

    @cached_property
    def _notices(self) -> tuple[Notice, ...]:
        return load_notices(self.config.answer.notices)

    @cached_property
    def _curated(self) -> Curated | None:
        name = self.config.answer.curated
        if not name:
            return None
        return open_curated(Path(name), self.index, aliases=self._understander.aliases)

    @cached_property
    def _reranker(self) -> Reranker:
        return load_reranker(self.config.retrieval)

    def answer(
        self,
        question: str,
        *,
        dialogue: Sequence[Turn] = (),
        filters: Filters = NO_FILTERS,
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
        filters: Filters = NO_FILTERS,
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
        reading = self._understander.read(request)
        asked = reading.question
        clock.lap("understand")
        reading, retrieval = self._find(reading, request)
        passages = retrieval.passages
        clock.lap("retrieve")
        yield Retrieved(passages, reading, retrieval)

        ranked, probability = self.weigh(reading, retrieval)
        approved = self._approved(reading, request)
        reason = None
        if approved is None:
            reason = _reason_to_decline(
                asked,
                ranked,
                passages,
                filters=reading.search.filters,
                probability=probability,
                needed=self.config.answer.min_probability,
            )
        if asked.is_small_talk:
            probability = 0.0
        clock.lap("decide")
        if reason is None and approved is None:
            ranked = self.reread(ranked, reading, passages)
            clock.lap("reread")
        task = Task(asked, passages, ranked, reading.compared)
        writing = _Writing(self, task, clock, approved=approved)
        if reason is None:
            yield from writing.run()
            reason = writing.reason
        suggestions: tuple[str, ...] = ()
        if request.suggest:
            suggestions = self._suggestions(request, reading, passages, declined=not writing.said)
            clock.lap("suggest")
        clock.total()
        yield Finished(
            Answer(
                answer_id=self._identify(request),
                question=asked.text,
                searched=asked.searched,
                understood=reading,
                answer=_prose(writing.said) if writing.said else declined_text(asked.text),
                sentences=tuple(writing.said),
                citations=writing.citer.citations if writing.said else (),
                passages=passages,
                abstained=not writing.said,
                reason=reason,
                generator=writing.generator.name,
                fallback=writing.fallback,
                gate=writing.citer.counts,
                frame=writing.frame if writing.said else "",
                notice=notice_for(asked.text, self._notices),
                probability=probability,
                suggestions=suggestions,
                approval=approved.approval if approved else None,
                index_generation=self.index.generation,
                config_fingerprint=self._fingerprint,
                timings_ms=clock.timings,
            )
        )

    def citer(self, passages: Sequence[Passage]) -> Citer:
        """Start the citations of one answer, whose generator reads these passages."""
        offered = [Span(p.article, *widened(p.article, p.chunk)) for p in passages]
        return Citer(self._gate, offered=offered, policy=self.config.gate.policy)

    def reread(
        self, ranked: tuple[Ranked, ...], reading: Reading, passages: Sequence[Passage]
    ) -> tuple[Ranked, ...]:
        """Order the sentences as the generator gets them: by the reader, too, unless it is off.

        A comparison is left alone: the reader looks for one answer.
        """
        reader = load_reader(self.config.answer)
        compares = bool(reading.compared) and reading.question.kind is Kind.COMPARISON
        if reader is None or compares:
            return ranked
        return reread(reading.question, ranked, passages, reader)

    def is_answerable(self, question: str, request: Asked) -> bool:
        """Tell whether the collection is likely enough to answer another question.

        It is asked like ``request``, without its dialogue.
        """
        try:
            asked = replace(request, question=question, dialogue=(), suggest=False)
            reading = self._understander.read(asked)
        except UsageError:
            return False
        retrieval = self._retrieve(reading, asked)
        _, probability = self.weigh(reading, retrieval)
        return probability >= max(_SURE, self.config.answer.min_probability)

    def further(self, request: Asked, *, declined: bool) -> tuple[str, ...]:
        """Further questions beside the answer to a request, as ``Asked.suggest`` has them.

        For a face that shows the answer first: trying out what the collection answers takes
        longer than answering. Raises as ``answer`` does.
        """
        reading, retrieval = self._find(self._understander.read(request), request)
        return self._suggestions(request, reading, retrieval.passages, declined=declined)

    def _suggestions(
        self, request: Asked, reading: Reading, passages: Sequence[Passage], *, declined: bool
    ) -> tuple[str, ...]:
        told = {asked_for(request.question), asked_for(reading.question.searched)}
        told.update(asked_for(turn.question) for turn in request.dialogue)
        found: list[str] = []
        tried = 0
        candidates = further_questions(
            reading, passages, declined=declined, find=self._understander.names_in
        )
        for question in candidates:
            if asked_for(question) in told:
                continue
            told.add(asked_for(question))
            tried += 1
            if self.is_answerable(question, request):
                found.append(question)
            if len(found) == _SUGGESTIONS or tried == _TRIED:
                break
        return tuple(found)

    def weigh(self, reading: Reading, retrieval: Retrieval) -> tuple[tuple[Ranked, ...], float]:
        """Rank the sentences, and tell how likely they answer.

        A heading shows what its section is about, which counts; it is none of the answer, unless
        it states what was asked for (客服热线：95588, 营业时间：9:00-17:00).
        """
        material = make_material(self.index, reading.search, retrieval.passages)
        ranked = rank_statements(material)
        quotable = tuple(
            one for one in ranked if not one.statement.is_heading or _states(one, reading.question)
        )
        return quotable, probability_of_answer(ranked, retrieval)

    def _approved(self, reading: Reading, request: Asked) -> CuratedAnswer | None:
        """Find the approved answer, where there is one, to the question as it is searched for."""
        if self._curated is None:
            return None
        return self._curated.find(
            reading.question.searched,
            day=request.today,
            filters=request.filters,
            has_aliases=Step.ALIASES not in reading.without,
        )

    def _find(self, reading: Reading, request: Asked) -> tuple[Reading, Retrieval]:
        """Find passages, and say how the question had to be read for that."""
        retrieval = self._retrieve(reading, request)
        if not retrieval.passages and reading.search.filters != request.filters:
            # No article of the time that the question limits itself to (今年以来 in an old text):
            # the limit becomes a preference, and the face says so.
            reading = reading.unlimited(request.filters)
            retrieval = self._retrieve(reading, request)
        return reading, retrieval

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
        decided = repr((replace(request, suggest=False), self.index.generation, self._fingerprint))
        return hashlib.blake2b(decided.encode("utf-8", "replace"), digest_size=6).hexdigest()


class _Writing:
    """The sentences of one answer as they pass the gate, whoever writes them in the end."""

    def __init__(
        self, asker: Asker, task: Task, clock: "_Clock", *, approved: CuratedAnswer | None = None
    ) -> None:
        self._asker = asker
        self._task = task
        self._clock = clock
        self.generator: Generator = approved or asker.generator
        self.said: list[AnswerSentence] = []
        self.citer = asker.citer(task.passages)
        self.fallback: str | None = None
        self.reason: str | None = None
        if approved:
            self.frame = approved_text(task.question.text)
        else:
            quotes = self.generator is asker.extractive
            self.frame = frame_text(task.question.text, quotes=quotes)

    def run(self) -> Iterator[Event]:
        """Write; where a model fails, begin again with quotes."""
        try:
            yield from self._write()
            if not self.said and self.generator is not self._asker.extractive and not self.reason:
                dropped = self.citer.counts.dropped
                raise GeneratorError(
                    f"the citation gate dropped all {dropped} sentences of the model"
                    if dropped
                    else "the model wrote nothing"
                )
        except NoAnswerError as error:
            self.said.clear()
            self.reason = str(error)
        except YoujuError as error:
            if self.generator is self._asker.extractive:
                raise
            _log.warning("the generator failed, quotes take its place: %s", error)
            self.fallback = str(error)
            self.generator = self._asker.extractive
            self.frame = failed_text(self._task.question.text)
            self.said.clear()
            yield FellBack(self.fallback)
            yield from self._write()
        if not self.said and self.reason is None:
            self.reason = self._refused()

    def _refused(self) -> str:
        return f"the citation gate refused {self.citer.counts.dropped} of the sentences"

    def _write(self) -> Iterator[Event]:
        self.citer = self._asker.citer(self._task.passages)
        drafts = self.generator.drafts(self._task)
        try:
            for draft in drafts:
                sentence = self.citer.cite(draft)
                if self.citer.refused:
                    self.said.clear()
                    self.reason = self._refused()
                    return
                if sentence is None:
                    continue
                self.said.append(sentence)
                used = tuple(c for c in self.citer.citations if c.n in sentence.citations)
                self._clock.first("first_sentence")
                yield SentenceAdded(sentence, used)
        finally:
            if isinstance(drafts, types.GeneratorType):
                drafts.close()
            self._clock.lap("answer")


def make_material(index: Index, search: Search, passages: Sequence[Passage]) -> Material:
    """Put together what may answer a question."""
    question = search.question
    return Material(
        question=question,
        passages=tuple(passages),
        weights=dict(zip(question.terms, index.idf(question.terms), strict=True)),
        names=search.names,
        cosines=index.cosines(question.searched) if index.is_quick else None,
    )


def _states(heading: Ranked, question: Question) -> bool:
    """Tell whether a heading holds a thing of the kind asked for that is not in the question, or
    gives a figure behind words of the question and a colon.
    """
    if question.kind in _STATED_BY_HEADINGS:
        return bool(heading.features[_FRESH] > 0)
    label, _, value = fold(heading.statement.text).partition(":")
    return any(map(str.isdigit, value)) and any(term in label for term in question.terms)


def _reason_to_decline(
    question: Question,
    ranked: Sequence[Ranked],
    passages: Sequence[Passage],
    *,
    filters: Filters,
    probability: float,
    needed: float,
) -> str | None:
    """Say why the question should be declined, or None when the evidence carries it."""
    if question.is_small_talk:
        return "nothing to look for: the question names no thing that an article could tell of"
    if not passages and filters:
        return "no article passes the filters, or none that does shares a word with the question"
    if not ranked:
        return "no match: no sentence that was found has to do with the question"
    if probability < needed:
        said, wanted = _told_apart(probability, needed)
        return (
            f"weak evidence: the collection answers this with a probability of {said}, "
            f"{wanted} is needed"
        )
    return None


def _told_apart(one: float, other: float) -> tuple[str, str]:
    """Two shares as percentages, with as many decimals as it takes to see that they differ.

    >>> _told_apart(0.2, 0.3), _told_apart(0.2962, 0.3)
    (('20%', '30%'), ('29.6%', '30.0%'))
    """
    pairs = [(f"{one:.{digits}%}", f"{other:.{digits}%}") for digits in range(4)]
    return next((pair for pair in pairs if pair[0] != pair[1]), pairs[-1])


def today() -> date:
    """The day of the person who asks, by this machine's clock."""
    return date.today()


def _prose(said: Sequence[AnswerSentence]) -> str:
    """The answer as one text, each sentence followed by its marks: ``…。[1]``."""
    return "\n".join(
        ("- " if s.item else "")
        + (f"（{s.lead}）" if s.lead else "")
        + s.text
        + "".join(f"[{n}]" for n in s.citations)
        for s in said
    )


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
