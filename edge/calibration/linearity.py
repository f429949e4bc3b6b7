"""Detectors that answer less, or more, than in proportion: the maker's polynomial, checked.

What is divided is counts above dark, as Ocean's manuals have it: corrected = counts / (a0 +
a1·counts + a2·counts² …).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge.errors import CalibrationError

_CHECKED_AT = 1025


def check_linearity(coefficients: Sequence[float], largest_counts: float) -> None:
    """Refuse coefficients that are no detector's; none at all is a linear one.

    Parameters
    ----------
    coefficients : a0, a1, …
    largest_counts : counts; from 0 to it they have to make sense

    Raises
    ------
    CalibrationError
        If one is not finite, or what they divide by is not positive, or more light would give
        fewer counts.
    """
    if not len(coefficients):
        return
    if not np.isfinite(coefficients).all():
        raise CalibrationError(f"nonlinearity coefficients are not finite: {coefficients}")
    counts = np.linspace(0.0, largest_counts, _CHECKED_AT)
    with np.errstate(all="ignore"):
        divisor = np.polynomial.polynomial.polyval(counts, np.asarray(coefficients))
        if not (np.isfinite(divisor).all() and divisor.min() > 0):
            raise CalibrationError(
                f"nonlinearity coefficients divide by {divisor.min():.3g} to "
                f"{divisor.max():.3g} within 0 to {largest_counts:g} counts"
            )
        if not (np.diff(counts / divisor) > 0).all():
            raise CalibrationError(
                f"nonlinearity coefficients are not monotonic within 0 to {largest_counts:g} "
                "counts: more light would give fewer"
            )


def linearised(
    counts_above_dark: NDArray[np.float64], coefficients: Sequence[float], largest_counts: float
) -> NDArray[np.float64]:
    """Return counts in proportion to the light.

    Parameters
    ----------
    counts_above_dark : (P,) float64, counts
    coefficients : a0, a1, …; none leaves the counts as they are
    largest_counts : counts; outside of 0 to it the divisor is that of the nearer end, since a
        polynomial says nothing outside of where it was fitted

    Returns
    -------
    (P,) float64, counts

    Raises
    ------
    CalibrationError
        If the coefficients make no sense.

    Examples
    --------
    >>> linearised(np.array([-10.0, 0.0, 10_000.0]), (0.8, 2e-5), 16_383).tolist()
    [-12.5, 0.0, 10000.0]
    """
    if not len(coefficients):
        return counts_above_dark
    check_linearity(coefficients, largest_counts)
    within = np.clip(counts_above_dark, 0.0, largest_counts)
    divisor = np.polynomial.polynomial.polyval(within, np.asarray(coefficients))
    result: NDArray[np.float64] = counts_above_dark / divisor
    return result
