"""What a passage holds of a question: the features that the light reranker weighs.

In: a question taken apart, and candidates with the scores of both legs. Out: a row of numbers for
each candidate, under the names in ``FEATURES``, all of them between 0 and 1 or close to it. It
does not know what any of them is worth.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from index.article import Article, Chunk
from index.fold import fold
from index.tokens import word_terms
from rag.question import Kind
from rag.wanted import Looker, Wanted

__all__ = ["FEATURES", "Candidate", "Evidence", "gather_evidence"]

FEATURES = (
    "lexical",  # BM25 divided by the best of this question
    "lexical_share",  # BM25 divided by what a chunk could reach that holds every term
    "dense",  # the cosine
    "dense_lead",  # the cosine below the best of this question: 0 for the best, else negative
    "silence",  # the cosine where the lexical leg hardly matched: the other language speaks here
    "sentence_dense",  # the cosine of its best sentence; the chunk's own where that is slow to tell
    "coverage",  # share of the question's weight in the text or its title and headings
    "text_coverage",  # … in the text alone
    "sentence_coverage",  # … in the best sentence, with the title at a discount
    "pair_coverage",  # … in the best two neighbouring sentences
    "title_coverage",  # … in title and headings
    "rarest",  # weight of the rarest unit that is found, of the rarest that was asked for
    "phrase",  # share of the question's runs of three and four characters that stand in the text
    "longest",  # longest run shared with the question, of the question's length
    "opening",  # 1 for the first chunk of its article, falling with the place
    "kind",  # holds a number or a date where one is asked for
    "neighbours",  # the best lexical score of another chunk of the same article
    "date_fit",  # how well the article's date fits the dates that the question mentions
    "alias",  # share of the question's names that stand there under any of their names
)

Matrix = npt.NDArray[np.float64]
"""``(candidates, len(FEATURES))``."""

_SENTENCES_OF = 20
"""Candidates, the first ones of the fusion, whose sentences are embedded: 0.3 ms each."""

_TITLE = 0.6  # what a title's word counts towards a sentence's coverage

_SENTENCE = re.compile(r"[。！？；!?;\n]+|\.(?=\s)")
_HAS_NUMBER = re.compile(r"\d|[一二三四五六七八九十百千万亿两]+(?:[个家笔次名户款种项元倍条]|分之)")
_HAS_DATE = re.compile(r"\d{2,4}\s*年|\d{1,2}\s*[月日]|\b[12]\d{3}\b")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A chunk that a leg found. A leg that did not return it has no score of it."""

    row: int
    chunk: Chunk
    article: Article
    lexical: float | None
    dense: float | None
    date_fit: float = 0.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """The features of all candidates, and which units of the question each of them holds."""

    features: Matrix
    held: npt.NDArray[np.float64]  # (candidates, units): between 0 and 1
    weights: npt.NDArray[np.float64]  # (units,), adding up to 1


def gather_evidence(
    wanted: Wanted,
    candidates: Sequence[Candidate],
    *,
    ideal: float,
    cosines: Callable[[Sequence[str]], npt.NDArray[np.float64]] | None = None,
) -> Evidence:
    """Work out every feature of every candidate.

    Args:
        wanted: The question.
        candidates: What the legs found.
        ideal: The BM25 score of a chunk that holds every term of the question (about).
        cosines: The question's cosines with texts, where an embedder tells them at once.
    """
    looker = Looker(wanted)
    features = np.zeros((len(candidates), len(FEATURES)))
    held = np.zeros((len(candidates), len(looker.units)))
    if not candidates:
        return Evidence(features, held, looker.weights)
    lexical = np.array([c.lexical or 0.0 for c in candidates])
    # A chunk beyond the depth of the dense leg is at least no nearer than the last one found.
    floor = min((c.dense for c in candidates if c.dense is not None), default=0.0)
    dense = np.array([floor if c.dense is None else c.dense for c in candidates])
    top, share = lexical.max() or 1.0, lexical / (ideal or 1.0)
    found = {"lexical": lexical / top, "lexical_share": share, "dense": dense}
    found["dense_lead"] = dense - dense.max()
    found["silence"] = dense * (1 - min(1.0, float(share.max())))
    found["sentence_dense"] = dense.copy()
    if cosines is not None:
        looked_at = candidates[:_SENTENCES_OF]
        found["sentence_dense"][: len(looked_at)] = _best_sentences(looked_at, cosines)
    found["neighbours"] = _neighbours(candidates, lexical / top)
    found["date_fit"] = np.array([c.date_fit for c in candidates])
    for name, values in found.items():
        features[:, FEATURES.index(name)] = values
    titles: dict[tuple[str, tuple[str, ...]], npt.NDArray[np.float64]] = {}
    first = FEATURES.index("coverage")
    for place, candidate in enumerate(candidates):
        key = (candidate.article.id, candidate.chunk.headings)
        if key not in titles:
            title = fold(" ".join((candidate.article.title, *candidate.chunk.headings)))
            titles[key] = looker.holds(title, frozenset(word_terms(title)))
        row, held[place] = _text_features(looker, candidate, titles[key])
        features[place, first : first + len(row)] = row
        features[place, -1] = _name_share(looker, candidate)
    return Evidence(features, held, looker.weights)


def _best_sentences(
    candidates: Sequence[Candidate], cosines: Callable[[Sequence[str]], npt.NDArray[np.float64]]
) -> npt.NDArray[np.float64]:
    """The cosine of each candidate's best sentence."""
    cut = [
        [part for part in _SENTENCE.split(c.chunk.text) if len(part) > 3] or [c.chunk.text]
        for c in candidates
    ]
    starts = np.cumsum([0, *map(len, cut)])[:-1]
    found = cosines([part for parts in cut for part in parts])
    best: npt.NDArray[np.float64] = np.maximum.reduceat(found, starts)
    return best


def _text_features(
    looker: Looker, candidate: Candidate, title: npt.NDArray[np.float64]
) -> tuple[list[float], npt.NDArray[np.float64]]:
    """The features from ``coverage`` to ``kind``, and how far each unit is held."""
    text = _folded(candidate.chunk.text)
    weights = looker.weights
    words = _words(text)
    own = looker.holds(text, words)
    held = np.maximum(own, title)
    sentences = _by_sentence(looker, text, own)
    helped = np.maximum(sentences, _TITLE * title)
    pairs = np.maximum(helped[:-1], helped[1:]) if len(helped) > 1 else helped
    # Two characters of a phrase that stands in both are shared anyway; the phrase is the evidence.
    phrases = sum(phrase in text for phrase in looker.phrases) / max(1, len(looker.phrases))
    rarest = float(weights.max()) if len(weights) else 0.0
    return [
        float(held @ weights),
        float(own @ weights),
        float((helped @ weights).max()) if len(weights) else 0.0,
        float((pairs @ weights).max()) if len(weights) else 0.0,
        float(title @ weights),
        float((weights * (held >= 1)).max() / rarest) if rarest else 0.0,
        phrases,
        looker.longest(text),
        1 / (1 + candidate.chunk.start / 300),
        _kind_found(looker.kind, text),
    ], held


def _by_sentence(
    looker: Looker, text: str, own: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """How far each sentence holds each unit: ``(sentences, units)``."""
    ends = [match.start() for match in _SENTENCE.finditer(text)]
    table = np.zeros((len(ends) + 1, len(looker.units)))
    for number in np.flatnonzero(own):
        for string in looker.strings(int(number), text):
            at = text.find(string)
            while at >= 0:
                table[bisect_right(ends, at), number] = own[number]
                at = text.find(string, at + len(string))
    return table


@lru_cache(maxsize=2048)
def _folded(text: str) -> str:
    """Fold the text of a chunk; a dialogue keeps coming back to the same ones."""
    return fold(text)


@lru_cache(maxsize=512)
def _words(folded: str) -> frozenset[str]:
    """The words of a chunk, likewise."""
    return frozenset(word_terms(folded))


def _name_share(looker: Looker, candidate: Candidate) -> float:
    if not looker.names:
        return 0.0
    text = f"{_folded(candidate.article.title)}\n{_folded(candidate.chunk.text)}"
    return sum(any(name in text for name in names) for names in looker.names) / len(looker.names)


def _kind_found(kind: Kind, text: str) -> float:
    if kind is Kind.NUMBER:
        return float(bool(_HAS_NUMBER.search(text)))
    return float(bool(_HAS_DATE.search(text))) if kind is Kind.DATE else 0.5


def _neighbours(
    candidates: Sequence[Candidate], lexical: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """The best lexical score among the other candidates of the same article."""
    best: dict[str, list[float]] = {}
    for candidate, score in zip(candidates, lexical, strict=True):
        best.setdefault(candidate.article.id, []).append(float(score))
    for scores in best.values():
        scores.sort(reverse=True)
    found = []
    for candidate, score in zip(candidates, lexical, strict=True):
        scores = best[candidate.article.id]
        others = scores[1:] if scores[0] == float(score) else scores
        found.append(others[0] if others else 0.0)
    return np.array(found)
