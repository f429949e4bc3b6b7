"""The optical half of a virtual spectrometer: source, axis, shutter and detector."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from firmware_bridge.errors import SpectrumSourceError
from firmware_bridge.spectrum_frame import Counts
from firmware_bridge.virtual.detector import (
    FloatArray,
    dark_level_counts,
    expose,
    pixel_signal,
    pixel_wavelength_nm,
    raman_shift_of_wavelength_cm1,
    wavelength_coefficients,
)
from firmware_bridge.virtual.settings import VirtualSettings

SourceSpectrum = tuple[npt.ArrayLike, npt.ArrayLike]
"""(raman_shift_cm1 (B,) cm⁻¹ strictly increasing, intensity (B,) any unit)"""


class Exposures:
    """Expose one source spectrum after the other, beginning again after the last.

    Parameters
    ----------
    spectra : sequence of (raman_shift_cm1, intensity)
    settings : VirtualSettings
    rng : numpy.random.Generator
    """

    def __init__(
        self,
        spectra: Sequence[SourceSpectrum],
        settings: VirtualSettings,
        rng: np.random.Generator,
    ) -> None:
        if not spectra:
            raise SpectrumSourceError("spectra", "at least one", "none")
        self._spectra = spectra
        self._settings = settings
        self._rng = rng
        self._taken = 0
        self.wavelength_coefficients_nm = wavelength_coefficients(
            settings.range_cm1, settings.pixel_count, settings.laser_wavelength_nm
        )
        described = pixel_wavelength_nm(self.wavelength_coefficients_nm, settings.pixel_count)
        self._pixel_shift_cm1 = raman_shift_of_wavelength_cm1(
            described - settings.drift_nm, settings.laser_wavelength_nm
        )

    @property
    def taken(self) -> int:
        """Light exposures so far."""
        return self._taken

    @property
    def exhausted(self) -> bool:
        """True when as many as the settings ask for were taken."""
        return self._settings.count is not None and self._taken >= self._settings.count

    def light(self, integration_time_us: int, averages: int) -> tuple[Counts, int]:
        """Expose the next source spectrum; return (P,) counts and its index."""
        index = self._taken % len(self._spectra)
        raman_shift_cm1, intensity = self._spectra[index]
        peak_counts = self._settings.peak_level * self._settings.saturation_counts
        shift_cm1 = self._pixel_shift_cm1
        signal = pixel_signal(raman_shift_cm1, intensity, shift_cm1, peak_counts)
        self._taken += 1
        return self._read(signal, integration_time_us, averages), index

    def dark(self, integration_time_us: int, averages: int) -> Counts:
        """Expose with the shutter closed; return (P,) counts."""
        return self._read(np.zeros(self._settings.pixel_count), integration_time_us, averages)

    def _read(self, signal: FloatArray, integration_time_us: int, averages: int) -> Counts:
        it = self._settings
        level = dark_level_counts(
            it.dark_counts, it.dark_rate_counts_s, integration_time_us, it.temperature_c
        )
        return expose(
            signal + level,
            it.dark_counts,
            self._rng,
            electrons_per_count=it.electrons_per_count,
            read_noise_counts=it.read_noise_counts,
            saturation_counts=it.saturation_counts,
            averages=averages,
        )
