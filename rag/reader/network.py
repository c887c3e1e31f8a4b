"""Run the reader's layers by numpy: pieces in, what each place is worth out; no torch.

Six layers of attention over question and passage together, with rotary positions (Su et al.,
"RoFormer", 2021) and normalised queries and keys. The weights lie in the file as bytes with one
scale a row; they are widened to single precision once.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index.errors import UsageError

__all__ = ["HEAD", "MAX_PIECES", "Network"]

HEAD = 64
"""Numbers in one head of the attention."""

MAX_PIECES = 512

_EPSILON = float(np.finfo(np.float32).eps)
_SHARPNESS = np.float32(1.2**2 / HEAD**0.5)  # of the products of normalised queries and keys

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.integer[Any]]


class Network:
    """The weights and the way through them."""

    def __init__(self, path: Path) -> None:
        """Read a file of weights; raises UsageError where it is not one of a reader."""
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            stored = load(path.read_bytes())
            self._set(_widened(stored))
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            raise UsageError(f"{path} does not hold the weights of a reader: {error}") from None

    def _set(self, weights: Mapping[str, Floats]) -> None:
        self._pieces, self._marks = weights["pieces"], weights["marks"]
        self._project, self._project_bias = weights["project"], weights["project_bias"]
        self._layers = [
            {name: weights[f"{n}.{name}"] for name in _LAYER}
            for n in range(sum(name.endswith(".attend") for name in weights))
        ]
        self._gain = weights["gain"]
        self._middle, self._middle_bias = weights["middle"], weights["middle_bias"]
        self._head, self._head_bias = weights["head"], weights["head_bias"]
        angles = np.arange(MAX_PIECES)[:, None] * 10_000.0 ** (-np.arange(0, HEAD, 2) / HEAD)
        self._cos = np.cos(angles).astype(np.float32)
        self._sin = np.sin(angles).astype(np.float32)

    def run(self, texts: Sequence[tuple[Ints, Ints]]) -> list[Floats]:
        """Read texts, each alone.

        Args:
            texts: Of each the pieces and their marks, ``(pieces,)``, at most ``MAX_PIECES``.

        Returns:
            Of each ``(pieces, 3)``: how likely, as a logit, the sentence that begins here holds
            the answer, the answer begins here, the answer ends here.
        """
        borders = [0, *np.cumsum([len(pieces) for pieces, _ in texts]).tolist()]
        spans = list(pairwise(borders))
        state = self._pieces[np.concatenate([pieces for pieces, _ in texts])] @ self._project.T
        state += self._project_bias
        state += self._marks[np.concatenate([marks for _, marks in texts])]
        for layer in self._layers:
            state += self._attended(_normed(state), layer, spans)
            inner = _normed(state) @ layer["widen"].T
            inner += layer["widen_bias"]
            state += _gelu(inner) @ layer["narrow"].T
            state += layer["narrow_bias"]
        state = _normed(state)
        state *= self._gain
        inner = state @ self._middle.T
        inner += self._middle_bias
        out = (_gelu(inner) + state) @ self._head.T + self._head_bias
        return [out[start:end].astype(np.float32) for start, end in spans]

    def _attended(
        self, state: Floats, layer: Mapping[str, Floats], spans: Sequence[tuple[int, int]]
    ) -> Floats:
        width = state.shape[1]
        asked = state @ layer["attend"].T
        mixed = np.empty_like(state)
        for start, end in spans:
            shape = (end - start, 3, width // HEAD, HEAD)
            q, k, v = asked[start:end].reshape(shape).transpose(1, 2, 0, 3)
            odds = (self._turned(q) * _SHARPNESS) @ self._turned(k).transpose(0, 2, 1)
            # Normalised as they are, no product is beyond 12: exp needs no maximum taken off.
            np.exp(odds, out=odds)
            read = odds @ np.ascontiguousarray(v)
            read /= odds.sum(axis=-1, keepdims=True)
            mixed[start:end] = read.transpose(1, 0, 2).reshape(end - start, width)
        found: Floats = mixed @ layer["mix"].T + layer["mix_bias"]
        return found

    def _turned(self, rows: Floats) -> Floats:
        """Turn ``(heads, places, HEAD)`` by their places, and normalise."""
        cos, sin = self._cos[: rows.shape[1]], self._sin[: rows.shape[1]]
        first, second = rows[..., : HEAD // 2], rows[..., HEAD // 2 :]
        turned = np.concatenate(
            [first * cos - second * sin, first * sin + second * cos], axis=-1, dtype=np.float32
        )
        return _normed(turned)


_LAYER = ("attend", "mix", "mix_bias", "widen", "widen_bias", "narrow", "narrow_bias")


def _widened(stored: Mapping[str, npt.NDArray[np.generic]]) -> dict[str, Floats]:
    """Bytes times their scales; what was stored whole stays."""
    return {
        name: (
            value.astype(np.float32) * stored[f"{name}.scale"].astype(np.float32)[:, None]
            if f"{name}.scale" in stored
            else value.astype(np.float32)
        )
        for name, value in stored.items()
        if not name.endswith(".scale")
    }


def _normed(rows: Floats) -> Floats:
    mean = np.einsum("...i,...i->...", rows, rows) / rows.shape[-1]
    found: Floats = rows * (1 / np.sqrt(mean + _EPSILON))[..., None].astype(np.float32)
    return found


def _gelu(x: Floats) -> Floats:
    """By tanh (Hendrycks and Gimpel, 2016), in few passes over the memory."""
    inner = x * x
    inner *= np.float32(0.044715 * 0.7978845608)
    inner += np.float32(0.7978845608)
    inner *= x
    np.tanh(inner, out=inner)
    inner += np.float32(1)
    inner *= x
    inner *= np.float32(0.5)
    return inner
