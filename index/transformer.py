"""Any sentence-transformers model as an embedder: a folder or a hub name in, vectors out.

This module finds the model, refuses one that could run code, gives it the prefixes that it was
trained with, and identifies it by its files. The library is imported when a model is loaded.
"""

import hashlib
import json
import re
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from index.errors import UsageError
from index.vectors import Vectors, refuse_single, unit_rows

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = ["SentenceTransformerEmbedder", "check_device"]


@dataclass(frozen=True, slots=True)
class _Family:
    """Models whose card asks for prefixes that their published configuration does not carry."""

    pattern: re.Pattern[str]
    question: str
    passage: str


# Looked up only when the model's own config_sentence_transformers.json has no prompt. The first
# match counts. Sources: the model cards of intfloat/multilingual-e5-large-instruct,
# intfloat/multilingual-e5-small, BAAI/bge-large-zh-v1.5 and BAAI/bge-large-en-v1.5. (BAAI/bge-m3
# wants none.)
_FAMILIES = (
    _Family(
        re.compile(r"(?:^|[-_])e5-.*instruct"),
        "Instruct: Given a web search query, retrieve relevant passages that answer the query"
        "\nQuery: ",
        "",
    ),
    _Family(re.compile(r"(?:^|[-_])e5(?:[-_]|$)"), "query: ", "passage: "),
    _Family(
        re.compile(r"^bge-(?:small|base|large)-zh"), "为这个句子生成表示以用于检索相关文章：", ""
    ),
    _Family(
        re.compile(r"^bge-(?:small|base|large)-en"),
        "Represent this sentence for searching relevant passages: ",
        "",
    ),
)

# Names of prompts in published configurations, the library's own first. The library would look
# at "query" and "document" alone: a configuration that says "passage" is shadowed by the empty
# "document" that it puts in by itself.
_QUESTION_PROMPTS = ("query", "retrieval.query", "search_query", "s2p_query", "web_search_query")
_PASSAGE_PROMPTS = ("document", "passage", "corpus", "retrieval.passage", "search_document")

# What a model consists of, as far as it is downloaded and fingerprinted.
_MODEL_FILES = ("*.json", "*.txt", "*.model", "*.safetensors", "*.jinja")
_OTHER_RUNTIMES = ("onnx/*", "openvino/*")


class SentenceTransformerEmbedder:
    """A sentence-transformers model: from a folder, or by its name on the hub.

    Question and passage prefixes come from the model's own configuration, for E5 and BGE from
    their cards where the configuration lacks them. Weights are read from safetensors only and no
    code of the model is run. ``name`` is a fingerprint of the model's files, so a model that
    changes in place is noticed, and one that merely moves is not.
    """

    def __init__(self, spec: str, *, device: str | None = None) -> None:
        """Load the model.

        Args:
            spec: A folder, or a name on the hub (taken from the local cache when the network is
                off, by ``HF_HUB_OFFLINE=1``).
            device: ``cpu``, ``cuda``, ``cuda:1``, ``mps``; None takes the best that is there.

        Raises:
            UsageError: There is no such model or device, or the model is not safe to load.
        """
        folder = _model_folder(spec)
        _refuse_pickled(folder)
        self.prompts = _prompts(folder, spec)
        self._model = _load_model(folder, spec, device=device, prompts=self.prompts)
        dim = self._model.get_embedding_dimension()
        if not dim:
            raise UsageError(f"the model at {folder} does not say how long its vectors are")
        self.dim: int = dim
        self.name: str = f"sentence-transformers-{_fingerprint(folder, self.prompts)}"
        self.spec = spec
        # Rust tokenizers refuse a second thread while their padding is set ("Already borrowed").
        self._lock = threading.Lock()

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        """Embed questions, with the model's question prefix: ``(len(texts), dim)``."""
        cleaned = _cleaned(texts)
        if not cleaned:
            return np.zeros((0, self.dim), dtype=np.float32)
        with self._lock:
            rows = self._model.encode_query(
                cleaned, normalize_embeddings=True, show_progress_bar=False
            )
        return self._checked(rows)

    def embed_passages(self, texts: Sequence[str], *, progress: bool = False) -> Vectors:
        """Embed passages, with the model's passage prefix: ``(len(texts), dim)``.

        ``progress`` shows a bar on stderr, when that is a terminal.
        """
        cleaned = _cleaned(texts)
        if not cleaned:
            # The library gives an array of shape (0,) here.
            return np.zeros((0, self.dim), dtype=np.float32)
        with self._lock:
            rows = self._model.encode_document(
                cleaned,
                normalize_embeddings=True,
                show_progress_bar=progress and sys.stderr.isatty(),
            )
        return self._checked(rows)

    def _checked(self, rows: object) -> Vectors:
        matrix = np.asarray(rows, dtype=np.float64)
        if not np.isfinite(matrix).all():
            raise UsageError(
                f"the model {self.spec} gives vectors that are not finite; its files may be "
                "damaged, or its number format too small for this device"
            )
        return unit_rows(matrix)


def _model_folder(spec: str) -> Path:
    """Find the folder of a model, from the hub's cache or the hub when it is no folder."""
    local = Path(spec).expanduser()
    if spec.strip() and local.is_dir():
        return local
    looks_like_path = spec.startswith((".", "/", "~")) or spec.count("/") > 1 or "\\" in spec
    if looks_like_path or not spec.strip() or local.exists():
        raise UsageError(
            f"no model at {spec!r}; give a folder of a sentence-transformers model, its name on "
            "the hub, or 'hash'"
        )
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    # The library resolves names without an owner to its own organisation.
    name = spec if "/" in spec else f"sentence-transformers/{spec}"
    try:
        return Path(
            snapshot_download(
                name, allow_patterns=list(_MODEL_FILES), ignore_patterns=list(_OTHER_RUNTIMES)
            )
        )
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        reason = str(error).strip().splitlines()
        raise UsageError(
            f"no model at {spec!r}; give a folder of a sentence-transformers model, or a name that "
            f"is on the hub or in its local cache ({type(error).__name__}: "
            f"{reason[0] if reason else 'no reason given'})"
        ) from error


def _refuse_pickled(folder: Path) -> None:
    """Refuse a folder without safetensors, or with a part whose only weights are pickled."""
    if not any((folder / name).is_file() for name in ("modules.json", "config.json")):
        raise UsageError(
            f"no model at {str(folder)!r}: the folder has neither modules.json nor config.json; "
            "give a folder that sentence-transformers saved"
        )
    for pickled in sorted(folder.rglob("pytorch_model*.bin")):
        if any(part in {"onnx", "openvino"} for part in pickled.relative_to(folder).parts):
            continue
        if not any(pickled.parent.glob("*.safetensors")):
            raise UsageError(
                f"{pickled} is pickled, and a pickle can run code; convert the model: load it "
                "with sentence-transformers where you trust it and save it again"
            )
    if not any(folder.rglob("*.safetensors")):
        raise UsageError(
            f"no model at {str(folder)!r}: there is no .safetensors file in the folder"
        )


def _load_model(
    folder: Path, spec: str, *, device: str | None, prompts: Mapping[str, str]
) -> "SentenceTransformer":
    from sentence_transformers import SentenceTransformer

    if device is not None:
        check_device(device)
    try:
        return SentenceTransformer(
            str(folder),
            device=device,
            prompts=dict(prompts),
            trust_remote_code=False,
            local_files_only=True,
            model_kwargs={"use_safetensors": True},
        )
    # The library, transformers and safetensors each have their own types for a bad folder.
    except Exception as error:
        reason = str(error).strip().splitlines()
        raise UsageError(
            f"the model {spec!r} cannot be loaded: {reason[0] if reason else type(error).__name__}"
        ) from error


def check_device(device: str) -> None:
    """Refuse a device that is not there before the weights are read.

    Raises:
        UsageError: torch knows no such device here.
    """
    import torch

    try:
        torch.empty(0, device=device)
    # AssertionError: a torch built without CUDA says it that way.
    except (RuntimeError, AssertionError) as error:
        raise UsageError(
            f"there is no device {device!r} here; leave it out, or give cpu, cuda or mps"
        ) from error


def _prompts(folder: Path, spec: str) -> dict[str, str]:
    """Find the prefixes of questions and passages: ``{"query": …, "document": …}``.

    The model's own configuration decides if it has any prompt that is not empty. (The library
    writes empty ones by itself, so an empty prompt is no statement.)
    """
    own = _json_object(folder / "config_sentence_transformers.json").get("prompts")
    given = {k: v for k, v in own.items() if isinstance(v, str)} if isinstance(own, dict) else {}
    if any(given.values()):
        return {
            "query": next((given[k] for k in _QUESTION_PROMPTS if given.get(k)), ""),
            "document": next((given[k] for k in _PASSAGE_PROMPTS if given.get(k)), ""),
        }
    origin = _json_object(folder / "config.json").get("_name_or_path")
    names = [spec, str(folder.resolve()), origin if isinstance(origin, str) else ""]
    for name in names:
        last = re.split(r"[/\\]", name.rstrip("/\\"))[-1].lower()
        for family in _FAMILIES:
            if family.pattern.search(last):
                return {"query": family.question, "document": family.passage}
    return {"query": "", "document": ""}


def _json_object(path: Path) -> dict[str, Any]:
    """Read a JSON object; a file that is not there is an empty one."""
    if not path.is_file():
        return {}
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # bad JSON and bad UTF-8
        raise UsageError(f"{path} is no JSON: {error}") from error
    return value if isinstance(value, dict) else {}


def _fingerprint(folder: Path, prompts: Mapping[str, str]) -> str:
    """Hash everything that decides a model's vectors: its files, with their names, and prompts."""
    digest = hashlib.blake2b(digest_size=8)
    digest.update(json.dumps(prompts, sort_keys=True).encode())
    files = {path for pattern in _MODEL_FILES for path in folder.rglob(pattern)}
    for path in sorted(files, key=lambda path: path.relative_to(folder).as_posix()):
        relative = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in relative.parts)
        if hidden or relative.parts[0] in {"onnx", "openvino"} or not path.is_file():
            continue
        with path.open("rb") as file:
            inside = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16))
        digest.update(f"{relative.as_posix()}\0{inside.hexdigest()}\n".encode())
    return digest.hexdigest()


def _cleaned(texts: Sequence[str]) -> list[str]:
    """Pair up surrogates and replace lone ones: tokenizers refuse them with a TypeError."""
    refuse_single(texts)
    return [text if text.isascii() else _well_formed(text) for text in texts]


def _well_formed(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
