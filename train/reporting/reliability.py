"""How far confidence can be believed: calibration error, reliability, coverage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from train.reporting.crossvalidated_run import CrossValidatedRun
from train.run_head import run_confidence

BINS = 15
"""Of equal width, as Guo et al. 2017 took them."""


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """Confidence and accuracy, bin by bin; bins without spectra are left out.

    Parameters
    ----------
    confidence : (b,) mean of the largest probability
    accuracy : (b,) share that is right
    share : (b,) share of all spectra
    """

    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    share: NDArray[np.float64]

    @property
    def error(self) -> float:
        """Expected calibration error, a fraction."""
        return float(np.abs(self.confidence - self.accuracy) @ self.share)


def confidence_of(run: CrossValidatedRun) -> NDArray[np.float64] | None:
    """Return the largest calibrated probability (N,), None if the run was not calibrated."""
    if run.report.calibration is None:
        return None
    confidence = run_confidence(run.report)
    largest: NDArray[np.float64] = confidence.probabilities(run.logits).max(axis=1)
    return largest.astype(np.float64)


def reliability(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> Reliability:
    """Sort spectra into bins of confidence.

    Parameters
    ----------
    confidence : (N,) from 0 to 1
    right : (N,) whether the prediction was

    >>> reliability(np.array([0.9, 0.9]), np.array([True, False])).error.__round__(3)
    0.4
    """
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    count = np.bincount(bins, minlength=BINS)
    filled = count > 0
    return Reliability(
        confidence=np.bincount(bins, confidence, BINS)[filled] / count[filled],
        accuracy=np.bincount(bins, right, BINS)[filled] / count[filled],
        share=count[filled] / len(confidence),
    )


def accuracy_at_coverage(
    confidence: NDArray[np.float64], right: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the accuracy among the 1, 2, ..., N most confident predictions (N,).

    >>> accuracy_at_coverage(np.array([0.2, 0.9]), np.array([False, True])).tolist()
    [1.0, 0.5]
    """
    order = np.argsort(-confidence, kind="stable")
    shares: NDArray[np.float64] = np.cumsum(right[order]) / np.arange(1, len(right) + 1)
    return shares
