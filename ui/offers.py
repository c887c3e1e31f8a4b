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
    from gradio import Button, State
    from gradio.components import Component

__all__ = ["Offered", "Offers"]

Offered = tuple[tuple[bool, str], ...]
"""Of each button whether it is visible, and its text where that changes."""

_HIDDEN, _SHOWN = (False, ""), (True, "")
MAX_FURTHER = 3
"""Further questions under an answer."""


class Offers:
    """The buttons, made where they are to stand: inside of the page that is being built."""

    def __init__(self, strings: Strings) -> None:
        import gradio as gr

        def button(text: str, *, visible: bool = False, elem_id: str | None = None) -> "Button":
            return gr.Button(
                text, size="sm", variant="secondary", scale=0, visible=visible, elem_id=elem_id
            )

        with gr.Row(elem_id="yj-further"):
            self._further = [button("") for _ in range(MAX_FURTHER)]
        with gr.Row(elem_id="yj-steps"):
            self._accept = button(strings.ask_suggestion, elem_id="yj-accept")
            self._undo = {step: button(text) for step, text in _undo_texts(strings).items()}
            self._retry = button(strings.chat_retry, visible=True, elem_id="yj-retry")
            self.edit = button(strings.chat_edit, visible=True, elem_id="yj-edit")
            self._editing = gr.Markdown(strings.chat_editing, elem_id="yj-editing", visible=False)
            self.leave = button(strings.chat_leave, elem_id="yj-leave")
        # Most answers leave the buttons as they were made: then nothing has to be sent for them.
        self._usual: Offered = tuple(
            _SHOWN if one in (self._retry, self.edit) else _HIDDEN for one in self.all
        )
        self.state: State = gr.State(self._usual)

    @property
    def all(self) -> list["Component"]:
        """All of them, in the order of :meth:`fitting`."""
        return [*self.asking, self.edit, self._editing, self.leave]

    @property
    def asking(self) -> dict["Button", Callable[[Exchange], Request | None]]:
        """The buttons that ask, and what each makes of the last exchange."""
        return {
            **{button: _further(n) for n, button in enumerate(self._further)},
            self._accept: _as_suggested,
            **{button: _without(step) for step, button in self._undo.items()},
            self._retry: _again,
        }

    def fitting(self, last: Exchange | None, *, is_edited: bool = False) -> Offered:
        """What the buttons are to be for an exchange that has ended, or that is being edited.

        Without an exchange, and while an answer runs, the style sheet hides them all.
        """
        if last is None:
            return self._usual
        if is_edited:
            return (*(_HIDDEN,) * (len(self.all) - 2), _SHOWN, _SHOWN)
        texts = [*last.suggestions, *("",) * MAX_FURTHER][:MAX_FURTHER]
        steps = undoable(last)
        return (
            *((bool(text), text) for text in texts),
            _SHOWN if suggested(last) else _HIDDEN,
            *(_SHOWN if step in steps else _HIDDEN for step in self._undo),
            *(_SHOWN, _SHOWN),  # again, edit
            *(_HIDDEN, _HIDDEN),  # that it is being edited
        )

    def updates(self, offered: Offered) -> list[Any]:
        """Show the buttons so."""
        import gradio as gr

        return [
            gr.update(visible=is_visible, **({"value": text} if text else {}))
            for is_visible, text in offered
        ]


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
