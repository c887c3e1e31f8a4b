"""The few metrics that a reader looks at first."""

from collections.abc import Sequence

__all__ = ["headline"]

_COUNT = 6
# One for each step of an answer: found, ranked, quoted, right, and whether to answer at all.
_FIRST = ("recall@5", "nDCG@10", "cited@1", "contains", "correct", "decided")


def headline(metrics: Sequence[str]) -> list[str]:
    """At most six of the given metrics: the best known ones first, then in the order given.

    >>> headline(["AP", "correct", "recall@5"])
    ['recall@5', 'correct', 'AP']
    """
    known = [name for name in _FIRST if name in metrics]
    return [*known, *(name for name in metrics if name not in known)][:_COUNT]
