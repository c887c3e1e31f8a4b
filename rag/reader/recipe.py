"""Everything that decides how a reader is trained, in one record; no data, no weights."""

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["PHASES", "Recipe"]

PHASES: tuple[tuple[float, Mapping[str, float]], ...] = (
    (0.45, {"masked": 0.5, "recurring": 0.2, "zh": 0.1, "en": 0.1, "ja": 0.05, "switched": 0.05}),
    (
        0.65,
        {
            "masked": 0.2,
            "recurring": 0.2,
            "zh": 0.1,
            "zh+like": 0.1,
            "en": 0.15,
            "ja": 0.1,
            "switched": 0.15,
        },
    ),
    (
        0.85,
        {
            "recurring": 0.08,
            "zh": 0.05,
            "zh+like": 0.2,
            "retrieved": 0.1,
            "en+like": 0.25,
            "ja+like": 0.12,
            "switched+like": 0.2,
        },
    ),
    (
        1.0,
        {
            "zh+like": 0.25,
            "retrieved": 0.3,
            "en+like": 0.2,
            "ja+like": 0.05,
            "switched+like": 0.2,
        },
    ),
)
"""The shares of the tasks up to each share of the training. ``+like``: beside its own passage
another with like words, which does not answer."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a reader is trained; the defaults are those of the bundled one."""

    width: int = 384
    layers: int = 6
    embedding: int = 128
    dropout: float = 0.1

    places: int = 49_152  # of all inputs of a step together
    steps: int = 22_720
    minutes: float | None = None  # stop early, with the phases and rates fitted to the time
    seed: int = 0

    warmup: int = 150  # steps
    constant: float = 0.5  # share of the training behind which the rates fall
    least: float = 0.02  # of the rates, at the end
    matrix_rate: float = 0.02  # of Muon
    matrix_decay: float = 0.02
    momentum: float = 0.95
    rate: float = 2e-3  # of AdamW
    betas: tuple[float, float] = (0.9, 0.98)
    decay: float = 0.01

    span_weight: float = 0.3  # of the begin and of the end of an answer, the sentence having 1
    passage_weight: float = 0.3  # of telling whether a passage answers

    titled: float = 0.7  # of the passages have their title
    unseen: float = 0.06  # of the text's units do not tell that the question has them, too
    hidden: float = 0.06  # of the text's pieces are masked, beside a question
    masked: float = 0.1  # of the pieces begin a masked run; each further one is in it by the next
    masked_on: float = 0.6
    room: tuple[int, int] = (130, 400)  # places for the text, drawn anew each time

    def pace(self, step: int, done: float) -> float:
        """What the rates are multiplied by: ``done`` is the share of the training that is over."""
        falling = 1.0 if done < self.constant else (1 - done) / (1 - self.constant)
        return min(1.0, (step + 1) / self.warmup) * max(self.least, falling)
