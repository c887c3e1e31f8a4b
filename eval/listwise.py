"""Fit weights that put the right one of several on top: groups of rows in, one weight a column out.

A linear score, and the softmax over each group: the loss is how unlikely the right ones are
(Cao et al., "Learning to Rank: From Pairwise Approach to Listwise Approach", ICML 2007).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

__all__ = ["Group", "fit_listwise", "write_weights"]


@dataclass(frozen=True, slots=True)
class Group:
    """Rows to choose among: features ``(n, columns)``, and which are right ``(n,)``.

    ``share`` is what the group counts in the fit.
    """

    features: npt.NDArray[np.float64]
    right: npt.NDArray[np.bool_]
    share: float = 1.0


def fit_listwise(groups: Sequence[Group], *, ridge: float) -> npt.NDArray[np.float64]:
    """Fit one weight for each column, ``(columns,)``; groups without a choice teach nothing.

    Raises:
        ValueError: no group has both right and wrong rows.
    """
    from scipy.optimize import minimize  # type: ignore[import-untyped]

    usable = [g for g in groups if g.right.any() and not g.right.all()]
    if not usable:
        raise ValueError("no group has both right and wrong rows")
    # What is the same for all rows of a group moves none of them.
    features = np.concatenate([g.features - g.features.mean(axis=0) for g in usable])
    right = np.concatenate([g.right for g in usable]).astype(np.float64)
    sizes = [len(g.right) for g in usable]
    starts = np.cumsum([0, *sizes])[:-1]
    owner = np.repeat(np.arange(len(usable)), sizes)
    shares = np.array([g.share for g in usable])
    shares /= shares.sum()

    def loss(weights: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        scores = features @ weights
        scores -= np.maximum.reduceat(scores, starts)[owner]
        odds = np.exp(scores)
        everything = np.add.reduceat(odds, starts)
        good = np.add.reduceat(odds * right, starts)
        slope = shares[owner] * odds * (1 / everything[owner] - right / good[owner])
        value = float(shares @ (np.log(everything) - np.log(good)))
        return value + ridge * float(weights @ weights), features.T @ slope + 2 * ridge * weights

    found = minimize(loss, np.zeros(features.shape[1]), jac=True, method="L-BFGS-B")
    weights: npt.NDArray[np.float64] = found.x
    return weights


def write_weights(
    path: Path, names: Sequence[str], weights: npt.NDArray[np.float64], *, notes: Sequence[str]
) -> None:
    """Write a file of weights as `rag.weights` reads it; ``notes`` say where they come from."""
    lines = [
        *(f"# {note}" for note in notes),
        "[weights]",
        *(f'"{name}" = {weight:.3f}' for name, weight in zip(names, weights, strict=True)),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
