"""How likely the collection answers a question: what was found in, a probability out.

A logistic regression over a few signals of both legs, the passages and the likeliest sentences.
Its weights stand in ``rag/decline.toml``; ``python -m eval.declining`` fits them anew, for another
embedder too. What it reaches stands in docs/decisions/0004-declining.md.
"""

import math
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rag.evidence import FEATURES as EVIDENCE
from rag.rank import Ranked
from rag.retrieve import Retrieval
from rag.weights import read_weights

__all__ = ["SIGNALS", "WEIGHTS", "probability_of_answer", "signals"]

WEIGHTS = Path(__file__).with_name("decline.toml")

_OF_SENTENCE = (
    "units",
    "rarest",
    "phrase",
    "longest",
    "focus",
    "near",
    "fresh",
    "cosine",
    "measure",
)
_OF_PASSAGE = (
    "lexical_share",
    "dense",
    "coverage",
    "pair_coverage",
    "rarest",
    "phrase",
    "longest",
)

SIGNALS = (
    "bias",
    "covered",  # of the question, by the likeliest sentence with its context
    "covered_best",  # … by any of the five likeliest
    "stated",  # by the likeliest sentence alone
    "margin",  # of its score over the second
    "agreement",  # other articles among the five likeliest sentences
    "silence",  # the cosine where the words hardly matched: another language
    *(f"sentence_{name}" for name in _OF_SENTENCE),
    *(f"passage_{name}" for name in _OF_PASSAGE),
)


def probability_of_answer(ranked: Sequence[Ranked], retrieval: Retrieval) -> float:
    """Tell how likely the passages answer the question, between 0 and 1."""
    if not ranked:
        return 0.0
    odds = float(signals(ranked, retrieval) @ _weights())
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))


def signals(ranked: Sequence[Ranked], retrieval: Retrieval) -> npt.NDArray[np.float64]:
    """Work out the signals, ``(len(SIGNALS),)``, of a question with at least one sentence."""
    first, few = ranked[0], ranked[:5]
    row = retrieval.evidence.features
    best = dict(zip(EVIDENCE, row.max(axis=0), strict=True)) if len(row) else {}
    values = {
        "bias": 1.0,
        "covered": first.statement.covered,
        "covered_best": max(r.statement.covered for r in few),
        "stated": first.value("stated"),
        "margin": math.tanh(first.score - few[1].score) if len(few) > 1 else 1.0,
        "agreement": (len({r.statement.article.id for r in few}) - 1) / 4,
        "silence": best.get("silence", 0.0),
    }
    values |= {f"sentence_{name}": first.value(name) for name in _OF_SENTENCE}
    values |= {f"passage_{name}": best.get(name, 0.0) for name in _OF_PASSAGE}
    return np.array([values[name] for name in SIGNALS])


@cache
def _weights() -> npt.NDArray[np.float64]:
    weights = read_weights(WEIGHTS, SIGNALS)
    return np.array([weights.get(name, 0.0) for name in SIGNALS])
