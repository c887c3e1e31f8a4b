"""Give a large collection codes of its vectors, and prove what they find.

In: the exact vectors, and questions of the kind that people ask. Out: a file, how many candidates
a question must take from it, and the recall that was measured that way against brute force; or
nothing, where it would not do. Knows nothing of articles.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from index.codes import write_codes
from index.config import IndexConfig
from index.manifest import Approximation
from index.sentences import sentences
from index.vectors import VectorIndex, Vectors

__all__ = ["Recall", "approximate", "is_large", "sample_questions"]

_QUESTIONS = 200
"""Questions that recall is measured with: 2,000 neighbours, so ±0.3 points at a recall of 0.98."""

_RECALL_K = 10
_TARGET = 0.99
"""The recall that the candidates are raised to. What is promised is 0.98; the rest is for questions
other than those it was tried with."""

_CANDIDATES = (32, 64, 128, 256, 512, 1024)
"""Tried in turn. To score a thousand takes as long as to compare the codes of 500,000."""

_MIN_SENTENCE_CHARS = 10
_TIE = 1e-6
"""A row that scores as much as the last true neighbour, but for rounding, is as good as it."""


def is_large(config: IndexConfig, *, count: int, dim: int) -> bool:
    """Tell whether vectors of this number and length are searched approximately."""
    if config.vectors == "auto":
        return count * dim * 4 > config.flat_mb << 20
    return config.vectors == "codes" and count > 0


def sample_questions(chunk_text: Callable[[int], str], *, count: int) -> list[str]:
    """Pick single sentences of chunks from all over a collection of ``count`` chunks.

    That is about what a question asks for, and its vector is none of the index.

    >>> sample_questions(["利率是百分之三点五。好。", "短。"].__getitem__, count=2)
    ['利率是百分之三点五。', '短。']
    """
    return [_sentence(chunk_text(row), row) for row in range(0, count, -(-count // _QUESTIONS))]


def _sentence(text: str, row: int) -> str:
    """A sentence; the whole text where none is long enough to mean something."""
    spans = [(a, b) for a, b in sentences(text) if b - a >= _MIN_SENTENCE_CHARS]
    if not spans:
        return text
    start, end = spans[row % len(spans)]
    return text[start:end]


@dataclass(frozen=True, slots=True)
class Recall:
    """The true neighbours of some questions, to compare a search with."""

    questions: Vectors
    k: int
    least: Vectors
    """``(n,)`` float32: the score of the last of the ``k`` true neighbours of each question."""

    @classmethod
    def of(cls, questions: Vectors, rows: Vectors, *, k: int) -> "Recall":
        """Compare every question with every row.

        Args:
            questions: ``(n, dim)`` float32, rows of unit length.
            rows: ``(m, dim)`` float32, rows of unit length, at least one.
            k: How many neighbours count; all, where there are fewer.
        """
        import faiss

        k = min(k, len(rows))
        scores, _ = faiss.knn(questions, rows, k, metric=faiss.METRIC_INNER_PRODUCT)
        return cls(questions, k, scores[:, -1])

    def measure(self, index: VectorIndex) -> float:
        """The share of the true neighbours that an open index finds."""
        found = 0
        for question, least in zip(self.questions, self.least.tolist(), strict=True):
            hits = index.search(question, k=self.k)
            found += sum(hit.score >= least - _TIE for hit in hits)
        return found / (self.k * len(self.questions))


def approximate(
    path: Path, *, exact: Path, rows: Vectors, questions: Vectors
) -> Approximation | None:
    """Write the codes of ``rows`` and find out how many candidates it takes.

    Args:
        path: The file to write; it is not left there when it serves for nothing.
        exact: The file of the exact rows (``write_vectors``).
        rows: ``(n, dim)`` float32, rows of unit length, at least one.
        questions: ``(m, dim)`` float32, rows of unit length, at least one.

    Returns:
        What the manifest says of it; None when a thousand candidates do not reach the recall that
        is asked for, because the codes are too coarse for these vectors.

    Raises:
        OSError: The disk is full or the folder is not there.
    """
    count, dim = rows.shape
    write_codes(path, rows)
    truth = Recall.of(questions, rows, k=_RECALL_K)
    for candidates in _CANDIDATES:
        index = VectorIndex.open(exact, dim=dim, count=count, codes=path, candidates=candidates)
        recall = truth.measure(index)
        if recall >= _TARGET:
            return Approximation(
                kind="codes",
                candidates=candidates,
                recall=round(recall, 4),
                k=truth.k,
                questions=len(questions),
            )
    path.unlink()
    return None
