"""An OpenAI-compatible embeddings server as an embedder: texts out over HTTP, vectors back.

Serves text-embeddings-inference, vLLM, Infinity, Ollama, llama.cpp and clouds alike: all answer
``POST URL/embeddings``. The key comes from the environment and is shown nowhere.
"""

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from index.batching import batches
from index.errors import RemoteError
from index.http import Server, read_spec
from index.progress import Progress
from index.vectors import Vectors, refuse_single, unit_rows

__all__ = ["KEY_VARIABLES", "RemoteEmbedder"]

KEY_VARIABLES = ("YOUJU_EMBEDDINGS_API_KEY", "OPENAI_API_KEY")
"""Environment variables that may hold the key, the first that is set wins."""

# Servers bound a request by texts and by tokens; these are well within what the usual ones take.
_BATCH_TEXTS = 64
_BATCH_CHARS = 60_000
_TIMEOUT_S = 60.0
_ATTEMPTS = 5
_SURROGATES = re.compile("[\ud800-\udfff]")


class RemoteEmbedder:
    """An embedder behind ``openai:URL#MODEL``, such as ``openai:http://127.0.0.1:8080/v1#bge-m3``.

    The dimension is asked of the server once, when this is made. ``name`` holds the model's name
    and the dimension, not the address: a server may move. Questions and passages are sent as
    they are; a model that wants prefixes must get them from its server.
    """

    def __init__(self, spec: str, *, environment: Mapping[str, str] | None = None) -> None:
        """Connect to the server.

        Raises:
            UsageError: The spec is malformed, or the server refuses the key or the model.
            RemoteError: The server cannot be reached or does not answer as it should.
        """
        url, self._model = read_spec(spec, what="embeddings")
        self._server = Server(
            f"{url}/embeddings",
            what="embeddings",
            model=self._model,
            key_variables=KEY_VARIABLES,
            environment=os.environ if environment is None else environment,
            timeout_s=_TIMEOUT_S,
            attempts=_ATTEMPTS,
        )
        self.dim = len(self._request(["youju"])[0])
        self.name = f"openai-{self._model}-{self.dim}"

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        """Embed questions: ``(len(texts), dim)``, in order, rows of unit length."""
        return self._embed(texts, progress=False)

    def embed_passages(self, texts: Sequence[str], *, progress: bool = False) -> Vectors:
        """Embed passages: ``(len(texts), dim)``, in order, rows of unit length."""
        return self._embed(texts, progress=progress)

    def close(self) -> None:
        """Let go of the connections."""
        self._server.close()

    def _embed(self, texts: Sequence[str], *, progress: bool) -> Vectors:
        refuse_single(texts)
        rows: list[list[float]] = []
        shown = Progress(shown=progress)
        for batch in batches(texts, max_chars=_BATCH_CHARS, max_texts=_BATCH_TEXTS):
            rows += self._request(batch)
            shown.update("embedding", len(rows), len(texts))
        shown.clear()
        matrix = np.asarray(rows, dtype=np.float64).reshape(len(texts), self.dim)
        return unit_rows(matrix)

    def _request(self, batch: Sequence[str]) -> list[list[float]]:
        """Embed one batch."""
        # A blank text is refused by some servers; it has no meaning in any case.
        texts = [_SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text) or " " for text in batch]
        body = {"model": self._model, "input": texts, "encoding_format": "float"}
        return self._vectors(self._server.post(body), len(texts))

    def _vectors(self, answer: dict[str, Any], count: int) -> list[list[float]]:
        url = self._server.url
        try:
            items: list[Any] = sorted(answer["data"], key=lambda item: item["index"])
            rows = [[float(number) for number in item["embedding"]] for item in items]
        except (ValueError, TypeError, KeyError) as error:
            raise RemoteError(
                f"{url} did not answer as an embeddings server does ({error!r})"
            ) from error
        if len(rows) != count:
            raise RemoteError(f"{url} answered {count} texts with {len(rows)} vectors")
        expected = getattr(self, "dim", None) or len(rows[0])
        wrong = next((row for row in rows if len(row) != expected or not row), None)
        if wrong is not None:
            raise RemoteError(
                f"{url} answered with {len(wrong)} dimensions instead of {expected}; is the "
                "same model still behind it?"
            )
        if not np.isfinite(np.asarray(rows)).all():
            raise RemoteError(f"{url} answered with a vector that is not finite")
        return rows
