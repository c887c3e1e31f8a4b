"""What can be chosen when an index is built."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["IndexConfig", "VectorKind"]

VectorKind = Literal["auto", "flat", "codes"]


@dataclass(frozen=True, slots=True)
class IndexConfig:
    """Settings that change what an index contains; the manifest records them.

    ``embedder``: ``bundled`` for the encoder of this repository, the name or folder of a
    sentence-transformers model, or ``openai:URL#MODEL`` for an embeddings server.
    ``max_chars``: the longest chunk, in characters; a longer sentence is cut.
    ``max_file_mb``: a larger file is quarantined.
    ``keep_generations``: how many generations stay on disk, the current one included.
    ``vectors``: ``flat`` compares a question with every vector, ``codes`` with short codes of them
    and then the best exactly; ``auto`` is flat up to ``flat_mb`` of vectors (4 bytes a dimension),
    which a question reads through in some 5 ms.
    """

    embedder: str = "bundled"
    max_chars: int = 320
    max_file_mb: int = 50
    near_duplicate_jaccard: float = 0.7
    keep_generations: int = 2
    vectors: VectorKind = "auto"
    flat_mb: int = 64
