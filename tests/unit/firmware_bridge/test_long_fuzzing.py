"""Hours of garbage for the decoders: part of `make test-full`."""

from __future__ import annotations

import random

import numpy as np
import pytest

from firmware_bridge.errors import FrameContentError, MessageError
from firmware_bridge.fragments import FragmentAssembler, split
from firmware_bridge.framing import FrameDecoder, encode_frame
from firmware_bridge.messages import SpectrumFragment, pack_message, unpack_message
from firmware_bridge.spectrum_frame import SpectrumFrame

pytestmark = [pytest.mark.full, pytest.mark.timeout(0)]

_COUNTS = np.random.default_rng(2).integers(0, 60_000, 512).astype(np.uint16)
_PAYLOAD = SpectrumFrame("light", 5, 100_000, 1, 532.0, 20.0, 65_535, _COUNTS).pack()
_FRAMES = [encode_frame(pack_message(piece)) for piece in split(_PAYLOAD, 9, 4)]


def _mutated(frame: bytes, rng: random.Random) -> bytes:
    """Flip, drop, insert, double or cut bytes of a frame, delimiter included."""
    content = bytearray(frame)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(content))
        match rng.randrange(5):
            case 0:
                content[at] ^= 1 << rng.randrange(8)
            case 1:
                del content[at]
            case 2:
                content.insert(at, rng.randrange(256))
            case 3:
                content[at:at] = content[at : at + rng.randint(1, 40)]
            case _:
                del content[at : at + rng.randint(1, 40)]
        if not content:
            break
    return bytes(content)


def test_of_a_million_corrupted_frames_none_is_accepted_altered() -> None:
    rng = random.Random(1)
    good = {FrameDecoder().feed(frame)[0] for frame in _FRAMES}
    decoder, most_held = FrameDecoder(), 0
    for turn in range(1_000_000):
        for found in decoder.feed(_mutated(_FRAMES[turn % len(_FRAMES)], rng)):
            assert not isinstance(found, bytes) or found in good
        most_held = max(most_held, decoder.held_bytes)
    assert most_held < 2_000


def test_a_million_mutated_bodies_give_a_message_or_a_message_error() -> None:
    rng = random.Random(2)
    bodies = [pack_message(piece) for piece in split(_PAYLOAD, 9, 4)]
    assembler, most_held = FragmentAssembler(max_incomplete=4), 0
    for turn in range(1_000_000):
        try:
            message = unpack_message(_mutated(bodies[turn % len(bodies)], rng)).message
        except MessageError:
            continue
        if isinstance(message, SpectrumFragment):
            payload = assembler.add(message).payload
            if payload is not None and payload != _PAYLOAD:
                with pytest.raises(FrameContentError):
                    SpectrumFrame.unpack(payload)
        most_held = max(most_held, assembler.held_bytes)
    assert most_held <= 4 * 256 * 256
