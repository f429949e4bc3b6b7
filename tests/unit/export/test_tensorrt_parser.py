"""NVIDIA's parser takes every exported network and a plan is built of it; needs no GPU."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

import onnx

from edge.errors import EngineBuildError
from edge.runners.engine_build import build_plan
from tests.unit.export.exported import SMALL, exported, quantized_throughout

trt: Any = pytest.importorskip(
    "tensorrt_rtx", reason="tensorrt_rtx is not installed; it has wheels for x86-64 alone"
)
pytestmark = pytest.mark.train


@pytest.mark.parametrize("precision", ["int8", "fp16", "fp32"])
@pytest.mark.parametrize("name", SMALL)
def test_a_plan_is_built_of_every_exported_file(name: str, precision: str) -> None:
    content = exported(name).files[precision]  # type: ignore[index]

    plan = build_plan(trt, content, precision, batch=1)

    assert len(plan.content) > 10_000


@pytest.mark.parametrize("name", SMALL)
def test_a_plan_is_built_with_every_node_quantized_that_can_be(name: str) -> None:
    plan = build_plan(trt, quantized_throughout(name), "int8", batch=4)

    assert len(plan.content) > 10_000


def test_the_x86_form_is_not_for_tensorrt() -> None:
    content = exported("template").files["int8.x86"]

    with pytest.raises(EngineBuildError):
        build_plan(trt, content, "int8.x86", batch=1)


def test_zero_points_other_than_zero_are_refused() -> None:
    """Show that the parser can tell: asymmetric activations do not pass."""
    proto = onnx.load_from_string(quantized_throughout("template"))
    zeros = {n.input[2] for n in proto.graph.node if n.op_type == "QuantizeLinear"}
    for tensor in proto.graph.initializer:
        if tensor.name in zeros:
            tensor.CopyFrom(onnx.numpy_helper.from_array(_ones(tensor), tensor.name))

    with pytest.raises(EngineBuildError):
        build_plan(trt, proto.SerializeToString(), "int8", batch=1)


def _ones(tensor: onnx.TensorProto) -> Any:
    return onnx.numpy_helper.to_array(tensor) + 1
