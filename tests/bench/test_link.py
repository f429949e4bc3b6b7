"""How fast frames are decoded, from bytes of the line to a spectrum."""

from __future__ import annotations

import time

import numpy as np
import pytest

from firmware_bridge.fragments import FragmentAssembler, split
from firmware_bridge.framing import FrameDecoder, encode_frame
from firmware_bridge.messages import SpectrumFragment, pack_message, unpack_message
from firmware_bridge.spectrum_frame import SpectrumFrame
from tests.support.figures import spread

pytestmark = pytest.mark.bench
_FRAMES = 200
_ROUNDS = 9


def _wire(pixels: int) -> bytes:
    counts = np.random.default_rng(1).integers(0, 65_535, pixels).astype(np.uint16)
    frame = SpectrumFrame("light", 0, 100_000, 1, 532.0, 20.0, 65_535, counts).pack()
    return b"".join(
        encode_frame(pack_message(fragment))
        for sequence in range(_FRAMES)
        for fragment in split(frame, 1, sequence)
    )


def _decode(wire: bytes) -> int:
    decoder, assembler, whole = FrameDecoder(), FragmentAssembler(), 0
    for start in range(0, len(wire), 4096):
        for body in decoder.feed(wire[start : start + 4096]):
            message = unpack_message(body).message if isinstance(body, bytes) else None
            if isinstance(message, SpectrumFragment):
                payload = assembler.add(message).payload
                if payload is not None:
                    SpectrumFrame.unpack(payload)
                    whole += 1
    return whole


@pytest.mark.parametrize("pixels", [288, 1024, 2048])
def test_decoding(pixels: int) -> None:
    wire = _wire(pixels)
    speeds = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        assert _decode(wire) == _FRAMES
        speeds.append(len(wire) / (time.perf_counter() - start) / 1e6)
    print(f"\ndecoding {pixels} pixels, MB/s: {spread(speeds)}")
