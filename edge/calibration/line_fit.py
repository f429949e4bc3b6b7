"""A polynomial from pixels to wavelengths through lines of a lamp, some of which may be wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

from edge.calibration.lamp_lines import LampLines

_OUTLIER_SIGMAS = 4.0
_LARGEST_COST_PIXELS = 0.5
"""A line that disagrees costs a degree so much and not more."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class LineFit:
    """A polynomial through the lines that agree.

    Parameters
    ----------
    model : pixels → nm
    agrees : (K,) bool, the lines it was fitted to
    left_out_nm : (K,) float64, where it would have each line if it were not told of it, less
        where the line is, nm
    cost_pixels : root mean square of those, pixels, none counted above half a pixel
    """

    model: Polynomial
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
        model, left_out_nm, studentised = _weighted_fit(lines, agrees, degree)
        scale = max(1.0, 1.4826 * float(np.median(np.abs(studentised[agrees]))))
        worst = int(np.argmax(np.where(agrees, np.abs(studentised), 0.0)))
        if abs(studentised[worst]) <= _OUTLIER_SIGMAS * scale or agrees.sum() <= degree + 4:
            break
        agrees[worst] = False
    capped = np.minimum(np.abs(left_out_nm) / lines.nm_per_pixel, _LARGEST_COST_PIXELS)
    return LineFit(model, agrees, left_out_nm, float(np.sqrt(np.mean(capped**2))))


def _weighted_fit(
    lines: LampLines, agrees: NDArray[np.bool_], degree: int
) -> tuple[Polynomial, Floats, Floats]:
    """Return the polynomial, and (K,) residuals: of the fit to the others, and studentised.

    With the leverage h of a line, the diagonal of the hat matrix, its residual e becomes
    e / (1 - h) when it is left out, and e has the line's standard deviation times √(1 - h).
    """
    sigma_nm = lines.sigmas_pixels * lines.nm_per_pixel
    model = Polynomial.fit(
        lines.pixels[agrees], lines.wavelengths_nm[agrees], degree, w=1.0 / sigma_nm[agrees]
    )
    scaled = (lines.pixels - lines.pixels.mean()) / np.ptp(lines.pixels)
    rows = np.vander(scaled, degree + 1) / sigma_nm[:, None]
    inverse = np.linalg.pinv(rows[agrees].T @ rows[agrees])
    leverage = np.einsum("ki,ij,kj->k", rows, inverse, rows)
    left = 1.0 - np.where(agrees, np.clip(leverage, 0.0, 1.0 - 1e-9), 0.0)
    residual_nm = model(lines.pixels) - lines.wavelengths_nm
    return model, residual_nm / left, residual_nm / (sigma_nm * np.sqrt(left))
