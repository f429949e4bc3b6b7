"""`outcrop devices`: the kinds of instrument that can be configured."""

from __future__ import annotations

import json

import click
from rich.console import Console
from rich.table import Table

from edge.cli.options import json_option
from firmware_bridge.drivers.device import Device
from firmware_bridge.drivers.registry import DEVICES


@click.command()
@json_option
def command(as_json: bool) -> None:
    """List the devices that `[[instrument]] device` may name, and what each is like.

    A device that retains frames sends them again until they are acknowledged; of one that does
    not, what is lost on the line is lost. What a device does not tell must be configured.
    """
    if as_json:
        for device in DEVICES.values():
            click.echo(json.dumps(_fields(device)))
        return
    Console(markup=False, emoji=False).print(_table())


def _fields(device: Device) -> dict[str, object]:
    return {
        "device": device.name,
        "title": device.title,
        "protocol": device.protocol,
        "retains_until_ack": device.retains_until_ack,
        "tells_laser": device.tells_laser,
        "tells_wavelengths": device.tells_wavelengths,
        "switches_light": device.switches_light,
        "tells_identity": device.tells_identity,
        "bauds": device.bauds,
    }


def _table() -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("device", "instruments", "retains", "to be configured", "baud"):
        table.add_column(name, no_wrap=name != "instruments")
    for device in DEVICES.values():
        table.add_row(
            device.name,
            device.title,
            "yes" if device.retains_until_ack else "no",
            "\n".join(needs_of(device)),
            rates_of(device),
        )
    return table


def needs_of(device: Device) -> list[str]:
    """Return the settings that an instrument of this kind cannot do without."""
    needed = {
        "laser_wavelength_nm": not device.tells_laser,
        "calibration": not device.tells_wavelengths,
        "format": device.name == "text",
    }
    return [setting for setting, is_needed in needed.items() if is_needed]


def rates_of(device: Device) -> str:
    """Return the rate it wakes at, and the highest it changes to."""
    if not device.bauds:
        return ""
    wakes, *others = device.bauds
    return f"{wakes} … {max(others)}" if others and max(others) > wakes else str(wakes)
