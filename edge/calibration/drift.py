"""How far an axis has moved since it was calibrated, from a target whose lines are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.calibration.axis import Calibration
from edge.calibration.peaks import Mask
from edge.calibration.reference_lines import Target
from edge.calibration.target import TargetLine, find_target

_NM_PER_CM = 1e7
_REFERENCE_SIGMA_CM1 = 0.3
"""So well are the reference values known, and the same from specimen to specimen."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DriftEstimate:
    """What a target says of the axis.

    Parameters
    ----------
    target : what was measured
    drift_cm1 : mean of measured less reference, cm⁻¹; positive: peaks appear at larger shift
    drift_nm : the same in wavelength, what `Calibration.corrected` takes
    sigma_cm1 : standard error of `drift_cm1`; how the lines scatter is in it
    lines : those that were found
    """

    target: Target
    drift_cm1: float
    drift_nm: float
    sigma_cm1: float
    lines: tuple[TargetLine, ...]

    @property
    def residuals_cm1(self) -> tuple[float, ...]:
        """What the drift does not explain of each line, cm⁻¹."""
        return tuple(line.residual_cm1 - self.drift_cm1 for line in self.lines)


def estimate_drift(
    counts: NDArray[np.float64],
    calibration: Calibration,
    target: Target,
    saturated: Mask | None = None,
) -> DriftEstimate:
    """Estimate how far a calibration is off, from one frame of a target.

    Parameters
    ----------
    counts : (P,) float64, counts, with or without dark
    calibration : as it is believed to be
    target : what was measured
    saturated : (P,) bool; a line with such a pixel near its top is not used

    Raises
    ------
    TargetNotSeenError
        If the target's lines are not there within 40 cm⁻¹ of where they belong.
    CalibrationError
        If the calibration gives no axis.
    """
    lines = find_target(counts, calibration, target, saturated)
    residual_cm1 = np.array([line.residual_cm1 for line in lines])
    variance = np.array([line.sigma_cm1**2 + _REFERENCE_SIGMA_CM1**2 for line in lines])
    drift_cm1 = float(np.average(residual_cm1, weights=1.0 / variance))
    drift_nm = float(np.average(_residuals_nm(lines, calibration), weights=1.0 / variance))
    sigma_cm1 = _standard_error(residual_cm1 - drift_cm1, variance)
    return DriftEstimate(target, drift_cm1, drift_nm, sigma_cm1, tuple(lines))


def _residuals_nm(lines: list[TargetLine], calibration: Calibration) -> Floats:
    axis_nm = calibration.axis_nm()
    seen_nm = np.interp([line.pixel for line in lines], np.arange(axis_nm.size), axis_nm)
    reference_cm1 = np.array([line.reference_cm1 for line in lines])
    return np.asarray(
        seen_nm - 1.0 / (1.0 / calibration.laser_wavelength_nm - reference_cm1 / _NM_PER_CM)
    )


def _standard_error(residual_cm1: Floats, variance: Floats) -> float:
    """Return the error of a weighted mean, the larger where the lines scatter more than said."""
    expected = 1.0 / float(np.sum(1.0 / variance))
    if residual_cm1.size == 1:
        return float(np.sqrt(expected))
    scatter = float(np.sum(residual_cm1**2 / variance)) / (residual_cm1.size - 1)
    return float(np.sqrt(expected * max(1.0, scatter)))
