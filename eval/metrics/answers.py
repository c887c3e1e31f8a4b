"""How an answer's words compare with the accepted short answers.

Texts come as `eval.metrics.text.units`: characters for Han, words elsewhere. Of several accepted
answers the best one counts. Every value lies between 0 and 1.
"""

from collections import Counter
from collections.abc import Sequence

from eval.metrics.text import contains

__all__ = ["best_contained", "exact_match", "longest_common", "rouge_l", "unit_f1"]

Units = Sequence[str]


def exact_match(said: Units, accepted: Sequence[Units]) -> float:
    """1 where the answer is an accepted one, unit by unit (Rajpurkar et al. 2016).

    >>> exact_match(["17", "秒"], [["17", "秒"], ["17"]])
    1.0
    """
    return float(any(tuple(said) == tuple(right) for right in accepted))


def unit_f1(said: Units, accepted: Sequence[Units]) -> float:
    """Harmonic mean of precision and recall of the units, as bags.

    Rajpurkar et al. 2016 for words; Cui et al. 2019 (CMRC 2018) for Han characters, there by the
    longest common piece, here by the bag, as in the former.

    >>> unit_f1(["等", "17", "秒"], [["17", "秒"]])  # P = 2/3, R = 1
    0.8
    """
    return max((_f1(said, right) for right in accepted), default=0.0)


def rouge_l(said: Units, accepted: Sequence[Units]) -> float:
    """F-measure (beta = 1) of the longest common subsequence: ROUGE-L (Lin 2004).

    Give it single characters for ROUGE-L on characters.

    >>> rouge_l("abcd", ["abd"])  # LCS 3, P = 3/4, R = 1
    0.8571428571428571
    """
    best = 0.0
    for right in accepted:
        if (common := longest_common(said, right)) and said and right:
            best = max(best, 2 * common / (len(said) + len(right)))
    return best


def best_contained(said: Units, accepted: Sequence[Units]) -> float:
    """1 where an accepted answer stands in the text, else 0.

    >>> best_contained(["等", "17", "秒"], [["17"]])
    1.0
    """
    return float(any(contains(said, right) for right in accepted))


def longest_common(one: Units, other: Units) -> int:
    """Length of the longest common subsequence, by bit vectors (Hyyrö 2004): linear for our sizes.

    >>> longest_common("ABCBDAB", "BDCABA")
    4
    """
    places: dict[str, int] = {}
    for at, unit in enumerate(one):
        places[unit] = places.get(unit, 0) | 1 << at
    full = (1 << len(one)) - 1
    row = full
    for unit in other:
        hit = row & places.get(unit, 0)
        row = ((row + hit) | (row - hit)) & full
    return len(one) - row.bit_count()


def _f1(said: Units, right: Units) -> float:
    common = (Counter(said) & Counter(right)).total()
    return 2 * common / (len(said) + len(right)) if common else 0.0
