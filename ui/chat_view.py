"""The markup that the chat shows for an exchange.

In: exchanges. Out: messages for the chat, as HTML whose tags and classes are ours and whose every
text went through ``ui.untrusted``. Pure: it knows neither Gradio nor how an answer is made.

A citation is a link ``#cite/ARTICLE/START/END/LABEL`` that says all that is needed to open it, an
action a link ``#do/ACTION/ID``: no table on the server, nothing lost on a reload.
"""

from collections.abc import Iterator
from urllib.parse import quote

from rag.schema import AnswerSentence, Approval, Citation, Verdict
from ui.conversation import Shown
from ui.exchange import EXCERPT_CHARS, TITLE_CHARS, Exchange, Outcome, ShownPassage, Understood
from ui.how_view import filters_told, how_it_was_found, shorten
from ui.record import encoded, to_record
from ui.strings import Strings
from ui.untrusted import inert, inert_html

__all__ = ["Message", "Transcript", "messages"]

NEAREST_PASSAGES = 3
HINT_CHARS = 200

_LIKELY = 0.5
_NO_CHANCE = 0.01
"""Below it nothing that was found has to do with the question; from ``_LIKELY`` on it was not for
want of evidence that a question was declined."""


Message = dict[str, str]
"""A message as Gradio's chat takes it: ``{"role": …, "content": markup}``."""


class Transcript:
    """Renders a conversation again and again while its last answer grows.

    What has ended is rendered once: a long conversation must not be rendered anew with every
    sentence that comes.
    """

    def __init__(self, strings: Strings) -> None:
        self._strings = strings
        self._ended: dict[str, list[Message]] = {}

    def messages(self, shown: Shown) -> list[Message]:
        """Render what is to be seen, oldest first; what waits for its turn comes last."""
        rendered: list[Message] = []
        for exchange in shown.exchanges:
            if exchange.running:
                rendered += messages(exchange, strings=self._strings)
                continue
            if exchange.id not in self._ended:
                self._ended[exchange.id] = messages(exchange, strings=self._strings)
            rendered += self._ended[exchange.id]
        note = self._strings.chat_waits
        for question in shown.waiting:
            rendered.append({"role": "user", "content": _question(question)})
            waits = f'<div class="yj-answer"><div class="yj-waits">{note}</div></div>'
            rendered.append({"role": "assistant", "content": waits})
        return rendered


def messages(exchange: Exchange, *, strings: Strings) -> list[Message]:
    """Render an exchange as its two messages."""
    return [
        {"role": "user", "content": _question(exchange.question)},
        {"role": "assistant", "content": _answer(exchange, strings)},
    ]


def _question(text: str) -> str:
    return f'<div class="yj-question">{inert_html(text)}</div>'


def _answer(exchange: Exchange, strings: Strings) -> str:
    """One answer, from what is said to how it was found.

    What has been shown keeps its place while the rest arrives: parts are only added below.
    """
    parts: list[str] = []
    if exchange.short:
        parts.append(f'<div class="yj-short">{inert_html(exchange.short)}</div>')
    parts += _heads(exchange, strings)
    if exchange.sentences:
        parts.append(_prose(exchange, strings))
    parts += _states(exchange, strings)
    # A way on is in sight, not below what did not help.
    is_answered = exchange.outcome in (None, Outcome.ANSWERED)
    if not is_answered:
        parts.append(_actions(exchange, strings))
    if exchange.citations and not exchange.running:
        parts.append(_sources(exchange.citations, strings))
    if exchange.passages is not None:
        parts.append(_passages(exchange, exchange.passages, strings))
    if not exchange.running:
        parts.append(how_it_was_found(exchange, strings))
        if is_answered:
            parts.append(_actions(exchange, strings))
        record = encoded(to_record(exchange))
        parts.append(f'<span class="yj-record" hidden>{record}</span>')
    # One HTML block without a blank line: Markdown leaves all of it alone.
    return f'<div class="yj-answer">{"".join(parts)}</div>'


def _heads(exchange: Exchange, strings: Strings) -> Iterator[str]:
    """What is said above an answer: how the question was read, and whose words follow."""
    if exchange.searched and exchange.searched != exchange.question:
        shown = inert_html(shorten(exchange.searched, HINT_CHARS))
        yield f'<div class="yj-note">{strings.searched}<bdi>{shown}</bdi></div>'
    # On one line, which breaks where it must: the answer is not pushed down by what led to it.
    notes = "".join(
        f"<bdi>{inert_html(shorten(note, HINT_CHARS))}</bdi>" for note in _notes(exchange, strings)
    )
    if notes:
        yield f'<div class="yj-note yj-notes">{notes}</div>'
    if meant := exchange.understood and exchange.understood.suggestion:
        yield _suggestion(exchange, meant, strings)
    if exchange.fallback is not None:
        yield _notice("yj-stopped", strings.fell_back, None)
    elif exchange.frame and exchange.sentences:
        yield f'<div class="yj-note yj-frame">{inert_html(exchange.frame)}</div>'


def _states(exchange: Exchange, strings: Strings) -> Iterator[str]:
    """How far an answer is, how it ended, and what the gate and the notices say of it."""
    match exchange.outcome:
        case None:
            yield _progress(exchange, strings)
        case Outcome.FAILED:
            yield _notice("yj-error", strings.failed, exchange.error)
        case Outcome.DECLINED:
            yield _notice("yj-declined", inert_html(exchange.answer), _why(exchange, strings))
            if exchange.filters and not exchange.passages:
                link = f'href="#do/unfilter/{exchange.id}" class="yj-do yj-do-unfilter"'
                yield f'<p class="yj-way-out"><a {link} role="button">{strings.do_unfilter}</a></p>'
        case Outcome.STOPPED:
            yield _notice("yj-stopped", strings.stopped, None)
        case Outcome.ANSWERED:
            if exchange.approval is not None:
                yield _approved(exchange.approval, strings)
    counts = exchange.gate
    others = counts.partly + counts.unsupported + counts.uncited
    if others or counts.unknown_keys:
        said = strings.checked.format(
            supported=counts.supported, others=others, keys=counts.unknown_keys
        )
        yield f'<div class="yj-note">{said}</div>'
    if exchange.notice:
        yield f'<div class="yj-note yj-risk">{inert_html(exchange.notice)}</div>'


def _why(exchange: Exchange, strings: Strings) -> str | None:
    """Why a question was declined, in the language of the page; None where that is not known."""
    if exchange.filters and not exchange.passages:
        return strings.chat_nothing_passes
    if exchange.gate.dropped:
        return strings.chat_refused
    if exchange.probability is None or exchange.probability >= _LIKELY:
        return None
    if exchange.probability < _NO_CHANCE:
        return strings.chat_no_match
    return strings.chat_weak.format(percent=round(100 * exchange.probability))


def _approved(approval: Approval, strings: Strings) -> str:
    """The mark of a curated answer: by whom it was approved, and until when."""
    told = [
        strings.chat_approved_by.format(by=approval.by) if approval.by else "",
        strings.chat_valid_until.format(day=approval.valid_until) if approval.valid_until else "",
    ]
    more = inert_html(shorten(" · ".join(part for part in told if part), HINT_CHARS))
    return (
        f'<div class="yj-approved"><span class="yj-approved-mark">{strings.chat_approved}</span>'
        f"<bdi>{more}</bdi></div>"
    )


def _notes(exchange: Exchange, strings: Strings) -> Iterator[str]:
    """How the question was understood and what it was filtered by, a note for each step."""
    understood = exchange.understood or Understood()
    for alias in understood.aliases:
        names = strings.comma.join(alias.names[:3])
        yield strings.note_alias.format(said=alias.said, names=names)
    for hint in understood.dates:
        text = strings.note_dates_only if hint.limits else strings.note_dates_preferred
        yield text.format(said=hint.said, since=hint.since or "…", until=hint.until or "…")
    if told := filters_told(exchange, strings):
        yield f"{strings.chat_filtered}{told}"


def _suggestion(exchange: Exchange, meant: str, strings: Strings) -> str:
    """What may have been meant; once the answer stands, a link that asks it."""
    text = inert_html(shorten(meant, HINT_CHARS))
    if not exchange.running:
        link = f'href="#do/meant/{exchange.id}" class="yj-do-meant" role="button"'
        text = f"<a {link}>{text}</a>"
    return f'<div class="yj-note yj-meant">{strings.note_suggestion}<bdi>{text}</bdi></div>'


def _actions(exchange: Exchange, strings: Strings) -> str:
    """Links that a script of the page answers: which of them fit, by how the exchange ended."""
    offered = {
        "copy": (strings.do_copy, bool(exchange.sentences)),
        "speak": (strings.do_speak, bool(exchange.sentences)),
        "solved": (strings.do_solved, exchange.outcome is Outcome.ANSWERED),
        "unsolved": (strings.do_unsolved, exchange.outcome in (Outcome.ANSWERED, Outcome.DECLINED)),
        "handoff": (strings.do_handoff, True),
    }
    links = "".join(
        f'<a href="#do/{name}/{exchange.id}" class="yj-do yj-do-{name}" role="button">{text}</a>'
        for name, (text, fits) in offered.items()
        if fits
    )
    strong = "" if exchange.outcome is Outcome.ANSWERED else " yj-actions-handoff"
    return f'<div class="yj-actions{strong}">{links}</div>'


def _prose(exchange: Exchange, strings: Strings) -> str:
    by_number = {citation.n: citation for citation in exchange.citations}
    parts: list[str] = []
    group = ""
    for sentence in exchange.sentences:
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
            said += f'<span class="yj-added yj-as-of">{inert_html(day)}</span>'
        if sentence.verdict is not Verdict.SUPPORTED:
            hint = inert(shorten(sentence.reason, HINT_CHARS))
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
    hint = inert(f"{_title(citation.title, strings)}：{shorten(citation.quote, HINT_CHARS)}")
    return (
        f'<a class="yj-cite{_verdict_class(citation.verdict)}" href="{_cite_href(citation)}" '
        f'title="{hint}"><span class="yj-hidden">{strings.citation}&#32;</span>{citation.n}</a>'
    )


def _sources(citations: tuple[Citation, ...], strings: Strings) -> str:
    named: set[str] = set()
    rows = ""
    for c in citations:
        # An article is named once; its other places tell themselves apart by their words.
        heading = (
            f'<bdi class="yj-source-quote">{inert_html(shorten(c.quote, EXCERPT_CHARS))}</bdi>'
            if c.article_id in named
            else _heading(c.title, c.source, c.published, strings)
        )
        named.add(c.article_id)
        rows += (
            f'<li><a class="yj-source" href="{_cite_href(c)}"><span class="yj-number">{c.n}</span>'
            f'<span class="yj-source-body">{heading}'
            f"{_verdict(c.verdict, strings)}</span></a></li>"
        )
    return (
        f'<div class="yj-sources"><div class="yj-label">{strings.citations}</div>'
        f"<ol>{rows}</ol></div>"
    )


def _passages(exchange: Exchange, passages: tuple[ShownPassage, ...], strings: Strings) -> str:
    declined = exchange.outcome is Outcome.DECLINED
    if not passages:
        return f'<div class="yj-note">{strings.no_passages}</div>' if declined else ""
    # Early evidence, and under a refusal that must stay in sight: a few, not a screenful.
    few = exchange.running or declined
    shown = passages[:NEAREST_PASSAGES] if few else passages
    rows = "".join(_passage(p, at, strings) for at, p in enumerate(shown, 1))
    if few:
        label = strings.nearest_passages if declined else strings.early_passages
        early = " yj-early" if exchange.running else ""
        return (
            f'<div class="yj-passages{early}"><div class="yj-label">{label}</div>'
            f"<ol>{rows}</ol></div>"
        )
    label = strings.passages.format(count=len(shown))
    return f'<details class="yj-passages"><summary>{label}</summary><ol>{rows}</ol></details>'


def _passage(passage: ShownPassage, at: int, strings: Strings) -> str:
    href = _href(passage.article_id, passage.start, passage.end, f"p{at}")
    return (
        f'<li><a class="yj-passage" href="{href}">'
        f"{_heading(passage.title, passage.source, passage.published, strings)}"
        f'<span class="yj-excerpt">{inert_html(shorten(passage.excerpt, EXCERPT_CHARS))}</span>'
        "</a></li>"
    )


def _heading(title: str, source: str | None, published: str | None, strings: Strings) -> str:
    """The line by which an article is recognised: title, source, date."""
    byline = " · ".join(
        f"<bdi>{inert_html(shorten(part, TITLE_CHARS))}</bdi>"
        for part in (source, published)
        if part
    )
    shown = inert_html(shorten(_title(title, strings), TITLE_CHARS))
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
