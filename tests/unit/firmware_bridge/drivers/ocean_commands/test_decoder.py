from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.drivers.ocean_commands.codec import SummedSpectrum
from firmware_bridge.drivers.ocean_commands.decoder import CommandDecoder, CommandReply, Expected
from firmware_bridge.link import BytesSkipped

PIXELS = 16
COUNTS = np.arange(100, 100 + PIXELS, dtype=np.uint32)
SPECTRUM = SummedSpectrum(COUNTS, 1, 50).pack(with_checksum=True)


def decoder(expected: Expected) -> CommandDecoder:
    it = CommandDecoder(PIXELS)
    it.with_checksum = True
    it.expect(expected)
    return it


@pytest.mark.parametrize(
    ("expected", "wire", "reply"),
    [
        (Expected.ACKNOWLEDGEMENT, b"\x06", CommandReply(True)),
        (Expected.ACKNOWLEDGEMENT, b"\x15", CommandReply(False)),
        (Expected.WORD, b"\x06\x09\x25", CommandReply(True, b"\x09\x25")),
        (Expected.WORD, b"\x15", CommandReply(False)),
        (Expected.TEXT, b"\x06USB2E1234\r", CommandReply(True, b"USB2E1234")),
        (Expected.TEXT, b"\x06USB2E1234\x00\x00", CommandReply(True, b"USB2E1234")),
        (Expected.TEXT, b"\x06123456789012345", CommandReply(True, b"123456789012345")),
        (Expected.TEXT, b"\x06\x06late\r\n", CommandReply(True, b"late")),
        (Expected.SPECTRUM, b"\x03", CommandReply(False)),
    ],
)
def test_replies_whole_and_byte_by_byte(expected: Expected, wire: bytes, reply: CommandReply):
    assert [it for it in decoder(expected).feed(wire) if isinstance(it, CommandReply)] == [reply]
    slow = decoder(expected)
    found = [it for byte in wire for it in slow.feed(bytes([byte]))]
    assert [it for it in found if isinstance(it, CommandReply)] == [reply]
    assert slow.held_bytes == 0


def test_a_spectrum_is_found_behind_noise_and_what_follows_is_nobodys():
    found = decoder(Expected.SPECTRUM).feed(b"\x06\x02\x17" + SPECTRUM + b"\x06\x06")
    before, reply, after = found
    assert before.byte_count == 3
    assert isinstance(reply, CommandReply)
    assert reply.spectrum is not None
    assert (reply.spectrum.sums == COUNTS).all()
    assert after == BytesSkipped("no reply begins so", 2)


def test_padding_is_dropped_without_a_word():
    it = decoder(Expected.TEXT)
    assert it.feed(b"\x06S1\x00\x00\x00") == [CommandReply(True, b"S1")]
    it.expect(Expected.ACKNOWLEDGEMENT)
    assert it.feed(b"\x00\x00\r\n\x06") == [CommandReply(True)]


def test_a_damaged_spectrum_is_told_and_the_next_one_found():
    damaged = bytearray(SPECTRUM)
    damaged[20] ^= 4
    it = decoder(Expected.SPECTRUM)
    found = it.feed(bytes(damaged) + SPECTRUM)
    assert found[0].byte_count == len(damaged)
    assert found[0].reason.startswith("spectrum end: expected fffd")
    assert isinstance(found[1], CommandReply)


def test_a_spectrum_sent_twice_is_one_but_for_a_flat_one():
    it = decoder(Expected.SPECTRUM)
    assert len(it.feed(SPECTRUM)) == 1
    it.expect(Expected.SPECTRUM)
    assert it.feed(SPECTRUM) == [BytesSkipped("the spectrum before, sent again", len(SPECTRUM))]
    flat = SummedSpectrum(np.full(PIXELS, 65_535, np.uint32), 1, 50).pack(with_checksum=True)
    assert isinstance(it.feed(flat)[0], CommandReply)
    it.expect(Expected.SPECTRUM)
    assert isinstance(it.feed(flat)[0], CommandReply)


def test_a_text_without_an_end_can_be_read_when_no_more_comes():
    it = decoder(Expected.TEXT)
    assert it.feed(b"\x06 0.3815") == []
    assert it.text_so_far() == "0.3815"
    assert it.reset() == 8
    assert it.text_so_far() == ""


def test_what_nobody_waits_for_is_told():
    assert CommandDecoder(PIXELS).feed(b"\x06hello") == [BytesSkipped("no reply begins so", 6)]


@given(
    st.sampled_from(list(Expected)),
    st.lists(st.binary(max_size=60) | st.sampled_from([SPECTRUM, SPECTRUM[:20], b"\x06", b"\x02"])),
)
def test_whatever_comes_nothing_is_raised_and_little_is_held(
    expected: Expected, chunks: list[bytes]
):
    it = CommandDecoder(PIXELS)
    for chunk in chunks:
        it.expect(expected)
        it.feed(chunk)
        assert it.held_bytes <= 1 + 14 + 4 * PIXELS + 4
