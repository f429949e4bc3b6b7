"""Neon and silicon of real instruments, judged on calcite and polystyrene: none was fitted to."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.calibration.check import check_target
from edge.calibration.fitted import FittedCalibration, fit_calibration
from edge.calibration.reference_lines import Target
from tests.support.bwtek_conditions import CONDITIONS, Condition

LIMIT_CM1 = 2.0
TARGETS: tuple[Target, ...] = ("calcite", "polystyrene")

BEYOND = {
    ("ICV 532 nm x50", "polystyrene", 1450.5),
    ("ICV 785 nm x100", "polystyrene", 1450.5),
}
"""The lines that fail, all of them: 1450.5 is a broad band, seen 1.1 to 2.8 too low everywhere."""
NOT_USED = {
    ("FNMT-M 532 nm probe", "nCAL10", 155.2),  # the filter's edge
    ("FNMT-M 532 nm probe", "nCAL10", 1085.8),  # saturated
    ("FNMT-M 532 nm probe", "sCAL10", 1085.8),  # saturated
}


@pytest.fixture(params=CONDITIONS, ids=lambda condition: condition.name)
def condition(request: pytest.FixtureRequest) -> Condition:
    found: Condition = request.param
    return found


@pytest.fixture
def fitted(condition: Condition, real_data: Path) -> FittedCalibration:
    return fit_calibration(
        condition.read(real_data, condition.neon), condition.read(real_data, condition.silicon)
    )


def test_wavelengths_go_through_the_lamps_lines(fitted: FittedCalibration) -> None:
    assert fitted.wavelengths is not None
    assert len(fitted.wavelengths.lines) >= 16
    assert fitted.wavelengths.rms_nm < 0.006
    assert fitted.wavelengths.left_out_rms_nm < 0.015


def test_the_laser_is_near_what_it_was_set_to(
    condition: Condition, fitted: FittedCalibration, real_data: Path
) -> None:
    (told, *_) = condition.read(real_data, condition.silicon)
    # air to vacuum is 0.15 nm at 532 nm, 0.22 nm at 785 nm
    assert abs(fitted.calibration.laser_wavelength_nm - told.calibration.laser_wavelength_nm) < 0.3
    assert fitted.laser_sigma_nm < 0.012


def test_every_line_of_the_targets_is_within_the_limit_but_those_named(
    condition: Condition, fitted: FittedCalibration, real_data: Path
) -> None:
    beyond, not_used = set(), set()
    for target in TARGETS:
        members = condition.calcite if target == "calcite" else condition.polystyrene
        for exposure in condition.read(real_data, members):
            check = check_target(exposure, fitted.calibration, target, LIMIT_CM1)
            assert not check.fault
            assert check.estimate is not None
            assert abs(check.estimate.drift_cm1) < 1.5
            beyond |= {(condition.name, target, line.reference_cm1) for line in check.beyond}
            sample = Path(exposure.source).name.split("_")[0]
            not_used |= {(condition.name, sample, line) for line in check.not_used_cm1}
    assert beyond == {failure for failure in BEYOND if failure[0] == condition.name}
    assert not_used == {missing for missing in NOT_USED if missing[0] == condition.name}


def test_without_being_told_a_target_is_known_by_its_lines(
    condition: Condition, fitted: FittedCalibration, real_data: Path
) -> None:
    for target in TARGETS:
        members = condition.calcite if target == "calcite" else condition.polystyrene
        for exposure in condition.read(real_data, members):
            check = check_target(exposure, fitted.calibration, None, LIMIT_CM1)
            assert check.estimate is not None
            assert check.estimate.target == target
