"""Linear interpolation onto fixed points, for all spectra on one axis at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class Resampling:
    """Where points lie on an axis; what is outside of it becomes zero.

    The arithmetic is that of `numpy.interp`, down to the last bit where neither is fused by the
    compiler, but what depends on the axis alone is computed once.

    Parameters
    ----------
    axis : (P,) float64, strictly increasing
    points : (B,) float64, strictly increasing
    """

    def __init__(self, axis: NDArray[np.float64], points: NDArray[np.float64]) -> None:
        self.axis = axis.copy()  # a caller may change theirs
        self._count = len(points)
        start = int(points.searchsorted(axis[0], "left"))
        stop = int(points.searchsorted(axis[-1], "right"))
        inside = points[start:stop]
        self._inside = None if len(inside) == len(points) else slice(start, stop)
        self._left = axis.searchsorted(inside, "right") - 1  # (b,) points of the axis before them
        self._right = np.minimum(self._left + 1, len(axis) - 1)
        self._way = inside - axis[self._left]
        width = axis[self._right] - axis[self._left]
        self._width = np.where(width > 0, width, 1.0)  # 0 at the last point, where the way is 0

    def resample(self, intensity: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return intensities (N, B) at the points, of intensities (N, P) on the axis."""
        left = intensity.take(self._left, axis=1)
        inside = intensity.take(self._right, axis=1)
        inside -= left
        inside /= self._width
        inside *= self._way
        inside += left
        if self._inside is None:
            return inside
        whole = np.zeros((len(intensity), self._count))
        whole[:, self._inside] = inside
        return whole
