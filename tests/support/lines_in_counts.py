"""Counts with lines where they are wanted, noise included: what calibration is tested on."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from edge.calibration.axis import Calibration
from edge.calibration.reference_lines import NEON_LINES_NM, RAMAN_LINES_CM1, Target

STRENGTHS: dict[Target, tuple[float, ...]] = {
    "silicon": (100,),
    "polystyrene": (16, 10, 100, 27, 13, 8, 12, 28),
    "calcite": (30, 50, 15, 100),
    "diamond": (100,),
}
"""Of `RAMAN_LINES_CM1`, the strongest 100."""
PIXELS = 2048
CALIBRATION = Calibration((530.9, 0.0862, -2.7e-6, -1.1e-9), 532.2, PIXELS)
"""As the instruments of the real frames have it, in vacuum."""


def counts_of(
    pixels: Iterable[float],
    heights: Iterable[float],
    *,
    fwhm_pixels: float = 3.0,
    background: float = 1000.0,
    noise: float = 5.0,
    seed: int = 0,
    pixel_count: int = PIXELS,
) -> NDArray[np.float64]:
    """Return Gaussian lines on a background, (P,) counts."""
    at = np.arange(pixel_count, dtype=np.float64)
    counts = background + np.random.default_rng(seed).normal(0.0, noise, pixel_count)
    sigma = fwhm_pixels / 2.3548
    for pixel, height in zip(pixels, heights, strict=True):
        counts += height * np.exp(-0.5 * ((at - pixel) / sigma) ** 2)
    return counts


def pixels_of(wavelength_nm: NDArray[np.float64], calibration: Calibration) -> NDArray[np.float64]:
    """Return where on the detector wavelengths fall, on a rising or falling axis."""
    axis_nm = calibration.axis_nm()
    order = np.argsort(axis_nm)
    return np.interp(wavelength_nm, axis_nm[order], order.astype(np.float64))


def neon_counts(
    calibration: Calibration = CALIBRATION, height: float = 8000.0, seed: int = 0, **how: float
) -> NDArray[np.float64]:
    """Return a lamp whose lines differ in height by a factor of thirty."""
    axis_nm = calibration.axis_nm()
    inside = np.abs(NEON_LINES_NM - (axis_nm[0] + axis_nm[-1]) / 2) < np.ptp(axis_nm) / 2
    lines = NEON_LINES_NM[inside]
    heights = height * np.random.default_rng(3).uniform(0.03, 1.0, lines.size)
    pixels = pixels_of(lines, calibration)
    return counts_of(pixels, heights, seed=seed, pixel_count=calibration.pixel_count, **how)


def target_counts(
    target: Target,
    calibration: Calibration = CALIBRATION,
    *,
    drift_cm1: float = 0.0,
    height: float = 8000.0,
    seed: int = 0,
    **how: float,
) -> NDArray[np.float64]:
    """Return a target as an instrument shows it whose peaks have moved to larger shift."""
    shift = np.array(RAMAN_LINES_CM1[target]) + drift_cm1
    wavelength_nm = 1.0 / (1.0 / calibration.laser_wavelength_nm - shift / 1e7)
    heights = height * np.array(STRENGTHS[target]) / 100.0
    pixels = pixels_of(wavelength_nm, calibration)
    return counts_of(pixels, heights, seed=seed, pixel_count=calibration.pixel_count, **how)
