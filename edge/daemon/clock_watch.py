"""Does the wall clock keep pace with the monotonic one? It orders nothing, but records show it."""

from __future__ import annotations

_LEAST_JUMP_S = 0.5


class ClockWatch:
    """Notices jumps of the wall clock: set by hand, by GNSS, after a sleep of the computer.

    Slow corrections, as NTP makes them (500 ppm at most), are none.

    Parameters
    ----------
    wall_s, monotonic_s : float, s, both read now

    Examples
    --------
    >>> watch = ClockWatch(wall_s=100.0, monotonic_s=0.0)
    >>> watch.jump_s(wall_s=101.0, monotonic_s=1.0)
    >>> watch.jump_s(wall_s=3702.0, monotonic_s=2.0)
    3600.0
    >>> watch.jump_s(wall_s=3703.0, monotonic_s=3.0)
    """

    def __init__(self, wall_s: float, monotonic_s: float) -> None:
        self._offset_s = wall_s - monotonic_s

    def jump_s(self, wall_s: float, monotonic_s: float) -> float | None:
        """Return how far the wall clock jumped since last asked, s; None where it did not."""
        before_s, self._offset_s = self._offset_s, wall_s - monotonic_s
        by_s = self._offset_s - before_s
        return by_s if abs(by_s) >= _LEAST_JUMP_S else None
