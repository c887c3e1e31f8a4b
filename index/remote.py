"""An OpenAI-compatible embeddings server as an embedder: texts out over HTTP, vectors back.

Serves text-embeddings-inference, vLLM, Infinity, Ollama, llama.cpp and clouds alike: all answer
``POST URL/embeddings``. The key comes from the environment and is shown nowhere.
"""

import logging
import os
import re
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from index.batching import batches
from index.errors import RemoteError, UsageError
from index.progress import Progress
from index.vectors import Vectors, refuse_single, unit_rows

if TYPE_CHECKING:
    import httpx

__all__ = ["KEY_VARIABLES", "RemoteEmbedder"]

KEY_VARIABLES = ("YOUJU_EMBEDDINGS_API_KEY", "OPENAI_API_KEY")
"""Environment variables that may hold the key, the first that is set wins."""

_SPEC = re.compile(r"openai:(?P<url>https?://[^#\s]+?)/?#(?P<model>\S+)")
# Servers bound a request by texts and by tokens; these are well within what the usual ones take.
_BATCH_TEXTS = 64
_BATCH_CHARS = 60_000
_TIMEOUT_S = 60.0
_ATTEMPTS = 5
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 20.0
_WORTH_RETRYING = {408, 409, 425, 429, 500, 502, 503, 504}
_SURROGATES = re.compile("[\ud800-\udfff]")
_log = logging.getLogger(__name__)


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
        import httpx

        parts = _SPEC.fullmatch(spec)
        if parts is None:
            raise UsageError(
                f"{spec!r} names no embeddings server; write openai:URL#MODEL, such as "
                "openai:http://127.0.0.1:8080/v1#bge-m3"
            )
        self._url, self._model = f"{parts['url']}/embeddings", parts["model"]
        known = os.environ if environment is None else environment
        key = next((known[name] for name in KEY_VARIABLES if known.get(name)), None)
        # Redirects are not followed: the key must not travel to another host.
        self._client = httpx.Client(
            timeout=_TIMEOUT_S,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            follow_redirects=False,
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
        self._client.close()

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
        """Embed one batch, trying again where a server asks for it or was away for a moment."""
        import httpx

        # A blank text is refused by some servers; it has no meaning in any case.
        texts = [_SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text) or " " for text in batch]
        body = {"model": self._model, "input": texts, "encoding_format": "float"}
        wait = _FIRST_WAIT_S
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                response = self._client.post(self._url, json=body)
            except httpx.TimeoutException:
                problem = f"did not answer within {_TIMEOUT_S:g} s"
            except httpx.HTTPError as error:
                problem = f"cannot be reached ({type(error).__name__})"
            else:
                if response.status_code not in _WORTH_RETRYING:
                    return self._vectors(response, len(texts))
                problem = f"answered with status {response.status_code}"
                wait = max(wait, _asked_wait(response))
            if attempt < _ATTEMPTS:
                _log.warning("%s %s; trying again in %.1f s", self._url, problem, wait)
                time.sleep(min(wait, _LONGEST_WAIT_S))
                wait *= 2
        raise RemoteError(
            f"the embeddings server {self._url} {problem}, {_ATTEMPTS} times in a row; see that it "
            "runs, then try again"
        )

    def _vectors(self, response: "httpx.Response", count: int) -> list[list[float]]:
        status = response.status_code
        if status in (401, 403):
            raise UsageError(
                f"the embeddings server {self._url} refused the key (status {status}); put the "
                f"right one into the environment variable {KEY_VARIABLES[0]}"
            )
        if status == 404:
            raise UsageError(
                f"the embeddings server has no {self._url}, or no model {self._model!r}; check both"
            )
        if status != 200:
            detail = response.text[:200].replace("\n", " ")
            raise RemoteError(
                f"the embeddings server {self._url} answered with status {status}: {detail}"
            )
        try:
            items: list[Any] = sorted(response.json()["data"], key=lambda item: item["index"])
            rows = [[float(number) for number in item["embedding"]] for item in items]
        except (ValueError, TypeError, KeyError) as error:
            raise RemoteError(
                f"{self._url} did not answer as an embeddings server does ({error!r})"
            ) from error
        if len(rows) != count:
            raise RemoteError(f"{self._url} answered {count} texts with {len(rows)} vectors")
        expected = getattr(self, "dim", None) or len(rows[0])
        wrong = next((row for row in rows if len(row) != expected or not row), None)
        if wrong is not None:
            raise RemoteError(
                f"{self._url} answered with {len(wrong)} dimensions instead of {expected}; is the "
                "same model still behind it?"
            )
        if not np.isfinite(np.asarray(rows)).all():
            raise RemoteError(f"{self._url} answered with a vector that is not finite")
        return rows


def _asked_wait(response: "httpx.Response") -> float:
    """How long the server asks to wait, in seconds; 0 where it does not say."""
    try:
        return max(0.0, float(response.headers.get("retry-after", "0")))
    except ValueError:
        return 0.0
