"""Reading JSON that nobody vouches for: each field by its type and its limits, or an error.

In: what a browser sent, decoded. Out: values of exact types, or a ``UsageError`` that says which
field is wrong. Unknown fields are refused. It knows nothing of what the fields mean.
"""

import math
from collections.abc import Callable, Collection
from datetime import date
from enum import StrEnum
from typing import TypeVar

from index.errors import UsageError
from ui.untrusted import without_surrogates

__all__ = ["Fields"]

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


class Fields:
    """One JSON object. ``where`` is how errors name it; ``known`` are all of its fields.

    >>> Fields({"n": 3}, "row", known=("n",)).integer("n", most=5)
    3
    """

    def __init__(self, value: object, where: str, *, known: Collection[str]) -> None:
        """Refuse what is no object, and what has fields that are not ``known``.

        Raises:
            UsageError: as every method does, for what is not as it should be.
        """
        if not isinstance(value, dict):
            raise UsageError(f"{where} must be an object")
        if odd := [str(key)[:40] for key in value if key not in known]:
            raise UsageError(f"{where} has an unknown field {odd[0]!r}")
        self._row = value
        self._where = where

    def text(self, name: str, *, most: int) -> str:
        """A text of at most ``most`` characters, "" where the field is missing."""
        return self._text(self._row.get(name, ""), name, most)

    def text_or_none(self, name: str, *, most: int) -> str | None:
        """A text, or None where the field is missing or null."""
        value = self._row.get(name)
        return None if value is None else self._text(value, name, most)

    def texts(self, name: str, *, most: int, most_chars: int) -> tuple[str, ...]:
        """A list of at most ``most`` texts."""
        return tuple(
            self._text(value, f"{name}[{n}]", most_chars)
            for n, value in enumerate(self._list(name, most))
        )

    def integer(self, name: str, *, least: int = 0, most: int) -> int:
        """A whole number within its limits, 0 where the field is missing."""
        return self._integer(self._row.get(name, 0), name, least, most)

    def integers(self, name: str, *, most: int, largest: int) -> tuple[int, ...]:
        """A list of at most ``most`` whole numbers from 0 to ``largest``."""
        return tuple(
            self._integer(value, f"{name}[{n}]", 0, largest)
            for n, value in enumerate(self._list(name, most))
        )

    def number_or_none(self, name: str) -> float | None:
        """A finite number, or None where the field is missing or null."""
        value = self._row.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._wrong(name, "must be a number")
        if abs(value) > 1e9 or not math.isfinite(value):
            raise self._wrong(name, "is out of range")
        return float(value)

    def numbers(self, name: str, *, most: int, most_chars: int) -> dict[str, float]:
        """An object of at most ``most`` finite numbers, by names of at most ``most_chars``."""
        value = self._row.get(name, {})
        if not isinstance(value, dict) or len(value) > most:
            raise self._wrong(name, f"must be an object of at most {most} numbers")
        names = [self._text(key, f"{name}: a name", most_chars) for key in value]
        inside = Fields(value, f"{self._where}: {name}", known=names)
        return {key: inside.number_or_none(key) or 0.0 for key in names}

    def flag(self, name: str) -> bool:
        """True or false, false where the field is missing."""
        value = self._row.get(name, False)
        if not isinstance(value, bool):
            raise self._wrong(name, "must be true or false")
        return value

    def choice(self, name: str, kind: type[E]) -> E:
        """A member of a closed set, by its value."""
        value = self._row.get(name)
        for member in kind:
            if isinstance(value, str) and member.value == value:
                return member
        raise self._wrong(name, f"must be one of {', '.join(kind)}")

    def day(self, name: str) -> date | None:
        """A day as YYYY-MM-DD, or None where the field is missing, null or empty."""
        text = self.text_or_none(name, most=10)
        if not text:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise self._wrong(name, "must be a day that exists, as YYYY-MM-DD") from None

    def object_or_none(self, name: str, read: Callable[[object, str], T]) -> T | None:
        """What ``read`` makes of an object inside, or None where it is missing or null."""
        value = self._row.get(name)
        return None if value is None else read(value, f"{self._where}: {name}")

    def objects(self, name: str, read: Callable[[object, str], T], *, most: int) -> tuple[T, ...]:
        """What ``read`` makes of each in a list of at most ``most`` objects."""
        return tuple(
            read(value, f"{self._where}: {name}[{n}]")
            for n, value in enumerate(self._list(name, most))
        )

    def _list(self, name: str, most: int) -> list[object]:
        value = self._row.get(name, [])
        if not isinstance(value, list):
            raise self._wrong(name, "must be a list")
        if len(value) > most:
            raise self._wrong(name, f"has {len(value)} entries, at most {most} are taken")
        return value

    def _text(self, value: object, name: str, most: int) -> str:
        if not isinstance(value, str):
            raise self._wrong(name, "must be a text")
        if len(value) > most:
            raise self._wrong(name, f"has {len(value)} characters, at most {most} are taken")
        return without_surrogates(value)

    def _integer(self, value: object, name: str, least: int, most: int) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._wrong(name, "must be a whole number")
        if not least <= value <= most:
            raise self._wrong(name, f"must be from {least} to {most}")
        return value

    def _wrong(self, name: str, what: str) -> UsageError:
        return UsageError(f"{self._where}: {name} {what}")
