"""Run a static encoder: texts in, vectors out, without torch.

In: a sentence-transformers folder as ``index.encoder.train`` writes it. A text is folded and cut
into pieces by the folder's tokenizer; its vector is the mean of its pieces' vectors, scaled to
length 1: the same as ``SentenceTransformer(folder).encode`` gives. It reads a text of any length
whole, and knows nothing of the order of its words.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from index.batching import batches
from index.errors import UsageError
from index.vectors import Vectors, refuse_single, unit_rows

__all__ = ["MODEL", "StaticEncoder", "is_static_model"]

MODEL = Path(__file__).parent / "model"
"""The folder of the bundled model."""

_BATCH_CHARS = 500_000  # of one call of the tokenizer, whose result takes some 100 bytes a piece

_SURROGATE = re.compile("[\ud800-\udfff]")


def is_static_model(folder: Path) -> bool:
    """Tell whether a folder holds a model that ``StaticEncoder`` can run."""
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

    def __init__(self, folder: Path = MODEL) -> None:
        """Load a folder.

        Raises:
            UsageError: The folder is not such a model, or is damaged.
        """
        tokenizer, weights = folder / "tokenizer.json", folder / "model.safetensors"
        try:
            raw = tokenizer.read_bytes()
            digest = hashlib.sha256(raw)
            digest.update(weights.read_bytes())
            self._tokenizer: Tokenizer = Tokenizer.from_buffer(raw)
            self._rows, self._scales = _rows(load_file(weights))
        except OSError as error:
            raise UsageError(f"no static encoder in {folder}: {error.strerror}") from error
        except Exception as error:  # what the tokenizers library raises has no narrower type
            raise UsageError(f"the static encoder in {folder} is damaged: {error}") from error
        if len(self._rows) != self._tokenizer.get_vocab_size():
            raise UsageError(
                f"the static encoder in {folder} is damaged: {len(self._rows)} rows for "
                f"{self._tokenizer.get_vocab_size()} pieces"
            )
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
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
            # Half a surrogate pair is what UTF-8, and so the tokenizer, cannot take.
            whole = [_SURROGATE.sub("\ufffd", text) for text in batch]
            for encoding in self._tokenizer.encode_batch_fast(whole, add_special_tokens=False):
                ids = np.array(encoding.ids, dtype=np.intp)
                # One text at a time: its rows fit the cache, those of a batch do not.
                rows = self._rows.take(ids, axis=0).astype(np.float32)
                sums[number] = self._scales.take(ids) @ rows
                number += 1
        return unit_rows(sums)


def _rows(
    tensors: Mapping[str, npt.NDArray[Any]],
) -> tuple[npt.NDArray[Any], npt.NDArray[np.float32]]:
    """Take the row of each piece and what to multiply it by.

    The names are those of sentence-transformers, or of model2vec, which it reads too.
    """
    if "embedding.weight" in tensors:
        rows = tensors["embedding.weight"]
    else:
        rows = tensors["embeddings"]
        if "mapping" in tensors:
            rows = rows[tensors["mapping"]]
    scales = tensors.get("weights", np.ones(len(rows), dtype=np.float32))
    return rows, scales.astype(np.float32)
