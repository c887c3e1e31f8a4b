"""Run a static encoder: texts in, vectors out, without torch.

In: a sentence-transformers folder as ``index.encoder.train`` writes it. A text is folded and cut
into pieces; its vector is the mean of its pieces' vectors, scaled to length 1: the same as
``SentenceTransformer(folder).encode`` gives. It reads a text of any length whole, and knows
nothing of the order of its words.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from safetensors.numpy import load

from index.batching import batches
from index.encoder.pieces import Cutter
from index.errors import UsageError
from index.vectors import Vectors, refuse_single, unit_rows

__all__ = ["MODEL", "PIECES", "StaticEncoder", "is_static_model"]

MODEL = Path(__file__).parent / "model"
"""The folder of the bundled model."""

PIECES = "pieces.model"
"""The file of a folder that holds its vocabulary for ``Cutter``."""

_BATCH_CHARS = 500_000  # cut at once: the numbers of pieces are Python's, 36 bytes each


def is_static_model(folder: Path) -> bool:
    """Tell whether a folder holds a model that ``StaticEncoder`` can run."""
    if not (folder / PIECES).is_file():
        return False
    try:
        modules = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(modules, list) and [
        str(module.get("type", "")).rpartition(".")[2] if isinstance(module, dict) else ""
        for module in modules
    ] == ["StaticEmbedding", "Normalize"]


class StaticEncoder:
    """The bundled encoder, or another one of its kind.

    ``name`` is a fingerprint of the files that decide the vectors. Questions and passages are
    treated alike. A text without any known piece has no direction and gets the first axis.
    """

    is_quick = True
    """A sentence takes microseconds: a question can be compared with every sentence it may find."""

    def __init__(self, folder: Path = MODEL) -> None:
        """Load a folder.

        Raises:
            UsageError: The folder is not such a model, or is damaged.
        """
        try:
            pieces = (folder / PIECES).read_bytes()
            weights = (folder / "model.safetensors").read_bytes()
            self._cutter = Cutter(pieces)
            tensors = load(weights)
            self._rows, self._scales = tensors["embeddings"], tensors["weights"]
        except OSError as error:
            raise UsageError(f"no static encoder in {folder}: {error.strerror}") from error
        except Exception as error:  # neither library's errors have a narrower type
            raise UsageError(f"the static encoder in {folder} is damaged: {error}") from error
        if not len(self._rows) == len(self._scales) == len(self._cutter):
            raise UsageError(
                f"the static encoder in {folder} is damaged: {len(self._rows)} rows and "
                f"{len(self._scales)} scales for {len(self._cutter)} pieces"
            )
        digest = hashlib.sha256(pieces)
        digest.update(weights)
        self.name = f"static-{digest.hexdigest()[:16]}"
        self.dim = int(self._rows.shape[1])

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        """Embed questions: ``(len(texts), dim)``, in order, rows of unit length."""
        return self._embed(texts)

    def embed_passages(
        self,
        texts: Sequence[str],
        *,
        progress: bool = False,  # noqa: ARG002 - seconds for a large collection: nothing to show
    ) -> Vectors:
        """Embed passages: ``(len(texts), dim)``, in order, rows of unit length."""
        return self._embed(texts)

    def _embed(self, texts: Sequence[str]) -> Vectors:
        refuse_single(texts)
        sums = np.zeros((len(texts), self.dim))
        number = 0
        for batch in batches(texts, max_chars=_BATCH_CHARS):
            for pieces in self._cutter.cut(batch):
                ids = np.array(pieces, dtype=np.intp)
                # One text at a time: its rows fit the cache, those of a batch do not.
                rows = self._rows.take(ids, axis=0).astype(np.float32)
                sums[number] = self._scales.take(ids) @ rows
                number += 1
        return unit_rows(sums)
