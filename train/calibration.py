"""Making probabilities mean what they say, from out-of-fold logits."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

_LOG_TEMPERATURES = (math.log(0.05), math.log(20.0))


@dataclass(frozen=True, slots=True)
class Calibration:
    """What the head needs to speak of probabilities.

    Parameters
    ----------
    temperature : logits are divided by it
    known_probability : largest probabilities below this mean "never seen such a thing"
    set_probability : classes at least this probable form the prediction set
    """

    temperature: float = 1.0
    known_probability: float = 0.0
    set_probability: float = 0.0


def calibrate(
    logits: NDArray[np.float32],
    class_ids: NDArray[np.int64],
    coverage: float = 0.9,
    known_share: float = 0.95,
) -> Calibration:
    """Fit temperature and both thresholds.

    Parameters
    ----------
    logits : (N, K) of spectra the model was not trained on
    class_ids : (N,) their true classes
    coverage : share of prediction sets that shall hold the truth
    known_share : share of known spectra whose largest probability shall lie above the threshold

    Returns
    -------
    Calibration
        Guo et al. 2017 for the temperature; split conformal prediction with least ambiguous
        sets (Sadinle, Lei, Wasserman 2019) for the sets, with its finite-sample correction.
    """
    temperature = fit_temperature(logits, class_ids)
    probabilities = np.exp(log_softmax(logits.astype(np.float64) / temperature, axis=1))
    return Calibration(
        temperature=temperature,
        known_probability=_lower_quantile(probabilities.max(axis=1), 1 - known_share),
        set_probability=_lower_quantile(
            probabilities[np.arange(len(class_ids)), class_ids], 1 - coverage
        ),
    )


def fit_temperature(logits: NDArray[np.float32], class_ids: NDArray[np.int64]) -> float:
    """Return the temperature that makes the negative log likelihood smallest, 0.05 to 20."""
    found = minimize_scalar(
        lambda log_temperature: negative_log_likelihood(
            logits, class_ids, math.exp(log_temperature)
        ),
        bounds=_LOG_TEMPERATURES,
        method="bounded",
    )
    return math.exp(float(found.x))


def negative_log_likelihood(
    logits: NDArray[np.float32], class_ids: NDArray[np.int64], temperature: float = 1.0
) -> float:
    """Return the mean negative log likelihood of the true classes, nats."""
    logs = log_softmax(logits.astype(np.float64) / temperature, axis=1)
    return float(-logs[np.arange(len(class_ids)), class_ids].mean())


def brier_score(
    logits: NDArray[np.float32], class_ids: NDArray[np.int64], temperature: float = 1.0
) -> float:
    """Return the mean squared distance of the probabilities from the truth, 0 to 2 (Brier 1950).

    >>> brier_score(np.array([[9.0, -9.0]], dtype=np.float32), np.array([1])).__round__(3)
    2.0
    """
    error = softmax(logits.astype(np.float64) / temperature, axis=1)
    error[np.arange(len(class_ids)), class_ids] -= 1.0
    return float(np.square(error).sum(axis=1).mean())


def _lower_quantile(values: NDArray[np.float64], share: float) -> float:
    """Return the value that at most `share` of exchangeable new values fall below."""
    rank = math.floor(share * (len(values) + 1))  # 1-based; 0 where there are too few values
    return float(np.sort(values)[rank - 1]) if rank >= 1 else 0.0
