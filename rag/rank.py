"""Order the sentences of the passages by how likely each answers: material in, ranked out.

A weighted sum of the features of `rag.statements`; the weights stand in ``rag/rank.toml``, made by
``python -m eval.sentences``.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rag.statements import FEATURES, Material, Statement, gather_statements
from rag.weights import read_weights

__all__ = ["WEIGHTS", "Ranked", "rank_statements"]

WEIGHTS = Path(__file__).with_name("rank.toml")


@dataclass(frozen=True, slots=True)
class Ranked:
    """A statement with its score, higher is better, and the features behind it, ``(columns,)``.

    ``short``: the short answer that was found by reading the sentence, the characters
    ``article.text[start:end]``; empty where none was found, None where nobody read it.
    """

    statement: Statement
    score: float
    features: npt.NDArray[np.float64]
    short: tuple[int, int] | None = None

    def value(self, feature: str) -> float:
        """One of its features by name."""
        return float(self.features[FEATURES.index(feature)])


def rank_statements(material: Material) -> tuple[Ranked, ...]:
    """Rank every sentence of the passages, the likeliest answer first."""
    found = gather_statements(material)
    scores = found.features @ _weights()
    order = sorted(
        range(len(scores)),
        key=lambda n: (-scores[n], found.rows[n].article.id, found.rows[n].start),
    )
    return tuple(Ranked(found.rows[n], float(scores[n]), found.features[n]) for n in order)


@cache
def _weights() -> npt.NDArray[np.float64]:
    weights = read_weights(WEIGHTS, FEATURES)
    return np.array([weights.get(name, 0.0) for name in FEATURES])
