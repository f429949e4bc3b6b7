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
from firmware_bridge.virtual.faults import NO_FAULTS, Faults, parse_faults
from firmware_bridge.virtual.firmware import Acquired, MakeFirmware, VirtualFirmware
from firmware_bridge.virtual.instrument import InstrumentFirmware
from firmware_bridge.virtual.line import LinePace
from firmware_bridge.virtual.line_faults import LineFaults
from firmware_bridge.virtual.pluggable_port import PluggablePort
from firmware_bridge.virtual.powered import VirtualRun
from firmware_bridge.virtual.settings import VirtualSettings
from firmware_bridge.virtual.spectrometer import boot, run

__all__ = [
    "NO_FAULTS",
    "Acquired",
    "Exposures",
    "Faults",
    "InstrumentFirmware",
    "LineFaults",
    "LinePace",
    "MakeFirmware",
    "PluggablePort",
    "VirtualFirmware",
    "VirtualRun",
    "VirtualSettings",
    "boot",
    "dark_level_counts",
    "expose",
    "parse_faults",
    "pixel_signal",
    "pixel_wavelength_nm",
    "raman_shift_of_wavelength_cm1",
    "run",
    "wavelength_coefficients",
    "wavelength_of_raman_shift_nm",
]
