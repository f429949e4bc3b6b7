"""Port addresses as the operator writes them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from firmware_bridge.errors import PortUsageError
from firmware_bridge.ports.base import Port
from firmware_bridge.ports.replay_port import ReplayPort
from firmware_bridge.ports.serial_port import SerialPort
from firmware_bridge.ports.tcp_port import TcpPort

_TCP_PREFIX = "tcp:"
_REPLAY_PREFIX = "replay:"


@dataclass(frozen=True, slots=True)
class SerialAddress:
    """A path to a serial device or the slave of a pseudo-terminal."""

    path: str


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """A host and a port number, 0 to 65535."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class ReplayAddress:
    """A file or folder of recordings, to be played as if live."""

    path: str


def parse_address(address: str) -> SerialAddress | TcpAddress | ReplayAddress:
    """Read `/dev/ttyUSB0` or any path with a slash, `tcp:HOST:PORT`, or `replay:PATH`.

    Raises
    ------
    PortUsageError
        If it is none of them.

    Examples
    --------
    >>> parse_address("tcp:localhost:4000")
    TcpAddress(host='localhost', port=4000)
    >>> parse_address("/dev/ttyUSB0")
    SerialAddress(path='/dev/ttyUSB0')
    >>> parse_address("replay:recorded.zip")
    ReplayAddress(path='recorded.zip')
    """
    if address.startswith(_REPLAY_PREFIX):
        return _parse_replay(address)
    if address.startswith(_TCP_PREFIX):
        return _parse_tcp(address)
    if "/" not in address or "\x00" in address:
        raise PortUsageError(f"{address!r}: neither a path, tcp:HOST:PORT nor replay:PATH")
    return SerialAddress(address)


def open_port(address: str, baud: int) -> Port:
    """Open the host's end of a port.

    Parameters
    ----------
    address : str
    baud : int, bit/s, of no effect on TCP, pseudo-terminals and replays

    Raises
    ------
    PortUsageError
        If the address is none, or names something that is no port.
    PortError
        If it cannot be opened now; its kind says why.
    """
    parsed = parse_address(address)
    if isinstance(parsed, TcpAddress):
        return TcpPort.connect(parsed.host, parsed.port)
    if isinstance(parsed, ReplayAddress):
        return ReplayPort(parsed.path)
    return SerialPort(parsed.path, baud)


def _parse_replay(address: str) -> ReplayAddress:
    path = address.removeprefix(_REPLAY_PREFIX)
    if not path or "\x00" in path:
        raise PortUsageError(f"{address!r}: expected replay:PATH of a file or folder")
    return ReplayAddress(path)


def _parse_tcp(address: str) -> TcpAddress:
    host, _, port = address[len(_TCP_PREFIX) :].rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (host and re.fullmatch("[0-9]{1,5}", port)) or int(port) > 65_535:
        raise PortUsageError(f"{address!r}: expected tcp:HOST:PORT with PORT 0 to 65535")
    return TcpAddress(host, int(port))
