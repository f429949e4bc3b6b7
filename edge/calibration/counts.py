"""From detector counts to a spectrum on a Raman-shift axis.

Saturation is refused; dark counts are subtracted; the detector is made linear; dead pixels and
cosmic rays are bridged; the axis is the calibration's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.calibration.axis import Calibration
from edge.calibration.cosmic_rays import Mended, mend
from edge.calibration.linearity import linearised
from edge.calibration.saturation import check_saturation, find_saturation
from edge.errors import InvalidSpectrumError
from edge.spectrum import Acquisition, Spectrum
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.spectrum_frame import SpectrumFrame

_LEAST_SIGNAL_TO_NOISE = 8.0
"""Of 16,000 pixels of nothing but noise the highest stands some 4 standard deviations out."""
_COUNTING_NOISE = 1 / np.sqrt(12.0)
"""Counts are whole: so much noise there is at least, counts."""
_FEWEST_PIXELS = 16


@dataclass(frozen=True, slots=True, eq=False)
class Corrected:
    """Counts in proportion to the light, pixel by pixel.

    Parameters
    ----------
    intensity : (P,) float64, counts above dark, in the order of the pixels
    saturated : (P,) bool, by light: their intensity is a lower bound
    cosmic_ray_pixels, dead_pixels : int, how many were bridged
    """

    intensity: NDArray[np.float64]
    saturated: NDArray[np.bool_]
    cosmic_ray_pixels: int = 0
    dead_pixels: int = 0


def correct(
    frame: SpectrumFrame,
    calibration: Calibration,
    dark_counts: NDArray[np.float64] | None,
) -> Corrected:
    """Return a frame's counts without what the detector adds to them.

    Parameters
    ----------
    frame : of P pixels
    calibration : of the instrument when it took the frame
    dark_counts : (P,) float64, counts of the same exposure with the shutter closed; without
        them a detector is not made linear either: its polynomial is of counts above dark

    Raises
    ------
    InvalidSpectrumError
        If the pixel count is not the calibration's, or many pixels are saturated in the dark.
    CalibrationError
        If the nonlinearity coefficients make no sense.
    """
    if len(frame.counts) != calibration.pixel_count:
        raise InvalidSpectrumError(
            f"expected {calibration.pixel_count} pixels, got {len(frame.counts)}"
        )
    saturation = find_saturation(frame, dark_counts)
    lost = saturation.lost
    intensity = frame.counts.astype(np.float64)
    if dark_counts is not None:
        intensity -= dark_counts
        largest = float(min(frame.saturation_counts, np.iinfo(frame.counts.dtype).max))
        intensity = linearised(intensity, calibration.nonlinearity_coefficients, largest)
    if lost.any():
        pixels = np.arange(intensity.size)
        intensity[lost] = np.interp(pixels[lost], pixels[~lost], intensity[~lost])
    mended: Mended = mend(intensity)
    dead = mended.dead_pixels.size + int(lost.sum())
    return Corrected(mended.intensity, saturation.by_light, mended.cosmic_ray_pixels.size, dead)


def calibrate(
    frame: SpectrumFrame,
    identity: FrameIdentity,
    calibration: Calibration,
    dark_counts: NDArray[np.float64] | None,
    received_utc_ns: int | None = None,
) -> Spectrum:
    """Return a frame's spectrum on the Raman-shift axis, dark counts subtracted.

    Parameters
    ----------
    frame : a light frame of P pixels
    identity : whose frame it is
    calibration : of the instrument when it took the frame
    dark_counts : (P,) float64, counts, as `choose_dark` gives them
    received_utc_ns : wall clock at its arrival

    Raises
    ------
    InvalidSpectrumError
        If the pixel count is not the calibration's, a pixel beyond the laser line is saturated,
        or nothing stands out of the noise.
    CalibrationError
        If the calibration gives no axis, or its nonlinearity makes no sense.
    """
    corrected = correct(frame, calibration, dark_counts)
    axis, intensity = calibration.raman_shift_cm1(), corrected.intensity
    check_saturation(corrected.saturated, axis)
    _check_signal(intensity)
    if axis[0] > axis[-1]:
        axis, intensity = axis[::-1], intensity[::-1]
    acquisition = _acquisition(frame, identity, received_utc_ns, corrected)
    return Spectrum(axis, intensity, "raman_shift_cm1", acquisition)


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
    frame: SpectrumFrame,
    identity: FrameIdentity,
    received_utc_ns: int | None,
    corrected: Corrected,
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
        cosmic_ray_pixels=corrected.cosmic_ray_pixels,
        dead_pixels=corrected.dead_pixels,
        saturated_pixels=int(corrected.saturated.sum()),
    )
