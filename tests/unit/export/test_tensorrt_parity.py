from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

import numpy as np

from export.final_model import measure_final
from export.fold_parity import TrainedRun
from export.parity import make_report, measure_parity
from export.parity_report import Limits
from export.precisions import Backbones
from export.said import embed
from export.tensorrt_parity import Tensorrt
from tests.support.gpu_fakes import fake_gpu
from train.run import RunSpectra

pytestmark = pytest.mark.train


@pytest.fixture
def gpu() -> Iterator[Any]:
    with fake_gpu() as device:
        yield device
        assert device.in_use_bytes == 0


def _silent(text: str) -> None: ...


def test_a_run_is_compared_on_a_gpu_too(gpu: Any, trained_run: TrainedRun) -> None:
    told: list[str] = []
    tensorrt = Tensorrt(told.append)

    parity = measure_parity(trained_run, 2, tensorrt, _silent)
    final = measure_final(trained_run, "int8", tensorrt, _silent)
    report = make_report(parity, final.figures, Limits())

    assert report.not_measured == ()
    row, half = report.of("tensorrt/int8"), report.of("tensorrt/fp16")
    assert row is not None
    assert half is not None
    assert (row.bundled, half.bundled) == (True, False)
    assert row.size_bytes is None
    assert row.agreement >= 0.99
    assert row.latency is not None
    assert any("building an engine" in text for text in told)


def test_engines_of_an_export_are_thrown_away(
    gpu: Any, backbones: Backbones, spectra: RunSpectra
) -> None:
    tensorrt = Tensorrt()
    with tensorrt.runners(backbones, batch=8) as found, backbones.runners() as on_processor:
        assert list(found) == ["tensorrt/int8", "tensorrt/fp16"]
        got = embed(found["tensorrt/int8"], spectra.intensity)
        expected = embed(on_processor["int8"], spectra.intensity)

    np.testing.assert_allclose(got, expected, atol=1e-3)
    assert tensorrt.absent == {}


@pytest.mark.parametrize(
    ("failure", "reason"),
    [("driver", "driver"), ("library", "tensorrt"), ("build", "tensorrt/int8")],
)
def test_what_cannot_be_measured_says_why_and_is_not_tried_again(
    gpu: Any,
    backbones: Backbones,
    monkeypatch: pytest.MonkeyPatch,
    failure: str,
    reason: str,
) -> None:
    monkeypatch.setenv("FAKE_GPU_FAIL", failure)
    tensorrt = Tensorrt()
    with tensorrt.runners(backbones, batch=8) as found:
        assert found == {}
    assert set(tensorrt.absent) == {"tensorrt/int8", "tensorrt/fp16"}
    assert reason in tensorrt.absent["tensorrt/int8"]

    monkeypatch.delenv("FAKE_GPU_FAIL")
    with tensorrt.runners(backbones, batch=8) as found:
        assert found == {}


def test_a_gpu_that_fails_in_the_middle_is_not_measured_and_the_export_goes_on(
    gpu: Any, trained_run: TrainedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_GPU_FAIL", "infer")
    tensorrt = Tensorrt()

    parity = measure_parity(trained_run, 2, tensorrt, _silent)

    assert set(parity.absent) == {"tensorrt/int8", "tensorrt/fp16"}
    assert not any(name.startswith("tensorrt") for name in parity.runners)
