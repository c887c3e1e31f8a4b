"""How sure a difference between two runs is: differences case by case in, intervals and p out.

The functions are pure; what is drawn is drawn from a fixed seed, so the same differences
give the same figures on every machine. They know nothing of metrics or runs.

The values of most metrics repeat (0, 1, 1/2, …), and both tests see only how often each value
occurs. So they draw counts of distinct values in place of single cases, where that is faster: the
same distribution, and ten thousand cases cost hardly more than a hundred.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Interval", "bootstrap_interval", "holm", "randomisation_p"]

_RESAMPLES = 2_000  # the bounds then move by a tenth of the interval's half width
_SIGN_PATTERNS = 10_000  # the error of a p near 0.05 is then 0.002 (one standard deviation)
_SEED = 20_201
_MAX_LISTED = 200_000  # sums of signed differences that are listed rather than drawn
_BLOCK_CELLS = 4_000_000  # counts drawn at once: 32 MB
# How many cases are drawn singly in the time of one count of a distinct value, roughly.
_COUNTING = 8
# Sums of equal terms in another order differ in their last bits; such sums count as equal.
_TOLERANCE = 1e-9

_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and the bounds of its interval, in the unit of the values."""

    mean: float
    low: float
    high: float


def bootstrap_interval(
    values: Sequence[float], *, level: float = 0.95, draws: int = _RESAMPLES, seed: int = _SEED
) -> Interval:
    """The mean of ``values`` and its percentile bootstrap interval (Efron 1979).

    For paired runs ``values`` are the differences case by case: drawing a case draws both of its
    results. One value, or equal values, give an interval of no width.

    Raises:
        ValueError: ``values`` is empty.
    """
    if not len(values):
        raise ValueError("no values to take a mean of")
    distinct, counts = np.unique(np.asarray(values, dtype=np.float64), return_counts=True)
    n = int(counts.sum())
    mean = float(distinct @ counts) / n
    if len(distinct) == 1:
        return Interval(mean, mean, mean)
    rng = np.random.default_rng(seed)
    block = max(1, _BLOCK_CELLS // len(distinct))
    sizes = [min(block, draws - done) for done in range(0, draws, block)]
    if _COUNTING * len(distinct) > n:
        every = np.repeat(distinct, counts)
        drawn = [every[rng.integers(n, size=(size, n))].mean(axis=1) for size in sizes]
    else:
        drawn = [rng.multinomial(n, counts / n, size=size) @ distinct / n for size in sizes]
    means = np.concatenate(drawn)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(mean, float(low), float(high))


def randomisation_p(
    differences: Sequence[float], *, draws: int = _SIGN_PATTERNS, seed: int = _SEED
) -> float:
    """How often chance alone gives a mean difference at least as large, in either direction.

    Fisher's paired randomisation test: were the two runs alike, each difference could as well
    have the other sign. All sign patterns are counted where their distinct sums can be listed,
    which for differences of -1, 0 and 1 is the exact McNemar test; else ``draws`` patterns are
    drawn and p is (hits + 1) / (draws + 1), which is never 0 (Davison and Hinkley 1997, 4.2).
    """
    values = np.asarray(differences, dtype=np.float64)
    values = values[np.abs(values) > _TOLERANCE]
    if not len(values):
        return 1.0
    sizes, counts = np.unique(np.abs(values), return_counts=True)
    observed = abs(float(values.sum()))
    slack = _TOLERANCE * max(1.0, float(sizes @ counts))
    # A size that occurs m times adds size · (2 · Binomial(m, 1/2) - m): m + 1 different sums.
    listed = 1
    for count in counts.tolist():
        listed *= count + 1
        if listed > _MAX_LISTED:
            break
    else:
        sums, probabilities = _signed_sums(sizes, counts)
        return min(1.0, float(probabilities[np.abs(sums) >= observed - slack].sum()))
    if _COUNTING * len(sizes) > len(values):
        sizes, counts = np.abs(values), np.ones(len(values), dtype=np.intp)
    rng = np.random.default_rng(seed)
    hits = 0
    block = max(1, _BLOCK_CELLS // len(sizes))
    for done in range(0, draws, block):
        rows = min(block, draws - done)
        if counts.max() == 1:  # a bit each, many times faster than a binomial
            bits = np.frombuffer(rng.bytes(rows * (len(sizes) // 8 + 1)), dtype=np.uint8)
            heads = np.unpackbits(bits.reshape(rows, -1), axis=1, count=len(sizes)).astype(float)
        else:
            heads = rng.binomial(counts, 0.5, size=(rows, len(sizes)))
        drawn = np.asarray((2 * heads - counts) @ sizes)
        hits += int((np.abs(drawn) >= observed - slack).sum())
    return (hits + 1) / (draws + 1)


def holm(ps: Sequence[float]) -> list[float]:
    """Correct p values for their number (Holm 1979); in the order given.

    A corrected value at most alpha means: among all rejected, the chance of even one false
    rejection is at most alpha.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    corrected = [1.0] * len(ps)
    highest = 0.0
    for rank, i in enumerate(sorted(range(len(ps)), key=lambda i: (ps[i], i))):
        highest = max(highest, min(1.0, (len(ps) - rank) * ps[i]))
        corrected[i] = highest
    return corrected


def _signed_sums(sizes: _Floats, counts: npt.NDArray[np.intp]) -> tuple[_Floats, _Floats]:
    """Every sum that signs can give, with its probability."""
    sums = np.zeros(1)
    probabilities = np.ones(1)
    for size, count in zip(sizes.tolist(), counts.tolist(), strict=True):
        heads = np.arange(count + 1)
        sums = (sums[:, None] + size * (2 * heads - count)).ravel()
        probabilities = (probabilities[:, None] * _binomial_half(count)).ravel()
    return sums, probabilities


def _binomial_half(count: int) -> _Floats:
    """The probabilities of 0 … ``count`` heads of a fair coin."""
    # By logarithms: 2^-count alone would vanish from 1075 coins on.
    log_factorials = np.concatenate(([0.0], np.cumsum(np.log(np.arange(1, count + 1)))))
    logs = log_factorials[-1] - log_factorials - log_factorials[::-1] - count * np.log(2.0)
    return np.asarray(np.exp(logs), dtype=np.float64)
