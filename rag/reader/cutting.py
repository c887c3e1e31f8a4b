"""Cut a corpus into pieces once, before training: a corpus in, what the tasks draw from out.

Answers and sentences become numbers of units here; what a question could be confused by is looked
up here, too.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.fold import fold
from index.sentences import sentences
from rag.reader.corpus import Corpus, Labelled, QuestionSet, Retrieved
from rag.reader.layout import TITLE_CHARS
from rag.reader.reader import Excerpt
from rag.reader.words import Ints, Vocabulary, Words

__all__ = ["AskedText", "AskedTexts", "CutCorpus", "Document", "Likeness", "Text", "cut_corpus"]

_OCCURRENCES = 8  # of an answer in its passage
_LEAST_UNITS = 60  # of a document
_REPEAT = (3, 12)  # units of a span that recurs
_REPEATED = 5  # times at most
_BUCKETS = 16_384

_LIKE = 6


@dataclass(frozen=True, slots=True)
class Text:
    """A passage. ``begins`` are the units with which its sentences begin, in order."""

    title: Words
    words: Words
    begins: Ints


@dataclass(frozen=True, slots=True)
class AskedText:
    """A question on passage ``passage``, where the answer stands as units: first, last."""

    words: Words
    passage: int
    answers: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class AskedTexts:
    """A question with retrieved passages; ``right`` are of each the begins that answer."""

    words: Words
    texts: tuple[Text, ...]
    right: tuple[frozenset[int], ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A text without labels. ``repeats``: length and occurrences of spans in several sentences."""

    words: Words
    begins: Ints
    repeats: tuple[tuple[int, tuple[int, ...]], ...]


class Likeness:
    """Finds the passages that have pairs of units in common with a question.

    Pairs are hashed, and count the more the fewer passages have them and the shorter theirs is.
    """

    def __init__(self, passages: Sequence[Words]) -> None:
        hashed = [_hashed_pairs(one) for one in passages]
        sizes = np.array([len(one) for one in hashed])
        buckets = np.concatenate([np.zeros(0, dtype=np.int64), *hashed])
        owners = np.repeat(np.arange(len(passages)), sizes)
        held = np.bincount(buckets, minlength=_BUCKETS)
        weights = np.maximum(np.log(len(passages) / (1 + held)), 0)[buckets]
        lengths = np.sqrt(np.bincount(owners, weights=weights**2, minlength=len(passages)))
        weights /= np.sqrt(np.maximum(lengths, 1))[owners]
        order = np.argsort(buckets, kind="stable")
        self._owners, self._weights = owners[order].astype(np.int32), weights[order]
        self._ends = np.concatenate([[0], np.cumsum(held)])
        self._count = len(passages)

    def like(self, question: Words, own: int) -> Ints:
        """The six passages most like a question, without its own."""
        runs = [slice(self._ends[b], self._ends[b + 1]) for b in _hashed_pairs(question)]
        scores = np.bincount(
            np.concatenate([self._owners[:0], *(self._owners[run] for run in runs)]),
            weights=np.concatenate([self._weights[:0], *(self._weights[run] for run in runs)]),
            minlength=self._count,
        )
        scores[own] = -1
        most = min(_LIKE, self._count - 1)
        found: Ints = np.argpartition(-scores, most)[:most]
        return np.sort(found)


def _hashed_pairs(words: Words) -> npt.NDArray[np.int64]:
    pairs = words.keys[:-1] * 1_000_003 + words.keys[1:]
    return np.unique((pairs * 2_654_435_761 >> 7) % _BUCKETS)


@dataclass(frozen=True, slots=True)
class CutCorpus:
    """A corpus in pieces."""

    passages: dict[str, list[Text]]
    questions: dict[str, list[AskedText]]
    likeness: dict[str, Likeness]
    documents: list[Document]
    pairs: list[tuple[Words, Words]]
    retrieved: list[AskedTexts]


def cut_corpus(corpus: Corpus, vocabulary: Vocabulary) -> CutCorpus:
    """Cut everything. Documents that are too short to ask about are left out."""
    sets = {kind: _question_set(found, vocabulary) for kind, found in corpus.questions.items()}
    documents = (_document(text, vocabulary) for text in corpus.documents)
    return CutCorpus(
        passages={kind: texts for kind, (texts, _) in sets.items()},
        questions={kind: questions for kind, (_, questions) in sets.items()},
        likeness={kind: Likeness([t.words for t in texts]) for kind, (texts, _) in sets.items()},
        documents=[one for one in documents if one is not None],
        pairs=[(_words(a, vocabulary), _words(b, vocabulary)) for a, b in corpus.pairs],
        retrieved=[_retrieved(one, vocabulary) for one in corpus.retrieved],
    )


def _words(text: str, vocabulary: Vocabulary) -> Words:
    return Words.of(fold(text), vocabulary)


def _text(excerpt: Excerpt, vocabulary: Vocabulary) -> Text:
    words = _words(excerpt.text, vocabulary)
    begins = _begins(words, excerpt.sentences)
    return Text(_words(excerpt.title[:TITLE_CHARS], vocabulary), words, np.unique(begins))


def _begins(words: Words, places: Sequence[int]) -> Ints:
    """The first unit at or behind each character."""
    found: Ints = np.searchsorted(words.starts, np.array(places, dtype=np.int64))
    return np.minimum(found, len(words.keys) - 1)


def _question_set(found: QuestionSet, vocabulary: Vocabulary) -> tuple[list[Text], list[AskedText]]:
    texts = [_text(one, vocabulary) for one in found.passages]
    folded = [fold(one.text) for one in found.passages]
    questions = []
    for one in found.questions:
        passage = folded[one.passage]
        places = _occurrences(passage, passage[one.start : one.end])
        starts = np.array(places, dtype=np.int64)
        units = texts[one.passage].words.starts
        firsts = np.searchsorted(units, starts, side="right") - 1
        lasts = np.searchsorted(units, starts + one.end - one.start - 1, side="right") - 1
        answers = tuple(zip(np.maximum(firsts, 0).tolist(), lasts.tolist(), strict=True))
        questions.append(AskedText(_words(one.text, vocabulary), one.passage, answers))
    return texts, questions


def _occurrences(text: str, answer: str) -> list[int]:
    found: list[int] = []
    at = text.find(answer)
    while at >= 0 and len(found) < _OCCURRENCES:
        found.append(at)
        at = text.find(answer, at + 1)
    return found


def _retrieved(found: Retrieved, vocabulary: Vocabulary) -> AskedTexts:
    texts = tuple(_text(one.excerpt, vocabulary) for one in found.candidates)
    return AskedTexts(
        _words(found.text, vocabulary),
        texts,
        tuple(
            _right(candidate, text) for candidate, text in zip(found.candidates, texts, strict=True)
        ),
    )


def _right(candidate: Labelled, text: Text) -> frozenset[int]:
    begins = _begins(text.words, candidate.excerpt.sentences).tolist()
    return frozenset(b for b, is_right in zip(begins, candidate.right, strict=True) if is_right)


def _document(text: str, vocabulary: Vocabulary) -> Document | None:
    words = _words(text, vocabulary)
    if len(words.keys) < _LEAST_UNITS:
        return None
    begins = np.unique(_begins(words, [start for start, _ in sentences(text)]))
    return Document(words, begins, tuple(_repeats(words.keys, begins)))


def _repeats(keys: Ints, begins: Ints) -> Iterable[tuple[int, tuple[int, ...]]]:
    """Spans without punctuation that stand in several sentences, as long as they can be.

    Each with where it stands. What an earlier span covers begins no other one.
    """
    least, most = _REPEAT
    sentence = np.searchsorted(begins, np.arange(len(keys)), side="right").tolist()
    spoken = ((keys >= 0x4E00) & (keys < 0xA000)) | ((keys >= 0x30) & (keys < 0x3A))
    spoken |= keys >= 0x200000
    count = len(keys) - least + 1
    whole = np.logical_and.reduce([spoken[n : n + count] for n in range(least)])
    row = keys.tolist()
    places: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for at in np.flatnonzero(whole).tolist():
        places[tuple(row[at : at + least])].append(at)
    covered = 0
    for at in np.flatnonzero(whole).tolist():
        same = places[tuple(row[at : at + least])]
        others = [n for n in same if sentence[n] != sentence[at]]
        if at < covered or not 1 <= len(others) < _REPEATED:
            continue
        size, other = least, others[0]
        while (
            size < most
            and max(at, other) + size < len(row)
            and row[at + size] == row[other + size]
            and spoken[at + size]
            and sentence[at + size] == sentence[at]
            and sentence[other + size] == sentence[other]
        ):
            size += 1
        covered = at + size
        span = row[at:covered]
        standing = tuple(n for n in same if row[n : n + size] == span)
        if len({sentence[n] for n in standing}) > 1:
            yield size, standing
