"""When the virtual instrument exposes what: its run, its single frames, its settings."""

from __future__ import annotations

from collections import deque

from firmware_bridge.commands import LaserMode
from firmware_bridge.messages import CommandDone, CommandRefused, Configure, RefusalCode, Reply
from firmware_bridge.spectrum_frame import FRAME_KINDS, FrameKind

INTEGRATION_BOUNDS_US = (10, 60_000_000)
AVERAGES_BOUNDS = (1, 1000)
PERIOD_BOUNDS_US = (100, 3_600_000_000)
_MAX_SINGLES = 8
_CATCH_UP_S = 1.0


class Acquisition:
    """Say which kind of frame is due when; pure of detectors, buffers and lines.

    Parameters
    ----------
    configure : Configure
        As it wakes up: no field left out.
    dark_every : int
        A dark frame before every so many light ones; 0 means only at each start.
    now_s : float, s
    """

    def __init__(self, configure: Configure, dark_every: int, now_s: float) -> None:
        self.settings = configure
        self.is_running = False
        self._dark_every = dark_every
        self._left: int | None = None
        self._until_dark = 0
        self._next_due_s = now_s
        self._singles: deque[FrameKind] = deque()

    @property
    def laser_on(self) -> bool:
        """True while the laser shines, at rest between two exposures of a run too."""
        mode = self.settings.laser
        return mode == LaserMode.ALWAYS or (mode == LaserMode.WHILE_EXPOSING and self.is_running)

    def configure(self, order: Configure) -> Reply:
        """Take settings, all or none of them."""
        new = order.over(self.settings)
        exposure_us = new.integration_time_us * new.averages
        bounds = (
            ("integration_time_us", new.integration_time_us, INTEGRATION_BOUNDS_US),
            ("averages", new.averages, AVERAGES_BOUNDS),
            ("period_us", new.period_us, PERIOD_BOUNDS_US),
            ("exposure_us", exposure_us, (1, new.period_us)),
            ("laser", new.laser, (LaserMode.OFF, LaserMode.ALWAYS)),
        )
        for name, value, (least, most) in bounds:
            if not least <= value <= most:
                return out_of_bounds(name, value, int(least), int(most))
        self.settings = new
        return CommandDone()

    def start(self, count: int, now_s: float) -> Reply:
        """Run, with a dark frame first; a count of 0 has no end."""
        self.is_running = True
        self._left = count or None
        self._until_dark = 0
        self._next_due_s = now_s
        return CommandDone()

    def stop(self) -> Reply:
        """Acquire no more."""
        self.is_running = False
        self._singles.clear()
        return CommandDone()

    def single(self, kind: int) -> Reply:
        """Put one frame of a kind before all others."""
        if kind >= len(FRAME_KINDS):
            return out_of_bounds("kind", kind, 0, len(FRAME_KINDS) - 1)
        if len(self._singles) >= _MAX_SINGLES:
            return CommandRefused(RefusalCode.NOT_NOW, f"{_MAX_SINGLES} singles wait already")
        self._singles.append(FRAME_KINDS[kind])
        return CommandDone()

    @property
    def has_single(self) -> bool:
        """True while a single frame waits to be taken."""
        return bool(self._singles)

    def take_due(self, now_s: float) -> float | None:
        """Return when the next frame of the run was due, once; None while none is."""
        # A process that was held up for long, or a laptop that slept, does not catch up.
        self._next_due_s = max(self._next_due_s, now_s - _CATCH_UP_S)
        if self._left == 0:
            self.is_running = False
        if not self.is_running or self._next_due_s > now_s:
            return None
        due_s = self._next_due_s
        self._next_due_s += self.settings.period_us * 1e-6
        return due_s

    def take_kind(self) -> FrameKind:
        """Return the kind of the frame that is acquired now; it counts as acquired."""
        if self._singles:
            return self._singles.popleft()
        if self._until_dark == 0:
            self._until_dark = self._dark_every or -1
            return "dark"
        self._until_dark = max(-1, self._until_dark - 1)
        if self._left is not None:
            self._left -= 1
        return "light"


def out_of_bounds(name: str, value: int, least: int, most: int) -> CommandRefused:
    """Return the refusal of a value."""
    return CommandRefused(RefusalCode.OUT_OF_BOUNDS, f"{name} {value} not in {least}..{most}")
