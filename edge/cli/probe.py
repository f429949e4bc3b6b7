"""`outcrop probe`: what is connected to this port?"""

from __future__ import annotations

import click
from rich.console import Console

from edge.cli.options import json_option
from edge.cli.probe_shown import tell_found, tell_seen
from edge.probing import Found, Try, longest_s, probe, tries
from firmware_bridge.drivers.registry import DEVICES
from firmware_bridge.drivers.settings import DriverSettings
from firmware_bridge.ports import SerialAddress, open_port, parse_address


@click.command()
@click.argument("port_address", metavar="PORT")
@click.option("--baud", type=click.IntRange(300, 4_000_000), help="Try only this rate, bit/s.")
@click.option("--device", type=click.Choice(list(DEVICES)), help="Try only this kind of device.")
@json_option
def command(port_address: str, baud: int | None, device: str | None, as_json: bool) -> int:
    """Find out what is connected to PORT: identity, pixels, calibration and one spectrum.

    Protocols and rates are tried one after the other, in an order that does no harm: first it is
    only listened. Exits with 1 if nothing is recognised, and says what was seen.
    """
    has_rate = isinstance(parse_address(port_address), SerialAddress)
    planned = tries(device=device, baud=baud, has_rate=has_rate)
    console = Console(stderr=True)
    with open_port(port_address, planned[0].baud) as port, console.status("") as status:

        def show(tried: Try) -> None:
            left_s = longest_s(planned[planned.index(tried) :])
            status.update(f"{tried.device.name} at {tried.baud} bit/s; {left_s:.0f} s at most")

        found = probe(port, planned, DriverSettings(), show)
    if isinstance(found, Found):
        tell_found(port_address, found, as_json=as_json)
        return 0
    tell_seen(found, as_json=as_json)
    return 1
