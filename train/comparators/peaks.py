"""Counted peaks: what Soysal et al. 2025 compare their CNN with (tables 1 and 2).

``wavelet``        ridges of the continuous wavelet transform, Ricker wavelet, widths 10 and 20
``local_maxima``   maxima at least 10 points wide, of prominence max(intensity) / B

The wavelet costs about 10 ms a spectrum, the maxima 0.06 ms.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks, find_peaks_cwt

PeakFinder = Literal["wavelet", "local_maxima"]

_WIDTHS_POINTS = (10, 20)
_LEAST_WIDTH_POINTS = 10


def peak_counts(
    intensity: NDArray[np.float32], finder: PeakFinder, bin_points: int
) -> NDArray[np.float32]:
    """Count the peaks of each spectrum in bins.

    Parameters
    ----------
    intensity : (N, B) float32, preprocessed
    finder : how peaks are found
    bin_points : width of a bin, grid points; the last bin may be narrower

    Returns
    -------
    (N, ceil(B / bin_points)) float32, whole numbers
    """
    bands = intensity.shape[1]
    bins = -(-bands // bin_points)
    find = _FINDERS[finder]
    counts = [np.bincount(find(spectrum) // bin_points, minlength=bins) for spectrum in intensity]
    return np.array(counts, dtype=np.float32).reshape(len(intensity), bins)


def wavelet_peaks(spectrum: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return the grid points of the peaks of one spectrum (B,), found by wavelets."""
    if not spectrum.any():  # nothing of it on the grid, and its ridges would be all noise
        return np.zeros(0, dtype=np.intp)
    return np.asarray(find_peaks_cwt(spectrum, _WIDTHS_POINTS), dtype=np.intp)


def _local_maxima(spectrum: NDArray[np.float32]) -> NDArray[np.intp]:
    prominence = float(spectrum.max()) / len(spectrum)
    peaks, _ = find_peaks(spectrum, width=_LEAST_WIDTH_POINTS, prominence=prominence)
    return np.asarray(peaks, dtype=np.intp)


_FINDERS: dict[PeakFinder, Callable[[NDArray[np.float32]], NDArray[np.intp]]] = {
    "wavelet": wavelet_peaks,
    "local_maxima": _local_maxima,
}
