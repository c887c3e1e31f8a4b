"""Turn texts into vectors: the embedder protocol, and which embedder a configuration names.

In: questions and passages as text. Out: ``(n, dim)`` float32 arrays with rows of unit length, so
that an inner product is a cosine. An embedder does not know articles, rows or indexes, and its
``name`` changes whenever its vectors would: the manifest of an index is compared with it.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Protocol

from index.article import Article, Chunk
from index.vectors import Vectors

__all__ = ["Embedder", "Vectors", "bundled", "load_embedder", "passage_text"]


class Embedder(Protocol):
    """Something that turns questions and passages into vectors of one space.

    ``name`` identifies the vectors: it changes whenever they would. ``dim`` is their length.
    """

    @property
    def name(self) -> str:
        """The identity of the vectors."""

    @property
    def dim(self) -> int:
        """The length of each vector."""

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        """Embed questions: ``(len(texts), dim)``, in order, rows of unit length."""

    def embed_passages(self, texts: Sequence[str], *, progress: bool = False) -> Vectors:
        """Embed passages: ``(len(texts), dim)``, in order, rows of unit length."""


def load_embedder(spec: str, *, device: str | None = None) -> Embedder:
    """Load the embedder that a configuration names.

    Args:
        spec: ``bundled`` for the model of this repository, the folder or hub name of a
            sentence-transformers model, ``openai:URL#MODEL`` for an embeddings server, or
            ``hash`` for the tests' stand-in.
        device: Where a transformer runs (``cpu``, ``cuda``, ``cuda:1``, ``mps``); None takes the
            best that is there. The others have no use for it.

    Raises:
        UsageError: There is no such model or device, or the model is not safe to load.
        RemoteError: The embeddings server is away.
    """
    # Each kind is imported where it is chosen: a question waits for one of them, not for four.
    if spec == "hash":
        from index.hashing import HashEmbedder

        return HashEmbedder()
    if spec.startswith("openai:"):
        from index.remote import RemoteEmbedder

        return RemoteEmbedder(spec)
    from index.encoder.static import StaticEncoder, is_static_model

    if spec == "bundled":
        return StaticEncoder()
    # A folder of the bundled model's kind needs no torch either.
    if is_static_model(Path(spec)):
        return StaticEncoder(Path(spec))
    from index.transformer import SentenceTransformerEmbedder

    return SentenceTransformerEmbedder(spec, device=device)


@cache
def bundled() -> Embedder:
    """The bundled embedder, loaded once in a process, whatever an index was built with."""
    return load_embedder("bundled")


def passage_text(article: Article, chunk: Chunk) -> str:
    """Write out what of a chunk is embedded: title, path of headings, text, each on its line.

    A line that would be empty is left out.
    """
    lines = (article.title, " / ".join(chunk.headings), chunk.text)
    return "\n".join(line for line in lines if line)
