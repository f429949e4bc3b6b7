"""Frames kept until the host says that it has them, and what of them is to be sent next."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from firmware_bridge.messages import Acknowledge, NotAcknowledge, SpectrumFragment


@dataclass(slots=True)
class _Retained:
    fragments: list[SpectrumFragment]
    to_send: list[int]
    resend_due_s: float


class RetentionBuffer:
    """A bounded store of unacknowledged frames, sent as far as the host's credit reaches.

    Parameters
    ----------
    capacity : int, frames
    timeout_s : float, s
        After so long without an acknowledgement a frame is sent again.
    """

    def __init__(self, capacity: int, timeout_s: float) -> None:
        self._capacity = capacity
        self._timeout_s = timeout_s
        self._frames: OrderedDict[int, _Retained] = OrderedDict()
        self._send_before = 0

    def __len__(self) -> int:
        return len(self._frames)

    @property
    def is_full(self) -> bool:
        """True when no frame can be added."""
        return len(self._frames) >= self._capacity

    @property
    def oldest_sequence(self) -> int | None:
        """Of the frames kept; None where there are none."""
        return next(iter(self._frames), None)

    def begin_session(self) -> None:
        """Send nothing until the new host gives credit."""
        self._send_before = 0

    def add(self, fragments: list[SpectrumFragment]) -> None:
        """Keep a frame, to be sent when its turn comes."""
        todo = [fragment.index for fragment in fragments]
        self._frames[fragments[0].sequence] = _Retained(fragments, todo, float("inf"))

    def acknowledge(self, message: Acknowledge) -> None:
        """Forget the frames the host has; take its credit."""
        self._send_before = max(self._send_before, message.send_before)
        done = [s for s in self._frames if any(a <= s <= b for a, b in message.ranges)]
        for sequence in done:
            del self._frames[sequence]

    def not_acknowledge(self, message: NotAcknowledge) -> None:
        """Send the missing fragments of a frame again, or all of it."""
        frame = self._frames.get(message.sequence)
        if frame is None:
            return
        count = len(frame.fragments)
        asked = message.missing or tuple(range(count))
        again = {index for index in asked if index < count}
        frame.to_send = sorted(again.union(frame.to_send))

    def next_fragment(self, now_s: float) -> SpectrumFragment | None:
        """Return the next fragment to send; the oldest frame within credit goes first."""
        for sequence, frame in self._frames.items():
            if sequence >= self._send_before:
                return None
            if frame.resend_due_s <= now_s:
                frame.to_send = list(range(len(frame.fragments)))
                frame.resend_due_s = float("inf")
            if frame.to_send:
                return self._take(frame, now_s)
        return None

    def _take(self, frame: _Retained, now_s: float) -> SpectrumFragment:
        index = frame.to_send.pop(0)
        if not frame.to_send:
            frame.resend_due_s = now_s + self._timeout_s
        return frame.fragments[index]
