"""From a spectrum to what the backbone reads: the only preprocessing there is.

Soysal et al. 2025, §2.2: linear interpolation onto a fixed grid, zero outside the measured
range, divided by the maximum. Baselines, roots and smoothing belong to the model. Spectra that
share an axis are prepared together; one spectrum is an array of one row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.errors import AxisError, InvalidSpectrumError
from edge.resampling import Resampling
from edge.spectrum import AxisKind, Spectrum

PREPROCESSING = "linear-zero-max/1"
"""Name of this preprocessing in the key of everything derived from a frame."""

_TOGETHER = 16  # rows at a time: they stay in the cache


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


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Spectra as a backbone reads them, and why some are not.

    Parameters
    ----------
    intensity : (N, B) float32, dimensionless, at most 1; rows with a reason mean nothing
    invalid : reason by row
    """

    intensity: NDArray[np.float32]
    invalid: Mapping[int, str]

    def valid(self) -> NDArray[np.intp]:
        """Return the numbers of the rows that are fit for use."""
        every = np.arange(len(self.intensity))
        return np.delete(every, list(self.invalid)) if self.invalid else every


class Preprocessor:
    """Brings spectra onto one grid.

    It remembers the last axis, which hardly ever changes in an instrument and never in an array.
    Threads may share it.

    Parameters
    ----------
    grid : from the bundle or the recipe, never a constant of the caller
    """

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self._points = grid.values
        self._last: Resampling | None = None

    def prepare(self, spectrum: Spectrum) -> NDArray[np.float32]:
        """Return one spectrum on the grid (B,); see `preprocess`."""
        rows = self.prepare_rows(spectrum.axis, spectrum.intensity[np.newaxis], spectrum.axis_kind)
        if rows.invalid:
            raise InvalidSpectrumError(rows.invalid[0])
        row: NDArray[np.float32] = rows.intensity[0]
        return row

    def prepare_rows(
        self, axis: NDArray[np.float64], intensity: NDArray[Any], axis_kind: AxisKind
    ) -> Rows:
        """Resample spectra that share an axis onto the grid and scale their maxima to one.

        Parameters
        ----------
        axis : (P,) float64, strictly increasing, of the grid's kind
        intensity : (N, P) real numbers, finite
        axis_kind : of the axis

        Raises
        ------
        AxisError
            If the axis is of another kind than the grid.
        InvalidSpectrumError
            If the axis misses the grid.
        """
        if axis_kind != self.grid.axis_kind:
            raise AxisError(f"spectrum is on {axis_kind}, the grid on {self.grid.axis_kind}")
        first, last = self._points[0], self._points[-1]
        if axis[-1] < first or axis[0] > last:
            raise InvalidSpectrumError(
                f"axis {axis[0]:g} to {axis[-1]:g} misses the grid {first:g} to {last:g}"
            )
        scaled = np.empty((len(intensity), self.grid.count), np.float32)
        with np.errstate(all="ignore"):  # what does not fit is found by its result
            return Rows(scaled, _fill(scaled, self._resampling(axis), intensity))

    def _resampling(self, axis: NDArray[np.float64]) -> Resampling:
        known = self._last
        if known is None or len(known.axis) != len(axis) or not (known.axis == axis).all():
            known = self._last = Resampling(axis, self._points)
        return known


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
    return Preprocessor(grid).prepare(spectrum)


def _fill(
    scaled: NDArray[np.float32], resampling: Resampling, intensity: NDArray[Any]
) -> dict[int, str]:
    """Fill rows (N, B) from intensities (N, P); return why some are not fit for use."""
    invalid: dict[int, str] = {}
    for start in range(0, len(intensity), _TOGETHER):
        some = np.asarray(intensity[start : start + _TOGETHER], dtype=np.float64)
        rows, resampled = scaled[start : start + _TOGETHER], resampling.resample(some)
        largest = np.maximum.reduce(resampled, axis=1)  # what max() calls, without its detours
        np.divide(resampled, largest[:, np.newaxis], out=rows, casting="same_kind")
        usable = (largest > 0) & np.isfinite(np.minimum.reduce(rows, axis=1))
        if not usable.all():
            bad = np.flatnonzero(~usable)
            invalid.update({start + int(row): _reason(largest[row]) for row in bad})
    return invalid


def _reason(largest: np.float64) -> str:
    if largest <= 0:
        return "no positive intensity on the grid"
    return "intensities on the grid exceed single precision"
