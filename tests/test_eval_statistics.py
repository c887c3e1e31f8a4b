"""The statistics against exhaustive enumeration and published definitions."""

from itertools import product
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.statistics import bootstrap_interval, holm, randomisation_p


def enumerated_p(differences):
    """Every sign pattern, counted one by one."""
    observed = abs(sum(differences))
    patterns = list(product((1, -1), repeat=len(differences)))
    sums = [abs(sum(s * d for s, d in zip(p, differences, strict=True))) for p in patterns]
    return sum(s >= observed - 1e-9 for s in sums) / len(patterns)


@given(st.lists(st.sampled_from([-1.0, -0.5, -0.25, 0.0, 0.2, 0.5, 1.0]), min_size=1, max_size=9))
def test_p_is_that_of_all_sign_patterns(differences):
    assert randomisation_p(differences) == pytest.approx(enumerated_p(differences), abs=1e-12)


def test_p_of_flips_is_the_exact_mcnemar_test():
    # 9 questions lost, 2 won, 300 unmoved: both tails of the binomial with 11 fair coins.
    differences = [-1.0] * 9 + [1.0] * 2 + [0.0] * 300
    tail = sum(comb(11, k) for k in range(9, 12)) / 2**11
    assert randomisation_p(differences) == pytest.approx(2 * tail, abs=1e-12)
    assert randomisation_p([0.0] * 5) == 1.0


def test_p_of_thousands_of_flips_does_not_vanish():
    assert randomisation_p([1.0, -1.0] * 3000) == pytest.approx(1.0)
    assert 0 < randomisation_p([1.0] * 1060 + [-1.0] * 940) < 0.01


def test_drawn_p_is_near_the_exact_one():
    rng = np.random.default_rng(3)
    differences = rng.normal(0.25, 1, size=14)
    # 14 distinct sizes can be listed; 60 cannot, so the same 14 among them are drawn.
    assert randomisation_p(differences) == pytest.approx(enumerated_p(differences), abs=1e-12)
    many = rng.normal(0.0, 1, size=60)
    drawn = randomisation_p(many)
    z = abs(many.sum()) / np.sqrt((many**2).sum())
    tail = 2 * (1 - 0.5 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))))
    assert drawn == pytest.approx(tail, abs=0.03)
    assert randomisation_p([float(n) for n in range(1, 61)]) == 1 / 10_001


def test_interval_is_that_of_all_resamples():
    values = [0.0, 0.0, 1.0, 0.5]
    means = [sum(drawn) / 4 for drawn in product(values, repeat=4)]
    interval = bootstrap_interval(values, draws=40_000)
    assert interval.mean == 0.375
    assert (interval.low, interval.high) == pytest.approx(np.quantile(means, [0.025, 0.975]))
    assert interval == bootstrap_interval(values, draws=40_000)


def test_interval_of_equal_values_has_no_width():
    interval = bootstrap_interval([0.25] * 7)
    assert (interval.mean, interval.low, interval.high) == (0.25, 0.25, 0.25)
    with pytest.raises(ValueError, match="no values"):
        bootstrap_interval([])


def test_interval_narrows_with_the_level_and_the_number():
    values = [0.0, 1.0] * 50
    wide, narrow = bootstrap_interval(values), bootstrap_interval(values, level=0.5)
    assert wide.low < narrow.low < 0.5 < narrow.high < wide.high
    assert wide.high - wide.low == pytest.approx(2 * 1.96 * 0.05, abs=0.02)


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []
