"""Draw training batches: corpus in, inputs of one task and what is to be told of them out.

What a batch holds depends on the seed, its number and how far the training is alone.

The tasks: ``masked`` pieces are to be guessed; ``recurring`` spans (Ram et al., "Few-Shot Question
Answering by Pretraining Span Selection", 2021): a sentence with a hole asks for another sentence
with the span that was in it; questions of a kind on their passage, with ``+like`` beside a passage
like it that does not answer; questions with ``retrieved`` passages.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rag.reader.cutting import AskedText, CutCorpus, Text
from rag.reader.layout import IN_TEXT, QUESTION_PIECES, TITLE_PIECES, lay_out
from rag.reader.recipe import PHASES, Recipe
from rag.reader.words import ASKED, MASK, PAD, SEP, Ints, Vocabulary, Words

__all__ = ["BEGINS", "ENDS", "INSIDE", "MARKED", "RIGHT", "Batch", "Tasks"]

MARKED, RIGHT, BEGINS, ENDS, INSIDE = 1, 2, 4, 8, 16
"""What a place is, as bits of the goals: a sentence's mark, of a sentence that answers; where an
answer begins, where it ends, where it could."""

_LENGTH = 384
_ENGLISH_LENGTH = 256  # SQuAD's passages hardly ever take more
_GROUP = 4  # passages read together of those retrieved
_PAIRED = 0.25  # of the inputs with masked pieces are sentences and their translations
_PAIRED_PIECES = 100
_DOCUMENTS = 0.68  # of the others are documents; the rest are passages
_PASSAGES = ("zh", "en", "en", "ja", "switched")
_GUESSED = (0.85, 0.93)  # of what is to be guessed is masked; up to here stays; the rest is random

_ASKING = ("什么", "哪里", "谁", "多少", "哪个", "何时", "哪些", "怎么")
_HOLES = 0.4  # are asked for by a piece of their own, the others by one of these words
_KEPT_AROUND = (6, 26)  # units on each side of a hole
_SHORT_SENTENCE = 12
_LEFT_OUT = (0.0, 0.15, 0.35)  # shares of a question's units

_Rng = np.random.Generator


class Batch(NamedTuple):
    """Inputs of one task, ``(rows, length)`` each.

    ``group`` rows each are read for one question. ``goals`` are bits; ``wanted`` are the pieces
    to be guessed, -1 elsewhere.
    """

    task: str
    group: int
    pieces: npt.NDArray[np.int32]
    marks: npt.NDArray[np.int32]
    goals: npt.NDArray[np.int32]
    wanted: npt.NDArray[np.int32]


class _Row(NamedTuple):
    pieces: Ints
    marks: Ints
    goals: Ints


class Tasks:
    """Everything that batches are drawn from."""

    def __init__(self, corpus: CutCorpus, vocabulary: Vocabulary, recipe: Recipe) -> None:
        self._corpus = corpus
        self._recipe = recipe
        self._size = len(vocabulary)
        self._empty = Words.of("", vocabulary)
        asking = [Words.of(word, vocabulary) for word in _ASKING]
        asked = replace(
            asking[0], pieces=np.array([ASKED]), units=np.array([0]), keys=np.array([1])
        )
        self._hole = replace(asked, rarity=np.array([0]))
        self._asking = [replace(one, rarity=np.zeros_like(one.rarity)) for one in asking]
        self._repeating = [one for one in corpus.documents if one.repeats]

    def draw(self, number: int, done: float) -> Batch:
        """Draw the batch of a number when the share ``done`` of the training is over."""
        rng = np.random.default_rng([self._recipe.seed, number])
        shares = next(shares for end, shares in PHASES if done < end or end == 1)
        names = [name for name in shares if self._has(name)]
        weights = np.array([shares[name] for name in names])
        name = names[rng.choice(len(names), p=weights / weights.sum())]
        if name == "masked":
            return self._masked(rng)
        kind, like, _ = name.partition("+")
        length = _ENGLISH_LENGTH if kind == "en" else _LENGTH
        group = _GROUP if name == "retrieved" else 2 if like else 1
        rows: list[_Row] = []
        while not rows or (len(rows) + group) * length <= self._recipe.places:
            if name == "recurring":
                rows.append(self._recurring(rng))
            elif name == "retrieved":
                rows += self._retrieved(rng)
            else:
                rows += self._asked(rng, kind, length=length, like=bool(like))
        pieces, marks, goals = (
            np.stack([np.pad(part, (0, length - len(part))) for part in parts]).astype(np.int32)
            for parts in zip(*rows, strict=True)
        )
        return Batch(name, group, pieces, marks, goals, np.full_like(pieces, -1))

    def _has(self, name: str) -> bool:
        corpus = self._corpus
        if name in ("masked", "recurring"):
            return bool(self._repeating)
        if name == "retrieved":
            return bool(corpus.retrieved)
        kind, like, _ = name.partition("+")
        least = 1 if like else 0
        return len(corpus.passages.get(kind, ())) > least and bool(corpus.questions[kind])

    # Masked pieces

    def _masked(self, rng: _Rng) -> Batch:
        shape = (max(1, self._recipe.places // _LENGTH), _LENGTH)
        pieces = np.stack([self._running(rng) for _ in range(shape[0])]).astype(np.int32)
        hidden = rng.random(shape) < self._recipe.masked
        hidden[:, 1:] |= hidden[:, :-1] & (
            rng.random((shape[0], _LENGTH - 1)) < self._recipe.masked_on
        )
        hidden &= pieces > ASKED
        wanted = np.where(hidden, pieces, -1)
        drawn = rng.random(shape)
        pieces = np.where(hidden & (drawn < _GUESSED[0]), MASK, pieces)
        other = rng.integers(ASKED + 1, self._size, shape)
        pieces = np.where(hidden & (drawn > _GUESSED[1]), other, pieces).astype(np.int32)
        marks = np.full_like(pieces, IN_TEXT)
        return Batch("masked", 1, pieces, marks, np.zeros_like(pieces), wanted.astype(np.int32))

    def _running(self, rng: _Rng) -> Ints:
        """Texts one after the other, as many as fill an input."""
        corpus = self._corpus
        parts: list[Ints] = []
        paired = bool(corpus.pairs) and rng.random() < _PAIRED
        while sum(map(len, parts)) < _LENGTH:
            if paired:
                pair = corpus.pairs[int(rng.integers(len(corpus.pairs)))]
                parts += [
                    np.append(pair[n].pieces[:_PAIRED_PIECES], SEP) for n in rng.permutation(2)
                ]
                continue
            kinds = [kind for kind in _PASSAGES if kind in corpus.passages]
            if not kinds or rng.random() < _DOCUMENTS:
                words = corpus.documents[int(rng.integers(len(corpus.documents)))].words
            else:
                texts = corpus.passages[kinds[int(rng.integers(len(kinds)))]]
                words = texts[int(rng.integers(len(texts)))].words
            start = int(rng.integers(max(1, len(words.pieces) - _LENGTH + 1)))
            parts.append(np.append(words.pieces[start : start + _LENGTH], SEP))
        return np.concatenate(parts)[:_LENGTH]

    # Questions

    def _asked(self, rng: _Rng, kind: str, *, length: int, like: bool) -> list[_Row]:
        questions, texts = self._corpus.questions[kind], self._corpus.passages[kind]
        asked = questions[int(rng.integers(len(questions)))]
        rows = [self._on_its_text(rng, asked, texts[asked.passage], length)]
        if like:
            others = self._corpus.likeness[kind].like(asked.words, asked.passage)
            other = texts[int(others[rng.integers(len(others))])]
            first = int(other.begins[rng.integers(len(other.begins))])
            rows.append(self._row(rng, asked.words, other, [], length, around=(first, first)))
        return rows

    def _on_its_text(self, rng: _Rng, asked: AskedText, text: Text, length: int) -> _Row:
        around = asked.answers[int(rng.integers(len(asked.answers)))]
        return self._row(rng, asked.words, text, asked.answers, length, around=around)

    def _row(
        self,
        rng: _Rng,
        question: Words,
        text: Text,
        answers: Sequence[tuple[int, int]],
        length: int,
        *,
        around: tuple[int, int],
    ) -> _Row:
        """A question on the sentences around a span, as many as fit a room drawn anew."""
        heads = min(len(question.pieces), QUESTION_PIECES) + min(
            len(text.title.pieces), TITLE_PIECES
        )
        room = min(length - heads - 3, int(rng.integers(*self._recipe.room)))
        first, end = _window(rng, text, around, room - len(text.begins) // 2)
        right = {int(text.begins[_sentence(text.begins, start)]) for start, _ in answers}
        return self._laid_out(rng, question, text, (first, end), right, answers, length)

    def _laid_out(
        self,
        rng: _Rng,
        question: Words,
        text: Text,
        window: tuple[int, int],
        right: frozenset[int] | set[int],
        answers: Sequence[tuple[int, int]],
        length: int,
    ) -> _Row:
        first, end = window
        title = text.title if rng.random() < self._recipe.titled else self._empty
        words = _part(text.words, np.arange(first, end))
        begins = text.begins[(text.begins >= first) & (text.begins < end)] - first
        laid = lay_out(question, title, words, begins, most=length)
        pieces, marks, units, places = laid
        in_text = units >= 0
        unseen = rng.random(len(words.keys)) < self._recipe.unseen
        marks = np.where(in_text & unseen[units], IN_TEXT + marks % 4, marks)
        hidden = in_text & (rng.random(len(pieces)) < self._recipe.hidden)
        goals = np.where(in_text, INSIDE, 0)
        for begin, place in zip(begins.tolist(), places.tolist(), strict=True):
            if place < len(goals):
                goals[place] = MARKED | (RIGHT if begin + first in right else 0)
        for start, last in answers:
            if start < first or last >= end:
                continue
            goals[np.flatnonzero(units == start - first)[:1]] |= BEGINS
            goals[np.flatnonzero(units == last - first)[-1:]] |= ENDS
        return _Row(np.where(hidden, MASK, pieces), marks, goals)

    def _retrieved(self, rng: _Rng) -> list[_Row]:
        """A passage that answers, the first of the others, and others drawn."""
        retrieved = self._corpus.retrieved
        asked = retrieved[int(rng.integers(len(retrieved)))]
        good = [n for n, right in enumerate(asked.right) if right]
        chosen = good[int(rng.integers(len(good)))]
        rest = [n for n in range(len(asked.texts)) if n != chosen]
        drawn = [rest[n] for n in rng.permutation(len(rest))]
        rows = []
        for n in list(dict.fromkeys([chosen, *rest[:1], *drawn]))[:_GROUP]:
            text = asked.texts[n]
            window = (0, len(text.words.keys))
            rows.append(self._laid_out(rng, asked.words, text, window, asked.right[n], [], _LENGTH))
        nothing = np.full(0, PAD)
        return rows + [_Row(nothing, nothing, nothing)] * (_GROUP - len(rows))

    # Recurring spans

    def _recurring(self, rng: _Rng) -> _Row:
        document = self._repeating[int(rng.integers(len(self._repeating)))]
        size, places = document.repeats[int(rng.integers(len(document.repeats)))]
        begins, count = document.begins, len(document.words.keys)
        inside = [_sentence(begins, place) for place in places]
        asking = inside[int(rng.integers(len(inside)))]
        start, end = int(begins[asking]), int([*begins, count][asking + 1])
        hole = places[inside.index(asking)]
        kept = np.arange(start, end)
        if end - start > _SHORT_SENTENCE:
            low, high = (
                hole - rng.integers(*_KEPT_AROUND),
                hole + size + rng.integers(*_KEPT_AROUND),
            )
            kept = kept[(kept >= low) & (kept < high)]
            kept = kept[rng.random(len(kept)) > rng.choice(_LEFT_OUT)]
        asks = (
            self._hole
            if rng.random() < _HOLES
            else self._asking[int(rng.integers(len(self._asking)))]
        )
        question = _joined(
            _part(document.words, kept[kept < hole]),
            asks,
            _part(document.words, kept[kept >= hole + size]),
        )
        gone = end - start
        others = [
            place if place < start else place - gone
            for place, sentence in zip(places, inside, strict=True)
            if sentence != asking
        ]
        left = np.delete(np.arange(count), np.arange(start, end))
        moved = np.delete(begins, asking)
        text = Text(
            self._empty,
            _part(document.words, left),
            np.where(moved < start, moved, moved - gone),
        )
        answers = [(place, place + size - 1) for place in others]
        around = answers[int(rng.integers(len(answers)))]
        return self._row(rng, question, text, answers, _LENGTH, around=around)


def _sentence(begins: Ints, unit: int) -> int:
    """The number of the sentence that a unit stands in."""
    return max(0, int(np.searchsorted(begins, unit, side="right")) - 1)


def _window(rng: _Rng, text: Text, around: tuple[int, int], room: int) -> tuple[int, int]:
    """Units of the sentences around a span that take at most so many pieces; first, end.

    The sentences of the span itself are in it whatever they take.
    """
    begins = [*text.begins.tolist(), len(text.words.keys)]
    at = np.searchsorted(text.words.units, begins).tolist()
    low, high = (_sentence(text.begins, unit) for unit in around)
    while low > 0 or high < len(begins) - 2:
        left = low > 0 and (high == len(begins) - 2 or rng.random() < 0.5)
        wider = (low - 1, high) if left else (low, high + 1)
        if at[wider[1] + 1] - at[wider[0]] > room:
            break
        low, high = wider
    return begins[low], begins[high + 1]


def _part(words: Words, chosen: Ints) -> Words:
    """Some of a text's units, in their order."""
    firsts = np.searchsorted(words.units, chosen)
    sizes = np.searchsorted(words.units, chosen, side="right") - firsts
    units = np.repeat(np.arange(len(chosen)), sizes)
    within = np.arange(len(units)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return Words(
        pieces=words.pieces[np.repeat(firsts, sizes) + within],
        units=units,
        keys=words.keys[chosen],
        rarity=words.rarity[chosen],
        starts=words.starts[chosen],
    )


def _joined(*parts: Words) -> Words:
    """Texts one after the other."""
    before = np.cumsum([0, *(len(one.keys) for one in parts)])
    return Words(
        pieces=np.concatenate([one.pieces for one in parts]),
        units=np.concatenate([one.units + n for one, n in zip(parts, before, strict=False)]),
        keys=np.concatenate([one.keys for one in parts]),
        rarity=np.concatenate([one.rarity for one in parts]),
        starts=np.concatenate([one.starts for one in parts]),
    )
