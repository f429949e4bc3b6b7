"""The lines of a spectrum, and the stretches of its axis that a verdict rests on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d
from scipy.signal import find_peaks, peak_widths

from edge.preprocess import Grid

_LEAST_PROMINENCE = 0.01  # of the maximum
_NOISE_MULTIPLE = 10.0  # of the median deviation from the smoothed spectrum
_SMOOTHING_POINTS = 5
_MOST_PEAKS = 10
_MOST_REGIONS = 5
_REGION_SHARE = 0.1  # of the largest importance: lower points part regions


@dataclass(frozen=True, slots=True)
class Peak:
    """A line of the spectrum.

    Parameters
    ----------
    point : grid point of its maximum
    position : of it, in units of the axis
    height : intensity there, fraction of the spectrum's maximum
    width_points : at half its prominence, grid points
    """

    point: int
    position: float
    height: float
    width_points: float

    def share(self, importance: NDArray[np.float64]) -> float:
        """Return the share of all importance (B,) that lies within its width to each side."""
        reach = round(max(self.width_points, 1.0))
        total = np.abs(importance).sum()
        near = np.abs(importance[max(0, self.point - reach) : self.point + reach + 1]).sum()
        return float(near / total) if total > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Region:
    """A stretch of the axis, ends included, and its share of all importance."""

    start: float
    stop: float
    share: float


def find_lines(intensity: NDArray[np.float32], grid: Grid) -> tuple[Peak, ...]:
    """Return the most prominent peaks of a preprocessed spectrum (B,), from left to right."""
    smooth = uniform_filter1d(intensity.astype(np.float64), _SMOOTHING_POINTS)
    noise = float(np.median(np.abs(intensity - smooth)))
    least = max(_LEAST_PROMINENCE, _NOISE_MULTIPLE * noise)
    points, found = find_peaks(smooth, prominence=least)
    widths = peak_widths(smooth, points)[0]
    chosen = np.sort(np.argsort(-found["prominences"], kind="stable")[:_MOST_PEAKS])
    return tuple(
        Peak(
            point=int(points[k]),
            position=float(grid.values[points[k]]),
            height=float(intensity[points[k]]),
            width_points=float(widths[k]),
        )
        for k in chosen
    )


def top_regions(importance: NDArray[np.float64], grid: Grid) -> tuple[Region, ...]:
    """Return the stretches that hold most of the importance (B,), the largest share first.

    >>> top_regions(np.array([0.0, 3.0, 0.0, -1.0]), Grid(200.0, 1.0, 4))
    (Region(start=201.0, stop=201.0, share=0.75), Region(start=203.0, stop=203.0, share=0.25))
    """
    sizes = np.abs(importance)
    high = sizes > _REGION_SHARE * sizes.max()
    edges = np.flatnonzero(np.diff(np.concatenate([[0], high.astype(np.int8), [0]])))
    axis = grid.values
    regions = [
        Region(float(axis[a]), float(axis[b - 1]), float(sizes[a:b].sum() / sizes.sum()))
        for a, b in edges.reshape(-1, 2)
    ]
    return tuple(sorted(regions, key=lambda region: -region.share)[:_MOST_REGIONS])
