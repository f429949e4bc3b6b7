"""Which runner a bundle gets, and in which precision."""

from __future__ import annotations

import platform
from dataclasses import replace
from pathlib import Path

import pytest

from edge.bundle import Bundle
from edge.errors import BundleFormatError, RunnerPrecisionError
from edge.runners import OnnxRunner
from edge.runners.choice import RunnerSettings, choose_precision, make_runner
from edge.runners.tensorrt import TensorrtRunner
from edge.runners.tensorrt_settings import TensorrtSettings

CPU = RunnerSettings()
GPU = RunnerSettings(TensorrtSettings(engine_folder=Path("/nowhere")))


@pytest.fixture
def holding(tiny_bundle):
    def with_precisions(*held: str, **recommended: str) -> Bundle:
        bundle = tiny_bundle.read()
        members = {f"backbone.{name}.onnx": bundle.backbone("fp32") for name in held}
        manifest = bundle.manifest.model_copy(update={"precision": recommended})
        return replace(bundle, manifest=manifest, members=members)

    return with_precisions


def test_on_the_cpu_the_bundle_recommends_by_machine(holding):
    recommended = {platform.machine(): "int8", "default": "fp32", "tensorrt": "fp16"}
    bundle = holding("fp32", "fp16", "int8", **recommended)
    assert choose_precision(bundle, None, CPU) == "int8"
    assert choose_precision(bundle, "fp32", CPU) == "fp32"
    assert choose_precision(holding("fp32", "int8", default="fp32"), None, CPU) == "fp32"


def test_on_a_gpu_it_recommends_by_the_runners_name(holding):
    bundle = holding("fp32", "fp16", "int8", tensorrt="fp16", default="fp32")
    assert choose_precision(bundle, None, GPU) == "fp16"
    assert choose_precision(bundle, "int8", GPU) == "int8"


@pytest.mark.parametrize(
    ("held", "chosen"),
    [
        (("fp32", "fp16", "int8", "int8.x86"), "int8"),
        (("fp32", "fp16"), "fp16"),
        (("fp32", "int8.x86"), "fp32"),
    ],
)
def test_without_a_recommendation_a_gpu_takes_the_fastest_there_is(holding, held, chosen):
    assert choose_precision(holding(*held, default="fp32"), None, GPU) == chosen


def test_what_a_gpu_does_not_run_is_refused_with_what_it_does(holding):
    bundle = holding("fp32", "int8.x86", default="fp32")
    with pytest.raises(RunnerPrecisionError, match=r"tensorrt runs .*, not int8\.x86: ") as caught:
        choose_precision(bundle, "int8.x86", GPU)
    assert caught.value.wanted == "int8.x86"
    assert caught.value.runs == ("int8", "fp16", "fp32")
    assert caught.value.held == ("fp32", "int8.x86")
    assert caught.value.exit_code == 2
    assert not caught.value.recoverable


def test_a_bundle_with_nothing_for_a_gpu_is_refused(holding):
    with pytest.raises(RunnerPrecisionError, match=r"the bundle holds int8\.x86"):
        choose_precision(holding("int8.x86", default="int8.x86"), None, GPU)


def test_each_kind_gives_its_runner(tiny_bundle):
    bundle = tiny_bundle.read()
    for settings, kind, name in [(CPU, OnnxRunner, "onnx"), (GPU, TensorrtRunner, "tensorrt")]:
        runner = make_runner(bundle, "fp32", settings)
        assert isinstance(runner, kind)
        assert (settings.kind, runner.name) == (name, f"{name}/fp32")


@pytest.mark.parametrize("settings", [CPU, GPU], ids=["onnx", "tensorrt"])
def test_a_precision_that_is_not_in_the_bundle_is_refused(tiny_bundle, settings):
    with pytest.raises(BundleFormatError, match=r"no backbone\.fp16\.onnx here, only fp32"):
        make_runner(tiny_bundle.read(), "fp16", settings)
