"""ONNX files of a few nodes, each with what one test of a runner is about."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto, helper, numpy_helper


def graph_with_lags() -> bytes:
    """Return a model that gives the largest of three values, a lag mask (3,) added first."""
    made = helper.make_graph(
        [
            helper.make_node("Slice", ["spectrum", "starts", "ends", "axes"], ["responses"]),
            helper.make_node("Add", ["responses", "lag_mask"], ["masked"]),
            helper.make_node("ReduceMax", ["masked", "axes"], ["embedding"], keepdims=0),
        ],
        "lags",
        [
            helper.make_tensor_value_info("spectrum", TensorProto.FLOAT, ["N", 1, 1392]),
            helper.make_tensor_value_info("lag_mask", TensorProto.FLOAT, [3]),
        ],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", 1])],
        [
            numpy_helper.from_array(np.array([0]), "starts"),
            numpy_helper.from_array(np.array([3]), "ends"),
            numpy_helper.from_array(np.array([2]), "axes"),
            numpy_helper.from_array(np.zeros(3, np.float32), "lag_mask"),
        ],
    )
    opset = [helper.make_opsetid("", 20)]
    content: bytes = helper.make_model(made, opset_imports=opset, ir_version=10).SerializeToString()
    return content


def graph(shape: list[str | int | None], inputs: int = 1, kind: int = TensorProto.FLOAT) -> bytes:
    """Return a model that gives its input back."""
    names = [f"spectrum{k}" for k in range(inputs)]
    made = helper.make_graph(
        [helper.make_node("Identity", [name], [f"out-{name}"]) for name in names],
        "identity",
        [helper.make_tensor_value_info(name, kind, shape) for name in names],
        [helper.make_tensor_value_info(f"out-{name}", kind, shape) for name in names],
    )
    opset = [helper.make_opsetid("", 20)]
    content: bytes = helper.make_model(made, opset_imports=opset, ir_version=10).SerializeToString()
    return content


def graph_with_operator(operator: str, node: str, to: int | None = None) -> bytes:
    """Return a model (N, 1, 1392) → (N, 1, 1392) of one operator, which may not exist."""
    attributes = {} if to is None else {"to": to}
    kinds = {"spectrum": TensorProto.FLOAT, "embedding": to or TensorProto.FLOAT}
    first, last = (
        helper.make_tensor_value_info(name, kind, ["N", 1, 1392]) for name, kind in kinds.items()
    )
    made = helper.make_graph(
        [helper.make_node(operator, ["spectrum"], ["embedding"], node, **attributes)],
        "one",
        [first],
        [last],
    )
    opset = [helper.make_opsetid("", 20)]
    content: bytes = helper.make_model(made, opset_imports=opset, ir_version=10).SerializeToString()
    return content


def graph_with_zero_point(zero_point: int) -> bytes:
    """Return a model (N, 1, 1392) → (N, 1392) with its input quantized as int8 and back."""
    quantization = ["scale", "zero_point"]
    made = helper.make_graph(
        [
            helper.make_node("QuantizeLinear", ["spectrum", *quantization], ["q"], "quantize"),
            helper.make_node("DequantizeLinear", ["q", *quantization], ["dq"], "dequantize"),
            helper.make_node("ReduceSum", ["dq", "axes"], ["embedding"], keepdims=0),
        ],
        "quantized",
        [helper.make_tensor_value_info("spectrum", TensorProto.FLOAT, ["N", 1, 1392])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", 1392])],
        [
            numpy_helper.from_array(np.array(0.01, np.float32), "scale"),
            numpy_helper.from_array(np.array(zero_point, np.int8), "zero_point"),
            numpy_helper.from_array(np.array([1]), "axes"),
        ],
    )
    opset = [helper.make_opsetid("", 20)]
    content: bytes = helper.make_model(made, opset_imports=opset, ir_version=10).SerializeToString()
    return content
