"""The optical half of a virtual spectrometer: source, targets, axis, shutter and detector."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from firmware_bridge.errors import SpectrumSourceError
from firmware_bridge.spectrum_frame import Counts, FrameKind
from firmware_bridge.virtual.detector import (
    FloatArray,
    dark_level_counts,
    expose,
    pixel_signal,
    pixel_wavelength_nm,
    raman_shift_of_wavelength_cm1,
    wavelength_coefficients,
)
from firmware_bridge.virtual.detector_faults import DetectorFaults
from firmware_bridge.virtual.settings import VirtualSettings
from firmware_bridge.virtual.targets import neon_signal, raman_target

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
        self._faults = DetectorFaults(
            settings.faults, settings.pixel_count, settings.saturation_counts, rng.spawn(1)[0]
        )
        self._taken = 0
        self._elapsed_s = 0.0
        self.wavelength_coefficients_nm = wavelength_coefficients(
            settings.range_cm1, settings.pixel_count, settings.laser_wavelength_nm
        )

    @property
    def taken(self) -> int:
        """Light exposures so far."""
        return self._taken

    @property
    def exhausted(self) -> bool:
        """True when as many as the settings ask for were taken."""
        return self._settings.count is not None and self._taken >= self._settings.count

    @property
    def temperature_c(self) -> float:
        """The detector's temperature now, °C."""
        it = self._settings
        return it.temperature_c + it.faults.temperature_drift_c_min * self._elapsed_s / 60

    @property
    def drift_nm(self) -> float:
        """How far the true axis is from the described one now, nm."""
        it = self._settings
        return it.drift_nm + it.faults.drift_nm_min * self._elapsed_s / 60

    def advance(self, elapsed_s: float) -> None:
        """Let time pass, s since the first boot: temperature and axis drift with it."""
        self._elapsed_s = elapsed_s

    def light(self, integration_time_us: int, averages: int) -> tuple[Counts, int]:
        """Expose the next source spectrum; return (P,) counts and its index."""
        index = self._taken % len(self._spectra)
        self._taken += 1
        signal = self._raman_signal(self._spectra[index], integration_time_us)
        return self._read(self._faults.spoil_light(signal), integration_time_us, averages), index

    def dark(self, integration_time_us: int, averages: int) -> Counts:
        """Expose with the shutter closed; return (P,) counts."""
        return self._read(np.zeros(self._settings.pixel_count), integration_time_us, averages)

    def target(self, kind: FrameKind, integration_time_us: int, averages: int) -> Counts:
        """Expose a calibration target or the neon lamp; return (P,) counts.

        Raises
        ------
        SpectrumSourceError
            If this kind of frame shows none.
        """
        if kind == "neon":
            signal = neon_signal(self._true_nm(), self._peak_counts(integration_time_us))
        else:
            signal = self._raman_signal(raman_target(kind), integration_time_us)
        return self._read(signal, integration_time_us, averages)

    def _true_nm(self) -> FloatArray:
        described = pixel_wavelength_nm(self.wavelength_coefficients_nm, self._settings.pixel_count)
        return described - self.drift_nm

    def _peak_counts(self, integration_time_us: int) -> float:
        it = self._settings
        exposed = integration_time_us / it.first_integration_time_us
        return it.peak_level * it.saturation_counts * exposed

    def _raman_signal(self, spectrum: SourceSpectrum, integration_time_us: int) -> FloatArray:
        laser_nm = self._settings.laser_wavelength_nm
        pixel_shift_cm1 = raman_shift_of_wavelength_cm1(self._true_nm(), laser_nm)
        return pixel_signal(*spectrum, pixel_shift_cm1, self._peak_counts(integration_time_us))

    def _read(self, signal: FloatArray, integration_time_us: int, averages: int) -> Counts:
        it = self._settings
        level = dark_level_counts(
            it.dark_counts, it.dark_rate_counts_s, integration_time_us, self.temperature_c
        )
        counts = expose(
            signal + level,
            it.dark_counts,
            self._rng,
            electrons_per_count=it.electrons_per_count,
            read_noise_counts=it.read_noise_counts,
            saturation_counts=it.saturation_counts,
            averages=averages,
        )
        return self._faults.spoil_counts(counts)
