"""How long to wait before asking again for what does not come."""

from __future__ import annotations

_FIRST_FRAMES = 32
_MOST_FRAMES = 1_024


class Patience:
    """Counts frames: what was asked for may be on its way, or be refused for ever.

    Examples
    --------
    >>> patience = Patience()
    >>> [k for k in range(300) if patience.is_over()]
    [0, 32, 96, 224]
    """

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Begin anew: what was asked for came, or there is a reason to ask at once."""
        self._left, self._next = 0, _FIRST_FRAMES

    def is_over(self) -> bool:
        """Count a frame; tell whether to ask now. Each wait is twice as long as the one before."""
        self._left -= 1
        if self._left > 0:
            return False
        self._left, self._next = self._next, min(2 * self._next, _MOST_FRAMES)
        return True
