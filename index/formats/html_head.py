"""What an HTML page declares about itself: title, author, source, date, tags.

Comes in: a parsed page, and for the title what its text shows. Goes out: the declared fields,
metas before marked elements, linked data before both. Broken declarations say nothing.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from index.dates import Day, parse_date
from index.fold import fold
from index.formats.parsed import Block
from index.metadata import same_words, split_tags

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

__all__ = ["Head", "choose_title", "read_head"]


@dataclass(frozen=True, slots=True)
class Head:
    """What a page declares about itself; None or empty where it says nothing."""

    title: str | None
    author: str | None
    source: str | None
    publisher: str | None
    published: Day | None
    url: str | None
    language: str | None
    tags: tuple[str, ...]
    extra: Mapping[str, object]


_DATE_METAS = (
    "article:published_time", "og:published_time", "og:article:published_time", "publishdate",
    "publish_date", "pubdate", "publish-date", "publication_date", "datepublished",
    "parsely-pub-date", "sailthru.date", "dc.date.issued", "dcterms.issued", "dc.date",
    "dcterms.date",
    "dcterms.created", "weibo: article:create_at", "article:create_at", "date", "og:release_date",
)  # fmt: skip
_AUTHOR_METAS = (
    "author",
    "article:author",
    "og:article:author",
    "byl",
    "dc.creator",
    "parsely-author",
    "sailthru.author",
)
_SOURCE_METAS = (
    "source",
    "mediaid",
    "article:source",
    "og:source",
    "copyright-source",
    "contentsource",
)


def read_head(tree: "LexborHTMLParser") -> Head:
    """Read the metas, the linked data and the title of a page."""
    metas: dict[str, str] = {}
    for node in tree.css("meta[content]"):
        attributes = node.attributes
        name = attributes.get("property") or attributes.get("name") or attributes.get("itemprop")
        content = " ".join((attributes.get("content") or "").split())
        if name and content:
            metas.setdefault(name.strip().lower(), content)
    linked = _json_ld(tree)
    published = _first_date([linked.get("published", "")] + [metas.get(n, "") for n in _DATE_METAS])
    if published is None:
        times = tree.css("time[datetime], [itemprop=datePublished]")[:4]
        marked = [
            n
            for n in times
            if n.attributes.get("itemprop") == "datePublished" or "pubdate" in n.attributes
        ]
        for node in marked or times[:1]:
            a = node.attributes
            published = published or _first_date(
                [a.get("datetime") or "", a.get("content") or "", node.text()]
            )
    author = linked.get("author") or next((metas[n] for n in _AUTHOR_METAS if n in metas), None)
    credited = tree.css_first("[rel=author], [itemprop=author]")
    if author is None and credited is not None:
        author = " ".join(credited.text().split())
    canonical = tree.css_first("link[rel=canonical]")
    urls = [
        canonical.attributes.get("href") if canonical is not None else None,
        metas.get("og:url"),
        linked.get("url"),
    ]
    title = tree.css_first("head title, title")
    page = tree.css_first("html")
    tags = [n.attributes.get("content") or "" for n in tree.css('meta[property="article:tag"]')]
    return Head(
        title=linked.get("title")
        or metas.get("og:title")
        or metas.get("articletitle")
        or metas.get("twitter:title")
        or (" ".join(title.text().split()) if title is not None else None)
        or None,
        author=author if author and not re.match("https?://", author) else None,
        source=next((metas[n] for n in _SOURCE_METAS if n in metas), None),
        publisher=linked.get("publisher")
        or metas.get("og:site_name")
        or metas.get("application-name"),
        published=published,
        url=next((u for u in urls if u and re.match("https?://", u)), None),
        language=(page.attributes.get("lang") if page is not None else None),
        tags=tuple(tags) or split_tags(metas.get("keywords", "")),
        extra={"description": metas["description"]} if metas.get("description") else {},
    )


def _first_date(values: list[str]) -> Day | None:
    return next((day for v in values if v and (day := parse_date(v))), None)


_ARTICLE_TYPES = re.compile(r"article|posting|report|webpage$", re.IGNORECASE)


def _json_ld(tree: "LexborHTMLParser") -> dict[str, str]:
    """Headline, author, dates from the page's linked data; broken data says nothing."""
    found: dict[str, str] = {}
    for node in tree.css("script[type='application/ld+json']")[:10]:
        try:
            value = json.loads(node.text(deep=True).strip().removesuffix(";"))
        except (ValueError, RecursionError):
            continue
        for item in _items(value):
            kind = item.get("@type")
            kinds = kind if isinstance(kind, list) else [kind]
            if not any(isinstance(k, str) and _ARTICLE_TYPES.search(k) for k in kinds):
                continue
            for name, key in (
                ("title", "headline"),
                ("published", "datePublished"),
                ("url", "url"),
            ):
                if isinstance(item.get(key), str) and item[key].strip():
                    found.setdefault(name, " ".join(item[key].split()))
            for key in ("author", "publisher"):
                if names := _names(item.get(key)):
                    found.setdefault(key, "、".join(names))
    return found


def _items(value: object, depth: int = 0) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for item in value[:50]:
            yield from _items(item, depth + 1)
    elif isinstance(value, dict):
        yield cast("dict[str, Any]", value)
        if depth < 4:
            yield from _items(value.get("@graph"), depth + 1)


def _names(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    names = [v.get("name") if isinstance(v, dict) else v for v in values]
    return [
        " ".join(n.split()) for n in names if isinstance(n, str) and n.strip() and "://" not in n
    ]


# " - 新浪财经", "_网易新闻", "| Reuters": what a site adds to its titles.
_MAX_DECLARED = 300  # a longer title is no headline, and the pattern is quadratic
_SITE_SUFFIX = re.compile(r"\s*[-_–—|｜·]+\s*[^-_–—|｜]{2,24}$|\s+[-–—|]\s+[^-–—|]{2,40}$")


def choose_title(
    declared: str | None, headline: str | None, blocks: list[Block], *, site: str | None
) -> str | None:
    """The headline without the site's name.

    One suffix is taken for the site's name; a second only when it is that, because a headline may
    have a subtitle.
    """
    if not declared:
        return headline
    if headline and (same_words(headline, declared) or fold(headline) in fold(declared)):
        return headline
    shown = next(
        (
            b.text
            for b in blocks[:6]
            if len(b.text) >= 4 and fold(declared).startswith(fold(b.text))
        ),
        None,
    )
    if shown:
        return shown
    short = declared
    for first in (True, False):
        match = _SITE_SUFFIX.search(short) if len(short) <= _MAX_DECLARED else None
        if match is None or match.start() < 6:
            break
        if first or (site and same_words(match[0], site)):
            short = short[: match.start()]
    # A headline that shares nothing with the declared title is the site's own name.
    return short or headline
