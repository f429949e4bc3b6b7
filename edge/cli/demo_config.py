"""The configuration a demo's daemon runs with, for each kind of instrument."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import tomli_w

from edge.calibration import Calibration
from edge.calibration.calibration_file import Provenance, write_calibration_file
from firmware_bridge.drivers.device import Device
from firmware_bridge.drivers.text.device import EXAMPLE
from firmware_bridge.virtual import wavelength_coefficients

_OIP_BAUD = 921_600
_DARK_EVERY = 20
_PIXEL_BYTES = 6
"""At most, on any of the lines: five digits and a comma."""
_BITS_A_BYTE = 10


def demo_baud(device: Device) -> int:
    """Return the rate both sides wake at, bit/s: OIP's highest, so that many are seen soon."""
    return _OIP_BAUD if device.name == "oip" else device.bauds[0]


def spectrum_s(device: Device) -> float:
    """Return how long one spectrum may take on the line of a device, s."""
    pixel_bytes = device.virtual.pixel_count * _PIXEL_BYTES
    return pixel_bytes * _BITS_A_BYTE / max(demo_baud(device), *device.bauds)


def write_demo_config(folder: Path, port: Path, device: Device, rate_hz: float) -> Path:
    """Write `outcrop.toml` for one instrument on a port; return its path.

    An instrument that is asked for each spectrum exposes as long as the rate leaves time for.

    Beside it goes a calibration where the instrument does not tell its wavelengths.
    """
    instrument: dict[str, object] = {
        "port": str(port),
        "device": device.name,
        "baud": demo_baud(device),
    }
    if (fast := max(device.bauds)) > demo_baud(device):
        instrument["fast_baud"] = fast
    if not device.tells_laser:
        instrument["laser_wavelength_nm"] = device.virtual.laser_wavelength_nm
    if device.switches_light:
        instrument["dark_every"] = _DARK_EVERY
        first_us = replace(device.virtual, rate_hz=rate_hz).first_integration_time_us
        instrument["integration_time_ms"] = max(1, first_us // 1000)
    if not device.tells_wavelengths:
        instrument["calibration"] = _write_calibration(folder, device).name
    if device.name == "text":
        instrument["format"] = _write_format(folder).name
    path = folder / "outcrop.toml"
    path.write_text(
        tomli_w.dumps(
            {
                "instrument": [instrument],
                "store": {"folder": "store"},
                "bundle": {"trust_demo_key": True},
                "log": {"level": "debug"},
            }
        )
    )
    return path


def _write_calibration(folder: Path, device: Device) -> Path:
    """Write what its maker's certificate would say of a virtual instrument."""
    it = device.virtual
    coefficients = wavelength_coefficients(it.range_cm1, it.pixel_count, it.laser_wavelength_nm)
    path = folder / "calibration.toml"
    calibration = Calibration(coefficients, it.laser_wavelength_nm, it.pixel_count)
    write_calibration_file(path, calibration, Provenance(instrument_id=it.instrument_id))
    return path


def _write_format(folder: Path) -> Path:
    """Write what the virtual text instrument writes and reads."""
    path = folder / "format.toml"
    fields = {name: value for name, value in asdict(EXAMPLE).items() if value is not None}
    path.write_text(tomli_w.dumps(fields))
    return path
