"""A calibration judged on a target that it was not fitted to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import numpy as np

from edge.calibration.axis import Calibration
from edge.calibration.drift import DriftEstimate, estimate_drift
from edge.calibration.exposure import Exposure
from edge.calibration.reference_lines import RAMAN_LINES_CM1, Target
from edge.calibration.target import TargetLine
from edge.errors import ExposureError, TargetNotSeenError

_TARGETS: tuple[Target, ...] = get_args(Target)
_LARGEST_DRIFT_CM1 = 10.0
"""What is further off is not guessed to be a target; it has to be said that it is."""


@dataclass(frozen=True, slots=True)
class TargetCheck:
    """What one exposure says.

    Parameters
    ----------
    source : where it came from
    taken_at : date and time, as they were told
    estimate : the target, its lines and their residuals; None where it is not seen
    not_used_cm1 : lines of the target that were not found, or saturated, or out of range
    beyond : lines that are off by more than the limit
    fault : why the target is not seen; empty where it is
    """

    source: str
    taken_at: str
    estimate: DriftEstimate | None
    not_used_cm1: tuple[float, ...]
    beyond: tuple[TargetLine, ...]
    fault: str = ""


def check_target(
    exposure: Exposure, calibration: Calibration, target: Target | None, limit_cm1: float
) -> TargetCheck:
    """Judge a calibration on one exposure.

    Parameters
    ----------
    exposure : of the target
    calibration : to be judged
    target : what was measured; None: the one of which the most lines stand together
    limit_cm1 : how far a line may be off

    Raises
    ------
    CalibrationError
        If the calibration gives no axis.
    ExposureError
        If it is of another number of pixels.
    """
    if exposure.counts.size != calibration.pixel_count:
        raise ExposureError(
            f"{exposure.source}: {exposure.counts.size} pixels, {calibration.pixel_count} are "
            "calibrated"
        )
    try:
        estimate = _estimate(exposure, calibration, target)
    except TargetNotSeenError as error:
        return TargetCheck(exposure.source, exposure.taken_at, None, (), (), str(error))
    found = {line.reference_cm1 for line in estimate.lines}
    return TargetCheck(
        exposure.source,
        exposure.taken_at,
        estimate,
        tuple(line for line in RAMAN_LINES_CM1[estimate.target] if line not in found),
        tuple(line for line in estimate.lines if abs(line.residual_cm1) > limit_cm1),
    )


def _estimate(exposure: Exposure, calibration: Calibration, target: Target | None) -> DriftEstimate:
    if target is not None:
        return estimate_drift(exposure.counts, calibration, target, exposure.saturated)
    seen = []
    for each in _TARGETS:
        try:
            estimate = estimate_drift(exposure.counts, calibration, each, exposure.saturated)
        except TargetNotSeenError:
            continue
        if abs(estimate.drift_cm1) <= _LARGEST_DRIFT_CM1:
            seen.append(estimate)
    if not seen:
        raise TargetNotSeenError("target", f"it is none of {', '.join(_TARGETS)}")
    return max(seen, key=lambda one: (len(one.lines), -_scatter_cm1(one)))


def _scatter_cm1(estimate: DriftEstimate) -> float:
    return float(np.sqrt(np.mean(np.square(estimate.residuals_cm1))))
