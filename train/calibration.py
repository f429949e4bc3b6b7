"""Making probabilities mean what they say, from out-of-fold logits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, log_expit, log_softmax, softmax

from edge.confidence import Confidence

_LOG_TEMPERATURES = (math.log(0.05), math.log(20.0))
_SLOPES = (0.2, 5.0)
_LARGEST_ODDS = 20.0
_PRIOR = 1.0
"""Spectra's worth of trust in slope one and offset zero: what few spectra are corrected to."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What the head needs to speak of probabilities.

    Parameters
    ----------
    temperature : logits are divided by it
    known_probability : largest probabilities below this mean "never seen such a thing", where
        nothing better tells the unknown
    set_probability : classes at least this probable form the prediction set
    slope, offset : of the log-odds of the largest probability, see `edge/confidence.py`
    """

    temperature: float = 1.0
    known_probability: float = 0.0
    set_probability: float = 0.0
    slope: float = 1.0
    offset: float = 0.0

    @property
    def confidence(self) -> Confidence:
        """What makes probabilities of logits."""
        return Confidence(self.temperature, self.slope, self.offset)


def calibrate(
    logits: NDArray[np.float32],
    class_ids: NDArray[np.int64],
    coverage: float = 0.9,
    known_share: float = 0.95,
) -> Calibration:
    """Fit temperature, slope and offset, and both thresholds.

    Parameters
    ----------
    logits : (N, K) of spectra the model was not trained on
    class_ids : (N,) their true classes
    coverage : share of prediction sets that shall hold the truth
    known_share : share of known spectra whose largest probability shall lie above the threshold

    Returns
    -------
    Calibration
        Guo et al. 2017 for the temperature, Platt 1999 for slope and offset of the largest
        probability; split conformal prediction with least ambiguous sets (Sadinle, Lei, Wasserman
        2019) for the sets, with its finite-sample correction.
    """
    temperature = fit_temperature(logits, class_ids)
    slope, offset = fit_top(logits, class_ids, temperature)
    confidence = Confidence(temperature, slope, offset)
    probabilities = confidence.probabilities(logits).astype(np.float64)
    return Calibration(
        temperature=temperature,
        known_probability=lower_quantile(probabilities.max(axis=1), 1 - known_share),
        set_probability=lower_quantile(
            probabilities[np.arange(len(class_ids)), class_ids], 1 - coverage
        ),
        slope=slope,
        offset=offset,
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


def fit_top(
    logits: NDArray[np.float32], class_ids: NDArray[np.int64], temperature: float
) -> tuple[float, float]:
    """Return slope and offset that make the largest probability the chance of being right.

    A logistic regression of right or wrong on the log-odds of the largest probability, held near
    slope one and offset zero by as much as one spectrum weighs.
    """
    probabilities = softmax(logits.astype(np.float64) / temperature, axis=1)
    best = probabilities.argmax(axis=1)
    top = probabilities[np.arange(len(best)), best]
    rest = np.maximum(probabilities.sum(axis=1) - top, math.exp(-_LARGEST_ODDS))
    odds = np.clip(np.log(top / rest), -_LARGEST_ODDS, _LARGEST_ODDS)
    right = np.where(best == class_ids, 1.0, -1.0)

    def loss(pair: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margin = right * (pair[0] * odds + pair[1])
        away = pair - [1.0, 0.0]
        slip = -right * expit(-margin)
        gradient = np.array([slip @ odds, slip.sum()]) + _PRIOR * away
        return float(-log_expit(margin).sum() + 0.5 * _PRIOR * away @ away), gradient

    bounds = (_SLOPES, (-_LARGEST_ODDS, _LARGEST_ODDS))
    found = minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=bounds)
    return float(found.x[0]), float(found.x[1])


def negative_log_likelihood(
    logits: NDArray[np.float32], class_ids: NDArray[np.int64], temperature: float = 1.0
) -> float:
    """Return the mean negative log likelihood of the true classes, nats."""
    logs = log_softmax(logits.astype(np.float64) / temperature, axis=1)
    return float(-logs[np.arange(len(class_ids)), class_ids].mean())


def surprise(probabilities: NDArray[np.floating[Any]], class_ids: NDArray[np.int64]) -> float:
    """Return the mean negative log likelihood of the true classes from probabilities, nats."""
    truth = probabilities[np.arange(len(class_ids)), class_ids]
    return float(-np.log(np.maximum(truth, np.finfo(np.float64).tiny)).mean())


def brier_score(probabilities: NDArray[np.floating[Any]], class_ids: NDArray[np.int64]) -> float:
    """Return the mean squared distance of probabilities from the truth, 0 to 2 (Brier 1950).

    >>> brier_score(np.array([[1.0, 0.0]]), np.array([1]))
    2.0
    """
    error = probabilities.astype(np.float64)
    error[np.arange(len(class_ids)), class_ids] -= 1.0
    return float(np.square(error).sum(axis=1).mean())


def lower_quantile(values: NDArray[np.float64], share: float, lowest: float = 0.0) -> float:
    """Return the value that at most `share` of exchangeable new values fall below.

    Parameters
    ----------
    values : (N,)
    share : from 0 to 1
    lowest : returned where there are too few values
    """
    rank = math.floor(share * (len(values) + 1))  # 1-based; 0 where there are too few values
    return float(np.sort(values)[rank - 1]) if rank >= 1 else lowest
