"""Which dark frames to subtract: of the same exposure, young enough, of about the temperature.

Those that fit are averaged, so that the noise of one is not added to every spectrum; where the
detector's temperature is not known they may be unlike, and the newest is taken alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.spectrum_frame import SpectrumFrame

_ALIKE_C = 0.5
"""Dark frames no farther apart than this are averaged, °C."""
_FEWEST_FOR_MEDIAN = 3
"""From so many on the median is taken: a cosmic ray in one of them does not count."""


@dataclass(frozen=True, slots=True)
class DarkRules:
    """What a dark frame has to be like to be subtracted.

    Parameters
    ----------
    max_age_s : s, between the two, on the instrument's clock
    max_difference_c : °C, between the two; not asked where a temperature is not known
    most_averaged : so many at most
    """

    max_age_s: float = 3600.0
    max_difference_c: float = 3.0
    most_averaged: int = 4


@dataclass(frozen=True, slots=True, eq=False)
class Dark:
    """What to subtract from a frame, or why there is nothing.

    Parameters
    ----------
    counts : (P,) float64, counts; None where nothing is to be subtracted
    sequence : of the newest dark frame in it; None where there is none
    averaged : how many dark frames are in it
    refused : why the newest dark frame of this exposure was not taken; None where it was, or
        where there is none
    """

    counts: NDArray[np.float64] | None = None
    sequence: int | None = None
    averaged: int = 0
    refused: str | None = None


def exposure_of(frame: SpectrumFrame) -> str:
    """Return what a dark frame must share with the frame it is subtracted from."""
    return f"{frame.integration_time_us} us x {frame.averages}, {len(frame.counts)} pixels"


def stale_because(frame: SpectrumFrame, dark: SpectrumFrame, rules: DarkRules) -> str | None:
    """Return why a dark frame is not fit to be subtracted from a frame; None where it is."""
    if exposure_of(dark) != exposure_of(frame):
        return f"it is of another exposure: {exposure_of(dark)}"
    age_s = abs(frame.instrument_time_us - dark.instrument_time_us) / 1e6
    if age_s > rules.max_age_s:
        return f"it is {age_s:.0f} s old, {rules.max_age_s:g} s is the most"
    difference_c = abs(frame.detector_temperature_c - dark.detector_temperature_c)
    if difference_c > rules.max_difference_c:  # never so where one is NaN
        return (
            f"the detector was {dark.detector_temperature_c:.1f} °C then and is "
            f"{frame.detector_temperature_c:.1f} °C now"
        )
    return None


def choose_dark(
    frame: SpectrumFrame, candidates: Sequence[tuple[int, SpectrumFrame]], rules: DarkRules
) -> Dark:
    """Return what to subtract from a frame.

    Parameters
    ----------
    frame : a frame of P pixels
    candidates : sequence and dark frame, the newest first
    rules : what they have to be like

    Returns
    -------
    Dark
        Of those that fit, the one nearest in temperature and those like it.
    """
    reasons = [stale_because(frame, dark, rules) for _, dark in candidates]
    fitting = [pair for pair, reason in zip(candidates, reasons, strict=True) if reason is None]
    refused = reasons[0] if reasons else None
    if not fitting:
        return Dark(refused=refused)
    nearest = min((dark for _, dark in fitting), key=lambda dark: _steps_apart(frame, dark))
    alike = [
        pair for pair in fitting if pair[1] is nearest or _apart_c(nearest, pair[1]) <= _ALIKE_C
    ]
    taken = alike[: rules.most_averaged]
    counts = np.stack([dark.counts for _, dark in taken]).astype(np.float64)
    mean = np.median if len(taken) >= _FEWEST_FOR_MEDIAN else np.mean
    return Dark(mean(counts, axis=0), taken[0][0], len(taken), refused)


def _apart_c(one: SpectrumFrame, other: SpectrumFrame) -> float:
    return abs(one.detector_temperature_c - other.detector_temperature_c)


def _steps_apart(frame: SpectrumFrame, dark: SpectrumFrame) -> int:
    """Return a difference in steps: within one the newest is as good as any."""
    apart_c = _apart_c(frame, dark)
    return 0 if math.isnan(apart_c) else int(apart_c / _ALIKE_C)
