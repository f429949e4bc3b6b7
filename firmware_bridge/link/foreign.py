"""Bytes that nobody understands, for long: then it is told what they look like."""

from __future__ import annotations

import math

from firmware_bridge.link.events import ForeignBytes
from firmware_bridge.link.recognition import recognise

TELL_AFTER_S = 2.0
TELL_AGAIN_S = 30.0
_SAMPLE_BYTES = 1024


class ForeignWatch:
    r"""Collect a sample of what comes while nothing is understood; bounded.

    Examples
    --------
    >>> watch = ForeignWatch()
    >>> watch.received(b"OK 1\r\nOK 2\r\n", now_s=0.0)
    >>> watch.poll(1.0)
    []
    >>> watch.poll(2.0)
    [ForeignBytes(seen="lines of text: 'OK 2'", byte_count=12)]
    """

    def __init__(self) -> None:
        self._sample = bytearray()
        self._byte_count = 0
        self._due_s = math.inf

    def received(self, data: bytes, now_s: float) -> None:
        """Note bytes, understood or not."""
        if data and self._due_s == math.inf:
            self._due_s = now_s + TELL_AFTER_S
        self._byte_count += len(data)
        self._sample += data[: _SAMPLE_BYTES - len(self._sample)]

    def understood(self) -> None:
        """Note that some of it was a message: a line with errors is not foreign."""
        self._sample.clear()
        self._byte_count, self._due_s = 0, math.inf

    def poll(self, now_s: float) -> list[ForeignBytes]:
        """Return what is to be told now."""
        if now_s < self._due_s:
            return []
        self._due_s = now_s + TELL_AGAIN_S
        if not self._sample:  # nothing new since it was told
            return []
        told = ForeignBytes(recognise(bytes(self._sample)), self._byte_count)
        self._sample.clear()
        return [told]
