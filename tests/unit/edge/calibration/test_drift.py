from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from edge.calibration.drift import estimate_drift
from edge.calibration.laser_line import find_laser_line
from edge.calibration.reference_lines import Target
from edge.errors import TargetNotSeenError
from tests.support.lines_in_counts import CALIBRATION, counts_of, target_counts

TARGETS: tuple[Target, ...] = get_args(Target)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("drift_nm", [-0.6, 0.0, 0.25, 0.9])
def test_a_drift_in_nm_is_found_and_undone(target: Target, drift_nm: float) -> None:
    believed = replace(CALIBRATION, shift_nm=drift_nm)  # its wavelengths are too large by that
    estimate = estimate_drift(target_counts(target), believed, target)
    assert estimate.target == target
    assert estimate.drift_nm == pytest.approx(drift_nm, abs=0.01)
    assert np.sign(round(estimate.drift_cm1, 1)) == np.sign(drift_nm)
    corrected = believed.corrected(estimate.drift_nm)
    again = estimate_drift(target_counts(target), corrected, target)
    assert abs(again.drift_cm1) < 0.3
    assert abs(again.drift_nm) < 0.01


def test_peaks_at_larger_shift_are_a_positive_drift() -> None:
    estimate = estimate_drift(target_counts("silicon", drift_cm1=5.0), CALIBRATION, "silicon")
    assert estimate.drift_cm1 == pytest.approx(5.0, abs=0.2)
    assert estimate.drift_nm > 0


def test_the_standard_error_covers_what_repetitions_scatter_by() -> None:
    for target in TARGETS:
        found = [
            estimate_drift(
                target_counts(target, height=1500.0, noise=40.0, seed=seed), CALIBRATION, target
            )
            for seed in range(40)
        ]
        off_cm1 = np.array([estimate.drift_cm1 for estimate in found])
        sigma_cm1 = np.array([estimate.sigma_cm1 for estimate in found])
        assert (np.abs(off_cm1) < 3 * sigma_cm1).all()
        assert sigma_cm1.max() < 1.0


def test_residuals_are_what_the_drift_leaves() -> None:
    estimate = estimate_drift(
        target_counts("polystyrene", drift_cm1=4.0), CALIBRATION, "polystyrene"
    )
    assert len(estimate.residuals_cm1) == len(estimate.lines) == 8
    assert max(abs(residual) for residual in estimate.residuals_cm1) < 0.7


def test_the_target_that_is_not_there_has_no_drift() -> None:
    with pytest.raises(TargetNotSeenError) as caught:
        estimate_drift(counts_of([], []), CALIBRATION, "diamond")
    assert caught.value.target == "diamond"
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("off_nm", [-0.8, 0.0, 0.8])
def test_the_laser_is_found_from_one_that_is_told_wrong(off_nm: float) -> None:
    truth_nm = CALIBRATION.laser_wavelength_nm
    told = replace(CALIBRATION, laser_wavelength_nm=truth_nm + off_nm)
    laser = find_laser_line(target_counts("silicon"), told)
    assert laser.wavelength_nm == pytest.approx(truth_nm, abs=0.003)
    assert 0 < laser.sigma_nm < 0.003
    assert laser.silicon.reference_cm1 == 520.7
