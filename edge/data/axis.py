"""Axes as they come out of files, mended where that is safe."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.errors import AxisError

_LARGEST_BACKWARD_SHARE = 0.02
_SMALLEST_DISTINCT_SHARE = 0.1
"""Within these an axis that does not increase counts as a recording artefact: two windows of a
scan that overlap, or positions rounded to few digits. Beyond them nobody knows what it was."""


def mend_axis(
    axis: NDArray[np.float64], intensity: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], tuple[str, ...]]:
    """Return axis and intensity in increasing order, and a warning for what was changed.

    A falling axis is reversed. Recording artefacts are sorted, and the intensities of
    repeated points averaged. Anything worse is no axis.

    Parameters
    ----------
    axis, intensity : (B,)

    Raises
    ------
    AxisError
        If the axis is not finite, or too many of its steps go backwards.
    """
    if not np.isfinite(axis).all():
        raise AxisError("axis holds values that are not numbers")
    steps = np.diff(axis)
    notes: tuple[str, ...] = ()
    if axis.size and axis[-1] < axis[0]:
        axis, intensity, steps = axis[::-1], intensity[::-1], -steps[::-1]
        notes = ("axis falls, reversed",)
    if (steps > 0).all():
        return axis, intensity, notes
    backward, repeated = int((steps < 0).sum()), int((steps == 0).sum())
    unique, inverse = np.unique(axis, return_inverse=True)
    if (
        backward > max(1, _LARGEST_BACKWARD_SHARE * steps.size)
        or unique.size < _SMALLEST_DISTINCT_SHARE * axis.size
    ):
        raise AxisError(
            f"axis is not monotonic: of {steps.size} steps {backward} go back, {repeated} stand"
        )
    mean = np.bincount(inverse, weights=intensity) / np.bincount(inverse)
    sorted_note = f"axis sorted: {backward} steps went back, {repeated} stood"
    return unique, mean, (*notes, sorted_note)
