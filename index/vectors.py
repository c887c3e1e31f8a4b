"""The dense leg on disk and in memory: inner product over unit vectors, by FAISS.

In: an ``(n, dim)`` array of unit rows, written once; later one unit vector per question.
Out: the best ``k`` rows, in the total order ``(-score, row)``.

The exact rows are always there. Beside those of a large collection stand codes (``index.codes``),
which name candidates; scores are exact either way. It does not know what a row stands for, and
nothing here is pickled. FAISS files carry no checksum, so a flipped byte is not noticed here: the
manifest hashes the files.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index.codes import Codes
from index.errors import IndexDamagedError
from index.passage import Hit

__all__ = [
    "Mask",
    "VectorIndex",
    "Vectors",
    "read_vectors",
    "refuse_single",
    "unit_rows",
    "write_vectors",
]

Vectors = npt.NDArray[np.float32]
"""``(n, dim)`` float32, rows of unit length."""

Mask = npt.NDArray[np.bool_]
"""``(n,)`` bool, one entry for each row of a generation."""

_UNIT_TOLERANCE = 1e-3
"""How far a row's length may be from 1: float32 and bf16 encoders stay well inside."""

_SCORE_SLACK = 4e-6
"""FAISS sums float32 products in an order that depends on the row's position, so equal rows may
differ in the last bits. Rows this close to the cut are all fetched and scored again, one way."""

_FEW_ALLOWED = 1_000
"""Up to this many allowed rows, codes are passed by and each row is scored: 2 to 4 ms."""

_CANDIDATES_A_HIT = 3
"""Candidates fetched by their codes for each hit wanted, at least: with 2, 2.4 % of the hundred
nearest were missed on 176,000 chunks of news."""


def unit_rows(matrix: npt.NDArray[np.float64]) -> Vectors:
    """Scale rows to length 1.

    A row of zeros (a text without any feature) has no direction; it gets the first axis, so that
    such texts are near each other and nothing divides by zero.
    """
    lengths = np.sqrt(np.einsum("ij,ij->i", matrix, matrix))
    empty = lengths == 0.0
    if empty.any():
        matrix = matrix.copy()
        matrix[empty, 0] = 1.0
        lengths = np.where(empty, 1.0, lengths)
    scaled: Vectors = (matrix / lengths[:, np.newaxis]).astype(np.float32)
    return scaled


def refuse_single(texts: Sequence[str]) -> None:
    """Refuse one string: it is a sequence of strings too, and would be embedded by letters."""
    if isinstance(texts, str):
        raise TypeError("embedders take a sequence of texts, not one string")


def write_vectors(path: Path, vectors: Vectors) -> None:
    """Write unit vectors as a FAISS file at ``path``; row numbers are positions.

    Args:
        path: The file to write. Whoever calls this moves and syncs it.
        vectors: ``(n, dim)`` float32, rows of unit length; ``n`` may be 0.

    Raises:
        ValueError: The array has another shape, or a row is not finite or not of unit length.
        OSError: The disk is full or the folder is not there.
    """
    import faiss

    if vectors.ndim != 2 or vectors.shape[1] == 0:
        raise ValueError(f"vectors must be (n, dim), not {vectors.shape}")
    rows = np.ascontiguousarray(vectors, dtype=np.float32)
    _check_unit(rows)
    index = faiss.IndexFlatIP(rows.shape[1])
    index.add(rows)
    try:
        faiss.write_index(index, str(path))
    except RuntimeError as error:  # FAISS has no other type, also for a full disk
        raise OSError(f"cannot write the vectors to {path}: {_first_line(error)}") from error


def read_vectors(path: Path, *, dim: int) -> Vectors:
    """Read back every row of a file of :func:`write_vectors`, as ``(n, dim)`` float32.

    Raises:
        IndexDamagedError: The file is not there, is cut, or holds another kind of index.
    """
    index = _read(path, dim=dim)  # the name keeps the mapped memory alive until it is copied
    return _rows_of(index).copy()


@dataclass(frozen=True, slots=True)
class VectorIndex:
    """An open file of unit vectors. Safe to search from several threads: it never changes.

    The files are mapped into memory, so opening takes no time and processes share the pages. With
    ``codes``, the exact rows of at least ``candidates`` candidates are read from the disk, not
    mapped: a mapped row would bring its neighbours into memory with it, in the end all of them.
    """

    path: Path
    dim: int
    count: int
    codes: Codes | None
    candidates: int
    _index: Any
    _rows: "Vectors | _RowFile"

    @classmethod
    def open(
        cls, path: Path, *, dim: int, count: int, codes: Path | None = None, candidates: int = 0
    ) -> "VectorIndex":
        """Open the vectors at ``path`` and check them against what the manifest promises.

        Args:
            path: A file of :func:`write_vectors`.
            dim: The dimension that the manifest names.
            count: The number of rows that the manifest names.
            codes: A file of :func:`index.codes.write_codes` for the same rows; None: every row is
                compared with every question.
            candidates: How many rows found by their codes are scored, at least.

        Raises:
            IndexDamagedError: A file is missing, unreadable, or has another shape.
        """
        index = _read(path, dim=dim)
        if index.ntotal != count:
            raise IndexDamagedError(
                f"{path} holds {index.ntotal} vectors where the manifest says {count}"
            )
        if codes is None:
            return cls(path, dim, count, None, 0, index, _rows_of(index))
        opened = Codes.open(codes, dim=dim, count=count)
        return cls(
            path, dim, count, opened, candidates, index, _RowFile(path, dim=dim, count=count)
        )

    def search(self, vector: Vectors, *, k: int, allowed: Mask | None = None) -> list[Hit]:
        """Find the ``k`` rows with the highest inner product, best first.

        Args:
            vector: ``(dim,)`` or ``(1, dim)`` float32 of unit length.
            k: How many hits at most; fewer come back when fewer rows are allowed.
            allowed: The rows that may be found. It applies before the ranking, so ``k``
                allowed rows come back whenever there are so many.

        Returns:
            Hits in the total order ``(-score, row)``, ties at the cut included: of equally good
            rows the lower ones are kept. Scores are cosines in [-1, 1]. With codes a row may be
            missed, as rarely as the manifest says; none is when few are allowed.

        Raises:
            ValueError: The vector has another dimension or is not finite, the mask another
                length, or ``k`` is not positive.
            IndexDamagedError: The codes are of rows that are not there, or rows were cut off.
        """
        import faiss

        question = np.ascontiguousarray(vector, dtype=np.float32).reshape(-1)
        if question.shape != (self.dim,):
            raise ValueError(f"the vector has {question.size} dimensions, the index {self.dim}")
        if k < 1:
            raise ValueError(f"k must be at least 1, not {k}")
        _check_unit(question[np.newaxis, :])
        if allowed is not None and allowed.shape != (self.count,):
            raise ValueError(f"the mask has shape {allowed.shape}, not ({self.count},)")
        available = self.count if allowed is None else int(np.count_nonzero(allowed))
        if available == 0:
            return []
        # A setting of the calling thread, not of the process: it has to be made in each one.
        # One query on several OpenMP threads is 4 to 6 times slower than on one.
        faiss.omp_set_num_threads(1)
        wanted = min(k, available)
        if self.codes is None:
            found = self._nearest(question, wanted, available, allowed)
        elif allowed is not None and available <= _FEW_ALLOWED:
            found = np.flatnonzero(allowed)
        else:
            found = self._candidates(self.codes, question, wanted, available, allowed)
        return _ranked(self._rows[found], question, found)[:wanted]

    def _nearest(
        self, question: Vectors, wanted: int, available: int, allowed: Mask | None
    ) -> npt.NDArray[np.int64]:
        """Compare every allowed row; at least the ``wanted`` best, all ties at the cut included."""
        # The packed mask is read by the search through a bare pointer: the name keeps it alive.
        packed = None if allowed is None else np.packbits(allowed, bitorder="little")
        params = None if packed is None else _only(packed)
        fetched = min(wanted + 16, available)
        scores, rows = self._index.search(question[np.newaxis, :], fetched, params=params)
        found: npt.NDArray[np.int64] = rows[0][rows[0] >= 0]  # FAISS says "nothing" with -1
        cut = float(scores[0][wanted - 1]) - _SCORE_SLACK
        if fetched < available and scores[0][-1] >= cut:
            # More rows share the score at the cut than were fetched: take all of them.
            _, _, found = self._index.range_search(question[np.newaxis, :], cut, params=params)
        return found

    def _candidates(
        self, codes: Codes, question: Vectors, wanted: int, available: int, allowed: Mask | None
    ) -> npt.NDArray[np.int64]:
        """Compare the codes of every allowed row, and take more rows than are wanted."""
        only = None if allowed is None else np.packbits(allowed, bitorder="little")
        fetched = min(max(self.candidates, _CANDIDATES_A_HIT * wanted), available)
        scores, found = codes.best(question, fetched, only=only)
        if len(found) < fetched:  # all codes are alike, so that there is nothing to scale them by
            return self._nearest(question, wanted, available, allowed)
        if fetched < available and scores[-1] >= scores[wanted - 1] - _SCORE_SLACK:
            # As above: equal rows have equal codes.
            return codes.above(question, float(scores[-1]) - _SCORE_SLACK, only=only)
        return found


class _RowFile:
    """The exact rows inside a file of ``write_vectors``, read when they are asked for."""

    __slots__ = ("_descriptor", "_dim", "_first", "_path")

    def __init__(self, path: Path, *, dim: int, count: int) -> None:
        self._path = path
        self._dim = dim
        self._descriptor = -1  # what __del__ finds when the file cannot be opened
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        # A flat index is a header and then the rows, up to the end of the file.
        self._first = os.fstat(self._descriptor).st_size - 4 * dim * count

    def __del__(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)

    def __getitem__(self, rows: npt.NDArray[np.int64]) -> Vectors:
        """Read rows, (len(rows), dim), in the order given; neighbours in one go.

        Raises:
            IndexDamagedError: The file was cut since it was opened, or cannot be read.
        """
        taken = np.empty((len(rows), self._dim), dtype=np.float32)
        stops = [*(np.flatnonzero(np.diff(rows) != 1) + 1).tolist(), len(rows)]
        start = 0
        for stop in stops if len(rows) else ():
            part = taken[start:stop]
            try:
                got = os.preadv(
                    self._descriptor,
                    [part.data],
                    self._first + 4 * self._dim * int(rows[start]),
                )
            except OSError as error:
                raise IndexDamagedError(f"cannot read {self._path}: {error.strerror}") from error
            if got != part.nbytes:
                raise IndexDamagedError(f"{self._path} is damaged: it ends within its rows")
            start = stop
        return taken


def _only(packed: npt.NDArray[np.uint8]) -> Any:  # noqa: ANN401 - SWIG objects
    """Restrict a FAISS search to the rows whose bits are set."""
    import faiss

    # The stubs describe the C++ constructors, not FAISS's own Python wrappers around them.
    untyped: Any = faiss
    return untyped.SearchParameters(sel=untyped.IDSelectorBitmap(packed))


def _ranked(
    rows: Vectors, question: npt.NDArray[np.float32], found: npt.NDArray[np.int64]
) -> list[Hit]:
    """Score the found rows in float64, each by itself, and put them into the total order.

    ``rows`` are those of ``found``, (len(found), dim).
    """
    exact = (rows.astype(np.float64) * question.astype(np.float64)).sum(axis=1)
    # Rounding to float32 makes the scores of equal rows equal, whatever the sum's last bit.
    exact = exact.astype(np.float32)
    order = np.lexsort((found, -exact))
    return [Hit(row=int(found[i]), score=float(exact[i])) for i in order]


def _read(path: Path, *, dim: int) -> Any:  # noqa: ANN401 - FAISS ships no types
    """Map the file and check its kind and dimension."""
    import faiss

    if not path.is_file():
        raise IndexDamagedError(f"the vectors are missing: no file at {path}")
    try:
        index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
    except RuntimeError as error:  # the only type that FAISS raises for a bad file
        raise IndexDamagedError(
            f"the vectors at {path} cannot be read: {_first_line(error)}"
        ) from error
    if not isinstance(index, faiss.IndexFlat) or index.metric_type != faiss.METRIC_INNER_PRODUCT:
        raise IndexDamagedError(f"{path} holds another kind of FAISS index than a flat one")
    if index.d != dim:
        raise IndexDamagedError(f"{path} has {index.d} dimensions where the manifest says {dim}")
    return index


def _rows_of(index: Any) -> Vectors:  # noqa: ANN401 - FAISS ships no types
    """View the rows inside a flat index as ``(n, dim)``; valid while the index lives."""
    import faiss

    if index.ntotal == 0:
        return np.zeros((0, index.d), dtype=np.float32)
    flat = faiss.rev_swig_ptr(index.get_xb(), index.ntotal * index.d)
    rows: Vectors = flat.reshape(index.ntotal, index.d)
    return rows


def _check_unit(rows: Vectors) -> None:
    """Refuse rows that are not finite or not of unit length: a NaN ranks as anything."""
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64))
    # NaN compares false, so it is caught by the negation.
    bad = np.flatnonzero(~(np.abs(lengths - 1.0) <= _UNIT_TOLERANCE))
    if bad.size:
        first = int(bad[0])
        raise ValueError(
            f"{bad.size} rows are not finite unit vectors; the first is row {first}, "
            f"of length {lengths[first]}"
        )


def _first_line(error: BaseException) -> str:
    """FAISS prints C++ source places over several lines; the first carries the reason."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
