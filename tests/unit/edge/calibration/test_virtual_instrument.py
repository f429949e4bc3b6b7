"""Calibrated by what a virtual spectrometer shows, whose tables of lines are its own."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from edge.calibration.axis import Calibration
from edge.calibration.drift import estimate_drift
from edge.calibration.exposure import Exposure
from edge.calibration.fitted import fit_calibration
from edge.calibration.reference_lines import Target
from firmware_bridge.spectrum_frame import FrameKind
from firmware_bridge.virtual.exposures import Exposures
from firmware_bridge.virtual.settings import VirtualSettings

TARGETS: tuple[Target, ...] = get_args(Target)


def instrument(laser_nm: float, pixel_count: int, drift_nm: float) -> tuple[Exposures, Calibration]:
    settings = VirtualSettings(
        laser_wavelength_nm=laser_nm, pixel_count=pixel_count, drift_nm=drift_nm
    )
    flat = (np.array([0.0, 5000.0]), np.array([1.0, 1.0]))
    exposures = Exposures([flat], settings, np.random.default_rng(1))
    return exposures, Calibration(exposures.wavelength_coefficients_nm, laser_nm, pixel_count)


def show(exposures: Exposures, kind: FrameKind, described: Calibration) -> Exposure:
    counts = exposures.target(kind, 100_000, 4)
    return Exposure(kind, counts.astype(np.float64), counts >= 65_535, described)


@pytest.mark.parametrize("laser_nm", [532.0, 785.0])
@pytest.mark.parametrize("pixel_count", [512, 1024, 2048])
@pytest.mark.parametrize("drift_nm", [-0.8, 0.3])
@pytest.mark.parametrize("target", TARGETS)
def test_its_drift_is_found_from_each_target(
    laser_nm: float, pixel_count: int, drift_nm: float, target: Target
) -> None:
    exposures, described = instrument(laser_nm, pixel_count, drift_nm)
    shown = show(exposures, target, described)
    estimate = estimate_drift(shown.counts, described, target, shown.saturated)
    assert estimate.drift_nm == pytest.approx(drift_nm, abs=0.02)
    assert estimate.sigma_cm1 < 1.0


@pytest.mark.parametrize("laser_nm", [532.0, 785.0])
@pytest.mark.parametrize("pixel_count", [1024, 2048])
@pytest.mark.parametrize("drift_nm", [-0.8, 0.3])
def test_neon_and_silicon_make_up_for_drift(
    laser_nm: float, pixel_count: int, drift_nm: float
) -> None:
    exposures, described = instrument(laser_nm, pixel_count, drift_nm)
    neon, silicon = (show(exposures, kind, described) for kind in ("neon", "silicon"))
    fitted = fit_calibration([neon], [silicon])
    assert fitted.wavelengths is not None
    assert len(fitted.wavelengths.lines) >= 6
    for target in ("polystyrene", "calcite", "diamond"):
        shown = show(exposures, target, described)
        estimate = estimate_drift(shown.counts, fitted.calibration, target, shown.saturated)
        assert max(abs(line.residual_cm1) for line in estimate.lines) < 1.0
