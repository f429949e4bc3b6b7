"""TCP: the host's end, and a listener for the virtual instrument's end."""

from __future__ import annotations

import select
import socket
import time

from firmware_bridge.errors import PortBusyError, PortClosedError, PortError, PortNotFoundError
from firmware_bridge.ports.descriptor import DescriptorPort, wait_ready

CONNECT_TIMEOUT_S = 2.0
SILENT_HOST_S = 5.0


class TcpPort(DescriptorPort):
    """A connected stream; made by `connect`, or by a listener.

    Parameters
    ----------
    connection : socket
        Owned, and made non-blocking.
    name : str
    """

    def __init__(self, connection: socket.socket, name: str) -> None:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        super().__init__(connection.fileno(), name)
        self._connection = connection

    @classmethod
    def connect(cls, host: str, port: int, timeout_s: float = CONNECT_TIMEOUT_S) -> TcpPort:
        """Connect to a listener within the time.

        Raises
        ------
        PortNotFoundError
            If nobody answers there.
        """
        name = f"tcp:{host}:{port}"
        try:
            return cls(socket.create_connection((host, port), timeout=timeout_s), name)
        except (OSError, UnicodeError) as error:
            reason = f"nobody answers ({error}): is the instrument on, are host and port right?"
            raise PortNotFoundError(name, reason) from error

    def _release(self) -> None:
        self._connection.close()


class TcpListenerPort:
    """The instrument's end: one host at a time, which may go and come back.

    A host that said nothing for 5 s makes room for one that waits: it may have lost its
    power, which TCP does not tell.

    While nobody is connected, reads return b"" after their time-out and writes raise
    `PortError`, as bytes on an open line go nowhere.

    Parameters
    ----------
    host : str
    port : int
        0 lets the system choose; see `name`.

    Raises
    ------
    PortBusyError
        If the address cannot be had.
    """

    def __init__(self, host: str, port: int) -> None:
        try:
            self._listener = socket.create_server((host, port), backlog=1)
        except OSError as error:
            raise PortBusyError(f"tcp:{host}:{port}", f"cannot listen: {error.strerror}") from error
        self._listener.setblocking(False)
        self._name = f"tcp:{host}:{self._listener.getsockname()[1]}"
        self._peer: TcpPort | None = None
        self._heard_s = 0.0

    @property
    def name(self) -> str:
        """The address a host connects to, with the port in force."""
        return self._name

    @property
    def has_host(self) -> bool:
        """True while a host is connected."""
        return self._peer is not None

    def read(self, timeout_s: float) -> bytes:
        """Return what the host sent; b"" when nothing came, or nobody is there.

        Raises
        ------
        PortClosedError
            If this side was closed.
        """
        deadline_s = time.monotonic() + timeout_s
        self._drop_silent_peer()
        if self._peer is None and not self._accept(timeout_s):
            return b""
        return self._read_peer(deadline_s - time.monotonic())

    def write(self, data: bytes, timeout_s: float) -> None:
        """Write all of it to the host that is connected.

        Raises
        ------
        PortError
            If nobody is connected, or it could not all be written in time.
        """
        if self._peer is None:
            raise PortError(self._name, "nobody is connected")
        try:
            self._peer.write(data, timeout_s)
        except PortClosedError as error:
            self._hang_up()
            raise PortError(self._name, "the host went away") from error

    def set_baud(self, baud: int) -> None:
        """Do nothing: without a line there is no rate."""

    def close(self) -> None:
        """Hang up and listen no more; a second call does nothing."""
        self._hang_up()
        self._listener.close()

    def __enter__(self) -> TcpListenerPort:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self, timeout_s: float) -> bool:
        if self._listener.fileno() < 0:
            raise PortClosedError(self._name, "closed on this side")
        if not wait_ready(self._listener.fileno(), select.POLLIN, timeout_s):
            return False
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return False
        self._peer = TcpPort(connection, self._name)
        self._heard_s = time.monotonic()
        return True

    def _drop_silent_peer(self) -> None:
        silent = self._peer is not None and time.monotonic() - self._heard_s > SILENT_HOST_S
        if silent and wait_ready(self._listener.fileno(), select.POLLIN, 0.0):
            self._hang_up()

    def _read_peer(self, timeout_s: float) -> bytes:
        if self._peer is None:
            return b""
        try:
            data = self._peer.read(timeout_s)
        except PortClosedError:
            self._hang_up()
            return b""
        self._heard_s = time.monotonic() if data else self._heard_s
        return data

    def _hang_up(self) -> None:
        if self._peer is not None:
            self._peer.close()
            self._peer = None
