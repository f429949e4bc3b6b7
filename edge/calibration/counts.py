"""From detector counts to a spectrum on a Raman-shift axis.

Pixel → wavelength by the instrument's polynomial, wavelength → Raman shift by its laser
line, dark counts subtracted where a dark frame of the same exposure is at hand.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from edge.errors import CalibrationError, InvalidSpectrumError
from edge.spectrum import Acquisition, Spectrum
from firmware_bridge.description import Description
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.spectrum_frame import SpectrumFrame

_NM_PER_CM = 1e7
_LEAST_SIGNAL_TO_NOISE = 8.0
"""Of 16,000 pixels of nothing but noise the highest stands some 4 standard deviations out."""
_COUNTING_NOISE = 1 / np.sqrt(12.0)
"""Counts are whole: so much noise there is at least, counts."""
_FEWEST_PIXELS = 16


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

    @classmethod
    def of(cls, description: Description) -> Calibration:
        """Return the calibration that an instrument describes; its laser NaN if nobody told it."""
        laser_nm = description.laser_wavelength_nm
        return cls(
            description.wavelength_coefficients_nm,
            math.nan if laser_nm is None else laser_nm,
            description.pixel_count,
        )

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
            coefficients = tuple(float(c) for c in fields["wavelength_coefficients_nm"])
            laser_nm, pixels = float(fields["laser_wavelength_nm"]), int(fields["pixel_count"])
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            raise CalibrationError(f"stored calibration is damaged: {error}") from error
        calibration = cls(coefficients, laser_nm, pixels)
        if expected_id not in (None, calibration.id):
            raise CalibrationError(f"stored calibration is damaged: {expected_id} was written")
        return calibration

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
    received_utc_ns: int | None = None,
) -> Spectrum:
    """Return a frame's spectrum on the Raman-shift axis, dark counts subtracted.

    Parameters
    ----------
    frame : a light frame of P pixels
    identity : whose frame it is
    calibration : of the instrument when it took the frame
    dark : the frame with the shutter closed to subtract; one of another exposure is not used
    received_utc_ns : wall clock at its arrival

    Raises
    ------
    InvalidSpectrumError
        If the pixel count is not the calibration's, a pixel is saturated, or nothing stands
        out of the noise.
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
    if dark is not None and exposure_of(dark) == exposure_of(frame):
        intensity -= dark.counts
    axis = calibration.raman_shift_cm1()
    _check_signal(intensity)
    if axis[0] > axis[-1]:
        axis, intensity = axis[::-1], intensity[::-1]
    acquisition = _acquisition(frame, identity, received_utc_ns)
    return Spectrum(axis, intensity, "raman_shift_cm1", acquisition)


def exposure_of(frame: SpectrumFrame) -> str:
    """Return what a dark frame must share with the frame it is subtracted from."""
    return f"{frame.integration_time_us} us x {frame.averages}, {len(frame.counts)} pixels"


def _check_signal(intensity: NDArray[np.float64]) -> None:
    """Refuse what a detector gives with the laser off: noise around one level."""
    if intensity.size < _FEWEST_PIXELS:
        raise InvalidSpectrumError(f"{intensity.size} pixels are no spectrum")
    # neighbours differ by noise alone, but for few; 0.6745 makes a median a standard deviation
    differing = float(np.median(np.abs(np.diff(intensity)))) / (0.6745 * np.sqrt(2.0))
    noise = max(differing, _COUNTING_NOISE)
    height = float(intensity.max() - np.median(intensity))
    if height < _LEAST_SIGNAL_TO_NOISE * noise:
        raise InvalidSpectrumError(
            f"no signal: the highest pixel stands {height / noise:.1f} times the noise above the "
            f"median, {_LEAST_SIGNAL_TO_NOISE:g} is the least"
        )


def _acquisition(
    frame: SpectrumFrame, identity: FrameIdentity, received_utc_ns: int | None
) -> Acquisition:
    return Acquisition(
        instrument_id=identity.instrument_id,
        boot_id=identity.boot_id,
        sequence=identity.sequence,
        received_utc_ns=received_utc_ns,
        instrument_time_us=frame.instrument_time_us,
        integration_time_ms=frame.integration_time_us / 1000,
        averages=frame.averages,
        laser_wavelength_nm=frame.laser_wavelength_nm,
        detector_temperature_c=frame.detector_temperature_c,
    )
