"""TensorRT in the daemon, on a GPU that is not there: built, failing, given up, never silently."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from onnx import numpy_helper

from edge.runners.engine_build import Plan
from edge.runners.engine_cache import EngineCache
from tests.support import bundle_variants as variants
from tests.support.gpu_fakes import environment
from tests.support.processes import (
    Daemon,
    daemon,
    recorded,
    set_sections,
    shown,
    simulator,
    write_config,
)

GPU, CPU = "tensorrt/int8", "onnx/fp32"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.outcrop"
    path.write_bytes(variants.for_gpu(2))
    return path


@pytest.fixture
def config(tmp_path: Path, bundle: Path) -> Path:
    key = variants.write_public_key(tmp_path)
    path = write_config(tmp_path, tmp_path / "spectrometer", bundle, key)
    set_sections(path, runner={"kind": "tensorrt"})
    return path


def _names(running: Daemon) -> list[str]:
    return [event["event"] for event in running.seen]


def _nothing_lost(folder: Path) -> None:
    """Check that every frame that was sent is stored once and has a verdict."""
    records = recorded(folder)
    assert records.keys() == shown(folder).keys()
    assert all(record.verdict is not None for record in records.values())


def test_frames_are_taken_while_an_engine_is_built_and_classified_after(
    tmp_path: Path, config: Path
) -> None:
    fake = environment(BUILD_S="2")
    with simulator(tmp_path, 20, 40) as instrument, daemon(config, environment=fake) as running:
        assert running.wait_for("daemon.ready")["classifying"] is False
        assert running.wait_for("engine.building")["runner"] == GPU
        assert instrument.wait(60) == 0, "frames were left unacknowledged"
        assert running.wait_for("engine.built")["took_s"] > 2
        names = _names(running)
        assert names.count("frame.kept") >= 20, "not all were kept before the engine was there"
        assert "spectrum.classified" not in names
        assert running.wait_for("bundle.active")["runner"] == GPU
        assert running.wait_for("backlog.classified")["frames"] == 20
        assert running.terminate() == 0
    _nothing_lost(tmp_path)
    assert {record.precision for record in recorded(tmp_path).values()} == {"int8"}
    with daemon(config, environment=environment()) as running:
        running.wait_for("bundle.active", runner=GPU)
        assert "engine.building" not in _names(running), "the cache was not used"
        assert running.terminate() == 0


def test_a_build_that_fails_is_told_and_tried_again(tmp_path: Path, config: Path) -> None:
    order = tmp_path / "fails"
    order.touch()
    fake = environment(FAIL="build", FAIL_IF=str(order))
    with simulator(tmp_path, 10, 40) as instrument, daemon(config, environment=fake) as running:
        assert running.wait_for("daemon.ready")["classifying"] is False
        assert "no engine" in running.wait_for("engine.failed")["reason"]
        assert instrument.wait(60) == 0
        order.unlink()
        assert running.wait_for("bundle.active")["runner"] == GPU
        assert running.wait_for("backlog.classified")["frames"] == 10
        assert "runner.fell_back" not in _names(running)
        assert running.terminate() == 0
    _nothing_lost(tmp_path)


@pytest.mark.parametrize("failure", ["build", "numbers"])
def test_a_build_that_fails_leaves_it_to_the_fallback_out_loud(
    tmp_path: Path, config: Path, failure: str
) -> None:
    set_sections(config, runner={"fallback": "onnx"})
    fake = environment(FAIL=failure)
    with simulator(tmp_path, 10, 40) as instrument, daemon(config, environment=fake) as running:
        failed = running.wait_for("engine.failed")
        fell_back = running.wait_for("runner.fell_back")
        assert (fell_back["from"], fell_back["to"], fell_back["level"]) == (GPU, CPU, "error")
        assert failed["reason"] in fell_back["reason"]
        active = running.wait_for("bundle.active")
        assert (active["runner"], active["fallback"]) == (CPU, True)
        assert instrument.wait(60) == 0
        assert running.terminate() == 0
    _nothing_lost(tmp_path)


@pytest.mark.parametrize("failure", ["driver", "device"])
def test_a_machine_without_a_gpu_says_so_and_records(
    tmp_path: Path, config: Path, failure: str
) -> None:
    fake = environment(FAIL=failure)
    with simulator(tmp_path, 4, 40) as instrument, daemon(config, environment=fake) as running:
        assert "no CUDA device" in running.wait_for("runner.failed")["reason"]
        assert running.wait_for("daemon.ready")["classifying"] is False
        assert instrument.wait(60) == 0
        assert running.terminate() == 0
    assert len(recorded(tmp_path)) == 4
    assert all(record.verdict is None for record in recorded(tmp_path).values())


def test_a_device_that_fails_in_the_middle_is_started_again(tmp_path: Path, config: Path) -> None:
    order = tmp_path / "fails"
    fake = environment(FAIL="infer", FAIL_IF=str(order))
    with simulator(tmp_path, 60, 20) as instrument, daemon(config, environment=fake) as running:
        running.wait_for("spectrum.classified", times=5)
        order.touch()
        assert "the GPU failed" in running.wait_for("runner.failed")["reason"]
        order.unlink()
        assert running.wait_for("bundle.active")["fallback"] is False
        assert instrument.wait(60) == 0
        assert running.terminate() == 0
    _nothing_lost(tmp_path)


def test_a_device_that_fails_three_times_leaves_it_to_the_fallback(
    tmp_path: Path, config: Path
) -> None:
    set_sections(config, runner={"fallback": "onnx"})
    order = tmp_path / "fails"
    fake = environment(FAIL="infer", FAIL_IF=str(order))
    with simulator(tmp_path, 100, 20) as instrument, daemon(config, environment=fake) as running:
        running.wait_for("spectrum.classified", times=5)
        order.touch()
        assert running.wait_for("runner.failed", times=3)["times"] == 3
        assert running.wait_for("runner.fell_back")["from"] == GPU
        active = running.wait_for("bundle.active")
        assert (active["runner"], active["fallback"]) == (CPU, True)
        assert instrument.wait(60) == 0
        assert running.terminate() == 0
    _nothing_lost(tmp_path)
    precisions = [record.precision for record in recorded(tmp_path).values()]
    assert (precisions[0], precisions[-1]) == ("int8", "fp32"), "not those that were used"


def test_a_gpu_that_computes_something_else_is_not_believed(tmp_path: Path, config: Path) -> None:
    fake = environment(FAIL="numbers")
    with simulator(tmp_path, 4, 40) as instrument, daemon(config, environment=fake) as running:
        assert "golden spectra differ" in running.wait_for("engine.failed")["reason"]
        assert "golden spectra differ" in running.wait_for("bundle.refused")["reason"]
        assert instrument.wait(60) == 0
        assert running.terminate() == 0
    assert all(record.verdict is None for record in recorded(tmp_path).values())


def _compute_something_else(engines: Path) -> None:
    """Put other weights into the one engine that is kept, and hash it anew."""
    cache = EngineCache(engines)
    (engine,) = cache.engines()
    assert engine.header is not None
    plan = cache.find(engine.header.key).plan
    assert plan is not None
    head, _, content = plan.partition(b"\n")
    model = onnx.load_from_string(content)
    step = next(each for each in model.graph.initializer if each.name == "step")
    step.CopyFrom(numpy_helper.from_array(2 * numpy_helper.to_array(step), "step"))
    content = head + b"\n" + model.SerializeToString()
    cache.keep(engine.header.key, Plan(content, None, 1.0))


def test_a_cached_engine_that_computes_wrong_is_built_anew(tmp_path: Path, config: Path) -> None:
    set_sections(config, runner={"fallback": "onnx"})
    with daemon(config, environment=environment()) as running:
        running.wait_for("bundle.active", runner=GPU)
        assert running.terminate() == 0
    _compute_something_else(tmp_path / "store/engines")
    with daemon(config, environment=environment()) as running:
        assert "golden spectra differ" in running.wait_for("engine.discarded")["reason"]
        running.wait_for("engine.built")
        active = running.wait_for("bundle.active")
        assert (active["runner"], active["last_good"], active["fallback"]) == (GPU, False, False)
        assert not {"bundle.refused", "runner.fell_back"} & set(_names(running))
        assert running.terminate() == 0


def test_a_folder_that_keeps_no_engine_is_told(tmp_path: Path, config: Path) -> None:
    (tmp_path / "file").touch()
    set_sections(config, runner={"fallback": "onnx", "engine_folder": "file/engines"})
    with daemon(config, environment=environment()) as running:
        assert "engines cannot be kept" in running.wait_for("runner.failed")["reason"]
        assert running.wait_for("runner.fell_back")["to"] == CPU
        assert running.wait_for("bundle.active")["fallback"] is True
        assert running.terminate() == 0


def test_a_backbone_that_the_parser_refuses_leaves_the_last_good_one_running(
    tmp_path: Path, config: Path, bundle: Path
) -> None:
    order = tmp_path / "fails"
    fake = environment(FAIL="infer", FAIL_IF=str(order))
    with simulator(tmp_path, 100_000, 20), daemon(config, environment=fake) as running:
        running.wait_for("spectrum.classified")
        variants.swap(bundle, variants.another_operator(3))
        assert "Frobnicate" in running.wait_for("engine.failed")["reason"]
        assert "Frobnicate" in running.wait_for("bundle.refused")["reason"]
        assert running.wait_for("bundle.last_good_active")["release"] == 2
        running.wait_for("spectrum.classified")
        order.touch()
        running.wait_for("runner.failed")
        order.unlink()
        assert running.wait_for("bundle.active")["last_good"] is True
        running.wait_for("spectrum.classified")
        assert _names(running).count("bundle.refused") == 1, "it was tried again unchanged"
        assert running.terminate() == 0
    assert all(record.verdict is not None for record in recorded(tmp_path).values())


def test_a_build_ends_with_the_daemon(tmp_path: Path, config: Path) -> None:
    set_sections(config, runner={"fallback": "onnx"})
    with daemon(config, environment=environment(BUILD_S="600")) as running:
        running.wait_for("engine.building", progress="started")
        assert running.terminate() == 0
    assert not {"engine.failed", "runner.fell_back"} & set(_names(running))
