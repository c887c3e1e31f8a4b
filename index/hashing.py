"""A hashed character-n-gram encoder: texts in, vectors out, with no model and no network.

A stand-in until a trained encoder is there: it knows spellings, not meanings. Nothing here is
random: the same text has the same vector on every machine.
"""

import unicodedata
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version

import numpy as np
import numpy.typing as npt

from index.batching import batches
from index.fold import fold
from index.vectors import Vectors, refuse_single, unit_rows

__all__ = ["HashEmbedder"]

_HASH_DIM = 512
_HASH_BATCH_CHARS = 100_000  # of one pass: about 40 MB of n-grams at the peak
_HASH_BATCH_TEXTS = 2_048  # fits the 12 bits that a text's number has in a sort key

_OTHER, _IDEOGRAPH, _WORD, _UNKNOWN = 0, 1, 2, 255

_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)  # the two multipliers of splitmix64 (Steele et al. 2014)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_STEP = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio, odd: the base of the n-gram sums


class HashEmbedder:
    """A stand-in for a trained encoder: texts that share character n-grams are near each other.

    The folded text gives 1- to 3-grams of runs of Han and kana, and whole words and their 3- to
    5-grams elsewhere (with the word's ends marked). Each n-gram is hashed to one of 512 places
    and a sign (feature hashing, Weinberger et al. 2009), counted as ``1 + ln(times)``.
    It knows spellings, not meanings. Integer arithmetic only decides the places, so the vectors
    are the same on every machine.
    """

    dim = _HASH_DIM

    @property
    def name(self) -> str:
        """The version of the hashing, the dimension, and the tables that folding rests on."""
        return _name()

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        """Embed questions: ``(len(texts), 512)``."""
        return self._embed(texts)

    def embed_passages(
        self,
        texts: Sequence[str],
        *,
        progress: bool = False,  # noqa: ARG002 - seconds for a large collection: nothing to show
    ) -> Vectors:
        """Embed passages: ``(len(texts), 512)``. Questions and passages are treated alike."""
        return self._embed(texts)

    def _embed(self, texts: Sequence[str]) -> Vectors:
        refuse_single(texts)
        # No text's vector depends on its batch.
        cut = batches(texts, max_chars=_HASH_BATCH_CHARS, max_texts=_HASH_BATCH_TEXTS)
        parts = [_hash_batch(batch) for batch in cut]
        return np.concatenate(parts) if parts else np.zeros((0, self.dim), dtype=np.float32)


@cache
def _name() -> str:
    return (
        f"hash-ngram-1-{_HASH_DIM}-opencc{version('opencc')}-unicode{unicodedata.unidata_version}"
    )


def _hash_batch(texts: list[str]) -> Vectors:
    """Embed one batch, all texts in one array of code points with separators between them."""
    # U+0000 folds to itself and is no letter: no n-gram reaches over it into the next text.
    joined = "".join(f"\0{fold(text)}\0" for text in texts)
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    lengths = np.array([len(text) + 2 for text in texts])
    owner = np.repeat(np.arange(len(texts), dtype=np.uint64), lengths)
    kind = _kinds(codes)
    hashes: list[npt.NDArray[np.uint64]] = []
    owners: list[npt.NDArray[np.uint64]] = []

    def take(start: npt.NDArray[np.intp], values: npt.NDArray[np.uint64]) -> None:
        hashes.append(_mixed(values))
        owners.append(owner[start])

    ideograph = kind == _IDEOGRAPH
    for n in (1, 2, 3):
        start = np.flatnonzero(_all_of(ideograph, n))
        take(start, _ngram_sums(codes, start, n, salt=n))
    word = kind == _WORD
    # Outside words every character counts as one and the same edge, which n-grams may include.
    edged = np.where(word, codes, 0)
    for n in (3, 4, 5):
        start = np.flatnonzero(_all_of(word[1:-1], n - 2))
        take(start, _ngram_sums(edged, start, n, salt=16 + n))
    first = np.flatnonzero(word & ~np.concatenate(([False], word[:-1])))
    take(first, _word_sums(edged, word, first))

    return _accumulate(np.concatenate(hashes), np.concatenate(owners), count=len(texts))


def _all_of(flags: npt.NDArray[np.bool_], n: int) -> npt.NDArray[np.bool_]:
    """Mark each place where ``n`` flags in a row are set: ``(len(flags) - n + 1,)``."""
    size = max(len(flags) - n + 1, 0)
    marked = np.ones(size, dtype=bool)
    for offset in range(n):
        marked &= flags[offset : offset + size]
    return marked


def _ngram_sums(
    codes: npt.NDArray[np.uint32], start: npt.NDArray[np.intp], n: int, *, salt: int
) -> npt.NDArray[np.uint64]:
    """Number each n-gram: a polynomial in its characters, modulo 2^64."""
    sums = np.full(len(start), salt, dtype=np.uint64)
    for offset in range(n):
        sums = sums * _STEP + codes[start + offset].astype(np.uint64)
    return sums


def _word_sums(
    codes: npt.NDArray[np.uint32], word: npt.NDArray[np.bool_], first: npt.NDArray[np.intp]
) -> npt.NDArray[np.uint64]:
    """Number each whole word: the sum of its characters, each mixed with its place in the word."""
    if not len(first):
        return np.zeros(0, dtype=np.uint64)
    places = np.flatnonzero(word)
    starts = np.searchsorted(places, first)
    sizes = np.diff(np.append(starts, len(places)))
    inside = (np.arange(len(places)) - np.repeat(starts, sizes)).astype(np.uint64)
    mixed = _mixed(codes[places].astype(np.uint64) + (inside << np.uint64(32)))
    return np.add.reduceat(mixed, starts) + np.uint64(1)


def _mixed(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Spread the bits of each value over all 64 (the finaliser of splitmix64)."""
    values = values + _STEP
    values = (values ^ (values >> np.uint64(30))) * _MIX_1
    values = (values ^ (values >> np.uint64(27))) * _MIX_2
    return values ^ (values >> np.uint64(31))


def _accumulate(
    hashes: npt.NDArray[np.uint64], owners: npt.NDArray[np.uint64], *, count: int
) -> Vectors:
    """Count equal n-grams of a text, add them up at their places, and scale rows to length 1."""
    # 12 bits for the text, 52 for the n-gram; sorting brings equal ones together.
    keys = np.sort((owners << np.uint64(52)) | (hashes >> np.uint64(12)))
    at = np.flatnonzero(np.diff(keys, prepend=~keys[:1]))
    times = np.diff(np.append(at, len(keys)))
    keys = keys[at]
    text = (keys >> np.uint64(52)).astype(np.int64)
    place = (keys & np.uint64(_HASH_DIM - 1)).astype(np.int64)
    sign = 1.0 - 2.0 * ((keys >> np.uint64(20)) & np.uint64(1)).astype(np.float64)
    weights = sign * (1.0 + np.log(times))
    # Counts are integers, weighted ones float64: the stub knows the first alone.
    flat = np.asarray(
        np.bincount(text * _HASH_DIM + place, weights=weights, minlength=count * _HASH_DIM),
        dtype=np.float64,
    )
    return unit_rows(flat.reshape(count, _HASH_DIM))


_KINDS = np.full(0x110000, _UNKNOWN, dtype=np.uint8)  # filled as characters are met


def _kinds(codes: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint8]:
    """Tell for each code point whether it is an ideograph, part of a word, or neither."""
    kinds = _KINDS[codes]
    unknown = kinds == _UNKNOWN
    if unknown.any():
        for code in np.unique(codes[unknown]).tolist():
            _KINDS[code] = _kind(chr(code))
        kinds = _KINDS[codes]
    return kinds


def _kind(char: str) -> int:
    if (
        "\u3041" <= char <= "\u30ff"  # kana, the long-vowel mark and ・ among them
        or "\u3400" <= char <= "\u9fff"
        or "\uf900" <= char <= "\ufaff"
        or "\U00020000" <= char <= "\U0003ffff"
        or char in "々〆〇"
    ):
        return _IDEOGRAPH
    # Marks belong to the word they stand in: Hindi and Thai vowels, Arabic points.
    return _WORD if char.isalnum() or unicodedata.category(char)[0] == "M" else _OTHER
