"""From detector counts to a spectrum on a Raman-shift axis.

Dark counts are subtracted where a dark frame of the same exposure is at hand; the axis is the
calibration's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.calibration.axis import Calibration
from edge.errors import InvalidSpectrumError
from edge.spectrum import Acquisition, Spectrum
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.spectrum_frame import SpectrumFrame

_LEAST_SIGNAL_TO_NOISE = 8.0
"""Of 16,000 pixels of nothing but noise the highest stands some 4 standard deviations out."""
_COUNTING_NOISE = 1 / np.sqrt(12.0)
"""Counts are whole: so much noise there is at least, counts."""
_FEWEST_PIXELS = 16


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
