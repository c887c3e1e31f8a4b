"""Open an index and ask its two legs: a question in, rows with scores out.

This puts together what a generation on disk consists of (its catalogue, its vectors, its lexical
index) and the embedder that its vectors came from. It knows nothing of fusing, answering or
citing. An open index never changes: a newer generation is seen by opening again.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from index.article import Article, Chunk
from index.catalogue import Claim, FileRecord, Listed
from index.closing import Closing
from index.embed import Embedder, Vectors, load_embedder
from index.errors import IndexMismatchError, UsageError
from index.lexical import LexicalIndex
from index.manifest import Manifest
from index.passage import Filters, Hit
from index.store import Generation, open_vectors, read_current
from index.vectors import VectorIndex

__all__ = ["Index", "open_index"]

_REMEMBERED_FILTERS = 16  # masks of one byte a chunk: a chat asks again with the same filter


def open_index(
    directory: Path, *, embedder: Embedder | None = None, device: str | None = None
) -> "Index":
    """Open the current generation of the index in ``directory`` for questions.

    Args:
        directory: The folder that ``youju index`` wrote, ``var/index`` by default.
        embedder: What embeds the questions. None loads the one that the index was built with.
        device: Where a model that is loaded here runs; None takes the best that is there.

    Raises:
        IndexMissingError: There is no index in the folder.
        IndexMismatchError: The index has another format, or vectors of another embedder.
        IndexDamagedError: A file of it is missing or is not what was written.
        UsageError: The embedder that the index was built with cannot be loaded.
    """
    generation, vectors, lexical = read_current(directory, _open_legs)
    try:
        if embedder is None:
            embedder = _load(generation.manifest, directory, device=device)
        _check_embedder(generation.manifest, embedder, directory)
    except BaseException:
        generation.close()
        raise
    return Index(generation, vectors=vectors, lexical=lexical, embedder=embedder)


class Index(Closing):
    """An open index. Safe to use from several threads at once; close it, or use ``with``.

    Rows number the chunks of the generation; a row of a hit is good for ``chunk`` and
    ``article_of`` of this object, and of no other.
    """

    def __init__(
        self,
        generation: Generation,
        *,
        vectors: VectorIndex,
        lexical: LexicalIndex,
        embedder: Embedder,
    ) -> None:
        """Use ``open_index``; this only puts checked parts together."""
        self.embedder = embedder
        self.article_count = generation.article_count
        self.chunk_count = generation.chunk_count
        self._generation = generation
        self._vectors = vectors
        self._lexical = lexical
        self._rows_allowed = lru_cache(_REMEMBERED_FILTERS)(generation.rows_allowed)

    @property
    def generation(self) -> str:
        """The name of the generation, such as ``g000001``."""
        return self._generation.name

    @property
    def folder(self) -> Path:
        """The folder of the generation that is open."""
        return self._generation.folder

    @property
    def manifest(self) -> Manifest:
        """What the generation was built from and with."""
        return self._generation.manifest

    def lexical(
        self,
        question: str,
        *,
        k: int,
        filters: Filters | None = None,
        synonyms: Sequence[Sequence[str]] = (),
    ) -> list[Hit]:
        """Find the ``k`` chunks that share the rarest terms with the question, by BM25.

        ``synonyms`` are other names of what the question names; see ``LexicalIndex.search``.

        Returns:
            Hits in the total order ``(-score, row)``, fewer than ``k`` where fewer match; none
            for a question without terms. Scores are positive and not bounded.
        """
        return self._lexical.search(question, k=k, filters=filters, synonyms=synonyms)

    def dense(
        self,
        question: str,
        *,
        k: int,
        filters: Filters | None = None,
        variants: Sequence[str] = (),
    ) -> list[Hit]:
        """Find the ``k`` chunks whose vectors are nearest to the question's.

        ``variants`` are the same question with other names in it; the mean of all vectors is
        searched for.

        Returns:
            Hits in the total order ``(-score, row)``, fewer than ``k`` only where fewer are
            allowed; none for a blank question. Scores are cosines in [-1, 1].
        """
        if not question.strip():
            return []
        allowed = self._rows_allowed(filters) if filters else None
        vector = self._question_vector(question, variants)
        return self._vectors.search(vector, k=k, allowed=allowed)

    def _question_vector(self, question: str, variants: Sequence[str]) -> Vectors:
        # The mean beats the best of several searches (docs/decisions/0007-aliases-and-dates.md).
        vectors = self.embedder.embed_questions([question, *variants])
        said: Vectors = vectors[0]
        if not variants:
            return said
        mean: Vectors = vectors.mean(axis=0)
        length = np.linalg.norm(mean)
        # Opposite vectors cancel out; then the question as it was said is as good as any.
        return mean / length if length > 1e-6 else said

    @property
    def is_quick(self) -> bool:
        """Whether a sentence is embedded in microseconds, as a static encoder does."""
        return getattr(self.embedder, "is_quick", False)

    def cosines(self, question: str) -> Callable[[Sequence[str]], npt.NDArray[np.float64]]:
        """Return what tells the question's cosines with any texts: ``(len(texts),)``."""
        vector = self.embedder.embed_questions([question])[0]
        return lambda texts: (self.embedder.embed_passages(texts) @ vector).astype(np.float64)

    def idf(self, terms: Sequence[str]) -> list[float]:
        """Tell how much each term says: high where few chunks hold it; see ``LexicalIndex.idf``.

        ``terms`` are folded, as :func:`index.tokens.terms` gives them.
        """
        return self._lexical.idf(terms)

    def document_frequencies(self, terms: Sequence[str]) -> list[int]:
        """Count, for each folded term, the chunks whose text holds it."""
        return self._lexical.document_frequencies(terms)

    def words(self, prefix: str) -> list[tuple[str, int]]:
        """List the folded terms that begin so, each with the chunks that hold it."""
        return self._lexical.words(prefix)

    def chunk(self, row: int) -> Chunk:
        """The chunk of a row; raises IndexError."""
        return self._generation.chunk(row)

    def article(self, article_id: str) -> Article:
        """The article with this id; raises KeyError."""
        return self._generation.article(article_id)

    def ids_at(self, path: str) -> tuple[str, ...]:
        """The ids of the articles with this path; none where there is none."""
        return self._generation.catalogue.ids_at(path)

    def article_of(self, row: int) -> Article:
        """The article that a row's chunk is a piece of; raises IndexError."""
        return self._generation.article_of_row(row)

    def article_id_of(self, row: int) -> str:
        """The id of the article that a row's chunk is a piece of; raises IndexError."""
        return self._generation.catalogue.article_id_of(row)

    def articles(self) -> Iterator[Article]:
        """All articles in the order of their paths, a few in memory at a time."""
        return self._generation.articles()

    def listing(self) -> list[Listed]:
        """All articles in the order of their paths, without their texts."""
        return self._generation.catalogue.listing()

    def files(self) -> list[FileRecord]:
        """Every file that articles were read from, in path order."""
        return self._generation.catalogue.files()

    def claims(self) -> list[Claim]:
        """Every article of every file, those included that are a copy of another."""
        return self._generation.catalogue.claims()

    def group_of(self, article_id: str) -> str:
        """The id of the article that stands for this one's near-duplicates; raises KeyError."""
        return self._generation.group_of(article_id)

    def group_members(self, representative: str) -> tuple[str, ...]:
        """The ids of the near-duplicates that this article stands for, itself included."""
        return self._generation.group_members(representative)

    def close(self) -> None:
        """Let go of the files. Closing again does nothing."""
        self._generation.close()


def _open_legs(generation: Generation) -> tuple[Generation, VectorIndex, LexicalIndex]:
    """Open both legs of a generation, each with one row for each chunk."""
    vectors = open_vectors(generation.folder, generation.manifest)
    lexical = LexicalIndex.open(generation.lexical_folder, count=generation.chunk_count)
    return generation, vectors, lexical


def _load(manifest: Manifest, directory: Path, *, device: str | None) -> Embedder:
    try:
        return load_embedder(manifest.embedder_spec, device=device)
    except UsageError as error:
        raise UsageError(
            f"the index in {directory} was built with the embedder {manifest.embedder_spec!r}: "
            f"{error}"
        ) from error


def _check_embedder(manifest: Manifest, embedder: Embedder, directory: Path) -> None:
    """Refuse an embedder whose vectors are not of the index's space: scores would be noise."""
    if (embedder.name, embedder.dim) == (manifest.embedder_name, manifest.dim):
        return
    raise IndexMismatchError(
        f"the index in {directory} holds vectors of {manifest.embedder_name} "
        f"({manifest.embedder_spec!r}, {manifest.dim} dimensions), but questions would be embedded "
        f"by {embedder.name} ({embedder.dim} dimensions); embed the articles anew with "
        f"`youju index PATH… --index {directory} --rebuild`"
    )
