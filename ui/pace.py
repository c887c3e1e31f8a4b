"""Who goes when: a stream paced for people's eyes, and urgent work before what can wait.

Paced, an iterator that may block and may fail becomes lists of its items, at most one per
interval, nothing lost, nothing reordered, the failure raised where it happened. Knows nothing of
answers.
"""

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

__all__ = ["RightOfWay", "paced"]

T = TypeVar("T")


class _End:
    """The last thing that a pump puts: the failure, or None."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


class RightOfWay:
    """Lets work that people wait for go first, and other work wait until none of it runs."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running = 0
        self._patient = threading.Lock()  # held by the one that may wait

    @contextmanager
    def urgent(self) -> Iterator[None]:
        """While this is open, :meth:`patient` waits."""
        with self._changed:
            self._running += 1
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    @contextmanager
    def patient(self, *, timeout_s: float) -> Iterator[bool]:
        """Wait until nothing urgent runs: true while this is open, for one at a time.

        False at once where another waits or works already: a crowd of those who can wait must not
        hold what the urgent need. False, too, when nothing came free in time.
        """
        if not self._patient.acquire(blocking=False):
            yield False
            return
        try:
            with self._changed:
                is_clear = self._changed.wait_for(lambda: self._running == 0, timeout=timeout_s)
            yield is_clear
        finally:
            self._patient.release()


def paced(
    stream: Iterator[T],
    *,
    interval_s: float,
    stop: threading.Event,
    nudge: threading.Event | None = None,
) -> Iterator[list[T]]:
    """Group the items of a stream so that no two groups come closer than ``interval_s``.

    The first item is handed on at once. The stream runs in a thread of its own, so an item is
    never held back because the next one is late. When ``stop`` is set this ends within
    ``interval_s``, also while the stream is busy; when it ends early for any reason, the stream
    is closed after the item that it is working on. When ``nudge`` is set, it is cleared and a
    group is handed on within ``interval_s``, though nothing may have arrived.

    Raises:
        Exception: whatever the stream raised, after all that came before it.
    """
    arrived: queue.SimpleQueue[T | _End] = queue.SimpleQueue()
    closed = threading.Event()
    pump = threading.Thread(
        target=_pump, args=(stream, arrived, closed), name="youju-stream", daemon=True
    )
    pump.start()
    waiting: list[T] = []
    next_group_at = 0.0
    try:
        while not stop.is_set():
            now = time.monotonic()
            nudged = nudge is not None and nudge.is_set()
            if (waiting or nudged) and now >= next_group_at:
                if nudge is not None:
                    nudge.clear()
                yield waiting
                waiting = []
                next_group_at = time.monotonic() + interval_s
                continue
            try:
                wait_s = min(interval_s, next_group_at - now) if waiting else interval_s
                item = arrived.get(timeout=wait_s)
            except queue.Empty:
                continue
            if not isinstance(item, _End):
                waiting.append(item)
                continue
            if waiting:
                yield waiting
            if item.error is not None:
                raise item.error
            return
    finally:
        closed.set()


def _pump(
    stream: Iterator[T], arrived: "queue.SimpleQueue[T | _End]", closed: threading.Event
) -> None:
    error: BaseException | None = None
    try:
        for item in stream:
            if closed.is_set():
                break
            arrived.put(item)
    except BaseException as caught:  # raised again in the thread that asked
        error = caught
    finally:
        close = getattr(stream, "close", None)  # generators have it, other iterators need not
        if close is not None:
            close()
        arrived.put(_End(error))
