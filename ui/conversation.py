"""One person's conversation: what was asked, what is being answered, what waits for its turn.

In: requests, from whichever thread they come. Out: the exchanges, one answer at a time, and no
question lost: what is asked while an answer runs is answered after it. It knows nothing of how
answers are made or shown.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from enum import StrEnum

from index.passage import Filters
from ui.exchange import Exchange

__all__ = ["Answering", "Conversation", "Request", "Shown", "Signals", "Taken"]

REPEAT_S = 1.0
"""The same words again so soon are a second press of the same key, not a second question."""

MAX_WAITING = 20
"""Questions of one person that wait for their turn."""

MAX_EXCHANGES = 200
"""The oldest go first; what the browser keeps is its own affair."""


@dataclass(frozen=True, slots=True)
class Request:
    """A question as it was asked. ``replaces`` is the id of the exchange that it takes the place
    of: asked again, or edited.
    """

    question: str
    filters: Filters = field(default_factory=Filters)
    without: tuple[str, ...] = ()
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """What is to be seen: the exchanges, the last of which may be running, and what waits."""

    exchanges: tuple[Exchange, ...]
    waiting: tuple[str, ...] = ()
    busy: bool = False

    @property
    def last(self) -> Exchange | None:
        """The last exchange, None before the first."""
        return self.exchanges[-1] if self.exchanges else None


class Taken(StrEnum):
    """What became of a request: the caller has to answer it (see :meth:`Conversation.answers`),
    whoever answers already will come to it, it repeats what was just asked, or too many wait.
    """

    TO_ANSWER = "to answer"
    WAITS = "waits"
    REPEATED = "repeated"
    TOO_MANY = "too many"


class Signals:
    """How a running answer is reached: ``ended`` asks it to end soon, ``changed`` to show itself
    again, because something else that is shown has changed.
    """

    def __init__(self) -> None:
        self.ended = threading.Event()
        self.changed = threading.Event()


Offered = tuple[bool, str]
"""A button under the chat: whether it is visible, and its text where that changes."""

Answering = Callable[[Request, tuple[Exchange, ...], Signals], Generator[Exchange, None, None]]
"""Answers a request after the exchanges before it: the exchange as it grows, the last one ended."""


class _Turn:
    """The answer that is running."""

    def __init__(self, request: Request, before: tuple[Exchange, ...]) -> None:
        self.request = request
        self.before = before
        self.latest: Exchange | None = None
        self.signals = Signals()
        self.discarded = False


class Conversation:
    """Takes requests from any thread; one of them at a time answers (see :meth:`answers`)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._exchanges: tuple[Exchange, ...] = ()
        self._waiting: deque[Request] = deque()
        self._turn: _Turn | None = None
        self._is_answered = False
        self._last: tuple[Request, float] | None = None
        self._editing: str | None = None

    def __deepcopy__(self, memo: object) -> "Conversation":
        """Gradio copies the first state for every tab: each gets a conversation of its own."""
        return Conversation()

    # ---- asking ---------------------------------------------------------------------------------

    def submit(self, request: Request) -> Taken:
        """Take a request."""
        with self._lock:
            if self._repeats(request):
                if self._is_answered or not self._waiting:
                    return Taken.REPEATED
                # Whoever was to come to it has left: it is answered now, once.
                self._is_answered = True
                return Taken.TO_ANSWER
            # Where nobody answers, what waits gets its turn by this request: it must not fail.
            if self._is_answered and len(self._waiting) >= MAX_WAITING:
                return Taken.TOO_MANY
            self._last = (request, time.monotonic())
            self._waiting.append(request)
            if self._is_answered:
                if self._turn is not None:
                    self._turn.signals.changed.set()
                return Taken.WAITS
            self._is_answered = True
            return Taken.TO_ANSWER

    def answers(self, answer: Answering) -> Iterator[Shown]:
        """Answer what waits, one after another, until nothing does.

        For one caller at a time: who was told ``Taken.TO_ANSWER``. Yields what is to be seen
        whenever it changed; the last of it is not busy.
        """
        is_left = False
        try:
            while (turn := self._next()) is not None:
                with closing(answer(turn.request, turn.before, turn.signals)) as growing:
                    for latest in growing:
                        turn.latest = latest
                        # What has ended is shown with the turn ended: one view, not two.
                        if latest.running and not turn.discarded:
                            yield self.shown()
                self._end(turn)
                yield self.shown()
            is_left = True
        finally:
            # The reader is gone: the next question must find that nobody answers.
            if not is_left:
                with self._lock:
                    self._turn = None
                    self._is_answered = False

    def shown(self) -> Shown:
        """What is to be seen now."""
        with self._lock:
            waiting = tuple(request.question for request in self._waiting)
            turn = self._turn
            if turn is None or turn.discarded:
                return Shown(self._exchanges, waiting, busy=bool(waiting))
            latest = () if turn.latest is None else (turn.latest,)
            return Shown((*turn.before, *latest), waiting, busy=True)

    # ---- what a person does meanwhile ------------------------------------------------------------

    def stop(self) -> None:
        """End the answer that is running; what waits gets its turn."""
        with self._lock:
            if self._turn is not None:
                self._turn.signals.ended.set()

    def start_over(self) -> None:
        """Forget everything, the running answer included."""
        self.restore(())

    def restore(self, exchanges: tuple[Exchange, ...]) -> None:
        """Put earlier exchanges in the place of everything."""
        with self._lock:
            self._exchanges = exchanges[-MAX_EXCHANGES:]
            self._waiting.clear()
            self._last = self._editing = None
            if self._turn is not None:
                self._turn.discarded = True
                self._turn.signals.ended.set()

    @property
    def last(self) -> Exchange | None:
        """The last exchange that has ended, None while an answer runs or before the first."""
        with self._lock:
            return self._exchanges[-1] if self._exchanges and self._turn is None else None

    def suggest(self, exchange_id: str, questions: tuple[str, ...]) -> bool:
        """Add further questions to the last exchange; false when it is the last no more."""
        with self._lock:
            if self._is_answered or not self._exchanges:
                return False
            *before, last = self._exchanges
            if last.id != exchange_id:
                return False
            self._exchanges = (*before, replace(last, suggestions=questions))
            return True

    def edit(self) -> Exchange | None:
        """Let the next question replace the last; returns what is edited, None where nothing is."""
        last = self.last
        with self._lock:
            self._editing = last.id if last else None
        return last

    def leave_as_it_is(self) -> None:
        """End the editing."""
        with self._lock:
            self._editing = None

    @property
    def edited(self) -> str | None:
        """The id of the exchange that the next question replaces."""
        with self._lock:
            return self._editing

    # ---- inside ---------------------------------------------------------------------------------

    def _repeats(self, request: Request) -> bool:
        """Tell whether a request is the last one once more: a second press of the same key.

        Asking the same again by a button, in its own place, is meant, once the first has ended.
        """
        if self._last is None:
            return False
        last, when = self._last
        if replace(last, replaces=None) != replace(request, replaces=None):
            return False
        if last in self._waiting or (self._turn is not None and self._turn.request == last):
            return True
        return request.replaces is None and time.monotonic() - when < REPEAT_S

    def _next(self) -> _Turn | None:
        """Begin the next turn. Deciding that there is none and leaving are one step: no question
        can come in between.
        """
        with self._lock:
            if not self._waiting:
                self._turn = None
                self._is_answered = False
                return None
            request = self._waiting.popleft()
            self._editing = None
            before = self._exchanges
            replaced = [n for n, e in enumerate(before) if e.id == request.replaces]
            if replaced:
                # What came after it leaned on it.
                before = before[: replaced[0]]
            self._turn = _Turn(request, before)
            return self._turn

    def _end(self, turn: _Turn) -> None:
        with self._lock:
            if not turn.discarded and turn.latest is not None:
                self._exchanges = (*turn.before, turn.latest)[-MAX_EXCHANGES:]
            self._turn = None
