"""The approximate index of a large collection: an inverted file of 8-bit codes, by FAISS.

In: the unit rows of a generation, written once; later one unit vector and how many lists to
probe. Out: candidate rows with rough scores, to be scored again with the exact rows.

Rows are grouped around centroids, and a question is compared with the rows of the nearest groups
alone; a row takes one byte a dimension instead of four. It does not know the exact rows, how many
probes are enough, or what a row stands for.
"""

import os
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index.errors import IndexDamagedError

__all__ = ["Ivf", "list_count", "write_ivf"]

_TRAINING_ROWS_A_LIST = 64
"""Rows that k-means sees for each centroid. FAISS takes 256 by default, four times the time."""


def list_count(rows: int) -> int:
    """How many lists a collection is split into: ``2 √n``.

    Looking for the nearest centroids then takes about as long as looking into their lists, and
    training stays a matter of seconds.
    """
    return max(1, min(rows, round(2 * sqrt(rows))))


def write_ivf(path: Path, rows: npt.NDArray[np.float32], *, lists: int) -> None:
    """Group unit rows into lists and write them as 8-bit codes; row numbers are positions.

    The same rows give the same lists: k-means starts from a fixed seed.

    Args:
        path: The file to write. Whoever calls this moves and syncs it.
        rows: ``(n, dim)`` float32, rows of unit length, at least one.
        lists: From 1 to ``n``.

    Raises:
        OSError: The disk is full or the folder is not there.
    """
    import faiss

    untyped: Any = faiss  # the stubs describe the C++ calls, not FAISS's own Python wrappers
    faiss.omp_set_num_threads(os.cpu_count() or 1)  # a search sets its thread back to one
    dim = rows.shape[1]
    quantizer = untyped.IndexFlatIP(dim)
    index = untyped.IndexIVFScalarQuantizer(
        quantizer, dim, lists, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
    )
    index.cp.max_points_per_centroid = _TRAINING_ROWS_A_LIST
    index.cp.min_points_per_centroid = 1  # fewer are no reason for a warning on stdout
    index.train(rows)
    index.add(rows)
    try:
        faiss.write_index(index, str(path))
    except RuntimeError as error:  # FAISS has no other type, also for a full disk
        raise OSError(f"cannot write the vectors to {path}: {error}") from error


@dataclass(frozen=True, slots=True)
class Ivf:
    """An open inverted file. Safe to search from several threads: it never changes.

    The file is mapped into memory, so opening takes no time and processes share the pages.
    """

    path: Path
    count: int
    lists: int
    _index: Any

    @classmethod
    def open(cls, path: Path, *, dim: int, count: int, lists: int) -> "Ivf":
        """Open the file and check it against what the manifest promises.

        Raises:
            IndexDamagedError: The file is missing, unreadable, or has another shape.
        """
        import faiss

        if not path.is_file():
            raise IndexDamagedError(f"the approximate vectors are missing: no file at {path}")
        try:
            # The other way to map an inverted file (IO_FLAG_MMAP) takes a lock for every list.
            index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
        except RuntimeError as error:  # the only type that FAISS raises for a bad file
            raise IndexDamagedError(f"the vectors at {path} cannot be read: {error}") from error
        if (
            not isinstance(index, faiss.IndexIVFScalarQuantizer)
            or index.metric_type != faiss.METRIC_INNER_PRODUCT
        ):
            raise IndexDamagedError(f"{path} holds another kind of FAISS index than an IVF of SQ8")
        if (index.d, index.ntotal, index.nlist) != (dim, count, lists):
            raise IndexDamagedError(
                f"{path} holds {index.ntotal} vectors of {index.d} dimensions in {index.nlist} "
                f"lists where the manifest says {count} of {dim} in {lists}"
            )
        return cls(path, count, lists, index)

    def search(
        self,
        question: npt.NDArray[np.float32],
        k: int,
        *,
        probes: int,
        only: npt.NDArray[np.uint8] | None,
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """Find up to ``k`` candidates: rough scores, best first, and their rows.

        Args:
            question: ``(dim,)`` float32 of unit length.
            k: How many at most; fewer where the probed lists hold fewer.
            probes: How many lists are looked into.
            only: The rows that may be found, as bits, the lowest first; None: all.
        """
        params = _parameters(probes, only)
        scores, rows = self._index.search(question[np.newaxis, :], k, params=params)
        found = rows[0] >= 0  # FAISS says "nothing" with -1
        return scores[0][found], self._inside(rows[0][found])

    def above(
        self,
        question: npt.NDArray[np.float32],
        cut: float,
        *,
        probes: int,
        only: npt.NDArray[np.uint8] | None,
    ) -> npt.NDArray[np.int64]:
        """Find every row of the probed lists whose rough score is above ``cut``."""
        params = _parameters(probes, only)
        _, _, rows = self._index.range_search(question[np.newaxis, :], cut, params=params)
        return self._inside(rows)

    def _inside(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Refuse row numbers that no row has: a flipped bit in the file, which FAISS believes."""
        if rows.size and (rows.min() < 0 or rows.max() >= self.count):
            raise IndexDamagedError(
                f"{self.path} is damaged: it names rows beyond its {self.count}; go back with "
                "`youju index --rollback`, or build anew with `youju index PATH… --rebuild`"
            )
        return rows


def _parameters(probes: int, only: npt.NDArray[np.uint8] | None) -> Any:  # noqa: ANN401 - SWIG
    import faiss

    untyped: Any = faiss
    if only is None:
        return untyped.SearchParametersIVF(nprobe=probes)
    return untyped.SearchParametersIVF(nprobe=probes, sel=untyped.IDSelectorBitmap(only))
