"""Run the reader's network by ONNX Runtime: pieces in, what each place is worth out; no torch.

``rag.reader.graph`` says what is computed.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index.errors import UsageError

__all__ = ["HEAD", "MAX_PIECES", "Network"]

HEAD = 64
"""Numbers in one head of the attention."""

MAX_PIECES = 512

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.integer[Any]]


class Network:
    """A network in a file. Safe to share by threads."""

    def __init__(self, path: Path) -> None:
        """Read a file; raises UsageError where it is not one of a reader."""
        import onnxruntime
        from onnxruntime.capi import onnxruntime_pybind11_state as errors

        options = onnxruntime.SessionOptions()
        # Several people ask at once: each question has a thread already.
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        try:
            # From bytes: a file cannot name others then.
            self._session = onnxruntime.InferenceSession(
                path.read_bytes(), options, providers=["CPUExecutionProvider"]
            )
            names = {one.name for one in self._session.get_inputs()}
            if names != {"pieces", "marks"}:
                raise ValueError(f"it takes {', '.join(sorted(names)) or 'nothing'}")
        except (
            OSError,
            ValueError,
            errors.Fail,
            errors.InvalidArgument,
            errors.InvalidGraph,
            errors.InvalidProtobuf,
            errors.NotImplemented,
        ) as error:
            raise UsageError(f"{path} does not hold the network of a reader: {error}") from None

    def run(self, texts: Sequence[tuple[Ints, Ints]]) -> list[Floats]:
        """Read texts, each alone.

        Args:
            texts: Of each the pieces and their marks, ``(pieces,)``, at most ``MAX_PIECES``.

        Returns:
            Of each ``(pieces, 3)``: how likely, as a logit, the sentence that begins here holds
            the answer, the answer begins here, the answer ends here.
        """
        return [
            self._session.run(
                None, {"pieces": pieces.astype(np.int64), "marks": marks.astype(np.int64)}
            )[0]
            for pieces, marks in texts
        ]
