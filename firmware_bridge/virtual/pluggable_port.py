"""A port whose plug can be pulled and put back, as the instrument's end sees it."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType

from firmware_bridge.errors import PortError
from firmware_bridge.ports import Port, PtyPort, TcpListenerPort


class PluggablePort:
    """The instrument's end of a port that can be away for a while.

    While it is away reads return b"" after their time-out and writes raise `PortError`.

    Parameters
    ----------
    open_port : callable
        Opens the port, each time under the same name.
    sleep : callable
        Waits while it is away, s.
    """

    def __init__(
        self, open_port: Callable[[], Port], sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self._open_port = open_port
        self._sleep = sleep
        self._port: Port | None = open_port()
        self._name = self._port.name

    @property
    def name(self) -> str:
        """What the host opens, while the plug is in."""
        return self._name

    @property
    def host_baud(self) -> int | None:
        """The rate the host's end has, bit/s; None where there is none, or it is not known."""
        return self._port.host_baud if isinstance(self._port, PtyPort) else None

    @property
    def has_host(self) -> bool:
        """True once a host is there, as far as the port can tell."""
        if isinstance(self._port, PtyPort):
            return self._port.host_baud is not None
        return self._port.has_host if isinstance(self._port, TcpListenerPort) else True

    @property
    def has_unread(self) -> bool:
        """True while the host has not read all that was written, as far as the port can tell."""
        return isinstance(self._port, PtyPort) and self._port.has_unread

    def unplug(self) -> None:
        """Vanish; a second call does nothing."""
        if self._port is not None:
            self._port.close()
            self._port = None

    def plug(self) -> None:
        """Be there again; a second call does nothing.

        Raises
        ------
        PortError
            If it cannot be opened again.
        """
        if self._port is None:
            self._port = self._open_port()

    def read(self, timeout_s: float) -> bytes:
        """Return what the host sent; b"" when nothing came, or the plug is out."""
        if self._port is None:
            self._sleep(timeout_s)
            return b""
        return self._port.read(timeout_s)

    def write(self, data: bytes, timeout_s: float) -> None:
        """Write all of it.

        Raises
        ------
        PortError
            If the plug is out, or it could not all be written in time.
        """
        if self._port is None:
            raise PortError(self._name, "the plug is out")
        self._port.write(data, timeout_s)

    def set_baud(self, baud: int) -> None:
        """Run the line at another rate, bit/s, where there is one."""
        if self._port is not None:
            self._port.set_baud(baud)

    def close(self) -> None:
        """Vanish for good."""
        self.unplug()

    def __enter__(self) -> PluggablePort:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
