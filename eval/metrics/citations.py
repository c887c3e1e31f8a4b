"""How the citations of an answer compare with the gold spans, and with the articles themselves.

A span is ``(article id, start, end)`` in Unicode code points of the cleaned text. Precision and
recall follow ALCE (Gao et al. 2023), with a person's gold spans in place of a model's verdict.
"""

from collections.abc import Collection, Sequence

__all__ = ["Span", "agreement", "citation_precision", "citation_recall", "overlaps"]

Span = tuple[str, int, int]


def overlaps(one: Span, other: Span) -> bool:
    """Tell whether two spans share a character.

    >>> overlaps(("a", 0, 5), ("a", 4, 9)), overlaps(("a", 0, 4), ("a", 4, 9))
    (True, False)
    """
    return one[0] == other[0] and one[1] < other[2] and other[1] < one[2]


def citation_precision(cited: Sequence[Span], gold: Sequence[Collection[Span]]) -> float | None:
    """Share of the citations that overlap a gold span; None where nothing is cited.

    ``gold``: for each needed fact its alternatives.

    >>> citation_precision([("a", 0, 5), ("a", 10, 15)], [[("a", 3, 8)]])
    0.5
    """
    if not cited:
        return None
    right = sum(any(overlaps(c, span) for fact in gold for span in fact) for c in cited)
    return right / len(cited)


def citation_recall(cited: Sequence[Span], gold: Sequence[Collection[Span]]) -> float:
    """Share of the needed facts of which some alternative overlaps a citation.

    >>> citation_recall([("a", 0, 5)], [[("a", 3, 8), ("b", 0, 2)], [("c", 0, 1)]])
    0.5
    """
    found = sum(any(overlaps(c, span) for span in fact for c in cited) for fact in gold)
    return found / len(gold)


def agreement(one: Collection[Span], other: Collection[Span]) -> float:
    """How far two answers rest on the same evidence: Jaccard's index of the spans that they cite.

    Two that cite nothing (both decline) agree.

    >>> agreement([("a", 0, 5), ("a", 6, 9)], [("a", 0, 5)]), agreement([], [])
    (0.5, 1.0)
    """
    union = {*one, *other}
    return len({*one} & {*other}) / len(union) if union else 1.0
