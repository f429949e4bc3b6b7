"""The line from a virtual instrument: paced, faulty if wanted, and never waited for long."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np

from firmware_bridge.errors import PortClosedError, PortError
from firmware_bridge.virtual.faults import Faults
from firmware_bridge.virtual.firmware import VirtualFirmware
from firmware_bridge.virtual.line_faults import LineFaults
from firmware_bridge.virtual.pluggable_port import PluggablePort
from firmware_bridge.virtual.wrong_baud import as_heard

_BITS_PER_BYTE = 10
_WRITE_TIMEOUT_S = 0.1
_MOST_LATE_S = 0.5


class LinePace:
    """Grant as many bytes as a busy line carries in the time that went by.

    Parameters
    ----------
    now_s : float, s

    Examples
    --------
    >>> pace = LinePace(0.0)
    >>> pace.grant(9600, 0.01)
    9
    >>> pace.spend(9)
    >>> pace.grant(9600, 0.0105)
    1
    """

    def __init__(self, now_s: float) -> None:
        self._credit_bytes = 0.0
        self._then_s = now_s

    def grant(self, baud: int, now_s: float) -> int:
        """Return how many bytes may be sent now at a rate, bit/s."""
        # a process that was held up catches up with its line, but not for ever
        went_s = min(now_s - self._then_s, _MOST_LATE_S)
        self._credit_bytes += went_s * baud / _BITS_PER_BYTE
        self._then_s = now_s
        return int(self._credit_bytes)

    def spend(self, byte_count: int) -> None:
        """Take what was sent off the account."""
        self._credit_bytes -= byte_count

    def rest(self, now_s: float) -> None:
        """Note that the line is idle: it cannot save up."""
        self._credit_bytes = 0.0
        self._then_s = now_s


class Line:
    """Carry whole messages of a firmware to the port, byte by byte at the firmware's baud rate.

    A message is asked for when the one before it is out. Where the host's end of a
    pseudo-terminal has another rate, both sides hear what a receiver makes of that.

    Parameters
    ----------
    port : PluggablePort
    faults : Faults
    rng : numpy.random.Generator
    clock : callable
        Monotonic time, s.

    Attributes
    ----------
    unheard_bytes : int, written while nobody read them
    """

    def __init__(
        self,
        port: PluggablePort,
        faults: Faults,
        rng: np.random.Generator,
        clock: Callable[[], float],
    ) -> None:
        self._port = port
        self._clock = clock
        self._pace = LinePace(clock())
        self._faults = LineFaults(faults, rng)
        self._queue: deque[tuple[bytes, int]] = deque()  # each with the rate it is sent at
        self.unheard_bytes = 0

    @property
    def is_idle(self) -> bool:
        """True when nothing waits to be sent."""
        return not self._queue

    def clear(self) -> None:
        """Forget what waits: the power is gone."""
        self._queue.clear()

    def receive(self, firmware: VirtualFirmware, timeout_s: float) -> None:
        """Hand the firmware what came from the host, waiting for the first byte."""
        data = self._port.read(timeout_s)
        if data and (host_baud := self._port.host_baud) is not None:
            data = as_heard(data, host_baud, firmware.baud)
        firmware.receive(data, self._clock())

    def send_from(self, firmware: VirtualFirmware) -> None:
        """Send what the line has carried by now."""
        now_s = self._clock()
        if self.is_idle:
            self._pace.rest(now_s)
        wire = []
        while self._queue or self._ask(firmware, now_s):
            message, baud = self._queue.popleft()
            part = message[: self._pace.grant(baud, now_s)]
            self._pace.spend(len(part))
            wire.append(self._as_heard(part, baud))
            if len(part) < len(message):
                self._queue.appendleft((message[len(part) :], baud))
                break
        self._write(b"".join(wire))

    def _ask(self, firmware: VirtualFirmware, now_s: float) -> bool:
        message = firmware.next_message(now_s)
        if message is None:
            return False
        self._queue.append((self._faults.apply(message), firmware.baud))
        return True

    def _as_heard(self, data: bytes, baud: int) -> bytes:
        host_baud = self._port.host_baud
        return data if host_baud is None else as_heard(data, baud, host_baud)

    def _write(self, wire: bytes) -> None:
        if not wire:
            return
        try:
            self._port.write(wire, _WRITE_TIMEOUT_S)
        except PortClosedError:
            raise
        except PortError:
            # A serial line does not know whether anybody listens: the bytes are gone.
            self.unheard_bytes += len(wire)
