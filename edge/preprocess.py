"""From a spectrum to what the backbone reads: the only preprocessing there is.

Soysal et al. 2025, §2.2: linear interpolation onto a fixed grid, zero outside the measured
range, divided by the maximum. Baselines, roots and smoothing belong to the model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.errors import AxisError, InvalidSpectrumError
from edge.spectrum import AxisKind, Spectrum

PREPROCESSING = "linear-zero-max/1"
"""Name of this preprocessing in the key of everything derived from a frame."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The points a backbone reads: `start`, `start + step`, … `count` of them.

    >>> Grid(200.0, 1.0, 1392).values[[0, -1]]
    array([ 200., 1591.])
    """

    start: float
    step: float
    count: int
    axis_kind: AxisKind = "raman_shift_cm1"

    def __post_init__(self) -> None:
        if self.count < 1 or not self.step > 0:
            raise AxisError(f"grid of {self.count} points and step {self.step} is no grid")

    @property
    def values(self) -> NDArray[np.float64]:
        """The grid points (B,), in units of the axis kind."""
        return self.start + self.step * np.arange(self.count, dtype=np.float64)


PAPER_GRID = Grid(200.0, 1.0, 1392)
"""The grid of Soysal et al. 2025: 200, 201, … 1591 cm⁻¹."""


def preprocess(spectrum: Spectrum, grid: Grid) -> NDArray[np.float32]:
    """Resample a spectrum onto the grid and scale its maximum to one.

    Parameters
    ----------
    spectrum : on any axis of the grid's kind
    grid : from the bundle or the recipe, never a constant of the caller

    Returns
    -------
    (B,) float32, dimensionless, at most 1

    Raises
    ------
    AxisError
        If the spectrum's axis is of another kind than the grid.
    InvalidSpectrumError
        If the axis misses the grid, no intensity on the grid is positive, or their
        range exceeds single precision.
    """
    if spectrum.axis_kind != grid.axis_kind:
        raise AxisError(f"spectrum is on {spectrum.axis_kind}, the grid on {grid.axis_kind}")
    points = grid.values
    if spectrum.axis[-1] < points[0] or spectrum.axis[0] > points[-1]:
        raise InvalidSpectrumError(
            f"axis {spectrum.axis[0]:g} to {spectrum.axis[-1]:g} misses the grid "
            f"{points[0]:g} to {points[-1]:g}"
        )
    intensity = np.interp(points, spectrum.axis, spectrum.intensity, left=0.0, right=0.0)
    maximum = intensity.max()
    if not maximum > 0:
        raise InvalidSpectrumError("no positive intensity on the grid")
    with np.errstate(over="ignore", invalid="ignore"):
        scaled: NDArray[np.float32] = (intensity / maximum).astype(np.float32)
    if not np.isfinite(scaled).all():
        raise InvalidSpectrumError("intensities on the grid exceed single precision")
    return scaled
