"""How many frames the instrument may send: as many as the caller has room for."""

from __future__ import annotations

from collections.abc import Iterable

_MAX_SEQUENCE = 0xFFFF_FFFF
# Longer than an instrument's retransmit time-out: what is within credit would have come.
_IDLE_STATUSES = 3


class Credit:
    """Count what is on its way from one boot of one instrument.

    A frame takes one place of the window from its first fragment until the caller
    acknowledges it, or until it is given up.

    Parameters
    ----------
    next_sequence, retained_frames : int
        As the instrument described itself.
    window : int, frames
    """

    def __init__(self, next_sequence: int, retained_frames: int, window: int) -> None:
        self._window = window
        self._described_next = next_sequence
        # Not at the oldest: one that nobody acknowledges may be thousands behind the others.
        self._next_unseen = max(0, next_sequence - retained_frames)
        self._send_before = 0
        self._delivered: set[int] = set()
        self._idle_statuses = 0

    def seen(self, sequence: int) -> None:
        """Note a fragment: what stands before it has come, was lost, or is no more."""
        self._next_unseen = max(self._next_unseen, sequence + 1)
        self._idle_statuses = 0

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

    def widen(self, retained_frames: int) -> None:
        """Reach past a gap: frames are kept for this host, and for long none of them came.

        The instrument need not keep an unbroken row of frames: those that an earlier host
        acknowledged are gone. What was acquired since is a row.
        """
        room = retained_frames > len(self._delivered) < self._window
        self._idle_statuses = self._idle_statuses + 1 if room else 0
        if self._idle_statuses >= _IDLE_STATUSES:
            self._next_unseen = max(self._next_unseen, self._described_next)
