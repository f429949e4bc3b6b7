"""The laser's wavelength, from where silicon's line is seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.calibration.axis import Calibration
from edge.calibration.peaks import Mask
from edge.calibration.target import TargetLine, find_target

_NM_PER_CM = 1e7


@dataclass(frozen=True, slots=True)
class LaserLine:
    """What silicon says of the laser.

    Parameters
    ----------
    wavelength_nm : nm, in the medium of the pixels' wavelengths
    sigma_nm : standard error, of silicon's line alone
    silicon : where it was found, on the axis of the laser that was assumed
    """

    wavelength_nm: float
    sigma_nm: float
    silicon: TargetLine


def find_laser_line(
    counts: NDArray[np.float64],
    calibration: Calibration,
    saturated: Mask | None = None,
) -> LaserLine:
    """Return the laser's wavelength: the one that puts silicon where it belongs.

    Parameters
    ----------
    counts : (P,) float64, counts of silicon
    calibration : pixels as they are, the laser as it is assumed: to some 40 cm⁻¹
    saturated : as in `find_target`

    Raises
    ------
    TargetNotSeenError
        If silicon is not seen.
    """
    (line,) = find_target(counts, calibration, "silicon", saturated)
    axis_nm = calibration.axis_nm()
    seen_nm = float(np.interp(line.pixel, np.arange(axis_nm.size), axis_nm))
    laser_nm = 1.0 / (1.0 / seen_nm + line.reference_cm1 / _NM_PER_CM)
    return LaserLine(laser_nm, line.sigma_cm1 * laser_nm**2 / _NM_PER_CM, line)
