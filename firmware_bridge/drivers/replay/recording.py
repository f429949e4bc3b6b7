"""One recorded spectrum, ready to be played."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from firmware_bridge.errors import DriverSettingsError
from firmware_bridge.spectrum_frame import Counts, FrameKind


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """What was recorded of one acquisition; who reads files makes them.

    Parameters
    ----------
    source : str
        Where it was read, for messages.
    counts : (P,) uint16 or uint32, counts
    saturation_counts : int, counts
    laser_wavelength_nm : float, nm
    wavelength_coefficients_nm : tuple of float
        c0, c1, … of c0 + c1·pixel + …, nm; empty where there is a table.
    wavelength_nm : (P,) float64, nm, or None
        A table, strictly monotonic; None where there are coefficients.
    dark_counts : (P,) as `counts`, or None
        What was recorded with the shutter closed.
    kind : FrameKind
    integration_time_us : int, µs; 0: not known
    averages : int
    detector_temperature_c : float, °C; NaN: not known
    model : str
        Of the instrument that took it; empty: not known.

    Raises
    ------
    DriverSettingsError
        If the arrays do not fit together.
    """

    source: str
    counts: Counts = field(repr=False)
    saturation_counts: int
    laser_wavelength_nm: float
    wavelength_coefficients_nm: tuple[float, ...] = ()
    wavelength_nm: npt.NDArray[np.float64] | None = field(default=None, repr=False)
    dark_counts: Counts | None = field(default=None, repr=False)
    kind: FrameKind = "light"
    integration_time_us: int = 0
    averages: int = 1
    detector_temperature_c: float = math.nan
    model: str = ""

    def __post_init__(self) -> None:
        shape = self.counts.shape
        is_line = self.counts.ndim == 1 and self.counts.size > 0
        self._require("counts", "(P,)", shape, is_line)
        dtype = self.counts.dtype
        self._require("counts", "uint16 or uint32", dtype, dtype in (np.uint16, np.uint32))
        dark, table = self.dark_counts, self.wavelength_nm
        alike = dark is None or (dark.shape == shape and dark.dtype == dtype)
        self._require("dark_counts", f"{dtype} of {shape}", "another", alike)
        one_axis = bool(self.wavelength_coefficients_nm) != (table is not None)
        self._require("wavelength_nm", "a table or coefficients, one of them", "", one_axis)
        fits = table is None or table.shape == shape
        self._require("wavelength_nm", f"of {shape}", "another", fits)

    @property
    def exposure(self) -> tuple[int, int, int]:
        """What a dark frame must share to be subtracted: µs, averages, pixels."""
        return self.integration_time_us, self.averages, self.counts.size

    def _require(self, field_name: str, expected: str, got: object, holds: bool) -> None:
        if not holds:
            raise DriverSettingsError(f"{self.source}: {field_name}", expected, got)
