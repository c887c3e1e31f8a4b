"""A conversation as the page keeps it, and the markup that its chat shows.

In: questions and the events of ``rag.schema``. Out: messages for the chat, as HTML whose tags
and classes are ours and whose every text went through ``ui.untrusted``. Pure: it knows neither
Gradio nor how an answer is made.

A citation is a link ``#cite/ARTICLE/START/END/LABEL`` that says all that is needed to open it:
no table on the server, nothing lost on a reload.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from index.passage import Passage
from rag.question import Turn
from rag.schema import (
    AnswerSentence,
    Citation,
    Event,
    FellBack,
    Finished,
    GateCounts,
    Retrieved,
    SentenceAdded,
    Verdict,
)
from rag.understand import Reading, Step
from ui.strings import Strings
from ui.untrusted import inert, inert_html

__all__ = ["Exchange", "apply_event", "dialogue", "messages", "suggested", "undoable"]

MAX_PASSAGES = 8
"""More than these are not listed below an answer: people do not read further."""

EXCERPT_CHARS = 160
NEAREST_PASSAGES = 3
HINT_CHARS = 200
TITLE_CHARS = 120


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question and how far its answer has come.

    ``without`` are the steps of understanding that the person took back.
    """

    question: str
    passages: tuple[Passage, ...] | None = None
    sentences: tuple[AnswerSentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    searched: str | None = None
    finished: bool = False
    abstained: bool = False
    reason: str | None = None
    answer: str = ""
    stopped: bool = False
    error: str | None = None
    reading: Reading | None = None
    without: tuple[str, ...] = ()
    frame: str = ""
    notice: str | None = None
    fallback: str | None = None
    suggestions: tuple[str, ...] = ()
    gate: GateCounts = field(default_factory=GateCounts)

    @property
    def running(self) -> bool:
        """True until the answer is whole, stopped or failed."""
        return not (self.finished or self.stopped or self.error)


def apply_event(exchange: Exchange, event: Event) -> Exchange:
    """Return the exchange after one more event. The last event's answer has the last word."""
    match event:
        case Retrieved(passages=passages, reading=reading):
            return replace(exchange, passages=passages, reading=reading)
        case SentenceAdded(sentence=sentence, citations=citations):
            known = {c.n for c in exchange.citations}
            new = tuple(c for c in citations if c.n not in known)
            return replace(
                exchange,
                sentences=(*exchange.sentences, sentence),
                citations=(*exchange.citations, *new),
            )
        case FellBack(reason=reason):
            return replace(exchange, sentences=(), citations=(), fallback=reason)
        case Finished(answer=answer):
            return replace(
                exchange,
                passages=answer.passages,
                sentences=answer.sentences,
                citations=answer.citations,
                searched=answer.searched,
                finished=True,
                abstained=answer.abstained,
                reason=answer.reason,
                answer=answer.answer,
                frame=answer.frame,
                notice=answer.notice,
                fallback=answer.fallback,
                suggestions=answer.suggestions,
                gate=answer.gate,
            )


def dialogue(exchanges: tuple[Exchange, ...]) -> tuple[Turn, ...]:
    """Return the finished exchanges as the dialogue that a follow-up question belongs to."""
    return tuple(Turn(e.question, e.answer) for e in exchanges if e.finished)


def undoable(exchange: Exchange) -> tuple[Step, ...]:
    """List the steps of understanding that shaped an answer and can be taken back."""
    reading = exchange.reading
    if reading is None or exchange.running:
        return ()
    took = {
        Step.REWRITING: reading.rewriting is not None,
        Step.ALIASES: bool(reading.aliases),
        Step.DATES: bool(reading.dates),
    }
    return tuple(step for step, taken in took.items() if taken)


def suggested(exchange: Exchange) -> str | None:
    """The question as it may have been meant, where something looks like a slip."""
    if exchange.reading is None or exchange.reading.suggestion is None or exchange.running:
        return None
    return exchange.reading.suggestion.text


def messages(exchanges: tuple[Exchange, ...], *, strings: Strings) -> list[dict[str, str]]:
    """Render a conversation as chat messages: ``{"role": …, "content": markup}``."""
    rendered: list[dict[str, str]] = []
    for exchange in exchanges:
        question = f'<div class="yj-question">{inert_html(exchange.question)}</div>'
        rendered.append({"role": "user", "content": question})
        rendered.append({"role": "assistant", "content": _answer(exchange, strings)})
    return rendered


def _answer(exchange: Exchange, strings: Strings) -> str:
    by_number = {c.n: c for c in exchange.citations}
    parts: list[str] = []
    if exchange.searched and exchange.searched != exchange.question:
        shown = inert_html(_shorten(exchange.searched, HINT_CHARS))
        parts.append(f'<div class="yj-note">{strings.searched}<bdi>{shown}</bdi></div>')
    if exchange.reading is not None:
        notes = (_shorten(note, HINT_CHARS) for note in _notes(exchange.reading, strings))
        parts += [f'<div class="yj-note"><bdi>{inert_html(note)}</bdi></div>' for note in notes]
    if exchange.fallback is not None:
        parts.append(_notice("yj-stopped", strings.fell_back, exchange.fallback))
    elif exchange.frame:
        parts.append(f'<div class="yj-note">{inert_html(exchange.frame)}</div>')
    if exchange.sentences:
        parts.append(_prose(exchange.sentences, by_number, strings))
    if exchange.error is not None:
        parts.append(_notice("yj-error", strings.failed, exchange.error))
    elif exchange.abstained:
        parts.append(_notice("yj-declined", inert_html(exchange.answer), exchange.reason))
    elif exchange.stopped:
        parts.append(_notice("yj-stopped", strings.stopped, None))
    elif exchange.running:
        parts.append(_progress(exchange, strings))
    counts = exchange.gate
    others = counts.partly + counts.unsupported + counts.uncited
    if others or counts.unknown_keys:
        said = strings.checked.format(
            supported=counts.supported, others=others, keys=counts.unknown_keys
        )
        parts.append(f'<div class="yj-note">{said}</div>')
    if exchange.notice:
        parts.append(f'<div class="yj-note yj-risk">{inert_html(exchange.notice)}</div>')
    if exchange.citations and not exchange.running:
        parts.append(_sources(exchange.citations, strings))
    if exchange.passages is not None and not exchange.running:
        parts.append(_passages(exchange, exchange.passages, strings))
    # One HTML block without a blank line: Markdown leaves all of it alone.
    return f'<div class="yj-answer">{"".join(parts)}</div>'


def _notes(reading: Reading, strings: Strings) -> Iterator[str]:
    """How the question was understood, a line for each step."""
    for match in reading.aliases:
        yield strings.note_alias.format(said=match.said, names="、".join(match.names[:3]))
    for hint in reading.dates:
        text = strings.note_dates_only if hint.limits else strings.note_dates_preferred
        yield text.format(said=hint.said, since=hint.since or "…", until=hint.until or "…")
    if reading.suggestion is not None:
        yield strings.note_suggestion.format(text=reading.suggestion.text)


def _prose(
    sentences: tuple[AnswerSentence, ...], by_number: dict[int, Citation], strings: Strings
) -> str:
    parts: list[str] = []
    group = ""
    for sentence in sentences:
        if sentence.group != group:
            group = sentence.group
            parts.append(f'<div class="yj-label">{inert_html(group)}</div>')
        chips = "".join(_chip(by_number[n], strings) for n in sentence.citations if n in by_number)
        lead = strings.added.format(words=sentence.lead) if sentence.lead else ""
        said = (
            (f'<span class="yj-added">{inert_html(lead)}</span>' if lead else "")
            + f'<span class="yj-said">{_emphasised(sentence)}</span>'
            + chips
        )
        if sentence.as_of:
            day = strings.as_of.format(day=sentence.as_of)
            said += f'<span class="yj-added">{inert_html(day)}</span>'
        if sentence.verdict is not Verdict.SUPPORTED:
            hint = inert(_shorten(sentence.reason, HINT_CHARS))
            said += f'<span title="{hint}">{_verdict(sentence.verdict, strings)}</span>'
        item = " yj-item" if sentence.item else ""
        parts.append(f'<p class="yj-sentence{item}">{said}</p>')
    return f'<div class="yj-prose">{"".join(parts)}</div>'


def _emphasised(sentence: AnswerSentence) -> str:
    if sentence.short is None:
        return inert_html(sentence.text)
    start, end = sentence.short
    text = sentence.text
    return (
        f"{inert_html(text[:start])}<strong>{inert_html(text[start:end])}</strong>"
        f"{inert_html(text[end:])}"
    )


def _chip(citation: Citation, strings: Strings) -> str:
    hint = inert(f"{_title(citation.title, strings)}：{_shorten(citation.quote, HINT_CHARS)}")
    return (
        f'<a class="yj-cite{_verdict_class(citation.verdict)}" href="{_cite_href(citation)}" '
        f'title="{hint}"><span class="yj-hidden">{strings.citation}&#32;</span>{citation.n}</a>'
    )


def _sources(citations: tuple[Citation, ...], strings: Strings) -> str:
    rows = "".join(
        f'<li><a class="yj-source" href="{_cite_href(c)}"><span class="yj-number">{c.n}</span>'
        f'<span class="yj-source-body">{_heading(c.title, c.source, c.published, strings)}'
        f"{_verdict(c.verdict, strings)}</span></a></li>"
        for c in citations
    )
    return (
        f'<div class="yj-sources"><div class="yj-label">{strings.citations}</div>'
        f"<ol>{rows}</ol></div>"
    )


def _passages(exchange: Exchange, passages: tuple[Passage, ...], strings: Strings) -> str:
    if not passages:
        return f'<div class="yj-note">{strings.no_passages}</div>' if exchange.abstained else ""
    # A refusal must stay in sight: under it stand a few passages, not a screenful.
    shown = passages[: NEAREST_PASSAGES if exchange.abstained else MAX_PASSAGES]
    rows = "".join(_passage(p, at, strings) for at, p in enumerate(shown, 1))
    if exchange.abstained:
        return (
            f'<div class="yj-passages"><div class="yj-label">{strings.nearest_passages}</div>'
            f"<ol>{rows}</ol></div>"
        )
    label = strings.passages.format(count=len(shown))
    return f'<details class="yj-passages"><summary>{label}</summary><ol>{rows}</ol></details>'


def _passage(passage: Passage, at: int, strings: Strings) -> str:
    article, chunk = passage.article, passage.chunk
    published = article.published.isoformat() if article.published else None
    return (
        f'<li><a class="yj-passage" href="{_href(article.id, chunk.start, chunk.end, f"p{at}")}">'
        f"{_heading(article.title, article.source, published, strings)}"
        f'<span class="yj-excerpt">{inert_html(_shorten(chunk.text, EXCERPT_CHARS))}</span>'
        "</a></li>"
    )


def _heading(title: str, source: str | None, published: str | None, strings: Strings) -> str:
    """The line by which an article is recognised: title, source, date."""
    byline = " · ".join(
        f"<bdi>{inert_html(_shorten(part, TITLE_CHARS))}</bdi>"
        for part in (source, published)
        if part
    )
    shown = inert_html(_shorten(_title(title, strings), TITLE_CHARS))
    return f'<bdi class="yj-source-title">{shown}</bdi>' + (
        f'<span class="yj-byline">{byline}</span>' if byline else ""
    )


def _progress(exchange: Exchange, strings: Strings) -> str:
    if exchange.passages is None:
        text = strings.reading
    elif exchange.sentences:
        return '<div class="yj-progress yj-progress-quiet"></div>'
    else:
        text = strings.found_passages.format(count=len(exchange.passages))
    return f'<div class="yj-progress">{text}</div>'


def _notice(css_class: str, text: str, detail: str | None) -> str:
    more = f'<div class="yj-detail">{inert_html(detail)}</div>' if detail else ""
    return f'<div class="yj-notice {css_class}"><div>{text}</div>{more}</div>'


def _verdict_class(verdict: Verdict) -> str:
    return "" if verdict is Verdict.SUPPORTED else f" yj-{verdict.value}"


def _verdict(verdict: Verdict, strings: Strings) -> str:
    text = {
        Verdict.SUPPORTED: "",
        Verdict.PARTLY: strings.partly,
        Verdict.UNSUPPORTED: strings.unsupported,
        Verdict.UNCITED: strings.uncited,
    }[verdict]
    return f'<span class="yj-verdict{_verdict_class(verdict)}">{text}</span>' if text else ""


def _cite_href(citation: Citation) -> str:
    return _href(citation.article_id, citation.start, citation.end, str(citation.n))


def _href(article_id: str, start: int, end: int, label: str) -> str:
    return f"#cite/{quote(article_id, safe='', errors='replace')}/{start}/{end}/{label}"


def _title(title: str, strings: Strings) -> str:
    return title if title.strip() else strings.untitled


def _shorten(text: str, max_chars: int) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= max_chars else flat[: max_chars - 1].rstrip() + "…"
