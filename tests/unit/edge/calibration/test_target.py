from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edge.calibration.axis import Calibration
from edge.calibration.reference_lines import RAMAN_LINES_CM1, STRONGEST_LINE_CM1, Target
from edge.calibration.target import find_target
from edge.errors import CalibrationError, TargetNotSeenError
from tests.support.lines_in_counts import CALIBRATION, counts_of, target_counts

TARGETS: tuple[Target, ...] = get_args(Target)
AT_785 = Calibration((769.6, 0.1509, -4.2e-6, -7.2e-10), 785.0, 2048)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("drift_cm1", [-35.0, -3.0, 0.0, 12.5, 35.0])
@pytest.mark.parametrize("calibration", [CALIBRATION, AT_785], ids=["532", "785"])
def test_every_line_is_found_wherever_it_has_drifted_to(
    target: Target, drift_cm1: float, calibration: Calibration
) -> None:
    lines = find_target(
        target_counts(target, calibration, drift_cm1=drift_cm1), calibration, target
    )
    assert [line.reference_cm1 for line in lines] == list(RAMAN_LINES_CM1[target])
    for line in lines:
        assert line.residual_cm1 == pytest.approx(drift_cm1, abs=0.7)


def test_every_target_names_its_strongest_line() -> None:
    assert set(STRONGEST_LINE_CM1) == set(RAMAN_LINES_CM1) == set(TARGETS)
    for target, strongest_cm1 in STRONGEST_LINE_CM1.items():
        assert strongest_cm1 in RAMAN_LINES_CM1[target]


@pytest.mark.parametrize("shown", TARGETS)
@pytest.mark.parametrize("asked", TARGETS)
def test_one_target_is_not_taken_for_another(shown: Target, asked: Target) -> None:
    counts = target_counts(shown)
    if shown == asked:
        assert find_target(counts, CALIBRATION, asked)
    else:
        with pytest.raises(TargetNotSeenError, match=f"no {asked} is seen"):
            find_target(counts, CALIBRATION, asked)


def test_a_detector_mounted_the_other_way_round() -> None:
    falling = Calibration(
        (), CALIBRATION.laser_wavelength_nm, 2048, tuple(CALIBRATION.axis_nm()[::-1].tolist())
    )
    lines = find_target(target_counts("calcite")[::-1], falling, "calcite")
    for line in lines:
        assert line.residual_cm1 == pytest.approx(0.0, abs=0.3)


def test_a_saturated_line_is_not_used_and_the_others_are() -> None:
    counts = target_counts("calcite", height=90_000.0)
    saturated = counts >= 65535
    lines = find_target(np.minimum(counts, 65535.0), CALIBRATION, "calcite", saturated)
    assert [line.reference_cm1 for line in lines] == [155.2, 281.0, 711.9]


def test_silicon_that_is_saturated_says_so() -> None:
    counts = np.minimum(target_counts("silicon", height=70_000.0), 65535.0)
    with pytest.raises(TargetNotSeenError, match="saturated"):
        find_target(counts, CALIBRATION, "silicon", counts >= 65535)


def test_a_cosmic_ray_is_no_line() -> None:
    counts = target_counts("silicon")
    counts[300] += 30_000.0
    (line,) = find_target(counts, CALIBRATION, "silicon")
    assert line.measured_cm1 == pytest.approx(520.7, abs=0.2)


def test_lines_out_of_the_instruments_range_are_not_asked_for() -> None:
    shorter = replace(CALIBRATION, pixel_count=500)
    counts = target_counts("polystyrene")[:500]
    lines = find_target(counts, shorter, "polystyrene")
    assert [line.reference_cm1 for line in lines] == [620.9, 795.8, 1001.4, 1031.8, 1155.3]


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (counts_of([], []), "no line stands out"),
        (np.full(2048, np.nan), "not numbers"),
        (np.full(2048, 1000.0), "no line stands out"),
        (np.zeros(100), "100 pixels, 2048 are calibrated"),
        (counts_of([900.3], [5000.0]), "no line within 40 of 520.7"),
        (target_counts("silicon", drift_cm1=60.0), "no line within 40 of 520.7"),
        (target_counts("silicon") + counts_of([600.4], [30_000.0]), "the highest line is at"),
    ],
    ids=["noise", "NaN", "flat", "length", "another line", "too far", "another is higher"],
)
def test_what_is_not_silicon(counts: np.ndarray, said: str) -> None:
    with pytest.raises(TargetNotSeenError, match=said):
        find_target(counts, CALIBRATION, "silicon")


def test_a_target_out_of_range_says_what_the_range_is() -> None:
    short = replace(CALIBRATION, pixel_count=100)
    with pytest.raises(TargetNotSeenError, match=r"outside of the instrument's -34 to 239"):
        find_target(np.ones(100), short, "silicon")


def test_a_calibration_without_an_axis_is_refused() -> None:
    with pytest.raises(CalibrationError, match="laser"):
        find_target(np.ones(2048), replace(CALIBRATION, laser_wavelength_nm=np.nan), "silicon")


@given(
    arrays(np.float64, st.integers(1, 64), elements=st.floats(allow_nan=True, width=32)),
    st.sampled_from(TARGETS),
)
def test_whatever_the_counts_nothing_else_is_raised(counts: np.ndarray, target: Target) -> None:
    calibration = Calibration((540.0, 0.9), 532.0, counts.size)
    try:
        lines = find_target(counts, calibration, target)
    except TargetNotSeenError:
        return
    assert all(np.isfinite(line.measured_cm1) for line in lines)
