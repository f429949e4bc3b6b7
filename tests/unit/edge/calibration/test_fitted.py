from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from edge.calibration.axis import Calibration
from edge.calibration.check import check_target
from edge.calibration.exposure import Exposure
from edge.calibration.fitted import fit_calibration
from edge.errors import CalibrationError
from tests.support.lines_in_counts import CALIBRATION, counts_of, neon_counts, target_counts

TOLD = Calibration((533.4, 0.0866, -2.7e-6, -1.1e-9), 532.6, 2048)
"""What the instrument believes: off by more than 2 nm, and another laser."""


def exposure(
    counts: np.ndarray,
    calibration: Calibration = TOLD,
    source: str = "a",
    instrument_id: str | None = None,
) -> Exposure:
    saturated = np.zeros(counts.size, dtype=np.bool_)
    return Exposure(source, counts, saturated, calibration, instrument_id)


def test_neon_and_silicon_give_an_axis_that_holds_on_other_targets() -> None:
    fitted = fit_calibration([exposure(neon_counts())], [exposure(target_counts("silicon"))])
    assert fitted.wavelengths is not None
    assert fitted.calibration.laser_wavelength_nm == pytest.approx(532.2, abs=0.005)
    for target in ("calcite", "polystyrene", "diamond"):
        check = check_target(exposure(target_counts(target)), fitted.calibration, None, 0.8)
        assert check.estimate is not None
        assert check.estimate.target == target
        assert check.beyond == ()
        assert check.not_used_cm1 == ()


def test_the_laser_is_the_median_over_silicon_and_the_spread_its_error() -> None:
    axis = replace(CALIBRATION, laser_wavelength_nm=532.6)
    silicon = [
        exposure(target_counts("silicon", drift_cm1=off, seed=k), axis)
        for k, off in enumerate((0.0, 0.2, 9.0))
    ]
    fitted = fit_calibration([], silicon)
    assert fitted.wavelengths is None
    assert fitted.calibration.wavelength_coefficients_nm == axis.wavelength_coefficients_nm
    assert len(fitted.laser_lines) == 3
    expected_nm = 1 / (1 / 532.2 - 0.2 / 1e7)
    assert fitted.calibration.laser_wavelength_nm == pytest.approx(expected_nm, abs=1e-3) or (
        fitted.calibration.laser_wavelength_nm == pytest.approx(2 * 532.2 - expected_nm, abs=1e-3)
    )
    assert fitted.laser_sigma_nm > 0.03


def test_without_silicon_the_laser_stays_as_it_is_told() -> None:
    fitted = fit_calibration([exposure(neon_counts())], [])
    assert fitted.calibration.laser_wavelength_nm == 532.6
    assert math.isnan(fitted.laser_sigma_nm)
    said = fit_calibration([exposure(neon_counts())], [], laser_nm=532.3)
    assert said.calibration.laser_wavelength_nm == 532.3


def test_what_was_shifted_and_tabulated_before_is_gone_and_the_detector_stays() -> None:
    table = Calibration((), 532.6, 2048, tuple(TOLD.axis_nm().tolist()), (1.0, 1e-6), shift_nm=0.4)
    fitted = fit_calibration([exposure(neon_counts(), table)], [])
    assert fitted.calibration.shift_nm == 0.0
    assert fitted.calibration.wavelength_nm == ()
    assert fitted.calibration.nonlinearity_coefficients == (1.0, 1e-6)


def test_nothing_to_fit_and_different_instruments_are_refused() -> None:
    neon, silicon = exposure(neon_counts()), exposure(target_counts("silicon"), source="b")
    with pytest.raises(CalibrationError, match="neither neon nor silicon"):
        fit_calibration([], [])
    with pytest.raises(CalibrationError, match="b: 512 pixels, a: 2048"):
        fit_calibration([neon], [replace(silicon, counts=silicon.counts[:512])])
    with pytest.raises(CalibrationError, match="b is of Y, a is of X"):
        fit_calibration([replace(neon, instrument_id="X")], [replace(silicon, instrument_id="Y")])
    nobody = replace(TOLD, laser_wavelength_nm=math.nan)
    with pytest.raises(CalibrationError, match="no exposure tells the laser"):
        fit_calibration([replace(neon, calibration=nobody)], [])


def test_a_check_names_what_is_beyond_and_what_is_not_there() -> None:
    shown = exposure(target_counts("polystyrene", drift_cm1=3.0))
    check = check_target(shown, CALIBRATION, "polystyrene", 2.0)
    assert len(check.beyond) == 8
    assert check.estimate is not None
    assert check.estimate.drift_cm1 == pytest.approx(3.0, abs=0.2)
    weak = exposure(target_counts("polystyrene", height=300.0))
    assert 1450.5 in check_target(weak, CALIBRATION, "polystyrene", 2.0).not_used_cm1
    empty = check_target(exposure(counts_of([], [])), CALIBRATION, None, 2.0)
    assert empty.estimate is None
    assert "none of silicon" in empty.fault
    with pytest.raises(CalibrationError, match="512 are calibrated"):
        check_target(shown, replace(CALIBRATION, pixel_count=512), None, 2.0)
