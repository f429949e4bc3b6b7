"""Something that fails again and again, for a while each time, by seed."""

from __future__ import annotations

import numpy as np


class Outage:
    """Tell whether it is failing now.

    Parameters
    ----------
    every_s : float, s
        From its end to its next beginning: half of this to one and a half times; 0: never.
    for_s : float, s
    rng : numpy.random.Generator
    now_s : float, s

    Attributes
    ----------
    times : int, how often it began so far

    Examples
    --------
    >>> outage = Outage(10.0, 1.0, np.random.default_rng(0), now_s=0.0)
    >>> [outage.is_on(now_s) for now_s in (4.9, 15.0, 15.9, 16.1)], outage.times
    ([False, True, True, False], 1)
    """

    def __init__(
        self, every_s: float, for_s: float, rng: np.random.Generator, now_s: float
    ) -> None:
        self._every_s = every_s
        self._for_s = for_s
        self._rng = rng
        self._begins_s = self._next(now_s)
        self._ends_s = float("-inf")
        self.times = 0

    def is_on(self, now_s: float) -> bool:
        """Let time pass up to now."""
        if now_s >= self._begins_s:
            self.times += 1
            self._ends_s = now_s + self._for_s
            self._begins_s = self._next(self._ends_s)
        return now_s < self._ends_s

    def _next(self, after_s: float) -> float:
        if self._every_s == 0:
            return float("inf")
        return after_s + self._every_s * float(self._rng.uniform(0.5, 1.5))
