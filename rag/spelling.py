"""A question with a slip in it, and what was probably meant: a suggestion, never more.

手机因行 → 手机银行, 邮储很行 → 邮储银行, "mobile bakn" → mobile bank. What may have been meant
comes from the collection's own words; a change is suggested where the collection then knows the
words better, and holds a passage that fits the question better. The original is searched in any
case, and nothing here changes what is searched: whoever asks accepts a suggestion or does not.
"""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Protocol

from index.confusables import Reason, confusables
from index.everyday import how_common
from index.fold import fold
from index.search import Index
from index.tokens import terms

if TYPE_CHECKING:
    import opencc

__all__ = [
    "Candidate",
    "Change",
    "IndexVocabulary",
    "Kind",
    "Suggestion",
    "Vocabulary",
    "candidates",
    "suggest",
]


class Kind(StrEnum):
    """What sort of slip a change undoes."""

    PINYIN = "pinyin"
    SHAPE = "shape"
    EDIT = "edit"


@dataclass(frozen=True, slots=True)
class Change:
    """One slip: ``question[start:end] == said``, for which ``meant`` is suggested."""

    start: int
    end: int
    said: str
    meant: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The whole question as it was probably meant, and what was changed, by position."""

    text: str
    changes: tuple[Change, ...]


class Vocabulary(Protocol):
    """The words of a collection, and the passages that hold them. Terms are folded."""

    @property
    def size(self) -> int:
        """How many passages there are."""
        ...

    def frequencies(self, terms: Sequence[str]) -> Sequence[int]:
        """Count the passages that hold each term."""
        ...

    def words(self, prefix: str) -> Sequence[tuple[str, int]]:
        """List the terms that begin so, each with its passages."""
        ...

    def best(self, question: str) -> tuple[float, Sequence[str]]:
        """Score of the best passage for a question (BM25), and the folded texts of the first."""
        ...


class IndexVocabulary:
    """The vocabulary of an open index."""

    def __init__(self, index: Index) -> None:
        """Bind an index; nothing is read yet."""
        self._index = index
        self.size = index.chunk_count

    def frequencies(self, terms: Sequence[str]) -> list[int]:
        """Count the chunks that hold each term."""
        return self._index.document_frequencies(terms)

    def words(self, prefix: str) -> list[tuple[str, int]]:
        """List the terms that begin so, each with its chunks."""
        return self._index.words(prefix)

    def best(self, question: str) -> tuple[float, list[str]]:
        """Score of the best chunk, and the folded texts of the first three."""
        hits = self._index.lexical(question, k=_PASSAGES)
        texts = [fold(self._index.chunk(hit.row).text) for hit in hits]
        return (hits[0].score if hits else 0.0), texts


_MAX_CHARS = 200
"""Of a question that is looked at: a longer one has words enough to be found by, slip or not."""

_MAX_CHANGES = 3
"""Slips in one question; with more of them it is more likely that nothing is one."""

_PASSAGES = 3
"""The first passages in which the question's wording is looked for."""

_SEARCHED = 5
"""Candidates that are searched for. The right one is among the first five for nine tenths of all
slips, and a search is the dear part of the whole."""

_UNSEEN = 2.0
"""Weight of a character's own frequency beside its pairs, in passages."""

_CHARS_OF_A_PASSAGE = 100
"""Different characters of an average passage: what a frequency is divided by to be a share."""

_THRESHOLD = 1.9
"""Log-odds from which a change is suggested; see docs/decisions/0009-spelling.md."""

_WEIGHTS = (
    *(0.19, -0.39, 1.17),  # pairs
    *(2.51, 1.85, 1.47),  # score
    *(-1.19, 0.44),  # reason
    *(1.41, 0.68, 1.14, 0.89),  # wording as meant
    *(-0.23, -0.79, -1.72),  # wording as said
    *(-0.03, 1.13, 1.08),
)
_BIAS = -6.32
"""Fitted by ``python -m eval.typos --fit``, in the order of ``Candidate.evidence``."""

_FUNCTION = frozenset(
    "哪那这谁几多少什么甚怎呢吗吧啊呀嘛还是的了在不有为也就都而和与及或个以于之其所被把对从到它他她"
)
"""Characters that ask or join. They stand beside anything, so that pairs say little of them, and
no passage is found or lost by one; 不 for 还 would turn a question round."""

_WORDING = 4
"""Characters in a row that a passage shares with a question hardly ever by chance."""

_HAN = re.compile("[\u4e00-\u9fff]{2,}")
# A word, beside Han or not; no piece of a name with digits, an address or a path.
_LATIN = re.compile(r"(?<![A-Za-z0-9_.@/-])[A-Za-z]{4,24}(?!\.?[A-Za-z0-9_@/])")
_ENDINGS = frozenset(
    [
        "",
        *"defglnrsty",
        "al",
        "ed",
        "en",
        "er",
        "es",
        "fy",
        "ic",
        "ing",
        "ion",
        "ly",
        "ng",
        "on",
        "or",
        "st",
        "ty",
    ]
)
_LONG_WORD = 10  # letters from which two slips in a word are still one word


@dataclass(frozen=True, slots=True)
class Candidate:
    """One character that may have been meant at ``place``, and what speaks for it.

    ``evidence``, in this order:

    - gain in likelihood from its two pairs (natural logarithm, at most 15)
    - how common in general the pairs as said are, and as meant (0 to 4 each)
    - gain in the best passage's score, 1 being a term of one passage alone: its part up to 0.5,
      from there to 1.5, and from there to 3
    - 1 for a look-alike; 1 for a near sound
    - the longest wording around the place that stands in a passage as meant: 1 where it has at
      least 2 characters, 3, 4, 5; the same as said: at least 1, 2, 3
    - ln(1 + passages that hold the character)
    - 1 where it begins, and where it ends, the run of Han
    """

    place: int
    meant: str
    reason: Reason
    evidence: tuple[float, ...]

    @property
    def odds(self) -> float:
        """The natural logarithm of the odds that this was meant."""
        return _BIAS + sum(w * e for w, e in zip(_WEIGHTS, self.evidence, strict=True))


def suggest(question: str, *, vocabulary: Vocabulary) -> Suggestion | None:
    """Suggest what was meant; None where nothing better is known, as for most questions.

    Args:
        question: As it was asked, cleaned; in either script, Latin words among the Han or not.
        vocabulary: The collection's words: ``IndexVocabulary(index)``.
    """
    if not 2 <= len(question) <= _MAX_CHARS:
        return None
    known = _Known(vocabulary)
    if not known.size:
        return None  # an empty collection knows no words
    changes = [*_words(question, known), *_doubled(question, known)]
    changed = {place for change in changes for place in range(change.start, change.end)}
    text = question
    while len(changes) < _MAX_CHANGES:
        found = candidates(text, vocabulary=vocabulary, known=known, without=changed)
        best = max(found, key=lambda c: (c.odds, -c.place, c.meant), default=None)
        if best is None or best.odds < _THRESHOLD:
            break
        said = text[best.place]
        kind = Kind.SHAPE if best.reason is Reason.SHAPE else Kind.PINYIN
        meant = _in_script(best.meant, best.place, text)
        changes.append(Change(best.place, best.place + 1, said, meant, kind))
        changed |= set(range(best.place - 1, best.place + 2))
        text = text[: best.place] + meant + text[best.place + 1 :]
    if not changes:
        return None
    ordered = tuple(sorted(changes, key=lambda change: change.start))
    return Suggestion(_apply(question, ordered), ordered)


def candidates(
    question: str,
    *,
    vocabulary: Vocabulary,
    known: "_Known | None" = None,
    without: Iterable[int] = (),
) -> list[Candidate]:
    """List the likeliest Han characters that may have been meant, with the evidence for each.

    ``without`` are places that are left as they are.
    """
    known = known or _Known(vocabulary)
    folded = fold(question)
    left_out = set(without)
    local = [
        found
        for run in _HAN.finditer(folded)
        for found in _local(run.group(), run.start(), known)
        if found.place not in left_out
    ]
    if not local:
        return []
    local.sort(key=lambda found: (-found.promise, found.place, found.meant))
    score, texts = known.best(folded)
    # What a term that only one passage holds adds to a score: the measure of any collection.
    rarest = math.log1p((known.size + 0.5) / 1.5)
    evident = []
    for found in local[:_SEARCHED]:
        corrected = folded[: found.place] + found.meant + folded[found.place + 1 :]
        better, new_texts = known.best(corrected)
        meant = _longest(corrected, found.place, new_texts)
        said = _longest(folded, found.place, [*texts, *new_texts])
        evident.append(
            Candidate(
                place=found.place,
                meant=found.meant,
                reason=found.reason,
                evidence=(
                    min(found.gain, 15.0),
                    found.common_said,
                    found.common_meant,
                    *_parts((better - score) / rarest),
                    float(found.reason is Reason.SHAPE),
                    float(found.reason is Reason.NEAR_SOUND),
                    *(float(meant >= chars) for chars in (2, 3, 4, 5)),
                    *(float(said >= chars) for chars in (1, 2, 3)),
                    math.log1p(known(found.meant)),
                    float(found.begins),
                    float(found.ends),
                ),
            )
        )
    return evident


class _Known:
    """A vocabulary that asks for nothing twice; lives as long as one question."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.size = vocabulary.size
        self.words = vocabulary.words
        self._vocabulary = vocabulary
        self._counts: dict[str, int] = {}
        self._best: dict[str, tuple[float, Sequence[str]]] = {}

    def __call__(self, term: str) -> int:
        if term not in self._counts:
            (self._counts[term],) = self._vocabulary.frequencies([term])
        return self._counts[term]

    def best(self, question: str) -> tuple[float, Sequence[str]]:
        if question not in self._best:
            self._best[question] = self._vocabulary.best(question)
        return self._best[question]


@dataclass(frozen=True, slots=True)
class _Local:
    """What the pairs around a place say for one candidate."""

    place: int
    meant: str
    reason: Reason
    gain: float
    common_said: int
    common_meant: int
    rarity: float
    begins: bool
    ends: bool

    @property
    def promise(self) -> float:
        """What decides whether it is worth a search; weights of a fit like that of the odds."""
        return (
            0.34 * self.gain
            - 0.8 * self.common_said
            + 1.1 * self.common_meant
            + 0.2 * self.rarity
            - 1.3 * (self.reason is Reason.SHAPE)
            - 0.8 * (self.reason is Reason.NEAR_SOUND)
            + 1.4 * self.begins
            + 0.5 * self.ends
        )


def _local(run: str, start: int, known: _Known) -> Iterator[_Local]:
    """Weigh the candidates of every place of a run of Han by the pairs they would stand in."""
    total = known.size * _CHARS_OF_A_PASSAGE

    def share(char: str) -> float:
        return (known(char) + 0.1) / total

    def follows(first: str, second: str) -> float:
        smoothed = known(first + second) + _UNSEEN * share(second)
        return math.log(smoothed / (known(first) + _UNSEEN))

    for at, char in enumerate(run):
        before, after = run[at - 1 : at], run[at + 1 : at + 2]
        pairs = _pairs(before, char, after)
        common = sum(how_common(pair) for pair in pairs)
        beyond_doubt = common == 4 or all(known(pair) > known.size / 200 for pair in pairs)
        if char in _FUNCTION or beyond_doubt:
            continue

        def likely(c: str, before: str = before, after: str = after) -> float:
            left = follows(before, c) if before else math.log(share(c))
            return left + (follows(c, after) if after else 0.0)

        said = likely(char)
        for other in confusables(char):
            if other.char in _FUNCTION or not known(other.char):
                continue
            gain = likely(other.char) - said
            if gain > 2:
                yield _Local(
                    place=start + at,
                    meant=other.char,
                    reason=other.reason,
                    gain=gain,
                    common_said=common,
                    common_meant=sum(how_common(p) for p in _pairs(before, other.char, after)),
                    rarity=math.log((known.size + 1) / (known(other.char) + 1)),
                    begins=not before,
                    ends=not after,
                )


def _parts(gain: float) -> tuple[float, float, float]:
    """Cut a gain in score into parts that are weighed apart: the first half counts most."""
    return max(-0.5, min(gain, 0.5)), max(0.0, min(gain - 0.5, 1.0)), max(0.0, min(gain - 1.5, 1.5))


def _pairs(before: str, char: str, after: str) -> list[str]:
    return [pair for pair in (before + char, char + after) if len(pair) == 2]


def _longest(text: str, place: int, passages: Sequence[str]) -> int:
    """The longest piece of a text around a place that stands in one of the passages."""
    longest = 0
    for passage in passages:
        while longest < 5 and any(
            text[first : first + longest + 1] in passage
            for first in range(max(0, place - longest), min(place, len(text) - longest - 1) + 1)
        ):
            longest += 1
    return longest


def _doubled(question: str, known: _Known) -> Iterator[Change]:
    """A character typed twice: 手机机银行, where a passage has the wording with it once."""
    folded = fold(question)
    for run in _HAN.finditer(folded):
        for place in range(run.start() + 1, run.end()):
            twice = folded[place - 1 : place + 1]
            if twice[0] != twice[1] or twice[0] in _FUNCTION or known(twice):
                continue
            once = folded[:place] + folded[place + 1 :]
            if _longest(once, place - 1, known.best(once)[1]) >= _WORDING:
                yield Change(place, place + 1, question[place], "", Kind.EDIT)


def _words(question: str, known: _Known) -> Iterator[Change]:
    """Latin words that the collection lacks though it has one that differs by a slip."""
    for match in _LATIN.finditer(question):
        said = match.group().lower()
        (term, *_) = terms(said)
        if known(term) or known(said) or how_common(term) or how_common(said):
            continue
        meant = _nearest_word(term, known)
        if meant is not None:
            # A term is in the singular; the plural is shown where it is nearer to what was said.
            numbers = (meant, meant + "s", meant[:-1] + "ies")
            shown = min((_distance(said, word, most=4), word) for word in numbers)[1]
            shown = shown.upper() if match.group().isupper() else shown
            shown = shown.capitalize() if match.group().istitle() else shown
            yield Change(match.start(), match.end(), match.group(), shown, Kind.EDIT)


def _nearest_word(term: str, known: _Known) -> str | None:
    """The one word that was probably meant: fewest slips, then far more frequent than the next."""
    # A slip is hardly ever in the first letter, unless the first two changed places; and amass,
    # which is no slip, is one letter from mass.
    near: list[tuple[int, int, str]] = []
    for prefix in dict.fromkeys((term[0], term[1::-1])):
        for word, count in known.words(prefix):
            if not word.startswith(term[0]) and len(word) != len(term):
                continue
            if abs(len(word) - len(term)) > 2 or not word.isascii() or not word.isalpha():
                continue
            allowed = 2 if min(len(word), len(term)) >= _LONG_WORD else 1
            slips = _distance(term, word, most=allowed)
            if slips <= allowed and not _inflected(term, word):
                near.append((slips, -count, word))
    if not near:
        return None
    near.sort()
    slips, count, word = near[0]
    rivals = [-c for s, c, _ in near[1:] if s == slips]
    return word if -count >= 3 * max(rivals, default=0) and (slips == 1 or -count >= 2) else None


def _inflected(one: str, other: str) -> bool:
    """Whether two words differ by their endings alone: founded and founder are two words."""
    shorter = min(len(one), len(other))
    shared = next((i for i in range(shorter) if one[i] != other[i]), shorter)
    return {one[shared:], other[shared:]} <= _ENDINGS


def _distance(one: str, other: str, *, most: int) -> int:
    """Slips between two words: letters missing, added, changed or swapped (Damerau's four).

    Counting stops above ``most``. This is the "optimal string alignment" form.
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        last, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and b == one[i - 2]:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(*row, *before) > most:
            return most + 1
    return row[-1]


def _apply(question: str, changes: Sequence[Change]) -> str:
    for change in reversed(changes):
        question = question[: change.start] + change.meant + question[change.end :]
    return question


def _in_script(meant: str, place: int, text: str) -> str:
    """The character in the script of the question: 銀 for 银 where the question is traditional."""
    if _converted("t2s", text) == text:
        return meant
    folded = fold(text)
    run = folded[max(0, place - 3) : place] + meant + folded[place + 1 : place + 4]
    traditional = _converted("s2t", run)
    return traditional[min(3, place)] if len(traditional) == len(run) else meant


def _converted(name: str, text: str) -> str:
    converted: str = _converter(name).convert(text)
    return converted


@cache
def _converter(name: str) -> "opencc.OpenCC":
    import opencc

    return opencc.OpenCC(name)
