"""An instrument on a real port: `OUTCROP_PORT=/dev/ttyUSB0 pytest -m hardware`."""

from __future__ import annotations

import os
import time
from functools import partial

import pytest

from firmware_bridge.link import Connected, FrameReceived, LinkEvent, LinkSession
from firmware_bridge.ports import open_port

pytestmark = pytest.mark.hardware
_PATIENCE_S = 60.0


def _events(session: LinkSession, wanted: type, times: int) -> list[LinkEvent]:
    found: list[LinkEvent] = []
    deadline = time.monotonic() + _PATIENCE_S
    while len(found) < times and time.monotonic() < deadline:
        found += [event for event in session.step(0.5) if isinstance(event, wanted)]
    return found


def test_the_instrument_describes_itself_and_sends_spectra() -> None:
    port = os.environ.get("OUTCROP_PORT")
    if port is None:
        pytest.skip("OUTCROP_PORT names no port")
    session = LinkSession(partial(open_port, port, int(os.environ.get("OUTCROP_BAUD", "921600"))))
    (connected,) = _events(session, Connected, 1)
    assert isinstance(connected, Connected)
    frames = _events(session, FrameReceived, 3)
    for frame in frames:
        assert isinstance(frame, FrameReceived)
        assert len(frame.frame.counts) == connected.description.pixel_count
        session.acknowledge([frame.identity])
    assert len({frame.identity for frame in frames if isinstance(frame, FrameReceived)}) == 3
    session.close()
