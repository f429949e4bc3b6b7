"""Nonlinearity coefficients: applied where they make sense, refused where they do not."""

from __future__ import annotations

import numpy as np
import pytest

from edge.calibration.linearity import check_linearity, linearised
from edge.errors import CalibrationError

FULL = 16_383.0
LIKE_AN_STS = (0.87, 2.1e-5, -8e-10, 1.2e-14)


def test_none_leaves_the_counts_as_they_are():
    counts = np.array([-5.0, 0.0, 9e9])
    assert linearised(counts, (), FULL) is counts
    check_linearity((), FULL)


def test_a_detector_that_is_linear_by_its_coefficients_is_left_too():
    counts = np.array([-5.0, 0.0, 16_000.0])
    np.testing.assert_array_equal(linearised(counts, (1.0, 0.0, 0.0), FULL), counts)


def test_what_a_bent_detector_makes_of_light_is_undone():
    """Find counts whose corrected value is the light, by bisection, and correct them."""
    light = np.linspace(0, 15_000, 50)
    low, high = np.zeros(50), np.full(50, FULL)
    for _ in range(60):
        middle = (low + high) / 2
        answers = middle / np.polynomial.polynomial.polyval(middle, LIKE_AN_STS)
        low, high = np.where(answers < light, middle, low), np.where(answers < light, high, middle)
    np.testing.assert_allclose(linearised(low, LIKE_AN_STS, FULL), light, atol=1e-6)


def test_outside_of_its_range_the_polynomial_is_not_asked():
    counts = np.array([-100.0, 0.0, FULL, 2 * FULL])
    low, high = np.polynomial.polynomial.polyval([0.0, FULL], LIKE_AN_STS)
    expected = counts / [low, low, high, high]
    np.testing.assert_allclose(linearised(counts, LIKE_AN_STS, FULL), expected)


@pytest.mark.parametrize(
    ("coefficients", "said"),
    [
        ((np.nan, 1e-5), "not finite"),
        ((1.0, np.inf), "not finite"),
        ((0.0,), "by 0 to 0"),
        ((0.0, 0.0, 0.0), "by 0 to 0"),
        ((-1.0,), "by -1 to -1"),
        ((1.0, -1e-4), "by -0.638 to 1 within 0 to 16383"),
        ((1.0, 1e300, 1e300), "divide by 1 to inf"),
        ((1.0, 0.0, 1e-7), "not monotonic .* more light would give fewer"),
        ((1e308, 1e308), "to inf"),
    ],
)
def test_coefficients_that_are_no_detectors_are_refused(coefficients, said):
    with pytest.raises(CalibrationError, match=f"nonlinearity coefficients .*{said}"):
        check_linearity(coefficients, FULL)
    with pytest.raises(CalibrationError):
        linearised(np.zeros(4), coefficients, FULL)


def test_coefficients_may_make_sense_in_a_smaller_range_only():
    check_linearity((1.0, -1e-5), 16_383)
    with pytest.raises(CalibrationError, match="within 0 to 200000 counts"):
        check_linearity((1.0, -1e-5), 200_000)
