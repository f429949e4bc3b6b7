from __future__ import annotations

import re

import numpy as np
import pytest
from numpy.typing import NDArray

from firmware_bridge.virtual.minerals import MINERALS, MineralLines
from firmware_bridge.virtual.rendering import render

FINE_CM1 = np.arange(50.0, 1800.0, 0.25)
COARSE_CM1 = np.linspace(100.0, 1600.0, 151)
BY_NAME = {row.mineral: row for row in MINERALS}

every_mineral = pytest.mark.parametrize("row", MINERALS, ids=lambda row: row.mineral)


def strongest_cm1(row: MineralLines) -> float:
    return max(row.lines, key=lambda line: line.strength).shift_cm1


def maxima_cm1(axis: NDArray[np.float64], intensity: NDArray[np.float32]) -> NDArray[np.float64]:
    inner = intensity[1:-1]
    return axis[1:-1][(inner > intensity[:-2]) & (inner > intensity[2:])]


def test_there_are_thirty_minerals_sorted_and_unique() -> None:
    names = [row.mineral for row in MINERALS]
    assert len(names) >= 30
    assert names == sorted(set(names))


@every_mineral
def test_a_row_is_complete(row: MineralLines) -> None:
    assert row.mineral == row.mineral.capitalize()
    assert row.formula
    assert re.search(r"\b(19|20)\d\d, \w", row.source), "no year and journal"


@every_mineral
def test_lines_are_ordered_and_scaled(row: MineralLines) -> None:
    shifts_cm1 = [line.shift_cm1 for line in row.lines]
    assert shifts_cm1 == sorted(set(shifts_cm1))
    assert all(100 <= shift_cm1 <= 1600 for shift_cm1 in shifts_cm1)
    assert all(0 < line.fwhm_cm1 <= 100 for line in row.lines)
    strengths = [line.strength for line in row.lines]
    assert min(strengths) > 0
    assert strengths.count(100) == 1
    assert max(strengths) == 100


@pytest.mark.parametrize(
    ("mineral", "low_cm1", "high_cm1"),
    [
        ("Albite", 507, 509),
        ("Anatase", 143, 145),
        ("Anhydrite", 1016, 1018),
        ("Barite", 987, 989),
        ("Calcite", 1085, 1087),
        ("Corundum", 417, 419),
        ("Diamond", 1332, 1333),
        ("Dolomite", 1097, 1099),
        ("Fluorapatite", 963, 966),
        ("Gypsum", 1007, 1009),
        ("Magnesite", 1093, 1095),
        ("Microcline", 512, 514),
        ("Mimetite", 812, 813),
        ("Quartz", 464, 465),
        ("Rutile", 611, 613),
        ("Zircon", 1007, 1009),
    ],
)
def test_the_strongest_line_is_where_the_literature_has_it(
    mineral: str, low_cm1: float, high_cm1: float
) -> None:
    assert low_cm1 <= strongest_cm1(BY_NAME[mineral]) <= high_cm1


@pytest.mark.parametrize(
    ("mineral", "expected_cm1"),
    [
        ("Hematite", [225, 292, 411]),
        ("Forsterite", [824, 856]),
        ("Pyrite", [343, 379, 430]),
        ("Diopside", [666, 1012]),
    ],
)
def test_the_spectrum_has_the_known_lines(mineral: str, expected_cm1: list[float]) -> None:
    found_cm1 = maxima_cm1(FINE_CM1, render(BY_NAME[mineral], FINE_CM1))
    for shift_cm1 in expected_cm1:
        assert np.abs(found_cm1 - shift_cm1).min() <= 1.0


@every_mineral
def test_the_strongest_line_makes_the_highest_peak(row: MineralLines) -> None:
    intensity = render(row, FINE_CM1)
    assert np.abs(maxima_cm1(FINE_CM1, intensity) - strongest_cm1(row)).min() <= 1.0
    without_background = render(row, FINE_CM1, baseline=0.0)
    assert abs(FINE_CM1[without_background.argmax()] - strongest_cm1(row)) <= 1.0


@every_mineral
@pytest.mark.parametrize("axis", [FINE_CM1, COARSE_CM1], ids=["fine", "coarse"])
@pytest.mark.parametrize("seed", [None, 0, 1])
def test_a_spectrum_is_finite_and_positive(
    row: MineralLines, axis: NDArray[np.float64], seed: int | None
) -> None:
    rng = None if seed is None else np.random.default_rng(seed)
    intensity = render(row, axis, rng=rng)
    assert intensity.shape == axis.shape
    assert intensity.dtype == np.float32
    assert np.isfinite(intensity).all()
    assert (intensity > 0).all()


@every_mineral
def test_a_seed_draws_one_specimen(row: MineralLines) -> None:
    first, again, other = (render(row, FINE_CM1, rng=np.random.default_rng(s)) for s in (7, 7, 8))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-3
    assert np.abs(first - render(row, FINE_CM1)).max() > 1e-3


def test_without_a_generator_it_is_the_table() -> None:
    row = BY_NAME["Topaz"]
    np.testing.assert_array_equal(render(row, FINE_CM1), render(row, FINE_CM1))


@pytest.mark.parametrize("seed", range(40))
def test_a_specimen_moves_its_lines_by_less_than_one_wavenumber(seed: int) -> None:
    axis = np.arange(1300.0, 1360.0, 0.01)
    intensity = render(BY_NAME["Diamond"], axis, baseline=0.0, rng=np.random.default_rng(seed))
    assert 0.0 < abs(axis[intensity.argmax()] - 1332.0) < 1.0


def test_a_coarse_axis_keeps_the_area_of_a_line() -> None:
    axis = np.arange(1132.0, 1532.0, 20.0)
    narrow = render(BY_NAME["Diamond"], axis, baseline=0.0)
    fine = render(BY_NAME["Diamond"], FINE_CM1, baseline=0.0)
    assert narrow.max() < 0.3
    assert float(narrow.sum()) * 20.0 == pytest.approx(float(fine.sum()) * 0.25, rel=0.1)


@pytest.mark.parametrize(
    "axis",
    [
        np.array([100.0]),
        np.array([[100.0, 101.0]]),
        np.array([100.0, 100.0]),
        np.array([101.0, 100.0]),
        np.array([100.0, np.nan]),
    ],
    ids=["one band", "two dimensions", "repeated", "falling", "nan"],
)
def test_a_bad_axis_is_refused(axis: NDArray[np.float64]) -> None:
    with pytest.raises(ValueError, match="axis"):
        render(BY_NAME["Quartz"], axis)


@pytest.mark.parametrize("baseline", [-0.1, float("nan"), float("inf")])
def test_a_bad_baseline_is_refused(baseline: float) -> None:
    with pytest.raises(ValueError, match="baseline"):
        render(BY_NAME["Quartz"], FINE_CM1, baseline=baseline)
