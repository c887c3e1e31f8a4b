"""Draw training batches: pairs of token sequences that belong together.

In: a corpus and a vocabulary. Out: ``Batch``es of one task each, so that the other pairs of a batch
are wrong answers of the same kind. Everything is tokenized once, into flat arrays; drawing a
batch is arithmetic on offsets. What a batch holds depends on the seed and its number only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from index.encoder.corpus import Corpus
from index.encoder.pieces import Cutter
from index.encoder.vocabulary import MARK

__all__ = ["SHARES", "Batch", "Tasks", "tokenize_corpus"]

Ints = npt.NDArray[np.int64]

SHARES: Mapping[str, float] = {
    "cloze-news": 0.18,
    "cloze-bulletin": 0.04,
    "cloze-law": 0.08,
    "cloze-passage-zh": 0.04,
    "cloze-passage-en": 0.06,
    "cloze-passage-ja": 0.03,
    "cloze-run": 0.04,
    "question-zh": 0.08,
    "question-en": 0.08,
    "question-ja": 0.04,
    "title-law": 0.07,
    "title-abstract": 0.005,
    "dictionary": 0.04,
    "switched": 0.16,
    "translation-zh": 0.08,
    "translation-ja": 0.015,
    "translation-ko": 0.015,
    "translation-fr": 0.01,
    "translation-es": 0.01,
    "translation-de": 0.005,
    "translation-ru": 0.005,
    "translation-id": 0.005,
    "translation-pt": 0.005,
    "translation-it": 0.005,
    "translation-rest": 0.03,
    "window-zh": 0.03,
    "window": 0.02,
}
"""How often each task is drawn. They need not add up to one; a task without data is left out."""

_MAX_TOKENS = 128
"""Of a passage in training: longer ones are cut to a stretch drawn anew each time."""

_SPAN = (3, 14)
"""Tokens of a stretch that stands for a question in a cloze."""

_FIRST = 0.15  # of clozes ask with the first sentence, which in news tells the whole
_STRETCH = 0.5  # ask with a stretch of a sentence
_KEEP = 0.3  # leave the sentence in its text: questions do repeat words of the answer


@dataclass(frozen=True, slots=True)
class Batch:
    """Two bags of tokens for each pair, and which pairs have the same right answer."""

    tokens: Ints
    """The bags one after another: all first halves, then all second halves."""

    offsets: Ints
    """Where each bag starts; ``2 n`` of them."""

    groups: Ints
    """One number for each pair: pairs with the same second half are not each other's negatives."""


class _Task(Protocol):
    def draw(self, rng: np.random.Generator, size: int) -> Batch: ...


@dataclass(frozen=True, slots=True)
class _Texts:
    """Tokens of many texts: text ``i`` is ``tokens[starts[i]:starts[i + 1]]``."""

    tokens: npt.NDArray[np.int32]
    starts: Ints


@dataclass(frozen=True, slots=True)
class _Pairs:
    """A task with given pairs: the numbers of two texts each."""

    texts: _Texts
    first: Ints
    second: Ints

    def draw(self, rng: np.random.Generator, size: int) -> Batch:
        chosen = rng.integers(len(self.first), size=size)
        a, b = self.first[chosen], self.second[chosen]
        numbers = np.concatenate([a, b])
        starts, lengths = self.texts.starts[numbers], np.diff(self.texts.starts)[numbers]
        short = np.minimum(lengths, _MAX_TOKENS)
        starts = starts + (rng.random(len(starts)) * (lengths - short + 1)).astype(np.int64)
        return _batch(self.texts.tokens, starts[:, None], short[:, None], b)


@dataclass(frozen=True, slots=True)
class _Cloze:
    """The inverse cloze task (Lee et al. 2019): which text was this sentence taken from?"""

    texts: _Texts  # sentences
    documents: Ints  # document ``i`` is sentences[documents[i]:documents[i + 1]]

    def draw(self, rng: np.random.Generator, size: int) -> Batch:
        chosen = rng.integers(len(self.documents) - 1, size=size)
        begin, end = self.documents[chosen], self.documents[chosen + 1]
        number = begin + (rng.random(size) * (end - begin)).astype(np.int64)
        number = np.where(rng.random(size) < _FIRST, begin, number)
        start, stop = self.texts.starts[number], self.texts.starts[number + 1]

        # The question: the sentence, or a stretch of it.
        length = np.minimum(stop - start, _MAX_TOKENS)
        stretch = np.minimum(rng.integers(_SPAN[0], _SPAN[1] + 1, size=size), length)
        length = np.where(rng.random(size) < _STRETCH, stretch, length)
        asked = start + (rng.random(size) * (stop - start - length + 1)).astype(np.int64)

        # The answer: what is around the sentence, in one stretch with a hole.
        kept = rng.random(size) < _KEEP
        hole = np.where(kept, 0, stop - start)
        low, high = self.texts.starts[begin], self.texts.starts[end]
        before = (rng.random(size) * (_MAX_TOKENS - 20) + 10).astype(np.int64)
        left = np.maximum(low, np.minimum(start - before, high - hole - _MAX_TOKENS))
        right = np.minimum(high, left + _MAX_TOKENS + hole)
        starts = np.stack([left, np.where(kept, start, stop)], axis=1)
        lengths = np.stack([start - left, right - starts[:, 1]], axis=1)

        zeros = np.zeros(size, dtype=np.int64)
        return _batch(
            self.texts.tokens,
            np.concatenate([np.stack([asked, zeros], axis=1), starts]),
            np.concatenate([np.stack([length, zeros], axis=1), np.maximum(lengths, 0)]),
            chosen,
        )


def _batch(tokens: npt.NDArray[np.int32], starts: Ints, lengths: Ints, groups: Ints) -> Batch:
    """Gather bags that each consist of one or more stretches of tokens."""
    flat = lengths.ravel()
    ends = np.cumsum(flat)
    places = np.repeat(starts.ravel() - (ends - flat), flat) + np.arange(ends[-1])
    sizes = lengths.sum(axis=1)
    offsets = np.cumsum(sizes) - sizes
    return Batch(tokens[places].astype(np.int64), offsets, groups)


class Tasks:
    """All tasks, drawn in the given shares."""

    def __init__(self, path: Path) -> None:
        """Open what ``tokenize_corpus`` wrote."""
        arrays = np.load(path, allow_pickle=False)
        kinds = sorted({name.rpartition("/")[0] for name in arrays})
        self._tasks: dict[str, _Task] = {}
        for kind in kinds:
            texts = _Texts(arrays[f"{kind}/tokens"], arrays[f"{kind}/starts"])
            if kind.startswith("cloze-"):
                documents = arrays[f"{kind}/documents"]
                if len(documents) > 1:
                    self._tasks[kind] = _Cloze(texts, documents)
            elif len(pairs := arrays[f"{kind}/pairs"]):
                self._tasks[kind] = _Pairs(texts, pairs[:, 0], pairs[:, 1])

    def draw(self, number: int, size: int, *, seed: int, shares: Mapping[str, float]) -> Batch:
        """Draw the batch of the given number."""
        rng = np.random.default_rng([seed, number])
        names = [name for name in shares if name in self._tasks]
        weights = np.array([shares[name] for name in names])
        name = names[rng.choice(len(names), p=weights / weights.sum())]
        return self._tasks[name].draw(rng, size)

    def counts(self, vocabulary_size: int) -> Ints:
        """Count how often each token occurs in all texts together."""
        counts = np.zeros(vocabulary_size, dtype=np.int64)
        for task in self._tasks.values():
            assert isinstance(task, _Pairs | _Cloze)
            counts += np.bincount(task.texts.tokens, minlength=vocabulary_size)
        return counts


def tokenize_corpus(corpus: Corpus, cutter: Cutter, path: Path) -> None:
    """Tokenize everything once and write it as one ``.npz`` of plain arrays."""
    arrays: dict[str, npt.NDArray[np.int32] | Ints] = {}
    for kind, documents in sorted(corpus.documents.items()):
        usable = [document for document in documents if len(document) > 1]
        texts = _tokenize(cutter, [sentence for document in usable for sentence in document])
        arrays[f"cloze-{kind}/tokens"] = texts.tokens
        arrays[f"cloze-{kind}/starts"] = texts.starts
        sizes = np.array([len(document) for document in usable], dtype=np.int64)
        arrays[f"cloze-{kind}/documents"] = np.concatenate([[0], np.cumsum(sizes)])
    for task, pairs in sorted(corpus.pairs.items()):
        numbers: dict[str, int] = {}  # a passage with five questions is tokenized once
        places = [[numbers.setdefault(text, len(numbers)) for text in pair] for pair in pairs]
        texts = _tokenize(cutter, list(numbers))
        found = np.diff(texts.starts) > 0
        chosen = np.array(places, dtype=np.int64).reshape(-1, 2)
        arrays[f"{task}/tokens"] = texts.tokens
        arrays[f"{task}/starts"] = texts.starts
        arrays[f"{task}/pairs"] = chosen[found[chosen].all(axis=1)]
    np.savez(path, allow_pickle=False, **arrays)


def _tokenize(cutter: Cutter, texts: Sequence[str]) -> _Texts:
    """Tokenize without the pieces that mean nothing: the unknown one (0) and the bare mark."""
    mark = cutter.number_of(MARK)
    parts = [np.zeros(0, dtype=np.int32)]
    sizes = []
    for start in range(0, len(texts), 10_000):
        for pieces in cutter.cut(texts[start : start + 10_000]):
            ids = np.array(pieces, dtype=np.int32)
            ids = ids[(ids != 0) & (ids != mark)]
            parts.append(ids)
            sizes.append(len(ids))
    starts = np.concatenate([[0], np.cumsum(np.array(sizes, dtype=np.int64))])
    return _Texts(np.concatenate(parts), starts)
