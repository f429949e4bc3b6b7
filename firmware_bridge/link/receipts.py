"""Acknowledgements: which frames the caller keeps, said to the instrument in ranges."""

from __future__ import annotations

from collections.abc import Iterable

from firmware_bridge.commands import MAX_ACKNOWLEDGED_RANGES
from firmware_bridge.messages import Acknowledge


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


def acknowledgements(boot_id: int, send_before: int, sequences: Iterable[int]) -> list[Acknowledge]:
    """Return the messages that acknowledge these frames of a boot, and no others."""
    ranges = inclusive_ranges(sequences)
    return [
        Acknowledge(boot_id, send_before, tuple(ranges[start : start + MAX_ACKNOWLEDGED_RANGES]))
        for start in range(0, len(ranges), MAX_ACKNOWLEDGED_RANGES)
    ]
