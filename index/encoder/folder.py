"""Write the model as an ordinary sentence-transformers folder.

In: a tokenizer and a float table. Out: ``model.safetensors`` with the table in int8 and one scale
for each row, ``tokenizer.json``, and the configuration that makes ``SentenceTransformer(folder)``
a mean of rows, normalised. The names of the tensors are those of model2vec, which
sentence-transformers reads: ``row = embeddings[token] * weights[token]``. Beside them stands the
same vocabulary as ``StaticEncoder`` reads it.
"""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save
from tokenizers import Tokenizer

from index.encoder.pieces import sentencepiece_model
from index.encoder.static import PIECES

__all__ = ["vocabulary_of", "write_model"]

_STATIC = "sentence_transformers.sentence_transformer.modules.static_embedding.StaticEmbedding"
_NORMALIZE = "sentence_transformers.base.modules.normalize.Normalize"


def vocabulary_of(tokenizer: Tokenizer) -> list[tuple[str, float]]:
    """List the pieces of a Unigram tokenizer and their scores, in the order of their numbers."""
    return [(piece, score) for piece, score in json.loads(tokenizer.to_str())["model"]["vocab"]]


def write_model(folder: Path, tokenizer: Tokenizer, table: npt.NDArray[np.float32]) -> None:
    """Write the folder; the files of an earlier model in it are replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    # The tokenizer numbers the rows; the longest row is given the length 1, only directions count.
    table = table / np.linalg.norm(table, axis=1).max()
    scales = np.maximum(np.abs(table).max(axis=1), 1e-12) / 127
    rows = np.rint(table / scales[:, None]).astype(np.int8)
    tensors = {"embeddings": rows, "weights": scales.astype(np.float32)}
    # (save_file would make it readable by its owner alone, whatever the umask says.)
    (folder / "model.safetensors").write_bytes(save(tensors))
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    (folder / PIECES).write_bytes(sentencepiece_model(vocabulary_of(tokenizer)))
    modules = [
        {"idx": 0, "name": "0", "path": "", "type": _STATIC},
        {"idx": 1, "name": "1", "path": "1_Normalize", "type": _NORMALIZE},
    ]
    _write(folder / "modules.json", modules)
    _write(
        folder / "config_sentence_transformers.json",
        {
            "model_type": "SentenceTransformer",
            "prompts": {"query": "", "document": ""},
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
    )
    normalize = folder / "1_Normalize"
    normalize.mkdir(exist_ok=True)
    keys = {"module_input_name": "sentence_embedding", "module_output_name": "sentence_embedding"}
    _write(normalize / "config.json", keys)


def _write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
