from __future__ import annotations

import pytest

pytest.importorskip("torch")

import numpy as np
from scipy.special import softmax

from train.calibration import calibrate, fit_temperature, negative_log_likelihood

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

    probabilities = softmax(logits / calibration.temperature, axis=1)
    truth = probabilities[np.arange(4000), class_ids]

    assert (truth >= calibration.set_probability).mean() == pytest.approx(0.90, abs=0.015)
    known = probabilities.max(axis=1) >= calibration.known_probability
    assert known.mean() == pytest.approx(0.95, abs=0.015)


def test_too_few_spectra_for_a_threshold_rule_nothing_out() -> None:
    calibration = calibrate(*_drawn(5, 5))

    assert calibration.set_probability == 0.0
    assert calibration.known_probability == 0.0
