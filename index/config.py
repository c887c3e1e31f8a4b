"""What can be chosen when an index is built."""

from dataclasses import dataclass

__all__ = ["IndexConfig"]


@dataclass(frozen=True, slots=True)
class IndexConfig:
    """Settings that change what an index contains; the manifest records them.

    ``embedder``: ``bundled`` for the encoder of this repository, the name or folder of a
    sentence-transformers model, or ``openai:URL#MODEL`` for an embeddings server.
    ``max_chars``: the longest chunk, in characters; a longer sentence is cut.
    ``max_file_mb``: a larger file is quarantined.
    ``keep_generations``: how many generations stay on disk, the current one included.
    """

    embedder: str = "bundled"
    max_chars: int = 320
    max_file_mb: int = 50
    near_duplicate_jaccard: float = 0.7
    keep_generations: int = 2
