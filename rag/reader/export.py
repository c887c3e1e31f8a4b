"""Write a trained reader as the files that ``rag.reader`` runs: weights in, a folder out.

Every matrix becomes bytes with one scale a row; vectors stay whole.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

__all__ = ["write_reader"]

_Floats = npt.NDArray[np.float32]


def write_reader(
    folder: Path,
    weights: Mapping[str, _Floats],
    *,
    pieces: Sequence[str],
    rarity: Mapping[int, int],
) -> None:
    """Write ``model.safetensors`` and ``vocabulary.json`` under a folder.

    ``weights`` have the names of `rag.reader.network`, ``pieces`` are the vocabulary's behind the
    special ones, ``rarity`` is each unit's by its key, where it is not the rarest.
    """
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    stored: dict[str, npt.NDArray[np.generic]] = {}
    for name, value in weights.items():
        if value.ndim < 2:
            stored[name] = value.astype(np.float32)
            continue
        scale = np.maximum(np.abs(value).max(axis=1), 1e-8) / 127
        stored[name] = np.rint(value / scale[:, None]).astype(np.int8)
        stored[f"{name}.scale"] = scale.astype(np.float32)
    save_file(stored, folder / "model.safetensors")
    record = {"pieces": list(pieces), "rarity": {str(k): v for k, v in rarity.items()}}
    (folder / "vocabulary.json").write_text(
        json.dumps(record, ensure_ascii=False, separators=(",", ":")), encoding="utf-8"
    )
