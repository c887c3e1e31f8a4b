"""Order the best candidates anew, by a closer look than the legs take.

Two rerankers behind one protocol: the light one, which weighs the features of ``rag.evidence`` by
a file of numbers, and any cross-encoder of sentence-transformers.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from index.errors import UsageError
from rag.config import RetrievalConfig
from rag.evidence import FEATURES, Candidate, Evidence
from rag.weights import read_weights

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

__all__ = [
    "WEIGHTS",
    "CrossEncoderReranker",
    "LightReranker",
    "Reranker",
    "load_reranker",
]

WEIGHTS = Path(__file__).with_name("rerank.toml")
"""The shipped weights, made by ``python -m eval.fit``."""

Scores = npt.NDArray[np.float64]
"""``(candidates,)``, higher is better."""


class Reranker(Protocol):
    """Something that scores candidates for a question; ``name`` tells which."""

    @property
    def name(self) -> str:
        """What is shown and fingerprinted."""

    def score(self, question: str, candidates: Sequence[Candidate], evidence: Evidence) -> Scores:
        """Score each candidate, ``(len(candidates),)``: higher is better."""


class LightReranker:
    """A weighted sum of features."""

    name = "light"

    def __init__(self, weights: Mapping[str, float]) -> None:
        """Take a weight for each feature; one that is left out weighs nothing."""
        self._weights = np.array([weights.get(name, 0.0) for name in FEATURES])

    def score(
        self,
        question: str,  # noqa: ARG002 - the evidence has all of it
        candidates: Sequence[Candidate],  # noqa: ARG002
        evidence: Evidence,
    ) -> Scores:
        """Score each candidate."""
        scores: Scores = evidence.features @ self._weights
        return scores

    def parts(self, evidence: Evidence) -> list[dict[str, float]]:
        """Tell what each feature adds to each candidate's score, for an explanation."""
        parts = evidence.features * self._weights
        return [
            {name: float(v) for name, v in zip(FEATURES, row, strict=True) if v} for row in parts
        ]


class CrossEncoderReranker:
    """A cross-encoder: a transformer that reads question and passage together. Loaded when used."""

    def __init__(self, model: str, *, device: str | None = None) -> None:
        """Name a sentence-transformers ``CrossEncoder``, by folder or hub name."""
        self.name = model
        self._device = device
        self._model: CrossEncoder | None = None

    def score(
        self,
        question: str,
        candidates: Sequence[Candidate],
        evidence: Evidence,  # noqa: ARG002 - it reads for itself
    ) -> Scores:
        """Score each candidate.

        Raises:
            UsageError: there is no such model, or it gives more than one number for a pair.
        """
        if not candidates:
            return np.zeros(0)
        if self._model is None:
            self._model = self._load()
        pairs = [(question, f"{c.article.title}\n{c.chunk.text}") for c in candidates]
        scores = np.asarray(self._model.predict(pairs, show_progress_bar=False), dtype=np.float64)
        if scores.shape != (len(candidates),):
            raise UsageError(
                f"the reranker {self.name} gives {scores.shape[1:]} numbers for a pair; a "
                "cross-encoder with one output is needed"
            )
        return scores

    def _load(self) -> "CrossEncoder":
        from sentence_transformers import CrossEncoder

        try:
            model: CrossEncoder = CrossEncoder(
                self.name, device=self._device, trust_remote_code=False
            )
        except (OSError, ValueError) as error:
            reason = str(error).strip().splitlines()[0]
            raise UsageError(f"the reranker {self.name!r} cannot be loaded: {reason}") from error
        return model


def load_reranker(config: RetrievalConfig) -> Reranker:
    """Make the reranker that a configuration names.

    Raises:
        UsageError: the file of weights is missing or wrong.
    """
    if config.reranker == "light":
        return LightReranker(
            read_weights(Path(config.weights) if config.weights else WEIGHTS, FEATURES)
        )
    return CrossEncoderReranker(config.reranker)
