"""From what a person typed to what both legs look for, with every step on record.

In: a question, its dialogue, the filters that were set, the day. Out: a ``Reading``: the question
completed from the dialogue, the other names of what it names, the dates it speaks of, the sides
it compares, and how a slip in it might have been meant. A step is shown to the person, who can
take it back: it is named in ``without`` then. Nothing here knows how passages are ranked.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from index.aliases import Aliases, AliasMatch, variants
from index.passage import Filters
from index.search import Index
from rag.comparison import compared_in, joined_names, sides_of
from rag.config import Config
from rag.dates import DateHint, filters_of, load_periods, read_dates
from rag.question import Asked, Kind, Question, read_question
from rag.retrieve import Search
from rag.rewrite import Rewriting, open_rewriter, rewrite_or_complete
from rag.spelling import IndexVocabulary, Suggestion, suggest

__all__ = ["Reading", "Step", "Understander"]


_LATE_DAYS = 365
"""An article tells of a time when it is over: how much later it may appear and still be found.
Within that, dates nearer to what was asked for go first (docs/decisions/0007)."""


class Step(StrEnum):
    """A step of understanding that can be left out."""

    REWRITING = "rewriting"
    ALIASES = "aliases"
    DATES = "dates"


@dataclass(frozen=True, slots=True)
class Reading:
    """A question understood.

    Offsets of ``aliases`` and ``dates`` count in the question as it is searched for.
    ``rewriting`` is None where the question stands by itself. ``suggestion`` is only offered:
    what was typed is what is searched for. ``without`` are the steps that were taken back.
    ``compared`` are the sides of a comparison, each with all of its names, the said one first.
    """

    search: Search
    rewriting: Rewriting | None
    aliases: tuple[AliasMatch, ...]
    dates: tuple[DateHint, ...]
    suggestion: Suggestion | None
    without: frozenset[Step] = frozenset()
    compared: tuple[tuple[str, ...], ...] = ()

    def unlimited(self, filters: Filters) -> "Reading":
        """The same reading with its dates as preferences only, under the filters that were set."""
        dates = tuple(replace(hint, limits=False) for hint in self.dates)
        search = replace(self.search, filters=filters, hints=dates)
        return replace(self, search=search, dates=dates)

    @property
    def question(self) -> Question:
        """The question as it is searched for."""
        return self.search.question


class Understander:
    """Reads questions about one index. Safe to share by threads."""

    def __init__(self, index: Index, *, config: Config) -> None:
        """Load the user's own aliases and periods, where the configuration names some.

        Raises:
            UsageError: one of these files is missing or wrong, or the rewriter's address is.
        """
        self._index = index
        self._longest = config.answer.max_question_chars
        own = config.question
        self.aliases = Aliases.load(Path(own.aliases) if own.aliases else None)
        self._periods = load_periods(Path(own.periods) if own.periods else None)
        self._rewriter = open_rewriter(own.rewriter) if own.rewriter else None

    def names_in(self, text: str) -> tuple[AliasMatch, ...]:
        """Find the known names in any text."""
        return self.aliases.find(text)

    def read(self, request: Asked) -> Reading:
        """Understand one question.

        Raises:
            UsageError: nothing to search for is in it, it is too long, or it names a range of
                dates that ends before it begins.
        """
        text, skipped = request.question, frozenset(map(Step, request.without))
        typed = read_question(text, max_chars=self._longest)
        rewriting = None
        if request.dialogue and Step.REWRITING not in skipped:
            made = rewrite_or_complete(
                self._rewriter, typed.text, request.dialogue, names=_spans(self.aliases)
            )
            rewriting = made if made.text != typed.text else None
        question = typed
        if rewriting is not None:
            question = read_question(text, rewritten=rewriting.text, max_chars=self._longest)
        asked = question.searched
        aliases = () if Step.ALIASES in skipped else self.aliases.find(asked)
        dates: tuple[DateHint, ...] = ()
        if Step.DATES not in skipped:
            dates = read_dates(asked, today=request.today, periods=self._periods)
        sides = joined_names(asked, [(m.start, m.end) for m in aliases if not m.is_product])
        if not sides and question.kind is Kind.COMPARISON:
            sides = compared_in(asked)
        search = Search(
            question,
            filters=_narrowed(request.filters, dates),
            names=tuple((match.said, *match.names) for match in aliases),
            variants=variants(asked, aliases) if aliases else (),
            sides=sides_of(asked, sides),
            hints=dates,
        )
        suggestion = suggest(typed.text, vocabulary=IndexVocabulary(self._index))
        compared = tuple(_names_of(asked, side, aliases) for side in sides)
        return Reading(search, rewriting, aliases, dates, suggestion, skipped, compared)


def _spans(aliases: Aliases) -> Callable[[str], list[tuple[int, int]]]:
    """Where a text names somebody: a product stays when whoever offers it changes."""
    return lambda text: [(m.start, m.end) for m in aliases.find(text) if not m.is_product]


def _names_of(asked: str, side: tuple[int, int], aliases: Sequence[AliasMatch]) -> tuple[str, ...]:
    """What a side is called: as it was said, and by the names of what is named in it."""
    start, end = side
    inside = [m for m in aliases if start <= m.start and m.end <= end]
    names = [asked[start:end], *(name for m in inside for name in (m.said, *m.names))]
    return tuple(dict.fromkeys(names))


def _narrowed(filters: Filters, dates: Sequence[DateHint]) -> Filters:
    """Add the dates that the question limits itself to; dates that a person set go first."""
    if filters.since or filters.until:
        return filters
    since, until = filters_of(dates, late_days=_LATE_DAYS)
    return replace(filters, since=since, until=until) if since or until else filters
