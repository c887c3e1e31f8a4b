"""Write a trained reader as the files that ``rag.reader`` runs: weights in, a folder out.

Every matrix becomes whole numbers from -63 to 63 with one scale a row; vectors stay whole.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rag.reader.graph import graph_of

__all__ = ["write_reader"]

_MOST = 63
"""Seven bits, not eight: a processor without instructions for bytes (AVX2 without VNNI) adds two
products in 16 bits, and 255 * 127 * 2 does not fit. In eight bits one pair in a thousand overflowed
there, and the numbers that came out were others altogether."""

_Floats = npt.NDArray[np.float32]


def write_reader(
    folder: Path,
    weights: Mapping[str, _Floats],
    *,
    pieces: Sequence[str],
    rarity: Mapping[int, int],
) -> None:
    """Write ``model.onnx`` and ``vocabulary.json`` under a folder.

    ``weights`` have the names of `rag.reader.graph`, ``pieces`` are the vocabulary's behind the
    special ones, ``rarity`` is each unit's by its key, where it is not the rarest.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stored: dict[str, npt.NDArray[np.generic]] = {}
    for name, value in weights.items():
        if value.ndim < 2:
            stored[name] = value.astype(np.float32)
            continue
        scale = np.maximum(np.abs(value).max(axis=1), 1e-8) / _MOST
        stored[name] = np.rint(value / scale[:, None]).astype(np.int8)
        stored[f"{name}.scale"] = scale.astype(np.float32)
    (folder / "model.onnx").write_bytes(graph_of(stored))
    record = {"pieces": list(pieces), "rarity": {str(k): v for k, v in rarity.items()}}
    (folder / "vocabulary.json").write_text(
        json.dumps(record, ensure_ascii=False, separators=(",", ":")), encoding="utf-8"
    )
