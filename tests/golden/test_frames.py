"""What crosses the line is what it was: firmware out there depends on every bit."""

from __future__ import annotations

import json

import pytest

from firmware_bridge.framing import FrameDecoder
from firmware_bridge.messages import Message, SpectrumFragment, unpack_message
from firmware_bridge.spectrum_frame import SpectrumFrame
from tests.golden.make_frames import MESSAGES, PATH, SPECTRUM_FRAME, lines

GOLDEN: dict[str, str] = json.loads(PATH.read_text())


def test_every_message_is_written_as_it_always_was() -> None:
    assert lines() == GOLDEN


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_every_message_is_read_as_it_always_was(message: Message) -> None:
    (body,) = FrameDecoder().feed(bytes.fromhex(GOLDEN[type(message).__name__]))
    assert isinstance(body, bytes)
    envelope = unpack_message(body)
    assert (envelope.message_id, envelope.message) == (0x0102, message)


def test_the_spectrum_inside_is_the_golden_one() -> None:
    (body,) = FrameDecoder().feed(bytes.fromhex(GOLDEN["SpectrumFragment"]))
    assert isinstance(body, bytes)
    fragment = unpack_message(body).message
    assert isinstance(fragment, SpectrumFragment)
    frame = SpectrumFrame.unpack(fragment.data)
    assert frame.counts.tolist() == SPECTRUM_FRAME.counts.tolist()
    assert frame.detector_temperature_c == -10.5
