"""When a dark frame is asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge.calibration import DarkRules
from edge.daemon.dark_control import DarkControl
from firmware_bridge.spectrum_frame import SpectrumFrame

RULES = DarkRules(max_age_s=100, max_difference_c=4)
LIGHT = SpectrumFrame("light", 0, 250_000, 1, 532.0, -10.0, 65_535, np.ones(8, np.uint16))
DARK = replace(LIGHT, kind="dark")


def at(time_s: float, frame: SpectrumFrame = LIGHT, **changes: object) -> SpectrumFrame:
    return replace(frame, instrument_time_us=round(time_s * 1e6), **changes)


@pytest.fixture
def control() -> DarkControl:
    """One that has seen a dark frame at 0 s."""
    made = DarkControl(RULES)
    assert not made.is_due(DARK)
    return made


def test_an_instrument_that_never_sent_one_is_not_asked():
    control = DarkControl(RULES)
    assert not any(control.is_due(at(time_s)) for time_s in range(0, 10_000, 10))


def test_it_is_asked_for_before_the_old_one_is_stale(control):
    due = [time_s for time_s in range(100) if control.is_due(at(time_s))]
    assert due == [76]


def test_a_new_one_is_good_for_as_long_again(control):
    assert control.is_due(at(80))
    assert not control.is_due(at(81, DARK))
    assert not control.is_due(at(150))
    assert control.is_due(at(157))


def test_one_that_is_refused_is_asked_for_ever_more_seldom(control):
    due = [k for k in range(10_000) if control.is_due(at(80 + k / 10))]
    assert due[:5] == [0, 32, 96, 224, 480]
    assert len(due) < 16


def test_a_dark_of_another_boot_is_no_dark_however_young_it_looks(control):
    assert not control.is_due(at(5))
    control.forget()
    assert control.is_due(at(6)), "none of this boot is there, and it can send them"
    assert not control.is_due(at(7, DARK))
    assert not control.is_due(at(8))


@pytest.mark.parametrize(
    "changes", [{"integration_time_us": 500_000}, {"averages": 2}, {"detector_temperature_c": -6.5}]
)
def test_another_exposure_or_temperature_needs_another_one(control, changes):
    assert not control.is_due(at(1))
    assert control.is_due(at(2, **changes))
    assert not control.is_due(at(3, DARK, **changes))
    assert not control.is_due(at(4, **changes))
    warmer = "detector_temperature_c" in changes
    assert control.is_due(at(5)) is warmer, "the newest one of an exposure is what counts"


def test_many_exposures_take_no_memory(control):
    for k in range(1_000):
        control.is_due(at(1, DARK, integration_time_us=1_000 + k))
    assert len(control._newest) == 16
