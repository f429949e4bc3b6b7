from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.calibration import Calibration, calibrate, exposure_of
from edge.errors import CalibrationError, InvalidSpectrumError
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.spectrum_frame import SpectrumFrame

PIXELS = 512
CALIBRATION = Calibration((530.0, 0.12, -3e-6), 532.0, PIXELS)
FALLING = Calibration((600.0, -0.12), 532.0, PIXELS)
IDENTITY = FrameIdentity("RS-1", 7, 3)
WITH_A_LINE = (100 + 200 * (np.arange(PIXELS) == 99)).astype(np.uint16)


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


def test_the_laser_line_itself_is_at_zero():
    axis = Calibration((532.0, 0.1), 532.0, 3).raman_shift_cm1()
    assert axis[0] == 0
    assert axis[1] == pytest.approx(1e7 * (1 / 532 - 1 / 532.1))


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


@pytest.mark.parametrize(
    ("coefficients", "laser", "pixels", "said"),
    [
        ((), 532.0, 8, "no wavelength coefficients"),
        ((500.0,), 532.0, 8, "turns back"),
        ((500.0, 10.0, -1.0), 532.0, 20, "turns back"),
        ((500.0, np.nan), 532.0, 8, "positive wavelength"),
        ((500.0, 1e308), 532.0, 8, "positive wavelength"),
        ((-5.0, 0.1), 532.0, 8, "positive wavelength"),
        ((0.0, 0.1), 532.0, 8, "positive wavelength"),
        ((500.0, 0.1), 0.0, 8, "laser wavelength 0.0"),
        ((500.0, 0.1), -532.0, 8, "laser wavelength"),
        ((500.0, 0.1), np.nan, 8, "laser wavelength nan"),
        ((500.0, 0.1), 532.0, 0, "positive wavelength"),
    ],
)
def test_coefficients_that_give_no_axis_are_refused(coefficients, laser, pixels, said):
    with pytest.raises(CalibrationError, match=said):
        Calibration(coefficients, laser, pixels).raman_shift_cm1()


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
    counts[[5, 9]] = limit
    with pytest.raises(InvalidSpectrumError, match="2 of 512 pixels saturated"):
        calibrate(frame(counts, saturation_counts=limit), IDENTITY, CALIBRATION, None)
    counts -= 1
    assert calibrate(frame(counts, saturation_counts=limit), IDENTITY, CALIBRATION, None)


def test_a_saturation_level_beyond_16_bits_is_never_reached():
    counts = np.where(np.arange(PIXELS) < 400, 60_000, 65_535).astype(np.uint16)
    spectrum = calibrate(frame(counts, saturation_counts=250_000), IDENTITY, CALIBRATION, None)
    np.testing.assert_array_equal(np.sort(spectrum.intensity), np.sort(counts))


@pytest.mark.parametrize("calibration", [CALIBRATION, FALLING], ids=["rising", "falling"])
def test_dark_counts_are_subtracted_pixel_by_pixel_and_may_exceed_the_light(calibration):
    light = np.arange(PIXELS, dtype=np.uint16) * 2
    dark = np.arange(PIXELS, dtype=np.uint16) * 3
    spectrum = calibrate(frame(light), IDENTITY, calibration, frame(dark, kind="dark"))
    expected = -np.arange(PIXELS, dtype=np.float64)
    falls = calibration is FALLING
    assert spectrum.intensity.tolist() == (expected[::-1] if falls else expected).tolist()


@pytest.mark.parametrize(
    "other",
    [
        {"integration_time_us": 250_001},
        {"averages": 3},
        {"counts": np.ones(PIXELS - 1, np.uint16)},
    ],
    ids=["time", "averages", "pixels"],
)
def test_a_dark_frame_of_another_exposure_is_not_used(other):
    light = frame(WITH_A_LINE)
    dark = frame(np.full(PIXELS, 30, np.uint16), kind="dark")
    alone = calibrate(light, IDENTITY, CALIBRATION, replace(dark, **other))
    np.testing.assert_array_equal(alone.intensity, WITH_A_LINE)
    both = calibrate(light, IDENTITY, CALIBRATION, dark)
    np.testing.assert_array_equal(both.intensity, WITH_A_LINE - 30.0)


def test_frames_of_one_exposure_are_told_from_those_of_another():
    plain = frame(np.ones(PIXELS, np.uint16))
    same = replace(
        plain,
        kind="dark",
        instrument_time_us=1,
        detector_temperature_c=5.0,
        counts=plain.counts * 3,
    )
    assert exposure_of(same) == exposure_of(plain)
    others = [
        replace(plain, integration_time_us=250_001),
        replace(plain, averages=5),
        replace(plain, counts=plain.counts[1:]),
    ]
    assert len({exposure_of(it) for it in [plain, *others]}) == 4


def noise(seed: int, pixels: int, level: float = 1_000.0, sigma: float = 20.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(level, sigma, pixels)


def spectrum_of(light: np.ndarray, dark: np.ndarray | None = None) -> np.ndarray:
    """Return the intensities of counts as a detector would round them."""
    calibration = Calibration((530.0, 100.0 / light.size), 532.0, light.size)
    taken = [frame(np.rint(it).astype(np.uint16)) for it in (light, dark) if it is not None]
    shut = replace(taken[1], kind="dark") if dark is not None else None
    return calibrate(taken[0], IDENTITY, calibration, shut).intensity


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
    for height, accepted in ((16, False), (18, True)):
        counts[100] = 1_000 + height
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
    line = constant + 40 * (np.arange(PIXELS) == 99)
    assert spectrum_of(line).max() == 740


def test_too_few_pixels_are_no_spectrum():
    few = Calibration((530.0, 0.1), 532.0, 8)
    with pytest.raises(InvalidSpectrumError, match="8 pixels are no spectrum"):
        calibrate(frame(np.arange(8, dtype=np.uint16)), IDENTITY, few, None)


def test_a_stored_calibration_that_was_changed_is_noticed():
    written = Calibration((530.0, 0.12), 532.0, 512)
    assert Calibration.from_json(written.to_json().encode(), written.id) == written
    with pytest.raises(CalibrationError, match="damaged"):
        Calibration.from_json(written.to_json().replace("0.12", "0.13"), written.id)
    with pytest.raises(CalibrationError, match="damaged"):
        Calibration.from_json(b"\xff\xfe{}", written.id)


def test_the_id_does_not_change_from_release_to_release():
    assert Calibration((530.0, 0.12, -3e-6), 532.0, 512).id == "e88bc6b35b70e1dc"


def test_the_id_changes_with_every_field():
    others = [
        replace(CALIBRATION, wavelength_coefficients_nm=(530.0, 0.12, -3.0000001e-6)),
        replace(CALIBRATION, wavelength_coefficients_nm=(530.0, 0.12)),
        replace(CALIBRATION, laser_wavelength_nm=532.0000001),
        replace(CALIBRATION, pixel_count=513),
    ]
    assert len({it.id for it in [CALIBRATION, *others]}) == 5


def test_whole_numbers_give_the_id_of_the_same_floats():
    assert Calibration((530, 1), 532, 8).id == Calibration((530.0, 1.0), 532.0, 8).id


numbers = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(numbers, max_size=5), numbers, st.integers(0, 2**32 - 1))
def test_json_round_trip_keeps_it_and_its_id(coefficients, laser, pixels):
    calibration = Calibration(tuple(coefficients), laser, pixels)
    again = Calibration.from_json(calibration.to_json())
    assert again == calibration
    assert again.id == calibration.id


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{half",
        "[]",
        "null",
        "7",
        '"text"',
        "{}",
        "[" * 100_000,
        CALIBRATION.to_json()[:-1],
        CALIBRATION.to_json().replace("pixel_count", "pixel_c\0unt"),
        CALIBRATION.to_json().replace("512", "null"),
        CALIBRATION.to_json().replace("512", '"many"'),
        CALIBRATION.to_json().replace("512", "NaN"),
        CALIBRATION.to_json().replace("512", "Infinity"),
        CALIBRATION.to_json().replace("532.0", "1" + "0" * 400),
        CALIBRATION.to_json().replace("532.0", "[]"),
        CALIBRATION.to_json().replace("530.0", "null"),
        CALIBRATION.to_json().replace("[530.0, 0.12, -3e-06]", "5"),
    ],
    ids=range(18),
)
def test_damaged_text_is_no_calibration(content):
    assert content != CALIBRATION.to_json()
    with pytest.raises(CalibrationError, match="stored calibration is damaged: "):
        Calibration.from_json(content)
