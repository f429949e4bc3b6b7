"""Which peak of a neon lamp is which line.

Lines are told by where they stand relative to each other: an offset and a stretch of the start
axis are searched for that bring the most peaks onto tabulated lines. Then a polynomial that
corrects the start axis tells the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

from edge.calibration.peaks import Peak
from edge.calibration.reference_lines import NEON_LINES_NM
from edge.errors import NeonFitError

FEWEST_LINES = 6
LARGEST_OFFSET_NM = 5.0
LARGEST_STRETCH = 0.02
_COARSE_PIXELS = 2.0
"""Peaks and lines that are so near each other at the right offset and stretch are the same."""
_LEAST_REACH_NM = 0.02
_LEAST_STRETCH_STEP = 4e-4
"""No finer steps are tried: the search is bounded whatever the axis."""
_MOST_PEAKS = 40
_ISOLATION_FWHM = 1.5
"""A tabulated line with another one nearer than so many widths is not used: it is a blend."""
_REACH_PIXELS = (2.0, 1.5, 1.0)
_PAIRING_DEGREE = 4
_LINES_A_TERM = 3
"""So many lines for each coefficient, or the correction has fewer."""
_SIGMA_FLOOR_PIXELS = 0.03
"""No shape that a line is fitted with is right to better than this."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class LampLines:
    """Lines (K,) of a lamp: where they are found, and what they are.

    Parameters
    ----------
    pixels, sigmas_pixels : (K,) float64, pixels, and their standard errors
    wavelengths_nm : (K,) float64, nm in vacuum, as tabulated
    started_nm : (K,) float64, nm, where the start axis has them
    nm_per_pixel : mean dispersion
    """

    pixels: Floats
    sigmas_pixels: Floats
    wavelengths_nm: Floats
    started_nm: Floats
    nm_per_pixel: float


def find_lamp_lines(peaks: list[Peak], start_nm: Floats) -> LampLines:
    """Tell which peak is which line, ever more strictly.

    Parameters
    ----------
    peaks : of the lamp, each line once
    start_nm : (P,) float64, nm, rising or falling: good to `LARGEST_OFFSET_NM` and
        `LARGEST_STRETCH`

    Raises
    ------
    NeonFitError
        If fewer than `FEWEST_LINES` are known again.
    """
    if len(peaks) < FEWEST_LINES:
        raise NeonFitError(
            f"{len(peaks)} peaks stand out of the noise, {FEWEST_LINES} are the least"
        )
    pixels = np.array([peak.pixel for peak in peaks])
    sigmas = np.hypot([peak.sigma_pixel for peak in peaks], _SIGMA_FLOOR_PIXELS)
    nm_per_pixel = float(np.abs(np.diff(start_nm)).mean())
    started_nm = np.interp(pixels, np.arange(start_nm.size), start_nm)
    where_nm = _aligned(peaks, started_nm, nm_per_pixel)
    lines = _isolated(peaks, nm_per_pixel)
    for reach_pixels in _REACH_PIXELS:
        at, which = _paired(where_nm, lines, reach_pixels * nm_per_pixel)
        if at.size < FEWEST_LINES:
            raise NeonFitError(
                f"{at.size} of {len(peaks)} peaks are neon lines that this instrument tells "
                f"apart, {FEWEST_LINES} are the least"
            )
        off_nm = lines[which] - started_nm[at]
        degree = min(_PAIRING_DEGREE, at.size // _LINES_A_TERM - 1)
        correction = Polynomial.fit(pixels[at], off_nm, degree, w=1.0 / sigmas[at])
        where_nm = started_nm + correction(pixels)
    return LampLines(pixels[at], sigmas[at], lines[which], started_nm[at], nm_per_pixel)


def _aligned(peaks: list[Peak], start_nm: Floats, nm_per_pixel: float) -> Floats:
    """Return where offset and stretch bring the peaks, those that bring most onto lines."""
    order = np.argsort([-peak.height for peak in peaks])[:_MOST_PEAKS]
    middle = float(start_nm.mean())
    reach = max(_COARSE_PIXELS * nm_per_pixel, _LEAST_REACH_NM)
    offsets = np.arange(-LARGEST_OFFSET_NM, LARGEST_OFFSET_NM, reach / 4)
    half_span = max(float(np.abs(start_nm - middle).max()), reach)
    finest = max(reach / 4 / half_span, _LEAST_STRETCH_STEP)
    best_score, best_nm = -np.inf, start_nm
    for stretch in np.arange(-LARGEST_STRETCH, LARGEST_STRETCH, finest):
        stretched = start_nm + stretch * (start_nm - middle)
        apart = distance_nm(stretched[order] + offsets[:, None])
        near = np.clip(1.0 - apart / reach, 0.0, None).sum(axis=1)
        # of equals the one that moves the least
        cost = np.abs(offsets) / LARGEST_OFFSET_NM + abs(stretch) / LARGEST_STRETCH
        scores = near - 1e-3 * cost
        if scores.max() > best_score:
            best_score = float(scores.max())
            best_nm = stretched + offsets[int(scores.argmax())]
    return np.asarray(best_nm)


def distance_nm(wavelength_nm: Floats) -> Floats:
    """Return how far the nearest tabulated line is, nm."""
    after = np.clip(np.searchsorted(NEON_LINES_NM, wavelength_nm), 1, NEON_LINES_NM.size - 1)
    below, above = NEON_LINES_NM[after - 1], NEON_LINES_NM[after]
    return np.asarray(np.minimum(np.abs(wavelength_nm - below), np.abs(above - wavelength_nm)))


def _isolated(peaks: list[Peak], nm_per_pixel: float) -> Floats:
    """Return the tabulated lines that this instrument can tell from their neighbours."""
    fwhm_nm = float(np.median([peak.fwhm_pixels for peak in peaks])) * nm_per_pixel
    gaps = np.concatenate([[np.inf], np.diff(NEON_LINES_NM), [np.inf]])
    stands_alone = np.minimum(gaps[:-1], gaps[1:]) > _ISOLATION_FWHM * fwhm_nm
    return np.asarray(NEON_LINES_NM[stands_alone])


def _paired(
    wavelength_nm: Floats, lines: Floats, reach_nm: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return peaks and lines that are each other's nearest, and near."""
    if not lines.size:
        return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp)
    apart = np.abs(wavelength_nm[:, None] - lines[None, :])
    line = apart.argmin(axis=1)
    peak_of_line = apart.argmin(axis=0)
    at = np.flatnonzero(
        (peak_of_line[line] == np.arange(len(wavelength_nm))) & (apart.min(axis=1) < reach_nm)
    )
    return at, line[at]
