"""What a slip in a question may have meant."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = ["Suggestion", "suggest"]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The question as it may have been meant."""

    text: str


def suggest(
    question: str,  # noqa: ARG001
    *,
    frequencies: Callable[[Sequence[str]], Sequence[int]],  # noqa: ARG001
    total: int,  # noqa: ARG001
) -> Suggestion | None:
    """Suggest nothing."""
    return None
