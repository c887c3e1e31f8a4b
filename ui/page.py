"""The page: a Gradio chat, and what it needs from the rest of the program.

In: an :class:`ChatBackend`. Out: Gradio Blocks whose handlers stream answers. Citations open in a
panel that ``static/panel.js`` builds and fills from ``/api/article``; no text of an article
passes through Gradio as markup (see ``ui.untrusted``). It knows nothing of how answers are made.
"""

import copy
import html
import json
import logging
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Protocol

from index.article import Article, Script
from index.errors import UnusableIndexError, UsageError, YoujuError
from index.language import detect_script
from index.passage import NO_FILTERS, Filters
from rag.frame import frame_text
from rag.question import Turn
from rag.schema import Event
from ui.chat_view import Transcript
from ui.conversation import Conversation, Request, Signals, Taken
from ui.exchange import Exchange, Outcome, apply_event, dialogue
from ui.offers import Offers
from ui.pace import RightOfWay, paced
from ui.record import filters_from_json, records_from_text
from ui.shell import CARE_EARLY, head_of, navigation
from ui.strings import Language, Strings
from ui.untrusted import without_surrogates

if TYPE_CHECKING:
    from gradio import Blocks, SelectData
    from pydantic import BaseModel

__all__ = [
    "SCRIPT",
    "STYLES",
    "ChatBackend",
    "CollectionSummary",
    "Facet",
    "OnEnded",
    "build_page",
    "head",
]

SCRIPT = "chat.js"
STYLES = ("chat.css", "panel.css", "overlays.css", "feedback.css", "care.css")
"""What of ``ui/static`` the page needs beside :data:`ui.shell.BASE_STYLE`."""

_log = logging.getLogger(__name__)

UPDATE_INTERVAL_S = 0.09
"""A Gradio server sends some 400 updates a second to all its users together (measured), and
nobody reads faster than this."""

_SCRIPTED = (
    "panel_",
    "filter_",
    "language_",
    "verdict_",
    "history_",
    "export_",
    "copy_",
    "status_",
    "care_",
    "speak_",
    "keys_",
    "rating_",
    "handoff_",
    "untitled",
)
"""Beginnings of the names of the texts that the scripts of the chat show."""

MAX_RUNNING = 32
MAX_QUEUED = 200
MAX_EXAMPLES = 6
SHOWN_EXAMPLES = 4

SUGGEST_WAIT_S = 3.0
"""Finding further questions takes three times the work of an answer: it waits until nobody's
answer is being written, and is left out where that takes longer than this, or where another's are
being found."""

_ANSWERS_FIRST = RightOfWay()
OnEnded = Callable[[Exchange, Language], None]
"""Told once of every exchange that has ended, from the thread that answered it."""


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
    """What the page needs: an answer, further questions, an article, a summary.

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
        filters: Filters = NO_FILTERS,
    ) -> Iterator[Event]:
        """Answer a question: one Retrieved, any number of SentenceAdded, one Finished.

        ``without`` names steps of understanding that are left out; ``filters`` say which
        articles may answer.
        """
        ...

    def further(
        self,
        question: str,
        *,
        declined: bool,
        dialogue: Sequence[Turn] = (),
        without: Sequence[str] = (),
        filters: Filters = NO_FILTERS,
    ) -> tuple[str, ...]:
        """Return further questions that the collection answers; asked once the answer stands."""
        ...

    def article(self, article_id: str) -> Article:
        """Return the article with this id."""
        ...

    def summary(self) -> CollectionSummary:
        """Describe the collection that is being served."""
        ...


def build_page(
    backend: ChatBackend,
    *,
    strings: Strings,
    on_ended: OnEnded | None = None,
    staff_only: bool = False,
) -> "Blocks":
    """Build the page. Gradio takes theme, style and head when it is mounted.

    ``staff_only``: the other pages are for who has a token, and others see no links to them.
    """
    import gradio as gr

    _describe_once(gr.Chatbot.data_model)
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
            gr.Markdown(navigation(strings, "chat", staff_only=staff_only), elem_id="yj-navigation")
            # The place for the buttons that scripts of the page add.
            gr.Markdown('<span id="yj-tools"></span>', elem_id="yj-tools-place")
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
            # A new question comes to the top (static/chat.js), and what is read stays in sight.
            autoscroll=False,
            # KaTeX runs over the rendered text, after all escaping: off.
            latex_delimiters=[],
            sanitize_html=True,
            allow_tags=False,
            feedback_options=None,
            allow_file_downloads=False,
            **_empty_chat(summary, strings),
        )
        offers = Offers(strings)
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
            with _ANSWERS_FIRST.urgent():
                yield from _answer(
                    backend, request, before, signals, strings=strings, on_ended=on_ended
                )

        # Gradio makes a component anew for each that a handler names, also for those it skips, but
        # a state costs nothing: the buttons follow theirs, where it changes.
        outputs = [box, chat, offers.state]

        def skipped() -> tuple[Any, ...]:
            return (gr.skip(),) * len(outputs)

        def ask(
            conversation: Conversation, chosen: str | None, request: Request
        ) -> Iterator[tuple[Any, ...]]:
            try:
                filtered = replace(request, filters=_filters(chosen))
            except UsageError as error:
                # The filters' script lets no such thing pass: nothing is asked unfiltered instead.
                _log.info("a question came with wrong filters: %s", error)
                gr.Warning(strings.filter_bad_day)
                yield skipped()
                return
            match conversation.submit(filtered):
                case Taken.TO_ANSWER:
                    yield from show(conversation)
                case Taken.TOO_MANY:
                    gr.Warning(strings.chat_too_many)
                case Taken.WAITS | Taken.REPEATED:
                    pass
            # Gradio sends the last update again when a handler ends, maybe after another one has
            # begun to answer: so the last one changes nothing.
            yield skipped()

        def show(conversation: Conversation) -> Iterator[tuple[Any, ...]]:
            # One writer: all else leaves word in the conversation, and this loop shows it.
            transcript = Transcript(strings)
            was_busy = False
            for shown in conversation.answers(answer):
                # The box's text is left alone: the next question may be typed meanwhile.
                # (static/ask.js clears what was sent, once it stands in the chat.)
                turned = shown.busy != was_busy
                was_busy = shown.busy
                yield (
                    gr.update(**(busy if shown.busy else idle)) if turned else gr.skip(),
                    transcript.messages(shown),
                    # What the answer before offered is gone by the time that this one stands.
                    offers.fitting(None if shown.busy else shown.last),
                )

        def ask_typed(
            question: str | None, chosen: str | None, conversation: Conversation
        ) -> Iterator[tuple[Any, ...]]:
            if _cleaned(question):
                request = Request(_cleaned(question), replaces=conversation.edited)
                yield from ask(conversation, chosen, request)
            else:
                yield skipped()

        def ask_example(
            chosen: str | None, conversation: Conversation, example: "SelectData"
        ) -> Iterator[tuple[Any, ...]]:
            question = _cleaned(_chosen_text(example.value))
            if question:
                yield from ask(conversation, chosen, Request(question))
            else:
                yield skipped()

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
                    yield from ask(conversation, chosen, request)

            return handler

        def suggest(conversation: Conversation) -> Any:  # noqa: ANN401 -- Gradio's skip
            """What else may be asked, for the last answer: sought when it stands, not before."""
            last, before = conversation.last, conversation.shown().exchanges[:-1]
            with _ANSWERS_FIRST.patient(timeout_s=SUGGEST_WAIT_S) as is_calm:
                found = _further(backend, last, before) if last and is_calm else ()
            if last is None or not found or conversation.edited:
                return gr.skip()
            if not conversation.suggest(last.id, found):
                return gr.skip()
            return offers.fitting(conversation.last)

        def redrawn(conversation: Conversation) -> tuple[Any, ...]:
            """Everything as it stands in the conversation."""
            shown = conversation.shown()
            return Transcript(strings).messages(shown), offers.fitting(shown.last)

        def edit(conversation: Conversation) -> tuple[Any, ...]:
            edited = conversation.edit()
            if edited is None:
                return gr.skip(), gr.skip()
            return gr.update(value=edited.question), offers.fitting(edited, is_edited=True)

        def leave_as_it_is(conversation: Conversation) -> tuple[Any, ...]:
            conversation.leave_as_it_is()
            return gr.update(value=""), offers.fitting(conversation.last)

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

        hidden: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        # "multiple": Gradio's "once" drops a question that comes between the last update of an
        # answer and the end of its event. The conversation sees to it that answers take turns.
        streams: dict[str, Any] = {
            **hidden,
            "trigger_mode": "multiple",
            "concurrency_limit": MAX_RUNNING,
            "concurrency_id": "ask",
        }
        asking = [
            box.submit(ask_typed, [box, filters, state], outputs, api_name="ask", **streams),
            chat.example_select(ask_example, [filters, state], outputs, **streams),
            *(
                button.click(ask_by(wanted), [filters, state], outputs, **streams)
                for button, wanted in offers.asking.items()
            ),
        ]
        # Not queued: a full queue must not keep anyone from stopping.
        unqueued: dict[str, Any] = {**hidden, "queue": False}
        at_once = [
            offers.edit.click(edit, [state], [box, offers.state], **unqueued),
            offers.leave.click(leave_as_it_is, [state], [box, offers.state], **unqueued),
            new_chat.click(start_over, [state], outputs, **unqueued),
        ]
        box.stop(Conversation.stop, [state], None, **unqueued)
        # Queued: what is not queued cannot warn.
        asking.append(restore_go.click(restore, [records, state], outputs, **hidden))
        for asked in asking:
            # One at a time does anything (see RightOfWay). No limit here: behind it the others
            # would wait in the queue that questions need.
            asked.then(suggest, [state], offers.state, concurrency_limit=None, **hidden)
        updating: dict[str, Any] = {"inputs": [offers.state], "outputs": offers.all, **unqueued}
        offers.state.change(offers.updates, **updating)
        for done in at_once:
            # What is not queued does not tell Gradio's page that a state has changed.
            done.then(offers.updates, **updating)
        # The state is an output too: Gradio forgets, an hour after its tab was closed, what it was
        # given, and keeps for good what it was never given.
        page.load(load, [state], [state, brand, chat], **unqueued)

        page.queue(max_size=MAX_QUEUED, api_open=False)
    blocks: Blocks = page
    return blocks


def head(strings: Strings) -> str:
    """What goes into the page's head: our texts for the scripts, then the scripts."""
    return head_of(
        strings,
        *_SCRIPTED,
        script=SCRIPT,
        styles=STYLES,
        early=CARE_EARLY,
    )


def _describe_once(model: "type[BaseModel]") -> None:
    """Let a model keep its JSON schema, as it is when nothing else is asked for.

    Gradio asks for the chat's whenever it makes the chat anew, at least once an answer; pydantic
    works it out afresh each time, which takes as long as finding the passages (6 ms).
    """
    describe = model.model_json_schema
    schema = describe()

    def described(*args: Any, **how: Any) -> dict[str, Any]:  # noqa: ANN401 - as pydantic has them
        return describe(*args, **how) if args or how else copy.deepcopy(schema)

    model.model_json_schema = described  # type: ignore[method-assign]


def _cleaned(question: str | None) -> str:
    return without_surrogates(question or "").strip()


def _filters(chosen: str | None) -> Filters:
    """Read what the filters' script wrote; raises UsageError for anything else."""
    if not chosen:
        return NO_FILTERS
    try:
        return filters_from_json(json.loads(chosen))
    except (ValueError, RecursionError) as error:
        raise UsageError("the filters are no JSON") from error


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
    latest = Exchange(
        request.question,
        language=strings.language,
        conversation=(before[0].conversation or before[0].id) if before else request.replaces or "",
        without=request.without,
        filters=request.filters,
    )
    try:
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


def _further(backend: ChatBackend, last: Exchange, before: Sequence[Exchange]) -> tuple[str, ...]:
    """Further questions for an answer; none where finding them fails, for nobody waits for them."""
    if last.outcome not in (Outcome.ANSWERED, Outcome.DECLINED) or last.suggestions:
        return last.suggestions
    try:
        return backend.further(
            last.question,
            declined=last.outcome is Outcome.DECLINED,
            dialogue=dialogue(before),
            without=last.without,
            filters=last.filters,
        )
    except YoujuError as error:
        _log.info("no further questions: %s", error)
        return ()


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
        summary = backend.summary()
        question, longest = request.question, summary.max_question_chars
        if len(question) > longest:
            error = strings.too_long.format(max_chars=longest, chars=len(question))
            yield replace(latest, question=question[:longest] + "…").failed(error)
            return
        # Known before the first sentence, over which it stands.
        latest = replace(latest, frame=frame_text(question, quotes=summary.quotes))
        yield latest
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
    except UnusableIndexError:
        # Its own words are for whoever runs the service, and name folders of the machine.
        _log.exception("the index cannot be used")
        yield latest.failed(strings.failed_index)
    except Exception:
        # A face is where the unexpected ends: the person gets a sentence, the log the rest.
        _log.exception("answering failed")
        yield latest.failed(strings.failed_inside)


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
    parts = "".join(
        f"<span>{html.escape(separator + part)}</span>"
        for separator, part in zip(
            ("", " · ", " · ", " · "), (*size.split(" · "), built), strict=False
        )
    )
    return (
        '<div class="yj-brand"><h1><span class="yj-name">'
        f'{html.escape(strings.brand)}</span> <span class="yj-latin">'
        f"{html.escape(strings.brand_latin)}</span></h1>"
        f'<p class="yj-collection" title="{html.escape(size)} · {html.escape(built)}">'
        f"{parts}</p></div>"
    )


def _empty_chat(summary: CollectionSummary, strings: Strings) -> dict[str, Any]:
    """What the chat shows before the first question."""
    text = strings.empty_text if summary.articles else strings.empty_index
    sentences = "".join(f"<span>{html.escape(line)}</span>" for line in text.splitlines())
    placeholder = (
        f'<div class="yj-empty"><h2>{html.escape(strings.empty_heading)}</h2>'
        f"<p>{sentences}</p></div>"
    )
    wanted = strings.language is Language.ENGLISH
    own_first = sorted(
        summary.examples[:MAX_EXAMPLES],
        key=lambda q: (detect_script(q) is Script.LATIN) is not wanted,
    )
    examples = [{"text": question} for question in own_first[:SHOWN_EXAMPLES]]
    return {"placeholder": placeholder, "examples": examples or None}
