"""Figures of published work, to stand beside ours, not in one table with them."""

from __future__ import annotations

from dataclasses import dataclass

SOURCE = "Soysal et al. 2025, tables 3 and 4"

PROTOCOL = (
    "These are of one held-out test set of 150 spectra, not known to keep specimens apart, "
    "displaced to one side on the grid with a constant put in where nothing was measured. Those "
    "above are out-of-fold, displaced to both sides on each spectrum's own axis. The two differ "
    "in more than the models."
)


@dataclass(frozen=True, slots=True)
class Published:
    """Percent as printed, by displacement in cm⁻¹: (top-1, top-3)."""

    model: str
    table: int
    top1_top3: dict[int, tuple[int, int]]


PUBLISHED = (
    Published("CNN, m = 2", 3, {0: (83, 91), 15: (29, 51), 30: (8, 16)}),
    Published("CNN, m = 64", 3, {0: (62, 82), 15: (47, 65), 30: (39, 57)}),
    Published("CNN, n = 1", 4, {0: (83, 91), 15: (29, 51), 30: (6, 15)}),
    Published("CNN, n = 10", 4, {0: (63, 80), 15: (42, 70), 30: (46, 63)}),
)
"""m is the window of the last pooling, n how often in a row it is done."""
