"""One suite over every runner: what is promised in `edge/runners/base.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from onnx import TensorProto

from edge.errors import RunnerError, RunnerInputError
from edge.lags import lag_mask
from edge.preprocess import PAPER_GRID, preprocess
from edge.runners import OnnxRunner, Runner
from edge.runners.tensorrt import TensorrtRunner
from edge.runners.tensorrt_settings import TensorrtSettings
from tests.support.gpu_fakes import fake_gpu
from tests.support.small_graphs import graph, graph_with_lags
from tests.support.tiny_bundle import CLASSES, backbone_onnx, library_spectrum

MakeRunner = Callable[[bytes], Runner]

# another runner is another line here; TensorRT's is run on stand-ins, see tests/support/fake_gpu
RUNNERS = ["onnx", "tensorrt on cuda-python", "tensorrt on pycuda"]


@pytest.fixture(scope="module", params=RUNNERS)
def make_runner(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MakeRunner]:
    kind, _, memory = request.param.partition(" on ")
    if kind == "onnx":
        yield OnnxRunner
        return
    settings = TensorrtSettings(tmp_path_factory.mktemp("engines"), batch=2, device_memory=memory)
    with fake_gpu() as device:
        yield lambda model: TensorrtRunner(model, "fp32", "backbone", settings)
        assert device.faults == []


@pytest.fixture(scope="module")
def model() -> bytes:
    return backbone_onnx()


@pytest.fixture(scope="module")
def runner(make_runner: MakeRunner, model: bytes) -> Iterator[Runner]:
    with make_runner(model) as active:
        yield active


@pytest.fixture(scope="module")
def batch() -> np.ndarray:
    rows = [preprocess(library_spectrum(name, seed=2), PAPER_GRID) for name in CLASSES]
    return np.stack(rows)[:, np.newaxis, :]


def test_it_computes_what_the_graph_says(runner, batch):
    """The tiny backbone in numpy, written out."""
    templates = np.stack([preprocess(library_spectrum(name), PAPER_GRID) for name in CLASSES])
    slopes = np.diff(np.sqrt(np.maximum(templates, 0)), axis=1)
    slopes /= np.linalg.norm(slopes, axis=1, keepdims=True)
    expected = np.diff(np.sqrt(np.maximum(batch[:, 0, :], 0)), axis=1) @ slopes.T
    embedding = runner.infer(batch)
    assert embedding.dtype == np.float32
    np.testing.assert_allclose(embedding, expected, atol=1e-4)
    assert embedding.argmax(axis=1).tolist() == [0, 1, 2, 3, 4]


def test_one_by_one_and_five_at_once_agree(runner, batch):
    alone = np.concatenate([runner.infer(batch[k : k + 1]) for k in range(5)])
    np.testing.assert_allclose(runner.infer(batch), alone, atol=1e-5)


def test_the_same_input_gives_the_same_bits(make_runner, model, runner, batch):
    first = runner.infer(batch)
    np.testing.assert_array_equal(first, runner.infer(batch))
    with make_runner(model) as another:
        np.testing.assert_array_equal(first, another.infer(batch))


def test_what_it_returns_is_the_callers_own(runner, batch):
    first = runner.infer(batch)
    kept = first.copy()
    runner.infer(batch[::-1].copy())
    np.testing.assert_array_equal(first, kept)


def test_a_view_with_gaps_is_read_correctly(runner, batch):
    np.testing.assert_allclose(runner.infer(batch[::2]), runner.infer(batch)[::2], atol=1e-5)


@pytest.mark.parametrize(
    "bad",
    [
        np.ones((5, 1391), np.float32),
        np.ones((5, 1, 1391), np.float32),
        np.ones((5, 2, 1392), np.float32),
        np.ones((1, 1, 1, 1392), np.float32),
        np.ones(1392, np.float32),
        np.ones((5, 1, 1392), np.float64),
        np.ones((5, 1, 1392), np.int32),
        np.ones((5, 1, 1392), np.float16),
    ],
    ids=lambda bad: f"{bad.shape}-{bad.dtype}",
)
def test_a_wrong_shape_or_dtype_is_refused_with_both(runner, bad):
    with pytest.raises(RunnerInputError) as caught:
        runner.infer(bad)
    assert caught.value.expected == "(N, 1, 1392) float32"
    assert caught.value.got == f"{bad.shape} {bad.dtype}"
    assert not caught.value.recoverable


def test_it_works_on_after_a_refusal(runner, batch):
    before = runner.infer(batch)
    with pytest.raises(RunnerInputError):
        runner.infer(batch[0])
    np.testing.assert_array_equal(runner.infer(batch), before)


def test_it_runs_inside_its_context_only(make_runner, model, batch):
    runner = make_runner(model)
    with pytest.raises(RunnerError, match="not active"):
        runner.infer(batch)
    with runner as active:
        assert active is runner
        assert active.infer(batch).shape == (5, 5)
    with pytest.raises(RunnerError, match="not active"):
        runner.infer(batch)


def test_it_may_be_entered_again(make_runner, model, batch):
    runner = make_runner(model)
    with runner:
        first = runner.infer(batch)
    with runner:
        np.testing.assert_array_equal(runner.infer(batch), first)


def test_an_error_inside_leaves_and_is_not_swallowed(make_runner, model, batch):
    runner = make_runner(model)
    with pytest.raises(ZeroDivisionError), runner:
        raise ZeroDivisionError
    with pytest.raises(RunnerError, match="not active"):
        runner.infer(batch)


@pytest.mark.parametrize(
    "content",
    [b"", b"no model", bytes(4096), b"\xff" * 4096],
    ids=["empty", "text", "zeros", "ones"],
)
def test_garbage_is_refused_on_entry(make_runner, content):
    with pytest.raises(RunnerError), make_runner(content):
        pass


def test_a_truncated_model_is_refused_on_entry(make_runner, model):
    for length in range(1, len(model), len(model) // 20):
        with pytest.raises(RunnerError), make_runner(model[:length]):
            pass


@pytest.mark.parametrize(
    "content",
    [
        graph(["N", 1392]),
        graph(["N", 1, 1, 1392]),
        graph(["N", 1, "B"]),
        graph(["N", 1, None]),
        graph(["N", 1, 1392], inputs=2),
    ],
    ids=["(N, B)", "(N, 1, 1, B)", "named B", "any B", "two inputs"],
)
def test_a_model_with_other_inputs_is_refused_on_entry(make_runner, content):
    with pytest.raises(RunnerError, match=r"expected one input \(N, 1, B\)"), make_runner(content):
        pass


def test_a_model_that_reads_another_type_is_refused(make_runner, batch):
    with pytest.raises(RunnerError), make_runner(graph(["N", 1, 1392], kind=TensorProto.DOUBLE)):
        pass


def test_a_lag_mask_says_which_lags_count_and_may_be_left_out(make_runner):
    spectra = np.zeros((2, 1, 1392), np.float32)
    spectra[:, 0, :3] = [[0.1, 0.2, 0.9], [0.7, 0.3, 0.2]]
    with make_runner(graph_with_lags()) as active:
        middle = active.infer(spectra, lag_mask((-8.0, 0.0, 8.0), 4.0))
        every = active.infer(spectra)
    np.testing.assert_allclose(every[:, 0], [0.9, 0.7])
    np.testing.assert_allclose(middle[:, 0], [0.2, 0.3])


WRONG_MASKS = [np.zeros(2, np.float32), np.zeros((1, 3), np.float32), np.zeros(3)]


@pytest.mark.parametrize("mask", WRONG_MASKS)
def test_a_lag_mask_of_another_shape_or_type_is_refused(make_runner, mask):
    with (
        make_runner(graph_with_lags()) as active,
        pytest.raises(RunnerInputError, match=r"lag mask \(3,\) float32"),
    ):
        active.infer(np.ones((1, 1, 1392), np.float32), mask)


def test_a_lag_mask_for_a_backbone_without_lags_is_refused(runner, batch):
    with pytest.raises(RunnerInputError, match="no lag mask"):
        runner.infer(batch, np.zeros(3, np.float32))


def test_its_name_says_runner_and_precision(runner):
    name, _, precision = runner.name.partition("/")
    assert name
    assert precision == "fp32"
