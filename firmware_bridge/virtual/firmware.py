"""What every virtual instrument's firmware can do; `run` puts any of them on a port."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from firmware_bridge.identity import FrameIdentity
from firmware_bridge.spectrum_frame import Counts
from firmware_bridge.virtual.exposures import Exposures
from firmware_bridge.virtual.settings import VirtualSettings


@dataclass(frozen=True, slots=True, eq=False)
class Acquired:
    """A light frame as it left the detector, for who wants to know the truth.

    Parameters
    ----------
    source_index : int
        Of the spectrum that was shown.
    counts : (P,) counts
        As the instrument will send them: by them a stored frame is found again.
    identity : FrameIdentity or None
        None where the host numbers the frames.
    """

    source_index: int
    counts: Counts = field(repr=False)
    identity: FrameIdentity | None


class VirtualFirmware(Protocol):
    """One instrument from its boot to its next: bytes and time in, bytes out; no I/O.

    `now_s` is monotonic, s. What is received never makes it raise.
    """

    @property
    def boot_id(self) -> int:
        """New at each boot, also where the protocol does not tell it."""
        ...

    @property
    def baud(self) -> int:
        """The rate its end of the line runs at now, bit/s.

        It is that of the message that was last asked for: one that changes its rate after an
        answer does so when the next message is asked for.
        """
        ...

    @property
    def retained_frames(self) -> int:
        """Frames not acknowledged so far; 0 where nothing is retained."""
        ...

    @property
    def refused_frames(self) -> int:
        """Acquisitions not made because its buffer was full."""
        ...

    @property
    def is_finished(self) -> bool:
        """True when all that was to be acquired is acquired, sent and, if need be, acknowledged."""
        ...

    def receive(self, data: bytes, now_s: float) -> None:
        """Take bytes from the host; what is no command is ignored or refused as the device does."""
        ...

    def poll(self, now_s: float) -> None:
        """Acquire what is due."""
        ...

    def next_message(self, now_s: float) -> bytes | None:
        """Return the next whole message for the line, once; None when there is none now."""
        ...

    def take_acquired(self) -> list[Acquired]:
        """Return the light frames acquired since last asked."""
        ...


MakeFirmware = Callable[[Exposures, VirtualSettings, int, float], VirtualFirmware]
"""(exposures, settings, boot_id, now_s): the exposures outlive a reboot."""
