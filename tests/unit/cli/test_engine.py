"""`outcrop engine` on stand-ins, and on this machine, which has no GPU."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import bundle_variants as variants
from tests.support.gpu_fakes import fake_gpu
from tests.unit.cli.conftest import Outcome, Run

RunEngine = Callable[..., Outcome]


@pytest.fixture
def gpu() -> Iterator[Any]:
    with fake_gpu() as device:
        yield device
        assert device.faults == []
        assert device.retained == 0


@pytest.fixture
def bundle(tmp_path: Path) -> tuple[str, ...]:
    """Return the options that name a bundle which runs on TensorRT."""
    path = tmp_path / "tiny.outcrop"
    path.write_bytes(variants.for_gpu(1))
    return ("--bundle", str(path), "--trust", str(variants.write_public_key(tmp_path)))


@pytest.fixture
def engine(run: Run, tmp_path: Path) -> RunEngine:
    """Run a subcommand on a folder of engines of this test."""

    def command(name: str, *arguments: object) -> Outcome:
        return run("engine", name, "--engine-folder", tmp_path / "engines", *arguments)

    return command


def kept(folder: Path) -> list[str]:
    return sorted(p.suffix for p in folder.iterdir()) if folder.exists() else []


def test_build_says_what_it_does_and_that_the_golden_spectra_hold(engine, bundle, gpu, tmp_path):
    outcome = engine("build", *bundle)
    assert outcome.code == 0
    assert outcome.out.startswith("tensorrt/int8: ready for batches of 1, golden spectra within ")
    lines = outcome.err.splitlines()
    assert lines[0].startswith("tensorrt/int8: building an engine: none is cached")
    assert "Building engine, 4 steps" in lines
    assert lines[-1].startswith("tensorrt/int8: built in ")
    assert kept(tmp_path / "engines") == [".engine", ".timing"]


def test_what_is_there_is_not_built_again(engine, bundle, gpu):
    engine("build", *bundle)
    outcome = engine("build", *bundle)
    assert (outcome.code, outcome.err) == (0, "")


def test_build_as_json(engine, bundle, gpu):
    (found,) = engine("build", *bundle, "--batch", 8, "--json").objects
    assert (found["runner"], found["batch"]) == ("tensorrt/int8", 8)
    assert 0 <= found["golden_difference"] <= 1e-3
    assert Path(found["engine"]).is_file()


@pytest.mark.parametrize("memory", ["cuda-python", "pycuda"])
def test_build_with_either_library(engine, bundle, gpu, memory):
    outcome = engine("build", *bundle, "--device-memory", memory)
    assert outcome.code == 0
    assert ("pycuda has no graphs" in outcome.err) == (memory == "pycuda")


def test_an_engine_that_computes_something_else_is_refused_and_removed(
    engine, bundle, gpu, tmp_path, monkeypatch
):
    monkeypatch.setenv("FAKE_GPU_FAIL", "numbers")
    outcome = engine("build", *bundle)
    assert (outcome.code, outcome.out) == (3, "")
    assert "golden spectra differ by 1 on runner tensorrt/int8" in outcome.err.splitlines()[-1]
    assert kept(tmp_path / "engines") == [".timing"]


def test_a_precision_that_the_bundle_has_not_is_refused(engine, bundle, gpu):
    outcome = engine("build", *bundle, "--precision", "fp16")
    assert outcome.code == 3
    assert "no backbone.fp16.onnx here" in outcome.err


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        ("driver", "no CUDA device can be used here"),
        ("device", "no CUDA device can be used here"),
        ("build", "no engine can be built"),
        ("memory", "the GPU failed"),
        ("infer", "the GPU failed"),
    ],
)
def test_what_fails_is_one_line_and_1(engine, bundle, gpu, monkeypatch, failure, said):
    monkeypatch.setenv("FAKE_GPU_FAIL", failure)
    outcome = engine("build", *bundle)
    assert (outcome.code, outcome.out) == (1, "")
    errors = [line for line in outcome.err.splitlines() if line.startswith("outcrop: ")]
    assert len(errors) == 1
    assert said in errors[0]


def test_without_tensorrt_it_is_one_line_and_1(run, bundle, tmp_path, monkeypatch):
    for name in ("tensorrt", "tensorrt_rtx"):
        monkeypatch.setitem(sys.modules, name, None)
    folder = ("--engine-folder", tmp_path / "engines")
    for arguments in (("build", *bundle, *folder), ("bench", *bundle), ("clean", *folder)):
        outcome = run("engine", *arguments)
        assert (outcome.code, outcome.out) == (1, "")
        assert outcome.err.startswith("outcrop: no TensorRT is installed: ")
        assert len(outcome.err.splitlines()) == 1


def test_a_folder_in_the_way_of_the_folder_is_named(run, bundle, gpu, tmp_path):
    (tmp_path / "file").write_text("")
    outcome = run("engine", "build", *bundle, "--engine-folder", tmp_path / "file" / "engines")
    assert outcome.code == 1
    assert f"{tmp_path / 'file' / 'engines'}: engines cannot be kept here" in outcome.err


# list and clean


def test_list_needs_no_gpu(engine, bundle, monkeypatch):
    with fake_gpu():
        engine("build", *bundle)
        engine("build", *bundle, "--batch", 8)
    for name in ("tensorrt", "tensorrt_rtx", "cuda", "pycuda"):
        monkeypatch.setitem(sys.modules, name, None)
    found = engine("list", "--json").objects
    assert sorted(each["batch"] for each in found) == [1, 8]
    assert {each["gpu_name"] for each in found} == {"Orin"}
    assert not any(each["damaged"] for each in found)
    outcome = engine("list")
    assert outcome.code == 0
    assert "tensorrt" in outcome.out


def test_an_empty_folder_is_said_to_be_empty(engine, tmp_path):
    assert engine("list").out == f"{tmp_path / 'engines'}: no engines\n"
    assert engine("list", "--json").out == ""


def test_clean_removes_what_cannot_run_here(engine, bundle, gpu, tmp_path, monkeypatch):
    engine("build", *bundle)
    monkeypatch.setenv("FAKE_GPU_NAME", "Thor")
    engine("build", *bundle)
    damaged = f"{'0' * 12}.int8.b1.{'0' * 16}.engine"
    (tmp_path / "engines" / damaged).write_bytes(b"damaged")
    foreign = tmp_path / "engines" / "yolo.engine"
    foreign.write_bytes(b"of another program")
    outcome = engine("clean")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith(f"{tmp_path / 'engines'}: 2 engines removed")
    (left,) = engine("list", "--json").objects
    assert left["gpu_name"] == "Thor"
    assert "1 engines removed" in engine("clean", "--all").out
    assert foreign.exists()


def test_clean_with_a_bundle_removes_those_of_others(engine, bundle, gpu, tmp_path):
    engine("build", *bundle)
    other = tmp_path / "other.outcrop"
    other.write_bytes(variants.another_operator(2, operator="Relu"))  # another backbone
    assert "0 engines removed" in engine("clean", *bundle).out
    assert "1 engines removed" in engine("clean", "--bundle", other, *bundle[2:]).out


def test_clean_all_needs_no_gpu_and_leaves_nothing(engine, bundle, tmp_path, monkeypatch):
    with fake_gpu():
        engine("build", *bundle)
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    monkeypatch.setitem(sys.modules, "tensorrt_rtx", None)
    assert "1 engines removed" in engine("clean", "--all").out
    assert kept(tmp_path / "engines") == []


# bench


def test_bench_times_both_batches_with_their_spread(run, bundle, gpu):
    arguments = ("--batch", 1, "--batch", 4, "--rounds", 3, "--pairs", 5)
    found = run("engine", "bench", *bundle, *arguments, "--json").objects
    assert [each["batch"] for each in found] == [1, 4]
    for each in found:
        assert 0 < each["p50_ms"] <= each["p99_ms"]
        assert 0 < each["bare_p50_ms"] <= each["bare_p99_ms"]
        assert each["ratio_low"] <= each["ratio"] <= each["ratio_high"]
        assert (each["pairs"], each["replays"], each["device"]) == (15, True, "Orin")
        assert each["build_s"] >= 0


def test_bench_in_words(run, bundle, gpu):
    outcome = run("engine", "bench", *bundle, "--batch", 1, "--rounds", 1, "--pairs", 3)
    assert outcome.code == 0
    assert outcome.out.startswith("tensorrt/int8 on Orin, batch 1, graph replay: p50 ")
    assert "over the rounds, 3 pairs); built in" in outcome.out


def test_on_a_machine_without_a_gpu_it_says_so(run, bundle, tmp_path):
    """No stand-ins: whatever is installed here, there is one clear line."""
    folder = tmp_path / "engines"
    outcome = run("engine", "build", *bundle, "--engine-folder", folder)
    if outcome.code == 0:
        pytest.skip("this machine has a GPU and TensorRT")
    assert (outcome.code, outcome.out) == (1, "")
    assert len(outcome.err.splitlines()) == 1
    assert outcome.err.startswith(("outcrop: no CUDA device", "outcrop: no TensorRT is installed"))
    assert not folder.exists()
