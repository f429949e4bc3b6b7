"""An instrument on a real port: `OUTCROP_PORT=/dev/ttyUSB0 pytest -m hardware`."""

from __future__ import annotations

import os
import time
from functools import partial

import pytest

from firmware_bridge.drivers.registry import DEVICES
from firmware_bridge.drivers.settings import DriverSettings
from firmware_bridge.link import Connected, FrameReceived, LinkEvent, LinkSession, LinkSettings
from firmware_bridge.ports import open_port

pytestmark = pytest.mark.hardware
_PATIENCE_S = 60.0


@pytest.fixture
def session():
    port = os.environ.get("OUTCROP_PORT")
    if port is None:
        pytest.skip("OUTCROP_PORT names no port")
    device = DEVICES[os.environ.get("OUTCROP_DEVICE", "oip")]
    baud = int(os.environ.get("OUTCROP_BAUD", device.bauds[0]))
    settings = DriverSettings(link=LinkSettings(wake_baud=baud), laser_wavelength_nm=785.0)
    driver = device.make_driver(settings)
    opened = LinkSession(partial(open_port, port, baud), settings.link, driver=driver)
    yield opened
    opened.stop()
    opened.close()


def _take(session: LinkSession, events: list[LinkEvent], wanted: type, times: int) -> list:
    """Step until so many events of a kind have come, with those that came before."""
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        found = [event for event in events if isinstance(event, wanted)]
        if len(found) >= times:
            return found
        new = session.step(0.5)
        session.acknowledge([event.identity for event in new if isinstance(event, FrameReceived)])
        events += new
    raise AssertionError(f"no {wanted.__name__} within {_PATIENCE_S} s: {events[-5:]}")


def test_the_instrument_describes_itself_and_sends_spectra(session) -> None:
    events: list[LinkEvent] = []
    connected = _take(session, events, Connected, 1)[0]
    frames = _take(session, events, FrameReceived, 3)
    for frame in frames:
        assert len(frame.frame.counts) == connected.description.pixel_count
    assert len({frame.identity for frame in frames}) == len(frames)
