"""The axis that rows carry: the same with each spectrum, or another one from now on."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from firmware_bridge.drivers.text.format import TextFormat

FloatArray = npt.NDArray[np.float64]
_NM_PER_CM = 1e7
_SAME = 1e-9


class AxisWatch:
    """Know the axis, and believe in another only when it came twice: text has no checksum."""

    def __init__(self) -> None:
        self.known: FloatArray | None = None
        self._candidate: FloatArray | None = None

    def clear(self) -> None:
        """Know nothing."""
        self.known = self._candidate = None

    def take(self, axis: FloatArray | None) -> Literal["same", "new", "doubtful"]:
        """Say what an axis is to the one that is known; None is no axis, always the same."""
        if axis is None or _alike(axis, self.known):
            self._candidate = None
            return "same"
        if self.known is None or _alike(axis, self._candidate):
            self.known, self._candidate = axis, None
            return "new"
        self._candidate = axis
        return "doubtful"


def wavelengths_nm(
    axis: FloatArray | None, text_format: TextFormat, laser_wavelength_nm: float | None
) -> tuple[float, ...]:
    """Return the wavelengths that an axis stands for, nm; () where it tells none."""
    if axis is None or text_format.axis == "pixel":
        return ()
    if text_format.axis == "cm1":
        laser_cm1 = _NM_PER_CM / (laser_wavelength_nm or np.nan)
        with np.errstate(divide="ignore"):
            return tuple((_NM_PER_CM / (laser_cm1 - axis)).tolist())
    return tuple(axis.tolist())


def _alike(one: FloatArray, other: FloatArray | None) -> bool:
    return other is not None and one.shape == other.shape and np.allclose(one, other, _SAME, 0.0)
