from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.data.axis import mend_axis
from edge.errors import AxisError
from edge.spectrum import Spectrum


def test_a_good_axis_is_left_alone():
    axis, intensity = np.arange(5.0), np.ones(5)
    mended, values, warnings = mend_axis(axis, intensity)
    assert mended is axis
    assert values is intensity
    assert warnings == ()


def test_a_falling_axis_is_reversed_with_its_intensities():
    axis, intensity, warnings = mend_axis(np.array([3.0, 2.0, 1.0]), np.array([30.0, 20.0, 10.0]))
    assert axis.tolist() == [1, 2, 3]
    assert intensity.tolist() == [10, 20, 30]
    assert warnings == ("axis falls, reversed",)


def test_repeated_points_of_a_rounded_axis_are_averaged():
    axis, intensity, warnings = mend_axis(
        np.array([1.0, 1.0, 2.0, 3.0, 3.0, 3.0]), np.array([1.0, 3.0, 5.0, 1.0, 2.0, 6.0])
    )
    assert axis.tolist() == [1, 2, 3]
    assert intensity.tolist() == [2, 5, 3]
    assert warnings == ("axis sorted: 0 steps went back, 3 stood",)


def test_a_few_steps_back_where_two_windows_overlap_are_sorted():
    axis = np.concatenate([np.arange(0.0, 100.0), np.arange(98.5, 200.0)])
    mended, intensity, warnings = mend_axis(axis, axis * 2)
    assert (np.diff(mended) > 0).all()
    np.testing.assert_array_equal(intensity, mended * 2)
    assert warnings == ("axis sorted: 1 steps went back, 0 stood",)


@pytest.mark.parametrize(
    ("axis", "said"),
    [
        (np.random.default_rng(0).permutation(200).astype(float), "not monotonic: of 199 steps"),
        (np.concatenate([np.arange(50.0), np.arange(50.0)[::-1]]), "49 go back"),
        (np.zeros(100), "99 stand"),
        (np.array([1.0, np.nan, 3.0]), "not numbers"),
        (np.array([1.0, np.inf]), "not numbers"),
    ],
)
def test_a_hopeless_axis_is_refused(axis, said):
    with pytest.raises(AxisError, match=said):
        mend_axis(axis, np.ones(axis.size))


@pytest.mark.parametrize(("backward", "mended"), [(4, True), (5, False)])
def test_two_percent_of_steps_back_are_the_limit(backward, mended):
    axis = np.arange(201.0)
    axis[np.arange(backward) * 20 + 10] += 1.5  # each a step of 2.5, then one of -0.5
    if mended:
        assert (np.diff(mend_axis(axis, axis)[0]) > 0).all()
    else:
        with pytest.raises(AxisError, match="5 go back"):
            mend_axis(axis, axis)


@given(st.lists(st.integers(0, 300), min_size=1, max_size=60))
def test_whatever_comes_out_is_an_axis_of_the_same_points(points):
    axis = np.array(points, dtype=np.float64)
    try:
        mended, intensity, _ = mend_axis(axis, axis + 1)
    except AxisError:
        return
    spectrum = Spectrum(mended, intensity)
    assert set(spectrum.axis) == set(axis)
    np.testing.assert_allclose(spectrum.intensity, spectrum.axis + 1)
