"""Whether a system knows what it cannot answer: measures of a whole set.

In: one value a case, in any order. None where there is nothing to divide by.
"""

from collections.abc import Sequence
from itertools import groupby

__all__ = ["calibration_error", "precision_recall_f1", "risk_coverage_area"]

BINS = 10
"""Of equal width, as in Guo et al. 2017."""


def precision_recall_f1(
    declined: Sequence[bool], answerable: Sequence[bool]
) -> tuple[float | None, float | None, float | None]:
    """Precision, recall and F1 of declining, an unanswerable case being what is to be declined.

    >>> precision_recall_f1([True, True, False, False], [False, True, False, True])
    (0.5, 0.5, 0.5)
    """
    both = sum(d and not a for d, a in zip(declined, answerable, strict=True))
    said, due = sum(declined), len(answerable) - sum(answerable)
    precision = both / said if said else None
    recall = both / due if due else None
    f1 = 2 * both / (said + due) if said + due else None
    return precision, recall, f1


def calibration_error(probabilities: Sequence[float], outcomes: Sequence[bool]) -> float | None:
    """Expected calibration error (Naeini et al. 2015): over ten bins of equal width, the distance
    between the mean probability and the share of outcomes that are true, weighted by the cases.

    >>> calibration_error([0.9, 0.9, 0.1, 0.1], [True, False, False, False])
    0.25
    """
    if not probabilities:
        return None
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for probability, outcome in zip(probabilities, outcomes, strict=True):
        bins[min(int(probability * BINS), BINS - 1)].append((probability, outcome))
    gap = sum(abs(sum(p for p, _ in cell) - sum(o for _, o in cell)) for cell in bins)
    return gap / len(probabilities)


def risk_coverage_area(confidences: Sequence[float], correct: Sequence[bool]) -> float | None:
    """Area under the risk-coverage curve (El-Yaniv and Wiener 2010; Geifman and El-Yaniv 2017).

    Cases are taken from the surest on; the area is the mean, over the number taken, of the share
    of wrong ones among them. Cases of one confidence are taken together. Lower is better.

    >>> risk_coverage_area([0.9, 0.5, 0.1], [True, False, False])  # (0 + 1/2 + 2/3) / 3
    0.38888888888888884
    """
    if not confidences:
        return None
    pairs = sorted(zip(confidences, correct, strict=True), key=lambda pair: -pair[0])
    area = 0.0
    taken = wrong = 0
    for _, group in groupby(pairs, key=lambda pair: pair[0]):
        tied = [right for _, right in group]
        errors = len(tied) - sum(tied)
        # Within a tie, errors come at an even pace: the order of the cases decides nothing.
        area += sum((wrong + errors * n / len(tied)) / (taken + n) for n in range(1, len(tied) + 1))
        taken += len(tied)
        wrong += errors
    return area / len(pairs)
