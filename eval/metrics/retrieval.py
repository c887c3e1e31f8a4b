"""Measures of a ranking, defined as in trec_eval.

In: for every ranked item, best first, the numbers of the needed facts that it holds; and how many
facts are needed. Where every fact is held by one item of its own these are recall, precision,
reciprocal rank, average precision and nDCG of trec_eval (checked against pytrec_eval in the
tests). Where several items hold the same fact (reprints, the same figure told twice) the first one
counts as found; the later ones are relevant to precision but find nothing new.
"""

from collections.abc import Sequence, Set
from math import log2

__all__ = ["average_precision", "complete", "ndcg", "precision", "recall", "reciprocal_rank"]

Ranking = Sequence[Set[int]]
"""For each item, best first, the facts that it holds: numbers below ``facts``."""


def recall(ranking: Ranking, facts: int, k: int | None = None) -> float:
    """Share of the needed facts that the first ``k`` items hold.

    >>> recall([{0}, set(), {1}], facts=4, k=2)
    0.25
    """
    return len(frozenset().union(*ranking[:k])) / facts


def complete(ranking: Ranking, facts: int, k: int | None = None) -> float:
    """1 where the first ``k`` items hold every needed fact, else 0."""
    return float(recall(ranking, facts, k) == 1.0)


def precision(ranking: Ranking, facts: int, k: int) -> float:  # noqa: ARG001 - one signature
    """Share of the first ``k`` places with an item that holds a needed fact; an empty place has
    none.

    >>> precision([{0}, set()], facts=1, k=5)
    0.2
    """
    return sum(bool(held) for held in ranking[:k]) / k


def reciprocal_rank(ranking: Ranking, facts: int, k: int | None = None) -> float:  # noqa: ARG001
    """1 / the place of the first item that holds a needed fact; its mean is MRR.

    >>> reciprocal_rank([set(), {0}], facts=1)
    0.5
    """
    return next((1 / place for place, held in enumerate(ranking[:k], 1) if held), 0.0)


def average_precision(ranking: Ranking, facts: int, k: int | None = None) -> float:
    """Mean, over the needed facts, of the precision at the place where each is found first; 0
    for one that is not. Its mean is MAP.

    >>> average_precision([{0}, set(), {1}], facts=2)  # (1/1 + 2/3) / 2
    0.8333333333333333
    """
    known: set[int] = set()
    total = 0.0
    relevant = 0
    for place, held in enumerate(ranking[:k], start=1):
        relevant += bool(held)
        total += len(held - known) * relevant / place
        known |= held
    return total / facts


def ndcg(
    ranking: Ranking, facts: int, k: int | None = None, *, gains: Sequence[float] | None = None
) -> float:
    """Discounted gain of the facts found, over the best that one fact an item can give.

    A fact gains 1, or what ``gains`` says of it, divided by log2(place + 1) (Järvelin and
    Kekäläinen 2002). An item that holds several facts at once can do better than the best; it
    counts as the best.

    >>> ndcg([set(), {0}], facts=1, k=10)  # 1 / log2(3)
    0.6309297535714575
    """
    worth = [1.0] * facts if gains is None else gains
    known: set[int] = set()
    gained = 0.0
    for place, held in enumerate(ranking[:k], start=1):
        gained += sum(worth[fact] for fact in held - known) / log2(place + 1)
        known |= held
    best = sorted(worth, reverse=True)[:k]
    most = sum(gain / log2(place + 1) for place, gain in enumerate(best, start=1))
    return min(1.0, gained / most)
