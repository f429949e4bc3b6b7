"""Bounded reading and writing on a non-blocking file descriptor."""

from __future__ import annotations

import os
import select
import time
from types import TracebackType
from typing import TypeVar

from firmware_bridge.errors import PortClosedError, PortError

READ_BYTES = 65_536
DescriptorPortT = TypeVar("DescriptorPortT", bound="DescriptorPort")


def wait_ready(descriptor: int, events: int, timeout_s: float) -> int:
    """Wait for poll events; return those that came, 0 after the time-out."""
    poller = select.poll()
    poller.register(descriptor, events)
    found = poller.poll(max(0.0, timeout_s) * 1000)
    return found[0][1] if found else 0


class DescriptorPort:
    """A port over one non-blocking descriptor: a tty, the master of a pty, a socket.

    Parameters
    ----------
    descriptor : int
        Non-blocking; the subclass owns and closes it.
    name : str
    """

    def __init__(self, descriptor: int, name: str) -> None:
        self._descriptor = descriptor
        self._name = name

    @property
    def name(self) -> str:
        """The device's path, or the address."""
        return self._name

    def read(self, timeout_s: float) -> bytes:
        """Return what has arrived; b"" when nothing came in time.

        Raises
        ------
        PortClosedError
            If the far side is gone.
        """
        self._check_open()
        if not wait_ready(self._descriptor, select.POLLIN, timeout_s):
            return b""
        try:
            data = os.read(self._descriptor, READ_BYTES)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise PortClosedError(self._name, f"the far side is gone: {error.strerror}") from error
        if not data:
            raise PortClosedError(self._name, "the far side is gone: end of stream")
        return data

    def write(self, data: bytes, timeout_s: float) -> None:
        """Write all of it within the time.

        Raises
        ------
        PortClosedError
            If the far side is gone.
        PortError
            If it could not all be written in time.
        """
        self._check_open()
        deadline_s = time.monotonic() + timeout_s
        left = memoryview(data)
        while left:
            left = left[self._write_some(left) :]
            if left and not self._wait_writable(deadline_s - time.monotonic()):
                written = len(data) - len(left)
                reason = f"wrote {written} of {len(data)} bytes in {timeout_s:g} s: nobody reads"
                raise PortError(self._name, reason)

    def set_baud(self, baud: int) -> None:
        """Do nothing: without a line there is no rate."""

    def close(self) -> None:
        """Give the descriptor back; a second call does nothing."""
        if self._descriptor >= 0:
            self._release()
            self._descriptor = -1

    def __enter__(self: DescriptorPortT) -> DescriptorPortT:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _release(self) -> None:
        os.close(self._descriptor)

    def _check_open(self) -> None:
        if self._descriptor < 0:
            raise PortClosedError(self._name, "closed on this side")

    def _wait_writable(self, timeout_s: float) -> bool:
        return timeout_s > 0 and bool(wait_ready(self._descriptor, select.POLLOUT, timeout_s))

    def _write_some(self, data: memoryview) -> int:
        try:
            return os.write(self._descriptor, data)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise PortClosedError(self._name, f"the far side is gone: {error.strerror}") from error
