"""Who is connected is found out without harm, in bounded time; on firmware in stepped time."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edge.probing import Found, longest_s, probe, tries
from firmware_bridge.drivers.registry import DEVICES
from firmware_bridge.drivers.settings import DriverSettings
from firmware_bridge.virtual import Exposures

PROBED = [name for name in DEVICES if name not in ("text", "replay")]
_AXIS = np.arange(100.0, 1700.0, 2.0)
_SPECTRA = [(_AXIS, np.exp(-(((_AXIS - 464.0) / 9.0) ** 2)))]


class Line:
    """A port whose far side is firmware; at another rate than its own nothing gets through."""

    name = "line"

    def __init__(self, device: str | None, baud: int | None = None, noise: bytes = b"") -> None:
        self.now_s = 0.0
        self.noise = noise
        self.written = b""
        self.baud = 0
        self.firmware = None
        if device is not None:
            kind = DEVICES[device]
            wakes = baud or (kind.bauds[0] if kind.bauds else 115_200)
            settings = dataclasses.replace(kind.virtual, baud=wakes, seed=1, rate_hz=5.0)
            exposures = Exposures(_SPECTRA, settings, np.random.default_rng(1))
            self.firmware = kind.make_firmware(exposures, settings, 3, 0.0)

    def clock(self) -> float:
        return self.now_s

    def set_baud(self, baud: int) -> None:
        self.baud = baud

    def read(self, timeout_s: float) -> bytes:
        self.now_s += timeout_s
        if self.firmware is None:
            return self.noise
        self.firmware.poll(self.now_s)
        out = b""
        while (message := self.firmware.next_message(self.now_s)) is not None:
            out += message
        return out if self.baud == self.firmware.baud else b"\0" * (len(out) // 4)

    def write(self, data: bytes, timeout_s: float) -> None:
        self.written += data
        if self.firmware is not None and self.baud == self.firmware.baud:
            self.firmware.receive(data, self.now_s)


def probed(line: Line, **only: object):
    planned = tries(has_rate=True, **only)
    return probe(line, planned, DriverSettings(), lambda tried: None, line.clock)


@pytest.mark.parametrize("name", PROBED)
def test_each_device_is_found_with_its_pixels_and_a_spectrum(name):
    found = probed(Line(name))
    assert isinstance(found, Found)
    assert name in {found.device.name, *(other.name for other in found.alternatives)}
    assert found.device.protocol == DEVICES[name].protocol
    assert found.description.pixel_count == DEVICES[name].virtual.pixel_count
    assert found.frame is not None
    assert found.frame.counts.size == found.description.pixel_count


@pytest.mark.parametrize("name", ["sts", "qepro", "flame-x", "flame-s"])
def test_devices_of_one_protocol_are_told_apart(name):
    found = probed(Line(name))
    assert (found.device.name, found.alternatives) == (name, ())
    assert found.description.saturation_counts == DEVICES[name].virtual.saturation_counts


def test_what_cannot_be_told_apart_is_said():
    found = probed(Line("usb2000"))
    assert found.device.name == "usb2000"
    assert [other.name for other in found.alternatives] == ["flame-s"]


@pytest.mark.parametrize(("name", "baud"), [("oip", 921_600), ("sts", 115_200)])
def test_an_instrument_at_another_rate_is_found_there(name, baud):
    found = probed(Line(name, baud))
    assert (found.device.name, found.baud) == (name, baud)


def test_first_it_is_only_listened():
    line = Line("c12880ma-free")
    assert probed(line).device.name == "c12880ma-free"
    assert line.written == b""


def test_no_frame_is_acknowledged():
    line = Line("oip")
    assert probed(line).frame is not None
    assert line.firmware.retained_frames >= 1


def test_a_silent_port_takes_bounded_time_and_nothing_is_seen():
    line = Line(None)
    seen = probed(line)
    assert {it.byte_count for it in seen} == {0}
    assert line.now_s <= longest_s(tries(has_rate=True)) + 2.0


def test_what_nobody_understands_is_seen_at_every_rate_and_held_in_bounds():
    line = Line(None, noise=bytes(range(7, 250)))
    seen = probed(line)
    assert all(it.byte_count > 4_096 for it in seen)
    assert all(len(it.data) == 4_096 for it in seen)
    assert line.now_s < 120.0


def test_only_what_is_asked_for_is_tried():
    assert {(t.device.name, t.baud) for t in tries(device="sts", baud=57_600, has_rate=True)} == {
        ("sts", 57_600)
    }
    without_line = tries(has_rate=False)
    assert len(without_line) == len({tried.device.name for tried in without_line})


def test_all_rates_of_waking_come_before_all_others():
    planned = tries(has_rate=True)
    protocols = len({tried.device.name for tried in planned})
    assert [t.baud for t in planned[:protocols]] == [t.device.bauds[0] for t in planned[:protocols]]
