"""Every device that has a line, small; text instruments in several formats."""

from __future__ import annotations

from dataclasses import replace

from firmware_bridge.drivers.device import Device
from firmware_bridge.drivers.registry import DEVICES
from firmware_bridge.drivers.text.device import EXAMPLE, make_text_driver
from firmware_bridge.drivers.text.format import TextFormat
from firmware_bridge.virtual.text import TextFirmware

_PIXELS = 40
_TEXT_FORMATS = {
    "text-rows": replace(EXAMPLE, pixel_count=_PIXELS),
    "text-table": TextFormat(
        model="Table",
        pixel_count=_PIXELS,
        saturation_counts=100_000,
        layout="rows",
        delimiter=" ",
        header_lines=2,
        axis_column=1,
        counts_column=2,
        axis="cm1",
        start_command="go",
        stop_command="halt",
    ),
    "text-line": TextFormat(
        model="Line",
        pixel_count=_PIXELS,
        saturation_counts=0xFFFF,
        delimiter=";",
        line_end="\r",
        counts_column=3,
        counts_per_unit=0.5,
        offset_counts=100.0,
        query_command="?",
    ),
}


def _text_device(name: str, text_format: TextFormat) -> Device:
    return replace(
        DEVICES["text"],
        name=name,
        make_driver=lambda it: make_text_driver(replace(it, text_format=text_format)),
        make_firmware=lambda exposures, settings, boot_id, now_s: TextFirmware(
            text_format, exposures, settings, boot_id, now_s
        ),
        virtual=replace(
            DEVICES["text"].virtual,
            pixel_count=_PIXELS,
            saturation_counts=text_format.saturation_counts,
        ),
        switches_light=text_format.switches_light,
    )


FUZZED: dict[str, Device] = {
    **{name: it for name, it in DEVICES.items() if name not in ("replay", "text")},
    **{name: _text_device(name, it) for name, it in _TEXT_FORMATS.items()},
}
"""By name."""
