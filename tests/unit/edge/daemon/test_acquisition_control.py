"""What an instrument is asked for by the frames it sends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge.calibration import Calibration
from edge.config import CalibrationConfig, InstrumentConfig
from edge.daemon.acquisition_control import AcquisitionControl
from edge.daemon.target_control import TargetControl
from firmware_bridge.commands import Configure
from firmware_bridge.spectrum_frame import SpectrumFrame

COUNTS = (1_000 + 3_000 * np.exp(-(((np.arange(256) - 150) / 3.0) ** 2))).astype(np.uint16)
LIGHT = SpectrumFrame("light", 0, 100_000, 2, 532.0, -10.0, 65_535, COUNTS)
AXIS = Calibration((530.0, 0.4), 532.0, 256)


class FakeSession:
    """A link session that remembers what it was told."""

    def __init__(self) -> None:
        self.orders: list[Configure | str] = []

    def configure(self, configure: Configure) -> None:
        self.orders.append(configure)

    def single(self, kind: str) -> None:
        self.orders.append(kind)


@pytest.fixture
def session() -> FakeSession:
    return FakeSession()


@pytest.fixture
def make(session, log):
    def control(instrument: dict[str, object], **settings: object) -> AcquisitionControl:
        config = InstrumentConfig.model_validate({"port": "/dev/null"} | instrument)
        return AcquisitionControl(session, CalibrationConfig(**settings), config, log)

    return control


def at(time_s: float, **changes: object) -> SpectrumFrame:
    return replace(LIGHT, instrument_time_us=round(time_s * 1e6), **changes)


def test_by_default_nothing_is_asked_of_an_instrument_without_darks(make, session):
    control = make({})
    for k in range(100):
        control.take(7, at(100 * k), AXIS)
    assert session.orders == []


def test_a_weak_light_is_exposed_for_longer_and_that_is_told(make, session, captured):
    control = make({"averages": 2, "laser": "exposing"}, auto_integration=True)
    for k in range(2):
        control.take(7, at(0.5 * k), AXIS)
    (order,) = session.orders
    assert order == Configure(400_000, 2, 840_000, 2)
    (event,) = captured.entries
    assert event["event"] == "exposure.changed"
    assert (event["integration_time_ms"], event["before_ms"]) == (400.0, 100.0)


def test_a_dark_frame_is_asked_for_and_told(make, session, captured):
    control = make({}, max_dark_age_s=100)
    control.take(7, at(0, kind="dark"), AXIS)
    for time_s in (10, 80, 81):
        control.take(7, at(time_s), AXIS)
    assert session.orders == ["dark"]
    assert [entry["event"] for entry in captured.entries] == ["calibration.dark_requested"]


def test_the_target_is_asked_for_at_first_and_then_every_so_often(make, session, captured):
    control = make({"target": "diamond", "target_every_s": 60})
    control.take(7, at(0), None)
    control.take(7, at(1, kind="diamond"), None)
    for time_s in (2, 30, 60, 62):
        control.take(7, at(time_s), None)
    assert session.orders == ["diamond", "diamond"]
    assert [entry["target"] for entry in captured.entries] == ["diamond", "diamond"]


def test_a_target_that_does_not_come_is_asked_for_again_after_a_while():
    control = TargetControl("silicon", 1e6)
    assert [k for k in range(300) if control.is_due(at(k))] == [0, 32, 96, 224]


def test_after_a_reboot_the_target_is_asked_for_anew():
    control = TargetControl("silicon", 60)
    control.is_due(at(1_000, kind="silicon"))
    assert not control.is_due(at(1_001))
    assert control.is_due(at(1))


def test_a_reboot_is_told_by_its_id_and_not_by_the_clock(make, session):
    """The clock of the second boot goes on as if it were the first one's."""
    control = make({"target": "silicon"})
    for boot_id, time_s in ((1, 0), (2, 10)):
        control.take(boot_id, at(time_s, kind="dark"), AXIS)
        control.take(boot_id, at(time_s + 1, kind="silicon"), AXIS)
        control.take(boot_id, at(time_s + 2), AXIS)
    assert session.orders == []
    control.take(3, at(20), AXIS)
    assert session.orders == ["dark", "silicon"]


def test_a_temperature_that_nobody_measured_is_told_as_none(make, captured):
    control = make({}, max_dark_age_s=100)
    control.take(7, at(0, kind="dark"), AXIS)
    control.take(7, at(200, detector_temperature_c=float("nan")), AXIS)
    assert [entry["detector_temperature_c"] for entry in captured.entries] == [None]


def test_without_a_target_none_is_asked_for():
    control = TargetControl(None, 60)
    assert not any(control.is_due(at(1e3 * k)) for k in range(100))
    with pytest.raises(ValueError, match="target"):
        InstrumentConfig(port="/dev/null", target="neon")
