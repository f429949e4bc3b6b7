from __future__ import annotations

import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from edge.runners import OnnxRunner
from export.graph import OPSET, Graph
from export.quantization import draw_calibration, express_as_uint8, quantize
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


def test_the_x86_form_says_the_same_with_uint8(int8: bytes, spectra: RunSpectra) -> None:
    x86 = express_as_uint8(int8)

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


def test_quantizing_repeats_and_says_nothing(
    graph: Graph, spectra: RunSpectra, int8: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    assert quantize(graph, spectra.intensity[::2]) == int8
    assert capfd.readouterr() == ("", "")


def test_calibration_is_drawn_from_every_class() -> None:
    class_ids = np.array([0] * 50 + [1] * 2 + [2] * 10)
    intensity = class_ids[:, np.newaxis].astype(np.float32)

    drawn = draw_calibration(intensity, class_ids, per_class=4)

    assert np.unique(drawn, return_counts=True)[1].tolist() == [4, 2, 4]
