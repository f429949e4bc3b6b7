"""`outcrop probe`: what is connected to this port?"""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from edge.cli.options import json_option
from edge.cli.probe_shown import tell_found, tell_seen
from edge.probing import Found, Try, longest_s, probe, tries
from edge.text_format import read_text_format
from firmware_bridge.drivers.registry import DEVICES
from firmware_bridge.drivers.settings import DriverSettings
from firmware_bridge.ports import ReplayAddress, SerialAddress, open_port, parse_address

_KINDS = [name for name in DEVICES if name not in ("text", "replay")]
"""What speaks a protocol of its own; a text instrument has the one its format says."""


@click.command()
@click.argument("port_address", metavar="PORT")
@click.option("--baud", type=click.IntRange(300, 4_000_000), help="Try only this rate, bit/s.")
@click.option("--device", type=click.Choice(_KINDS), help="Try only this kind of device.")
@click.option(
    "--format",
    "format_path",
    type=click.Path(path_type=Path),
    help="Try only a text instrument as this TOML file describes it.",
)
@json_option
def command(
    port_address: str,
    baud: int | None,
    device: str | None,
    format_path: Path | None,
    as_json: bool,
) -> int:
    """Find out what is connected to PORT: identity, pixels, calibration and one spectrum.

    Protocols and rates are tried one after the other, in an order that does no harm: first it is
    only listened. Exits with 1 if nothing is recognised, and says what was seen.
    """
    address = parse_address(port_address)
    if isinstance(address, ReplayAddress):
        raise click.UsageError("nothing is connected to a replay: see `outcrop check-config`")
    if format_path is not None and device is not None:
        raise click.UsageError("--format is of a text instrument: leave --device out")
    told = DriverSettings()
    if format_path is not None:
        device, told = "text", DriverSettings(text_format=read_text_format(format_path))
    has_rate = isinstance(address, SerialAddress)
    planned = tries(device=device, baud=baud, has_rate=has_rate)
    console = Console(stderr=True)
    with open_port(port_address, planned[0].baud) as port, console.status("") as status:

        def show(tried: Try) -> None:
            left_s = longest_s(planned[planned.index(tried) :])
            status.update(f"{tried.device.name} at {tried.baud} bit/s; {left_s:.0f} s at most")

        found = probe(port, planned, told, show)
    if isinstance(found, Found):
        tell_found(port_address, format_path, found, as_json=as_json)
        return 0
    tell_seen(found, as_json=as_json)
    return 1
