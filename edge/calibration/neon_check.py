"""How well an axis agrees with a neon lamp: of the spectrometer alone, the laser has no part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.calibration.axis import Calibration
from edge.calibration.neon import NeonLine, fit_wavelengths


@dataclass(frozen=True, slots=True)
class NeonCheck:
    """What a lamp says of an axis.

    Parameters
    ----------
    offset_nm : mean of axis less tabulated wavelength in vacuum, nm; one of some 0.15 to 0.25 nm
        less than zero is of an axis that was calibrated in air
    scatter_nm : standard deviation around it, nm
    sigma_nm : standard error of the offset, nm
    lines : those that were known again
    axis_nm : where the axis has each of them, nm
    """

    offset_nm: float
    scatter_nm: float
    sigma_nm: float
    lines: tuple[NeonLine, ...]
    axis_nm: tuple[float, ...]


def check_axis(
    counts: NDArray[np.float64],
    calibration: Calibration,
    saturated: NDArray[np.bool_] | None = None,
) -> NeonCheck:
    """Compare an axis with the lines of a neon lamp.

    Parameters
    ----------
    counts : (P,) float64, counts
    calibration : good to some 5 nm
    saturated : (P,) bool, lines with such a pixel are left out

    Raises
    ------
    NeonFitError
        If the lines of a lamp are not there.
    CalibrationError
        If the calibration gives no axis.
    """
    start_nm = calibration.axis_nm()
    fit = fit_wavelengths([counts], start_nm, None if saturated is None else [saturated])
    pixels = np.array([line.pixel for line in fit.lines])
    seen_nm = np.interp(pixels, np.arange(start_nm.size), start_nm)
    off_nm = seen_nm - np.array([line.wavelength_nm for line in fit.lines])
    scatter_nm = float(off_nm.std(ddof=1))
    return NeonCheck(
        float(off_nm.mean()),
        scatter_nm,
        scatter_nm / float(np.sqrt(off_nm.size)),
        fit.lines,
        tuple(float(nm) for nm in seen_nm),
    )
