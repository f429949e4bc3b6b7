"""Plans built by NVIDIA's own builder without a GPU: what TensorRT refuses, it refuses too."""

from __future__ import annotations

import signal
from contextlib import nullcontext
from typing import Any

import pytest
from onnx import TensorProto

from edge.bundle import Bundle, TrustedKeys, read_bundle, shipped_bundle_path
from edge.errors import EngineBuildError
from edge.runners.engine_build import LAG_MASK, build_plan
from edge.runners.onnx_file import without_default
from tests.support.small_graphs import (
    graph,
    graph_with_lags,
    graph_with_operator,
    graph_with_zero_point,
)
from tests.support.tiny_bundle import backbone_onnx

trt: Any = pytest.importorskip(
    "tensorrt_rtx", reason="tensorrt_rtx is not installed; it has wheels for x86-64 alone"
)


@pytest.fixture(scope="module")
def shipped() -> Bundle:
    return read_bundle(shipped_bundle_path(), TrustedKeys.load((), demo=True))


def inputs_of(content: bytes) -> dict[str, tuple[int, ...]]:
    """Return the inputs of the network that NVIDIA's parser makes of a file."""
    logger = trt.Logger(trt.Logger.ERROR)
    builder = trt.Builder(logger)
    network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    parser = trt.OnnxParser(network, logger)
    assert parser.parse(content)
    tensors = [network.get_input(k) for k in range(network.num_inputs)]
    return {tensor.name: tuple(tensor.shape) for tensor in tensors}


@pytest.mark.parametrize("batch", [1, 256])
def test_a_plan_is_built_of_the_shipped_int8_file(shipped, batch):
    told: list[str] = []
    plan = build_plan(trt, shipped.backbone("int8"), "int8", batch, tell=told.append)
    assert len(plan.content) > 100_000
    assert plan.build_s > 0
    assert plan.timing_cache is None  # tensorrt_rtx times nothing
    assert any("Building engine" in line for line in told)


def test_the_same_file_gives_another_plan_for_another_batch(shipped):
    one, two = (build_plan(trt, shipped.backbone("int8"), "int8", n).content for n in (1, 2))
    assert one != two


def test_the_uint8_form_of_it_is_refused_with_operator_and_node(shipped):
    if "int8.x86" not in shipped.precisions:
        pytest.skip("the shipped bundle has no int8.x86")
    with pytest.raises(EngineBuildError) as caught:
        build_plan(trt, shipped.backbone("int8.x86"), "int8.x86", 1)
    assert caught.value.operator == "QuantizeLinear"
    assert caught.value.node
    assert "zero point" in caught.value.reason


def test_the_lag_mask_of_the_shipped_file_becomes_an_input_of_the_network(shipped):
    """As the file has it, with its default, the parser makes it a constant."""
    content, lags = shipped.backbone("int8"), len(shipped.manifest.lags)
    baked = inputs_of(content)
    assert list(baked.values()) == [(-1, 1, shipped.manifest.grid.count)]
    assert inputs_of(without_default(content, LAG_MASK)) == {**baked, LAG_MASK: (lags,)}


def test_the_lag_mask_of_a_small_graph_does_too():
    build_plan(trt, graph_with_lags(), "fp32", 3)
    found = inputs_of(without_default(graph_with_lags(), LAG_MASK))
    assert found == {"spectrum": (-1, 1, 1392), LAG_MASK: (3,)}


def test_a_made_up_operator_is_named_with_its_node():
    with pytest.raises(EngineBuildError) as caught:
        build_plan(trt, graph_with_operator("Frobnicate", "made_up"), "fp32", 1)
    assert (caught.value.operator, caught.value.node) == ("Frobnicate", "made_up")
    assert "tensorrt/fp32: no engine can be built: operator Frobnicate, node made_up" in str(
        caught.value
    )
    assert not caught.value.recoverable


@pytest.mark.parametrize("content", [b"", b"no model", bytes(4096), b"\xff" * 4096])
def test_garbage_is_refused(content):
    with pytest.raises(EngineBuildError):
        build_plan(trt, content, "fp32", 1)


def test_a_truncated_file_is_refused():
    content = backbone_onnx()
    for length in range(1, len(content), len(content) // 20):
        with pytest.raises(EngineBuildError):
            build_plan(trt, content[:length], "fp32", 1)


@pytest.mark.parametrize(
    "shape", [["N", 1392], ["N", 1, 1, 1392], ["N", 1, "B"], ["N", 2, 1392]], ids=str
)
def test_a_network_with_another_input_is_refused(shape):
    with pytest.raises(EngineBuildError, match=r"expected one input \(N, 1, B\)"):
        build_plan(trt, graph(shape), "fp32", 1)


def test_an_output_in_half_precision_is_refused():
    content = graph_with_operator("Cast", "halved", to=TensorProto.FLOAT16)
    with pytest.raises(EngineBuildError, match="expected one output in float32"):
        build_plan(trt, content, "fp16", 1)


def test_float64_is_not_taken_for_float32():
    with pytest.raises(EngineBuildError, match="expected inputs in float32, spectrum0 is not"):
        build_plan(trt, graph(["N", 1, 1392], kind=TensorProto.DOUBLE), "fp32", 1)


def test_the_limit_of_the_workspace_is_heeded(shipped):
    with pytest.raises(EngineBuildError, match="workspace"):
        build_plan(trt, shipped.backbone("int8"), "int8", 1, workspace_mib=1)


def test_a_zero_point_that_is_not_zero_is_refused_with_operator_and_node():
    with pytest.raises(EngineBuildError, match="zero point is not supported") as caught:
        build_plan(trt, graph_with_zero_point(3), "int8", 1)
    assert (caught.value.operator, caught.value.node) == ("QuantizeLinear", "quantize")


@pytest.mark.parametrize("handler", [signal.default_int_handler, signal.SIG_IGN], ids=str)
def test_an_interrupt_ends_the_build_where_it_is_not_ignored(handler):
    def tell(line: str) -> None:
        signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGINT, handler)
    try:
        expected = nullcontext() if handler is signal.SIG_IGN else pytest.raises(KeyboardInterrupt)
        with expected:
            build_plan(trt, backbone_onnx(), "fp32", 1, tell=tell)
        assert signal.getsignal(signal.SIGINT) is handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_line_that_cannot_be_told_ends_the_build_and_is_raised(capfd):
    def tell(line: str) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        build_plan(trt, backbone_onnx(), "fp32", 1, tell=tell)
    assert "Exception caught" not in capfd.readouterr().err  # by TensorRT, in C++


@pytest.mark.train
def test_the_lag_mask_of_a_template_network_as_exported_becomes_an_input():
    pytest.importorskip("torch")
    from export.graph import make_graph
    from train.models import make_model
    from train.recipe import Recipe

    recipe = Recipe.model_validate({"name": "a", "model": {"name": "template"}})
    model = make_model(recipe, 5)
    content = make_graph(model, 1392).content
    assert inputs_of(content) == {"intensity": (-1, 1, 1392)}
    assert inputs_of(without_default(content, LAG_MASK)) == {
        "intensity": (-1, 1, 1392),
        LAG_MASK: (len(model.lag_points),),
    }
    assert build_plan(trt, content, "fp32", 1).content
