"""Find articles that are nearly the same: reprints, copies in the other script.

In come texts, out come fingerprints (:func:`signature`) and then groups of articles
(:func:`group_near_duplicates`). Compared are folded characters without space and punctuation,
so that a copy in the other script, in another layout or under another dateline is still one. A
shortened reprint that keeps less is left alone: to show it in place of the whole would hide what
it leaves out.

A fingerprint is a MinHash (Broder, "On the resemblance and containment of documents", 1997) over
runs of five characters, with a sample of the text's figures: yesterday's and today's market report
share nearly every word, and to show the one for the other would be a wrong answer. It is the same
on every machine. The module does not know which of two
copies is the better text, only which appeared first.
"""

import hashlib
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from index.fold import fold

__all__ = ["Fingerprint", "group_near_duplicates", "signature"]

_Hashes = npt.NDArray[np.uint64]
_MinHash = npt.NDArray[np.uint32]

_SHINGLE_CHARS = 5
# The standard error of an estimated Jaccard of 0.7 is 0.04 with 128 permutations.
_PERMUTATIONS = 128
# 32 bands of 4: a pair with Jaccard 0.7 meets in a band with probability 0.9998, one with 0.5
# with 0.87, one with 0.2 with 0.05.
_BANDS = 32
_ROWS = _PERMUTATIONS // _BANDS
_MINHASH_BYTES = _PERMUTATIONS * 4
_HASH_BYTES = 16
# Shorter texts share most of their shingles by chance or none by one edit: only equal ones group.
_SHORT_CHARS = 50
# Figures of one digit are too common to tell texts apart (第1, 8月).
_FIGURE = re.compile(r"[0-9]+\.[0-9]+|[0-9]{2,}")
_THOUSANDS = re.compile(r"(?<=[0-9]),(?=[0-9]{3})")
# The smallest hashes of a text's figures are kept: up to so many exactly, of more a fair sample.
_FIGURES_KEPT = 64
# Two texts differ when the one with fewer figures has at least 3 that the other lacks, and no
# more than 0.75 of its figures are shared. Chosen by reading some 50 of 6,309 pairs of news that
# resembled each other: most reprints lacked 0 to 2, most reports on one template 4 to 15 of 10 to
# 30. Reports that differ in 3 of 40 (a price, its change) still pass as one.
_MISSING_FIGURES = 3
_SHARED_FIGURES = 0.75
# More representatives than this in one bucket are one template with many figures; they are told
# apart by their smallest figure, so that the time stays linear.
_BUCKET = 32
_NOT_TEXT = re.compile(r"[\W_]+")


def _mix(values: _Hashes) -> _Hashes:
    """Scatter 64-bit values: the finaliser of SplitMix64 (Steele, Lea & Flood, 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _constants(seed: int) -> npt.NDArray[np.uint32]:
    """128 scattered 32-bit constants, one a row.

    From a counter, not from a random generator whose stream could change with NumPy.
    """
    counter = np.arange(1, _PERMUTATIONS + 1, dtype=np.uint64) << np.uint64(seed)
    return (_mix(counter) >> np.uint64(32)).astype(np.uint32)[:, np.newaxis]


# Multiply-shift hashing (Dietzfelbinger et al., 1997) in 32 bits, which processors do several at
# a time; the estimates are as close as with 64 (measured: error 0.040 at 0.7, no bias).
_FACTORS = _constants(0) | np.uint32(1)
_OFFSETS = _constants(32)
# So many permutations at a time keep the work inside the processor's cache.
_BLOCK = 16


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What grouping needs to know of an article; ``signature`` comes from :func:`signature`."""

    article_id: str
    signature: bytes
    published: date | None


def signature(text: str) -> bytes:
    """Compute the fingerprint of a text.

    Empty for a text without letters or digits, 16 bytes (a hash) for a short one. Else 512 bytes,
    the minimum of each of 128 hash functions over the shingles, and 4 bytes for each of up to 64
    figures: all 32-bit numbers, little endian.
    """
    folded = fold(text)
    plain = _NOT_TEXT.sub("", folded)
    if not plain:
        return b""
    data = plain.encode("utf-32-le", "surrogatepass")
    if len(plain) < _SHORT_CHARS:
        return hashlib.blake2b(data, digest_size=_HASH_BYTES).digest()
    codes = np.frombuffer(data, dtype="<u4").astype(np.uint64)
    count = len(codes) - _SHINGLE_CHARS + 1
    # A code point has 21 bits: three of them fill one word, the other two are mixed in.
    head = codes[:count] << np.uint64(42) | codes[1 : count + 1] << np.uint64(21)
    head |= codes[2 : count + 2]
    tail = codes[3 : count + 3] << np.uint64(21) | codes[4 : count + 4]
    shingles = (_mix(_mix(head) + tail) >> np.uint64(32)).astype(np.uint32)
    minima = np.empty(_PERMUTATIONS, dtype="<u4")
    for first in range(0, _PERMUTATIONS, _BLOCK):
        block = slice(first, first + _BLOCK)
        hashed = shingles * _FACTORS[block]
        hashed += _OFFSETS[block]
        minima[block] = hashed.min(axis=1)
    return minima.tobytes() + _figures(folded).tobytes()


def _figures(folded: str) -> npt.NDArray[np.uint32]:
    """Hash the distinct figures of a text and keep the smallest 64, sorted."""
    found = set(_FIGURE.findall(_THOUSANDS.sub("", folded)))
    # CRC-32 is uneven in its high bits for short input; mixing makes "the smallest" a fair sample.
    raw = np.fromiter((zlib.crc32(figure.encode()) for figure in found), np.uint64, len(found))
    hashes: _MinHash = (_mix(raw) >> np.uint64(32)).astype("<u4")
    return np.unique(hashes)[:_FIGURES_KEPT]


def _figures_differ(one: frozenset[int], two: frozenset[int]) -> bool:
    """Tell whether two samples of figures are of texts that report different things."""
    # A full sample knows nothing beyond its largest hash: compare below the lower of the limits.
    full = [max(sample) for sample in (one, two) if len(sample) == _FIGURES_KEPT]
    if full:
        limit = min(full)
        one = frozenset(figure for figure in one if figure <= limit)
        two = frozenset(figure for figure in two if figure <= limit)
    fewer = min(len(one), len(two))
    shared = len(one & two)
    return fewer - shared >= _MISSING_FIGURES and shared <= _SHARED_FIGURES * fewer


def group_near_duplicates(items: Sequence[Fingerprint], *, jaccard: float) -> dict[str, str]:
    """Map each article's id to the id of its group's representative, itself if it has no copy.

    The representative is the earliest ``published`` of its group (no date comes last), then the
    smallest id. Every member resembles its representative by at least ``jaccard``, as
    estimated, and gives the same figures: groups are stars, not chains in which a text drifts
    link by link.

    A ``jaccard`` below 0.5 is answered with gaps: of such pairs the buckets miss one in eight.

    Raises:
        ValueError: a signature is not one of :func:`signature`.
    """
    order = sorted(
        items, key=lambda i: (i.published is None, i.published or date.max, i.article_id)
    )
    representatives: dict[str, str] = {}
    equals: dict[bytes, str] = {}
    stars = _Stars(len(order), jaccard=jaccard)
    for item in order:
        own, mark = item.article_id, item.signature
        if len(mark) >= _MINHASH_BYTES and len(mark) % 4 == 0:
            representatives[own] = stars.join(own, mark)
        elif len(mark) == _HASH_BYTES:
            representatives[own] = equals.setdefault(mark, own)
        elif not mark:
            representatives[own] = own
        else:
            raise ValueError(f"not a signature: {len(mark)} bytes")
    return representatives


class _Stars:
    """The representatives so far, in buckets by the bands of their MinHash (LSH)."""

    def __init__(self, size: int, *, jaccard: float) -> None:
        self._jaccard = jaccard
        self._ids: list[str] = []
        self._minima = np.empty((size, _PERMUTATIONS), dtype=np.uint32)
        self._figures: list[frozenset[int]] = []
        self._buckets: dict[bytes, list[int]] = {}

    def join(self, article_id: str, mark: bytes) -> str:
        """Return the representative of an article; it becomes one if none is like it."""
        minima: _MinHash = np.frombuffer(mark[:_MINHASH_BYTES], dtype="<u4")
        figures = frozenset(np.frombuffer(mark[_MINHASH_BYTES:], dtype="<u4").tolist())
        smallest = mark[_MINHASH_BYTES : _MINHASH_BYTES + 4]
        width = _ROWS * 4
        keys = [bytes([n]) + mark[n * width : (n + 1) * width] for n in range(_BANDS)]
        found: set[int] = set()
        for key in keys:
            rows = self._buckets.get(key, ())
            found.update(rows)
            if len(rows) == _BUCKET:
                found.update(self._buckets.get(key + smallest, ()))
        if found:
            ranked = sorted(found)
            estimates: npt.NDArray[np.float64] = (self._minima[ranked] == minima).mean(axis=1)
            # The most similar first, of equals the earliest.
            best_first: list[int] = np.argsort(-estimates, kind="stable").tolist()
            for at in best_first:
                if estimates[at] < self._jaccard:
                    break
                if not _figures_differ(self._figures[ranked[at]], figures):
                    return self._ids[ranked[at]]
        row = len(self._ids)
        self._minima[row] = minima
        self._figures.append(figures)
        self._ids.append(article_id)
        for key in keys:
            bucket = self._buckets.setdefault(key, [])
            if len(bucket) == _BUCKET:
                bucket = self._buckets.setdefault(key + smallest, [])
            if len(bucket) < _BUCKET:
                bucket.append(row)
        return article_id
