"""Take a step along orthogonal matrices: Muon (Jordan et al. 2024) for layers, AdamW for the rest.

In: weights with their gradients. Out: weights a step further. The momentum of a matrix is brought
near the closest orthogonal one, so that all its directions learn alike.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rag.reader.recipe import Recipe

if TYPE_CHECKING:
    import torch

__all__ = ["Steps"]

_ITERATIONS = 5
_QUINTIC = (3.4445, -4.7750, 2.0315)  # Jordan's: quick to come near, content with 0.7 to 1.2


class Steps:
    """The two optimizers and what they remember."""

    def __init__(
        self, weights: Mapping[str, "torch.Tensor"], matrices: tuple[str, ...], recipe: Recipe
    ) -> None:
        """``matrices`` names the weights that Muon takes."""
        import torch

        self._recipe = recipe
        self._matrices = {name: weights[name] for name in matrices}
        self._momenta = {name: torch.zeros_like(m) for name, m in self._matrices.items()}
        self._others = {name: w for name, w in weights.items() if name not in matrices}
        self._adam = torch.optim.AdamW(
            self._others.values(), lr=recipe.rate, betas=recipe.betas, weight_decay=recipe.decay,
            fused=True,
        )  # fmt: skip

    def take(self, pace: float) -> None:
        """Take a step of the recipe's rates times ``pace``, and forget the gradients."""
        import torch

        for group in self._adam.param_groups:
            group["lr"] = self._recipe.rate * pace
        self._adam.step()
        self._adam.zero_grad()
        momentum, rate = self._recipe.momentum, self._recipe.matrix_rate * pace
        with torch.no_grad():
            for name, matrix in self._matrices.items():
                gradient, memory = matrix.grad, self._momenta[name]
                assert gradient is not None
                memory.lerp_(gradient, 1 - momentum)
                step = _orthogonal(gradient.lerp(memory, momentum))
                scale = max(1.0, matrix.shape[-2] / matrix.shape[-1]) ** 0.5
                matrix.mul_(1 - self._recipe.matrix_decay * rate)
                matrix.add_(step.to(matrix.dtype), alpha=-rate * scale)
                matrix.grad = None

    def state(self) -> dict[str, "torch.Tensor"]:
        """What they remember, for `resume`."""
        found = {f"momentum.{name}": value for name, value in self._momenta.items()}
        for name, weight in self._others.items():
            for key, value in self._adam.state.get(weight, {}).items():
                found[f"{key}.{name}"] = value
        return found

    def resume(self, state: Mapping[str, "torch.Tensor"]) -> None:
        """Remember what `state` told."""
        for name, memory in self._momenta.items():
            memory.copy_(state[f"momentum.{name}"])
        for name, weight in self._others.items():
            remembered = {
                key: state[f"{key}.{name}"].to(weight.device)
                for key in ("step", "exp_avg", "exp_avg_sq")
                if f"{key}.{name}" in state
            }
            if remembered:
                self._adam.state[weight] = remembered


def _orthogonal(matrices: "torch.Tensor") -> "torch.Tensor":
    """By Newton and Schulz, all matrices of a tensor at once."""
    import torch

    rows, columns = matrices.shape[-2:]
    x = matrices.reshape(-1, rows, columns)
    x = x.mT if rows > columns else x
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-12)
    if x.is_cuda:
        x = x.to(torch.bfloat16)
    a, b, c = _QUINTIC
    for _ in range(_ITERATIONS):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    x = x.mT if rows > columns else x
    found: torch.Tensor = x.reshape(matrices.shape)
    return found
