"""Wavelengths of the pixels, fitted to a neon lamp. They are those in vacuum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

from edge.calibration.lamp_lines import LARGEST_OFFSET_NM, LampLines, distance_nm, find_lamp_lines
from edge.calibration.line_fit import LineFit, fit_degree
from edge.calibration.peaks import Mask, Peak, find_peaks
from edge.errors import NeonFitError

DEGREES = (1, 2, 3, 4, 5)
"""Of the correction; which one, the lines decide."""
_AXIS_DEGREES = (3, 4, 5)
_SAME_NM = 1e-5
"""An axis that a polynomial follows so closely is told by its coefficients."""
_FEWEST_PIXELS = 16
_LEAST_SIGNAL_TO_NOISE = 8.0
_LARGEST_SCATTER_PIXELS = 0.35
_LARGEST_SCATTER_FWHM = 0.15
"""Left-out lines of real lamps scatter by 0.05 to 0.17 pixels, by chance by half a pixel."""
_ABOUT_AS_GOOD = 1.1
_LEAST_SHARE_KNOWN = 0.7
"""Of the strongest peaks. On real lamps 0.96 to 1 are, by chance at most 0.4 of them."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class NeonLine:
    """One line of the lamp where the fit has it.

    Parameters
    ----------
    wavelength_nm : as tabulated, nm in vacuum
    pixel, sigma_pixel : where it was found
    residual_nm : fitted less tabulated, nm
    """

    wavelength_nm: float
    pixel: float
    sigma_pixel: float
    residual_nm: float


@dataclass(frozen=True, slots=True)
class WavelengthFit:
    """Where each pixel stands, in vacuum: the start axis and a polynomial that corrects it.

    Parameters
    ----------
    coefficients_nm : c₀, c₁, … of c₀ + c₁·pixel + …, nm; empty where there is a table
    wavelength_nm : (P,) nm, where no polynomial is the axis; empty where there are coefficients
    degree : of the correction
    lines : those it was fitted to, in the order of wavelengths
    peaks_not_used : peaks of the lamp that are no tabulated line, blended, or disagree
    rms_nm : root mean square of the residuals, nm
    left_out_rms_nm : the same, each line judged by the fit to the others, nm
    """

    coefficients_nm: tuple[float, ...]
    wavelength_nm: tuple[float, ...] = field(repr=False)
    degree: int
    lines: tuple[NeonLine, ...]
    peaks_not_used: int
    rms_nm: float
    left_out_rms_nm: float


def fit_wavelengths(
    exposures: Sequence[Floats], start_nm: Floats, saturated: Sequence[Mask] | None = None
) -> WavelengthFit:
    """Fit the pixels' wavelengths to one lamp, exposed short for strong lines, long for weak ones.

    What is fitted is a correction to the start axis: that knows the instrument's dispersion also
    where the lamp shows no line. Its degree is the lowest of `DEGREES` that says within a tenth
    as well as the best where a line is that it was not fitted to.

    Parameters
    ----------
    exposures : (P,) float64 each, counts
    start_nm : (P,) float64, nm, rising or falling: good to some 5 nm and two percent
    saturated : (P,) bool for each exposure; a line with such a pixel is taken from another one

    Raises
    ------
    NeonFitError
        If fewer than six lines are known again, or most of the strongest peaks are none, or the
        lines do not agree with each other; or counts are not numbers, or of another length.
    """
    _check_counts(exposures, start_nm)
    masks = [None] * len(exposures) if saturated is None else saturated
    found = [
        peak
        for counts, mask in zip(exposures, masks, strict=True)
        for peak in find_peaks(counts, _LEAST_SIGNAL_TO_NOISE, mask)
    ]
    peaks = _best_of_each(found)
    lines = find_lamp_lines(peaks, start_nm)
    fits = [fit_degree(lines, each) for each in DEGREES if lines.pixels.size >= each + 4]
    cheapest = min(fit.cost_pixels for fit in fits)
    chosen = next(fit for fit in fits if fit.cost_pixels <= _ABOUT_AS_GOOD * cheapest)
    axis_nm = start_nm + chosen.correction(np.arange(start_nm.size))
    result = _result(chosen, axis_nm, lines, len(peaks))
    _check_known(peaks, axis_nm, lines.nm_per_pixel)
    _check_scatter(result, peaks, lines.nm_per_pixel)
    return result


def _check_counts(exposures: Sequence[Floats], start_nm: Floats) -> None:
    if start_nm.size < _FEWEST_PIXELS:
        raise NeonFitError(f"{start_nm.size} pixels are no spectrum")
    for counts in exposures:
        if counts.shape != start_nm.shape:
            raise NeonFitError(f"{counts.size} pixels, the start axis has {start_nm.size}")
        if not np.isfinite(counts).all():
            raise NeonFitError("counts that are not numbers")


def _best_of_each(found: list[Peak]) -> list[Peak]:
    """Keep of each line that several exposures show the one that is surest."""
    best: list[Peak] = []
    for peak in sorted(found, key=lambda p: p.pixel):
        if best and peak.pixel - best[-1].pixel < 1.0:
            best[-1] = min(best[-1], peak, key=lambda p: p.sigma_pixel)
        else:
            best.append(peak)
    return best


def _check_known(peaks: list[Peak], axis_nm: Floats, nm_per_pixel: float) -> None:
    """Refuse a fit that leaves strong peaks unexplained: by chance it goes through a few."""
    half = sorted(peaks, key=lambda peak: -peak.height)[: (len(peaks) + 1) // 2]
    reach_nm = nm_per_pixel * max(1.0, 0.5 * float(np.median([p.fwhm_pixels for p in peaks])))
    off_nm = distance_nm(np.interp([p.pixel for p in half], np.arange(axis_nm.size), axis_nm))
    known = int((off_nm < reach_nm).sum())
    if known < _LEAST_SHARE_KNOWN * len(half):
        raise NeonFitError(
            f"{known} of the {len(half)} strongest peaks are neon lines: another lamp, or "
            f"wavelengths that start off by more than {LARGEST_OFFSET_NM:g} nm"
        )


def _check_scatter(result: WavelengthFit, peaks: list[Peak], nm_per_pixel: float) -> None:
    """Refuse a fit that does not say where its own lines are."""
    fwhm_pixels = float(np.median([peak.fwhm_pixels for peak in peaks]))
    most_nm = nm_per_pixel * max(_LARGEST_SCATTER_PIXELS, _LARGEST_SCATTER_FWHM * fwhm_pixels)
    if result.left_out_rms_nm > most_nm:
        raise NeonFitError(
            f"the lines scatter by {result.left_out_rms_nm:.3g} nm around the fit, "
            f"{most_nm:.3g} nm is the most: they are taken for others than they are"
        )


def _result(fit: LineFit, axis_nm: Floats, lines: LampLines, peak_count: int) -> WavelengthFit:
    residual_nm = lines.started_nm + fit.correction(lines.pixels) - lines.wavelengths_nm
    kept = np.flatnonzero(fit.agrees)
    coefficients_nm = _coefficients_nm(axis_nm)
    columns = (lines.wavelengths_nm, lines.pixels, lines.sigmas_pixels, residual_nm)
    return WavelengthFit(
        coefficients_nm=coefficients_nm,
        wavelength_nm=() if coefficients_nm else tuple(axis_nm.tolist()),
        degree=fit.correction.degree(),
        lines=tuple(
            NeonLine(*(float(column[k]) for column in columns))
            for k in kept[np.argsort(lines.wavelengths_nm[kept])]
        ),
        peaks_not_used=peak_count - kept.size,
        rms_nm=float(np.sqrt(np.mean(residual_nm[kept] ** 2))),
        left_out_rms_nm=float(np.sqrt(np.mean(fit.left_out_nm[kept] ** 2))),
    )


def _coefficients_nm(axis_nm: Floats) -> tuple[float, ...]:
    """Return the polynomial that an axis is, lowest power first; empty if it is none."""
    pixels = np.arange(axis_nm.size, dtype=np.float64)
    for degree in _AXIS_DEGREES:
        polynomial = Polynomial.fit(pixels, axis_nm, degree).convert()
        if np.abs(polynomial(pixels) - axis_nm).max() < _SAME_NM:
            return tuple(float(c) for c in polynomial.coef)
    return ()
