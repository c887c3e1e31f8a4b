"""Where the gold of a case stands in an index: articles by name, quotes by their characters.

In: an open index. Out: for a case, the spans of its gold. Holds the names of the articles, not
their texts.
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from eval.cases import Case, GoldSpan, locate
from eval.metrics.citations import Span
from index.errors import UsageError
from index.search import Index

__all__ = ["Gold", "GoldFinder"]


@dataclass(frozen=True, slots=True)
class Gold:
    """The needed facts, each with its alternatives as ``(article id, start, end)``.

    ``facts`` has a whole article where a case names no quote; ``quoted`` has nothing there.
    """

    facts: tuple[tuple[Span, ...], ...] = ()
    quoted: tuple[tuple[Span, ...], ...] = ()


class GoldFinder:
    """Finds gold in one index. Safe to share by threads."""

    def __init__(self, index: Index) -> None:
        """Read the names of all articles; ``latest`` is the day of the newest, None without one."""
        self._index = index
        self.latest: date | None = None
        paths = {}
        for article in index.articles():
            paths[article.path] = article.id
            if article.published and (self.latest is None or article.published > self.latest):
                self.latest = article.published
        # A path goes before an id that happens to be spelt like it.
        self._ids = {article_id: article_id for article_id in paths.values()} | paths
        self.text = lru_cache(maxsize=64)(self._text)

    def locate(self, case: Case) -> Gold:
        """Find the gold of a case.

        Raises:
            UsageError: an article is not in the index, or a quote not exactly once in it.
        """
        facts = [[(self._span(span), span.quote) for span in fact] for fact in case.gold]
        return Gold(
            tuple(tuple(span for span, _ in fact) for fact in facts),
            tuple(tuple(span for span, quote in fact if quote is not None) for fact in facts),
        )

    def _span(self, gold: GoldSpan) -> Span:
        if gold.article not in self._ids:
            raise UsageError(
                f"the gold article {gold.article} is not in the index; index the collection that "
                "the cases were written for"
            )
        article_id = self._ids[gold.article]
        return (article_id, *locate(gold, self.text(article_id)))

    def _text(self, article_id: str) -> str:
        return self._index.article(article_id).text
