"""Pixels that can hold no more: what stands there is not what came in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.errors import InvalidSpectrumError
from firmware_bridge.spectrum_frame import SpectrumFrame

LASER_LINE_CM1 = 100.0
"""Nearer to the laser nothing is read: scattered laser light saturates there, and may."""
_MOST_LOST = 0.05
"""Of all pixels so many may be saturated without light, and be bridged."""


@dataclass(frozen=True, slots=True, eq=False)
class Saturation:
    """Which pixels are saturated.

    Parameters
    ----------
    by_light : (P,) bool
    lost : (P,) bool, saturated even without light, and so of no use
    """

    by_light: NDArray[np.bool_]
    lost: NDArray[np.bool_]


def find_saturation(frame: SpectrumFrame, dark_counts: NDArray[np.float64] | None) -> Saturation:
    """Return which pixels of a frame are saturated.

    Parameters
    ----------
    frame : of P pixels
    dark_counts : (P,) float64, counts, or None

    Raises
    ------
    InvalidSpectrumError
        If too many pixels are saturated without light.
    """
    saturated = frame.counts >= frame.saturation_counts
    if dark_counts is None:
        return Saturation(saturated, np.zeros(saturated.shape, dtype=bool))
    lost = dark_counts >= frame.saturation_counts
    if lost.sum() > _MOST_LOST * lost.size:
        raise InvalidSpectrumError(f"{int(lost.sum())} of {lost.size} pixels saturated in the dark")
    return Saturation(saturated & ~lost, lost)


def is_read(raman_shift_cm1: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return (P,) bool: the pixels that are not of the laser line."""
    return np.asarray(np.abs(raman_shift_cm1) >= LASER_LINE_CM1)


def check_saturation(saturated: NDArray[np.bool_], raman_shift_cm1: NDArray[np.float64]) -> None:
    """Refuse a frame of which a pixel is saturated that is read.

    Raises
    ------
    InvalidSpectrumError
        With how many there are.
    """
    count = int((saturated & is_read(raman_shift_cm1)).sum())
    if count:
        raise InvalidSpectrumError(f"{count} of {saturated.size} pixels saturated")
