"""Who is connected is found out without harm, in bounded time; on firmware in stepped time."""

from __future__ import annotations

import pytest

from edge.probing import Found, longest_s, probe, tries
from firmware_bridge.drivers.registry import DEVICES
from firmware_bridge.drivers.settings import DriverSettings
from tests.support.firmware_line import FirmwareLine

PROBED = [name for name in DEVICES if name not in ("text", "replay")]


def probed(line: FirmwareLine, **only: object):
    planned = tries(has_rate=True, **only)
    return probe(line, planned, DriverSettings(), lambda tried: None, line.clock)


@pytest.mark.parametrize("name", PROBED)
def test_each_device_is_found_with_its_pixels_and_a_spectrum(name):
    found = probed(FirmwareLine(name))
    assert isinstance(found, Found)
    assert name in {found.device.name, *(other.name for other in found.alternatives)}
    assert found.device.protocol == DEVICES[name].protocol
    assert found.description.pixel_count == DEVICES[name].virtual.pixel_count
    assert found.frame is not None
    assert found.frame.counts.size == found.description.pixel_count


@pytest.mark.parametrize("name", ["sts", "qepro", "flame-x", "flame-s"])
def test_devices_of_one_protocol_are_told_apart(name):
    found = probed(FirmwareLine(name))
    assert (found.device.name, found.alternatives) == (name, ())
    assert found.description.saturation_counts == DEVICES[name].virtual.saturation_counts


def test_what_cannot_be_told_apart_is_said():
    found = probed(FirmwareLine("usb2000"))
    assert found.device.name == "usb2000"
    assert [other.name for other in found.alternatives] == ["flame-s"]


@pytest.mark.parametrize(("name", "baud"), [("oip", 921_600), ("sts", 115_200)])
def test_an_instrument_at_another_rate_is_found_there(name, baud):
    found = probed(FirmwareLine(name, baud))
    assert (found.device.name, found.baud) == (name, baud)


def test_first_it_is_only_listened():
    line = FirmwareLine("c12880ma-free")
    assert probed(line).device.name == "c12880ma-free"
    assert line.written == b""


def test_no_frame_is_acknowledged():
    line = FirmwareLine("oip")
    assert probed(line).frame is not None
    assert line.firmware.retained_frames >= 1


def test_a_silent_port_takes_bounded_time_and_nothing_is_seen():
    line = FirmwareLine(None)
    seen = probed(line)
    assert {it.byte_count for it in seen} == {0}
    assert line.now_s <= longest_s(tries(has_rate=True)) + 2.0


def test_what_nobody_understands_is_seen_at_every_rate_and_held_in_bounds():
    line = FirmwareLine(None, noise=bytes(range(7, 250)))
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
