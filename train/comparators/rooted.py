"""Spectra made comparable: baseline removed, square root, smoothed first derivative, unit norm.

Points are averaged in fours first, which costs no accuracy and saves most of the time. The baseline
is asymmetric least squares (Eilers and Boelens 2005), from pybaselines, the derivative that of
Savitzky and Golay's parabolas. The root evens out strong and weak peaks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pybaselines import Baseline
from scipy.signal import savgol_filter

_PARABOLA = 2


def without_baseline(
    intensity: NDArray[np.float32], smoothness: float, asymmetry: float
) -> NDArray[np.float32]:
    """Subtract from each spectrum its baseline; what lies below it becomes 0.

    Parameters
    ----------
    intensity : (N, B) float32, preprocessed
    smoothness : λ, weight of the baseline's second differences
    asymmetry : p, weight of points above the baseline; those below weigh 1 - p

    Returns
    -------
    (N, B) float32, not negative
    """
    fitter = Baseline(np.arange(intensity.shape[1], dtype=np.float64), check_finite=False)
    above = np.zeros_like(intensity)
    for row, spectrum in zip(above, intensity, strict=True):
        baseline, _ = fitter.asls(spectrum.astype(np.float64), lam=smoothness, p=asymmetry)
        row[:] = np.maximum(spectrum - baseline, 0)
    return above


def rooted_derivative(
    intensity: NDArray[np.float32],
    coarse_points: int,
    smoothness: float,
    asymmetry: float,
    smoothing_points: int,
) -> NDArray[np.float32]:
    """Return derivative spectra of unit norm.

    Parameters
    ----------
    intensity : (N, B) float32, preprocessed
    coarse_points : so many neighbours are averaged into one
    smoothness, asymmetry : of the baseline, see `without_baseline`; in averaged points
    smoothing_points : window of the derivative, averaged points

    Returns
    -------
    (N, B // coarse_points) float32; zeros for a spectrum of zeros
    """
    coarse = averaged(intensity, coarse_points)
    rooted = np.sqrt(without_baseline(coarse, smoothness, asymmetry))
    slope = savgol_filter(rooted, smoothing_points, _PARABOLA, deriv=1, axis=1, mode="nearest")
    return unit_norm(slope.astype(np.float32))


def averaged(rows: NDArray[np.float32], points: int) -> NDArray[np.float32]:
    """Average so many neighbours each; what is left over at the end falls away.

    >>> averaged(np.array([[1, 3, 5, 7, 9]], dtype=np.float32), 2).tolist()
    [[2.0, 6.0]]
    """
    count = rows.shape[1] // points
    means = rows[:, : count * points].reshape(len(rows), count, points).mean(axis=2)
    return np.asarray(means, dtype=np.float32)


def unit_norm(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale rows to unit norm; rows of zeros stay.

    >>> unit_norm(np.array([[3, 4], [0, 0]], dtype=np.float32)).round(1).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    norm = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(norm > 0, norm, 1), dtype=np.float32)
