"""Skipped bytes, told together: noise comes in many small pieces."""

from __future__ import annotations

import math

from firmware_bridge.link.events import BytesSkipped

_TELL_AFTER_S = 0.5


class SkippedTally:
    """Add up what was skipped in a row; the first reason stands for all.

    Examples
    --------
    >>> tally = SkippedTally()
    >>> tally.add(BytesSkipped("noise", 3), now_s=0.0)
    >>> tally.add(BytesSkipped("noise", 4), now_s=0.1)
    >>> tally.due(0.2)
    []
    >>> tally.due(0.5)
    [BytesSkipped(reason='noise', byte_count=7)]
    """

    def __init__(self) -> None:
        self._reason = ""
        self._byte_count = 0
        self._due_s = math.inf

    def add(self, skipped: BytesSkipped, now_s: float) -> None:
        """Note what was skipped."""
        if not self._byte_count:
            self._reason, self._due_s = skipped.reason, now_s + _TELL_AFTER_S
        self._byte_count += skipped.byte_count

    def due(self, now_s: float) -> list[BytesSkipped]:
        """Return what is to be told now."""
        return self.take() if now_s >= self._due_s else []

    def take(self) -> list[BytesSkipped]:
        """Return what was not told yet."""
        if not self._byte_count:
            return []
        told = BytesSkipped(self._reason, self._byte_count)
        self._byte_count, self._due_s = 0, math.inf
        return [told]
