"""The network of `rag.reader.graph` in torch, able to learn: weights are a dictionary of tensors.

Beside what the reader runs it has what training needs: guesses of masked pieces, and whether a
passage answers at all. ``exported`` leaves both out and folds the gains into the matrices behind
them; what remains has the names of `rag.reader.graph`.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rag.reader.network import HEAD, MAX_PIECES
from rag.reader.recipe import Recipe
from rag.reader.tasks import BEGINS, ENDS, INSIDE, MARKED, RIGHT
from rag.reader.words import PAD

if TYPE_CHECKING:
    import torch

__all__ = ["MATRICES", "Weights", "exported", "judged", "loss_of", "new_weights", "read"]

Weights = Mapping[str, "torch.Tensor"]

MATRICES = ("attend", "mix", "widen", "narrow")
"""The weights that are a matrix for each layer, ``(layers, …, rows, columns)``."""

_OUTSIDE = (
    *("pieces", "project", "project_bias", "marks"),
    *("gain", "middle", "middle_bias", "head", "head_bias"),
)
"""The weights outside the layers that the reader runs."""

_MARKS = 48
_SHARPNESS = 1.2  # of normalised queries and keys
_GUESSES = 0.2  # what guesses are multiplied by: pieces are as long as they are for reading
_NEVER = -1e4


def new_weights(pieces: int, recipe: Recipe, *, device: str) -> dict[str, "torch.Tensor"]:
    """Random weights for a vocabulary of so many pieces; each layer begins as doing nothing."""
    import torch

    random = torch.Generator().manual_seed(recipe.seed)
    width, layers, small = recipe.width, recipe.layers, recipe.embedding

    def normal(*shape: int, scale: float) -> torch.Tensor:
        return torch.empty(*shape).normal_(std=scale, generator=random)

    def uniform(*shape: int, inputs: int) -> torch.Tensor:
        reach = inputs**-0.5
        return torch.empty(*shape).uniform_(-reach, reach, generator=random)

    weights = {
        "pieces": normal(pieces, small, scale=0.5),
        "project": uniform(width, small, inputs=small),
        "project_bias": uniform(width, inputs=small),
        "marks": normal(_MARKS, width, scale=0.3),
        "attend_gain": torch.ones(layers, width),
        "attend": normal(layers, 3, width, width, scale=width**-0.5),
        "mix": torch.zeros(layers, width, width),
        "mix_bias": torch.zeros(layers, width),
        "widen_gain": torch.ones(layers, width),
        "widen": normal(layers, 4 * width, width, scale=width**-0.5),
        "widen_bias": torch.zeros(layers, 4 * width),
        "narrow": torch.zeros(layers, width, 4 * width),
        "narrow_bias": torch.zeros(layers, width),
        "gain": torch.ones(width),
        "middle": uniform(width, width, inputs=width),
        "middle_bias": uniform(width, inputs=width),
        "head": uniform(3, width, inputs=width),
        "head_bias": uniform(3, inputs=width),
        "answers": uniform(1, width, inputs=width),
        "answers_bias": uniform(1, inputs=width),
        "guess": uniform(small, width, inputs=width),
        "guess_bias": uniform(small, inputs=width),
        "guess_piece_bias": torch.zeros(pieces),
    }
    return {name: value.to(device).requires_grad_() for name, value in weights.items()}


def read(
    weights: Weights, pieces: "torch.Tensor", marks: "torch.Tensor", *, dropout: float = 0.0
) -> "torch.Tensor":
    """Read inputs ``(rows, length)``, padded; what is known of each place, ``(…, width)``."""
    import torch
    from torch.nn import functional

    rows, length = pieces.shape
    width = weights["gain"].shape[0]
    seen = (pieces != PAD)[:, None, None, :]
    places = torch.arange(min(length, MAX_PIECES), device=pieces.device)[:, None]
    rates = 10_000.0 ** (-torch.arange(0, HEAD, 2, device=pieces.device) / HEAD)
    cos, sin = (places * rates).cos(), (places * rates).sin()

    def turned(x: torch.Tensor) -> torch.Tensor:
        first, second = x.chunk(2, -1)
        both = (first * cos - second * sin, first * sin + second * cos)
        return functional.rms_norm(torch.cat(both, -1), (HEAD,)) * _SHARPNESS

    state = functional.linear(
        functional.embedding(pieces, weights["pieces"]), weights["project"], weights["project_bias"]
    )
    state = state + functional.embedding(marks, weights["marks"])
    for n in range(len(weights["attend"])):
        normed = functional.rms_norm(state, (width,), weights["attend_gain"][n])
        q, k, v = (
            functional.linear(normed, weights["attend"][n, part])
            .view(rows, length, width // HEAD, HEAD)
            .transpose(1, 2)
            for part in range(3)
        )
        mixed = functional.scaled_dot_product_attention(
            turned(q).to(v.dtype), turned(k).to(v.dtype), v, attn_mask=seen
        )
        mixed = mixed.transpose(1, 2).reshape(rows, length, width)
        mixed = functional.linear(mixed, weights["mix"][n], weights["mix_bias"][n])
        state = state + functional.dropout(mixed, dropout)
        normed = functional.rms_norm(state, (width,), weights["widen_gain"][n])
        inner = functional.linear(normed, weights["widen"][n], weights["widen_bias"][n])
        inner = functional.gelu(inner, approximate="tanh")
        inner = functional.linear(inner, weights["narrow"][n], weights["narrow_bias"][n])
        state = state + functional.dropout(inner, dropout)
    return functional.rms_norm(state, (width,), weights["gain"])


def judged(weights: Weights, state: "torch.Tensor") -> tuple["torch.Tensor", "torch.Tensor"]:
    """The three logits of each place ``(rows, length, 3)``, and each row's that it answers."""
    from torch.nn import functional

    inner = functional.linear(state, weights["middle"], weights["middle_bias"])
    inner = functional.gelu(inner, approximate="tanh") + state
    out = functional.linear(inner, weights["head"], weights["head_bias"])
    answers = functional.linear(inner[:, 0], weights["answers"], weights["answers_bias"])
    return out.float(), answers.float()[:, 0]


def loss_of(
    weights: Weights,
    state: "torch.Tensor",
    goals: "torch.Tensor",
    wanted: "torch.Tensor",
    *,
    group: int,
    recipe: Recipe,
) -> "torch.Tensor":
    """What was got wrong in a batch: of masked pieces where it has any, of answers otherwise.

    Sentences, begins and ends are each a softmax over all places of a question's rows; where
    several are right, their shares are added up.
    """
    import torch
    from torch.nn import functional

    at = wanted >= 0
    if bool(at.any()):
        guesses = functional.linear(state[at], weights["guess"], weights["guess_bias"]) * _GUESSES
        scores = functional.linear(guesses, weights["pieces"], weights["guess_piece_bias"])
        return functional.cross_entropy(scores.float(), wanted[at].long())
    out, answers = judged(weights, state)
    together = out.reshape(len(out) // group, -1, 3)
    bits = goals.reshape(len(together), -1)
    loss = torch.zeros((), device=out.device)
    for column, (among, good, weight) in enumerate(
        (
            (MARKED, RIGHT, 1.0),
            (INSIDE, BEGINS, recipe.span_weight),
            (INSIDE, ENDS, recipe.span_weight),
        )
    ):
        candidates, right = (bits & among) > 0, (bits & good) > 0
        asked = right.any(1)
        scores = together[..., column]
        missed = scores.masked_fill(~candidates, _NEVER).logsumexp(1)
        missed = missed - scores.masked_fill(~right, _NEVER).logsumexp(1)
        loss = loss + weight * (missed * asked).sum() / asked.sum().clamp(min=1)
    if group > 1:
        held = ((goals & RIGHT) > 0).any(1).float()
        loss = loss + recipe.passage_weight * functional.binary_cross_entropy_with_logits(
            answers, held
        )
    return loss


def exported(weights: Weights) -> dict[str, npt.NDArray[np.float32]]:
    """The weights as `rag.reader.export` takes them."""
    plain = {name: value.detach().float().cpu().numpy() for name, value in weights.items()}
    width = len(plain["gain"])
    found = {name: plain[name] for name in _OUTSIDE}
    for n in range(len(plain["attend"])):
        found |= {
            f"{n}.attend": plain["attend"][n].reshape(3 * width, width) * plain["attend_gain"][n],
            f"{n}.widen": plain["widen"][n] * plain["widen_gain"][n],
        }
        found |= {
            f"{n}.{name}": plain[name][n]
            for name in ("mix", "mix_bias", "widen_bias", "narrow", "narrow_bias")
        }
    return found
