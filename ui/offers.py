"""The buttons under the chat: what can be done with its last answer.

In: the last exchange. Out: which buttons fit, and the request that each of them makes.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rag.understand import Step
from ui.conversation import Conversation, Offered, Request
from ui.exchange import Exchange, suggested, undoable
from ui.strings import Strings

if TYPE_CHECKING:
    from gradio import Button
    from gradio.components import Component

__all__ = ["Offers"]

_HIDDEN: Offered = (False, "")
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
            self._accept = button(strings.ask_suggestion, elem_id="yj-accept")
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

    def updates(
        self, conversation: Conversation, last: Exchange | None, *, is_edited: bool = False
    ) -> list[Any]:
        """Show the buttons that fit an exchange that has ended, none where there is none.

        While an answer runs the style sheet hides them all. What already is as it should be is
        left alone: Gradio makes a component anew for each that it updates.
        """
        import gradio as gr

        wanted = self._wanted(last, is_edited=is_edited)
        known = conversation.offered or (_HIDDEN,) * len(wanted)
        conversation.offered = wanted
        return [
            gr.skip() if now == before else gr.update(visible=now[0], **_text(now[1]))
            for now, before in zip(wanted, known, strict=True)
        ]

    def _wanted(self, last: Exchange | None, *, is_edited: bool) -> tuple[Offered, ...]:
        """Whether each is visible, and the text of those that have none of their own."""
        if last is None or is_edited:
            others = (_HIDDEN,) * (len(self.asking) + 1)
            return (*others, (is_edited, ""), (is_edited, ""))
        texts = [*last.suggestions, *("",) * MAX_FURTHER][:MAX_FURTHER]
        steps = undoable(last)
        return (
            *((bool(text), text) for text in texts),
            (suggested(last) is not None, ""),
            *((step in steps, "") for step in self._undo),
            (True, ""),  # again
            (True, ""),  # edit
            _HIDDEN,
            _HIDDEN,
        )


def _text(text: str) -> dict[str, str]:
    return {"value": text} if text else {}


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
