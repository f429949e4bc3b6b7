"""Virtual spectrometers: they behave like firmware, with a detector made of arithmetic."""

from firmware_bridge.virtual.detector import (
    dark_level_counts,
    expose,
    pixel_signal,
    pixel_wavelength_nm,
    raman_shift_of_wavelength_cm1,
    wavelength_coefficients,
    wavelength_of_raman_shift_nm,
)
from firmware_bridge.virtual.exposures import Exposures
from firmware_bridge.virtual.faults import LineFaults
from firmware_bridge.virtual.instrument import InstrumentFirmware
from firmware_bridge.virtual.settings import VirtualSettings
from firmware_bridge.virtual.spectrometer import VirtualRun, boot, run

__all__ = [
    "Exposures",
    "InstrumentFirmware",
    "LineFaults",
    "VirtualRun",
    "VirtualSettings",
    "boot",
    "dark_level_counts",
    "expose",
    "pixel_signal",
    "pixel_wavelength_nm",
    "raman_shift_of_wavelength_cm1",
    "run",
    "wavelength_coefficients",
    "wavelength_of_raman_shift_nm",
]
