"""Where pixels stand, and what of that is kept."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.calibration import Calibration
from edge.errors import CalibrationError
from firmware_bridge.description import Description

CALIBRATION = Calibration((530.0, 0.12, -3e-6), 532.0, 512)
TABLE = tuple(530.0 + 0.12 * k for k in range(64))
TABULATED = Calibration((), 532.0, 64, TABLE)


def test_the_laser_line_itself_is_at_zero():
    axis = Calibration((532.0, 0.1), 532.0, 3).raman_shift_cm1()
    assert axis[0] == 0
    assert axis[1] == pytest.approx(1e7 * (1 / 532 - 1 / 532.1))


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
        replace(CALIBRATION, wavelength_nm=TABLE),
        replace(CALIBRATION, wavelength_nm=(*TABLE[:-1], 600.0)),
        replace(CALIBRATION, nonlinearity_coefficients=(1.0, 1e-6)),
        replace(CALIBRATION, shift_nm=1e-9),
    ]
    assert len({it.id for it in [CALIBRATION, *others]}) == 9


def test_whole_numbers_give_the_id_of_the_same_floats():
    assert Calibration((530, 1), 532, 8).id == Calibration((530.0, 1.0), 532.0, 8).id


numbers = st.floats(allow_nan=False, allow_infinity=False)


lists = st.lists(numbers, max_size=5).map(tuple)


@given(lists, numbers, st.integers(0, 2**32 - 1), lists, lists, numbers)
def test_json_round_trip_keeps_it_and_its_id(coefficients, laser, pixels, table, bent, shift):
    calibration = Calibration(coefficients, laser, pixels, table, bent, shift)
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


@pytest.mark.parametrize("key", ["wavelength_nm", "nonlinearity_coefficients", "shift_nm"])
@pytest.mark.parametrize("value", ["null", '"x"', "{}", "[null]"])
def test_damaged_text_of_what_may_be_left_out_is_no_calibration(key, value):
    if (key, value) == ("nonlinearity_coefficients", "{}"):
        value = '{"a": 1}'
    if (key, value) == ("wavelength_nm", "{}"):
        value = "7"
    content = CALIBRATION.to_json()[:-1] + f', "{key}": {value}}}'
    with pytest.raises(CalibrationError, match="stored calibration is damaged: "):
        Calibration.from_json(content)


def test_a_table_says_where_its_pixels_stand():
    np.testing.assert_array_equal(TABULATED.axis_nm(), TABLE)
    assert TABULATED.raman_shift_cm1()[0] == pytest.approx(1e7 * (1 / 532 - 1 / 530.0))
    falling = replace(TABULATED, wavelength_nm=TABLE[::-1])
    assert (np.diff(falling.raman_shift_cm1()) < 0).all()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"pixel_count": 63}, "table of 64 entries for 63 pixels"),
        ({"wavelength_coefficients_nm": (530.0, 0.1)}, "which is it"),
        ({"wavelength_nm": (*TABLE[:-1], TABLE[0])}, "table entries give an axis that turns back"),
        ({"wavelength_nm": (*TABLE[:-1], math.nan)}, "table entries give no positive wavelength"),
        ({"shift_nm": -600.0}, "no positive wavelength"),
        ({"shift_nm": math.inf}, "no positive wavelength"),
    ],
)
def test_a_table_that_gives_no_axis_is_refused(changes, said):
    with pytest.raises(CalibrationError, match=said):
        replace(TABULATED, **changes).raman_shift_cm1()


def test_a_drift_is_undone_by_a_shift_and_a_second_one_adds():
    once = CALIBRATION.corrected(0.25)
    np.testing.assert_allclose(once.axis_nm(), CALIBRATION.axis_nm() - 0.25)
    assert once.corrected(0.5).shift_nm == -0.75
    assert once.corrected(-0.25) == CALIBRATION


def test_what_an_instrument_says_is_taken_over():
    said = Description(
        "STS-1", 7, 64, 16_383, 532.0, (), wavelength_nm=TABLE, nonlinearity_coefficients=(1.0,)
    )
    assert Calibration.of(said) == replace(TABULATED, nonlinearity_coefficients=(1.0,))


def test_a_laser_that_nobody_told_is_not_made_up_and_the_rest_is_kept():
    unknown = Calibration.of(Description("STS-1", 7, 512, 16_383, None, (530.0, 0.12)))
    with pytest.raises(CalibrationError, match="does not tell it; configure it"):
        unknown.raman_shift_cm1()
    assert unknown.axis_nm()[0] == 530.0
    again = Calibration.from_json(unknown.to_json(), unknown.id)
    assert math.isnan(again.laser_wavelength_nm)
