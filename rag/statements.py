"""Every sentence of the passages as something that may answer, with what speaks for it.

In: a question with its passages (`Material`). Out: ``Statements``: the sentences, and for each a
row of numbers under the names in ``FEATURES``. None of them is weighed here (`rag.rank` does).
"""

import math
import re
from bisect import bisect_right
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from index.article import Article, Heading
from index.fold import fold
from index.passage import Passage
from index.sentences import sentences
from index.tokens import terms, word_terms
from rag.context import REACH, widened
from rag.question import ASKING, Kind, Question, content_terms
from rag.things import find_things
from rag.wanted import Looker, Wanted, unit_held

__all__ = [
    "FEATURES",
    "KINDS",
    "Material",
    "Statement",
    "Statements",
    "gather_statements",
    "heading_at",
    "section_of",
]

KINDS = (
    Kind.NUMBER,
    Kind.DATE,
    Kind.PERSON,
    Kind.PLACE,
    Kind.REASON,
    Kind.MANNER,
    Kind.LIST,
    Kind.COMPARISON,
    Kind.OTHER,
)
"""The kinds of question that ask for a kind of thing; yes or no asks for none."""

FEATURES = (
    "stated",  # share of the question's weight, by term, that the sentence states
    "share",  # the same with all terms alike: steadier where everything is rare
    "heading",  # what the title and the headings add to that
    "previous",  # what the sentence before adds to both
    "previous_leaning",  # … where the sentence leans on it (该平台 …)
    "next",  # what the sentence after adds to all of these
    "rest",  # what the rest of the passage adds
    "units",  # share of the question's weight by word, names by any of their names
    "rarest",  # weight of the rarest word that is stated, of the rarest that was asked for
    "phrase",  # share of the question's runs of three and four characters that stand in it
    "longest",  # longest run shared with the question, of the question's length
    "focus",  # share of what stands next to the asking word (谁[执导]) that is stated
    "asked",  # how far a question of the text that it answers is the one that was asked
    "cosine",  # of question and sentence
    "cosine_lead",  # that, below the best of all: 0 for the best, else negative
    "cosine_previous",  # of question and the sentence before
    "passage",  # the passage's score beside the best
    "passage_first",  # it stands in the first passage
    "opening",  # 1 for the first sentence of its article, falling with the place
    "length",  # log of the characters, 1 at 150
    "brief",  # shorter than ten characters: a heading, a name, a stray line
    "novel",  # share of its words that the question does not have
    "near",  # best share of the question's weight close to a thing of the kind asked for
    "fresh",  # holds a thing of the kind asked for that is not in the question; else -1
    "measure",  # holds an amount of what is counted; else -1; 0 where nothing is counted
    "named",  # the names in the question: in the sentence, right before it, or around it
    *(f"kind_{kind.value}" for kind in KINDS),  # 1 or -1: asked for, and held or not
)

Matrix = npt.NDArray[np.float64]
"""``(statements, len(FEATURES))``."""

_LEANS = re.compile(
    r"该(?:行|公司|系统|平台|产品|功能|服务|项|中心|团队|专区|版|银行|业务|机构|[^\s，。]{1,4}已)"
    r"|^(?:其|此|这|它|他|她)|^(?:it|they|he|she|this|these|the (?:bank|system|service))\b"
)
# Asks rather than answers; in a list of questions and answers it heads what comes next.
_ASKS = re.compile(r"[?？][\"”’」』]?$")
_OPENS_QUESTION = re.compile(r"^\s*(?:q|问|问题)\s*\d{0,3}\s*[:.、]\s*")
_NEAR_CHARS = 18
_BRIEF_CHARS = 10
_SAME_QUESTION = 0.6
"""From this share of its words in common on a question of the text is about what was asked."""

# What context counts towards covering the question: it carries a subject ("该平台 …"), it does not
# state the fact.
_HEADING_COVERS = 0.8
_CHUNK_COVERS = 0.6

_FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Material:
    """A question with what may answer it.

    ``passages`` are best first. ``weights`` has the inverse document frequency of each of the
    question's terms; ``names`` holds, for each thing that it names, all of that thing's names.
    ``cosines`` tells the question's cosines with any texts, where that is quick.
    """

    question: Question
    passages: tuple[Passage, ...]
    weights: Mapping[str, float]
    names: tuple[tuple[str, ...], ...] = ()
    cosines: Callable[[Sequence[str]], _FloatArray] | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence that may answer: ``article.text[start:end]``.

    ``stated`` are the question's terms in the sentence itself. ``covered`` is the share of the
    question, between 0 and 1, that it covers together with its context at a discount. ``before``
    is where the sentence before it begins, None where there is none. ``is_heading``: it tells what
    is spoken of, and answers nothing.
    """

    article: Article
    start: int
    end: int
    stated: frozenset[str]
    covered: float
    passage: int
    before: int | None
    is_heading: bool = False

    @property
    def text(self) -> str:
        """The characters themselves."""
        return self.article.text[self.start : self.end]

    @property
    def leans(self) -> bool:
        """It begins with a word that stands for something said before."""
        return bool(_LEANS.search(fold(self.text)))


@dataclass(frozen=True, slots=True)
class Statements:
    """Sentences in the order of the text, passage by passage, and the features of each."""

    rows: tuple[Statement, ...]
    features: Matrix


def gather_statements(material: Material) -> Statements:
    """Work out every sentence of the passages: one that shares no word with the question may
    answer, too, in another language.
    """
    found = _Gathering(material)
    for place, passage in enumerate(material.passages):
        found.add(place, passage)
    if not found.rows:
        return Statements((), np.zeros((0, len(FEATURES))))
    features = np.array(found.values)
    if material.cosines is not None:
        told = material.cosines(found.texts)
        # One text more than sentences for each passage: the one before its first.
        features[:, _AT["cosine"]] = told[found.at]
        features[:, _AT["cosine_lead"]] = told[found.at] - told[found.at].max()
        features[:, _AT["cosine_previous"]] = told[np.array(found.at) - 1]
    return Statements(tuple(found.rows), features)


_AT = {name: place for place, name in enumerate(FEATURES)}


class _Gathering:
    """Collects statements, passage by passage."""

    def __init__(self, material: Material) -> None:
        self.rows: list[Statement] = []
        self.values: list[list[float]] = []
        self.texts: list[str] = []
        self.at: list[int] = []
        self._question = material.question
        self._looker = Looker(Wanted(material.question, material.weights, material.names))
        self._terms = list(material.weights)
        weights = np.array(list(material.weights.values()))
        self._weights = weights / (weights.sum() or 1.0)
        focus = _focus(material.question)
        self._focus = np.array([term in focus for term in self._terms])
        self._best = max((p.score for p in material.passages), default=0.0) or 1.0
        self._asked = fold(material.question.searched)
        self._seen: set[tuple[str, int]] = set()

    def add(self, place: int, passage: Passage) -> None:
        article = passage.article
        # The answer may run over the border of its chunk: the sentences beside it may answer, too.
        first, last = widened(article, passage.chunk)
        spans = sentences(article.text, first, last)
        # A chunk's border is ours, not the author's: its first sentence has one before it too.
        before = sentences(article.text, max(0, first - REACH), first)[-1:]
        after = sentences(article.text, last, min(last + REACH, len(article.text)))[:1]
        cut = [*(before or [(first, first)]), *spans, *(after or [(last, last)])]
        texts = [article.text[start:end] for start, end in cut]
        folded = [fold(text) for text in texts]
        words = [_terms_of(text) for text in folded]
        held = np.array([self._held(stated) for stated in words])
        asking = _asking(article, cut, folded)
        title = fold(" ".join((article.title, *passage.chunk.headings)))
        whole = " ".join(folded[1:-1])
        heading = self._held(frozenset(terms(title)))
        rest = np.asarray(held[1:-1].any(axis=0))
        rest_units = self._units_held(rest)
        offset = len(self.texts)
        self.texts += texts[:-1]
        for number, (start, end) in enumerate(spans, start=1):
            if (article.id, start) in self._seen or _ASKS.search(folded[number]):
                continue
            self._seen.add((article.id, start))
            asked = content_terms(_OPENS_QUESTION.sub("", asking[number]))
            around = _Around(
                own=held[number],
                heading=heading | self._held(asked),
                before=held[number - 1],
                after=held[number + 1],
                rest=rest,
            )
            units = self._looker.holds(folded[number], frozenset(word_terms(folded[number])))
            stated = frozenset(t for t, has in zip(self._terms, around.own, strict=True) if has)
            self.rows.append(
                Statement(
                    article=article,
                    start=start,
                    end=end,
                    stated=stated,
                    covered=self._covered(units, around.heading, rest_units),
                    passage=place,
                    before=cut[number - 1][0] if texts[number - 1] else None,
                    is_heading=heading_at(article, start) is not None,
                )
            )
            values = dict.fromkeys(FEATURES, 0.0)
            values |= self._overlap(around, folded[number], words[number], units)
            values |= self._things(texts[number], folded[number])
            values["named"] = self._named(
                folded[number],
                _Nearby(folded[number - 1], title, whole),
            )
            values["asked"] = self._same_question(asked)
            values["passage"] = passage.score / self._best
            values["passage_first"] = float(place == 0)
            values["opening"] = 1 / (1 + start / 100)
            self.values.append(list(values.values()))
            self.at.append(offset + number)

    def _held(self, words: Collection[str]) -> npt.NDArray[np.bool_]:
        return np.array([term in words for term in self._terms], dtype=bool)

    def _same_question(self, asked: Sequence[str]) -> float:
        """How far a question of the text is the one that was asked, its subject aside."""
        known = {term for term in asked if len(term) > 1}  # a single character is chance
        shared = len(known.intersection(self._terms)) / max(1, len(known))
        return shared if shared >= _SAME_QUESTION else 0.0

    def _share(self, held: npt.NDArray[np.bool_]) -> float:
        return float(self._weights @ held)

    def _overlap(
        self, around: "_Around", folded: str, words: frozenset[str], units: _FloatArray
    ) -> dict[str, float]:
        own, looker = around.own, self._looker
        known = own | around.heading
        previous = around.before & ~known
        known = known | around.before
        leaning = self._share(previous) if _LEANS.search(folded) else 0.0
        rarest = float(looker.weights.max()) if len(looker.weights) else 0.0
        whole = units >= 1
        return {
            "stated": self._share(own),
            "share": float(own.mean()) if len(own) else 0.0,
            "heading": self._share(around.heading & ~own),
            "previous": self._share(previous),
            "previous_leaning": leaning,
            "next": self._share(around.after & ~known),
            "rest": self._share(around.rest & ~known & ~around.after),
            "units": float(units @ looker.weights),
            "rarest": float((looker.weights * whole).max() / rarest) if rarest else 0.0,
            "phrase": sum(p in folded for p in looker.phrases) / max(1, len(looker.phrases)),
            "longest": looker.longest(folded),
            "focus": float(own[self._focus].mean()) if self._focus.any() else 0.0,
            "length": math.log(1 + len(folded)) / math.log(151),
            "brief": float(len(folded) < _BRIEF_CHARS),
            "novel": 1 - len(words.intersection(self._terms)) / max(1, len(words)),
        }

    def _named(self, folded: str, nearby: "_Nearby") -> float:
        """How near the names that were asked about stand, on average; 0 where none was."""
        found = 0.0
        for names in self._looker.names:
            places = ((folded, 1.0), *zip(nearby, _NAMED_NEARBY, strict=True))
            found += max(
                (worth for text, worth in places if any(name in text for name in names)),
                default=0.0,
            )
        return found / len(self._looker.names) if self._looker.names else 0.0

    def _things(self, text: str, folded: str) -> dict[str, float]:
        question = self._question
        values = {}
        if question.measure is not None:
            values["measure"] = 1.0 if question.measure.search(folded) else -1.0
        if question.kind not in KINDS:
            return values
        things = find_things(question.kind, text, folded=folded)
        fresh = [(a, b) for a, b in things if folded[a:b] not in self._asked]
        values[f"kind_{question.kind.value}"] = 1.0 if things else -1.0
        values["fresh"] = 1.0 if fresh else -1.0
        values["near"] = max(
            (
                self._share(
                    self._held(set(terms(folded[max(0, a - _NEAR_CHARS) : b + _NEAR_CHARS])))
                )
                for a, b in fresh[:12]
            ),
            default=0.0,
        )
        return values

    def _covered(
        self, units: _FloatArray, heading: npt.NDArray[np.bool_], rest: _FloatArray
    ) -> float:
        """How much of the question is covered, unit by unit, weighted by rarity."""
        covered = np.maximum.reduce(
            [units, _HEADING_COVERS * self._units_held(heading), _CHUNK_COVERS * rest]
        )
        return float(covered @ self._looker.weights)

    def _units_held(self, terms_held: npt.NDArray[np.bool_]) -> _FloatArray:
        have = {term for term, has in zip(self._terms, terms_held, strict=True) if has}
        return np.array([unit_held(unit, have, have) for unit in self._looker.units])


@lru_cache(maxsize=1024)
def _terms_of(folded: str) -> frozenset[str]:
    """The terms of a sentence: what people ask about is in the same few articles."""
    return frozenset(terms(folded))


def heading_at(article: Article, at: int) -> str | None:
    """The heading that this character is part of; None for any other text."""
    heading = _last_heading(article, at)
    return article.text[heading.start : heading.end] if heading and at < heading.end else None


def section_of(article: Article, at: int) -> str | None:
    """The nearest heading above this character; None before the first and in a heading."""
    heading = _last_heading(article, at)
    return article.text[heading.start : heading.end] if heading and at >= heading.end else None


def _last_heading(article: Article, at: int) -> Heading | None:
    place = bisect_right(article.headings, at, key=lambda heading: heading.start)
    return article.headings[place - 1] if place else None


def _asking(article: Article, cut: Sequence[tuple[int, int]], folded: Sequence[str]) -> list[str]:
    """For each sentence the question of the text that it answers, "" where there is none.

    A heading that asks is answered by its section; a question in the text by the rest of its
    line, or, where nothing follows there, by the next one.
    """
    found: list[str] = []
    asked, reach = "", -1
    for (start, end), text in zip(cut, folded, strict=True):
        if start > reach:
            above = fold(section_of(article, start) or "").strip()
            asked = above if _ASKS.search(above) else ""
        found.append(asked)
        if _ASKS.search(text):
            line = article.text.find("\n", end)
            if line >= 0 and not article.text[end:line].strip():
                after = len(article.text) - len(article.text[line:].lstrip())
                line = article.text.find("\n", after)
            asked, reach = text, line if line >= 0 else len(article.text)
    return found


class _Nearby(NamedTuple):
    """Folded text around a sentence."""

    before: str
    title: str
    passage: str


_NAMED_NEARBY = (0.9, 0.8, 0.5)


@dataclass(frozen=True, slots=True)
class _Around:
    """Which of the question's terms a sentence holds, and what stands around it."""

    own: npt.NDArray[np.bool_]
    heading: npt.NDArray[np.bool_]
    before: npt.NDArray[np.bool_]
    after: npt.NDArray[np.bool_]
    rest: npt.NDArray[np.bool_]


def _focus(question: Question) -> frozenset[str]:
    """The terms right beside the asking word: 由[谁执导] asks for who directed it."""
    asked = fold(question.searched)
    beside: set[str] = set()
    for match in ASKING.finditer(asked):
        beside.update(terms(asked[match.end() : match.end() + 4]))
        beside.update(terms(asked[max(0, match.start() - 4) : match.start()]))
    return frozenset(beside)
