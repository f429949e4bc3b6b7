"""Peaks of counts: where they stand to a fraction of a pixel, and how sure that is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_BACKGROUND_PIXELS = 41
"""The background under a pixel is the median of so many; wider than any line of interest."""
_LEAST_HALF_WINDOW = 3
_WINDOW_FWHM = 1.3
"""A fit looks at so many widths to each side: a line's far wings are its neighbours' too."""
_MOST_STEPS = 40
_CONVERGED_PIXELS = 1e-5
_FWHM_PER_SIGMA = 2.0 * math.sqrt(2.0 * math.log(2.0))

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Peak:
    """One line of a spectrum, as a Gaussian on a sloping background fits it.

    Parameters
    ----------
    pixel : centre, pixels
    sigma_pixel : standard error of the centre, pixels; what the shape does not fit is in it
    height : above the background, counts
    fwhm_pixels : full width at half maximum, pixels
    """

    pixel: float
    sigma_pixel: float
    height: float
    fwhm_pixels: float


def find_peaks(
    counts: Floats, least_signal_to_noise: float = 8.0, saturated: Mask | None = None
) -> list[Peak]:
    """Return every peak that stands out of the noise, in the order of pixels.

    Parameters
    ----------
    counts : (P,) float64, counts, with or without dark
    least_signal_to_noise : height over the noise between neighbouring pixels
    saturated : (P,) bool; a peak with such a pixel is left out: it has lost its top
    """
    noise = noise_of(counts)
    above = counts - background_of(counts)
    middle = above[1:-1]
    is_top = (middle > above[:-2]) & (middle >= above[2:])
    tops = np.flatnonzero(is_top & (middle >= least_signal_to_noise * noise)) + 1
    found = [fit_peak(counts, int(top), saturated) for top in tops]
    kept = [p for p in found if p is not None and p.height >= least_signal_to_noise * noise]
    return _without_doubles(kept)


def fit_peak(counts: Floats, top: int, saturated: Mask | None = None) -> Peak | None:
    """Fit a Gaussian on a sloping background around a local maximum.

    Parameters
    ----------
    counts : (P,) float64, counts
    top : pixel of the maximum
    saturated : as in `find_peaks`

    Returns
    -------
    Peak, or None where nothing of a line's shape is there, or a pixel of it is saturated
    """
    first, last = _window(counts, top)
    if last - first < 2 * _LEAST_HALF_WINDOW - 1:
        return None
    if saturated is not None and saturated[first : last + 1].any():
        return None
    pixels = np.arange(first, last + 1, dtype=np.float64)
    return _fit_gaussian(pixels, counts[first : last + 1], float(top))


def noise_of(counts: Floats) -> float:
    """Return the standard deviation of one pixel's noise, counts; never zero.

    Neighbours differ by noise alone, but for few, and half of all differences say how much.
    """
    differing = float(np.median(np.abs(np.diff(counts)))) / (0.6745 * math.sqrt(2.0))
    return max(differing, 1.0 / math.sqrt(12.0))


def background_of(counts: Floats) -> Floats:
    """Return the running median (P,), counts: what stays when narrow lines are taken away."""
    width = min(_BACKGROUND_PIXELS, counts.size | 1)
    padded = np.pad(counts, width // 2, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, width)
    return np.asarray(np.median(windows, axis=1)[: counts.size])


def _window(counts: Floats, top: int) -> tuple[int, int]:
    """Return the first and last pixel of a line: some widths, or the dip before a neighbour."""
    low = max(0, top - _BACKGROUND_PIXELS // 2)
    level = float(np.median(counts[low : top + _BACKGROUND_PIXELS // 2 + 1]))
    half = level + (counts[top] - level) / 2.0
    sides = []
    for step in (-1, 1):
        reach = 1
        while 0 <= top + step * reach < counts.size and counts[top + step * reach] > half:
            reach += 1
        sides.append(reach)
    reach = max(_LEAST_HALF_WINDOW, round(_WINDOW_FWHM * (sum(sides) - 1)))
    return _until_dip(counts, top, -1, reach), _until_dip(counts, top, 1, reach)


def _until_dip(counts: Floats, top: int, step: int, reach: int) -> int:
    """Go from a maximum at most `reach` pixels, and not up a neighbour that is half as high."""
    last = min(max(top + step * reach, 0), counts.size - 1)
    side = counts[top : last + step : step] if last + step >= 0 else counts[top::-1]
    dip = int(side.argmin())
    climbs = side[dip:].max() - side[dip] > 0.2 * (side[0] - side[dip])
    return top + step * dip if climbs else last


def _fit_gaussian(x: Floats, y: Floats, start: float) -> Peak | None:
    """Gauss-Newton from the maximum; heights and background are linear and solved for exactly."""
    centre, sigma = start, max(0.8, (x[-1] - x[0]) / (2.0 * _WINDOW_FWHM * _FWHM_PER_SIGMA))
    step = np.inf
    for _ in range(_MOST_STEPS):
        shape = np.exp(-0.5 * ((x - centre) / sigma) ** 2)
        linear = np.stack([shape, np.ones_like(x), x - start], axis=1)
        height = float(np.linalg.lstsq(linear, y, rcond=None)[0][0])
        slope = height * shape * (x - centre) / sigma**2
        jacobian = np.column_stack([slope, slope * (x - centre) / sigma, linear])
        residual = y - linear @ np.linalg.lstsq(linear, y, rcond=None)[0]
        change = np.linalg.lstsq(jacobian, residual, rcond=None)[0]
        step = float(np.clip(change[0], -sigma, sigma))
        centre += step
        sigma = float(np.clip(sigma + change[1], 0.6 * sigma, 1.6 * sigma))
        if not (x[0] < centre < x[-1] and 0.3 < sigma < x[-1] - x[0]):
            return None
        if abs(step) < _CONVERGED_PIXELS:
            break
    if not (height > 0 and abs(step) < 0.1):
        return None
    covariance = np.linalg.pinv(jacobian.T @ jacobian) * _variance(residual, jacobian.shape[1])
    return Peak(centre, float(np.sqrt(covariance[0, 0])), height, sigma * _FWHM_PER_SIGMA)


def _variance(residual: Floats, parameters: int) -> float:
    return float(residual @ residual) / max(1, residual.size - parameters)


def _without_doubles(peaks: list[Peak]) -> list[Peak]:
    """Keep the higher of two fits that ran to one line."""
    kept: list[Peak] = []
    for peak in sorted(peaks, key=lambda p: p.pixel):
        if kept and peak.pixel - kept[-1].pixel < 1.0:
            kept[-1] = max(kept[-1], peak, key=lambda p: p.height)
        else:
            kept.append(peak)
    return kept
