from __future__ import annotations

import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from edge.runners import OnnxRunner
from export.candidates import find_candidates
from export.graph import OPSET, Graph
from export.precisions import Backbones
from export.quantization import express_as_uint8, quantize
from train.run import RunSpectra

pytestmark = pytest.mark.train
QDQ = ("QuantizeLinear", "DequantizeLinear")


def _zero_points(content: bytes) -> list[np.ndarray]:
    graph = onnx.load_from_string(content).graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    return [constants[node.input[2]] for node in graph.node if node.op_type in QDQ]


def test_int8_is_symmetric_everywhere_and_biases_stay_float(int8: bytes) -> None:
    proto = onnx.load_from_string(int8)

    zero_points = _zero_points(int8)
    assert len(zero_points) == 10  # of two banks: input and output twice, weights once
    assert all(z.dtype == np.int8 and not z.any() for z in zero_points)
    assert not any(t.data_type == TensorProto.INT32 for t in proto.graph.initializer)
    assert {o.domain: o.version for o in proto.opset_import}[""] == OPSET


def test_no_two_products_of_weights_overflow_sixteen_bits(int8: bytes) -> None:
    """What processors without VNNI add up in pairs, of activations as uint8."""
    graph = onnx.load_from_string(int8).graph
    of_weights = {n.input[0] for n in graph.node if n.op_type == "DequantizeLinear"}
    weights = [numpy_helper.to_array(t) for t in graph.initializer if t.name in of_weights]

    assert len(weights) == 2
    assert max(2 * 255 * int(np.abs(w.astype(int)).max()) for w in weights) < 2**15
    assert max(int(w.max()) for w in weights) == 64


def test_weights_are_quantized_by_channel(int8: bytes) -> None:
    graph = onnx.load_from_string(int8).graph
    shapes = {tensor.name: tensor.dims for tensor in graph.initializer}
    scales = [
        shapes[n.input[1]]
        for n in graph.node
        if n.op_type == "DequantizeLinear" and n.input[0] in shapes
    ]

    # one scale a template: six prototypes of four minerals; two templates of each, in two views
    assert sorted(list(scale) for scale in scales) == [[16], [24]]


def test_the_x86_form_says_the_same_with_uint8(
    backbones: Backbones, int8: bytes, spectra: RunSpectra
) -> None:
    x86 = backbones.files["int8.x86"]

    zero_points = _zero_points(x86)
    assert sum(z.dtype == np.uint8 and int(z) == 128 for z in zero_points if not z.ndim) == 8
    batch = spectra.intensity[:, np.newaxis]
    with OnnxRunner(int8, "int8") as signed, OnnxRunner(x86, "int8.x86") as unsigned:
        np.testing.assert_allclose(signed.infer(batch), unsigned.infer(batch), atol=0.05)


def test_int8_stays_near_fp32(graph: Graph, int8: bytes, spectra: RunSpectra) -> None:
    batch = spectra.intensity[1::2, np.newaxis]  # not calibrated on
    with OnnxRunner(graph.content) as plain, OnnxRunner(int8, "int8") as quantized:
        expected, got = plain.infer(batch), quantized.infer(batch)

    assert 0 < np.abs(got - expected).max() < 0.1 * np.abs(expected).max()


def test_quantizing_says_nothing(graph: Graph, capfd: pytest.CaptureFixture[str]) -> None:
    bank = find_candidates(graph.content)[-1]
    reach = dict.fromkeys(bank.activations, 1.0)
    made = quantize(graph.content, graph.backbone_id, [bank.name], reach)

    assert len(_zero_points(made)) == 5
    assert capfd.readouterr() == ("", "")


def test_nodes_keep_their_order(graph: Graph, int8: bytes) -> None:
    names = [node.name for node in onnx.load_from_string(int8).graph.node]
    before = [node.name for node in onnx.load_from_string(graph.content).graph.node]

    assert [name for name in names if name in set(before)] == before


def test_nothing_quantized_is_fp32_in_substance(graph: Graph, spectra: RunSpectra) -> None:
    same = quantize(graph.content, graph.backbone_id, [], {})
    x86 = express_as_uint8(same, graph.backbone_id)

    assert not _zero_points(same)
    batch = spectra.intensity[:5, np.newaxis]
    with OnnxRunner(graph.content) as plain, OnnxRunner(x86, "int8.x86") as unquantized:
        np.testing.assert_array_equal(unquantized.infer(batch), plain.infer(batch))
