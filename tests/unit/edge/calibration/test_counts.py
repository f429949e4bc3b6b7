from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge.calibration import Calibration, calibrate
from edge.errors import CalibrationError, InvalidSpectrumError
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.spectrum_frame import SpectrumFrame

PIXELS = 512
CALIBRATION = Calibration((530.0, 0.12, -3e-6), 532.0, PIXELS)
FALLING = Calibration((600.0, -0.12), 532.0, PIXELS)
IDENTITY = FrameIdentity("RS-1", 7, 3)
WITH_A_LINE = (100 + 200 * (abs(np.arange(PIXELS) - 99) <= 1)).astype(np.uint16)


def frame(counts: np.ndarray, **changes: object) -> SpectrumFrame:
    taken = SpectrumFrame("light", 5_000_000, 250_000, 4, 532.0, -10.0, 65_535, counts)
    return replace(taken, **changes)


def counts_with_a_line(calibration: Calibration, at_cm1: float) -> np.ndarray:
    """Return counts with a line at a Raman shift, placed by way of its wavelength."""
    line_nm = 1 / (1 / calibration.laser_wavelength_nm - at_cm1 / 1e7)
    pixel = np.arange(calibration.pixel_count)
    wavelength_nm = sum(c * pixel**k for k, c in enumerate(calibration.wavelength_coefficients_nm))
    height = 20_000 * np.exp(-(((wavelength_nm - line_nm) / 0.5) ** 2))
    return (1_000 + height).astype(np.uint16)


@pytest.mark.parametrize("calibration", [CALIBRATION, FALLING], ids=["rising", "falling"])
@pytest.mark.parametrize("at_cm1", [464.0, 1086.0, 1332.0])
def test_a_line_lands_at_its_raman_shift(calibration, at_cm1):
    spectrum = calibrate(
        frame(counts_with_a_line(calibration, at_cm1)), IDENTITY, calibration, None
    )
    pixel_cm1 = np.diff(spectrum.axis).max()
    assert spectrum.axis[spectrum.intensity.argmax()] == pytest.approx(at_cm1, abs=pixel_cm1)
    assert (np.diff(spectrum.axis) > 0).all()


def test_how_it_was_taken_goes_along():
    spectrum = calibrate(frame(WITH_A_LINE), IDENTITY, CALIBRATION, None, 10**18)
    taken = spectrum.acquisition
    assert (taken.instrument_id, taken.boot_id, taken.sequence) == ("RS-1", 7, 3)
    assert (taken.integration_time_ms, taken.averages) == (250.0, 4)
    assert (taken.laser_wavelength_nm, taken.detector_temperature_c) == (532.0, -10.0)
    assert taken.instrument_time_us == 5_000_000
    assert taken.received_utc_ns == 10**18


def test_when_it_came_may_be_unknown():
    spectrum = calibrate(frame(WITH_A_LINE), IDENTITY, CALIBRATION, None)
    assert spectrum.acquisition.received_utc_ns is None


def test_a_frame_without_pixels_is_refused_and_no_crash():
    empty = Calibration((530.0, 0.1), 532.0, 0)
    with pytest.raises(CalibrationError, match="positive wavelength"):
        calibrate(frame(np.zeros(0, np.uint16)), IDENTITY, empty, None)


def test_another_pixel_count_is_invalid():
    with pytest.raises(InvalidSpectrumError, match="expected 512 pixels, got 511"):
        calibrate(frame(np.ones(511, np.uint16)), IDENTITY, CALIBRATION, None)


@pytest.mark.parametrize("limit", [4095, 65_535])
def test_saturated_pixels_are_counted_and_refused(limit):
    counts = np.ones(PIXELS, np.uint16)
    counts[[105, 109]] = limit
    with pytest.raises(InvalidSpectrumError, match="2 of 512 pixels saturated"):
        calibrate(frame(counts, saturation_counts=limit), IDENTITY, CALIBRATION, None)
    counts -= 1
    counts[107] = limit - 1
    assert calibrate(frame(counts, saturation_counts=limit), IDENTITY, CALIBRATION, None)


def test_the_laser_line_may_be_saturated_and_is_counted():
    counts = WITH_A_LINE.copy()
    counts[15:19] = 65_535
    spectrum = calibrate(frame(counts), IDENTITY, Calibration((530.0, 0.12), 532.0, PIXELS), None)
    assert spectrum.acquisition.saturated_pixels == 4
    assert abs(spectrum.axis[15]) < 100


@pytest.mark.parametrize("falls", [False, True])
def test_a_pixel_that_is_saturated_in_the_dark_too_is_bridged(falls):
    counts, dark = WITH_A_LINE.copy(), np.full(PIXELS, 40.0)
    counts[300] = dark[300] = 65_535
    calibration = FALLING if falls else CALIBRATION
    spectrum = calibrate(frame(counts), IDENTITY, calibration, dark)
    assert spectrum.intensity[:: -1 if falls else 1][300] == 60
    assert spectrum.acquisition.dead_pixels == 1
    assert spectrum.acquisition.saturated_pixels == 0


def test_a_detector_that_is_saturated_in_the_dark_gives_no_spectrum():
    dark = np.where(np.arange(PIXELS) < 26, 65_535.0, 40.0)
    with pytest.raises(InvalidSpectrumError, match="26 of 512 pixels saturated in the dark"):
        calibrate(frame(WITH_A_LINE), IDENTITY, CALIBRATION, dark)


def test_counts_above_dark_are_made_linear_and_without_dark_are_left():
    bent = replace(CALIBRATION, nonlinearity_coefficients=(0.5, 1e-5))
    dark = np.full(PIXELS, 50.0)
    linear = calibrate(frame(WITH_A_LINE), IDENTITY, bent, dark).intensity
    np.testing.assert_allclose(linear, (WITH_A_LINE - 50) / (0.5 + 1e-5 * (WITH_A_LINE - 50)))
    left = calibrate(frame(WITH_A_LINE), IDENTITY, bent, None).intensity
    np.testing.assert_array_equal(left, WITH_A_LINE)


def test_nonlinearity_that_makes_no_sense_is_refused():
    senseless = replace(CALIBRATION, nonlinearity_coefficients=(1.0, -1e-4))
    with pytest.raises(CalibrationError, match="nonlinearity coefficients"):
        calibrate(frame(WITH_A_LINE), IDENTITY, senseless, np.zeros(PIXELS))


def test_a_cosmic_ray_and_a_dead_pixel_are_bridged_and_counted():
    counts = WITH_A_LINE.copy()
    counts[300], counts[400] = 5_000, 0
    spectrum = calibrate(frame(counts), IDENTITY, CALIBRATION, None)
    np.testing.assert_array_equal(spectrum.intensity, WITH_A_LINE)
    taken = spectrum.acquisition
    assert (taken.cosmic_ray_pixels, taken.dead_pixels) == (1, 1)


def test_a_saturation_level_beyond_16_bits_is_never_reached():
    counts = np.where(np.arange(PIXELS) < 400, 60_000, 65_535).astype(np.uint16)
    spectrum = calibrate(frame(counts, saturation_counts=250_000), IDENTITY, CALIBRATION, None)
    np.testing.assert_array_equal(np.sort(spectrum.intensity), np.sort(counts))


@pytest.mark.parametrize("calibration", [CALIBRATION, FALLING], ids=["rising", "falling"])
def test_dark_counts_are_subtracted_pixel_by_pixel_and_may_exceed_the_light(calibration):
    light = np.arange(PIXELS, dtype=np.uint16) * 2
    dark = np.arange(PIXELS, dtype=np.uint16) * 3
    spectrum = calibrate(frame(light), IDENTITY, calibration, dark.astype(float))
    expected = -np.arange(PIXELS, dtype=np.float64)
    falls = calibration is FALLING
    assert spectrum.intensity.tolist() == (expected[::-1] if falls else expected).tolist()


def noise(seed: int, pixels: int, level: float = 1_000.0, sigma: float = 20.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(level, sigma, pixels)


def spectrum_of(light: np.ndarray, dark: np.ndarray | None = None) -> np.ndarray:
    """Return the intensities of counts as a detector would round them."""
    calibration = Calibration((530.0, 100.0 / light.size), 532.0, light.size)
    shut = None if dark is None else np.rint(dark)
    return calibrate(frame(np.rint(light).astype(np.uint16)), IDENTITY, calibration, shut).intensity


@pytest.mark.parametrize("sigma", [2.0, 20.0, 200.0])
@pytest.mark.parametrize("pixels", [256, 2_048, 16_000])
@pytest.mark.parametrize("subtracted", [False, True])
def test_noise_around_one_level_is_no_signal(sigma, pixels, subtracted):
    for seed in range(50):
        light = noise(seed, pixels, 2_000, sigma)
        dark = noise(10_000 + seed, pixels, 2_000, sigma) if subtracted else None
        with pytest.raises(InvalidSpectrumError, match=r"no signal: .* 8 is the least"):
            spectrum_of(light, dark)


@pytest.mark.parametrize("pixels", [256, 2_048, 16_000])
@pytest.mark.parametrize("width_px", [2.0, 6.0])
@pytest.mark.parametrize("subtracted", [False, True])
def test_a_line_of_fifteen_times_the_noise_is_a_signal(pixels, width_px, subtracted):
    sigma = 20.0
    at_px = pixels // 3
    noise_of_both = sigma * (np.sqrt(2) if subtracted else 1)
    line = 15 * noise_of_both * np.exp(-(((np.arange(pixels) - at_px) / width_px) ** 2) / 2)
    for seed in range(50):
        light = noise(seed, pixels, 1_000, sigma) + line
        dark = noise(10_000 + seed, pixels, 1_000, sigma) if subtracted else None
        assert abs(int(spectrum_of(light, dark).argmax()) - at_px) <= 3 * width_px


def test_the_least_signal_is_eight_times_the_noise():
    """Noise of ±1 around one level: neighbours differ by 2, so that the noise is 2 / 0.954."""
    counts = 1_000.0 + np.where(np.arange(512) % 2 == 0, 1, -1)
    for height, accepted in ((17, False), (19, True)):
        counts[99:103] = 1_000 + height
        if accepted:
            assert spectrum_of(counts).max() == 1_000 + height
        else:
            with pytest.raises(InvalidSpectrumError, match=r"stands 7\.6 times the noise"):
                spectrum_of(counts)


@pytest.mark.parametrize("pixels", [256, 2_048, 16_000])
def test_smooth_fluorescence_is_a_signal(pixels):
    """Without a line it is for the classifier to say that it knows no such mineral."""
    across = np.linspace(-1, 1, pixels)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        expected = 500 + 8_000 * np.exp(-(((across - 0.3) / 0.8) ** 2))
        light = rng.poisson(expected).astype(float)
        assert spectrum_of(light).max() > 8_000
        assert spectrum_of(light, noise(seed, pixels, 500, 5.0)).max() > 7_000


def test_what_has_no_noise_at_all_divides_nothing_by_zero():
    constant = np.full(PIXELS, 700.0)
    for dark in (None, constant):
        with pytest.raises(InvalidSpectrumError, match="no signal"):
            spectrum_of(constant, dark)
    line = constant + 40 * (abs(np.arange(PIXELS) - 99) <= 1)
    assert spectrum_of(line).max() == 740


def test_too_few_pixels_are_no_spectrum():
    few = Calibration((530.0, 0.1), 532.0, 8)
    with pytest.raises(InvalidSpectrumError, match="8 pixels are no spectrum"):
        calibrate(frame(np.arange(8, dtype=np.uint16)), IDENTITY, few, None)
