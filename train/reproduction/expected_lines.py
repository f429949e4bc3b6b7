"""Where the six minerals of §4.2.1 of Soysal et al. 2025 should show, and how much does.

Positions are those that the paper's text names for figures 8 to 11. The share of a Grad-CAM map
that lies there says little alone: beside it stands the share of the axis that it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NEAR_CM1 = 15.0
"""How near to a line counts, to each side."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the network is expected to look at in one mineral.

    Parameters
    ----------
    mineral : its name
    lines_cm1 : positions of lines
    spans_cm1 : stretches, ends included; of vanadinite one is empty, and that is the evidence
    mistaken_for : what the paper's spectrum was taken for, if not for itself
    """

    mineral: str
    lines_cm1: tuple[float, ...] = ()
    spans_cm1: tuple[tuple[float, float], ...] = ()
    mistaken_for: str | None = None

    @property
    def said(self) -> str:
        """What the paper's spectrum was taken for."""
        return self.mistaken_for or self.mineral

    def mask(self, axis_cm1: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return which points of the axis (B,) lie there.

        >>> Expected("Quartz", (464.0,)).mask(np.array([448.0, 449.0, 479.0, 480.0])).tolist()
        [False, True, True, False]
        """
        mask = np.zeros(len(axis_cm1), dtype=np.bool_)
        for line in self.lines_cm1:
            mask |= np.abs(axis_cm1 - line) <= NEAR_CM1
        for start, stop in self.spans_cm1:
            mask |= (axis_cm1 >= start) & (axis_cm1 <= stop)
        return mask


EXPECTED = (
    Expected("Dolomite", (1097.0, 300.0)),
    Expected("Rhodochrosite", (1085.0, 300.0)),
    Expected("Diopside", (660.0,), ((300.0, 400.0),), "Hedenbergite"),
    Expected("Hedenbergite", (660.0,), ((300.0, 400.0),)),
    Expected("Conichalcite", (834.0, 470.0, 330.0, 200.0)),
    Expected("Vanadinite", (848.0,), ((290.0, 370.0), (400.0, 650.0))),
)
"""In the order of the figures."""


def share_of(importance: NDArray[np.float64], mask: NDArray[np.bool_]) -> float | None:
    """Return the share of all importance (B,), not negative, under the mask; None if it is 0.

    >>> share_of(np.array([1.0, 3.0]), np.array([False, True]))
    0.75
    """
    total = float(importance.sum())
    return float(importance[mask].sum()) / total if total > 0 else None
