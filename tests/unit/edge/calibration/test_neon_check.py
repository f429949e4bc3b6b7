"""An axis compared with a lamp."""

from __future__ import annotations

import numpy as np
import pytest

from edge.calibration import Calibration
from edge.calibration.neon_check import check_axis
from edge.calibration.reference_lines import NEON_LINES_NM
from edge.errors import CalibrationError, NeonFitError

PIXELS = np.arange(1_024)
TRUE_NM = 533.0 + 0.1 * PIXELS


def lamp(seed: int = 1) -> np.ndarray:
    """Return counts of every tabulated line alike, on noise."""
    rng = np.random.default_rng(seed)
    counts = rng.normal(1_000, 10, PIXELS.size)
    for line_nm in NEON_LINES_NM:
        counts += 8_000 * np.exp(-(((TRUE_NM - line_nm) / 0.15) ** 2))
    return counts


@pytest.mark.parametrize("offset_nm", [-0.6, 0.0, 0.25])
def test_an_axis_that_is_off_is_told_by_how_much(offset_nm):
    axis = Calibration((533.0 + offset_nm, 0.1), 532.0, 1_024)
    check = check_axis(lamp(), axis)
    assert check.offset_nm == pytest.approx(offset_nm, abs=0.01)
    assert check.scatter_nm < 0.02
    assert check.sigma_nm == pytest.approx(check.scatter_nm / len(check.lines) ** 0.5)
    off_nm = [nm - line.wavelength_nm for nm, line in zip(check.axis_nm, check.lines, strict=True)]
    assert np.mean(off_nm) == pytest.approx(check.offset_nm)


def test_saturated_lines_are_left_out():
    axis = Calibration((533.0, 0.1), 532.0, 1_024)
    all_lines = len(check_axis(lamp(), axis).lines)
    half = PIXELS < 512
    left = check_axis(lamp(), axis, half).lines
    assert 6 <= len(left) < all_lines
    assert all(line.pixel > 510 for line in left)


def test_no_lamp_is_told_as_that():
    axis = Calibration((533.0, 0.1), 532.0, 1_024)
    with pytest.raises(NeonFitError):
        check_axis(np.random.default_rng(1).normal(1_000, 10, 1_024), axis)


def test_no_axis_is_told_as_that():
    with pytest.raises(CalibrationError, match="no wavelength coefficients"):
        check_axis(lamp(), Calibration((), 532.0, 1_024))
