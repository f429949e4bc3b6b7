"""What a calibration is fitted to: one exposure of a lamp or target, from a file or the store."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edge.calibration.axis import Calibration


@dataclass(frozen=True, slots=True, eq=False)
class Exposure:
    """Counts, and where its pixels are believed to stand.

    Parameters
    ----------
    source : where it came from, for messages
    counts : (P,) float64, counts, above dark where a dark is known
    saturated : (P,) bool
    calibration : as instrument or file has it; laser NaN where nobody told it
    instrument_id : None where it is not told
    taken_at : date and time in words, empty where they are not told
    """

    source: str
    counts: NDArray[np.float64] = field(repr=False)
    saturated: NDArray[np.bool_] = field(repr=False)
    calibration: Calibration
    instrument_id: str | None = None
    taken_at: str = ""
