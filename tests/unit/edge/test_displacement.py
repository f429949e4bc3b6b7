from __future__ import annotations

import numpy as np
import pytest

from edge.displacement import DISPLACEMENT_MODES, preprocess_displaced, shift_on_grid
from edge.errors import AxisError
from edge.preprocess import PAPER_GRID, Grid, preprocess
from edge.spectrum import Spectrum
from tests.support.tiny_bundle import library_spectrum

HALF_STEP = Grid(200.0, 0.5, 2000)


def peak(at: float = 800.0, level: float = 0.0) -> Spectrum:
    axis = np.arange(100.0, 1700.0, 0.5)
    return Spectrum(axis, level + np.exp(-(((axis - at) / 6.0) ** 2)))


@pytest.mark.parametrize("mode", DISPLACEMENT_MODES)
@pytest.mark.parametrize("grid", [PAPER_GRID, HALF_STEP])
@pytest.mark.parametrize("displacement", [-40.0, -1.0, 0.0, 15.0, 40.0])
def test_every_mode_moves_a_peak_by_the_displacement(mode, grid, displacement):
    row = preprocess_displaced(peak(), grid, displacement, mode)
    assert grid.values[row.argmax()] == 800.0 + displacement
    assert row.shape == (grid.count,)


def test_no_displacement_is_plain_preprocessing():
    spectrum = library_spectrum("Quartz", seed=1)
    for mode in DISPLACEMENT_MODES:
        same = preprocess_displaced(spectrum, PAPER_GRID, 0.0, mode)
        np.testing.assert_array_equal(same, preprocess(spectrum, PAPER_GRID))


def test_the_axis_mode_moves_by_fractions_too():
    def centre(displacement: float) -> float:
        row = preprocess_displaced(peak(), PAPER_GRID, displacement).astype(np.float64)
        return float((PAPER_GRID.values * row).sum() / row.sum())

    assert centre(0.25) - centre(0.0) == pytest.approx(0.25, abs=1e-3)


def test_the_modes_differ_in_what_fills_the_gap():
    spectrum = peak(level=0.5)
    short = Spectrum(spectrum.axis[400:], spectrum.intensity[400:])  # from 300 cm⁻¹ on
    by_axis = preprocess_displaced(spectrum, PAPER_GRID, 20.0, "axis")
    by_edge = preprocess_displaced(spectrum, PAPER_GRID, 20.0, "grid-edge")
    by_zero = preprocess_displaced(spectrum, PAPER_GRID, 20.0, "grid-constant")
    assert by_axis[0] == pytest.approx(1 / 3)  # the spectrum reaches further down than the grid
    assert by_edge[:20] == pytest.approx(1 / 3)
    assert (by_zero[:20] == 0).all()
    np.testing.assert_array_equal(by_edge[20:], by_zero[20:])
    assert (preprocess_displaced(short, PAPER_GRID, 20.0, "axis")[:120] == 0).all()


@pytest.mark.parametrize("points", [-9, -4, -3, 3, 4, 9])
def test_a_shift_beyond_the_array_leaves_only_the_filling(points):
    row = np.array([1, 2, 3, 4], dtype=np.float32)
    kept = shift_on_grid(row, points, edge=True)
    end = 1 if points > 0 else 4
    assert kept.tolist() == [end] * 4
    zeros = shift_on_grid(row, points, edge=False)
    assert zeros.sum() == (end if abs(points) == 3 else 0)
    assert zeros.shape == row.shape
    assert zeros.dtype == np.float32


@pytest.mark.parametrize("mode", DISPLACEMENT_MODES)
@pytest.mark.parametrize("displacement", [float("nan"), float("inf"), -float("inf")])
def test_a_displacement_that_is_no_number_is_refused(mode, displacement):
    with pytest.raises(AxisError):
        preprocess_displaced(peak(), PAPER_GRID, displacement, mode)
