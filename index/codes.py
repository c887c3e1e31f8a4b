"""Short codes of the vectors of a large collection, to find candidates by; made by FAISS.

In: the unit rows of a generation, written once; later one unit vector per question. Out: the rows
that score highest by their codes, to be scored again with the exact vectors.

A code has 4 bits for every two dimensions (product quantisation): a sixteenth of the floats. It is
so short that a question is compared with all of them, by table look-ups in the processor's
registers ("fast scan"), in about a thirtieth of the time that the floats take. It does not know
the exact vectors, how many candidates are enough, or what a row stands for.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index.errors import IndexDamagedError

__all__ = ["Codes", "write_codes"]

_BITS = 4  # what fits a register's table of 16 entries
_TRAINING_ROWS = 16 * 256
"""Rows that the 16 centroids of each pair of dimensions are made from; FAISS uses no more."""


def write_codes(path: Path, rows: npt.NDArray[np.float32]) -> None:
    """Write the codes of unit rows; row numbers are positions.

    The same rows give the same codes: k-means starts from a fixed seed.

    Args:
        path: The file to write. Whoever calls this moves and syncs it.
        rows: ``(n, dim)`` float32, rows of unit length, at least one.

    Raises:
        OSError: The disk is full or the folder is not there.
    """
    import faiss

    untyped: Any = faiss  # the stubs describe the C++ calls, not FAISS's own Python wrappers
    # Hundreds of tiny k-means: threads would spend their time waiting for each other.
    faiss.omp_set_num_threads(1)
    count, dim = rows.shape
    # An inverted file of one list: a plain array of codes can neither skip rows nor find all above
    # a score. More lists do not pay (docs/decisions/0010-large-collections.md).
    quantizer = untyped.IndexFlatIP(dim)
    index = untyped.IndexIVFPQFastScan(
        quantizer, dim, 1, _sub_vectors(dim), _BITS, faiss.METRIC_INNER_PRODUCT
    )
    index.by_residual = False
    index.cp.min_points_per_centroid = index.pq.cp.min_points_per_centroid = 1
    sample = rows[:: -(-count // _TRAINING_ROWS)]
    # k-means wants a row for each centroid: fewer are taken several times.
    index.train(sample if len(sample) >= 1 << _BITS else np.resize(sample, (1 << _BITS, dim)))
    index.add(rows)
    try:
        faiss.write_index(index, str(path))
    except RuntimeError as error:  # FAISS has no other type, also for a full disk
        raise OSError(f"cannot write the vectors to {path}: {error}") from error


def _sub_vectors(dim: int) -> int:
    """How many parts of a vector have a code of their own: pairs, or single dimensions."""
    return dim if dim % 2 else dim // 2


@dataclass(frozen=True, slots=True)
class Codes:
    """An open file of codes. Safe to search from several threads: it never changes.

    The file is mapped into memory, so opening takes no time and processes share the pages.
    """

    path: Path
    count: int
    _index: Any

    @classmethod
    def open(cls, path: Path, *, dim: int, count: int) -> "Codes":
        """Open the file and check it against what the manifest promises.

        Raises:
            IndexDamagedError: The file is missing, unreadable, or has another shape.
        """
        import faiss

        if not path.is_file():
            raise IndexDamagedError(f"the codes of the vectors are missing: no file at {path}")
        try:
            index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
        except RuntimeError as error:  # the only type that FAISS raises for a bad file
            raise IndexDamagedError(
                f"the codes at {path} cannot be read: {str(error).splitlines()[0]}"
            ) from error
        if (
            not isinstance(index, faiss.IndexIVFPQFastScan)
            or index.metric_type != faiss.METRIC_INNER_PRODUCT
            or index.nlist != 1
            or index.by_residual
        ):
            raise IndexDamagedError(f"{path} holds another kind of FAISS index than codes")
        if (index.d, index.ntotal) != (dim, count):
            raise IndexDamagedError(
                f"{path} holds {index.ntotal} codes of {index.d} dimensions "
                f"where the manifest says {count} of {dim}"
            )
        return cls(path, count, index)

    def best(
        self,
        question: npt.NDArray[np.float32],
        k: int,
        *,
        only: npt.NDArray[np.uint8] | None,
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """Find the ``k`` rows with the best codes: rough scores, best first, and the rows.

        Args:
            question: ``(dim,)`` float32 of unit length.
            k: At most the number of rows that may be found.
            only: The rows that may be found, as bits, the lowest first; None: all.

        Raises:
            IndexDamagedError: The file names rows that are not there.
        """
        scores, rows = self._index.search(question[np.newaxis, :], k, params=_parameters(only))
        found = rows[0] >= 0  # FAISS says "nothing" with -1
        return scores[0][found], self._inside(rows[0][found])

    def above(
        self, question: npt.NDArray[np.float32], cut: float, *, only: npt.NDArray[np.uint8] | None
    ) -> npt.NDArray[np.int64]:
        """Find every row whose rough score is above ``cut``; arguments as for :meth:`best`."""
        _, _, rows = self._index.range_search(
            question[np.newaxis, :], cut, params=_parameters(only)
        )
        return self._inside(rows)

    def _inside(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Refuse row numbers that no row has: a flipped bit in the file, which FAISS believes."""
        if rows.size and (rows.min() < 0 or rows.max() >= self.count):
            raise IndexDamagedError(
                f"{self.path} is damaged: it names rows beyond its {self.count}; go back with "
                "`youju index --rollback`, or build anew with `youju index PATH… --rebuild`"
            )
        return rows


def _parameters(only: npt.NDArray[np.uint8] | None) -> Any:  # noqa: ANN401 - SWIG objects
    import faiss

    untyped: Any = faiss
    if only is None:
        return untyped.SearchParametersIVF(nprobe=1)
    return untyped.SearchParametersIVF(nprobe=1, sel=untyped.IDSelectorBitmap(only))
