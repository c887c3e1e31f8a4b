"""Curated answers measured: rates by hand, the fitted threshold, pairs scored as questions are."""

import pytest

from eval.curated import Pair, Rates, Scored, fit_threshold, rates, score_pairs
from index.aliases import Aliases
from index.errors import UsageError

PAIRS = [
    Scored(is_same=True, score=0.95, differs=False),
    Scored(is_same=False, score=0.9, differs=True),
    Scored(is_same=True, score=0.85, differs=False),
    Scored(is_same=False, score=0.7, differs=False),
    Scored(is_same=True, score=0.6, differs=False),
]


def test_rates():
    assert rates(PAIRS, threshold=0.8) == Rates(pairs=5, matched=2, precision=1.0, recall=2 / 3)
    assert rates(PAIRS, threshold=0.8, checked=False).precision == pytest.approx(2 / 3)
    assert rates(PAIRS, threshold=0.5) == Rates(pairs=5, matched=4, precision=0.75, recall=1.0)
    assert rates(PAIRS, threshold=0.99) == Rates(pairs=5, matched=0, precision=1.0, recall=0.0)


def test_the_lowest_threshold_that_is_precise_on_every_set():
    assert fit_threshold([PAIRS], precision=0.9) == 0.71
    stricter = [*PAIRS, Scored(is_same=False, score=0.88, differs=False)]
    assert fit_threshold([PAIRS, stricter], precision=0.9) == 0.89
    with pytest.raises(UsageError, match="no threshold"):
        fit_threshold([[Scored(is_same=False, score=1.0, differs=False)]])


def test_pairs_are_scored_as_questions_are():
    same, other = score_pairs(
        [
            Pair("工行的电话是多少？", "请问工商银行电话多少", is_same=True),
            Pair("工行的电话是多少？", "建行的电话是多少？", is_same=False),
        ],
        aliases=Aliases.load(),
    )
    assert (same.is_same, same.differs) == (True, False)
    assert same.score > 0.82
    assert (other.is_same, other.differs) == (False, True)
