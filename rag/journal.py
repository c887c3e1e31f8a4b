"""What was asked lately, so that an answer can be explained by its id.

In: requests with their ids. Out: the request of an id, without card, phone and identity numbers
(`rag.mask`). One line of JSON each in a file beside the
index, the last ``KEPT`` of them; it never leaves the machine, and an answer does not wait for it:
where the file cannot be written, nothing is remembered.
"""

import contextlib
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from index.errors import UsageError
from index.passage import Filters
from rag.mask import mask
from rag.question import Asked, Turn

__all__ = ["JOURNAL", "KEPT", "Journal"]

JOURNAL = "asked.jsonl"
KEPT = 1000

_log = logging.getLogger(__name__)


class Journal:
    """The file of what was asked of one index."""

    def __init__(self, index: Path) -> None:
        """Name the folder of the index; nothing is read yet."""
        self._path = index / JOURNAL

    def remember(self, answer_id: str, asked: Asked) -> None:
        """Add a line; at twice ``KEPT`` lines the older ones go."""
        line = json.dumps({"id": answer_id, **_plain(asked)}, ensure_ascii=False)
        try:
            with self._path.open("a", encoding="utf-8", errors="replace") as file:
                file.write(line + "\n")
            self._shorten()
        except OSError as error:
            _log.debug("not remembered in %s: %s", self._path, error)

    def find(self, answer_id: str) -> Asked:
        """Look a request up by the id of its answer.

        Raises:
            UsageError: there is none; the message says what can be done.
        """
        for line in reversed(self._lines()):
            with contextlib.suppress(ValueError, KeyError, TypeError):
                row = json.loads(line)
                if row["id"] == answer_id:
                    return _asked(row)
        raise UsageError(
            f"no answer {answer_id!r} is remembered in {self._path} (the last {KEPT} are); "
            "ask again, or explain the question itself"
        )

    def requests(self) -> Iterator[Asked]:
        """What was asked, the oldest first; a line that cannot be read is passed over."""
        for line in self._lines():
            with contextlib.suppress(ValueError, KeyError, TypeError):
                yield _asked(json.loads(line))

    def _lines(self) -> list[str]:
        try:
            return self._path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return []

    def _shorten(self) -> None:
        if self._path.stat().st_size < 200 * KEPT:
            return
        lines = self._lines()
        if len(lines) > 2 * KEPT:
            fresh = self._path.with_suffix(".tmp")
            fresh.write_text("\n".join(lines[-KEPT:]) + "\n", encoding="utf-8")
            fresh.replace(self._path)


def _plain(asked: Asked) -> dict[str, Any]:
    row = asdict(asked)
    row["question"] = mask(asked.question)
    row["dialogue"] = [
        {"question": mask(turn.question), "answer": turn.answer and mask(turn.answer)}
        for turn in asked.dialogue
    ]
    row["today"] = asked.today.isoformat()
    for name in ("since", "until"):
        day = row["filters"][name]
        row["filters"][name] = day.isoformat() if day else None
    return row


def _asked(row: dict[str, Any]) -> Asked:
    filters = row["filters"]
    return Asked(
        question=row["question"],
        today=date.fromisoformat(row["today"]),
        dialogue=tuple(Turn(turn["question"], turn["answer"]) for turn in row["dialogue"]),
        filters=Filters(
            since=_day(filters["since"]),
            until=_day(filters["until"]),
            sources=_texts(filters["sources"]),
            languages=_texts(filters["languages"]),
            tags=_texts(filters["tags"]),
        ),
        k=row["k"],
        without=_texts(row["without"]),
    )


def _day(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None


def _texts(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(str(value) for value in values)
