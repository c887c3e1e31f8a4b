"""One article as the page's panel shows it: cut into runs around the cited characters.

In: an Article and a span in code points. Out: plain JSON values. The cutting is done here
because JavaScript counts UTF-16 units: every astral character before a quote would shift it.
Text goes out as it is; the panel writes it with ``textContent`` only.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import TypedDict, TypeVar

from index.article import Article
from index.errors import UsageError
from ui.untrusted import web_url

__all__ = ["ArticleView", "Run", "view_article"]

T = TypeVar("T")

CONTEXT_CHARS = 20_000
"""How much is sent on either side of a quote unless all is asked for: several screens, and a
5 MB article still opens at once."""


class Run(TypedDict):
    """A stretch of text of one kind. ``heading`` is 0 for body text; ``damage`` says what the
    source had lost here.
    """

    text: str
    heading: int
    damage: str | None


class ArticleView(TypedDict):
    """What the panel needs. ``before + quote + after`` is the text, less what was cut."""

    id: str
    title: str
    source: str | None
    author: str | None
    published: str | None
    path: str
    language: str
    url: str | None
    url_text: str | None
    before: list[Run]
    quote: list[Run]
    after: list[Run]
    cut_before_chars: int
    cut_after_chars: int


def view_article(article: Article, *, start: int, end: int, whole: bool = False) -> ArticleView:
    """Cut an article around the span ``start`` to ``end``; an empty span quotes nothing.

    ``url`` is set only when the page may link to it; ``url_text`` is what the article says.

    Raises:
        UsageError: the span does not lie inside the article.
    """
    size = len(article.text)
    if not 0 <= start <= end <= size:
        raise UsageError(
            f"span {start}-{end} is not inside article {article.id} of {size} characters"
        )
    first = 0 if whole else max(0, start - CONTEXT_CHARS)
    last = size if whole else min(size, end + CONTEXT_CHARS)
    return ArticleView(
        id=article.id,
        title=article.title,
        source=article.source,
        author=article.author,
        published=article.published.isoformat() if article.published else None,
        path=article.path,
        language=article.language,
        url=web_url(article.url),
        url_text=article.url,
        before=_runs(article, first, start),
        quote=_runs(article, start, end),
        after=_runs(article, end, last),
        cut_before_chars=first,
        cut_after_chars=size - last,
    )


def _runs(article: Article, first: int, last: int) -> list[Run]:
    """Cut ``article.text[first:last]`` where a heading or a damaged spot begins or ends."""
    headings = sorted(
        (h.start, h.end, h.level) for h in article.headings if h.start < last and h.end > first
    )
    damages = sorted(
        (d.start, d.end, d.reason) for d in article.damages if d.start < last and d.end > first
    )
    cuts = {first, last}
    for start, end, _ in (*headings, *damages):
        cuts.update(at for at in (start, end) if first < at < last)
    edges = sorted(cuts)
    return [
        Run(
            text=article.text[start:end],
            heading=_covering(headings, start, end) or 0,
            damage=_covering(damages, start, end),
        )
        for start, end in pairwise(edges)
    ]


def _covering(spans: Sequence[tuple[int, int, T]], start: int, end: int) -> T | None:
    """Return what the last of the sorted spans that covers ``start`` to ``end`` carries."""
    at = bisect_right(spans, start, key=lambda span: span[0]) - 1
    if at >= 0 and spans[at][1] >= end:
        return spans[at][2]
    return None
