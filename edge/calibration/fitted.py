"""A calibration fitted to a neon lamp and to silicon, and how it was come by."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from edge.calibration.axis import Calibration
from edge.calibration.exposure import Exposure
from edge.calibration.laser_line import LaserLine, find_laser_line
from edge.calibration.neon import WavelengthFit, fit_wavelengths
from edge.errors import ExposureError


@dataclass(frozen=True, slots=True)
class FittedCalibration:
    """What came of it.

    Parameters
    ----------
    calibration : to be used from now on
    wavelengths : how the pixels' wavelengths were fitted; None: they are as they were believed
    laser_lines : what each exposure of silicon says of the laser; empty: it is as it was told
    """

    calibration: Calibration
    wavelengths: WavelengthFit | None
    laser_lines: tuple[LaserLine, ...]

    @property
    def laser_sigma_nm(self) -> float:
        """Standard error of the laser's wavelength, nm; NaN where silicon was not measured."""
        if not self.laser_lines:
            return math.nan
        found_nm = [line.wavelength_nm for line in self.laser_lines]
        own_nm = float(np.mean([line.sigma_nm for line in self.laser_lines]))
        spread_nm = float(np.std(found_nm, ddof=1)) if len(found_nm) > 1 else 0.0
        return max(own_nm, spread_nm) / math.sqrt(len(found_nm))


def fit_calibration(
    neon: Sequence[Exposure], silicon: Sequence[Exposure], laser_nm: float | None = None
) -> FittedCalibration:
    """Fit the pixels' wavelengths to a lamp, then the laser's to silicon.

    Parameters
    ----------
    neon : exposures of one lamp, short and long; without any, the wavelengths stay as they are
        believed to be
    silicon : exposures whose median laser is taken; without any, the laser stays as it is told
    laser_nm : what to start from, nm; None: what the exposures say

    Raises
    ------
    ExposureError
        If there is no exposure, they are of different instruments, or nobody tells a laser to
        start from.
    NeonFitError, TargetNotSeenError
        If the lamp's lines or silicon's are not seen.
    """
    exposures = [*neon, *silicon]
    if not exposures:
        raise ExposureError("nothing to calibrate by: neither neon nor silicon")
    _check_one_instrument(exposures)
    believed = exposures[0].calibration
    if laser_nm is None:
        laser_nm = exposures[-1].calibration.laser_wavelength_nm
    if math.isnan(laser_nm):
        raise ExposureError("no exposure tells the laser's wavelength: give it by --laser-nm")
    wavelengths = None
    if neon:
        counts, saturated = [n.counts for n in neon], [n.saturated for n in neon]
        wavelengths = fit_wavelengths(counts, believed.axis_nm(), saturated)
        believed = replace(
            believed,
            wavelength_coefficients_nm=wavelengths.coefficients_nm,
            wavelength_nm=wavelengths.wavelength_nm,
            shift_nm=0.0,
        )
    started = replace(believed, laser_wavelength_nm=laser_nm)
    lines = tuple(find_laser_line(s.counts, started, s.saturated) for s in silicon)
    if lines:
        laser_nm = float(np.median([line.wavelength_nm for line in lines]))
    return FittedCalibration(replace(started, laser_wavelength_nm=laser_nm), wavelengths, lines)


def _check_one_instrument(exposures: Sequence[Exposure]) -> None:
    first = exposures[0]
    for other in exposures[1:]:
        if other.counts.size != first.counts.size:
            raise ExposureError(
                f"{other.source}: {other.counts.size} pixels, {first.source}: {first.counts.size}"
            )
        ids = (first.instrument_id, other.instrument_id)
        if None not in ids and ids[0] != ids[1]:
            raise ExposureError(
                f"{other.source} is of {ids[1]}, {first.source} is of {ids[0]}: one instrument at "
                "a time"
            )
