"""One spectrum: axis, intensities, and how it was taken."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edge.errors import AxisError, InvalidSpectrumError

AxisKind = Literal["raman_shift_cm1", "two_theta_deg"]


@dataclass(frozen=True, slots=True)
class Acquisition:
    """How a spectrum was taken; None where the source does not say."""

    instrument_id: str | None = None
    boot_id: int | None = None
    sequence: int | None = None
    received_utc_ns: int | None = None
    instrument_time_us: int | None = None
    integration_time_ms: float | None = None
    averages: int | None = None
    laser_wavelength_nm: float | None = None
    detector_temperature_c: float | None = None
    saturated_pixels: int = 0
    cosmic_ray_pixels: int = 0
    dead_pixels: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """An axis (B,) strictly increasing, and an intensity for each of its points.

    Parameters
    ----------
    axis : (B,) float64, cm⁻¹ or degrees as `axis_kind` says
    intensity : (B,) float64, counts or arbitrary units
    axis_kind : what the axis measures
    acquisition : how it was taken

    Raises
    ------
    AxisError
        If the axis is empty, not finite, not strictly increasing, or of another length.
    InvalidSpectrumError
        If an intensity is NaN or infinite.
    """

    axis: NDArray[np.float64]
    intensity: NDArray[np.float64]
    axis_kind: AxisKind = "raman_shift_cm1"
    acquisition: Acquisition = field(default_factory=Acquisition)

    def __post_init__(self) -> None:
        object.__setattr__(self, "axis", _frozen(self.axis))
        object.__setattr__(self, "intensity", _frozen(self.intensity))
        _check_axis(self.axis, self.intensity)
        if not np.isfinite(self.intensity).all():
            bad = int(np.flatnonzero(~np.isfinite(self.intensity))[0])
            raise InvalidSpectrumError(f"intensity is not a number at point {bad}")

    def displaced(self, displacement: float) -> Spectrum:
        """Return the same intensities on an axis moved by `displacement` of its own units.

        Positive moves every peak to larger Raman shift.
        """
        return replace(self, axis=self.axis + displacement)


def _frozen(values: ArrayLike) -> NDArray[np.float64]:
    array = np.array(values, dtype=np.float64)
    array.setflags(write=False)
    return array


def _check_axis(axis: NDArray[np.float64], intensity: NDArray[np.float64]) -> None:
    if axis.ndim != 1 or axis.size == 0:
        raise AxisError(f"expected a one-dimensional axis with points, got shape {axis.shape}")
    if intensity.shape != axis.shape:
        raise AxisError(f"axis has {axis.shape} points, intensity {intensity.shape}")
    if not np.isfinite(axis).all():
        raise AxisError("axis holds values that are not numbers")
    steps = np.diff(axis)
    if steps.size and steps.min() <= 0:
        at = int(np.argmin(steps))
        raise AxisError(f"axis does not increase at point {at + 1}: {axis[at]} then {axis[at + 1]}")
