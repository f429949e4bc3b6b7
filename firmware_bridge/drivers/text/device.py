"""The text instrument of the registry, and the format its virtual counterpart has."""

from __future__ import annotations

from typing import Final

from firmware_bridge.drivers.device import Device
from firmware_bridge.drivers.settings import DriverSettings
from firmware_bridge.drivers.text.asked import AskedDriver
from firmware_bridge.drivers.text.format import TextFormat
from firmware_bridge.drivers.text.free_running import FreeRunningDriver
from firmware_bridge.virtual.exposures import Exposures
from firmware_bridge.virtual.settings import VirtualSettings
from firmware_bridge.virtual.text import TextFirmware

_BAUD = 115_200

EXAMPLE: Final = TextFormat(
    model="Example",
    pixel_count=512,
    saturation_counts=0xFFFF,
    layout="rows",
    delimiter=";",
    decimal_comma=True,
    header_lines=1,
    axis_column=1,
    counts_column=2,
    axis="nm",
    end_line="END",
    integration_time_us=100_000,
    identify_command="*IDN?",
    identify_prefix="SN ",
    query_command="READ?",
    integration_command="INT {us}",
    averages_command="AVG {averages}",
    dark_command="LASER OFF",
    light_command="LASER ON",
    error_prefixes=("ERR",),
)
"""What a text device speaks that was given no format; `deploy/instruments/example.toml` has it."""


def make_text_driver(settings: DriverSettings) -> AskedDriver | FreeRunningDriver:
    """Return the driver for the format that the settings name.

    Raises
    ------
    DriverSettingsError
        If the format needs what the settings do not tell.
    """
    text_format = settings.text_format or EXAMPLE
    make = AskedDriver if text_format.is_asked else FreeRunningDriver
    return make(settings, text_format)


def make_text_firmware(
    exposures: Exposures, settings: VirtualSettings, boot_id: int, now_s: float
) -> TextFirmware:
    """Return the virtual instrument that speaks the example's format."""
    return TextFirmware(EXAMPLE, exposures, settings, boot_id, now_s)


TEXT = Device(
    name="text",
    title="Any instrument of delimited text, described in TOML",
    protocol="delimited text, as its format says",
    retains_until_ack=False,
    tells_laser=False,
    tells_wavelengths=True,
    bauds=(_BAUD,),
    make_driver=make_text_driver,
    make_firmware=make_text_firmware,
    virtual=VirtualSettings(
        instrument_id="TXT-1",
        baud=_BAUD,
        pixel_count=EXAMPLE.pixel_count,
        saturation_counts=EXAMPLE.saturation_counts,
    ),
    switches_light=True,
)
