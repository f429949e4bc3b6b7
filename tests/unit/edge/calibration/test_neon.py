from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.calibration.axis import Calibration
from edge.calibration.neon import fit_wavelengths
from edge.calibration.reference_lines import NEON_LINES_AIR_NM, NEON_LINES_NM
from edge.errors import NeonFitError
from tests.support.lines_in_counts import CALIBRATION, counts_of, neon_counts, pixels_of

AT_785 = Calibration((769.6, 0.1509, -4.2e-6, -7.2e-10), 785.0, 2048)


def largest_error_nm(coefficients_nm: tuple[float, ...], truth: Calibration) -> float:
    """Return how wrong a fit is between the outermost lines, nm."""
    axis_nm = truth.axis_nm()
    fitted_nm = np.polynomial.Polynomial(coefficients_nm)(np.arange(axis_nm.size))
    inside = (axis_nm > NEON_LINES_NM[0]) & (axis_nm < 960.0)
    return float(np.abs(fitted_nm - axis_nm)[inside].max())


@pytest.mark.parametrize("truth", [CALIBRATION, AT_785], ids=["532", "785"])
@pytest.mark.parametrize("offset_nm", [0.0, -4.0, 4.0])
@pytest.mark.parametrize("stretch", [0.0, -0.015, 0.015])
def test_the_axis_is_found_from_a_start_that_is_wrong(
    truth: Calibration, offset_nm: float, stretch: float
) -> None:
    axis_nm = truth.axis_nm()
    start_nm = axis_nm + offset_nm + stretch * (axis_nm - axis_nm.mean())
    fit = fit_wavelengths([neon_counts(truth)], start_nm)
    assert largest_error_nm(fit.coefficients_nm, truth) < 0.02
    assert fit.rms_nm < 0.005
    assert fit.left_out_rms_nm >= fit.rms_nm


def test_a_detector_mounted_the_other_way_round() -> None:
    first_nm = CALIBRATION.axis_nm()[-1]
    falling = Calibration((float(first_nm), -0.0862 + 1.1e-5, 1e-7), 532.2, 2048)
    fit = fit_wavelengths([neon_counts(falling)], falling.axis_nm() + 1.0)
    assert fit.coefficients_nm[1] < 0
    assert largest_error_nm(fit.coefficients_nm, falling) < 0.02


def test_a_long_exposure_gives_the_weak_lines_and_a_short_one_those_it_saturates() -> None:
    short = neon_counts(height=8000.0)
    exposed = neon_counts(height=200_000.0, seed=1)
    saturated = exposed >= 65535
    long = np.minimum(exposed, 65535.0)
    start_nm = CALIBRATION.axis_nm()
    both = fit_wavelengths([short, long], start_nm, [short >= 65535, saturated])
    alone = fit_wavelengths([long], start_nm, [saturated])
    assert len(both.lines) > len(alone.lines)
    assert largest_error_nm(both.coefficients_nm, CALIBRATION) < 0.01


def test_wrong_lines_among_right_ones_are_dropped() -> None:
    lamp = neon_counts()
    truth_pixels = pixels_of(NEON_LINES_NM[:44], CALIBRATION)
    between = (truth_pixels[10:16] + truth_pixels[11:17]) / 2.0
    stray = counts_of(between, [4000.0] * 6, background=0.0, noise=0.0)
    fit = fit_wavelengths([lamp + stray], CALIBRATION.axis_nm())
    assert largest_error_nm(fit.coefficients_nm, CALIBRATION) < 0.01
    assert fit.peaks_not_used >= 4


def test_lines_are_given_where_they_were_found() -> None:
    fit = fit_wavelengths([neon_counts()], CALIBRATION.axis_nm())
    wavelengths_nm = [line.wavelength_nm for line in fit.lines]
    assert wavelengths_nm == sorted(wavelengths_nm)
    assert set(wavelengths_nm) <= set(NEON_LINES_NM.tolist())
    model = np.polynomial.Polynomial(fit.coefficients_nm)
    for line in fit.lines:
        assert model(line.pixel) - line.wavelength_nm == pytest.approx(line.residual_nm, abs=2e-5)


def test_vacuum_wavelengths_are_longer_than_those_in_air() -> None:
    longer = NEON_LINES_NM - np.array(NEON_LINES_AIR_NM)
    assert longer.min() == pytest.approx(0.148, abs=0.001)
    assert longer.max() == pytest.approx(0.265, abs=0.001)


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (counts_of([], []), "peaks stand out of the noise"),
        (counts_of(range(100, 2000, 137), [5000.0] * 14), "are neon lines"),
        (np.full(2048, np.nan), "not numbers"),
        (neon_counts(fwhm_pixels=40.0), "are the least"),
    ],
    ids=["nothing", "another lamp", "NaN", "a spectrometer that resolves no lines"],
)
def test_what_is_no_lamp_is_refused(counts: np.ndarray, said: str) -> None:
    with pytest.raises(NeonFitError, match=said):
        fit_wavelengths([counts], CALIBRATION.axis_nm())


@pytest.mark.parametrize("offset_nm", [-60.0, -30.0, 9.0, 17.0, 30.0, 60.0])
def test_a_start_out_of_reach_is_refused_and_not_fitted_by_chance(offset_nm: float) -> None:
    with pytest.raises(NeonFitError):
        fit_wavelengths([neon_counts()], CALIBRATION.axis_nm() + offset_nm)


def test_too_few_pixels_or_another_number_of_them_are_refused() -> None:
    with pytest.raises(NeonFitError, match="8 pixels are no spectrum"):
        fit_wavelengths([np.ones(8)], np.arange(540.0, 548.0))
    with pytest.raises(NeonFitError, match="512 pixels, the start axis has 2048"):
        fit_wavelengths([neon_counts()[:512]], CALIBRATION.axis_nm())


@given(st.integers(0, 2**32), st.floats(1e-6, 500.0), st.integers(16, 300), st.booleans())
@settings(max_examples=60)
def test_whatever_counts_and_axis_nothing_else_is_raised(
    seed: int, span_nm: float, pixel_count: int, falls: bool
) -> None:
    rng = np.random.default_rng(seed)
    counts = counts_of(
        rng.uniform(0, pixel_count, 20),
        10 ** rng.uniform(1, 6, 20),
        fwhm_pixels=float(10 ** rng.uniform(-1, 1.5)),
        pixel_count=pixel_count,
    )
    start_nm = rng.uniform(300, 900) + np.linspace(0.0, span_nm, pixel_count)
    try:
        fit = fit_wavelengths([counts], start_nm[::-1] if falls else start_nm)
    except NeonFitError:
        return
    assert fit.rms_nm < 1.0
