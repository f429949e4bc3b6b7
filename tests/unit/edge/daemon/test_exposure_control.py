"""Automatic integration time, frame by frame, against a detector that answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge.calibration import Calibration
from edge.config_calibration import CalibrationConfig
from edge.daemon.exposure_control import ExposureControl
from firmware_bridge.commands import Configure
from firmware_bridge.spectrum_frame import SpectrumFrame

SETTINGS = CalibrationConfig(auto_integration=True)
PIXELS = np.arange(256)
LINE = np.exp(-(((PIXELS - 150) / 3.0) ** 2))
LASER = np.exp(-(((PIXELS - 5) / 2.0) ** 2))
AXIS = Calibration((530.0, 0.4), 532.0, 256)


class Detector:
    """Counts by the light: so many a ms at the top of a line, on an offset."""

    def __init__(
        self, counts_per_ms: float, integration_us: int = 100_000, laser_per_ms: float = 0
    ):
        self.counts_per_ms = counts_per_ms
        self.laser_per_ms = laser_per_ms
        self.configure = Configure(integration_us, 1, 200_000)
        self.longest_us = 60_000_000
        self._time_us = 0

    def frame(self, **changes: object) -> SpectrumFrame:
        integration_us = self.configure.integration_time_us
        self._time_us += max(self.configure.period_us, integration_us)
        light = self.counts_per_ms * LINE + self.laser_per_ms * LASER
        counts = np.minimum(1_000 + light * integration_us / 1_000, 65_535).astype(np.uint16)
        plain = SpectrumFrame(
            "light", self._time_us, integration_us, 1, 532.0, -10.0, 65_535, counts
        )
        return replace(plain, **changes)

    def take(self, order: Configure) -> None:
        if order.integration_time_us <= self.longest_us:
            self.configure = order.over(self.configure)


def settle(control: ExposureControl, detector: Detector, frames: int = 40) -> list[Configure]:
    """Return the orders, each carried out one frame late, as on a real line."""
    orders: list[Configure] = []
    waiting: Configure | None = None
    for _ in range(frames):
        order = control.take(detector.frame(), AXIS)
        if waiting is not None:
            detector.take(waiting)
        waiting = order
        orders += [] if order is None else [order]
    return orders


def level(detector: Detector) -> float:
    return (float(detector.frame().counts[100:].max()) - 1_000) / (65_535 - 1_000)


@pytest.mark.parametrize("counts_per_ms", [10, 80, 300, 1_000, 10_000])
def test_it_settles_where_the_highest_line_is_to_be_and_stays(counts_per_ms):
    detector, control = Detector(counts_per_ms), ExposureControl(SETTINGS, None)
    assert len(settle(control, detector)) <= 6
    assert 0.35 < level(detector) < 0.95
    assert settle(control, detector) == []


def test_when_the_light_changes_it_settles_anew():
    detector, control = Detector(300), ExposureControl(SETTINGS, None)
    settle(control, detector)
    detector.counts_per_ms = 30
    settle(control, detector)
    assert 0.35 < level(detector) < 0.95


def test_it_is_off_unless_asked_for():
    control = ExposureControl(CalibrationConfig(), None)
    assert settle(control, Detector(10)) == []


def test_no_light_ends_at_the_longest_and_too_much_at_the_shortest():
    settings = replace_settings(shortest_integration_ms=20, longest_integration_ms=300)
    for counts_per_ms, end_us in ((0, 300_000), (1e6, 20_000)):
        detector = Detector(counts_per_ms)
        control = ExposureControl(settings, None)
        orders = settle(control, detector)
        assert detector.configure.integration_time_us == end_us
        assert all(20_000 <= order.integration_time_us <= 300_000 for order in orders)
        assert settle(control, detector) == []


def replace_settings(**changes: object) -> CalibrationConfig:
    return CalibrationConfig.model_validate(SETTINGS.model_dump() | changes)


def test_what_was_configured_besides_is_kept_and_the_period_fits():
    configured = Configure(100_000, 1, 150_000, 2)
    detector = Detector(10)
    detector.configure = configured
    orders = settle(ExposureControl(SETTINGS, configured), detector)
    assert all((order.averages, order.laser) == (1, 2) for order in orders)
    assert all(order.period_us >= order.integration_time_us for order in orders)
    assert orders[-1].period_us > 150_000


def test_a_period_that_nobody_configured_is_learned_and_restored():
    detector, control = Detector(10), ExposureControl(SETTINGS, None)
    settle(control, detector)
    assert detector.configure.period_us > 200_000
    detector.counts_per_ms = 3_000
    settle(control, detector)
    assert detector.configure.period_us == 200_000


def test_an_instrument_that_does_not_do_as_it_is_asked_is_not_asked_for_ever():
    detector, control = Detector(10), ExposureControl(SETTINGS, None)
    detector.longest_us = 100_000
    orders = settle(control, detector, 500)
    assert [order.integration_time_us for order in orders] == [400_000]
    assert detector.configure.integration_time_us == 100_000
    detector.longest_us = 1_000_000
    settle(control, detector, 100)
    assert detector.configure.integration_time_us >= 400_000


@pytest.mark.parametrize(
    ("told_us", "most_orders"),
    [(0, 0), (20_000_000, 4), (4_000_000_000, 4), (100, 4)],
    ids=["not known", "beyond the longest", "absurd", "below the shortest"],
)
def test_an_instrument_that_stays_out_of_bounds_is_left_alone(told_us, most_orders):
    control, detector = ExposureControl(SETTINGS, None), Detector(10, told_us)
    detector.longest_us = -1
    assert len(settle(control, detector, 1_500)) <= most_orders


def test_an_order_can_be_sent_whatever_the_averages():
    control = ExposureControl(replace_settings(longest_integration_ms=600_000), None)
    frames = (Detector(1).frame(averages=65_535, instrument_time_us=k) for k in (10**6, 2 * 10**6))
    *_, order = (control.take(frame, AXIS) for frame in frames)
    assert order is not None
    assert Configure.unpack(order.pack()).period_us == 0xFFFF_FFFF


def test_a_cosmic_ray_is_no_reason_to_expose_for_less_long():
    detector, control = Detector(300), ExposureControl(SETTINGS, None)
    settle(control, detector)
    counts = detector.frame().counts.copy()
    counts[60] = 65_535
    assert control.take(detector.frame(counts=counts), AXIS) is None


def test_the_laser_line_may_saturate():
    detector, control = Detector(300, laser_per_ms=1e5), ExposureControl(SETTINGS, None)
    settle(control, detector)
    assert 0.35 < level(detector) < 0.95
    without_axis = Detector(300, laser_per_ms=1e5)
    blind = ExposureControl(SETTINGS, None)
    for _ in range(20):
        order = blind.take(without_axis.frame(), Calibration((), 532.0, 256))
        if order is not None:
            without_axis.take(order)
    assert level(without_axis) < 0.1


def test_dark_counts_are_not_taken_for_light():
    """On a high offset the dark frame tells; then there is little room left."""
    control = ExposureControl(SETTINGS, None)
    counts = (50_000 + 9_000 * LINE).astype(np.uint16)
    light = Detector(1).frame(counts=counts)
    control.take(replace(light, kind="dark", counts=np.full(256, 50_000, np.uint16)))
    assert control.take(light, AXIS) is None


@pytest.mark.parametrize("kind", ["dark", "silicon", "polystyrene", "calcite", "diamond", "neon"])
def test_only_light_frames_say_how_long(kind):
    control = ExposureControl(SETTINGS, None)
    assert control.take(Detector(1).frame(kind=kind), AXIS) is None


def test_frames_of_any_counts_make_it_neither_raise_nor_leave_its_bounds():
    rng = np.random.default_rng(1)
    control = ExposureControl(SETTINGS, None)
    for pixels in (0, 1, 7, 8, 256):
        for limit in (0, 1, 255, 2**32 - 1):
            counts = rng.integers(0, 65_536, pixels).astype(np.uint16)
            frame = Detector(1).frame(counts=counts, saturation_counts=limit)
            order = control.take(frame, AXIS)
            if order is not None:
                assert 1_000 <= order.integration_time_us <= 10_000_000
