from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.errors import FramingError
from firmware_bridge.framing import (
    MAX_BODY_BYTES,
    FrameDecoder,
    Skipped,
    encode_frame,
    encoded_length_max,
)

bodies = st.lists(st.binary(max_size=MAX_BODY_BYTES), max_size=8)


def encoded_bytes(found: bytes | Skipped) -> int:
    # Noise may be a frame: five bytes of 01 are the empty body with its CRC of zero.
    return found.byte_count if isinstance(found, Skipped) else len(encode_frame(found)) - 1


@given(bodies, st.integers(1, 700))
@settings(max_examples=60, deadline=None)
def test_round_trip_however_the_stream_is_cut(sent: list[bytes], piece: int):
    stream = b"".join(encode_frame(body) for body in sent)
    decoder = FrameDecoder()
    got = [f for at in range(0, len(stream), piece) for f in decoder.feed(stream[at : at + piece])]
    assert got == sent
    assert stream.count(0) == len(sent)


@given(st.lists(st.binary(max_size=2000), max_size=20))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_survived_in_bounded_memory_and_all_accounted_for(pieces: list[bytes]):
    decoder = FrameDecoder()
    accounted = 0
    for piece in (*pieces, b"\0"):
        accounted += sum(encoded_bytes(found) for found in decoder.feed(piece))
        assert decoder.held_bytes <= encoded_length_max(MAX_BODY_BYTES)
    stream = b"".join(pieces)
    assert accounted == len(stream) - stream.count(0)


def test_one_flipped_bit_costs_at_most_the_frames_it_touches_and_none_is_altered():
    rng = np.random.default_rng(5)
    sent = [rng.bytes(int(n)) for n in rng.integers(4, 300, 12)]
    stream = b"".join(encode_frame(body) for body in sent)
    for bit in rng.choice(len(stream) * 8, 1500, replace=False):
        broken = bytearray(stream)
        broken[bit // 8] ^= 1 << (bit % 8)
        found = FrameDecoder().feed(bytes(broken))
        got = [f for f in found if isinstance(f, bytes)]
        assert len(got) >= len(sent) - 2  # a lost delimiter joins two frames
        assert [body for body in sent if body in got] == got
        assert any(isinstance(f, Skipped) for f in found)


def test_a_stream_without_delimiters_is_reported_now_and_then():
    decoder = FrameDecoder()
    reports = [f for _ in range(100) for f in decoder.feed(b"\xff" * 4096)]
    assert {r.reason for r in reports} == {"oversized"}
    assert sum(r.byte_count for r in reports) >= 300_000
    decoder.feed(b"\0")
    assert decoder.feed(encode_frame(b"back")) == [b"back"]


def test_a_body_longer_than_legal_is_refused_also_where_its_zeros_make_it_short_on_the_wire():
    line = encode_frame(bytes(MAX_BODY_BYTES + 2), max_body_bytes=MAX_BODY_BYTES + 2)
    assert len(line) <= encoded_length_max(MAX_BODY_BYTES)
    assert FrameDecoder().feed(line) == [Skipped("oversized", len(line) - 1)]
    assert FrameDecoder(max_body_bytes=MAX_BODY_BYTES + 2).feed(line) == [bytes(514)]


@pytest.mark.parametrize(
    ("encoded", "reason"),
    [(b"\x05\x01\x00", "cobs"), (b"\x03\x01\x01\x00", "short"), (b"\x02\x01" * 3 + b"\0", "crc")],
)
def test_each_reason(encoded: bytes, reason: str):
    assert FrameDecoder().feed(encoded) == [Skipped(reason, len(encoded) - 1)]  # type: ignore[arg-type]


def test_idle_delimiters_are_no_errors():
    assert FrameDecoder().feed(b"\0\0\0" + encode_frame(b"x") + b"\0\0") == [b"x"]


def test_a_body_too_long_is_refused_with_both_lengths():
    with pytest.raises(FramingError, match="513 bytes exceeds the 512"):
        encode_frame(bytes(513))


def test_reset_forgets_the_unfinished_frame():
    decoder = FrameDecoder()
    decoder.feed(b"\x05half")
    decoder.reset()
    assert decoder.feed(encode_frame(b"new")) == [b"new"]
