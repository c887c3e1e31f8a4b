"""One line on stderr that counts up while something long runs.

In come counts, out goes a line that overwrites itself; nothing at all when stderr is no terminal.
"""

import sys
import time

__all__ = ["Progress"]

_INTERVAL_S = 0.1


class Progress:
    """Counts of one task, such as "files read 120/500"."""

    def __init__(self, *, shown: bool) -> None:
        """``shown`` asks for it; it is shown only on a terminal."""
        self._shown = shown and sys.stderr.isatty()
        self._last = 0.0
        self._width = 0

    def update(self, task: str, done: int, total: int) -> None:
        """Show how far a task is, at most ten times a second and at its end."""
        if not self._shown:
            return
        now = time.monotonic()
        if done < total and now - self._last < _INTERVAL_S:
            return
        self._last = now
        line = f"{task} {done:,}/{total:,}"
        sys.stderr.write("\r" + line.ljust(self._width))
        sys.stderr.flush()
        self._width = len(line)

    def clear(self) -> None:
        """Take the line away."""
        if self._width:
            sys.stderr.write("\r" + " " * self._width + "\r")
            sys.stderr.flush()
            self._width = 0
