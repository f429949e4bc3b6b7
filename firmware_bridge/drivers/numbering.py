"""Identities for frames of instruments that do not number them."""

from __future__ import annotations

from firmware_bridge.identity import FrameIdentity


class HostNumbering:
    """Number frames as they come in, from 0, under a boot id of the host's session.

    The numbers go on over reconnections, so that no identity is given twice.

    Parameters
    ----------
    boot_id : int
        Drawn anew by the caller for each session.

    Examples
    --------
    >>> numbering = HostNumbering(7)
    >>> [str(numbering.next("STS-1")) for _ in range(2)]
    ['STS-1/00000007/0', 'STS-1/00000007/1']
    """

    def __init__(self, boot_id: int) -> None:
        self.boot_id = boot_id
        self._next_sequence = 0

    def next(self, instrument_id: str) -> FrameIdentity:
        """Return the identity of the frame that came now."""
        identity = FrameIdentity(instrument_id, self.boot_id, self._next_sequence)
        self._next_sequence += 1
        return identity
