"""Markdown, with Jekyll front matter and with HTML inside, or instead.

Comes in: decoded text. Goes out: blocks and declared fields. The Markdown becomes HTML
(markdown-it), and the HTML is taken apart by the one walk of ``index.formats.html``.

Front matter is read by our own splitter: every value stays a string, as it was written (a date is
no ``datetime``, "no" is no False), aliases are refused because they expand without bound, and
broken YAML costs the broken lines, not the article.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import yaml

from index.dates import parse_date
from index.formats import html
from index.formats.parsed import Block, Fields, Kind, Parsed, Problem
from index.metadata import split_tags

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

__all__ = ["has_front_matter", "parse", "split_front_matter", "to_fields"]

# More than any person writes; libyaml is asked to read no more than this.
_MAX_FRONT_MATTER = 64 * 1024
_MAX_DEPTH = 12

_FRONT_MATTER = re.compile(
    r"\ufeff?\s{0,8}?---[ \t]*\r?\n(.*?)(?:^|\n)(?:---|\.\.\.)[ \t]*(?:\r?\n|$)", re.DOTALL
)
_KEY_VALUE = re.compile(r"^([A-Za-z_][\w -]{0,40}?)\s*:(.*)$")
# What every line of front matter begins with; a long text between two rules has other lines too.
_YAML_LINE = re.compile(r"[\w \"'.-]{1,60}:(?:\s|$)|\s|-\s|#|[\]}]|$")
_CODE = re.compile(
    r"(^(?P<fence>`{3,}|~{3,})[^\n]*\n.*?(?:^(?P=fence)[`~]*[ \t]*$|\Z)|`[^`\n]+`)",
    re.DOTALL | re.MULTILINE,
)
_LIQUID_TAG = re.compile(r"\{%-?.{0,2000}?-?%\}", re.DOTALL)
_LIQUID_VALUE = re.compile(r"\{\{.{0,2000}?\}\}", re.DOTALL)
# Kramdown's attribute lists: {: .lead}, {:toc}
_ATTRIBUTES = re.compile(
    r"^[ \t]*(?:[*-] TOC\s*\n)?\{:[^{}\n]*\}[ \t]*$|\{:[^{}\n]*\}(?=[ \t]*$)",
    re.MULTILINE | re.IGNORECASE,
)
_HAN = "\u3041-\u30ff\u3400-\u9fff\u3000-\u303f\uff01-\uffef“”‘’"
# CommonMark reads **重点：**内容 and **“引语”**内容 as plain asterisks: its rules want a space
# or punctuation outside, which Chinese does not have.
_STRONG = re.compile(r"(\*\*|__)(?=\S)([^*\n]{1,400}?)(?<=\S)\1")


def has_front_matter(text: str) -> bool:
    """Tell whether a text opens with a block of fields between two lines of three dashes."""
    return _front_matter(text) is not None


def _front_matter(text: str) -> re.Match[str] | None:
    match = _FRONT_MATTER.match(text)
    if match is None or not _KEY_VALUE.match(match[1].lstrip().split("\n", 1)[0].rstrip("\r")):
        return None
    if len(match[1]) > _MAX_FRONT_MATTER and not all(
        _YAML_LINE.match(line) for line in match[1].split("\n")
    ):
        return None
    return match


def parse(text: str) -> Parsed:
    """Take a Markdown document apart.

    Raises:
        UnreadableError: its HTML is nested beyond what can be parsed.
    """
    values, body, problems = split_front_matter(text)
    fields, more = to_fields(values)
    blocks = html.blocks_of(_to_html(body))
    return Parsed(tuple(map(_unmark, blocks)), fields, (*problems, *more))


def split_front_matter(text: str) -> tuple[dict[str, Any], str, tuple[Problem, ...]]:
    """Part the fields at the top from the body; what cannot be read is a problem, not an error."""
    text = text.removeprefix("\ufeff")
    match = _front_matter(text)
    if match is None:
        return {}, text, ()
    source, body = match[1], text[match.end() :]
    if len(source) > _MAX_FRONT_MATTER:
        # Whole lines of what may be read.
        values = _salvage(source[:_MAX_FRONT_MATTER].rpartition("\n")[0])
        reason = f"front matter is longer than {_MAX_FRONT_MATTER:,} characters; {_kept(values)}"
        return values, body, (Problem("line 1", reason),)
    try:
        return _load(source), body, ()
    except (yaml.YAMLError, ValueError) as error:
        values = _salvage(source)
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 2}" if mark else "line 1"
        reason = getattr(error, "problem", None) or str(error)
        reason = f"front matter is not valid YAML ({reason}); {_kept(values)}"
        return values, body, (Problem(place, reason),)


def _kept(values: Mapping[str, Any]) -> str:
    return f"kept {', '.join(values)}" if values else "nothing of it could be kept"


def _load(source: str) -> dict[str, Any]:
    # The events first: they come one by one, so neither aliases nor nesting can grow.
    depth = 0
    for event in yaml.parse(source, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise ValueError("aliases are not allowed")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            raise ValueError(f"nested more than {_MAX_DEPTH} deep")
    loaded = yaml.load(source, Loader=_StringLoader)  # noqa: S506 - a CSafeLoader, stricter
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        raise ValueError("not a list of fields")
    return {str(key): value for key, value in loaded.items() if value is not None}


class _StringLoader(yaml.CSafeLoader):
    """A safe loader for which every scalar is the string that was written, or null."""


_StringLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag == "tag:yaml.org,2002:null"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def _salvage(source: str) -> dict[str, Any]:
    """Read broken front matter line by line, as far as lines are "key: value"."""
    values: dict[str, Any] = {}
    for line in source.split("\n"):
        match = _KEY_VALUE.match(line.rstrip("\r"))
        value: Any = match[2].strip() if match else ""
        if match is None or not value or value[0] in "&*{|>":
            continue
        if value.startswith("[") and not value.endswith("]"):
            continue
        if value.startswith("[") and value.endswith("]"):
            value = [item.strip(" \"'") for item in value[1:-1].split(",") if item.strip(" \"'")]
        elif len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        values.setdefault(match[1], value)
    return values


_NAMES = {
    "title": ("title",),
    "author": ("author", "authors", "byline"),
    "source": ("source", "from", "origin", "media"),
    "published": ("date", "published", "published_at", "pubdate", "publish_date", "created"),
    "url": ("url", "link", "original_url", "source_url", "canonical_url", "canonical"),
    "language": ("language", "lang"),
    "tags": ("tags", "tag", "keywords"),
}


def to_fields(values: Mapping[str, Any]) -> tuple[Fields, tuple[Problem, ...]]:
    """Sort front matter into the fields that we know; the rest is kept as it came."""
    rest = dict(values)
    known: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, spellings in _NAMES.items():
        key = next((k for k in rest if k.lower() in spellings and _filled(rest[k])), None)
        if key is not None:
            known[name] = rest.pop(key)
    published, precision = None, "day"
    if "published" in known:
        text = _plain(known["published"])
        if day := parse_date(text):
            published, precision = day
        else:
            rest["date"] = text
            problems.append(Problem("", f"front matter: {text[:40]!r} is not a date"))
    tags = known.get("tags", ())
    fields = Fields(
        title=_plain(known.get("title")) or None,
        author=_plain(known.get("author")) or None,
        source=_plain(known.get("source")) or None,
        published=published,
        precision=precision,
        url=_plain(known.get("url")) or None,
        language=_plain(known.get("language")) or None,
        tags=split_tags(tags) if isinstance(tags, str) else tuple(filter(None, map(_plain, tags))),
        extra=rest,
    )
    return fields, tuple(problems)


def _filled(value: object) -> bool:
    return bool(value) and isinstance(value, str | list | dict)


def _plain(value: object) -> str:
    """A field as one line of text; lists (of authors) joined, of a mapping the name."""
    if isinstance(value, list):
        return "、".join(filter(None, map(_plain, value)))
    if isinstance(value, dict):
        return _plain(value.get("name"))
    return " ".join(value.split()) if isinstance(value, str) else ""


def _to_html(body: str) -> str:
    # Code is cut out first: braces in a code sample are no template.
    pieces = []
    last = 0
    for match in _CODE.finditer(body):
        pieces += [_strip_templates(body[last : match.start()]), match[0]]
        last = match.end()
    pieces.append(_strip_templates(body[last:]))
    rendered: str = _renderer().render("".join(pieces))
    return rendered


def _strip_templates(text: str) -> str:
    return _ATTRIBUTES.sub("", _LIQUID_VALUE.sub("", _LIQUID_TAG.sub("", text)))


def _renderer() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def _unmark(block: Block) -> Block:
    """Take off the asterisks that CommonMark leaves in Chinese."""
    if block.kind is Kind.CODE or ("**" not in block.text and "__" not in block.text):
        return block
    text = _STRONG.sub(_inner, block.text)
    whole = _STRONG.fullmatch(block.text.strip())
    return Block(text, block.kind, block.level, block.linked, block.bold or whole is not None)


def _inner(match: re.Match[str]) -> str:
    around = match.string[max(0, match.start() - 1) : match.end() + 1]
    return match[2] if re.search(f"[{_HAN}]", around) else match[0]
