"""A detector made of arithmetic: pure functions of arrays and a random generator.

Signal is what the light adds; dark level, shot noise, read noise, averaging, saturation
and rounding follow in the order they have in a camera.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from firmware_bridge.errors import SpectrumSourceError
from firmware_bridge.spectrum_frame import Counts

FloatArray = npt.NDArray[np.float64]
Coefficients = tuple[float, float, float, float]

_NM_PER_CM = 1e7
_REFERENCE_TEMPERATURE_C = 20.0
_DOUBLING_C = 7.0
# How far the middle of the axis bends, as a fraction of its span: a few %, as gratings do.
_BEND = 0.06
_SKEW = 0.01


def wavelength_of_raman_shift_nm(
    raman_shift_cm1: npt.ArrayLike, laser_wavelength_nm: float
) -> FloatArray:
    """Return the wavelength of light scattered with a Raman shift, nm."""
    shift_cm1 = np.asarray(raman_shift_cm1, dtype=np.float64)
    return np.asarray(_NM_PER_CM / (_NM_PER_CM / laser_wavelength_nm - shift_cm1))


def raman_shift_of_wavelength_cm1(
    wavelength_nm: npt.ArrayLike, laser_wavelength_nm: float
) -> FloatArray:
    """Return the Raman shift of light of a wavelength, cm⁻¹.

    Examples
    --------
    >>> round(float(raman_shift_of_wavelength_cm1(547.14, 532.0)), 1)
    520.1
    """
    scattered_cm1 = _NM_PER_CM / np.asarray(wavelength_nm, dtype=np.float64)
    return np.asarray(_NM_PER_CM / laser_wavelength_nm - scattered_cm1)


def wavelength_coefficients(
    range_cm1: tuple[float, float], pixel_count: int, laser_wavelength_nm: float
) -> Coefficients:
    """Return a mildly nonlinear cubic from pixel to nm that covers a range exactly.

    Parameters
    ----------
    range_cm1 : (float, float), cm⁻¹, Raman shift of the first and the last pixel
    pixel_count : int
    laser_wavelength_nm : float, nm

    Returns
    -------
    tuple of 4 floats, nm, nm/pixel, nm/pixel², nm/pixel³
    """
    first, last = wavelength_of_raman_shift_nm(range_cm1, laser_wavelength_nm).tolist()
    span, step = last - first, 1.0 / (pixel_count - 1)
    # t + bend t(1-t) + skew t(1-t)(1-2t), t from 0 to 1; increasing for small bend, skew.
    linear = span * (1 + _BEND + _SKEW) * step
    square = -span * (_BEND + 3 * _SKEW) * step**2
    return (first, linear, square, span * 2 * _SKEW * step**3)


def pixel_wavelength_nm(coefficients: Coefficients, pixel_count: int) -> FloatArray:
    """Return the wavelength of each pixel, (P,) nm."""
    pixels = np.arange(pixel_count, dtype=np.float64)
    return np.asarray(np.polynomial.polynomial.polyval(pixels, coefficients))


def pixel_signal(
    raman_shift_cm1: npt.ArrayLike,
    intensity: npt.ArrayLike,
    pixel_shift_cm1: FloatArray,
    peak_counts: float,
) -> FloatArray:
    """Resample a spectrum onto the pixels and scale it to a height.

    Parameters
    ----------
    raman_shift_cm1 : (B,) cm⁻¹, strictly increasing
    intensity : (B,) any unit; below zero counts as zero
    pixel_shift_cm1 : (P,) cm⁻¹, true Raman shift of each pixel
    peak_counts : float, counts, height of the largest pixel

    Returns
    -------
    (P,) float64, counts; 0 outside the spectrum's range

    Raises
    ------
    SpectrumSourceError
        If the arrays are no spectrum.
    """
    axis, values = _checked(raman_shift_cm1, intensity)
    signal = np.interp(pixel_shift_cm1, axis, np.maximum(values, 0.0), left=0.0, right=0.0)
    highest = float(signal.max())
    return signal * (peak_counts / highest) if highest > 0 else np.zeros_like(signal)


def dark_level_counts(
    offset_counts: float, rate_counts_s: float, integration_time_us: int, temperature_c: float
) -> float:
    """Return the mean level of an exposure with the shutter closed, counts.

    The rate is that at 20 °C and doubles every 7 °C.
    """
    warmer = math.pow(2.0, (temperature_c - _REFERENCE_TEMPERATURE_C) / _DOUBLING_C)
    return offset_counts + rate_counts_s * warmer * integration_time_us * 1e-6


def expose(
    mean_counts: FloatArray,
    offset_counts: float,
    rng: np.random.Generator,
    *,
    electrons_per_count: float,
    read_noise_counts: float,
    saturation_counts: int,
    averages: int = 1,
) -> Counts:
    """Return what the detector reads.

    Parameters
    ----------
    mean_counts : (P,) counts, signal and dark level together
    offset_counts : float, counts
        The part that is no charge and so has no shot noise.
    rng : numpy.random.Generator
    electrons_per_count : float
    read_noise_counts : float, counts, standard deviation of one exposure
    saturation_counts : int, counts
    averages : int, exposures averaged

    Returns
    -------
    (P,) uint16 up to 65,535 counts of saturation, else uint32
    """
    electrons = np.maximum(mean_counts - offset_counts, 0.0) * electrons_per_count * averages
    charge = rng.poisson(electrons) / (electrons_per_count * averages)
    noise = rng.normal(0.0, read_noise_counts / np.sqrt(averages), mean_counts.shape)
    read = np.clip(np.rint(offset_counts + charge + noise), 0, saturation_counts)
    return read.astype(np.uint16) if saturation_counts <= 0xFFFF else read.astype(np.uint32)


def _checked(
    raman_shift_cm1: npt.ArrayLike, intensity: npt.ArrayLike
) -> tuple[FloatArray, FloatArray]:
    axis = np.asarray(raman_shift_cm1, dtype=np.float64)
    values = np.asarray(intensity, dtype=np.float64)
    if axis.ndim != 1 or axis.shape != values.shape or axis.size < 2:
        got = f"{axis.shape} and {values.shape}"
        raise SpectrumSourceError("raman_shift_cm1 and intensity", "(B,) both, B >= 2", got)
    if not np.isfinite(values).all():
        raise SpectrumSourceError("intensity", "finite", "NaN or infinity")
    if not (np.diff(axis) > 0).all():
        raise SpectrumSourceError("raman_shift_cm1", "strictly increasing", "it is not")
    return axis, values
