"""The instrument's end of a port, as `outcrop simulate --port` names it."""

from __future__ import annotations

from pathlib import Path

import click

from firmware_bridge.ports import (
    Port,
    PtyPort,
    SerialAddress,
    TcpAddress,
    TcpListenerPort,
    open_port,
    parse_address,
)
from firmware_bridge.virtual import PluggablePort, VirtualSettings

PTY = "pty"


def instrument_port(address: str, settings: VirtualSettings, link: Path | None) -> PluggablePort:
    """Open a new pseudo-terminal, a port to listen on, or a serial device.

    Raises
    ------
    PortUsageError, PortError
        If it cannot be opened.
    click.UsageError
        If --link does not go with the port, or the plug of this port cannot be pulled.
    """
    parsed = None if address == PTY else parse_address(address)
    if link is not None and parsed is not None:
        raise click.UsageError("--link names a pty; use it with --port pty")
    if settings.faults.disconnect_every_s > 0 and link is None and _has_no_name(parsed):
        raise click.UsageError(
            "--fault disconnect-every-s: a host finds the port again only by a name that stays: "
            "use --port pty with --link, or --port tcp:HOST:PORT"
        )
    if parsed is None:
        return PluggablePort(lambda: PtyPort.create(link=link))
    if isinstance(parsed, TcpAddress):
        return PluggablePort(_Listener(parsed))
    return PluggablePort(lambda: open_port(address, settings.baud))


def _has_no_name(parsed: object) -> bool:
    return parsed is None or isinstance(parsed, SerialAddress)


class _Listener:
    """Listens at an address; the port that the system chose at first is kept."""

    def __init__(self, address: TcpAddress) -> None:
        self._host, self._port = address.host, address.port

    def __call__(self) -> Port:
        listener = TcpListenerPort(self._host, self._port)
        self._port = int(listener.name.rpartition(":")[2])
        return listener
