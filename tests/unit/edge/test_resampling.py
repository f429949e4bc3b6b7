"""What is computed for many spectra at once is what numpy computes of each."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.resampling import Resampling


@st.composite
def cases(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw an axis, points to resample onto, and intensities of three spectra."""
    size = draw(st.integers(1, 40))
    steps = draw(st.lists(st.sampled_from([0.25, 0.5, 1.0, 1.7]), min_size=size, max_size=size))
    axis = draw(st.integers(-20, 20)) + np.cumsum(steps)
    points = draw(st.integers(-20, 20)) + draw(st.sampled_from([0.5, 1.0])) * np.arange(30.0)
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return axis, points, generator.normal(0, 1000, (3, size))


@given(cases())
def test_rows_are_what_numpy_interpolates_of_each(case):
    axis, points, intensity = case
    expected = [np.interp(points, axis, row, left=0.0, right=0.0) for row in intensity]
    np.testing.assert_allclose(Resampling(axis, points).resample(intensity), expected, rtol=1e-12)


def test_at_points_of_the_axis_intensities_are_taken_as_they_are():
    intensity = np.array([[0.1, 0.7, 1e300]])
    axis = np.array([1.0, 2.0, 5.0])
    assert Resampling(axis, axis.copy()).resample(intensity).tolist() == intensity.tolist()


def test_an_axis_changed_afterwards_changes_nothing():
    axis = np.array([0.0, 2.0])
    resampling = Resampling(axis, np.array([1.0]))
    axis *= 5
    assert resampling.axis.tolist() == [0.0, 2.0]
    assert resampling.resample(np.array([[0.0, 4.0]])).tolist() == [[2.0]]


@pytest.mark.parametrize("point", [0.5, 2.5])
def test_outside_the_axis_there_is_nothing(point):
    resampling = Resampling(np.array([1.0, 2.0]), np.array([point]))
    assert resampling.resample(np.ones((2, 2))).tolist() == [[0.0], [0.0]]
