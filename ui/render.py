"""An answer, a report and an article as text for a terminal. Values in, text out."""

import os
import re
import shlex
from collections.abc import Iterable, Sequence
from typing import TextIO

from index.article import Article
from index.passage import Passage
from rag.schema import AnswerSentence, Citation, Verdict
from rag.understand import Reading

__all__ = ["Style", "article", "citations", "nearest", "plain", "reading", "sentence"]

# Control characters from an article would drive the terminal (colours, titles, worse);
# bidirectional overrides would show text in another order than it is cited in.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Style:
    """Emphasis for a terminal; plain text elsewhere, and where NO_COLOR is set."""

    def __init__(self, stream: TextIO) -> None:
        """Decide by the stream that will be written to."""
        self._on = stream.isatty() and not os.environ.get("NO_COLOR")

    def bold(self, text: str) -> str:
        """Titles."""
        return self._wrap("1", text)

    def strong(self, text: str) -> str:
        """The short answer; plain where there is no emphasis."""
        return self._wrap("1;4", text)

    def dim(self, text: str) -> str:
        """What may be skipped in reading."""
        return self._wrap("2", text)

    def mark(self, text: str) -> str:
        """Cited characters; brackets stand in for colour where there is none."""
        return self._wrap("30;43", text) if self._on else f"⟦{text}⟧"

    def number(self, text: str) -> str:
        """Citation numbers."""
        return self._wrap("36", text)

    def _wrap(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._on else text


def plain(text: str) -> str:
    """Text of an article or a question, made harmless for a terminal."""
    return _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text)


def sentence(said: AnswerSentence, style: Style) -> str:
    """One sentence of the answer with its citation numbers and what the gate missed behind it."""
    text = said.text
    if said.short is None:
        shown = plain(text)
    else:
        start, end = said.short
        shown = plain(text[:start]) + style.strong(plain(text[start:end])) + plain(text[end:])
    before = "• " if said.item else ""
    if said.lead:
        before += style.dim(f"（{plain(said.lead)}）")
    behind = "".join(style.number(f"[{n}]") for n in said.citations)
    if said.as_of:
        behind += style.dim(f" ({plain(said.as_of)})")
    if said.verdict is not Verdict.SUPPORTED:
        behind += style.dim(f" ⚠ {said.verdict.value}: {plain(said.reason)}")
    return before + shown + behind


def reading(read: Reading, style: Style) -> str:
    """How the question was understood, a line for each step that can be taken back."""
    lines = []
    if read.rewriting is not None:
        lines.append(f"read as: {plain(read.rewriting.text)}  (--without rewriting)")
    lines.extend(
        f"{plain(match.said)} = {', '.join(map(plain, match.names[:4]))}  (--without aliases)"
        for match in read.aliases
        if match.names  # of a thing known by one name alone there is nothing to say
    )
    for hint in read.dates:
        kind = "only" if hint.limits else "preferred"
        days = f"{hint.since or '…'} to {hint.until or '…'}"
        lines.append(f"{plain(hint.said)}: {days} {kind}  (--without dates)")
    if read.suggestion is not None:
        lines.append(f"did you mean: {plain(read.suggestion.text)}")
    return "\n".join(style.dim(f"({line})") for line in lines)


def citations(cited: Iterable[Citation], style: Style, *, show: Sequence[str]) -> str:
    """The list under an answer: number, title, where and when, and how to see the place.

    ``show`` is the command that shows an article of this index, ready for its options.
    """
    lines = []
    for c in cited:
        where = " · ".join(filter(None, (c.source, c.published, c.path)))
        lines.append(f"{style.number(f'[{c.n}]')} {style.bold(plain(c.title))}")
        lines.append(f"    {plain(where)} · {c.verdict.value}")
        # An id may come from somebody else's file: it is quoted, to be copied safely.
        # Behind "--" it is no option either.
        command = shlex.join([*show, "--cite", f"{c.start}:{c.end}", "--", plain(c.article_id)])
        lines.append(style.dim(f"    {command}"))
    return "\n".join(lines)


def nearest(passages: Iterable[Passage], style: Style, *, limit: int = 3) -> str:
    """The passages nearest to a declined question, each cut to a line."""
    lines = []
    for passage in list(passages)[:limit]:
        lines.append(
            f"- {style.bold(plain(passage.article.title))} ({plain(passage.article.path)})"
        )
        text = plain(" ".join(passage.chunk.text.split()))
        lines.append(style.dim(f"  {text[:100]}{'…' if len(text) > 100 else ''}"))
    return "\n".join(lines)


def article(shown: Article, style: Style, *, cite: tuple[int, int] | None = None) -> str:
    """A whole article under its title, with ``cite`` marked.

    The cited characters are those of the stored text; marking adds, it changes nothing.
    """
    facts = {
        "source": shown.source,
        "author": shown.author,
        "published": shown.published.isoformat() if shown.published else None,
        "language": f"{shown.language} ({shown.script.value})",
        "url": shown.url,
        "tags": ", ".join(shown.tags),
        "path": shown.path,
        "encoding": shown.encoding,
        "id": shown.id,
    }
    head = [style.bold(plain(shown.title))]
    head += [style.dim(f"{name}: {plain(value)}") for name, value in facts.items() if value]
    head += [
        style.dim(
            f"damaged at {d.start}:{d.end}: {plain(shown.text[d.start : d.end])} ({d.reason}"
            + (f"; perhaps {plain(d.suggestion)})" if d.suggestion else ")")
        )
        for d in shown.damages
    ]
    if cite is None:
        body = plain(shown.text)
    else:
        start, end = cite
        body = (
            plain(shown.text[:start])
            + style.mark(plain(shown.text[start:end]))
            + plain(shown.text[end:])
        )
    return "\n".join([*head, "", body])
