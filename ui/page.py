"""The page: a Gradio chat, and what it needs from the rest of the program.

In: an :class:`ChatBackend`. Out: Gradio Blocks whose handlers stream answers. Citations open in a
panel that ``static/page.js`` builds and fills from ``/api/article``; no text of an article
passes through Gradio as markup (see ``ui.untrusted``). It knows nothing of how answers are made.
"""

import html
import json
import logging
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Protocol

from index.article import Article
from index.errors import UsageError, YoujuError
from index.passage import Filters
from rag.frame import frame_text
from rag.question import Turn
from rag.schema import Event
from rag.understand import Step
from ui.chat_view import Transcript
from ui.conversation import Conversation, Request, Shown, Signals, Taken
from ui.exchange import Exchange, apply_event, dialogue, suggested, undoable
from ui.pace import paced
from ui.record import filters_from_json, records_from_text
from ui.shell import head_of, navigation
from ui.strings import Language, Strings
from ui.untrusted import without_surrogates

if TYPE_CHECKING:
    from gradio import Blocks, Button, SelectData
    from gradio.themes import Base

__all__ = [
    "ChatBackend",
    "CollectionSummary",
    "Facet",
    "OnEnded",
    "build_page",
    "head",
    "theme",
]

_log = logging.getLogger(__name__)

_PAPER = ("#f6f5f1", "#15181b")
"""The page behind everything, light and dark: --yj-paper in static/page.css."""

UPDATE_INTERVAL_S = 0.09
"""A Gradio server sends some 400 updates a second to all its users together (measured), and
nobody reads faster than this."""

_SCRIPTED = (
    "panel_",
    "filter_",
    "verdict_",
    "history_",
    "export_",
    "copy_",
    "status_",
    "care_",
    "speak_",
    "keys_",
    "untitled",
)
"""Beginnings of the names of the texts that the scripts of the chat show."""

MAX_RUNNING = 32
MAX_QUEUED = 200
MAX_EXAMPLES = 6
MAX_FURTHER = 3
"""Further questions under an answer."""


OnEnded = Callable[[Exchange, Language], None]
"""Told once of every exchange that has ended, from the thread that answered it."""

_NO_FILTERS = Filters()


@dataclass(frozen=True, slots=True)
class Facet:
    """One value that articles can be filtered by, and how many articles have it."""

    value: str
    articles: int


@dataclass(frozen=True, slots=True)
class CollectionSummary:
    """What the page says of the collection. ``examples`` are questions that it can answer.

    ``earliest`` and ``latest`` are the first and the last date of publication, None when no
    article has one; ``built`` is when the generation was made. A question longer than
    ``max_question_chars`` is refused with a message. ``sources``, ``languages`` and ``tags`` are
    what can be filtered by, the most frequent first. ``quotes``: answers are sentences of the
    articles, no model writes them.
    """

    articles: int
    chunks: int
    earliest: date | None
    latest: date | None
    generation: str
    built: datetime
    examples: tuple[str, ...] = ()
    max_question_chars: int = 2000
    sources: tuple[Facet, ...] = ()
    languages: tuple[Facet, ...] = ()
    tags: tuple[Facet, ...] = ()
    quotes: bool = True


class ChatBackend(Protocol):
    """What the page needs: an answer, an article, a summary.

    The methods are called from several threads at once. ``stream`` may be closed before its
    end. ``dialogue`` holds the earlier questions and answers of this conversation, oldest
    first. ``article`` raises LookupError or UsageError for an id that is not there.
    """

    def stream(
        self,
        question: str,
        *,
        dialogue: Sequence[Turn] = (),
        without: Sequence[str] = (),
        filters: Filters = _NO_FILTERS,
    ) -> Iterator[Event]:
        """Answer a question: one Retrieved, any number of SentenceAdded, one Finished.

        ``without`` names steps of understanding that are left out; ``filters`` say which
        articles may answer.
        """
        ...

    def article(self, article_id: str) -> Article:
        """Return the article with this id."""
        ...

    def summary(self) -> CollectionSummary:
        """Describe the collection that is being served."""
        ...


def build_page(
    backend: ChatBackend, *, strings: Strings, on_ended: OnEnded | None = None
) -> "Blocks":
    """Build the page. Gradio takes theme, style and head when it is mounted."""
    import gradio as gr

    summary = backend.summary()
    idle: dict[str, Any] = {"submit_btn": strings.ask, "stop_btn": False}
    busy: dict[str, Any] = {"submit_btn": False, "stop_btn": strings.stop}

    with gr.Blocks(
        title=strings.document_title, analytics_enabled=False, fill_height=True, fill_width=True
    ) as page:
        state = gr.State(Conversation())
        with gr.Row(elem_id="yj-header", equal_height=True):
            # Not gr.HTML: it evaluates its template as JavaScript, which the page's policy forbids.
            brand = gr.Markdown(_brand(summary, strings), elem_id="yj-brand")
            gr.Markdown(_places(strings), elem_id="yj-navigation")
            new_chat = gr.Button(
                strings.new_chat, elem_id="yj-new", size="sm", variant="secondary", scale=0
            )
        chat = gr.Chatbot(
            elem_id="yj-chat",
            show_label=False,
            container=False,
            scale=1,
            height=None,
            layout="bubble",
            buttons=[],
            # KaTeX runs over the rendered text, after all escaping: off.
            latex_delimiters=[],
            sanitize_html=True,
            allow_tags=False,
            feedback_options=None,
            allow_file_downloads=False,
            **_empty_chat(summary, strings),
        )
        offers = _Offers(strings)
        # Filled by static/filters.js, which writes what is chosen into the field below it.
        gr.Markdown('<div id="yj-filters"></div>', elem_id="yj-filters-place")
        box = gr.Textbox(
            elem_id="yj-question",
            label=strings.question_label,
            show_label=False,
            container=False,
            placeholder=strings.question_placeholder,
            lines=1,
            max_lines=6,
            autofocus=True,
            html_attributes=gr.InputHTMLAttributes(
                autocorrect="off", autocapitalize="off", spellcheck=False, enterkeyhint="send"
            ),
            **idle,
        )
        # Scripts fill and press these: visible=False would leave them out of the document.
        unseen: dict[str, Any] = {"elem_classes": "yj-unseen", "show_label": False}
        filters = gr.Textbox("", elem_id="yj-filters-value", label="filters", **unseen)
        records = gr.Textbox("", elem_id="yj-restore", label="records", **unseen)
        restore_go = gr.Button("", elem_id="yj-restore-go", elem_classes="yj-unseen")

        def answer(
            request: Request, before: tuple[Exchange, ...], signals: Signals
        ) -> Generator[Exchange, None, None]:
            return _answer(backend, request, before, signals, strings=strings, on_ended=on_ended)

        def skipped() -> tuple[Any, ...]:
            return (gr.skip(),) * (2 + len(offers.buttons))

        def ask(conversation: Conversation, request: Request) -> Iterator[tuple[Any, ...]]:
            match conversation.submit(request):
                case Taken.TO_ANSWER:
                    yield from show(conversation.answers(answer))
                case Taken.TOO_MANY:
                    gr.Warning(strings.chat_too_many)
                case Taken.WAITS | Taken.REPEATED:
                    pass
            # Gradio sends the last update again when a handler ends, maybe after another one has
            # begun to answer: so the last one changes nothing.
            yield skipped()

        def show(growing: Iterator[Shown]) -> Iterator[tuple[Any, ...]]:
            # One writer: all else leaves word in the conversation, and this loop shows it.
            transcript = Transcript(strings)
            was_busy = False
            for shown in growing:
                # The box's text is left alone: the next question may be typed meanwhile.
                # (static/ask.js clears what was sent, once it stands in the chat.)
                box_update = gr.skip()
                offered: Sequence[Any] = (gr.skip(),) * len(offers.buttons)
                if shown.busy != was_busy:
                    box_update = gr.update(**(busy if shown.busy else idle))
                    offered = offers.updates(None if shown.busy else shown.last)
                was_busy = shown.busy
                yield box_update, transcript.messages(shown), *offered

        def ask_typed(
            question: str | None, chosen: str | None, conversation: Conversation
        ) -> Iterator[tuple[Any, ...]]:
            if (question or "").strip():
                yield from ask(
                    conversation, _request(question, chosen, replaces=conversation.edited)
                )
            else:
                yield skipped()

        def ask_example(
            chosen: str | None, conversation: Conversation, example: "SelectData"
        ) -> Iterator[tuple[Any, ...]]:
            yield from ask(conversation, _request(_chosen_text(example.value), chosen))

        # Gradio recognises an argument that it fills by its annotation, which must be the class.
        ask_example.__annotations__["example"] = gr.SelectData

        def ask_by(
            wanted: Callable[[Exchange], Request | None],
        ) -> Callable[..., Iterator[tuple[Any, ...]]]:
            """Ask what a button under the chat makes of the last exchange."""

            def handler(chosen: str | None, conversation: Conversation) -> Iterator[Any]:
                last = conversation.last
                request = wanted(last) if last else None
                if request is None:
                    yield skipped()
                else:
                    yield from ask(conversation, replace(request, filters=_filters(chosen)))

            return handler

        def redrawn(conversation: Conversation) -> tuple[Any, ...]:
            """Everything as it stands in the conversation."""
            shown = conversation.shown()
            return Transcript(strings).messages(shown), *offers.updates(shown.last)

        def edit(conversation: Conversation) -> tuple[Any, ...]:
            edited = conversation.edit()
            if edited is None:
                return skipped()
            return (
                gr.update(value=edited.question),
                gr.skip(),
                *offers.updates(edited, is_edited=True),
            )

        def leave_as_it_is(conversation: Conversation) -> tuple[Any, ...]:
            conversation.leave_as_it_is()
            return gr.update(value=""), gr.skip(), *offers.updates(conversation.last)

        def start_over(conversation: Conversation) -> tuple[Any, ...]:
            conversation.start_over()
            return gr.update(value="", **idle), *redrawn(conversation)

        def restore(kept: str | None, conversation: Conversation) -> tuple[Any, ...]:
            try:
                conversation.restore(records_from_text(kept or ""))
            except UsageError as error:
                _log.info("nothing was restored: %s", error)
                gr.Warning(strings.chat_not_restored)
                return skipped()
            return gr.update(**idle), *redrawn(conversation)

        def load(conversation: Conversation) -> tuple[Any, ...]:
            """What may have changed since the server started: the collection."""
            now = backend.summary()
            if now == summary:
                return conversation, gr.skip(), gr.skip()
            empty = gr.update(**_empty_chat(now, strings))
            return conversation, _brand(now, strings), empty

        outputs = [box, chat, *offers.buttons]
        hidden: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        # "multiple": Gradio's "once" drops a question that comes between the last update of an
        # answer and the end of its event. The conversation sees to it that answers take turns.
        streams: dict[str, Any] = {
            **hidden,
            "trigger_mode": "multiple",
            "concurrency_limit": MAX_RUNNING,
            "concurrency_id": "ask",
        }
        box.submit(ask_typed, [box, filters, state], outputs, api_name="ask", **streams)
        chat.example_select(ask_example, [filters, state], outputs, **streams)
        for button, wanted in offers.asking.items():
            button.click(ask_by(wanted), [filters, state], outputs, **streams)
        # Not queued: a full queue must not keep anyone from stopping.
        unqueued: dict[str, Any] = {**hidden, "queue": False}
        offers.edit.click(edit, [state], outputs, **unqueued)
        offers.leave.click(leave_as_it_is, [state], outputs, **unqueued)
        box.stop(Conversation.stop, [state], None, **unqueued)
        new_chat.click(start_over, [state], outputs, **unqueued)
        restore_go.click(restore, [records, state], outputs, **unqueued)
        # The state is an output too: Gradio forgets, an hour after its tab was closed, what it was
        # given, and keeps for good what it was never given.
        page.load(load, [state], [state, brand, chat], **unqueued)

        page.queue(max_size=MAX_QUEUED, api_open=False)
    blocks: Blocks = page
    return blocks


class _Offers:
    """The buttons under the chat: what can be done with its last answer."""

    def __init__(self, strings: Strings) -> None:
        import gradio as gr

        def button(text: str, **more: Any) -> "Button":  # noqa: ANN401 -- Gradio's own options
            return gr.Button(text, size="sm", variant="secondary", visible=False, scale=0, **more)

        self._strings = strings
        with gr.Row(elem_id="yj-further"):
            self._further = [button("") for _ in range(MAX_FURTHER)]
        with gr.Row(elem_id="yj-steps"):
            self._accept = button(strings.ask_suggestion)
            self._undo = {step: button(text) for step, text in _undo_texts(strings).items()}
            self._retry = button(strings.chat_retry, elem_id="yj-retry")
            self.edit = button(strings.chat_edit, elem_id="yj-edit")
            self.leave = button(strings.chat_leave, elem_id="yj-leave")

    @property
    def buttons(self) -> list["Button"]:
        """All of them, in the order of :meth:`updates`."""
        return [*self.asking, self.edit, self.leave]

    @property
    def asking(self) -> dict["Button", Callable[[Exchange], Request | None]]:
        """The buttons that ask, and what each makes of the last exchange."""
        return {
            **{button: _further(n) for n, button in enumerate(self._further)},
            self._accept: _as_suggested,
            **{button: _without(step) for step, button in self._undo.items()},
            self._retry: _again,
        }

    def updates(self, last: Exchange | None, *, is_edited: bool = False) -> tuple[Any, ...]:
        """Show the buttons that fit: none while an answer runs (``last`` is None then)."""
        import gradio as gr

        steps = undoable(last) if last and not is_edited else ()
        further = last.suggestions if last and not is_edited else ()
        texts = [*further[:MAX_FURTHER], *("",) * MAX_FURTHER][:MAX_FURTHER]
        fits = last is not None and not is_edited
        return (
            *(gr.update(value=text, visible=bool(text)) for text in texts),
            gr.update(visible=fits and last is not None and suggested(last) is not None),
            *(gr.update(visible=step in steps) for step in self._undo),
            gr.update(visible=fits),
            gr.update(visible=fits),
            gr.update(visible=is_edited),
        )


def _further(number: int) -> Callable[[Exchange], Request | None]:
    """One of the questions that the last answer offered."""
    return lambda last: (
        Request(last.suggestions[number]) if number < len(last.suggestions) else None
    )


def _as_suggested(last: Exchange) -> Request | None:
    meant = suggested(last)
    return Request(meant, replaces=last.id) if meant else None


def _without(step: Step) -> Callable[[Exchange], Request]:
    """The last question once more, with one step of understanding taken back."""
    return lambda last: Request(
        last.question,
        without=tuple(dict.fromkeys((*last.without, step.value))),
        replaces=last.id,
    )


def _again(last: Exchange) -> Request:
    return Request(last.question, without=last.without, replaces=last.id)


def _request(question: str | None, chosen: str | None, *, replaces: str | None = None) -> Request:
    text = without_surrogates(question or "").strip()
    return Request(text, filters=_filters(chosen), replaces=replaces)


def _filters(chosen: str | None) -> Filters:
    """Read what the filters' script wrote; nothing is filtered by what it cannot have written."""
    if not chosen:
        return _NO_FILTERS
    try:
        return filters_from_json(json.loads(chosen))
    except (ValueError, RecursionError, UsageError) as error:
        _log.info("filters were ignored: %s", error)
        return _NO_FILTERS


def theme() -> "Base":
    """The page's theme: system fonts only, and the colours that Gradio's own parts take."""
    import gradio as gr

    fonts = [
        "system-ui",
        "PingFang SC",
        "Microsoft YaHei",
        "Noto Sans SC",
        "Noto Sans CJK SC",
        "WenQuanYi Zen Hei",
        "sans-serif",
    ]
    base = gr.themes.Base(
        primary_hue=gr.themes.colors.teal,
        neutral_hue=gr.themes.colors.stone,
        radius_size=gr.themes.sizes.radius_md,
        text_size=gr.themes.sizes.text_md,
        font=fonts,
        font_mono=["ui-monospace", "Menlo", "Consolas", "monospace"],
    )
    colours = {
        "body_background_fill": _PAPER[0],
        "body_text_color": "var(--yj-ink)",
        "body_text_color_subdued": "var(--yj-quiet)",
        "background_fill_primary": "var(--yj-surface)",
        "background_fill_secondary": "var(--yj-paper)",
        "border_color_primary": "var(--yj-line)",
        "link_text_color": "var(--yj-accent)",
        "link_text_color_hover": "var(--yj-accent)",
        "link_text_color_visited": "var(--yj-accent)",
        "link_text_color_active": "var(--yj-accent)",
        "input_background_fill": "var(--yj-surface)",
        "input_border_color": "var(--yj-line)",
        "input_placeholder_color": "var(--yj-quiet)",
        "button_secondary_background_fill": "var(--yj-surface)",
        "button_secondary_text_color": "var(--yj-ink)",
        "button_secondary_border_color": "var(--yj-line)",
    }
    # The variables themselves change with the scheme, so both schemes name the same ones.
    both = {
        f"{name}{suffix}": value
        for name, value in colours.items()
        for suffix in ("", "_dark")
        if not (suffix and name.startswith("font"))
    }
    # Literal: Gradio paints it before our style sheet has arrived.
    both["body_background_fill_dark"] = _PAPER[1]
    return base.set(**both)


def head(strings: Strings) -> str:
    """What goes into the page's head: our texts for the scripts, then the scripts."""
    return head_of(
        strings,
        *_SCRIPTED,
        script="chat.js",
        styles=["chat.css", "panel.css", "overlays.css", "care.css"],
        early="care-early.js",
    )


def _answer(
    backend: ChatBackend,
    request: Request,
    before: tuple[Exchange, ...],
    signals: Signals,
    *,
    strings: Strings,
    on_ended: OnEnded | None,
) -> Generator[Exchange, None, None]:
    """Yield the exchange as it grows, at most every ``UPDATE_INTERVAL_S``; the last has ended."""
    summary = backend.summary()
    question, longest = request.question, summary.max_question_chars
    latest = Exchange(
        question if len(question) <= longest else question[:longest] + "…",
        language=strings.language,
        without=request.without,
        filters=request.filters,
        # Known before the first sentence, over which it stands.
        frame=frame_text(question, quotes=summary.quotes),
    )
    try:
        if len(question) > longest:
            error = strings.too_long.format(max_chars=longest, chars=len(question))
            latest = latest.failed(error)
        else:
            yield latest
            growing = _growing(backend, request, latest, before, signals, strings=strings)
            for latest in growing:
                if latest.running:
                    yield latest
    finally:
        # Also when nobody reads on: what was asked is told once, however it ended.
        latest = latest.stopped() if latest.running else latest
        if on_ended is not None:
            try:
                on_ended(latest, strings.language)
            except Exception:
                _log.exception("an exchange has ended, and whoever wanted to know failed")
    yield latest


def _growing(
    backend: ChatBackend,
    request: Request,
    latest: Exchange,
    before: tuple[Exchange, ...],
    signals: Signals,
    *,
    strings: Strings,
) -> Iterator[Exchange]:
    try:
        stream = backend.stream(
            request.question,
            dialogue=dialogue(before),
            without=request.without,
            filters=request.filters,
        )
        groups = paced(
            stream, interval_s=UPDATE_INTERVAL_S, stop=signals.ended, nudge=signals.changed
        )
        for events in groups:
            for event in events:
                latest = apply_event(latest, event)
            yield latest
        if latest.running and signals.ended.is_set():
            yield latest.stopped()
        elif latest.running:
            raise RuntimeError("the stream ended without a Finished event")
    except UsageError:
        yield latest.failed(strings.not_askable)
    except YoujuError as error:
        yield latest.failed(str(error))
    except Exception:
        # A face is where the unexpected ends: the person gets a sentence, the log the rest.
        _log.exception("answering failed")
        yield latest.failed(strings.failed_inside)


def _undo_texts(strings: Strings) -> dict[Step, str]:
    return {
        Step.REWRITING: strings.undo_rewriting,
        Step.ALIASES: strings.undo_aliases,
        Step.DATES: strings.undo_dates,
    }


def _chosen_text(value: object) -> str:
    """Return the question of a chosen example; what the browser sends is not trusted to be one."""
    text = value.get("text") if isinstance(value, dict) else value
    return text if isinstance(text, str) else ""


def _brand(summary: CollectionSummary, strings: Strings) -> str:
    """Constant markup around our own words, counts and dates."""
    if summary.earliest and summary.latest:
        size = strings.collection.format(
            articles=summary.articles,
            chunks=summary.chunks,
            earliest=summary.earliest.isoformat(),
            latest=summary.latest.isoformat(),
        )
    else:
        size = strings.collection_undated.format(articles=summary.articles, chunks=summary.chunks)
    built = strings.built.format(built=summary.built.astimezone().strftime("%Y-%m-%d %H:%M"))
    return (
        '<div class="yj-brand"><h1><span class="yj-name">'
        f'{html.escape(strings.brand)}</span> <span class="yj-latin">'
        f"{html.escape(strings.brand_latin)}</span></h1>"
        f'<p class="yj-collection"><span>{html.escape(size)}</span>'
        f'<span class="yj-built"> · {html.escape(built)}</span></p></div>'
    )


def _places(strings: Strings) -> str:
    """The navigation, and the place for the buttons that scripts of the page add."""
    return f'{navigation(strings, "chat")}<span id="yj-tools"></span>'


def _empty_chat(summary: CollectionSummary, strings: Strings) -> dict[str, Any]:
    """What the chat shows before the first question."""
    text = strings.empty_text if summary.articles else strings.empty_index
    placeholder = (
        f'<div class="yj-empty"><h2>{html.escape(strings.empty_heading)}</h2>'
        f"<p>{html.escape(text)}</p></div>"
    )
    examples = [{"text": question} for question in summary.examples[:MAX_EXAMPLES]]
    return {"placeholder": placeholder, "examples": examples or None}
