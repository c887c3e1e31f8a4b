"""The extractive generator: chooses sentences of the passages and quotes them word for word.

It writes nothing of its own, so every sentence is its own evidence. A sentence is judged by how
much of the question it states, each term weighted by how rare it is in the collection, by what
the headings and its neighbours add, and by whether it holds the kind of thing asked for.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from index.article import Article
from index.fold import fold
from index.passage import Passage
from index.sentences import sentences
from index.tokens import terms
from rag.config import AnswerConfig
from rag.context import REACH, widened
from rag.generate import Draft, Span
from rag.question import Kind, Question

__all__ = ["Candidate", "compose", "rank_sentences"]

# Weights of a sentence's score, in units of "the whole question, by weight". Set by hand near a
# linear fit on one half of CMRC2018, DRCD, XQuAD (zh, en), DuReader-robust and SQuAD 2.0
# development questions (docs/decisions/0005-sentence-choice.md).
_STATED = 1.0
_SHARE = 0.3  # the unweighted share of the question's terms: steadier where everything is rare
_IN_HEADING = 1.0
_IN_PREVIOUS = 0.4
_IN_PREVIOUS_LEANING = 0.9  # "该平台已在 …": the sentence before it names what it speaks of
_IN_NEXT = 0.2
_PASSAGE = 0.4
_NUMBER = 0.1
_DATE = 0.2
_MEASURE = 0.15

# What context counts towards covering the question, when it is decided whether to answer at all:
# it carries a subject ("该平台 …"), it does not state the fact.
_HEADING_COVERS = 0.8
_CHUNK_COVERS = 0.6
# A Han character alone, without the neighbour that it has in the question, says little.
_LONE_CHARACTER = 0.3
# A further sentence must state at least this share of the question that none before it stated.
_MIN_GAIN = 0.15
# … and be at least this good beside the first: what merely shares a rare word is no addition.
_MIN_SCORE = 0.6

_HAS_NUMBER = re.compile(
    r"\d|[一二三四五六七八九十百千万亿两]+(?:[个家笔次名户款种项元倍条张台位岁天年月成]|分之)"
)
_HAS_DATE = re.compile(
    r"\d{2,4}\s*年|\d{1,2}\s*月|\d{1,2}\s*日|\b[12]\d{3}\b|[一二三四五六七八九〇零]{4}年"
    r"|\b(?:january|february|march|april|may|june|july|august|september|october|november"
    r"|december)\b"
)
_LEANS = re.compile(
    r"该(?:行|公司|系统|平台|产品|功能|服务|项|中心|团队|专区|版|银行|业务|机构|[^\s，。]{1,4}已)"
    r"|^(?:其|此|这|它|他|她)|^(?:it|they|he|she|this|these|the (?:bank|system|service))\b"
)
# Asks rather than answers; in a list of questions and answers it heads what comes next.
_ASKS = re.compile(r"[?？][\"”’」』]?$")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may answer: ``article.text[start:end]``.

    ``stated`` are the question's terms in the sentence itself. ``covered`` is the share of the
    question, between 0 and 1, that the sentence covers together with its context at a discount.
    """

    article: Article
    start: int
    end: int
    stated: frozenset[str]
    covered: float
    score: float


def rank_sentences(
    question: Question, passages: Sequence[Passage], *, weights: Mapping[str, float]
) -> list[Candidate]:
    """Every sentence of the passages that may answer, best first.

    It shares a term with the question, or follows a question in the text that does.

    ``weights`` gives each of ``question.terms`` its inverse document frequency.
    """
    best = max((p.score for p in passages), default=0.0) or 1.0
    found = [
        candidate
        for passage in passages
        for candidate in _candidates(question, passage, weights, rank=passage.score / best)
    ]
    found.sort(key=lambda c: (-c.score, c.article.id, c.start))
    return found


def compose(
    candidates: Sequence[Candidate], *, weights: Mapping[str, float], config: AnswerConfig
) -> Iterator[Draft]:
    """Choose the sentences of the answer: the best, then what states what is still missing."""
    total = sum(weights.values()) or 1.0
    said: frozenset[str] = frozenset()
    told: set[str] = set()
    for turn in range(config.max_sentences):
        floor = _MIN_SCORE * candidates[0].score if candidates else 0.0
        fresh = (c for c in candidates if c.score >= floor and _telling(c) not in told)
        if turn == 0:
            chosen = next(fresh, None)
        else:
            gains = [(sum(weights[t] for t in c.stated - said) / total, c) for c in fresh]
            # max() keeps the first of equals, which is the better ranked.
            gain, chosen = max(gains, key=lambda pair: pair[0], default=(0.0, None))
            if gain < _MIN_GAIN:
                return
        if chosen is None:
            return
        said |= chosen.stated
        told.add(_telling(chosen))
        yield Draft(
            text=chosen.article.text[chosen.start : chosen.end],
            spans=(Span(chosen.article, chosen.start, chosen.end),),
        )


def _candidates(
    question: Question, passage: Passage, weights: Mapping[str, float], *, rank: float
) -> Iterator[Candidate]:
    article = passage.article
    # The answer may run over the border of its chunk: the sentences beside it may answer, too.
    first, last = widened(article, passage.chunk)
    spans = sentences(article.text, first, last)
    # A chunk's border is ours, not the author's: its first sentence has one before it too.
    texts = [
        *(_sentence_texts(article.text, max(0, first - REACH), first)[-1:] or [""]),
        *(article.text[start:end] for start, end in spans),
        *(_sentence_texts(article.text, last, last + REACH)[:1] or [""]),
    ]
    shared = [_shared(text, weights) for text in texts]
    around = frozenset().union(*shared[1:-1])
    heading = _shared(" ".join((article.title, *passage.chunk.headings)), weights)
    for place, (start, end) in enumerate(spans, start=1):
        own, before = shared[place], shared[place - 1]
        asked = before if _ASKS.search(texts[place - 1]) else frozenset()
        if _ASKS.search(texts[place]) or not own | asked:
            continue
        yield Candidate(
            article=article,
            start=start,
            end=end,
            stated=own,
            covered=_coverage(question, own, heading | asked, around, weights),
            score=_PASSAGE * rank
            + _score(
                question,
                fold(texts[place]),
                own=own,
                heading=heading | asked,
                before=before,
                after=shared[place + 1],
                weights=weights,
            ),
        )


def _sentence_texts(text: str, start: int, end: int) -> list[str]:
    return [text[a:b] for a, b in sentences(text, start, min(end, len(text)))]


def _shared(text: str, weights: Mapping[str, float]) -> frozenset[str]:
    return frozenset(terms(text)) & weights.keys()


def _score(
    question: Question,
    folded: str,
    *,
    own: frozenset[str],
    heading: frozenset[str],
    before: frozenset[str],
    after: frozenset[str],
    weights: Mapping[str, float],
) -> float:
    total = sum(weights.values()) or 1.0

    def share(part: frozenset[str]) -> float:
        return sum(weights[t] for t in part) / total

    score = (
        _STATED * share(own)
        + _SHARE * len(own) / len(weights)
        + _IN_HEADING * share(heading - own)
        + (_IN_PREVIOUS_LEANING if _LEANS.search(folded) else _IN_PREVIOUS)
        * share(before - own - heading)
        + _IN_NEXT * share(after - own - heading - before)
    )
    if question.kind is Kind.NUMBER:
        score += _NUMBER if _HAS_NUMBER.search(folded) else -_NUMBER
    if question.kind is Kind.DATE:
        score += _DATE if _HAS_DATE.search(folded) else -_DATE
    if question.measure is not None:
        score += _MEASURE if question.measure.search(folded) else -_MEASURE
    return score


def _coverage(
    question: Question,
    own: frozenset[str],
    heading: frozenset[str],
    around: frozenset[str],
    weights: Mapping[str, float],
) -> float:
    """How much of the question is covered, unit by unit, weighted by rarity."""
    total = covered = 0.0
    for unit in question.units:
        weight = weights[unit.term]
        total += weight
        covered += weight * max(
            _holds(unit.term, unit.pairs, own),
            _HEADING_COVERS * _holds(unit.term, unit.pairs, heading),
            _CHUNK_COVERS * _holds(unit.term, unit.pairs, around),
        )
    return covered / total if total else 0.0


def _holds(term: str, pairs: Sequence[str], part: frozenset[str]) -> float:
    if any(pair in part for pair in pairs):
        return 1.0
    if term not in part:
        return 0.0
    return _LONE_CHARACTER if pairs else 1.0


def _telling(candidate: Candidate) -> str:
    """What a sentence says, for telling repeats: folded, letters and digits only."""
    text = candidate.article.text[candidate.start : candidate.end]
    return "".join(c for c in fold(text) if c.isalnum())
