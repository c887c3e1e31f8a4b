"""From a question to passages: both legs, their scores fused, reprints collapsed.

The legs live in the index; how their scores combine is decided here and nowhere else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from index.article import Chunk
from index.fold import fold
from index.passage import Filters, Hit, Passage
from index.search import Index
from rag.config import RetrievalConfig

__all__ = ["fuse", "retrieve"]

# Two chunks of one group of reprints tell the same when the shorter one shares this much of
# its character bigrams with the other: chunk borders differ between reprints, wording hardly.
_SAME_TELLING = 0.6


def retrieve(
    index: Index, question: str, *, config: RetrievalConfig, filters: Filters, k: int | None = None
) -> tuple[Passage, ...]:
    """Find the passages for a question, best first, at most ``k`` (``config.passages``)."""
    lexical = index.lexical(question, k=config.candidates, filters=filters)
    dense = index.dense(question, k=config.candidates, filters=filters)
    fused = fuse(lexical, dense, dense_weight=config.dense_weight)
    bm25 = {hit.row: hit.score for hit in lexical}
    cosine = {hit.row: hit.score for hit in dense}
    return tuple(
        Passage(
            chunk=index.chunk(hit.row),
            article=index.article_of(hit.row),
            score=hit.score,
            lexical=bm25.get(hit.row),
            dense=cosine.get(hit.row),
            reprints=reprints,
        )
        for hit, reprints in _collapse(index, fused, limit=k or config.passages)
    )


def fuse(lexical: Sequence[Hit], dense: Sequence[Hit], *, dense_weight: float) -> list[Hit]:
    """Combine two rankings by their scores: BM25 / max(BM25) + ``dense_weight`` · cosine.

    Scores are combined, not ranks: rank fusion lets the weaker leg win (measured in
    docs/decisions/0003-fusion.md). A chunk that a leg did not return counts 0 there, and a
    cosine below 0 counts as 0. Ties fall to the lower row.

    >>> fuse([Hit(7, 8.0), Hit(3, 4.0)], [Hit(3, 0.9)], dense_weight=0.5)
    [Hit(row=7, score=1.0), Hit(row=3, score=0.95)]
    """
    top = max((hit.score for hit in lexical), default=0.0)
    fused = {hit.row: hit.score / top if top > 0 else 0.0 for hit in lexical}
    for hit in dense:
        fused[hit.row] = fused.get(hit.row, 0.0) + dense_weight * max(hit.score, 0.0)
    return sorted((Hit(r, s) for r, s in fused.items()), key=lambda hit: (-hit.score, hit.row))


@dataclass(slots=True)
class _Telling:
    """A hit that is kept, and the articles that were found to say the same."""

    hit: Hit
    group: str
    reprints: set[str]


def _collapse(
    index: Index, ranked: Sequence[Hit], *, limit: int
) -> list[tuple[Hit, tuple[str, ...]]]:
    """Keep one hit per telling: of chunks that reprint each other, the earliest article's.

    The kept one takes the best rank and score of its group. Beside it stand the ids of the
    articles that say the same.
    """
    kept: list[_Telling] = []
    reprinted = False
    for hit in ranked:
        # Past the limit the scan goes on only for an earlier twin of what was kept.
        if len(kept) >= limit and not reprinted:
            break
        group = index.group_of(index.article_id_of(hit.row))
        twin = next((t for t in kept if t.group == group and _is_twin(index, t.hit, hit)), None)
        if twin is not None:
            first, second = sorted((twin.hit, hit), key=lambda h: _age(index, h))
            twin.reprints.add(index.article_id_of(second.row))
            twin.reprints.discard(index.article_id_of(first.row))
            twin.hit = Hit(first.row, twin.hit.score)
        elif len(kept) < limit:
            kept.append(_Telling(hit, group, set()))
            reprinted = reprinted or len(index.group_members(group)) > 1
    return [(telling.hit, tuple(sorted(telling.reprints))) for telling in kept]


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
