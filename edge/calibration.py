"""From detector counts to a spectrum on a Raman-shift axis.

Pixel → wavelength by the instrument's polynomial, wavelength → Raman shift by its laser
line, dark counts subtracted where a dark frame of the same exposure is at hand.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from edge.errors import CalibrationError, InvalidSpectrumError
from edge.spectrum import Acquisition, Spectrum
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.spectrum_frame import SpectrumFrame

_NM_PER_CM = 1e7


@dataclass(frozen=True, slots=True)
class Calibration:
    """Where each pixel stands.

    Parameters
    ----------
    wavelength_coefficients_nm : c₀, c₁, … of c₀ + c₁·pixel + c₂·pixel² …, nm
    laser_wavelength_nm : nm
    pixel_count : P
    """

    wavelength_coefficients_nm: tuple[float, ...]
    laser_wavelength_nm: float
    pixel_count: int

    @property
    def id(self) -> str:
        """16 hex digits of the sha256 of all that defines this calibration."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]

    def to_json(self) -> str:
        """Return the calibration as the store keeps it; equal ones give equal text."""
        fields = asdict(self) | {
            "wavelength_coefficients_nm": [float(c) for c in self.wavelength_coefficients_nm],
            "laser_wavelength_nm": float(self.laser_wavelength_nm),
        }
        return json.dumps(fields, sort_keys=True)

    @classmethod
    def from_json(cls, content: str) -> Calibration:
        """Read what `to_json` wrote."""
        fields = json.loads(content)
        coefficients = tuple(float(c) for c in fields["wavelength_coefficients_nm"])
        return cls(coefficients, float(fields["laser_wavelength_nm"]), int(fields["pixel_count"]))

    def raman_shift_cm1(self) -> NDArray[np.float64]:
        """Return the axis (P,) in cm⁻¹, rising or falling as the detector is mounted.

        Raises
        ------
        CalibrationError
            If there are no coefficients, or they give a wavelength that is not positive, or no
            monotonic axis.
        """
        if not self.wavelength_coefficients_nm:
            raise CalibrationError("no wavelength coefficients")
        pixels = np.arange(self.pixel_count, dtype=np.float64)
        with np.errstate(all="ignore"):
            wavelength_nm = np.polynomial.Polynomial(self.wavelength_coefficients_nm)(pixels)
        if not (
            np.isfinite(wavelength_nm).all() and wavelength_nm.size and wavelength_nm.min() > 0
        ):
            raise CalibrationError("wavelength coefficients give no positive wavelength")
        steps = np.diff(wavelength_nm)
        if not ((steps > 0).all() or (steps < 0).all()):
            raise CalibrationError("wavelength coefficients give an axis that turns back")
        if not self.laser_wavelength_nm > 0:
            raise CalibrationError(
                f"laser wavelength {self.laser_wavelength_nm} nm is not positive"
            )
        return _NM_PER_CM * (1.0 / self.laser_wavelength_nm - 1.0 / wavelength_nm)


def calibrate(
    frame: SpectrumFrame,
    identity: FrameIdentity,
    calibration: Calibration,
    dark: SpectrumFrame | None,
) -> Spectrum:
    """Return a frame's spectrum on the Raman-shift axis, dark counts subtracted.

    Parameters
    ----------
    frame : a light frame of P pixels
    identity : whose frame it is
    calibration : of the instrument when it took the frame
    dark : the frame with the shutter closed to subtract; one of another exposure is not used

    Raises
    ------
    InvalidSpectrumError
        If the pixel count is not the calibration's or a pixel is saturated.
    CalibrationError
        If the calibration gives no axis.
    """
    if len(frame.counts) != calibration.pixel_count:
        raise InvalidSpectrumError(
            f"expected {calibration.pixel_count} pixels, got {len(frame.counts)}"
        )
    saturated = int((frame.counts >= frame.saturation_counts).sum())
    if saturated:
        raise InvalidSpectrumError(f"{saturated} of {len(frame.counts)} pixels saturated")
    intensity = frame.counts.astype(np.float64)
    if dark is not None and same_exposure(frame, dark):
        intensity -= dark.counts
    axis = calibration.raman_shift_cm1()
    if axis[0] > axis[-1]:
        axis, intensity = axis[::-1], intensity[::-1]
    return Spectrum(axis, intensity, "raman_shift_cm1", _acquisition(frame, identity))


def same_exposure(frame: SpectrumFrame, dark: SpectrumFrame) -> bool:
    """Tell whether a dark frame may be subtracted from a frame."""
    return (
        dark.integration_time_us == frame.integration_time_us
        and dark.averages == frame.averages
        and len(dark.counts) == len(frame.counts)
    )


def _acquisition(frame: SpectrumFrame, identity: FrameIdentity) -> Acquisition:
    return Acquisition(
        instrument_id=identity.instrument_id,
        boot_id=identity.boot_id,
        sequence=identity.sequence,
        instrument_time_us=frame.instrument_time_us,
        integration_time_ms=frame.integration_time_us / 1000,
        averages=frame.averages,
        laser_wavelength_nm=frame.laser_wavelength_nm,
        detector_temperature_c=frame.detector_temperature_c,
    )
