"""Displaced spectra, for asking a model what drift does to it.

``axis``           the spectrum's axis moves before interpolation: what a drifting instrument does.
``grid-edge``      the preprocessed array moves by grid points; the end value fills the gap.
``grid-constant``  the same, and zero fills the gap: the benchmark form of the source papers.
"""

from __future__ import annotations

import math
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from edge.errors import AxisError
from edge.preprocess import Grid, preprocess
from edge.spectrum import Spectrum

DisplacementMode = Literal["axis", "grid-edge", "grid-constant"]
DISPLACEMENT_MODES: tuple[DisplacementMode, ...] = get_args(DisplacementMode)


def preprocess_displaced(
    spectrum: Spectrum, grid: Grid, displacement: float, mode: DisplacementMode = "axis"
) -> NDArray[np.float32]:
    """Preprocess a spectrum as if its peaks stood `displacement` further along the axis.

    Returns
    -------
    (B,) float32, dimensionless

    Raises
    ------
    AxisError
        If the displacement is not finite, or the spectrum is on another axis than the grid.
    InvalidSpectrumError
        If nothing of the spectrum can be seen on the grid.
    """
    if mode == "axis":
        return preprocess(spectrum.displaced(displacement), grid)
    if not math.isfinite(displacement):
        raise AxisError(f"a displacement of {displacement} is none")
    points = round(displacement / grid.step)
    return shift_on_grid(preprocess(spectrum, grid), points, edge=mode == "grid-edge")


def shift_on_grid(
    intensity: NDArray[np.float32], points: int, *, edge: bool
) -> NDArray[np.float32]:
    """Move an array (B,) by whole grid points.

    >>> shift_on_grid(np.array([1, 2, 3], dtype=np.float32), 1, edge=False)
    array([0., 1., 2.], dtype=float32)
    >>> shift_on_grid(np.array([1, 2, 3], dtype=np.float32), -1, edge=True)
    array([2., 3., 3.], dtype=float32)
    """
    bands = len(intensity)
    furthest = bands - 1 if edge else bands
    points = max(-furthest, min(furthest, points))
    kept = intensity[: bands - points] if points >= 0 else intensity[-points:]
    gap = (points, 0) if points >= 0 else (0, -points)
    return np.pad(kept, gap, mode="edge") if edge else np.pad(kept, gap)
