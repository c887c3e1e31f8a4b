"""How far something long is: a line on stderr that counts up, and a listener that is told.

In come counts, out goes a line that overwrites itself, with the time left once that can be told;
nothing at all when stderr is no terminal. A listener (the page has one) is told the same counts
as often, terminal or not.
"""

import sys
import time
from collections.abc import Callable

__all__ = ["Progress", "ProgressListener", "time_left"]

ProgressListener = Callable[[str, int, int], None]
"""Is told a task, such as "files read", how much of it is done, and of how much."""

_INTERVAL_S = 0.1
_SETTLED_S = 3.0
"""How long a task runs before its pace says how long it will go on."""


class Progress:
    """Counts of one task, such as "files read 120/500"."""

    def __init__(self, *, shown: bool, listener: ProgressListener | None = None) -> None:
        """``shown`` asks for the line; it is shown only on a terminal."""
        self._shown = shown and sys.stderr.isatty()
        self._listener = listener
        self._last = 0.0
        self._width = 0
        self._task = ""
        self._began = (0.0, 0)  # when the task was first seen, and how much of it was done then

    def update(self, task: str, done: int, total: int) -> None:
        """Tell how far a task is: at its start, at most ten times a second, and at its end."""
        if not self._shown and self._listener is None:
            return
        now = time.monotonic()
        is_new = task != self._task
        if is_new:
            self._task, self._began = task, (now, done)
        if not is_new and done < total and now - self._last < _INTERVAL_S:
            return
        self._last = now
        if self._listener is not None:
            self._listener(task, done, total)
        if self._shown:
            self._show(task, done, total, now)

    def _show(self, task: str, done: int, total: int, now: float) -> None:
        line = f"{task} {done:,}/{total:,}"
        began, before = self._began
        if left := time_left(now - began, done=done - before, to_do=total - done):
            line += f", {left} left"
        sys.stderr.write("\r" + line.ljust(self._width))
        sys.stderr.flush()
        self._width = len(line)

    def clear(self) -> None:
        """Take the line away."""
        if self._width:
            sys.stderr.write("\r" + " " * self._width + "\r")
            sys.stderr.flush()
            self._width = 0


def time_left(elapsed_s: float, *, done: int, to_do: int) -> str:
    """Say how long the rest takes at the pace so far; "" while that cannot be told.

    >>> time_left(10, done=5, to_do=30), time_left(60, done=10, to_do=100)
    ('60 s', '10 min')
    """
    if elapsed_s < _SETTLED_S or done < 1 or to_do < 1:
        return ""
    seconds = elapsed_s / done * to_do
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 100 else f"{minutes / 60:.1f} h"
