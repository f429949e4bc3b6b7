"""The TensorRT runner on stand-ins: entry, batches, failure in the middle, threads, the way out.

Long, for one runner has one life, and its tests share the same few graphs and stand-ins.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import suppress

import numpy as np
import onnx
import pytest
from onnx import helper

from edge.errors import (
    CudaDriverError,
    DeviceError,
    EngineBuildError,
    EngineMissingError,
    EngineParserError,
    GpuLibraryError,
    RunnerError,
)
from edge.preprocess import PAPER_GRID, preprocess
from edge.runners import OnnxRunner
from edge.runners.tensorrt import TensorrtRunner
from edge.runners.tensorrt_settings import TensorrtSettings
from tests.support.gpu_fakes import environment
from tests.support.small_graphs import (
    graph_with_lags,
    graph_with_operator,
    graph_with_zero_point,
)
from tests.support.tiny_bundle import CLASSES, library_spectrum

MEMORIES = ("cuda-python", "pycuda")


@pytest.fixture(scope="module")
def batch() -> np.ndarray:
    rows = [preprocess(library_spectrum(name, seed=3), PAPER_GRID) for name in CLASSES]
    return np.stack(rows)[:, np.newaxis, :]


@pytest.fixture(scope="module")
def expected(batch, model) -> np.ndarray:
    with OnnxRunner(model) as runner:
        return runner.infer(batch)


@pytest.mark.parametrize("memory", MEMORIES)
@pytest.mark.parametrize("size", [1, 2, 4, 5, 8])
def test_any_number_of_spectra_goes_through_an_engine_of_any_batch(
    make_tensorrt, batch, expected, memory, size
):
    with make_tensorrt(device_memory=memory, batch=size) as runner:
        for count in (0, 1, 3, 5):
            found = runner.infer(batch[:count])
            assert found.shape == (count, 5)
            np.testing.assert_allclose(found, expected[:count], atol=1e-6)


def test_the_last_chunk_is_filled_up_with_zeros_not_with_what_was_there(make_tensorrt, batch, gpu):
    with make_tensorrt(batch=4) as runner:
        runner.infer(batch)
        first = next(iter(gpu._buffers.values()))  # the input was bound first
        rows = np.frombuffer(first, np.float32).reshape(4, 1392)
        np.testing.assert_array_equal(rows[0], batch[4, 0])
        assert not rows[1:].any()


def test_a_mask_of_one_call_is_not_that_of_the_next(make_tensorrt):
    spectra = np.zeros((1, 1, 1392), np.float32)
    spectra[0, 0, :3] = [0.1, 0.2, 0.9]
    middle = np.array([-1e4, 0, -1e4], np.float32)
    with make_tensorrt(graph_with_lags()) as runner:
        values = [runner.infer(spectra, mask)[0, 0] for mask in (None, middle, None)]
    np.testing.assert_allclose(values, [0.9, 0.2, 0.9])


def test_replay_and_plain_enqueue_give_the_same_bits(make_tensorrt, batch):
    with make_tensorrt() as replaying, make_tensorrt(replay=False) as plain:
        assert (replaying.replays, plain.replays) == (True, False)
        np.testing.assert_array_equal(replaying.infer(batch), plain.infer(batch))


def test_pycuda_has_no_graphs_and_that_is_told(make_tensorrt, told):
    with make_tensorrt(device_memory="pycuda") as runner:
        assert not runner.replays
    assert told[-1] == "pycuda has no graphs: every inference is enqueued anew"


def test_a_graph_that_cannot_be_captured_is_told_and_done_without(
    make_tensorrt, told, monkeypatch, batch, expected
):
    monkeypatch.setenv("FAKE_GPU_FAIL", "capture")
    with make_tensorrt() as runner:
        assert not runner.replays
        np.testing.assert_allclose(runner.infer(batch), expected, atol=1e-6)
    assert told[-1].startswith("the graph could not be captured: every inference is enqueued anew")


def test_auto_takes_cuda_python_for_its_graphs(make_tensorrt):
    with make_tensorrt() as runner:
        assert runner.replays


@pytest.mark.parametrize("version", ["10.3.0", "10.16.1", "11.4.0"])
def test_it_works_with_the_tensorrt_of_every_jetpack(
    make_tensorrt, monkeypatch, version, batch, expected
):
    monkeypatch.setenv("FAKE_GPU_TENSORRT_VERSION", version)
    with make_tensorrt() as runner:
        assert runner.key.library_version == version
        np.testing.assert_allclose(runner.infer(batch), expected, atol=1e-6)


def test_the_backbone_that_the_file_names_is_told_once_active(make_tensorrt, model):
    proto = onnx.load_from_string(model)
    helper.set_model_props(proto, {"backbone_id": "abc"})
    with make_tensorrt(proto.SerializeToString()) as named, make_tensorrt() as unnamed:
        assert (named.backbone_id, unnamed.backbone_id) == ("abc", None)


# what is not there


def test_without_tensorrt_the_library_is_named_and_the_remedy(make_tensorrt, monkeypatch):
    monkeypatch.setenv("FAKE_GPU_FAIL", "library")
    monkeypatch.setitem(sys.modules, "tensorrt_rtx", None)
    with pytest.raises(GpuLibraryError, match=r"no TensorRT is installed: .*--system-site"):
        make_tensorrt().__enter__()


@pytest.mark.parametrize("memory", ["auto", *MEMORIES])
def test_without_a_library_for_memory_it_is_named(make_tensorrt, monkeypatch, memory):
    for name in ("cuda", "cuda.bindings", "cuda.bindings.driver", "pycuda"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(GpuLibraryError, match="cuda-python" if memory == "auto" else memory):
        make_tensorrt(device_memory=memory).__enter__()


def test_auto_takes_pycuda_where_only_that_is_installed(make_tensorrt, monkeypatch):
    monkeypatch.setitem(sys.modules, "cuda.bindings.driver", None)
    with make_tensorrt() as runner:
        assert not runner.replays


@pytest.mark.parametrize("memory", MEMORIES)
@pytest.mark.parametrize("failure", ["driver", "old-driver", "device"])
def test_without_a_driver_or_a_device_it_says_so(
    make_tensorrt, monkeypatch, memory, failure, tmp_path
):
    monkeypatch.setenv("FAKE_GPU_FAIL", failure)
    with pytest.raises(CudaDriverError, match=f"no CUDA device can be used here, {memory} says"):
        make_tensorrt(device_memory=memory).__enter__()
    assert not (tmp_path / "engines").exists()


@pytest.mark.parametrize("memory", MEMORIES)
def test_a_device_that_does_not_exist_is_a_driver_error(make_tensorrt, memory):
    with pytest.raises(CudaDriverError):
        make_tensorrt(device_memory=memory, device=7).__enter__()


# what fails


@pytest.mark.parametrize("memory", MEMORIES)
def test_a_builder_that_gives_nothing_is_an_error_with_its_reason(
    make_tensorrt, monkeypatch, memory, tmp_path
):
    monkeypatch.setenv("FAKE_GPU_FAIL", "build")
    with pytest.raises(EngineBuildError, match="Could not find any implementation for node conv"):
        make_tensorrt(device_memory=memory).__enter__()
    assert list((tmp_path / "engines").iterdir()) == []


def test_an_operator_that_the_parser_does_not_know_is_named(make_tensorrt):
    with pytest.raises(EngineBuildError) as caught:
        make_tensorrt(graph_with_operator("Frobnicate", "made_up")).__enter__()
    assert caught.value.operator == "Frobnicate"
    assert "operator Frobnicate" in str(caught.value)


def test_an_engine_that_the_runtime_refuses_when_new_is_an_error(make_tensorrt, monkeypatch, told):
    monkeypatch.setenv("FAKE_GPU_FAIL", "deserialize")
    with pytest.raises(EngineBuildError, match="refuses the engine that it has just built"):
        make_tensorrt().__enter__()
    assert any("the engine plan file is not ours" in line for line in told)


def test_a_driver_older_than_the_cuda_of_tensorrt_is_an_error_with_its_reason(
    make_tensorrt, monkeypatch
):
    """`cuInit` is content with it; neither builder nor runtime can be made."""
    monkeypatch.setenv("FAKE_GPU_FAIL", "create")
    with pytest.raises(EngineBuildError, match="CUDA initialization failure, error 35"):
        make_tensorrt().__enter__()
    monkeypatch.delenv("FAKE_GPU_FAIL")
    with make_tensorrt():
        pass
    monkeypatch.setenv("FAKE_GPU_FAIL", "create")
    with pytest.raises(DeviceError, match=r"Runtime: .*CUDA initialization failure, error 35"):
        make_tensorrt().__enter__()


def test_a_zero_point_that_is_not_zero_is_refused_with_operator_and_node(make_tensorrt):
    with pytest.raises(EngineParserError, match="zero point is not supported") as caught:
        make_tensorrt(graph_with_zero_point(3)).__enter__()
    assert (caught.value.operator, caught.value.node) == ("QuantizeLinear", "quantize")
    with make_tensorrt(graph_with_zero_point(0)):
        pass


@pytest.mark.parametrize("memory", MEMORIES)
def test_no_memory_on_the_device_is_a_device_error_and_leaves_nothing(
    make_tensorrt, monkeypatch, memory
):
    monkeypatch.setenv("FAKE_GPU_FAIL", "memory")
    with pytest.raises(DeviceError):
        make_tensorrt(device_memory=memory).__enter__()


@pytest.mark.parametrize("memory", MEMORIES)
@pytest.mark.parametrize("failure", ["infer", "enqueue"])
def test_a_device_that_fails_in_the_middle_ends_the_runner_which_may_be_entered_again(
    make_tensorrt, monkeypatch, told, memory, failure, batch, expected
):
    runner = make_tensorrt(device_memory=memory, replay=failure == "infer")
    with runner:
        np.testing.assert_allclose(runner.infer(batch[:1]), expected[:1], atol=1e-6)
        monkeypatch.setenv("FAKE_GPU_FAIL", failure)
        with pytest.raises(DeviceError) as caught:
            runner.infer(batch)
        assert caught.value.recoverable
        with pytest.raises(RunnerError, match="not active"):
            runner.infer(batch)
    # pycuda prints what fails while it frees, and goes on
    told_so = any("not all was freed" in line for line in told)
    assert told_so == (failure == "infer" and memory == "cuda-python")
    monkeypatch.delenv("FAKE_GPU_FAIL")
    with runner:
        np.testing.assert_allclose(runner.infer(batch), expected, atol=1e-6)


@pytest.mark.parametrize("memory", MEMORIES)
def test_a_device_that_fails_while_warming_up_leaves_nothing(make_tensorrt, monkeypatch, memory):
    monkeypatch.setenv("FAKE_GPU_FAIL", "infer")
    monkeypatch.setenv("FAKE_GPU_FAIL_AFTER", "1")
    with pytest.raises(DeviceError):
        make_tensorrt(device_memory=memory).__enter__()


def test_an_error_that_is_no_devices_leaves_the_runner_active(make_tensorrt, batch, expected):
    with make_tensorrt() as runner:
        with pytest.raises(RunnerError):
            runner.infer(batch[:, :, :-1])
        np.testing.assert_allclose(runner.infer(batch), expected, atol=1e-6)


def test_entered_twice_it_refuses_and_stays_active(make_tensorrt, batch):
    with make_tensorrt() as runner:
        with pytest.raises(RunnerError, match="active already"):
            runner.__enter__()
        assert runner.infer(batch).shape == (5, 5)


# order and threads


def test_everything_goes_in_the_order_that_cuda_wants(make_tensorrt, gpu, batch):
    with make_tensorrt() as runner:
        runner.infer(batch)
    began = [e for e in gpu.events if e.startswith(("retain", "create"))]
    assert began == [
        "retain",
        "create stream",
        "create runtime",
        "create engine",
        "create execution context",
    ]
    last = gpu.events.index("instantiate graph") + 2  # the template is destroyed at once
    assert gpu.events[last:] == [
        "destroy graph",
        "destroy execution context",
        "destroy engine",
        "destroy runtime",
        "free",
        "free",
        "destroy stream",
        "release",
    ]


@pytest.mark.parametrize("memory", MEMORIES)
def test_it_may_be_made_used_and_left_in_three_threads(make_tensorrt, memory, batch, expected):
    runner = make_tensorrt(device_memory=memory)
    found: list[np.ndarray] = []
    steps = (
        runner.__enter__,
        lambda: found.append(runner.infer(batch)),
        lambda: runner.__exit__(None, None, None),
    )
    for step in steps:
        thread = threading.Thread(target=step)
        thread.start()
        thread.join()
    np.testing.assert_allclose(found[0], expected, atol=1e-6)


def test_a_second_thread_in_the_middle_of_an_inference_is_refused(
    make_tensorrt, gpu, batch, monkeypatch
):
    inside, go_on = threading.Event(), threading.Event()
    synchronise = gpu.synchronise

    def slowly(handle: int) -> None:
        inside.set()
        go_on.wait(10)
        synchronise(handle)

    with make_tensorrt() as runner:
        monkeypatch.setattr(gpu, "synchronise", slowly)
        thread = threading.Thread(target=runner.infer, args=(batch[:1],))
        thread.start()
        inside.wait(10)
        with pytest.raises(RunnerError, match="another thread"):
            runner.infer(batch[:1])
        go_on.set()
        thread.join()
        assert runner.infer(batch).shape == (5, 5)


def test_leaving_waits_for_an_inference_that_another_thread_is_in(
    make_tensorrt, gpu, batch, expected, monkeypatch
):
    inside, go_on = threading.Event(), threading.Event()
    synchronise = gpu.synchronise
    found: list[np.ndarray] = []

    def slowly(handle: int) -> None:
        inside.set()
        go_on.wait(10)
        synchronise(handle)

    with make_tensorrt() as runner:
        monkeypatch.setattr(gpu, "synchronise", slowly)
        infer = threading.Thread(target=lambda: found.append(runner.infer(batch[:1])))
        infer.start()
        inside.wait(10)
        leave = threading.Thread(target=lambda: runner.__exit__(None, None, None))
        leave.start()
        leave.join(0.05)
        assert "release" not in gpu.events
        go_on.set()
        for thread in (infer, leave):
            thread.join()
    np.testing.assert_allclose(found[0], expected[:1], atol=1e-6)
    assert gpu.events[-1] == "release"


# engines that are there, or not


def test_without_leave_to_build_a_missing_engine_is_an_error(make_tensorrt, tmp_path):
    with pytest.raises(EngineMissingError, match="none is cached for this backbone") as caught:
        make_tensorrt(build=False).__enter__()
    assert caught.value.folder == tmp_path / "engines"


def test_without_leave_to_build_a_cached_engine_is_used(make_tensorrt, batch, expected):
    with make_tensorrt():
        pass
    with make_tensorrt(build=False) as runner:
        np.testing.assert_allclose(runner.infer(batch), expected, atol=1e-6)


def test_a_process_of_its_own_finds_the_stand_ins(tmp_path, model):
    """What the daemon's tests stand on."""
    (tmp_path / "model.onnx").write_bytes(model)
    script = """
import sys, pathlib, numpy as np
from edge.runners.tensorrt import TensorrtRunner
from edge.runners.tensorrt_settings import TensorrtSettings
folder = pathlib.Path(sys.argv[1])
model = (folder / "model.onnx").read_bytes()
with TensorrtRunner(model, "fp32", "id", TensorrtSettings(folder / "engines"), print) as runner:
    print(runner.infer(np.ones((1, 1, 1392), np.float32)).shape)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        env=environment(BUILD_S="0.01"),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "(1, 5)"
    assert "Building engine, 4 steps" in done.stdout


def test_the_real_cuda_python_says_that_there_is_no_driver(model, tmp_path):
    """Without stand-ins: on a machine with a driver this has nothing to find."""
    pytest.importorskip("cuda.bindings.driver")
    from edge.runners.cuda_python_memory import CudaPythonMemory

    with suppress(CudaDriverError), CudaPythonMemory(0):
        pytest.skip("this machine has a CUDA device")
    settings = TensorrtSettings(tmp_path / "engines", device_memory="cuda-python")
    with pytest.raises((CudaDriverError, GpuLibraryError)) as caught:
        TensorrtRunner(model, "fp32", "id", settings).__enter__()
    assert caught.value.exit_code == 1
    assert len(str(caught.value).splitlines()) == 1
