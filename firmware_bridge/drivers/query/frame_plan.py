"""Which frame is to be taken next, and when."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from firmware_bridge.spectrum_frame import FrameKind

_MAX_SINGLES = 64


@dataclass(frozen=True, slots=True)
class Exposure:
    """How a frame is exposed.

    Parameters
    ----------
    integration_time_us : int, µs, one exposure
    averages : int, exposures averaged
    """

    integration_time_us: int
    averages: int

    @property
    def duration_s(self) -> float:
        """How long it takes at least, s."""
        return self.integration_time_us * self.averages * 1e-6


class FramePlan:
    """What was ordered, less what was taken: single frames first, then the run.

    While running a dark frame comes first and before every so many light ones, where they
    are wanted; it takes its turn in the period like any other. What is ordered outlives a
    reconnection. At most 64 single frames wait; of more the oldest go.

    Parameters
    ----------
    dark_every : int
        Light frames between two dark ones; 0: no dark frames.
    """

    def __init__(self, dark_every: int) -> None:
        self._dark_every = dark_every
        self._singles: deque[FrameKind] = deque(maxlen=_MAX_SINGLES)
        self._left: float = 0
        self._until_dark = 0
        self._due_s = -math.inf
        self.period_s = 0.0

    def start(self, count: int) -> None:
        """Take `count` light frames, 0 for any number, in place of what was ordered before."""
        self._left = count or math.inf
        self._until_dark = 0
        self._due_s = -math.inf

    def single(self, kind: FrameKind) -> None:
        """Take one frame of a kind as soon as possible."""
        self._singles.append(kind)

    def stop(self) -> None:
        """Take no more."""
        self._left = 0
        self._singles.clear()

    def give_up_darks(self) -> None:
        """Take no dark frames: the light cannot be switched."""
        self._dark_every = 0
        self._singles = deque(
            (kind for kind in self._singles if kind != "dark"), maxlen=_MAX_SINGLES
        )

    @property
    def takes_darks(self) -> bool:
        """True where dark frames come between light ones."""
        return self._dark_every > 0

    def next(self) -> tuple[FrameKind, float] | None:
        """Return the next frame's kind and when it is due; None when nothing is ordered."""
        if self._singles:
            return self._singles[0], -math.inf
        if self._left <= 0:
            return None
        is_dark = self._dark_every > 0 and self._until_dark == 0
        return ("dark" if is_dark else "light"), self._due_s

    def taken(self, kind: FrameKind, asked_s: float) -> None:
        """Note that the frame that was next has come; it was asked for at `asked_s`."""
        if self._singles and self._singles[0] == kind:
            self._singles.popleft()
            return
        if kind == "dark":
            self._until_dark = self._dark_every
        else:
            self._left -= 1
            self._until_dark = max(0, self._until_dark - 1)
        was_due_s = asked_s if self._due_s == -math.inf else self._due_s
        # no catching up: a frame that came late moves those after it
        self._due_s = max(was_due_s + self.period_s, asked_s)
