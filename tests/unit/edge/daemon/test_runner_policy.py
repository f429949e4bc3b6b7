"""When the configured runner is given up, and what is said of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.bundle import Bundle, TrustedKeys
from edge.bundle.bundle import unpack_bundle
from edge.bundle.header import key_id
from edge.daemon.runner_policy import RunnerPolicy
from edge.errors import CudaDriverError, DeviceError, EngineProcessError, GoldenMismatchError
from tests.support import bundle_variants as variants

GPU = "tensorrt/fp32"
BROKEN = DeviceError("cuStreamSynchronize", "CUDA_ERROR_LAUNCH_FAILED")
PUBLIC = variants.KEY.public_key()


@pytest.fixture
def bundle() -> Bundle:
    return unpack_bundle(variants.release(1), TrustedKeys({key_id(PUBLIC): PUBLIC}))


@pytest.fixture
def make_policy(make_config, log):
    def policy(fallback: str = "onnx", **bundle: object) -> RunnerPolicy:
        runner = {"kind": "tensorrt", "fallback": fallback}
        return RunnerPolicy(make_config(runner, **bundle), log)

    return policy


def test_a_device_that_fails_three_times_in_a_row_is_given_up(make_policy, bundle, captured):
    policy = make_policy(precision="int8")
    assert [policy.failed(bundle, GPU, BROKEN) for _ in range(3)] == [False, False, True]
    assert policy.has_fallen_back(bundle)
    assert policy.settings(bundle).kind == "onnx"
    assert policy.precision(bundle) is None
    assert [(e["event"], e.get("times")) for e in captured.entries] == [
        ("runner.failed", 1),
        ("runner.failed", 2),
        ("runner.failed", 3),
        ("runner.fell_back", None),
    ]
    told = captured.entries[-1]
    assert (told["log_level"], told["from"], told["to"]) == ("error", GPU, "onnx/fp32")
    assert "CUDA_ERROR_LAUNCH_FAILED" in told["reason"]


def test_verdicts_between_failures_end_the_row(make_policy, bundle):
    policy = make_policy()
    for _ in range(5):
        assert not policy.failed(bundle, GPU, BROKEN)
        assert not policy.failed(bundle, GPU, BROKEN)
        policy.worked(bundle)
    assert policy.settings(bundle).kind == "tensorrt"


@pytest.mark.parametrize(
    ("error", "event"),
    [
        (EngineProcessError("operator Frobnicate", 1), "engine.failed"),
        (CudaDriverError("cuInit", "no driver"), "runner.failed"),
    ],
)
def test_what_does_not_get_better_by_trying_is_given_up_at_once(
    make_policy, bundle, captured, error, event
):
    assert make_policy().failed(bundle, GPU, error)
    assert [e["event"] for e in captured.entries] == [event, "runner.fell_back"]


def test_without_a_fallback_it_is_tried_for_ever(make_policy, bundle, captured):
    policy = make_policy("none", precision="int8")
    assert not any(policy.failed(bundle, GPU, BROKEN) for _ in range(10))
    assert not policy.fall_back(bundle, GPU, GoldenMismatchError(GPU, 1.0, 0.1))
    assert not policy.has_fallen_back(bundle)
    assert policy.settings(bundle).kind == "tensorrt"
    assert policy.precision(bundle) == "int8"
    assert {e["event"] for e in captured.entries} == {"runner.failed"}


def test_a_fallback_that_fails_has_none_itself(make_policy, bundle, captured):
    policy = make_policy()
    mismatch = GoldenMismatchError(GPU, 1.0, 0.1)
    assert policy.fall_back(bundle, GPU, mismatch)
    assert not policy.fall_back(bundle, "onnx/fp32", mismatch)
    assert [e["event"] for e in captured.entries] == ["runner.fell_back"]


def test_another_backbone_gets_the_configured_runner_anew(make_policy, bundle):
    policy = make_policy()
    policy.failed(bundle, GPU, EngineProcessError("no", 1))
    manifest = bundle.manifest.model_copy(update={"backbone_id": "b" * 64})
    assert policy.settings(replace(bundle, manifest=manifest)).kind == "tensorrt"
    assert policy.settings(bundle).kind == "onnx"


def test_what_the_runner_says_becomes_an_event(make_policy, bundle, captured):
    make_policy().settings(bundle).tell("no graph can be captured")
    assert captured.entries == [
        {"event": "runner.told", "log_level": "info", "text": "no graph can be captured"}
    ]
