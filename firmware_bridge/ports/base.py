"""What every port can do."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, TypeVar

PortT = TypeVar("PortT", bound="Port")


class Port(Protocol):
    """A byte stream to the far side; every call returns within its time.

    A port is used by one thread. It closes itself as a context manager.
    """

    @property
    def name(self) -> str:
        """What the operator calls it: the device's path, or the address."""
        ...

    def read(self, timeout_s: float) -> bytes:
        """Return what has arrived, waiting for the first byte; b"" when none came.

        Raises
        ------
        PortClosedError
            If the far side is gone.
        """
        ...

    def write(self, data: bytes, timeout_s: float) -> None:
        """Write all of it.

        Raises
        ------
        PortClosedError
            If the far side is gone.
        PortError
            If it could not all be written in time; part of it may have been.
        """
        ...

    def set_baud(self, baud: int) -> None:
        """Run the line at another rate, bit/s, once all that was written is out.

        Where there is no line (TCP, the instrument's end of a pseudo-terminal) it does nothing.

        Raises
        ------
        PortError
            If the device does not take it.
        """
        ...

    def close(self) -> None:
        """Give the port back; a second call does nothing."""
        ...

    def __enter__(self: PortT) -> PortT: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...
