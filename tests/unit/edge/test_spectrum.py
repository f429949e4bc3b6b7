from __future__ import annotations

import numpy as np
import pytest

from edge.errors import AxisError, InvalidSpectrumError
from edge.spectrum import Acquisition, Spectrum


@pytest.mark.parametrize(
    ("axis", "intensity", "said"),
    [
        ([], [], r"shape \(0,\)"),
        ([[1.0, 2.0]], [[1.0, 2.0]], r"shape \(1, 2\)"),
        (3.0, 1.0, r"shape \(\)"),
        ([1.0, 2.0], [1.0], r"axis has \(2,\) points, intensity \(1,\)"),
        ([1.0, np.nan], [1.0, 1.0], "not numbers"),
        ([1.0, np.inf], [1.0, 1.0], "not numbers"),
        ([1.0, 2.0, 2.0], [1.0, 1.0, 1.0], "point 2: 2.0 then 2.0"),
        ([1.0, 3.0, 2.0], [1.0, 1.0, 1.0], "point 2: 3.0 then 2.0"),
    ],
)
def test_what_is_no_axis_is_refused(axis, intensity, said):
    with pytest.raises(AxisError, match=said):
        Spectrum(np.array(axis), np.array(intensity))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_an_intensity_that_is_no_number_is_named_by_its_point(bad):
    with pytest.raises(InvalidSpectrumError, match="point 1") as caught:
        Spectrum(np.arange(3.0), np.array([0.0, bad, np.nan]))
    assert caught.value.reason == str(caught.value)


def test_one_point_is_an_axis():
    assert Spectrum(np.array([464.0]), np.array([1.0])).axis.tolist() == [464.0]


def test_it_owns_its_arrays_and_nobody_can_change_them():
    axis, intensity = np.arange(3.0), np.ones(3)
    spectrum = Spectrum(axis, intensity)
    axis[0], intensity[0] = -5, 7
    assert spectrum.axis[0] == 0
    assert spectrum.intensity[0] == 1
    with pytest.raises(ValueError, match="read-only"):
        spectrum.intensity[0] = 2


def test_integers_become_float64():
    spectrum = Spectrum(np.arange(3), np.array([1, 2, 3], dtype=np.uint16))
    assert spectrum.axis.dtype == spectrum.intensity.dtype == np.float64


def test_positive_displacement_moves_peaks_up_and_leaves_the_rest():
    taken = Acquisition(instrument_id="A", sequence=4)
    before = Spectrum(np.arange(3.0), np.array([0.0, 1.0, 0.0]), "two_theta_deg", taken)
    after = before.displaced(2.5)
    assert after.axis.tolist() == [2.5, 3.5, 4.5]
    assert after.intensity.tolist() == before.intensity.tolist()
    assert (after.axis_kind, after.acquisition) == ("two_theta_deg", taken)
