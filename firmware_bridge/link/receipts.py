"""Acknowledgements: which frames the caller keeps, said to the instrument in ranges."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from firmware_bridge.commands import MAX_ACKNOWLEDGED_RANGES
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.link.outbox import Outbox
from firmware_bridge.messages import Acknowledge

_REMEMBERED = 1024
_REPEAT_AFTER_S = 0.1


def inclusive_ranges(sequences: Iterable[int]) -> list[tuple[int, int]]:
    """Return the fewest (first, last) ranges that hold exactly these numbers.

    Examples
    --------
    >>> inclusive_ranges([5, 1, 2, 3, 3])
    [(1, 3), (5, 5)]
    """
    ranges: list[tuple[int, int]] = []
    for sequence in sorted(set(sequences)):
        if ranges and ranges[-1][1] == sequence - 1:
            ranges[-1] = (ranges[-1][0], sequence)
        else:
            ranges.append((sequence, sequence))
    return ranges


class Receipts:
    """Send acknowledgements, and repeat one when the instrument has plainly missed it.

    Only what the caller acknowledged is ever acknowledged. The newest 1,024 identities
    are remembered; for an older one the caller is simply given the frame again.

    Parameters
    ----------
    outbox : Outbox
    """

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._sent_s: OrderedDict[FrameIdentity, float] = OrderedDict()

    def __contains__(self, identity: FrameIdentity) -> bool:
        return identity in self._sent_s

    def remember(self, identities: Iterable[FrameIdentity]) -> None:
        """Note that the caller keeps these frames."""
        for identity in identities:
            self._sent_s.setdefault(identity, float("-inf"))
        while len(self._sent_s) > _REMEMBERED:
            self._sent_s.popitem(last=False)

    def send(self, boot_id: int, sequences: Iterable[int]) -> None:
        """Acknowledge these frames of the present boot."""
        ranges = inclusive_ranges(sequences)
        for start in range(0, len(ranges), MAX_ACKNOWLEDGED_RANGES):
            part = tuple(ranges[start : start + MAX_ACKNOWLEDGED_RANGES])
            self._outbox.send(Acknowledge(boot_id, part))

    def repeat(self, identity: FrameIdentity, now_s: float) -> None:
        """Acknowledge a frame again that the instrument still sends."""
        if now_s - self._sent_s[identity] >= _REPEAT_AFTER_S:
            self._sent_s[identity] = now_s
            self.send(identity.boot_id, [identity.sequence])
