"""The lines of a calibration target, found in counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.calibration.axis import Calibration
from edge.calibration.peaks import Mask, Peak, find_peaks
from edge.calibration.reference_lines import RAMAN_LINES_CM1, STRONGEST_LINE_CM1, Target
from edge.errors import TargetNotSeenError

LARGEST_DRIFT_CM1 = 40.0
"""Lines are looked for so far from where they belong: what bundles state their accuracy for."""
_PAIRED_CM1 = 10.0
"""Of lines moved by one drift, each is within this of its peak: half of what parts the nearest."""
_LEAST_SIGNAL_TO_NOISE = 6.0
_LEAST_SHARE_OF_HIGHEST = 0.5
_LEAST_FWHM_PIXELS = 1.0
"""Narrower ones are cosmic rays and hot pixels."""
_LOOKED_AT_CM1 = (100.0, 1700.0)
"""The strongest line must be among the highest here: below is the laser, above are few minerals."""
_EDGE_PIXELS = 4
_FEWEST_PIXELS = 16
_ENOUGH_LINES = 3
"""So many in their places are no chance, however many more a target has."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TargetLine:
    """One line of a target where it was found.

    Parameters
    ----------
    reference_cm1 : where it belongs
    measured_cm1, sigma_cm1 : where it was found, and the standard error of that
    pixel : where it was found
    fwhm_cm1 : full width at half maximum
    """

    reference_cm1: float
    measured_cm1: float
    sigma_cm1: float
    pixel: float
    fwhm_cm1: float

    @property
    def residual_cm1(self) -> float:
        """Measured less reference, cm⁻¹."""
        return self.measured_cm1 - self.reference_cm1


def find_target(
    counts: Floats,
    calibration: Calibration,
    target: Target,
    saturated: Mask | None = None,
) -> list[TargetLine]:
    """Return the lines of a target that are seen, rising in Raman shift.

    All lines are taken to have moved together, by less than `LARGEST_DRIFT_CM1`: the move that
    brings the most of the height onto reference lines is searched for.

    Parameters
    ----------
    counts : (P,) float64, counts, with or without dark
    calibration : of the instrument, good to that drift
    target : what was measured
    saturated : (P,) bool; a line with such a pixel near its top is not used

    Raises
    ------
    TargetNotSeenError
        If its strongest line is not found, or neither three nor more than half of its lines
        are; or the lines may be of something else.
    CalibrationError
        If the calibration gives no axis.
    """
    axis = calibration.raman_shift_cm1()
    _check_counts(target, counts, axis)
    expected = _in_range(axis, target)
    peaks = [
        peak
        for peak in find_peaks(counts, _LEAST_SIGNAL_TO_NOISE)
        if peak.fwhm_pixels >= _LEAST_FWHM_PIXELS
    ]
    if not peaks:
        raise TargetNotSeenError(target, "no line stands out of the noise")
    at_cm1 = np.interp([peak.pixel for peak in peaks], np.arange(axis.size), axis)
    heights = np.array([peak.height for peak in peaks])
    drift_cm1 = _common_drift(at_cm1, heights, expected)
    pairs = _paired(at_cm1 - drift_cm1, heights, expected)
    _check_seen(target, expected, pairs, at_cm1, heights)
    whole = {line: at for line, at in pairs.items() if not _lost_top(peaks[at], saturated)}
    if not whole:
        raise TargetNotSeenError(target, "all of its lines are saturated; expose it shorter")
    cm1_per_pixel = np.abs(np.gradient(axis))
    return [
        _line(expected[line], peaks[at], at_cm1[at], cm1_per_pixel) for line, at in whole.items()
    ]


def _check_counts(target: Target, counts: Floats, axis: Floats) -> None:
    if counts.shape != axis.shape:
        raise TargetNotSeenError(target, f"{counts.size} pixels, {axis.size} are calibrated")
    if counts.size < _FEWEST_PIXELS:
        raise TargetNotSeenError(target, f"{counts.size} pixels are no spectrum")
    if not np.isfinite(counts).all():
        raise TargetNotSeenError(target, "counts that are not numbers")


def _in_range(axis: Floats, target: Target) -> Floats:
    """Return the target's lines that this instrument can show, with room for drift."""
    low, high = np.sort(axis[[_EDGE_PIXELS, -1 - _EDGE_PIXELS]])
    lines = np.array(RAMAN_LINES_CM1[target])
    expected: Floats = lines[(lines > low) & (lines < high)]
    if STRONGEST_LINE_CM1[target] not in expected:
        raise TargetNotSeenError(
            target,
            f"its strongest line, at {STRONGEST_LINE_CM1[target]} cm-1, is outside of the "
            f"instrument's {low:.0f} to {high:.0f} cm-1",
        )
    return expected


def _common_drift(at_cm1: Floats, heights: Floats, expected: Floats) -> float:
    """Return the move that brings the most height, weighed by its root, onto the lines."""
    moves = np.arange(-LARGEST_DRIFT_CM1, LARGEST_DRIFT_CM1 + 0.25, 0.5)
    apart = np.abs(at_cm1[None, :, None] - moves[:, None, None] - expected[None, None, :])
    near = np.clip(1.0 - apart / _PAIRED_CM1, 0.0, None) * np.sqrt(heights)[None, :, None]
    scores = near.max(axis=1).sum(axis=1)
    return float(moves[int(np.argmax(scores - 1e-6 * np.abs(moves)))])


def _paired(at_cm1: Floats, heights: Floats, expected: Floats) -> dict[int, int]:
    """Return the peak of each line that has one: of several the one that is high and near."""
    pairs = {}
    for line, where in enumerate(expected):
        score = np.sqrt(heights) * np.clip(1.0 - np.abs(at_cm1 - where) / _PAIRED_CM1, 0.0, None)
        if score.max() > 0:
            pairs[line] = int(score.argmax())
    return pairs


def _check_seen(
    target: Target, expected: Floats, pairs: dict[int, int], at_cm1: Floats, heights: Floats
) -> None:
    strongest_cm1 = STRONGEST_LINE_CM1[target]
    strongest = pairs.get(int(np.flatnonzero(expected == strongest_cm1)[0]))
    if strongest is None:
        raise TargetNotSeenError(
            target, f"no line within {LARGEST_DRIFT_CM1:g} of {strongest_cm1} cm-1"
        )
    looked_at = (at_cm1 > _LOOKED_AT_CM1[0]) & (at_cm1 < _LOOKED_AT_CM1[1])
    highest = int(np.where(looked_at, heights, -np.inf).argmax())
    if heights[strongest] < _LEAST_SHARE_OF_HIGHEST * heights[highest] and looked_at.any():
        raise TargetNotSeenError(
            target, f"the highest line is at {at_cm1[highest]:.1f}, not at {strongest_cm1} cm-1"
        )
    if len(pairs) < min(_ENOUGH_LINES, len(expected) // 2 + 1):
        raise TargetNotSeenError(target, f"{len(pairs)} of {len(expected)} lines are found")


def _lost_top(peak: Peak, saturated: Mask | None) -> bool:
    """Tell whether one of the pixels that say where a line is counts no further."""
    if saturated is None:
        return False
    reach = max(1.0, peak.fwhm_pixels)
    first, last = (round(peak.pixel + side * reach) for side in (-1.0, 1.0))
    return bool(saturated[max(0, first) : last + 1].any())


def _line(
    reference_cm1: float, peak: Peak, measured_cm1: float, cm1_per_pixel: Floats
) -> TargetLine:
    scale = float(cm1_per_pixel[round(peak.pixel)])
    return TargetLine(
        reference_cm1=float(reference_cm1),
        measured_cm1=float(measured_cm1),
        sigma_cm1=peak.sigma_pixel * scale,
        pixel=peak.pixel,
        fwhm_cm1=peak.fwhm_pixels * scale,
    )
