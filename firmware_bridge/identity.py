"""What makes a frame that frame and no other."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True, slots=True)
class FrameIdentity:
    """Name a frame, for ever and everywhere.

    A reboot with a sequence reset makes new identities; a retransmission does not.

    Parameters
    ----------
    instrument_id : str
    boot_id : int
    sequence : int
        From 0 with each boot.
    """

    instrument_id: str
    boot_id: int
    sequence: int

    def __str__(self) -> str:
        return f"{self.instrument_id}/{self.boot_id:08x}/{self.sequence}"
