"""The page: a Gradio chat, and what it needs from the rest of the program.

In: an :class:`ChatBackend`. Out: Gradio Blocks whose handlers stream answers. Citations open in a
panel that ``static/page.js`` builds and fills from ``/api/article``; no text of an article
passes through Gradio as markup (see ``ui.untrusted``). It knows nothing of how answers are made.
"""

import html
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Protocol

from index.article import Article
from index.errors import UsageError, YoujuError
from rag.question import Turn
from rag.schema import Event
from rag.understand import Step
from ui.conversation import (
    Exchange,
    apply_event,
    dialogue,
    messages,
    suggested,
    undoable,
)
from ui.pace import paced
from ui.shell import head_of, navigation
from ui.strings import Strings
from ui.untrusted import without_surrogates

if TYPE_CHECKING:
    from gradio import Blocks, SelectData
    from gradio.themes import Base

__all__ = ["ChatBackend", "CollectionSummary", "build_page", "head", "theme"]

_log = logging.getLogger(__name__)

_PAPER = ("#f6f5f1", "#15181b")
"""The page behind everything, light and dark: --yj-paper in static/page.css."""

UPDATE_INTERVAL_S = 0.09
"""A Gradio server sends some 400 updates a second to all its users together (measured), and
nobody reads faster than this."""

_SCRIPTED = (
    "panel_",
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

MAX_RUNNING = 16
MAX_WAITING = 200
MAX_EXAMPLES = 6
MAX_FURTHER = 3
"""Further questions under an answer."""


@dataclass(frozen=True, slots=True)
class CollectionSummary:
    """What the page says of the collection. ``examples`` are questions that it can answer.

    ``earliest`` and ``latest`` are the first and the last date of publication, None when no
    article has one; ``built`` is when the generation was made. A question longer than
    ``max_question_chars`` is refused with a message.
    """

    articles: int
    chunks: int
    earliest: date | None
    latest: date | None
    generation: str
    built: datetime
    examples: tuple[str, ...] = ()
    max_question_chars: int = 2000


class ChatBackend(Protocol):
    """What the page needs: an answer, an article, a summary.

    The methods are called from several threads at once. ``stream`` may be closed before its
    end. ``dialogue`` holds the earlier questions and answers of this conversation, oldest
    first. ``article`` raises LookupError or UsageError for an id that is not there.
    """

    def stream(
        self, question: str, *, dialogue: Sequence[Turn] = (), without: Sequence[str] = ()
    ) -> Iterator[Event]:
        """Answer a question: one Retrieved, any number of SentenceAdded, one Finished.

        ``without`` names steps of understanding that are left out.
        """
        ...

    def article(self, article_id: str) -> Article:
        """Return the article with this id."""
        ...

    def summary(self) -> CollectionSummary:
        """Describe the collection that is being served."""
        ...


def build_page(backend: ChatBackend, *, strings: Strings) -> "Blocks":
    """Build the page. Gradio takes theme, style and head when it is mounted."""
    import gradio as gr

    summary = backend.summary()
    idle: dict[str, Any] = {"submit_btn": strings.ask, "stop_btn": False}
    busy: dict[str, Any] = {"submit_btn": False, "stop_btn": strings.stop}

    with gr.Blocks(
        title=strings.document_title, analytics_enabled=False, fill_height=True, fill_width=True
    ) as page:
        history = gr.State(())
        running = gr.State(None)
        with gr.Row(elem_id="yj-header", equal_height=True):
            # Not gr.HTML: it evaluates its template as JavaScript, which the page's policy forbids.
            gr.Markdown(_header(summary, strings), elem_id="yj-brand")
            gr.Markdown(navigation(strings, "chat"), elem_id="yj-navigation")
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
            placeholder=_empty(summary, strings),
            examples=[{"text": question} for question in summary.examples[:MAX_EXAMPLES]] or None,
        )
        with gr.Row(elem_id="yj-steps"):
            undo = {
                step: gr.Button(text, size="sm", variant="secondary", visible=False, scale=0)
                for step, text in _undo_texts(strings).items()
            }
            accept = gr.Button(
                strings.ask_suggestion, size="sm", variant="secondary", visible=False, scale=0
            )
        with gr.Row(elem_id="yj-further"):
            further = [
                gr.Button("", size="sm", variant="secondary", visible=False, scale=0)
                for _ in range(MAX_FURTHER)
            ]
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

        def offers(latest: tuple[Exchange, ...]) -> list[Any]:
            """Which of the buttons under the chat fit its last answer."""
            steps = undoable(latest[-1]) if latest else ()
            slip = bool(latest) and suggested(latest[-1]) is not None
            answered = latest[-1].suggestions if latest else ()
            return [
                *(gr.update(visible=step in steps) for step in undo),
                gr.update(visible=slip),
                *(
                    gr.update(value=answered[n], visible=True)
                    if n < len(answered)
                    else gr.update(visible=False)
                    for n in range(MAX_FURTHER)
                ),
            ]

        def ask(
            question: str | None,
            exchanges: tuple[Exchange, ...],
            without: tuple[str, ...] = (),
        ) -> Iterator[tuple[Any, ...]]:
            if not (question or "").strip():
                yield (gr.skip(),) * (4 + len(undo) + 1 + MAX_FURTHER)
                return
            # One writer: the buttons only leave word here, and this loop ends by itself. A
            # handler that cancelled it would race with the update that is under way.
            control = _Control()
            # The box is left alone while the answer runs: the next question may be typed.
            box_update: Any = gr.update(value="", **busy)
            latest = exchanges
            for latest in _answers(
                backend, question or "", exchanges, control, strings=strings, without=without
            ):
                shown = messages(latest, strings=strings)
                yield box_update, shown, latest, control, *offers(())
                box_update = gr.skip()
            if control.discarded:
                yield gr.update(**idle), [], (), None, *offers(())
            else:
                yield gr.update(**idle), gr.skip(), gr.skip(), None, *offers(latest)

        def ask_again(step: Step) -> Callable[..., Iterator[tuple[Any, ...]]]:
            """The last question once more, with one step of understanding taken back."""

            def handler(exchanges: tuple[Exchange, ...]) -> Iterator[tuple[Any, ...]]:
                if exchanges:
                    last = exchanges[-1]
                    yield from ask(last.question, exchanges[:-1], (*last.without, step.value))

            return handler

        def ask_suggested(exchanges: tuple[Exchange, ...]) -> Iterator[tuple[Any, ...]]:
            meant = suggested(exchanges[-1]) if exchanges else None
            if meant is not None:
                yield from ask(meant, exchanges[:-1])

        def ask_further(number: int) -> Callable[..., Iterator[tuple[Any, ...]]]:
            """One of the questions that the last answer offered."""

            def handler(exchanges: tuple[Exchange, ...]) -> Iterator[tuple[Any, ...]]:
                if exchanges and number < len(exchanges[-1].suggestions):
                    yield from ask(exchanges[-1].suggestions[number], exchanges)

            return handler

        def ask_example(
            exchanges: tuple[Exchange, ...], chosen: "SelectData"
        ) -> Iterator[tuple[Any, ...]]:
            yield from ask(_chosen_text(chosen.value), exchanges)

        # Gradio recognises an argument that it fills by its annotation, which must be the class.
        ask_example.__annotations__["chosen"] = gr.SelectData

        def stop(control: _Control | None) -> None:
            if control is not None:
                control.ended.set()

        def start_over(control: _Control | None) -> tuple[Any, ...]:
            if control is not None:
                control.discarded = True
                control.ended.set()
            return gr.update(value="", **idle), [], (), None, *offers(())

        outputs = [box, chat, history, running, *undo.values(), accept, *further]
        hidden: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        streams: dict[str, Any] = {
            **hidden,
            "trigger_mode": "once",
            "concurrency_limit": MAX_RUNNING,
            "concurrency_id": "ask",
        }
        box.submit(ask, [box, history], outputs, **streams)
        chat.example_select(ask_example, [history], outputs, **streams)
        for step, button in undo.items():
            button.click(ask_again(step), [history], outputs, **streams)
        for number, button in enumerate(further):
            button.click(ask_further(number), [history], outputs, **streams)
        accept.click(ask_suggested, [history], outputs, **streams)
        # Not queued: a full queue must not keep anyone from stopping.
        box.stop(stop, [running], None, queue=False, **hidden)
        new_chat.click(start_over, [running], outputs, queue=False, **hidden)

        page.queue(max_size=MAX_WAITING, api_open=False)
    blocks: Blocks = page
    return blocks


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


class _Control:
    """A running answer, as the buttons reach it."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self.discarded = False


def _answers(
    backend: ChatBackend,
    text: str,
    exchanges: tuple[Exchange, ...],
    control: _Control,
    *,
    strings: Strings,
    without: tuple[str, ...] = (),
) -> Iterator[tuple[Exchange, ...]]:
    """Yield the conversation as it grows by one question, at most every ``UPDATE_INTERVAL_S``."""
    question = without_surrogates(text).strip()
    latest = Exchange(question=question, without=without)
    longest = backend.summary().max_question_chars
    if len(question) > longest:
        error = strings.too_long.format(max_chars=longest, chars=len(question))
        cut = question[:longest] + "…"
        yield (*exchanges, replace(latest, question=cut, error=error))
        return
    yield (*exchanges, latest)
    try:
        stream = backend.stream(question, dialogue=dialogue(exchanges), without=without)
        for events in paced(stream, interval_s=UPDATE_INTERVAL_S, stop=control.ended):
            for event in events:
                latest = apply_event(latest, event)
            yield (*exchanges, latest)
        if latest.running and control.ended.is_set():
            yield (*exchanges, replace(latest, stopped=True))
        elif latest.running:
            raise RuntimeError("the stream ended without a Finished event")
    except UsageError:
        yield (*exchanges, replace(latest, error=strings.not_askable))
    except YoujuError as error:
        yield (*exchanges, replace(latest, error=str(error)))
    except Exception:
        # A face is where the unexpected ends: the person gets a sentence, the log the rest.
        _log.exception("answering failed")
        yield (*exchanges, replace(latest, error=strings.failed_inside))


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


def _header(summary: CollectionSummary, strings: Strings) -> str:
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


def _empty(summary: CollectionSummary, strings: Strings) -> str:
    """What the chat shows before the first question."""
    text = strings.empty_text if summary.articles else strings.empty_index
    return (
        f'<div class="yj-empty"><h2>{html.escape(strings.empty_heading)}</h2>'
        f"<p>{html.escape(text)}</p></div>"
    )
