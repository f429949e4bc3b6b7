"""A polynomial that corrects an axis onto the lines of a lamp, some of which may be wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

from edge.calibration.lamp_lines import LampLines

_OUTLIER_SIGMAS = 4.0
_LARGEST_COST_PIXELS = 0.5
"""A line that disagrees speaks against a degree so much and not more."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class LineFit:
    """A polynomial that brings an axis onto the lines that agree.

    Parameters
    ----------
    correction : pixels → what is added to the start axis, nm
    agrees : (K,) bool, the lines it was fitted to
    left_out_nm : (K,) float64, where it would have each line if it were not told of it, less
        where the line is, nm
    cost_pixels : root mean square of `left_out_nm` between the outermost lines, pixels
    """

    correction: Polynomial
    agrees: NDArray[np.bool_]
    left_out_nm: Floats
    cost_pixels: float


def fit_degree(lines: LampLines, degree: int) -> LineFit:
    """Fit, and drop the line that agrees the least, until all that are left agree.

    Parameters
    ----------
    lines : four more than the degree, at least
    degree : of the polynomial
    """
    agrees = np.ones(lines.pixels.size, dtype=np.bool_)
    while True:
        correction, left_out_nm, studentised = _weighted_fit(lines, agrees, degree)
        scale = max(1.0, 1.4826 * float(np.median(np.abs(studentised[agrees]))))
        worst = int(np.argmax(np.where(agrees, np.abs(studentised), 0.0)))
        if abs(studentised[worst]) <= _OUTLIER_SIGMAS * scale or agrees.sum() <= degree + 4:
            break
        agrees[worst] = False
    return LineFit(correction, agrees, left_out_nm, _cost_pixels(lines, left_out_nm))


def _cost_pixels(lines: LampLines, left_out_nm: Floats) -> float:
    """Return how far off lines are that the fit is not told of, those at either end not counted.

    What is said beyond the outermost lines is a guess, and one such line would decide.
    """
    order = np.argsort(lines.pixels)
    between_nm = np.abs(left_out_nm[order[1:-1]])
    capped = np.minimum(between_nm / lines.nm_per_pixel, _LARGEST_COST_PIXELS)
    return float(np.sqrt(np.mean(capped**2)))


def _weighted_fit(
    lines: LampLines, agrees: NDArray[np.bool_], degree: int
) -> tuple[Polynomial, Floats, Floats]:
    """Return the polynomial, and (K,) residuals: of the fit to the others, and studentised.

    With the leverage h of a line, the diagonal of the hat matrix, its residual e becomes
    e / (1 - h) when it is left out, and e has the line's standard deviation times √(1 - h).
    """
    sigma_nm = lines.sigmas_pixels * lines.nm_per_pixel
    off_nm = lines.wavelengths_nm - lines.started_nm
    correction = Polynomial.fit(
        lines.pixels[agrees], off_nm[agrees], degree, w=1.0 / sigma_nm[agrees]
    )
    scaled = (lines.pixels - lines.pixels.mean()) / np.ptp(lines.pixels)
    rows = np.vander(scaled, degree + 1) / sigma_nm[:, None]
    inverse = np.linalg.pinv(rows[agrees].T @ rows[agrees])
    leverage = np.einsum("ki,ij,kj->k", rows, inverse, rows)
    left = 1.0 - np.where(agrees, np.clip(leverage, 0.0, 1.0 - 1e-9), 0.0)
    residual_nm = correction(lines.pixels) - off_nm
    return correction, residual_nm / left, residual_nm / (sigma_nm * np.sqrt(left))
