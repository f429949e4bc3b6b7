"""Confidence and prediction sets, judged on folds they were not calibrated on.

The calibration that ships is fitted on all out-of-fold logits. What is said about it comes from
calibrations fitted on all folds but one and judged on that one (cross-fitting).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.bundle.manifest import CalibrationFigures
from edge.confidence import softmax
from train.calibration import Calibration, calibrate
from train.fold_result import FoldResult
from train.recipe import ValidatePart

ECE_BINS = 15


@dataclass(frozen=True, slots=True, eq=False)
class CrossFitted:
    """What calibrations said of the fold they had not seen, the folds pooled.

    Parameters
    ----------
    class_ids : (N,) true classes
    plain : (N, K) softmax of the logits as they came
    probabilities : (N, K) calibrated
    sets : (N, K) bool, classes in the prediction set
    """

    class_ids: NDArray[np.int64]
    plain: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    sets: NDArray[np.bool_]

    @property
    def right(self) -> NDArray[np.bool_]:
        """Which spectra are classified rightly, (N,)."""
        right: NDArray[np.bool_] = self.plain.argmax(axis=1) == self.class_ids
        return right

    @property
    def covered(self) -> NDArray[np.bool_]:
        """Which prediction sets hold the truth, (N,)."""
        covered: NDArray[np.bool_] = self.sets[np.arange(len(self.class_ids)), self.class_ids]
        return covered


def cross_fit(
    results: Sequence[FoldResult], class_ids: NDArray[np.int64], part: ValidatePart
) -> CrossFitted:
    """Calibrate on all folds but one, judge that one, for each."""
    judged: list[CrossFitted] = []
    for number, result in enumerate(results):
        calibration = calibrate_without(results, class_ids, part, number)
        probabilities = calibration.confidence.probabilities(result.logits)
        judged.append(
            CrossFitted(
                class_ids=class_ids[result.held_out],
                plain=softmax(result.logits).astype(np.float64),
                probabilities=probabilities.astype(np.float64),
                sets=prediction_sets(probabilities, calibration.set_probability),
            )
        )
    return CrossFitted(
        class_ids=np.concatenate([one.class_ids for one in judged]),
        plain=np.concatenate([one.plain for one in judged]),
        probabilities=np.concatenate([one.probabilities for one in judged]),
        sets=np.concatenate([one.sets for one in judged]),
    )


def calibrate_without(
    results: Sequence[FoldResult], class_ids: NDArray[np.int64], part: ValidatePart, left_out: int
) -> Calibration:
    """Calibrate on all folds but one."""
    kept = [result for number, result in enumerate(results) if number != left_out]
    return calibrate(
        np.concatenate([result.logits for result in kept]),
        class_ids[np.concatenate([result.held_out for result in kept])],
        part.coverage,
        part.known_share,
    )


def prediction_sets(
    probabilities: NDArray[np.float32], set_probability: float
) -> NDArray[np.bool_]:
    """Return which classes form the prediction set of each spectrum (N, K), as a verdict does."""
    sets = probabilities >= set_probability
    sets[np.arange(len(sets)), probabilities.argmax(axis=1)] = True  # never empty
    return sets


def calibration_error(
    confidence: NDArray[np.float64], right: NDArray[np.bool_], bins: int = ECE_BINS
) -> float:
    """Return the expected calibration error, a fraction, over bins of equal mass.

    Spectra are sorted by confidence and cut into `bins` parts that differ by one spectrum at most;
    the error is the mean over the spectra of |mean confidence - share right| of their bin.

    >>> calibration_error(np.array([0.9, 0.9]), np.array([True, False]), 1).__round__(3)
    0.4
    """
    order = np.argsort(confidence, kind="stable")
    gaps = [
        abs(confidence[part].mean() - right[part].mean()) * len(part)
        for part in np.array_split(order, min(bins, len(order)))
    ]
    return float(sum(gaps) / len(order))


def calibration_figures(fitted: CrossFitted, part: ValidatePart) -> CalibrationFigures:
    """Return what the manifest says of confidence and prediction sets."""
    of_class = [
        float(fitted.covered[fitted.class_ids == class_id].mean())
        for class_id in np.unique(fitted.class_ids)
    ]
    return CalibrationFigures(
        method="cross-fitted: calibrated on the other folds",
        n=len(fitted.class_ids),
        ece=calibration_error(fitted.probabilities.max(axis=1), fitted.right),
        ece_uncalibrated=calibration_error(fitted.plain.max(axis=1), fitted.right),
        ece_bins=ECE_BINS,
        nominal_coverage=part.coverage,
        coverage=float(fitted.covered.mean()),
        class_coverage=float(np.mean(of_class)),
        classes_below_nominal=int(sum(share < part.coverage for share in of_class)),
        set_size=float(fitted.sets.sum(axis=1).mean()),
        single_share=float((fitted.sets.sum(axis=1) == 1).mean()),
    )
