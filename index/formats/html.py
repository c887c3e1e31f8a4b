"""HTML: the main text of a page, or all text of a fragment, and what its head declares.

Comes in: decoded text. Goes out: blocks in reading order and declared fields (read by
``index.formats.html_head``).

Where a page marks its article (article, main, itemprop=articleBody, the class names that Chinese
newsrooms use) that is taken. Where it does not, trafilatura says which text is the article, and
the smallest element that holds it is taken; one walk takes every text apart. Nesting is bounded
before parsing, because the parser's time is quadratic in it.
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from index.errors import UnreadableError
from index.fold import fold
from index.formats.html_head import choose_title, read_head
from index.formats.parsed import Block, Fields, Kind, Parsed
from index.formats.plain import join_lines

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

__all__ = ["blocks_of", "declared_encoding", "parse", "parse_fragment", "tag_depth"]

# Real pages stay below 100. The parser needs 2.4 s for 40,000 levels and 243 s for 200,000.
_MAX_DEPTH = 1000
# How far into a file a browser looks for its encoding.
_PRESCAN_BYTES = 2048

# Names only: attributes and "/>" do not change how a page is nested. Linear on any input.
_TAG = re.compile(r"<!--(?:-?>|.*?(?:-->|\Z))|<(/?)([a-zA-Z][a-zA-Z0-9:-]*)", re.DOTALL)
_OPAQUE = re.compile(r"<(script|style)\b.*?(?:</\1\b|\Z)", re.DOTALL | re.IGNORECASE)
_VOID = frozenset(
    [
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param",
        "source", "track", "wbr",
    ]
)  # fmt: skip
# Closed by their own kind or by the end of their parent: leaving them open nests nothing.
_IMPLIED = frozenset(
    [
        "p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot", "colgroup", "option",
        "optgroup", "rt", "rp", "html", "head", "body",
    ]
)  # fmt: skip

_DROPPED = frozenset(
    [
        "script", "style", "noscript", "template", "head", "nav", "aside", "footer", "form",
        "button", "select", "textarea", "input", "iframe", "object", "embed", "svg", "canvas",
        "audio", "video", "map", "dialog", "menu", "rt", "rp", "title", "link", "meta",
        "-comment",
    ]
)  # fmt: skip
_BLOCKS = frozenset(
    [
        "p", "div", "section", "article", "main", "header", "h1", "h2", "h3", "h4", "h5", "h6",
        "ul", "ol", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tfoot", "tr", "td", "th",
        "caption", "blockquote", "pre", "figure", "figcaption", "address", "hr", "center",
        "details", "summary", "fieldset", "legend", "hgroup", "body", "html", "search", "aside",
        "nav", "footer",
    ]
)  # fmt: skip
# Parts of a page that its class or id names. Matched against whole words of the names.
_ASIDE_NAMES = re.compile(
    r"(?:^|[\s_-])(?:nav|navbar|navigation|menu|breadcrumbs?|crumbs?|crumb-nav|sidebar|"
    r"side-bar|side|footer|foot|comments?|comment-list|"
    r"disqus|respond|related|relate|recommend(?:ed|ation|ations)?|suggest(?:ed|ions)?|readmore|"
    r"read-more|share|sharing|bdsharebuttonbox|social|"
    r"ads?|advert(?:s|isement|isements)?|adsbygoogle|banner|sponsor(?:ed)?|promo|copyright|"
    r"copyrights|pagination|pager|pages|page-nav|"
    r"toolbar|toolbox|archives?|rank(?:ing|list)?|hot|hotnews|hot-news|popular|newsletter|"
    r"subscribe|login|search|qrcode|"
    r"prev-next|prevnext|post-nav|post-navigation|pre-next|friendlink|friend-links?|links|skip|"
    r"skip-link|cookie|cookies|popup|modal|toc)(?=$|[\s_-])"
)
# Inside an element that the page marks as its article, "hot", "side" or "links" may be the name of
# a section; these are not.
_SURE_ASIDE_NAMES = re.compile(
    r"(?:^|[\s_-])(?:nav|navbar|navigation|breadcrumbs?|crumb-nav|sidebar|side-bar|footer|comments?|"
    r"comment-list|disqus|respond|related|recommend(?:ed|ation|ations)?|readmore|read-more|share|"
    r"sharing|bdsharebuttonbox|ads?|advert(?:s|isement|isements)?|adsbygoogle|sponsor(?:ed)?|"
    r"copyrights?|pagination|pager|page-nav|toolbar|hotnews|hot-news|ranklist|newsletter|"
    r"subscribe|qrcode|prev-next|prevnext|post-nav|post-navigation|pre-next|friendlink|"
    r"friend-links?|skip-link|cookies?|toc)(?=$|[\s_-])"
)
_WEAK_NAMES = re.compile(r"^(?!.*(?:comment|disqus|respond|footer|navbar|navigation|breadcrumb))")
_ASIDE_ROLES = frozenset(
    {"navigation", "banner", "contentinfo", "complementary", "search", "menu", "dialog"}
)
# In this order; the first that holds enough text is the article.
_MAIN = (
    "[itemprop=articleBody]",
    "article",
    ".TRS_Editor, #artibody, #article_content, .article-content, .article_content, "
    ".articleContent, "
    "#articleContent, .article-body, .article_body, .article-text, .post-content, "
    ".post_content, .entry-content, .content-article, "
    "#js_content, .rich_media_content, .news-content, .news_content, .newsContent, "
    ".main-content-text, "
    "#zoom, #Zoom, #ContentBody, #p-detail, .text_area, .detail-content, .detail_content, "
    "#endText, .post_body",
    "main, [role=main]",
)
_MIN_MAIN = 60
# A search for the main element stops above these: a paragraph alone has lost its heading.
_LEAVES = frozenset(
    {"p", "span", "a", "b", "strong", "table", "tbody", "tr", "ul", "ol", "li", "pre"}
)

_CHARSET = re.compile(rb"<meta[^>]{0,300}?charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"^\s*<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([\w.:-]{2,40})")


def declared_encoding(data: bytes) -> str | None:
    """The encoding that a page claims for itself, unchecked."""
    start = data[:_PRESCAN_BYTES]
    match = _CHARSET.search(start) or _XML_ENCODING.search(start)
    return match[1].decode("ascii") if match else None


def parse(text: str) -> Parsed:
    """Take a page apart: its article and its metadata.

    Raises:
        UnreadableError: nested beyond what can be parsed, or a page whose text cannot be found.
    """
    tree = _tree(text)
    root = tree.body or tree.root
    fields = read_head(tree)
    if root is None:
        raise UnreadableError("the page has no body")
    _unwrap_form(root)
    headline = _headline(root)
    stamps = _stamp_lines(root)
    main, marked = _main(root, text)
    blocks = _walk(main, page=True, marked=marked)
    if not any(b.text.strip() for b in blocks) and main is not root:
        blocks = _walk(root, page=True)
    if not any(b.text.strip() for b in blocks):
        if _walk(root, page=False):
            raise UnreadableError("the page has text, but no article was found in it")
        raise UnreadableError("the page has no text")
    title = choose_title(fields.title, headline, blocks, site=fields.publisher)
    blocks = _with_stamps(blocks, stamps)
    extra = dict(fields.extra)
    return Parsed(
        tuple(blocks),
        Fields(
            title=title,
            author=fields.author,
            source=fields.source,
            publisher=fields.publisher,
            published=fields.published.value if fields.published else None,
            precision=fields.published.precision if fields.published else "day",
            url=fields.url,
            language=fields.language,
            tags=fields.tags,
            extra=extra,
        ),
    )


def _unwrap_form(root: "LexborNode") -> None:
    """Take off a form around the page, as ASP.NET puts it; others are searches and comments."""
    chars = len(_words(root.text(deep=True)))
    for form in root.css("form"):
        if 2 * len(_words(form.text(deep=True))) > chars:
            form.unwrap()


def parse_fragment(text: str) -> Parsed:
    """Take apart a piece of HTML that is all article."""
    return Parsed(tuple(blocks_of(text)))


def blocks_of(text: str) -> list[Block]:
    """The blocks of a piece of HTML, nothing of it left out but scripts, forms and the like."""
    tree = _tree(text)
    root = tree.body or tree.root
    return _walk(root, page=False) if root is not None else []


def _tree(text: str) -> "LexborHTMLParser":
    from selectolax.lexbor import LexborHTMLParser

    if tag_depth(text) > _MAX_DEPTH:
        raise UnreadableError(f"HTML tags are nested more than {_MAX_DEPTH} deep")
    return LexborHTMLParser(text)


def tag_depth(text: str) -> int:
    """How deep the tags of a page are nested at most, by a scan that builds nothing.

    It stops soon after the limit, so a bomb costs no more than a page. An estimate: a page can
    hide tags from it, which costs the parser time, and is why large pages have a guarded child.
    """
    depth = deepest = 0
    for match in _TAG.finditer(_OPAQUE.sub("", text)):
        name = (match[2] or "").lower()
        if not name or name in _VOID or name in _IMPLIED:
            continue
        if match[1]:
            depth = max(0, depth - 1)
        else:
            depth += 1
            deepest = max(deepest, depth)
            if deepest > 2 * _MAX_DEPTH:
                break
    return deepest


# --- the main text -------------------------------------------------------------------------------


def _main(root: "LexborNode", text: str) -> "tuple[LexborNode, bool]":
    """The element that holds the article, and whether the page marks it as that."""
    whole = _prose_chars(root)
    for selector in _MAIN:
        found = [node for node in root.css(selector) if not _inside_aside(node)]
        if not found:
            continue
        sized = [(_prose_chars(node, marked=True), -i) for i, node in enumerate(found)]
        best, at = max(sized)
        # Several of a kind and none much larger is a list of teasers.
        others = sorted((n for n, _ in sized), reverse=True)[1:2]
        if others and best < 2 * others[0]:
            continue
        if best >= _MIN_MAIN and best >= 0.25 * whole:
            return found[-at], True
    return _trafilatura_main(root, text) or _densest(root), False


def _trafilatura_main(root: "LexborNode", text: str) -> "LexborNode | None":
    """The smallest element that holds what trafilatura takes for the article."""
    if len(_words(root.text(deep=True))) < _MIN_MAIN:
        return None
    import trafilatura

    # It logs an error for a page that it cannot read; the reason for our user comes from us.
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    extracted = trafilatura.extract(text, include_comments=False, favor_recall=True)
    lines = [_words(line) for line in (extracted or "").split("\n")]
    wanted = sum(len(line) for line in lines if len(line) >= 8)
    if wanted < _MIN_MAIN:
        return None
    node = root
    while True:
        children = _children(node)
        smaller = None
        for child in children:
            # The only child of a bare wrapper holds what the wrapper holds.
            if len(children) == 1 and not _own_text(node):
                smaller = child
                break
            inside = _words(child.text(deep=True))
            held = sum(len(line) for line in lines if len(line) >= 8 and line in inside)
            if held >= 0.9 * wanted:
                smaller = child
                break
        if smaller is None or smaller.tag in _LEAVES:
            return node
        node = smaller


def _densest(root: "LexborNode") -> "LexborNode":
    """Go down while one child holds nearly all running text."""
    node, size = root, _prose_chars(root)
    while size:
        children = _children(node)
        if len(children) == 1 and not _own_text(node):
            child, held = children[0], size
        else:
            inner = [(c, _prose_chars(c)) for c in children]
            child, held = max(inner, key=lambda pair: pair[1], default=(node, 0))
        if held < 0.9 * size or child.tag in _LEAVES:
            break
        node, size = child, held
    return node


def _children(node: "LexborNode") -> list["LexborNode"]:
    return [child for child in node.iter() if child.tag not in _DROPPED]


def _own_text(node: "LexborNode") -> bool:
    return any(
        child.tag == "-text" and (child.text_content or "").strip()
        for child in node.iter(include_text=True)
    )


def _prose_chars(node: "LexborNode", *, marked: bool = False) -> int:
    """How much running text stands in an element, outside links and asides."""
    return sum(
        len(b.text) - b.linked
        for b in _walk(node, page=True, marked=marked)
        if b.linked < 0.5 * len(b.text) and (len(b.text) >= 20 or b.kind is not Kind.PARAGRAPH)
    )


def _words(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def _inside_aside(node: "LexborNode") -> bool:
    above = node.parent
    while above is not None and above.tag not in ("body", "html", None):
        if above.tag in ("nav", "aside", "footer", "form"):
            return True
        above = above.parent
    return False


def _is_aside(
    node: "LexborNode", attributes: Mapping[str, str | None], *, chars: int, marked: bool
) -> bool:
    """Navigation, comments, related links: by tag, role, visibility or name.

    ``marked`` says that the page marks the element around it as the article.
    """
    if attributes.get("role") in _ASIDE_ROLES or attributes.get("aria-hidden") == "true":
        return True
    if "hidden" in attributes or re.search(
        r"display\s*:\s*none|visibility\s*:\s*hidden", attributes.get("style") or ""
    ):
        return True
    names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}".strip().lower()
    if not names or node.tag in (
        "body",
        "html",
        "main",
        "article",
        "p",
        "a",
        "span",
        "b",
        "strong",
        "em",
    ):
        return False
    pattern = _SURE_ASIDE_NAMES if marked else _ASIDE_NAMES
    return pattern.search(names) is not None and not (
        # "hot-topic-body", "share-wrap": a name says little when it holds half of the page.
        _WEAK_NAMES.search(names) and len(node.text(deep=True)) > 0.5 * chars
    )


# --- the walk ------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Line:
    """The block that is being collected."""

    parts: list[str] = field(default_factory=list)
    linked: int = 0
    plain: int = 0


def _walk(root: "LexborNode", *, page: bool, marked: bool = False) -> list[Block]:
    """Take an element apart, block by block, with a stack of our own (pages nest deep).

    ``page`` leaves out what belongs to the page and not to the article; ``marked`` says that the
    page marks the element as the article.
    """
    walker = _Walker()
    chars = len(root.text(deep=True)) if page else 0
    stack: list[tuple[LexborNode, bool]] = [(root, False)]
    while stack:
        node, leaving = stack.pop()
        tag = node.tag or ""
        if leaving:
            walker.leave(tag)
            continue
        if tag == "-text":
            walker.text(node.text_content or "")
            continue
        attributes = node.attributes if tag[:1] != "-" else {}
        if tag in _DROPPED and not (
            not page and tag in ("aside", "footer", "nav", "form", "details")
        ):
            continue
        if page and node is not root and _is_aside(node, attributes, chars=chars, marked=marked):
            continue
        if tag == "table" and (rows := _data_rows(node)) is not None:
            walker.flush()
            walker.blocks += [Block(row, Kind.ROW) for row in rows]
            continue
        walker.enter(tag, attributes)
        stack.append((node, True))
        stack += [(child, False) for child in reversed(list(node.iter(include_text=True)))]
    walker.flush()
    return walker.blocks


class _Walker:
    """Turns the tags and texts of a page into blocks."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._line = _Line()
        self._links = self._bolds = self._pre = 0
        self._headings: list[int] = []
        # One entry for each open list: the number of the next item, or None for bullets.
        self._lists: list[int | None] = []
        self._marker = ""
        self._items = 0

    def enter(self, tag: str, attributes: Mapping[str, str | None]) -> None:
        if tag in _BLOCKS:
            self.flush()
        if tag == "br":
            if self._pre:
                self._line.parts.append("\n")
            else:
                self.flush()
        elif tag == "a":
            self._links += 1
        elif tag in ("b", "strong"):
            self._bolds += 1
        elif tag == "pre":
            self._pre += 1
        elif len(tag) == 2 and tag[0] == "h" and tag[1] in "123456":
            self._headings.append(int(tag[1]))
        elif tag == "ul":
            self._lists.append(None)
        elif tag == "ol":
            start = attributes.get("start") or ""
            self._lists.append(int(start) if re.fullmatch(r"\d{1,6}", start) else 1)
        elif tag == "li":
            self._items += 1
            number = self._lists[-1] if self._lists else None
            if number is not None:
                self._marker = f"{number}. "
                self._lists[-1] = number + 1

    def leave(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.flush()
        if tag == "a":
            self._links -= 1
        elif tag in ("b", "strong"):
            self._bolds -= 1
        elif tag == "pre":
            self._pre -= 1
        elif len(tag) == 2 and tag[0] == "h" and tag[1] in "123456":
            self._headings.pop()
        elif tag in ("ul", "ol"):
            self._lists.pop()
        elif tag == "li":
            self._items -= 1
            self._marker = ""

    def text(self, text: str) -> None:
        self._line.parts.append(text)
        visible = sum(not c.isspace() for c in text)
        if self._links:
            self._line.linked += visible
        if not self._bolds:
            self._line.plain += visible

    def flush(self) -> None:
        """End the block that is being collected."""
        line, self._line = self._line, _Line()
        text = "".join(line.parts)
        if not text.strip():
            return
        if self._pre:
            lines = text.strip("\n").split("\n")
            self.blocks += [Block(x, Kind.CODE) for x in lines if x.strip()]
            return
        text = join_lines("\n".join(x.strip(" \t\r\f") for x in text.strip().split("\n")))
        if self._headings:
            self.blocks.append(
                Block(text, Kind.HEADING, level=self._headings[-1], linked=line.linked)
            )
        elif self._items:
            self.blocks.append(Block(self._marker + text, Kind.ITEM, linked=line.linked))
            self._marker = ""
        else:
            self.blocks.append(Block(text, linked=line.linked, bold=line.plain == 0))


# A cell with more than this, or with paragraphs inside, is a part of the page's layout.
_MAX_CELL = 300
_LAYOUT = frozenset({"table", "h1", "h2", "h3", "ul", "ol", "form", "iframe", "article", "section"})


def _data_rows(table: "LexborNode") -> list[str] | None:
    """The rows of a table, cells parted by bars; None for a table that lays out a page."""
    cells = paragraphs = 0
    for node in table.traverse():
        if node.tag in _LAYOUT and node != table:
            return None
        cells += node.tag in ("td", "th")
        paragraphs += node.tag in ("p", "div")
    if paragraphs > 2 * cells:
        return None
    rows = []
    for row in table.css("tr"):
        texts = [
            " ".join(cell.text(deep=True, separator=" ").split()) for cell in row.css("td, th")
        ]
        if any(len(text) > _MAX_CELL for text in texts):
            return None
        if any(texts):
            rows.append(" | ".join(texts))
    columns = max((row.count(" | ") for row in rows), default=0)
    return rows if columns else None


# --- headline and stamps beside the text ---------------------------------------------------------


def _headline(root: "LexborNode") -> str | None:
    """The page's first level heading, where there is just one."""
    found = [" ".join(n.text(deep=True).split()) for n in root.css("h1") if not _inside_aside(n)]
    found = [t for t in found if t]
    return found[0] if len(set(found)) == 1 else None


_STAMP_PLACES = (
    ".source, .date-source, .article-info, .article_info, .info, .post-meta, .entry-meta, "
    ".byline, .meta, "
    ".article-meta, .author, .date, .time, .pubtime, .publish-time, #pubtime, #source, #news_time"
)


def _stamp_lines(root: "LexborNode") -> list[str]:
    """The lines of date and source that stand beside the article's text, not in it."""
    lines = []
    for node in root.css(_STAMP_PLACES)[:8]:
        text = " ".join(node.text(deep=True, separator=" ").split())
        if text and len(text) <= 90 and not _inside_aside(node):
            lines.append(text)
    return lines


def _with_stamps(blocks: list[Block], stamps: list[str]) -> list[Block]:
    """Put stamp lines that the main text lacks before it; cleaning reads and removes them."""
    from index.credits import is_credit, is_stamp

    present = {_words(b.text) for b in blocks}
    extra = [
        s
        for s in dict.fromkeys(stamps)
        if _words(s) not in present and (is_stamp(s) or is_credit(fold(s)))
    ]
    return [*map(Block, extra), *blocks]
