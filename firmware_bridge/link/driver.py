"""What every device protocol's driver can do; `LinkSession` runs any of them on a port."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from firmware_bridge.commands import Configure
from firmware_bridge.description import Description
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.link.events import LinkEvent
from firmware_bridge.spectrum_frame import FrameKind


class Driver(Protocol):
    """Speak one device protocol: bytes and time in, events and bytes out; no I/O, no clock.

    Every wait is bounded and no received byte makes it raise. `now_s` is monotonic, s.
    """

    @property
    def description(self) -> Description | None:
        """What the instrument said of itself; None while it is not known."""
        ...

    @property
    def wanted_baud(self) -> int | None:
        """The baud rate the port is to have from now on; None while any will do."""
        ...

    def receive(self, data: bytes, now_s: float) -> list[LinkEvent]:
        """Take received bytes."""
        ...

    def poll(self, now_s: float) -> list[LinkEvent]:
        """Let time pass: ask, ask again, give up."""
        ...

    def data_to_send(self) -> bytes:
        """Return the bytes to write now, once."""
        ...

    def start(self, count: int = 0, configure: Configure | None = None) -> None:
        """Acquire `count` light spectra, 0 for any number, now and after reconnections."""
        ...

    def configure(self, configure: Configure) -> None:
        """Acquire with these settings from now on and after reconnections; a zero leaves one."""
        ...

    def single(self, kind: FrameKind = "light") -> None:
        """Acquire one frame of a kind as soon as possible, once."""
        ...

    def stop(self) -> None:
        """Acquire no more, now and after reconnections."""
        ...

    def acknowledge(self, identities: Iterable[FrameIdentity]) -> None:
        """Note that these frames are kept for good, and tell the instrument if it wants to know."""
        ...

    def reset(self) -> None:
        """Begin anew on a port that was opened again."""
        ...

    def silent_for_s(self, now_s: float) -> float:
        """Return the time since something intelligible came, s."""
        ...
