"""Write the reader's network down as an ONNX graph: weights in, the bytes of a file out.

Six layers of attention over question and passage together, with rotary positions (Su et al.,
"RoFormer", 2021) and normalised queries and keys. What is multiplied by a matrix is rounded to
bytes as it comes, the matrices are bytes already: whole numbers, three times as fast as floats.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rag.reader.network import HEAD, MAX_PIECES

if TYPE_CHECKING:
    from onnx import NodeProto

__all__ = ["graph_of"]

_MICROSOFT = "com.microsoft"  # ONNX Runtime's own operators
_OPSETS = {"": 17, _MICROSOFT: 1}
_IR_VERSION = 9
_EPSILON = float(np.finfo(np.float32).eps)
_SHARPNESS = 1.2**2 / HEAD**0.5  # of the products of normalised queries and keys
_BASE = 10_000.0  # of the angles of rotary positions

_Array = npt.NDArray[np.generic]


def graph_of(stored: Mapping[str, _Array]) -> bytes:
    """Serialize the network.

    Args:
        stored: The weights by name. A matrix is bytes, with its rows' scales under
            ``NAME.scale``; vectors are floats.
    """
    return _Graph(stored).serialized()


class _Graph:
    """Nodes and constants as they are written down, one after the other."""

    def __init__(self, stored: Mapping[str, _Array]) -> None:
        self._stored = stored
        self._nodes: list[NodeProto] = []
        self._constants: dict[str, _Array] = {}
        self._width = len(stored["gain"])
        layers = sum(name.endswith(".attend") for name in stored)
        state = self._add(
            self._times(self._row("pieces", "pieces"), "project"), self._row("marks", "marks")
        )
        for layer in range(layers):
            state = self._layer(state, f"{layer}.")
        state = self._normed(state, self._vector("gain"))
        inner = self._op("FastGelu", self._times(state, "middle"), domain=_MICROSOFT)
        self._op("Identity", self._times(self._add(inner, state), "head"), name="out")

    def serialized(self) -> bytes:
        """Put all into one file's bytes."""
        from onnx import TensorProto, helper, numpy_helper

        places = ["places"]
        graph = helper.make_graph(
            self._nodes,
            "reader",
            [
                helper.make_tensor_value_info(name, TensorProto.INT64, places)
                for name in ("pieces", "marks")
            ],
            [helper.make_tensor_value_info("out", TensorProto.FLOAT, [*places, 3])],
            [numpy_helper.from_array(value, name) for name, value in self._constants.items()],
        )
        opsets = [helper.make_opsetid(domain, version) for domain, version in _OPSETS.items()]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION)
        written: bytes = model.SerializeToString()
        return written

    def _layer(self, state: str, layer: str) -> str:
        width = self._width
        asked = self._times(self._normed(state), f"{layer}attend")
        sizes = self._constant("widths", np.array([width] * 3, np.int64))
        parts = [f"{layer}{part}" for part in ("query", "key", "value")]
        self._op("Split", asked, sizes, name=parts, axis=-1)
        whole = self._constant("whole", np.array([1, -1, width], np.int64))
        mixed = self._op(
            "MultiHeadAttention",
            self._op("Reshape", self._turned(parts[0], _SHARPNESS), whole),
            self._op("Reshape", self._turned(parts[1], 1.0), whole),
            self._op("Reshape", parts[2], whole),
            domain=_MICROSOFT,
            num_heads=width // HEAD,
            scale=1.0,
        )
        rows = self._constant("rows", np.array([-1, width], np.int64))
        state = self._add(state, self._times(self._op("Reshape", mixed, rows), f"{layer}mix"))
        inner = self._times(self._normed(state), f"{layer}widen")
        inner = self._op("FastGelu", inner, domain=_MICROSOFT)
        return self._add(state, self._times(inner, f"{layer}narrow"))

    def _turned(self, rows: str, length: float) -> str:
        """Cut into heads, turn each by its place, and give it a length."""
        heads = self._constant("heads", np.array([1, -1, self._width // HEAD, HEAD], np.int64))
        angles = np.arange(MAX_PIECES)[:, None] * _BASE ** (-np.arange(0, HEAD, 2) / HEAD)
        turned = self._op(
            "RotaryEmbedding",
            self._op("Transpose", self._op("Reshape", rows, heads), perm=[0, 2, 1, 3]),
            self._constant("first", np.zeros(1, np.int64)),
            self._constant("cos", np.cos(angles).astype(np.float32)),
            self._constant("sin", np.sin(angles).astype(np.float32)),
            domain=_MICROSOFT,
        )
        gain = self._constant(f"length {length:.3f}", np.full(HEAD, length, np.float32))
        return self._op("Transpose", self._normed(turned, gain), perm=[0, 2, 1, 3])

    def _normed(self, rows: str, gain: str | None = None) -> str:
        if gain is None:
            gain = self._constant("ones", np.ones(self._width, np.float32))
        return self._op("SimplifiedLayerNormalization", rows, gain, axis=-1, epsilon=_EPSILON)

    def _times(self, rows: str, name: str) -> str:
        """Times a matrix, plus its bias where it has one."""
        inputs = [
            rows,
            self._constant(name, self._stored[name].T),
            self._vector(f"{name}.scale"),
            "",  # the matrix's zero is zero
        ]
        if f"{name}_bias" in self._stored:
            inputs.append(self._vector(f"{name}_bias"))
        return self._op("DynamicQuantizeMatMul", *inputs, domain=_MICROSOFT)

    def _row(self, name: str, of: str) -> str:
        """The rows of a table that an input names."""
        from onnx import TensorProto

        rows = self._op("Gather", self._constant(f"{name} table", self._stored[name]), of)
        scales = self._stored[f"{name}.scale"].astype(np.float32)[:, None]
        scale = self._op("Gather", self._constant(f"{name} scale", scales), of)
        return self._op("Mul", self._op("Cast", rows, to=TensorProto.FLOAT), scale)

    def _vector(self, name: str) -> str:
        return self._constant(name, self._stored[name].astype(np.float32))

    def _add(self, one: str, other: str) -> str:
        return self._op("Add", one, other)

    def _constant(self, name: str, value: _Array) -> str:
        self._constants.setdefault(name, np.ascontiguousarray(value))
        return name

    def _op(
        self,
        kind: str,
        *inputs: str,
        name: str | list[str] | None = None,
        domain: str = "",
        **attributes: Any,  # noqa: ANN401 -- ONNX's own
    ) -> str:
        from onnx import helper

        outputs = name if isinstance(name, list) else [name or f"{kind} {len(self._nodes)}"]
        self._nodes.append(helper.make_node(kind, inputs, outputs, domain=domain, **attributes))
        return outputs[0]
