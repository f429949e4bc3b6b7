"""The port of a replay: there is no far side, so it only waits."""

from __future__ import annotations

import time

from firmware_bridge.errors import PortClosedError

_LONGEST_WAIT_S = 0.01


class ReplayPort:
    """Let time pass for a driver that plays recordings.

    Parameters
    ----------
    path : str
        Of the recordings, for messages; who makes the driver reads them.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._is_open = True

    @property
    def name(self) -> str:
        """The address."""
        return f"replay:{self._path}"

    def read(self, timeout_s: float) -> bytes:
        """Return b"" after the time-out, and after 10 ms at most: the next frame may be due.

        Raises
        ------
        PortClosedError
            If this side was closed.
        """
        self._check_open()
        time.sleep(max(0.0, min(timeout_s, _LONGEST_WAIT_S)))
        return b""

    def write(self, data: bytes, timeout_s: float) -> None:
        """Write to nobody.

        Raises
        ------
        PortClosedError
            If this side was closed.
        """
        self._check_open()

    def set_baud(self, baud: int) -> None:
        """Do nothing: without a line there is no rate."""

    def close(self) -> None:
        """End it; a second call does nothing."""
        self._is_open = False

    def __enter__(self) -> ReplayPort:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _check_open(self) -> None:
        if not self._is_open:
            raise PortClosedError(self.name, "closed on this side")
