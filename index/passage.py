"""A passage: a chunk found for a question, with the scores that found it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from index.article import Article, Chunk
from index.errors import UsageError
from index.fold import fold

__all__ = ["NO_FILTERS", "Filters", "Hit", "Passage"]


@dataclass(frozen=True, slots=True)
class Hit:
    """One row of one leg's ranking. ``row`` is the chunk's number in its generation."""

    row: int
    score: float


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk found for a question.

    Scores rise with relevance. ``lexical`` and ``dense`` are the legs' own scores, None where
    the leg did not return the chunk; ``score`` is the fused one. ``reprints`` are the ids of
    the near-duplicate articles that were collapsed into this one.
    """

    chunk: Chunk
    article: Article
    score: float
    lexical: float | None = None
    dense: float | None = None
    reprints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Filters:
    """Which articles may answer. Both legs apply it before they rank.

    Dates are inclusive. An article without a date passes no date filter, one without a source
    no source filter. Values within one field are alternatives; fields are combined with "and".
    Sources, languages and tags are compared folded (case, width, script), and in full.
    """

    since: date | None = None
    until: date | None = None
    sources: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a range that ends before it begins."""
        if self.since and self.until and self.until < self.since:
            raise UsageError(
                f"the date range ends before it begins: since {self.since} until {self.until}; "
                "swap the two dates"
            )

    def __bool__(self) -> bool:
        """True when anything is filtered at all."""
        return bool(self.since or self.until or self.sources or self.languages or self.tags)

    def match(
        self,
        *,
        published: date | None,
        source: str | None,
        language: str,
        tags: Sequence[str],
    ) -> bool:
        """Tell whether an article with this metadata may answer."""
        if (self.since or self.until) and published is None:
            return False
        if self.since and published and published < self.since:
            return False
        if self.until and published and published > self.until:
            return False
        if self.sources and (source is None or fold(source) not in map(fold, self.sources)):
            return False
        if self.languages and fold(language) not in map(fold, self.languages):
            return False
        return not self.tags or not {fold(t) for t in tags}.isdisjoint(map(fold, self.tags))


NO_FILTERS = Filters()
"""Every article may answer."""
