from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from firmware_bridge.errors import SpectrumSourceError
from firmware_bridge.virtual import (
    Exposures,
    VirtualSettings,
    dark_level_counts,
    expose,
    pixel_signal,
    pixel_wavelength_nm,
    raman_shift_of_wavelength_cm1,
    wavelength_coefficients,
    wavelength_of_raman_shift_nm,
)

QUIET = VirtualSettings(seed=3, read_noise_counts=0.0, electrons_per_count=1e6)


def shift_axis(settings: VirtualSettings) -> np.ndarray:
    coefficients = wavelength_coefficients(
        settings.range_cm1, settings.pixel_count, settings.laser_wavelength_nm
    )
    described = pixel_wavelength_nm(coefficients, settings.pixel_count)
    return raman_shift_of_wavelength_cm1(described, settings.laser_wavelength_nm)


def line_at(raman_shift_cm1: float) -> tuple[np.ndarray, np.ndarray]:
    axis = np.arange(50.0, 1800.0, 0.5)
    return axis, np.exp(-(((axis - raman_shift_cm1) / 6.0) ** 2))


@pytest.mark.parametrize("laser_nm", [532.0, 785.0])
@pytest.mark.parametrize("pixels", [288, 2048])
def test_the_axis_covers_the_range_exactly_increases_and_is_mildly_nonlinear(
    laser_nm: float, pixels: int
):
    coefficients = wavelength_coefficients((100.0, 1700.0), pixels, laser_nm)
    wavelength_nm = pixel_wavelength_nm(coefficients, pixels)
    shift = raman_shift_of_wavelength_cm1(wavelength_nm, laser_nm)
    assert shift[[0, -1]] == pytest.approx([100.0, 1700.0], abs=1e-6)
    assert (np.diff(wavelength_nm) > 0).all()
    straight = np.linspace(wavelength_nm[0], wavelength_nm[-1], pixels)
    bend = np.abs(wavelength_nm - straight).max() / (wavelength_nm[-1] - wavelength_nm[0])
    assert 0.005 < bend < 0.03
    assert coefficients[3] != 0


def test_shift_and_wavelength_are_inverse():
    shift = np.array([0.0, 520.7, 1332.0])
    wavelength_nm = wavelength_of_raman_shift_nm(shift, 785.0)
    assert wavelength_nm[0] == pytest.approx(785.0)
    assert raman_shift_of_wavelength_cm1(wavelength_nm, 785.0) == pytest.approx(shift, abs=1e-9)


@pytest.mark.parametrize("at_cm1", [206.0, 464.0, 1086.0, 1580.0])
def test_a_peak_lands_on_the_right_pixel(at_cm1: float):
    counts, index = Exposures([line_at(at_cm1)], QUIET, np.random.default_rng(0)).light(100_000, 1)
    assert index == 0
    assert shift_axis(QUIET)[counts.argmax()] == pytest.approx(at_cm1, abs=1.0)


def test_drift_moves_peaks_to_larger_raman_shift_by_its_nanometres():
    drifted = replace(QUIET, drift_nm=0.5)
    counts, _ = Exposures([line_at(800.0)], drifted, np.random.default_rng(0)).light(100_000, 1)
    seen_nm = wavelength_of_raman_shift_nm(shift_axis(QUIET)[counts.argmax()], 532.0)
    assert seen_nm - wavelength_of_raman_shift_nm(800.0, 532.0) == pytest.approx(0.5, abs=0.03)


def test_the_dark_level_grows_with_time_and_doubles_every_seven_degrees():
    assert dark_level_counts(1000, 200, 100_000, 20.0) == pytest.approx(1020)
    assert dark_level_counts(1000, 200, 1_000_000, 20.0) == pytest.approx(1200)
    assert dark_level_counts(1000, 200, 1_000_000, 27.0) == pytest.approx(1400)
    dark = Exposures([line_at(800.0)], QUIET, np.random.default_rng(0)).dark(1_000_000, 1)
    assert dark.mean() == pytest.approx(1200, abs=1)


def test_outside_the_spectrum_there_is_no_signal_and_the_peak_has_the_height_asked_for():
    axis = np.array([500.0, 600.0, 700.0])
    pixels = np.linspace(100.0, 1700.0, 1601)
    signal = pixel_signal(axis, [1.0, 3.0, 2.0], pixels, 30_000.0)
    assert signal.max() == pytest.approx(30_000.0)
    assert not signal[(pixels < 500) | (pixels > 700)].any()
    assert signal[pixels == 500.0] == pytest.approx(10_000.0)


def test_a_spectrum_that_misses_the_range_or_is_zero_gives_no_signal():
    pixels = np.linspace(100.0, 200.0, 50)
    assert not pixel_signal([500.0, 600.0], [1.0, 1.0], pixels, 1000.0).any()
    assert not pixel_signal([100.0, 200.0], [0.0, -1.0], pixels, 1000.0).any()


@pytest.mark.parametrize("averages", [1, 16])
def test_shot_and_read_noise_have_their_variance(averages: int):
    mean = np.full(200_000, 21_000.0)
    counts = expose(
        mean,
        1000.0,
        np.random.default_rng(8),
        electrons_per_count=4.0,
        read_noise_counts=10.0,
        saturation_counts=65_535,
        averages=averages,
    )
    expected = (20_000.0 / 4.0 + 10.0**2) / averages + 1 / 12  # rounding
    assert counts.astype(float).var() == pytest.approx(expected, rel=0.02)
    assert counts.mean() == pytest.approx(21_000.0, abs=2)


def test_too_much_light_saturates():
    bright = replace(QUIET, peak_level=3.0, saturation_counts=4095)
    counts, _ = Exposures([line_at(800.0)], bright, np.random.default_rng(0)).light(100_000, 1)
    assert counts.max() == 4095
    assert (counts == 4095).sum() > 5
    assert counts.dtype == np.uint16


def test_a_deep_detector_counts_in_32_bits():
    deep = replace(QUIET, saturation_counts=1_000_000)
    counts, _ = Exposures([line_at(800.0)], deep, np.random.default_rng(0)).light(100_000, 1)
    assert counts.dtype == np.uint32
    assert int(counts.max()) == pytest.approx(501_000, rel=0.01)


def test_the_same_seed_gives_the_same_counts():
    noisy = VirtualSettings(seed=1)
    one, two, other = (
        Exposures([line_at(800.0)], noisy, np.random.default_rng(seed)).light(100_000, 1)[0]
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, two)
    assert (one != other).any()


def test_sources_come_in_turn_until_the_count():
    exposures = Exposures(
        [line_at(400.0), line_at(800.0)], replace(QUIET, count=3), np.random.default_rng(0)
    )
    assert [exposures.light(100_000, 1)[1] for _ in range(3)] == [0, 1, 0]
    assert exposures.exhausted


@pytest.mark.parametrize(
    ("axis", "values"),
    [
        ([1.0, 1.0], [1.0, 1.0]),
        ([1.0, 2.0], [1.0]),
        ([1.0, 2.0], [1.0, np.nan]),
        ([1.0], [1.0]),
        ([1.0, np.nan], [1.0, 1.0]),
    ],
)
def test_what_is_no_spectrum_is_refused(axis: list[float], values: list[float]):
    with pytest.raises(SpectrumSourceError):
        pixel_signal(axis, values, np.linspace(0, 3, 8), 1.0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"instrument_id": "x" * 17},
        {"instrument_id": "\udcff"},
        {"rate_hz": 0.0},
        {"baud": 0},
        {"drift_nm": float("nan")},
        {"pixel_count": 7},
        {"range_cm1": (1700.0, 100.0)},
        {"laser_wavelength_nm": 6000.0},
        {"saturation_counts": 0},
        {"averages": 0},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_settings_that_cannot_be_are_refused(wrong: dict[str, object]):
    with pytest.raises(SpectrumSourceError, match=next(iter(wrong))):
        VirtualSettings(**wrong)  # type: ignore[arg-type]


def test_no_spectra_are_refused():
    with pytest.raises(SpectrumSourceError, match="at least one"):
        Exposures([], QUIET, np.random.default_rng(0))
