"""How long an instrument may be silent, and since when it is."""

from __future__ import annotations

import math


class Patience:
    """Tell a silence from an exposure, and from having nothing to say.

    Parameters
    ----------
    silent_after_s : float, s

    Examples
    --------
    >>> patience = Patience(4.0)
    >>> patience.begin(0.0)
    >>> patience.wait_until(10.0)
    >>> patience.silent_for_s(12.0), patience.is_over(12.0)
    (2.0, False)
    >>> patience.is_over(14.5), patience.is_over(15.0)
    (True, False)
    """

    def __init__(self, silent_after_s: float) -> None:
        self._silent_after_s = silent_after_s
        self._since_s: float | None = None
        self._told_s = -math.inf
        self._begins = True

    def begin_again(self) -> None:
        """Count from the next `begin`: the port is new."""
        self._begins = True

    def begin(self, now_s: float) -> None:
        """Count from now, if counting is to begin."""
        if self._begins:
            self._begins = False
            self.heard(now_s)

    def heard(self, now_s: float) -> None:
        """Count from now: something intelligible came."""
        self._since_s = now_s

    def wait_until(self, until_s: float) -> None:
        """Count from later on: nothing is to be expected before."""
        self._since_s = max(until_s, -math.inf if self._since_s is None else self._since_s)

    def silent_for_s(self, now_s: float) -> float:
        """Return how long the silence lasts, s."""
        return 0.0 if self._since_s is None else max(0.0, now_s - self._since_s)

    def is_over(self, now_s: float) -> bool:
        """Tell whether to say so now: each time the silence has lasted so long again."""
        told_for_s = now_s - self._told_s
        if min(self.silent_for_s(now_s), told_for_s) < self._silent_after_s:
            return False
        self._told_s = now_s
        return True
