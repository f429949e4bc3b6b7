"""Options of a virtual instrument, and the settings they come to."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from edge.text_format import read_text_format
from firmware_bridge.drivers.device import Device
from firmware_bridge.drivers.registry import DEVICES
from firmware_bridge.drivers.text import TextFormat
from firmware_bridge.virtual import Exposures, MakeFirmware, VirtualSettings, parse_faults
from firmware_bridge.virtual.text import TextFirmware

VIRTUAL_DEVICES = [name for name, device in DEVICES.items() if device.bauds]
"""Those with a line; what has none is no instrument to simulate."""

device_option = click.option(
    "--device",
    "device_name",
    type=click.Choice(VIRTUAL_DEVICES),
    default="oip",
    show_default=True,
    help="Kind of instrument, as `outcrop devices` lists them.",
)

fault_option = click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME=VALUE",
    help="Something that goes wrong, by --seed; may be repeated. The names are below.",
)

_OPTIONS = (
    click.option(
        "--rate",
        "rate_hz",
        type=click.FloatRange(min=0.001),
        default=2.0,
        show_default=True,
        help="Spectra a second, as long as the host configures nothing.",
    ),
    click.option(
        "--baud",
        type=click.IntRange(min=300),
        help="Bits per second at which it wakes up; what is usual for the device if not given.",
    ),
    click.option(
        "--pixels", type=click.IntRange(8, 16_000), help="Of the detector; else the device's."
    ),
    click.option(
        "--format",
        "format_path",
        type=click.Path(path_type=Path),
        help="With --device text: TOML that says what it writes and reads, as the daemon takes it.",
    ),
    click.option("--instrument-id", help="What it calls itself; else the device's."),
    click.option("--drift-nm", type=float, default=0.0, help="True axis minus described one, nm."),
    click.option(
        "--bit-error-rate",
        type=click.FloatRange(0, 1),
        help="Short for --fault bit-error-rate=…",
    ),
    click.option(
        "--drop-fragment-rate",
        type=click.FloatRange(0, 1),
        help="Short for --fault drop-frame-rate=…: a fragment is a frame on the line.",
    ),
    fault_option,
)


def virtual_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say what a virtual instrument is like."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def virtual_device(name: str, format_path: Path | None) -> Device:
    """Return a device of the registry; one that talks in text may have a format of its own.

    Raises
    ------
    ConfigError
        If there is something wrong with the format.
    click.UsageError
        If there is a format, and the device has its own.
    """
    device = DEVICES[name]
    if format_path is None:
        return device
    if name != "text":
        raise click.UsageError("--format says what a text device writes: use --device text")
    text_format = read_text_format(format_path)
    virtual = replace(
        device.virtual,
        pixel_count=text_format.pixel_count,
        saturation_counts=text_format.saturation_counts,
    )
    return replace(device, make_firmware=_firmware_of(text_format), virtual=virtual)


def _firmware_of(text_format: TextFormat) -> MakeFirmware:
    def make(
        exposures: Exposures, settings: VirtualSettings, boot_id: int, now_s: float
    ) -> TextFirmware:
        return TextFirmware(text_format, exposures, settings, boot_id, now_s)

    return make


def virtual_settings(
    device: Device,
    *,
    seed: int,
    count: int | None,
    rate_hz: float,
    baud: int | None,
    pixels: int | None,
    instrument_id: str | None,
    drift_nm: float,
    bit_error_rate: float | None,
    drop_frame_rate: float | None,
    faults: tuple[str, ...],
) -> VirtualSettings:
    """Return the device's own settings with what the options say.

    Raises
    ------
    SpectrumSourceError
        If a value cannot be.
    click.UsageError
        If a fault is not NAME=VALUE.
    """
    short = {"bit-error-rate": bit_error_rate, "drop-frame-rate": drop_frame_rate}
    wrong = {name: str(rate) for name, rate in short.items() if rate is not None}
    own = device.virtual
    return replace(
        own,
        boot_id=1 + secrets.randbelow(2**32 - 1),  # a boot is a boot, whatever the seed
        seed=seed,
        count=count,
        rate_hz=rate_hz,
        baud=device.bauds[0] if baud is None else baud,
        pixel_count=own.pixel_count if pixels is None else pixels,
        instrument_id=own.instrument_id if instrument_id is None else instrument_id,
        drift_nm=drift_nm,
        faults=parse_faults(dict(map(_split, faults)) | wrong),
    )


def _split(fault: str) -> tuple[str, str]:
    name, equals, value = fault.partition("=")
    if not equals:
        raise click.UsageError(f"--fault {fault}: expected NAME=VALUE")
    return name.strip(), value.strip()
