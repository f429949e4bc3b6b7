"""Where a quantized graph leaves the fp32 graph: every node's output, on the same spectra.

The error of a node holds what its predecessors brought; where it jumps, it is made. A node that
gives its output through int8 or float16 is compared as its successors get it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import TensorProto, shape_inference

from export.graph import INPUT
from export.parity_report import LayerError

_MOVE = frozenset(("Flatten", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze", "Cast"))
_FORMS = ("{}_DequantizeLinear_Output", "{}_half", "{}")
"""Names under which a quantized graph gives a tensor, the one that is read first."""
_FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16)
_BATCH = 16
_ERRORS = 3  # severity of onnxruntime: it advises against the optional input
MOST_DB = 150.0
"""What no error at all is given as."""


@dataclass(slots=True)
class _Powers:
    signal: float = 0.0
    error: float = 0.0

    @property
    def sqnr_db(self) -> float:
        if not np.isfinite(self.error):
            return -MOST_DB
        if self.error == 0.0:
            return MOST_DB
        return float(
            np.clip(10 * np.log10(max(self.signal, 1e-300) / self.error), -MOST_DB, MOST_DB)
        )


@dataclass(slots=True)
class LayerErrors:
    """Powers of signal and error of each node, added up over folds."""

    operators: dict[str, str] = field(default_factory=dict)
    folds: list[dict[str, _Powers]] = field(default_factory=list)

    def add(self, plain: bytes, quantized: bytes, intensity: NDArray[np.float32]) -> None:
        """Compare two graphs of one fold.

        Parameters
        ----------
        plain, quantized : ONNX files, the second made of the first
        intensity : (N, B) float32, spectra the fold's model has not seen
        """
        found = _shared(plain, quantized)
        self.operators |= {name: each.operator for name, each in found.items()}
        powers = {name: _Powers() for name in found}
        expected = _values(plain, [each.plain for each in found.values()], intensity)
        got = _values(quantized, [each.quantized for each in found.values()], intensity)
        for wanted, had in zip(expected, got, strict=True):
            for power, a, b in zip(powers.values(), wanted, had, strict=True):
                a64 = a.astype(np.float64)
                power.signal += float(np.square(a64).sum())
                power.error += float(np.square(a64 - b).sum())
        self.folds.append(powers)

    def rows(self) -> tuple[LayerError, ...]:
        """Return the nodes in the order of the graph; those that are zero throughout left out."""
        return tuple(
            LayerError(
                node=name,
                operator=operator,
                sqnr_db=round(_pooled(parts).sqnr_db, 1),
                worst_fold_db=round(min(part.sqnr_db for part in parts), 1),
            )
            for name, operator in self.operators.items()
            for parts in [[fold[name] for fold in self.folds if name in fold]]
            if any(part.signal > 0 for part in parts)
        )


@dataclass(frozen=True, slots=True)
class _Shared:
    operator: str
    plain: str
    quantized: str


def _pooled(parts: Sequence[_Powers]) -> _Powers:
    return _Powers(sum(part.signal for part in parts), sum(part.error for part in parts))


def _shared(plain: bytes, quantized: bytes) -> dict[str, _Shared]:
    """Return the tensors that both graphs compute, by the name of their node."""
    before, after = _kinds(plain), _kinds(quantized)
    found = {}
    for node in onnx.load_from_string(plain).graph.node:
        name = node.output[0]
        there = [form.format(name) for form in _FORMS if form.format(name) in after]
        if there and name in before and node.op_type not in _MOVE:
            found[node.name] = _Shared(node.op_type, name, there[0])
    return found


def _kinds(content: bytes) -> Mapping[str, int]:
    """Return the floating type of each tensor a graph computes."""
    graph = shape_inference.infer_shapes(onnx.load_from_string(content)).graph
    types = {
        value.name: value.type.tensor_type.elem_type for value in (*graph.value_info, *graph.output)
    }
    return {name: kind for name, kind in types.items() if kind in _FLOATS}


def _values(
    content: bytes, tensors: Sequence[str], intensity: NDArray[np.float32]
) -> Iterator[list[NDArray[np.floating]]]:
    """Yield what the tensors are, a batch at a time."""
    proto = onnx.load_from_string(content)
    kinds, own = _kinds(content), {value.name for value in proto.graph.output}
    proto.graph.output.extend(
        onnx.helper.make_tensor_value_info(name, kinds[name], None)
        for name in dict.fromkeys(tensors)
        if name not in own
    )
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS
    session = ort.InferenceSession(
        proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    for start in range(0, len(intensity), _BATCH):
        yield session.run(list(tensors), {INPUT: intensity[start : start + _BATCH, np.newaxis]})
