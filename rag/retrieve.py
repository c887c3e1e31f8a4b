"""From a question to passages: both legs, their scores fused, the best looked at closely.

The legs live in the index; how their scores combine, which candidates a reranker sees, and which
of them become passages is decided here and nowhere else. Every step leaves its numbers in the
``Retrieval``, which ``youju explain`` prints.
"""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from time import perf_counter

import numpy as np

from index.article import Chunk
from index.fold import fold
from index.passage import NO_FILTERS, Filters, Hit, Passage
from index.search import Index
from index.tokens import terms
from rag.config import RetrievalConfig
from rag.dates import DateHint, date_fit
from rag.evidence import Candidate, Evidence, gather_evidence
from rag.question import Question
from rag.rerank import Reranker
from rag.wanted import Wanted

__all__ = ["Pool", "Ranked", "Retrieval", "Search", "fuse", "gather", "retrieve"]

# Two chunks of one group of reprints tell the same when the shorter one shares this much of
# its character bigrams with the other: chunk borders differ between reprints, wording hardly.
_SAME_TELLING = 0.6


_POOL = 2
"""Candidates for each passage at least: reprints fall out, and the order changes."""

_NOVELTY = 0.5
"""What the part of the question that no passage before it holds counts for a further passage,
beside its own score of at most 1 …"""
_MIN_NOVELTY = 0.12  # … from this share of the question's weight on: less is a word by chance


@dataclass(frozen=True, slots=True)
class Search:
    """A question as both legs are to look for it.

    ``names``: for each thing that the question names, all of its names, the said one first.
    ``variants``: the question with other names in it, for the dense leg. ``sides``: for a
    question that compares, the question about each side alone. ``hints``: the dates that the
    question mentions, a preference; what it limits itself to stands in ``filters``.
    """

    question: Question
    filters: Filters = NO_FILTERS
    names: tuple[tuple[str, ...], ...] = ()
    variants: tuple[str, ...] = ()
    sides: tuple[str, ...] = ()
    hints: tuple[DateHint, ...] = ()


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate with all of its scores: ``fused`` before, ``score`` after the reranker."""

    candidate: Candidate
    fused: float
    score: float
    fate: str


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What was found, and how.

    ``passages`` are the best, at most as many as were asked for. ``ranked`` are all candidates
    that the reranker saw, best first, each with its fate; ``evidence`` has a row for each of them
    in this order. ``lexical``, ``dense`` and ``fused`` are the rankings before. ``ideal`` is the
    BM25 score that a chunk with all terms would reach; ``timings_ms`` are milliseconds of steps.
    """

    passages: tuple[Passage, ...]
    ranked: tuple[Ranked, ...]
    evidence: Evidence
    ideal: float
    lexical: tuple[Hit, ...]
    dense: tuple[Hit, ...]
    fused: tuple[Hit, ...]
    timings_ms: dict[str, float]


def retrieve(
    index: Index,
    search: Search,
    *,
    config: RetrievalConfig,
    reranker: Reranker,
    k: int | None = None,
) -> Retrieval:
    """Find the passages for a question, best first, at most ``k`` (``config.passages``)."""
    started = perf_counter()
    limit = k or config.passages
    # Whoever asks for more passages has more candidates looked at, and waits for them.
    config = dataclasses.replace(
        config,
        candidates=max(config.candidates, _POOL * limit),
        rerank=max(config.rerank, _POOL * limit) if config.rerank else 0,
    )
    pool = gather(index, search, config=config)
    timings = dict(pool.timings_ms)
    lap = perf_counter()
    scores = (
        reranker.score(search.question.searched, pool.candidates, pool.evidence)
        if config.rerank
        else np.array([hit.score for hit in pool.fused[: len(pool.candidates)]])
    )
    order = sorted(
        range(len(scores)), key=lambda place: (-scores[place], pool.candidates[place].row)
    )
    ranked = [Ranked(pool.candidates[i], pool.fused[i].score, float(scores[i]), "") for i in order]
    evidence = Evidence(
        pool.evidence.features[order], pool.evidence.held[order], pool.evidence.weights
    )
    timings["rerank"] = (perf_counter() - lap) * 1000
    lap = perf_counter()
    kept = _collapse(index, [Hit(r.candidate.row, r.score) for r in ranked])
    chosen = _diversify(kept, ranked, evidence, limit=limit)
    passages, fates = _passages(index, chosen, kept, ranked)
    timings["choose"] = (perf_counter() - lap) * 1000
    timings["total"] = (perf_counter() - started) * 1000
    return Retrieval(
        passages=passages,
        ranked=tuple(Ranked(r.candidate, r.fused, r.score, fates[r.candidate.row]) for r in ranked),
        evidence=evidence,
        ideal=pool.ideal,
        lexical=pool.lexical,
        dense=pool.dense,
        fused=pool.fused,
        timings_ms=timings,
    )


@dataclass(frozen=True, slots=True)
class Pool:
    """The candidates for the reranker, the first of ``fused``, and where they came from."""

    candidates: tuple[Candidate, ...]
    fused: tuple[Hit, ...]
    evidence: Evidence
    ideal: float
    lexical: tuple[Hit, ...]
    dense: tuple[Hit, ...]
    timings_ms: dict[str, float]


def gather(index: Index, search: Search, *, config: RetrievalConfig) -> Pool:
    """Ask both legs, fuse, and work out the evidence for the best ``config.rerank`` of them."""
    lap = perf_counter()
    timings = {}
    others = [names[1:] for names in search.names if len(names) > 1]
    text = search.question.searched
    depth, filters = config.candidates, search.filters
    lexical = index.lexical(text, k=depth, filters=filters, synonyms=others)
    for side in search.sides:
        lexical = _merged(lexical, index.lexical(side, k=depth // 2, filters=filters))
    timings["lexical"], lap = (perf_counter() - lap) * 1000, perf_counter()
    dense = index.dense(text, k=depth, filters=filters, variants=search.variants)
    timings["dense"], lap = (perf_counter() - lap) * 1000, perf_counter()
    ideal = sum(index.idf(list(dict.fromkeys(terms(text)))))
    fused = fuse(lexical, dense, ideal=ideal, dense_weight=config.dense_weight)
    bm25 = {hit.row: hit.score for hit in lexical}
    cosine = {hit.row: hit.score for hit in dense}
    candidates = []
    for hit in fused[: config.rerank or depth]:
        chunk = index.chunk(hit.row)
        article = index.article(chunk.article_id)
        candidates.append(
            Candidate(
                row=hit.row,
                chunk=chunk,
                article=article,
                lexical=bm25.get(hit.row),
                dense=cosine.get(hit.row),
                date_fit=date_fit(article.published, search.hints) if search.hints else 0.0,
            )
        )
    timings["fuse"], lap = (perf_counter() - lap) * 1000, perf_counter()
    question = search.question
    weights = dict(zip(question.terms, index.idf(question.terms), strict=True))
    evidence = gather_evidence(
        Wanted(question, weights, search.names),
        candidates,
        ideal=ideal,
        cosines=index.cosines(text) if index.is_quick else None,
    )
    timings["evidence"] = (perf_counter() - lap) * 1000
    return Pool(
        tuple(candidates), tuple(fused), evidence, ideal, tuple(lexical), tuple(dense), timings
    )


def fuse(
    lexical: Sequence[Hit], dense: Sequence[Hit], *, ideal: float, dense_weight: float
) -> list[Hit]:
    """Combine two rankings by their scores: BM25 / ``ideal`` + ``dense_weight`` · cosine.

    ``ideal`` is what a chunk with all terms of the question would score. So the weight of the
    lexical leg follows its evidence: a question in another language matches a number at most, and
    the cosine decides. (Dividing by the best score found would make a chance match count as a
    whole one.) Scores are combined, not ranks: rank fusion lets the weaker leg win (measured in
    docs/decisions/0003-fusion.md). A chunk that a leg did not return counts 0 there, and a
    cosine below 0 counts as 0. Ties fall to the lower row.

    >>> fuse([Hit(7, 8.0), Hit(3, 4.0)], [Hit(3, 0.9)], ideal=16.0, dense_weight=0.5)
    [Hit(row=3, score=0.7), Hit(row=7, score=0.5)]
    """
    fused = {hit.row: hit.score / ideal if ideal > 0 else 0.0 for hit in lexical}
    for hit in dense:
        fused[hit.row] = fused.get(hit.row, 0.0) + dense_weight * max(hit.score, 0.0)
    return sorted((Hit(r, s) for r, s in fused.items()), key=lambda hit: (-hit.score, hit.row))


def _merged(one: Sequence[Hit], other: Sequence[Hit]) -> list[Hit]:
    """Take the hits of both, each with its better score."""
    best = {hit.row: hit.score for hit in other}
    for hit in one:
        best[hit.row] = max(hit.score, best.get(hit.row, 0.0))
    return sorted((Hit(r, s) for r, s in best.items()), key=lambda hit: (-hit.score, hit.row))


@dataclass(slots=True)
class _Telling:
    """A hit that is kept, and the rows (with their articles' ids) that say the same."""

    hit: Hit
    group: str
    twins: dict[int, str]


def _collapse(index: Index, ranked: Sequence[Hit]) -> list[_Telling]:
    """Keep one hit per telling: of chunks that reprint each other, the earliest article's.

    The kept one takes the best rank and score of its group. Beside it stand the ids of the
    articles that say the same.
    """
    kept: list[_Telling] = []
    for hit in ranked:
        group = index.group_of(index.article_id_of(hit.row))
        twin = next((t for t in kept if t.group == group and _is_twin(index, t.hit, hit)), None)
        if twin is None:
            kept.append(_Telling(hit, group, {}))
            continue
        first, second = sorted((twin.hit, hit), key=lambda h: _age(index, h))
        twin.twins.pop(first.row, None)
        twin.twins[second.row] = index.article_id_of(second.row)
        twin.hit = Hit(first.row, twin.hit.score)
    return kept


def _diversify(
    kept: Sequence[_Telling], ranked: Sequence[Ranked], evidence: Evidence, *, limit: int
) -> list[_Telling]:
    """Choose the best, then what is nearly as good or holds what of the question is still missing.

    A question about two banks, or about fees and limits, gets passages for each; one that any
    passage holds whole is left in the order of its scores.
    """
    if not kept:
        return []
    places = {r.candidate.row: place for place, r in enumerate(ranked)}
    best = kept[0].hit.score
    worth = [math.exp(telling.hit.score - best) for telling in kept]
    held = evidence.held[[places[telling.hit.row] for telling in kept]]
    covered = np.zeros(held.shape[1])
    left = list(range(len(kept)))
    chosen: list[_Telling] = []
    while left and len(chosen) < limit:
        gains = np.maximum(held[left] - covered, 0) @ evidence.weights
        gains[gains < _MIN_NOVELTY] = 0.0
        if not chosen:  # the first is the best, whatever it holds
            gains[:] = 0.0
        totals = [worth[n] + _NOVELTY * gain for n, gain in zip(left, gains, strict=True)]
        pick = left.pop(int(np.argmax(totals)))  # the first of equals
        covered = np.maximum(covered, held[pick])
        chosen.append(kept[pick])
    return chosen


def _passages(
    index: Index,
    chosen: Sequence[_Telling],
    kept: Sequence[_Telling],
    ranked: Sequence[Ranked],
) -> tuple[tuple[Passage, ...], dict[int, str]]:
    """Write out the passages, and what became of every candidate."""
    fates = {telling.hit.row: "beyond the passages asked for" for telling in kept}
    for telling in (telling for telling in kept if telling.twins):
        title = index.article_of(telling.hit.row).title
        fates |= dict.fromkeys(telling.twins, f"reprint of {title!r} ({telling.group})")
    by_row = {r.candidate.row: r.candidate for r in ranked}
    best = chosen[0].hit.score if chosen else 0.0
    passages = []
    for number, telling in enumerate(chosen, start=1):
        candidate = by_row[telling.hit.row]
        fates[candidate.row] = f"passage {number}"
        passages.append(
            Passage(
                chunk=candidate.chunk,
                article=candidate.article,
                score=math.exp(telling.hit.score - best),
                lexical=candidate.lexical,
                dense=candidate.dense,
                reprints=tuple(sorted(set(telling.twins.values()))),
            )
        )
    return tuple(passages), fates


def _is_twin(index: Index, one: Hit, other: Hit) -> bool:
    return index.article_id_of(one.row) != index.article_id_of(other.row) and _same_telling(
        index.chunk(one.row), index.chunk(other.row)
    )


def _same_telling(one: Chunk, other: Chunk) -> bool:
    first, second = _bigrams(one.text), _bigrams(other.text)
    shorter = min(len(first), len(second))
    return shorter > 0 and len(first & second) >= _SAME_TELLING * shorter


def _bigrams(text: str) -> set[str]:
    letters = [c for c in fold(text) if c.isalnum()]
    return {a + b for a, b in pairwise(letters)}


def _age(index: Index, hit: Hit) -> tuple[bool, str, str]:
    article = index.article_of(hit.row)
    published = article.published
    return published is None, published.isoformat() if published else "", article.id
