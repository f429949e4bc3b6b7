from __future__ import annotations

from collections.abc import Callable

import pytest

pytest.importorskip("torch")

import numpy as np

from tests.unit.train.reporting.generated_runs import Drawn
from train.reporting.crossvalidated_run import CrossValidatedRun
from train.reporting.reliability import accuracy_at_coverage, confidence_of, reliability

pytestmark = pytest.mark.train
Make = Callable[[Drawn], CrossValidatedRun]


def test_bins_hold_all_spectra_and_the_error_is_their_mean_distance() -> None:
    confidence = np.array([0.0, 0.5, 0.5, 1.0])
    right = np.array([False, True, False, False])

    found = reliability(confidence, right)

    assert found.confidence.tolist() == [0.0, 0.5, 1.0]
    assert found.accuracy.tolist() == [0.0, 0.5, 0.0]
    assert found.share.tolist() == [0.25, 0.5, 0.25]
    assert found.error == pytest.approx(0.25)


def test_confidence_is_calibrated(make_run: Make) -> None:
    run = make_run(Drawn())
    assert run.report.calibration is not None

    confidence = confidence_of(run)

    assert confidence is not None
    found = run.report.calibration
    logits = run.logits[0].astype(np.float64) / found.temperature
    plain = np.exp(logits.max()) / np.exp(logits).sum()
    odds = found.slope * np.log(plain / (1 - plain)) + found.offset
    assert confidence[0] == pytest.approx(1 / (1 + np.exp(-odds)), rel=1e-4)


def test_accuracy_at_full_coverage_is_the_accuracy() -> None:
    chance = np.random.default_rng(0)
    confidence = chance.uniform(size=500)
    right = chance.uniform(size=500) < confidence

    curve = accuracy_at_coverage(confidence, right)

    assert curve[-1] == right.mean()
    assert curve[49] > curve[249] > curve[-1]
