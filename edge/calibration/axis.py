"""Where each pixel stands, and how the detector answers: what is kept with every frame.

Pixel → wavelength by a polynomial or a table, shifted by what is known of its drift;
wavelength → Raman shift by the laser line.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.errors import CalibrationError
from firmware_bridge.description import Description

_NM_PER_CM = 1e7


@dataclass(frozen=True, slots=True)
class Calibration:
    """Where each pixel stands, and how the detector answers.

    Parameters
    ----------
    wavelength_coefficients_nm : c0, c1, … of c0 + c1·pixel + c2·pixel² …, nm; empty where there
        is a table
    laser_wavelength_nm : nm; NaN where nobody told it
    pixel_count : P
    wavelength_nm : a table of P wavelengths, nm, rising or falling; empty where there are
        coefficients
    nonlinearity_coefficients : a0, a1, … of a0 + a1·counts + …, which counts above dark are
        divided by; empty where the detector is linear
    shift_nm : added to every wavelength, nm: what undoes a drift
    """

    wavelength_coefficients_nm: tuple[float, ...]
    laser_wavelength_nm: float
    pixel_count: int
    wavelength_nm: tuple[float, ...] = field(default=(), repr=False)
    nonlinearity_coefficients: tuple[float, ...] = ()
    shift_nm: float = 0.0

    @classmethod
    def of(cls, description: Description) -> Calibration:
        """Return the calibration that an instrument describes; its laser NaN if nobody told it."""
        laser_nm = description.laser_wavelength_nm
        return cls(
            description.wavelength_coefficients_nm,
            math.nan if laser_nm is None else laser_nm,
            description.pixel_count,
            description.wavelength_nm,
            description.nonlinearity_coefficients,
        )

    def corrected(self, drift_nm: float) -> Calibration:
        """Return this calibration with a drift undone.

        Parameters
        ----------
        drift_nm : how much too large its wavelengths are, nm

        Examples
        --------
        >>> Calibration((530.0, 0.1), 532.0, 512).corrected(0.25).shift_nm
        -0.25
        """
        return replace(self, shift_nm=self.shift_nm - drift_nm)

    @property
    def id(self) -> str:
        """16 hex digits of the sha256 of all that defines this calibration."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]

    def to_json(self) -> str:
        """Return the calibration as the store keeps it; equal ones give equal text.

        What is as it is by default is left out, so that a calibration has the id that it had
        before there were such fields.
        """
        fields: dict[str, Any] = {
            "wavelength_coefficients_nm": _floats(self.wavelength_coefficients_nm),
            "laser_wavelength_nm": float(self.laser_wavelength_nm),
            "pixel_count": self.pixel_count,
        }
        if self.wavelength_nm:
            fields["wavelength_nm"] = _floats(self.wavelength_nm)
        if self.nonlinearity_coefficients:
            fields["nonlinearity_coefficients"] = _floats(self.nonlinearity_coefficients)
        if self.shift_nm:
            fields["shift_nm"] = float(self.shift_nm)
        return json.dumps(fields, sort_keys=True)

    @classmethod
    def from_json(cls, content: str | bytes, expected_id: str | None = None) -> Calibration:
        """Read what `to_json` wrote.

        Parameters
        ----------
        content : as it was kept
        expected_id : `id` of what was written, where it is known: one changed digit shows

        Raises
        ------
        CalibrationError
            If it is not that any more.
        """
        try:
            fields = json.loads(content)
            calibration = cls(
                tuple(_floats(fields["wavelength_coefficients_nm"])),
                float(fields["laser_wavelength_nm"]),
                int(fields["pixel_count"]),
                tuple(_floats(fields.get("wavelength_nm", ()))),
                tuple(_floats(fields.get("nonlinearity_coefficients", ()))),
                float(fields.get("shift_nm", 0.0)),
            )
        except (
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            OverflowError,
            RecursionError,
        ) as error:
            raise CalibrationError(f"stored calibration is damaged: {error}") from error
        if expected_id not in (None, calibration.id):
            raise CalibrationError(f"stored calibration is damaged: {expected_id} was written")
        return calibration

    def axis_nm(self) -> NDArray[np.float64]:
        """Return the wavelength of each pixel (P,), nm, rising or falling.

        Raises
        ------
        CalibrationError
            If there are neither coefficients nor a table, or both, or the table is of another
            length, or a wavelength is not positive, or the axis is not monotonic.
        """
        wavelength_nm = self._unshifted_nm() + self.shift_nm
        if not (
            np.isfinite(wavelength_nm).all() and wavelength_nm.size and wavelength_nm.min() > 0
        ):
            raise CalibrationError(f"wavelength {self._source} give no positive wavelength")
        steps = np.diff(wavelength_nm)
        if not ((steps > 0).all() or (steps < 0).all()):
            raise CalibrationError(f"wavelength {self._source} give an axis that turns back")
        return wavelength_nm

    def raman_shift_cm1(self) -> NDArray[np.float64]:
        """Return the axis (P,) in cm⁻¹, rising or falling as the detector is mounted.

        Raises
        ------
        CalibrationError
            If there is no axis in nm, or the laser wavelength is not positive.
        """
        wavelength_nm = self.axis_nm()
        laser_nm = self.laser_wavelength_nm
        if math.isnan(laser_nm):
            raise CalibrationError(
                "laser wavelength nan: the instrument does not tell it; configure it"
            )
        if not laser_nm > 0:
            raise CalibrationError(f"laser wavelength {laser_nm} nm is not positive")
        return _NM_PER_CM * (1.0 / laser_nm - 1.0 / wavelength_nm)

    @property
    def _source(self) -> str:
        return "table entries" if self.wavelength_nm else "coefficients"

    def _unshifted_nm(self) -> NDArray[np.float64]:
        if self.wavelength_nm and self.wavelength_coefficients_nm:
            raise CalibrationError("wavelength coefficients and a wavelength table: which is it?")
        if self.wavelength_nm:
            if len(self.wavelength_nm) != self.pixel_count:
                raise CalibrationError(
                    f"wavelength table of {len(self.wavelength_nm)} entries for "
                    f"{self.pixel_count} pixels"
                )
            return np.array(self.wavelength_nm, dtype=np.float64)
        if not self.wavelength_coefficients_nm:
            raise CalibrationError("no wavelength coefficients")
        pixels = np.arange(self.pixel_count, dtype=np.float64)
        with np.errstate(all="ignore"):
            coefficients = np.array(self.wavelength_coefficients_nm, dtype=np.float64)
            return np.asarray(np.polynomial.polynomial.polyval(pixels, coefficients))


def _floats(values: Iterable[float]) -> list[float]:
    return [float(value) for value in values]
