"""The buttons under the chat: what can be done with its last answer.

In: the last exchange. Out: which buttons fit, and the request that each of them makes.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rag.understand import Step
from ui.conversation import Request
from ui.exchange import Exchange, suggested, undoable
from ui.strings import Strings

if TYPE_CHECKING:
    from gradio import Button
    from gradio.components import Component

__all__ = ["Offers"]

MAX_FURTHER = 3
"""Further questions under an answer."""


class Offers:
    """The buttons, made where they are to stand: inside of the page that is being built."""

    def __init__(self, strings: Strings) -> None:
        import gradio as gr

        def button(text: str, **more: Any) -> "Button":  # noqa: ANN401 -- Gradio's own options
            return gr.Button(text, size="sm", variant="secondary", visible=False, scale=0, **more)

        self._strings = strings
        with gr.Row(elem_id="yj-further"):
            self.further = [button("") for _ in range(MAX_FURTHER)]
        with gr.Row(elem_id="yj-steps"):
            self._accept = button(strings.ask_suggestion)
            self._undo = {step: button(text) for step, text in _undo_texts(strings).items()}
            self._retry = button(strings.chat_retry, elem_id="yj-retry")
            self.edit = button(strings.chat_edit, elem_id="yj-edit")
            self._editing = gr.Markdown(strings.chat_editing, elem_id="yj-editing", visible=False)
            self.leave = button(strings.chat_leave, elem_id="yj-leave")

    @property
    def all(self) -> list["Component"]:
        """All of them, in the order of :meth:`updates`."""
        return [*self.asking, self.edit, self._editing, self.leave]

    @property
    def asking(self) -> dict["Button", Callable[[Exchange], Request | None]]:
        """The buttons that ask, and what each makes of the last exchange."""
        return {
            **{button: _further(n) for n, button in enumerate(self.further)},
            self._accept: _as_suggested,
            **{button: _without(step) for step, button in self._undo.items()},
            self._retry: _again,
        }

    def further_updates(self, questions: tuple[str, ...]) -> list[Any]:
        """Show these further questions, as many as there are buttons for."""
        import gradio as gr

        texts = [*questions, *("",) * MAX_FURTHER][:MAX_FURTHER]
        return [gr.update(value=text, visible=bool(text)) for text in texts]

    def updates(self, last: Exchange | None, *, is_edited: bool = False) -> tuple[Any, ...]:
        """Show the buttons that fit: none while an answer runs (``last`` is None then)."""
        import gradio as gr

        steps = undoable(last) if last and not is_edited else ()
        further = last.suggestions if last and not is_edited else ()
        fits = last is not None and not is_edited
        return (
            *self.further_updates(further),
            gr.update(visible=fits and last is not None and suggested(last) is not None),
            *(gr.update(visible=step in steps) for step in self._undo),
            gr.update(visible=fits),
            gr.update(visible=fits),
            gr.update(visible=is_edited),
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


def _undo_texts(strings: Strings) -> dict[Step, str]:
    return {
        Step.REWRITING: strings.undo_rewriting,
        Step.ALIASES: strings.undo_aliases,
        Step.DATES: strings.undo_dates,
    }
