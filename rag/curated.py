"""Curated answers over one index: which are sound, and which of them a question gets.

In: a file of entries (`rag.curated_file`) and an open index. Every quote is looked up in its
article anew when an index is opened, so that ``article.text[start:end] == quote`` holds for what
is served; an entry of which a quote is gone is left out, with the reason. Whether two questions
are one is `rag.paraphrase`'s to say. Knows nothing of how an answer is shown.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from pathlib import Path

from index.aliases import Aliases
from index.article import Article
from index.embed import bundled
from index.errors import UsageError
from index.fold import fold
from index.language import detect_language
from index.passage import NO_FILTERS, Filters
from index.search import Index
from index.vectors import Vectors
from rag.curated_file import Entry, Problem, Quote, read_curated
from rag.generate import Draft, Span, Task
from rag.paraphrase import THRESHOLD, Phrasing, difference, likeness, read_phrasing
from rag.schema import Approval

__all__ = ["Curated", "CuratedAnswer", "State", "check_curated", "open_curated", "state_of"]

_log = logging.getLogger(__name__)


_SHOWN = 40
"""Characters of a quote that an error shows."""


class State(StrEnum):
    """Whether an entry is served on a day."""

    VALID = "valid"
    NOT_YET = "not yet"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class CuratedAnswer:
    """An entry with its quotes found; a generator that gives what was approved.

    ``match`` is how alike the question and the wording are that led here.
    """

    entry: Entry
    sentences: tuple[Draft, ...]
    match: float = 1.0
    name: str = "curated"

    @property
    def approval(self) -> Approval:
        """By whom it was approved, and for when."""
        entry = self.entry
        return Approval(
            entry.id,
            entry.approved_by,
            entry.valid_from.isoformat() if entry.valid_from else None,
            entry.valid_until.isoformat() if entry.valid_until else None,
        )

    def drafts(self, task: Task) -> Iterator[Draft]:  # noqa: ARG002 - whatever was found for it
        """Give the sentences as they were approved."""
        return iter(self.sentences)


@dataclass(frozen=True, slots=True)
class _Wording:
    """One question of an entry; ``vector`` is ``(dim,)``, of unit length."""

    answer: CuratedAnswer
    phrasing: Phrasing
    vector: Vectors


class Curated:
    """The sound entries of a file, ready to be matched. Safe to share by threads."""

    def __init__(self, answers: Sequence[CuratedAnswer], *, aliases: Aliases) -> None:
        """Read every wording once; ``open_curated`` checks the entries before."""
        self._aliases = aliases
        self._wordings: dict[object, list[_Wording]] = {}
        rows = [(answer, q) for answer in answers for q in answer.entry.questions]
        phrasings = [read_phrasing(question, aliases) for _, question in rows]
        vectors = bundled().embed_questions([p.text for p in phrasings]) if rows else ()
        for (answer, _), phrasing, vector in zip(rows, phrasings, vectors, strict=True):
            wording = _Wording(answer, phrasing, vector)
            self._wordings.setdefault(phrasing.key, []).append(wording)

    def find(
        self, question: str, *, day: date, filters: Filters = NO_FILTERS, has_aliases: bool = True
    ) -> CuratedAnswer | None:
        """Find the approved answer to a question that stands by itself; None where there is none.

        An entry that is not valid on ``day``, is for another language, or cites an article that
        the filters exclude is none. Of several the one whose wording is most alike is taken, of
        equals the first in the file. ``has_aliases`` is false where a person said that the names
        in the question mean nothing else.
        """
        asked = read_phrasing(question, self._aliases if has_aliases else None)
        candidates = [
            wording
            for wording in self._wordings.get(asked.key, ())
            if wording.answer.entry.is_valid_on(day)
            and _passes(wording.answer, filters)
            and not difference(asked, wording.phrasing)
        ]
        if not candidates:
            return None
        language = detect_language(question)
        (vector,) = bundled().embed_questions([asked.text])
        best: CuratedAnswer | None = None
        for wording in candidates:
            score = likeness(asked, wording.phrasing, float(wording.vector @ vector))
            entry = wording.answer.entry
            needed = THRESHOLD if entry.min_match is None else entry.min_match
            is_fitting = score >= needed and entry.language in (None, language)
            if is_fitting and (best is None or score > best.match):
                best = replace(wording.answer, match=score)
        return best


def open_curated(path: Path, index: Index, *, aliases: Aliases) -> Curated:
    """Open a file for answering: what is wrong with it is logged and left out.

    Raises:
        UsageError: the file cannot be read, or is no TOML.
    """
    answers, problems = check_curated(path, index, aliases=aliases)
    for problem in problems:
        _log.warning("%s: %s (not served until this is mended)", path, problem)
    return Curated(answers, aliases=aliases)


def check_curated(
    path: Path, index: Index, *, aliases: Aliases
) -> tuple[tuple[CuratedAnswer, ...], tuple[Problem, ...]]:
    """Hold a file against an index: the entries that can be served, and all problems.

    Raises:
        UsageError: the file cannot be read, or is no TOML.
    """
    entries, found = read_curated(path)
    problems = list(found)
    broken = {problem.entry for problem in found}
    sound: list[CuratedAnswer] = []
    owners: dict[object, list[tuple[Entry, Phrasing]]] = {}
    for entry in entries:
        drafts, wrong = [], []
        for number, line in enumerate(entry.lines, start=1):
            spans = []
            for quote in line.quotes:
                try:
                    spans.append(_find_quote(quote, index))
                except UsageError as error:
                    wrong.append(f"sentence {number}: {error}")
            drafts.append(Draft(line.text, tuple(spans), approved=True))
        wrong += _questions(entry, owners, aliases)
        problems += [Problem(entry.name, what) for what in wrong]
        if not wrong and entry.name not in broken:
            sound.append(CuratedAnswer(entry, tuple(drafts)))
    return tuple(sound), tuple(problems)


def state_of(entry: Entry, day: date) -> State:
    """Tell whether an entry is served on a day, will be, or was."""
    if entry.is_valid_on(day):
        return State.VALID
    return State.NOT_YET if entry.valid_from and day < entry.valid_from else State.EXPIRED


def _passes(answer: CuratedAnswer, filters: Filters) -> bool:
    return not filters or all(
        filters.match(
            published=span.article.published,
            source=span.article.source,
            language=span.article.language,
            tags=span.article.tags,
        )
        for draft in answer.sentences
        for span in draft.spans
    )


def _find_quote(quote: Quote, index: Index) -> Span:
    """Find the characters of a quote; raises UsageError that says why there are none."""
    article = _find_article(quote.article, index)
    at = -1
    for found in range(quote.nth):
        at = article.text.find(quote.text, at + 1)
        if at < 0:
            raise UsageError(_why_not_found(quote, article, found))
    return Span(article, at, at + len(quote.text))


def _find_article(name: str, index: Index) -> Article:
    ids = index.ids_at(name)
    if len(ids) > 1:
        raise UsageError(
            f"{len(ids)} articles have the path {name}; name one by its id "
            "(youju info --articles lists them)"
        )
    try:
        return index.article(ids[0] if ids else name)
    except KeyError:
        raise UsageError(
            f"no article has the id or path {name!r}; youju info --articles lists both"
        ) from None


def _why_not_found(quote: Quote, article: Article, found: int) -> str:
    said = f"the quote {_short(quote.text)!r}"
    if found:
        return f"{said} stands {found} times in {article.path}, nth is {quote.nth}; correct nth"
    # Folding keeps offsets: what differs in script, width or case only can be shown as it is.
    at = fold(article.text).find(fold(quote.text))
    if at >= 0:
        real = article.text[at : at + len(quote.text)]
        return f"{said} is written {_short(real)!r} in {article.path}; copy it from there"
    return (
        f"{said} is not in {article.path} (any more); copy the exact characters, "
        f"youju show {article.id} prints them"
    )


def _questions(
    entry: Entry, owners: dict[object, list[tuple[Entry, Phrasing]]], aliases: Aliases
) -> Iterator[str]:
    """Say what is wrong with the questions of an entry; ``owners`` has those of entries before it.

    Two entries may not answer the same question on the same day.
    """
    own: list[tuple[object, Phrasing]] = []
    for question in entry.questions:
        phrasing = read_phrasing(question, aliases)
        if not phrasing.tokens and not phrasing.facts:
            yield f"the question {question!r} does not say what it is about; write it out"
            continue
        own.append((phrasing.key, phrasing))
        for other, asked in owners.get(phrasing.key, ()):
            if _meet(entry, other) and not difference(phrasing, asked):
                yield (
                    f"the question {question!r} is answered by {other.name} on the same days; "
                    "take it out of one, or let one end before the other begins"
                )
                break
    for key, phrasing in own:
        owners.setdefault(key, []).append((entry, phrasing))


def _meet(one: Entry, other: Entry) -> bool:
    if one.language and other.language and one.language != other.language:
        return False
    return (one.valid_from or date.min) <= (other.valid_until or date.max) and (
        other.valid_from or date.min
    ) <= (one.valid_until or date.max)


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
