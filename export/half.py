"""Float16 where the work is, float32 where half precision does not reach; input and output float32.

Written here because the converter of onnxruntime turns the input and the optional lag mask into
halves: a spectrum of raw counts may exceed 65504, and what a bundle promises to a caller would be
another type.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from export.graph import identified

HARMLESS = frozenset(
    (
        "Add",
        "Clip",
        "Concat",
        "Flatten",
        "Gather",
        "Identity",
        "LeakyRelu",
        "MaxPool",
        "ReduceMax",
        "Relu",
        "Reshape",
        "Slice",
        "Squeeze",
        "Transpose",
        "Unsqueeze",
    )
)
"""Operators that select, move or add values of the size they get.

All others stay in float32: sums of squares and their roots leave the range of a half (6e-8 to
65504), means sum before they divide, exponentials and erf are steep.
"""
_SUFFIX = "_half"


def nodes_between(content: bytes, heavy: Collection[str]) -> tuple[str, ...]:
    """Return the nodes that can be float16 without harm once some are, themselves included.

    Parameters
    ----------
    content : of the fp32 file
    heavy : names of the nodes worth converting; what comes before all of them stays in float32
    """
    half: set[str] = set()  # tensors that come from a heavy node, through harmless ones alone
    names: list[str] = []
    for node in onnx.load_from_string(content).graph.node:
        if node.name in heavy or (node.op_type in HARMLESS and half & set(node.input)):
            half.update(node.output)
            names.append(node.name)
    return tuple(names)


def to_half(content: bytes, backbone_id: str, nodes: Collection[str]) -> bytes:
    """Return a file in which some nodes compute in float16.

    Every type is written out, as strongly typed TensorRT wants it.

    Parameters
    ----------
    content : of the fp32 file
    backbone_id : its sha256
    nodes : names of those that compute in float16
    """
    proto = onnx.load_from_string(content)
    conversion = _Conversion(proto)
    for node in proto.graph.node:
        (conversion.halve if node.name in nodes else conversion.keep)(node)
    conversion.finish()
    return identified(proto, backbone_id)


class _Conversion:
    """Rewrites a graph node by node, with casts where the type changes."""

    def __init__(self, proto: onnx.ModelProto) -> None:
        self._graph = proto.graph
        self._inputs = {value.name for value in proto.graph.input}
        constants = {tensor.name: tensor for tensor in proto.graph.initializer}
        self._constants = {n: t for n, t in constants.items() if n not in self._inputs}
        self._floats = _floats(proto)
        computed = {name for node in proto.graph.node for name in node.output}
        self._as_float, self._as_half = self._floats - computed, set[str]()
        self._nodes: list[onnx.NodeProto] = []
        self._halves: list[onnx.TensorProto] = []

    def keep(self, node: onnx.NodeProto) -> None:
        """Take over a node that computes in float32."""
        for name in node.input:
            self._provide_float(name)
        self._as_float.update(node.output)
        self._nodes.append(node)

    def halve(self, node: onnx.NodeProto) -> None:
        """Take over a node that computes in float16."""
        for k, name in enumerate(node.input):
            if name in self._floats:
                self._provide_half(name)
                node.input[k] = name + _SUFFIX
        for k, name in enumerate(node.output):
            if name in self._floats:
                self._as_half.add(name)
                node.output[k] = name + _SUFFIX
        self._nodes.append(node)

    def finish(self) -> None:
        """Write what was taken over into the graph."""
        for value in self._graph.output:
            self._provide_float(value.name)
        used = {name for node in self._nodes for name in node.input} | self._inputs
        kept = [t for t in (*self._graph.initializer, *self._halves) if t.name in used]
        for field in (self._graph.node, self._graph.initializer, self._graph.value_info):
            del field[:]
        self._graph.node.extend(self._nodes)
        self._graph.initializer.extend(kept)

    def _provide_float(self, name: str) -> None:
        if name in self._floats and name not in self._as_float:
            self._as_float.add(name)
            self._cast(name + _SUFFIX, name, TensorProto.FLOAT)

    def _provide_half(self, name: str) -> None:
        if name in self._as_half:
            return
        self._as_half.add(name)
        if name in self._constants:
            values = numpy_helper.to_array(self._constants[name]).astype(np.float16)
            self._halves.append(numpy_helper.from_array(values, name + _SUFFIX))
        else:
            self._cast(name, name + _SUFFIX, TensorProto.FLOAT16)

    def _cast(self, old: str, new: str, kind: int) -> None:
        self._nodes.append(helper.make_node("Cast", [old], [new], f"cast_{new}", to=kind))


def _floats(proto: onnx.ModelProto) -> set[str]:
    """Return the names of all float32 tensors of a graph."""
    known = onnx.shape_inference.infer_shapes(proto).graph
    values = (*known.value_info, *known.input, *known.output)
    names = {v.name for v in values if v.type.tensor_type.elem_type == TensorProto.FLOAT}
    constants = {t.name for t in known.initializer if t.data_type == TensorProto.FLOAT}
    return names | constants
