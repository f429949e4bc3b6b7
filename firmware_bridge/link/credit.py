"""How many frames the instrument may send: as many as the caller has room for."""

from __future__ import annotations

import math
from collections.abc import Iterable

from firmware_bridge.messages import Describe

_MAX_SEQUENCE = 0xFFFF_FFFF
# Longer than an instrument's retransmit time-out: what is within credit would have come.
IDLE_S = 3.0


class Credit:
    """Count what is on its way from one boot of one instrument.

    A frame takes one place of the window from its first fragment until the caller
    acknowledges it, or until it is given up.

    Parameters
    ----------
    description : Describe
    window : int, frames
    """

    def __init__(self, description: Describe, window: int) -> None:
        self._window = window
        self._next_unseen = 0
        self._send_before = 0
        self._delivered: set[int] = set()
        self._idle_since_s = math.inf
        self._is_idle = False
        self.described(description)

    def described(self, it: Describe) -> None:
        """Reach what is kept, as the instrument just told; past a gap if nothing came for long.

        The instrument need not keep an unbroken row of frames: those that another host
        acknowledged are gone. The row does not begin at the oldest, either: one that nobody
        acknowledges may be thousands behind the others.
        """
        self._delivered = {
            sequence for sequence in self._delivered if sequence >= it.oldest_sequence
        }
        first = it.next_sequence if self._is_idle else it.next_sequence - it.retained_frames
        self._next_unseen = max(self._next_unseen, first)
        self._is_idle, self._idle_since_s = False, math.inf

    def seen(self, sequence: int) -> None:
        """Note a fragment: what stands before it has come, was lost, or is no more."""
        self._next_unseen = max(self._next_unseen, sequence + 1)
        self._is_idle, self._idle_since_s = False, math.inf

    def delivered(self, sequence: int) -> None:
        """Note a whole frame that the caller is to acknowledge."""
        if len(self._delivered) < self._window:
            self._delivered.add(sequence)

    def acknowledged(self, sequences: Iterable[int]) -> None:
        """Note what the caller keeps for good."""
        self._delivered.difference_update(sequences)

    def send_before(self, incomplete: int) -> int:
        """Return the credit, with so many frames begun and not whole; it never shrinks."""
        room = max(0, self._window - len(self._delivered) - incomplete)
        self._send_before = min(max(self._send_before, self._next_unseen + room), _MAX_SEQUENCE)
        return self._send_before

    def is_idle(self, retained_frames: int, now_s: float) -> bool:
        """Say whether frames are kept for this host, and for long none of them came.

        Then they are beyond the credit, and a new description tells how far it is to reach.
        """
        waits = retained_frames > len(self._delivered) < self._window
        self._idle_since_s = min(self._idle_since_s, now_s) if waits else math.inf
        self._is_idle = now_s - self._idle_since_s >= IDLE_S
        return self._is_idle
