from __future__ import annotations

import pytest

pytest.importorskip("torch")

import numpy as np
from scipy.special import softmax

from train.calibration import (
    brier_score,
    calibrate,
    fit_temperature,
    fit_top,
    lower_quantile,
    negative_log_likelihood,
    surprise,
)

pytestmark = pytest.mark.train


def _drawn(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return logits (n, 6) and classes drawn from their softmax: perfectly calibrated."""
    chance = np.random.default_rng(seed)
    logits = chance.normal(0.0, 2.0, (n, 6)).astype(np.float32)
    cumulated = softmax(logits.astype(np.float64), axis=1).cumsum(axis=1)
    return logits, (chance.random((n, 1)) > cumulated).sum(axis=1).clip(0, 5)


@pytest.mark.parametrize("true_temperature", [0.3, 1.0, 4.0])
def test_the_temperature_is_found(true_temperature: float) -> None:
    logits, class_ids = _drawn(4000, 1)

    found = fit_temperature(logits * np.float32(true_temperature), class_ids)

    assert found == pytest.approx(true_temperature, rel=0.1)


def test_the_temperature_never_makes_the_likelihood_worse() -> None:
    logits, class_ids = _drawn(300, 2)
    logits *= 5

    calibrated = negative_log_likelihood(logits, class_ids, fit_temperature(logits, class_ids))

    assert calibrated < negative_log_likelihood(logits, class_ids)


def test_thresholds_cover_what_they_promise_on_new_spectra() -> None:
    calibration = calibrate(*_drawn(4000, 3), coverage=0.9, known_share=0.95)
    logits, class_ids = _drawn(4000, 4)

    probabilities = calibration.confidence.probabilities(logits)
    truth = probabilities[np.arange(4000), class_ids]

    assert (truth >= calibration.set_probability).mean() == pytest.approx(0.90, abs=0.015)
    known = probabilities.max(axis=1) >= calibration.known_probability
    assert known.mean() == pytest.approx(0.95, abs=0.015)


def test_too_few_spectra_for_a_threshold_rule_nothing_out() -> None:
    calibration = calibrate(*_drawn(5, 5))

    assert calibration.set_probability == 0.0
    assert calibration.known_probability == 0.0


@pytest.mark.parametrize(("slope", "offset"), [(1.0, 0.0), (0.6, -0.5), (1.4, 0.7)])
def test_slope_and_offset_of_the_largest_probability_are_found(slope: float, offset: float) -> None:
    chance = np.random.default_rng(6)
    logits = chance.normal(0.0, 2.0, (20_000, 6)).astype(np.float32)
    plain = softmax(logits.astype(np.float64), axis=1)
    best = plain.argmax(axis=1)
    top = plain[np.arange(len(plain)), best]
    sure = 1 / (1 + np.exp(-(slope * np.log(top / (1 - top)) + offset)))
    class_ids = np.where(chance.random(len(sure)) < sure, best, (best + 1) % 6)

    found = fit_top(logits, class_ids, 1.0)

    assert found == pytest.approx((slope, offset), abs=0.1)


@pytest.mark.parametrize("shown_right", [True, False])
def test_all_right_or_all_wrong_gives_no_extreme_correction(shown_right: bool) -> None:
    logits = 4 * np.eye(6, dtype=np.float32)[np.arange(12) % 6]
    class_ids = (np.arange(12) + (not shown_right)) % 6

    slope, offset = fit_top(logits, class_ids, 1.0)

    assert 0.2 <= slope <= 5
    assert abs(offset) < 5
    assert (offset > 0) is shown_right


def test_surprise_and_brier_score_of_probabilities_are_those_of_the_logits() -> None:
    logits, class_ids = _drawn(200, 8)
    probabilities = softmax(logits.astype(np.float64), axis=1)
    expected = np.square(probabilities - np.eye(6)[class_ids]).sum(axis=1).mean()

    assert surprise(probabilities, class_ids) == pytest.approx(
        negative_log_likelihood(logits, class_ids), rel=1e-5
    )
    assert brier_score(probabilities, class_ids) == pytest.approx(expected)
    assert np.isfinite(surprise(np.array([[1.0, 0.0]]), np.array([1])))


def test_a_quantile_of_too_few_values_is_the_lowest() -> None:
    assert lower_quantile(np.arange(5.0), 0.1, lowest=-7.0) == -7.0
    assert lower_quantile(np.arange(1.0, 10.0), 0.1, lowest=-7.0) == 1.0
