"""Cut the articles of a new generation, and find or make the vector of every chunk.

In come placed articles and the generation before; chunks go into the catalogue, and out come the
vectors in the order of its rows. A passage that was embedded before is not embedded again. Knows
nothing of files.
"""

import hashlib
from array import array
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.catalogue import CatalogueWriter, Claim
from index.chunk import chunk_article
from index.embed import Embedder, Vectors, load_embedder, passage_text
from index.errors import IndexMismatchError, UnusableIndexError
from index.manifest import Manifest
from index.progress import Progress
from index.store import Generation
from index.vectors import read_vectors

__all__ = ["Embedded", "LazyEmbedder", "cut_and_embed"]

_EMBEDDED_AT_ONCE = 2048
"""Passages handed to the embedder at a time: enough to sort by length and to fill its batches,
few enough that their texts need not be counted."""

_UNIT_TOLERANCE = 2e-3
"""How far the square of a vector's length may be from 1: as much as the vectors' file allows."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """The vectors of all chunks (chunks, dim), whose they are, and how many are ``fresh``."""

    vectors: Vectors
    embedder_name: str
    dim: int
    fresh: int


class LazyEmbedder:
    """Loads the configured embedder when it is first asked for: a model takes seconds."""

    def __init__(
        self, embedder: Embedder | None, spec: str, *, device: str | None, progress: bool
    ) -> None:
        self._embedder = embedder
        self._spec = spec
        self._device = device
        self._progress = progress
        self._expected: Manifest | None = None

    def expect(self, manifest: Manifest) -> None:
        """Refuse, now or when it is loaded, an embedder that did not make the index.

        Raises:
            IndexMismatchError: the vectors of the two would not compare.
        """
        self._expected = manifest
        if self._embedder is not None or self._spec != manifest.embedder_spec:
            self.load()

    def load(self) -> Embedder:
        """Give the embedder, loaded by now.

        Raises:
            UsageError: there is none of this name.
            IndexMismatchError: it is not the expected one.
        """
        if self._embedder is None:
            self._embedder = load_embedder(self._spec, device=self._device)
        expected = self._expected
        if expected is not None and (self._embedder.name, self._embedder.dim) != (
            expected.embedder_name,
            expected.dim,
        ):
            raise IndexMismatchError(
                f"the index was built with the embedder {expected.embedder_name} "
                f"({expected.dim} dimensions), the configuration now gives {self._embedder.name} "
                f"({self._embedder.dim}); run `youju index PATH… --rebuild` to embed everything "
                "anew, or configure the former one"
            )
        return self._embedder

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed passages, (len(texts), dim), and trust no model to keep its word."""
        embedder = self.load()
        return _checked(embedder, texts, embedder.embed_passages(texts, progress=self._progress))

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        """Embed questions, (len(texts), dim), with the same care."""
        embedder = self.load()
        return _checked(embedder, texts, embedder.embed_questions(texts))


def _checked(embedder: Embedder, texts: Sequence[str], made: Vectors) -> Vectors:
    """Give what an embedder made of texts, when that is what it promised."""
    vectors = np.asarray(made, dtype=np.float32)
    if (
        vectors.shape != (len(texts), embedder.dim)
        or not (
            # Also False where a value is not a number.
            np.abs(np.einsum("ij,ij->i", vectors, vectors) - 1.0) < _UNIT_TOLERANCE
        ).all()
    ):
        raise UnusableIndexError(
            f"the embedder {embedder.name} gave no usable vectors: shape {vectors.shape} for "
            f"{len(texts)} texts of {embedder.dim} dimensions, or lengths other than 1; "
            "configure another"
        )
    return vectors


def cut_and_embed(
    catalogue: CatalogueWriter,
    winners: Sequence[Claim],
    *,
    previous: Generation | None,
    current: Collection[int],
    embedder: LazyEmbedder,
    max_chars: int,
    progress: Progress,
) -> Embedded:
    """Cut every article into the catalogue, and find or make the vector of every chunk.

    Args:
        catalogue: Holds the articles, placed; gets their chunks.
        winners: The articles, in the order of their positions.
        previous: What chunks and vectors are taken over from; None: from nothing.
        current: The files that today's reading rules read, by id.
        embedder: Embeds the passages that ``previous`` does not have.
        max_chars: The longest chunk.
        progress: Shows how far it is.
    """
    known = previous.catalogue.passage_rows() if previous else {}
    reused, fresh = previous.chunk_count if previous else 0, 0
    cut_before = _cut_before(previous, current=current, max_chars=max_chars)
    # Where the vector of each row comes from: below ``reused`` an old row, above it a new one.
    sources = array("q")
    texts: list[str] = []
    parts: list[Vectors] = []
    for position, claim in enumerate(winners):
        progress.update("articles cut and embedded", position, len(winners))
        old_rows = cut_before(claim)
        if old_rows is not None:
            catalogue.copy_chunks(first=len(sources), position=position, old_rows=old_rows)
            sources.extend(old_rows)
            continue
        article = catalogue.article_at(position)
        rows = []
        for chunk in chunk_article(article, max_chars=max_chars):
            text = passage_text(article, chunk)
            passage = hashlib.blake2b(text.encode(), digest_size=16).digest()
            source = known.get(passage)
            if source is None:
                source = known[passage] = reused + fresh
                fresh += 1
                texts.append(text)
            rows.append((len(sources), position, chunk, passage))
            sources.append(source)
        catalogue.add_chunks(rows)
        if len(texts) >= _EMBEDDED_AT_ONCE:
            progress.clear()  # the embedder may show a bar of its own
            parts.append(embedder.embed(texts))
            texts = []
    if texts:
        progress.clear()
        parts.append(embedder.embed(texts))
    progress.update("articles cut and embedded", len(winners), len(winners))
    if previous is not None:
        name, dim = previous.manifest.embedder_name, previous.manifest.dim
        old = read_vectors(previous.vectors_path, dim=dim)
    else:
        loaded = embedder.load()
        name, dim = loaded.name, loaded.dim
        old = np.empty((0, dim), dtype=np.float32)
    vectors = _gather(np.array(sources, dtype=np.int64), old, parts, first=reused)
    return Embedded(vectors, name, dim, fresh)


def _cut_before(
    previous: Generation | None, *, current: Collection[int], max_chars: int
) -> Callable[[Claim], range | None]:
    """Tell which old rows are the chunks of an article that is as it was.

    None where it must be cut: it is new, or the length of a chunk or the way to cut changed.
    """
    if previous is None or previous.manifest.config.get("max_chars") != max_chars:
        return lambda _: None
    borders = np.searchsorted(
        previous.article_positions, np.arange(previous.article_count + 1)
    ).tolist()

    def old_rows(claim: Claim) -> range | None:
        # What was kept from an earlier version of a file is older than the file's record says.
        if claim.position is None or claim.kept or claim.file not in current:
            return None
        return range(borders[claim.position], borders[claim.position + 1])

    return old_rows


def _gather(
    sources: npt.NDArray[np.int64], old: Vectors, parts: list[Vectors], *, first: int
) -> Vectors:
    """Put the vectors in the order of the rows; empties ``parts`` as it goes, to save memory.

    ``sources`` (rows,) names a row of ``old`` below ``first``, else a row of ``parts`` laid end
    to end.
    """
    dim = old.shape[1]
    vectors = np.empty((len(sources), dim), dtype=np.float32)
    are_old = sources < first
    vectors[are_old] = old[sources[are_old]]
    end = first + sum(map(len, parts))
    while parts:
        part = parts.pop()
        start = end - len(part)
        here = (sources >= start) & (sources < end)
        vectors[here] = part[sources[here] - start]
        end = start
    return vectors
