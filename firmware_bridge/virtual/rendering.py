"""A Raman spectrum out of a table of lines: pseudo-Voigt lines on a smooth background."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.virtual.minerals import MineralLines

__all__ = ["LORENTZIAN_FRACTION", "render"]

LORENTZIAN_FRACTION = 0.7
"""Share of the Lorentzian in each pseudo-Voigt line; the rest is Gaussian."""

# From one specimen to another. The two shifts together stay below 1 cm⁻¹.
_COMMON_SHIFT_CM1 = 0.5
_LINE_SHIFT_CM1 = 0.4
_STRENGTH_SIGMA = 0.2
_WIDTH_SIGMA = 0.1
_BASELINE_SIGMA = 0.4

# Fluorescence: a hump far wider than any line.
_HUMP_CENTRE_CM1 = 1400.0
_HUMP_WIDTH_CM1 = 1300.0


def render(
    mineral: MineralLines,
    raman_shift_cm1: NDArray[np.float64],
    *,
    baseline: float = 0.3,
    rng: np.random.Generator | None = None,
) -> NDArray[np.float32]:
    """Render the raw Raman spectrum of a powdered or randomly oriented specimen.

    A line narrower than a band of the axis is seen averaged over the band, its area kept.
    There is no detector noise here: that belongs to the instrument, not to the specimen.

    Parameters
    ----------
    mineral : MineralLines
    raman_shift_cm1 : (B,) float64, cm⁻¹, strictly increasing, at least two bands
    baseline : float, fluorescence at its maximum, dimensionless; the strongest line of the
        table stands 1 above it
    rng : numpy.random.Generator, optional
        Draws one specimen: strengths vary by about 20 %, widths by 10 %, positions by less
        than 1 cm⁻¹, the background in level, centre and slope. Without it the table is
        rendered as it stands, the same each time.

    Returns
    -------
    (B,) float32, dimensionless, positive

    Raises
    ------
    ValueError
        If the axis is not one-dimensional and strictly increasing, or `baseline` is negative
        or not finite.
    """
    _check(raman_shift_cm1, baseline)
    table = np.array([(x.shift_cm1, x.fwhm_cm1, x.strength / 100.0) for x in mineral.lines])
    shift_cm1, fwhm_cm1, strength = table.T  # (L,) each
    if rng is not None:
        shift_cm1 = shift_cm1 + rng.uniform(-_COMMON_SHIFT_CM1, _COMMON_SHIFT_CM1)
        shift_cm1 = shift_cm1 + rng.uniform(-_LINE_SHIFT_CM1, _LINE_SHIFT_CM1, shift_cm1.size)
        fwhm_cm1 = fwhm_cm1 * rng.lognormal(0.0, _WIDTH_SIGMA, fwhm_cm1.size)
        strength = strength * rng.lognormal(0.0, _STRENGTH_SIGMA, strength.size)
    lines = _pseudo_voigt(raman_shift_cm1, shift_cm1, fwhm_cm1) @ strength  # (B,)
    intensity = lines + _fluorescence(raman_shift_cm1, baseline, rng)
    return np.asarray(intensity, dtype=np.float32)


def _check(raman_shift_cm1: NDArray[np.float64], baseline: float) -> None:
    """Refuse an axis or a background that has no spectrum."""
    if raman_shift_cm1.ndim != 1 or raman_shift_cm1.size < 2:
        raise ValueError(f"expected an axis (B,) with B >= 2, got {raman_shift_cm1.shape}")
    if not (np.isfinite(raman_shift_cm1).all() and (np.diff(raman_shift_cm1) > 0.0).all()):
        raise ValueError("expected a finite, strictly increasing axis")
    if not 0.0 <= baseline < np.inf:
        raise ValueError(f"expected a finite baseline >= 0, got {baseline}")


def _pseudo_voigt(
    raman_shift_cm1: NDArray[np.float64],
    shift_cm1: NDArray[np.float64],
    fwhm_cm1: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the (B, L) line profiles, 1 high where the axis resolves them."""
    band_cm1 = np.gradient(raman_shift_cm1)[:, np.newaxis]  # (B, 1)
    seen_fwhm_cm1 = np.hypot(fwhm_cm1, band_cm1)  # (B, L)
    u = 2.0 * (raman_shift_cm1[:, np.newaxis] - shift_cm1) / seen_fwhm_cm1  # (B, L)
    lorentzian = 1.0 / (1.0 + u**2)
    gaussian = np.exp(-np.log(2.0) * u**2)
    profile = LORENTZIAN_FRACTION * lorentzian + (1.0 - LORENTZIAN_FRACTION) * gaussian
    return np.asarray(profile * fwhm_cm1 / seen_fwhm_cm1, dtype=np.float64)


def _fluorescence(
    raman_shift_cm1: NDArray[np.float64], baseline: float, rng: np.random.Generator | None
) -> NDArray[np.float64]:
    """Return the (B,) background: a broad hump, tilted and shifted where `rng` draws it."""
    level, centre_cm1, slope = baseline, _HUMP_CENTRE_CM1, 0.0
    if rng is not None:
        level *= rng.lognormal(0.0, _BASELINE_SIGMA)
        centre_cm1 += rng.uniform(-600.0, 600.0)
        slope = rng.uniform(-0.3, 0.3)  # over the hump's width
    u = (raman_shift_cm1 - centre_cm1) / _HUMP_WIDTH_CM1
    return np.asarray(level * np.exp(-0.5 * u**2) * np.exp(slope * np.tanh(u)), dtype=np.float64)
