"""Int8 by explicit QDQ, in the one form that TensorRT and the CPU both accept.

Per-channel symmetric int8 weights, symmetric int8 activations, biases in float: TensorRT refuses
int32 biases and zero points other than zero. On x86 ONNX Runtime fuses only unsigned activations
everywhere, so a second file says the same scales with uint8 and zero point 128.

Weights have seven bits, −64 to 64: processors without VNNI add two products of eight bits each in
sixteen, which 255 · 127 twice overflows and 255 · 64 twice does not. So all of them give the same
embeddings (ONNX Runtime's documentation of quantization, "reduce_range").
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import onnx
from onnx import numpy_helper
from onnxruntime.quantization import CalibrationMethod, QuantType
from onnxruntime.quantization.calibrate import TensorsData
from onnxruntime.quantization.qdq_quantizer import QDQQuantizer

from export.candidates import OPERATORS
from export.graph import identified

_MIDDLE = 128  # of uint8, where int8 has its zero


def quantize(
    content: bytes, backbone_id: str, nodes: Collection[str], reach: Mapping[str, float]
) -> bytes:
    """Return the int8 file of a backbone.

    Parameters
    ----------
    content : of the fp32 file
    backbone_id : its sha256
    nodes : names of those to quantize; none leaves the file in float
    reach : magnitude that becomes 127, by activation; at least those of `nodes`
    """
    proto = onnx.load_from_string(content)
    if not nodes:
        return identified(proto, backbone_id)
    ranges = {name: (np.float32(-most), np.float32(most)) for name, most in reach.items()}
    with _quiet():
        quantizer = QDQQuantizer(
            proto,
            per_channel=True,
            reduce_range=True,  # of weights alone: seven bits
            weight_qType=QuantType.QInt8,
            activation_qType=QuantType.QInt8,
            tensors_range=TensorsData(CalibrationMethod.MinMax, ranges),
            nodes_to_quantize=list(nodes),
            nodes_to_exclude=[],
            op_types_to_quantize=list(OPERATORS),
            extra_options={
                "ActivationSymmetric": True,
                "WeightSymmetric": True,
                "QuantizeBias": False,
            },
        )
        quantizer.quantize_model()
    quantized = quantizer.model.model
    _sort(quantized.graph)
    return identified(quantized, backbone_id)


def express_as_uint8(quantized: bytes, backbone_id: str) -> bytes:
    """Return the same int8 file with activations as uint8 around 128, scales unchanged.

    Parameters
    ----------
    quantized : a file made by `quantize`
    backbone_id : sha256 of the fp32 file
    """
    proto = onnx.load_from_string(quantized)
    constants = {tensor.name for tensor in proto.graph.initializer}
    middle = numpy_helper.from_array(np.array(_MIDDLE, dtype=np.uint8), "zero_point_u8")
    for node in proto.graph.node:
        of_weights = node.input and node.input[0] in constants
        if node.op_type in ("QuantizeLinear", "DequantizeLinear") and not of_weights:
            node.input[2] = middle.name
    proto.graph.initializer.append(middle)
    _drop_unused(proto)
    return identified(proto, backbone_id)


def _sort(graph: onnx.GraphProto) -> None:
    """Put each node behind those it reads, which the quantizer appends, and keep all other order.

    The quantizer's own sort shuffles nodes; the last convolution, which explanations look for,
    would be another one.
    """
    makers = {name: node for node in graph.node for name in node.output}
    sorted_nodes: dict[str, onnx.NodeProto] = {}

    def take(node: onnx.NodeProto) -> None:
        for name in node.input:
            if name in makers and makers[name].output[0] not in sorted_nodes:
                take(makers[name])
        sorted_nodes.setdefault(node.output[0], node)

    for node in graph.node:
        take(node)
    nodes = list(sorted_nodes.values())
    del graph.node[:]
    graph.node.extend(nodes)


def _drop_unused(proto: onnx.ModelProto) -> None:
    used = {name for node in proto.graph.node for name in node.input}
    kept = [tensor for tensor in proto.graph.initializer if tensor.name in used]
    del proto.graph.initializer[:]
    proto.graph.initializer.extend(kept)
    del proto.graph.value_info[:]  # they still say int8; run times infer them anew


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the quantizer's advice, which is followed, to itself."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(level)
