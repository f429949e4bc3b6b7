"""What a target found: rows with the paper's figure beside ours, notes, plots."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass

AS_IN_PAPER = "as in the paper"
"""Random division: spectra of one specimen may lie on both sides."""

BY_SPECIMEN = "by specimen"
"""All spectra of a specimen lie on one side."""


@dataclass(frozen=True, slots=True)
class Row:
    """One quantity, as the paper prints it and as it came out here.

    Parameters
    ----------
    key : stable name that claims refer to, as ``m2.+15.top1``
    quantity : in words, as ``m = 2, displaced by +15 cm⁻¹, top-1``
    paper : as printed, in `unit`; None where the paper gives no figure
    ours : one value a seed, in `unit`; or words
    protocol : how spectra were divided: `AS_IN_PAPER`, `BY_SPECIMEN`, or own words
    unit : of both figures
    n : spectra judged, a seed
    """

    key: str
    quantity: str
    paper: float | int | str | None
    ours: tuple[float | int, ...] | str
    protocol: str
    unit: str = "%"
    n: int | None = None

    @property
    def values(self) -> tuple[float, ...]:
        """One value a seed; none where ours is words, or of a seed that gave no number."""
        if isinstance(self.ours, str):
            return ()
        return tuple(value for value in self.ours if math.isfinite(value))

    @property
    def mean(self) -> float | None:
        """The mean over the seeds; None where there are no values."""
        return statistics.fmean(self.values) if self.values else None

    @property
    def deviation(self) -> float | None:
        """The standard deviation over the seeds; None of fewer than two."""
        return statistics.stdev(self.values) if len(self.values) > 1 else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that a target found.

    Parameters
    ----------
    rows : in the order of the paper
    notes : what the paper leaves open and what was chosen, where data differ from the paper's
    plots : PNG files in the target's folder
    """

    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    plots: tuple[str, ...] = ()

    def row(self, key: str) -> Row | None:
        """Return the row of a key; None where there is none."""
        return next((row for row in self.rows if row.key == key), None)
