from __future__ import annotations

import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

import numpy as np
import onnx
from onnx import TensorProto

from edge.runners import OnnxRunner
from export.graph import Graph
from export.half import HARMLESS, nodes_between, to_half
from export.precisions import Backbones
from train.run import RunSpectra

pytestmark = pytest.mark.train


def _types(content: bytes) -> dict[str, int]:
    graph = onnx.shape_inference.infer_shapes(
        onnx.load_from_string(content), strict_mode=True, data_prop=True
    ).graph
    values = (*graph.value_info, *graph.input, *graph.output)
    types = {value.name: value.type.tensor_type.elem_type for value in values}
    return types | {tensor.name: tensor.data_type for tensor in graph.initializer}


def test_weights_are_halves_and_what_a_caller_gives_and_gets_is_not(backbones: Backbones) -> None:
    proto = onnx.load_from_string(backbones.files["fp16"])
    types = _types(backbones.files["fp16"])

    assert [types[v.name] for v in (*proto.graph.input, *proto.graph.output)] == [1, 1, 1]
    assert {n.name for n in proto.graph.node} >= set(backbones.scheme.fp16.weighted)
    for node in proto.graph.node:
        if node.op_type == "Conv":
            half = node.name in backbones.scheme.fp16.weighted
            wanted = TensorProto.FLOAT16 if half else TensorProto.FLOAT
            assert {types[name] for name in (*node.input, *node.output)} == {wanted}
    assert len(backbones.files["fp16"]) < 0.75 * len(backbones.files["fp32"])


def test_every_operator_gets_one_type_as_strong_typing_wants_it(backbones: Backbones) -> None:
    types = _types(backbones.files["fp16"])

    floats = {TensorProto.FLOAT, TensorProto.FLOAT16}
    for node in onnx.load_from_string(backbones.files["fp16"]).graph.node:
        given = {types[name] for name in node.input if name} & floats
        assert len(given) <= 1, node.name


def test_only_what_follows_a_heavy_node_is_half(graph: Graph) -> None:
    proto = onnx.load_from_string(graph.content)
    kinds = {node.name: node.op_type for node in proto.graph.node}
    last = [node.name for node in proto.graph.node if node.op_type == "Conv"][-1]

    names = nodes_between(graph.content, [last])

    assert names[0] == last
    assert {kinds[name] for name in names[1:]} <= HARMLESS
    assert nodes_between(graph.content, []) == ()


def test_half_stays_near_fp32(backbones: Backbones, spectra: RunSpectra) -> None:
    batch = spectra.intensity[:, np.newaxis]
    with (
        OnnxRunner(backbones.files["fp32"]) as plain,
        OnnxRunner(backbones.files["fp16"], "fp16") as half,
    ):
        expected, got = plain.infer(batch), half.infer(batch)

    assert 0 < np.abs(got - expected).max() < 0.02
    assert backbones.scheme.fp16.closeness.sqnr_db > 50


def test_raw_counts_beyond_the_range_of_a_half_are_taken(backbones: Backbones) -> None:
    counts = np.full((1, 1, 1392), 1e6, dtype=np.float32)
    counts[..., 700] = 3e6
    with (
        OnnxRunner(backbones.files["fp32"]) as plain,
        OnnxRunner(backbones.files["fp16"], "fp16") as half,
    ):
        np.testing.assert_allclose(half.infer(counts), plain.infer(counts), atol=0.02)


def test_nothing_in_half_is_fp32_in_substance(graph: Graph, spectra: RunSpectra) -> None:
    same = to_half(graph.content, graph.backbone_id, ())

    batch = spectra.intensity[:3, np.newaxis]
    with OnnxRunner(graph.content) as plain, OnnxRunner(same, "fp16") as left:
        np.testing.assert_array_equal(left.infer(batch), plain.infer(batch))
