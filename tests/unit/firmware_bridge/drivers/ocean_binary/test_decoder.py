from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.drivers.ocean_binary.decoder import OceanDecoder
from firmware_bridge.drivers.ocean_binary.message import MAX_MESSAGE_BYTES, OceanMessage
from firmware_bridge.link import BytesSkipped

SHORT = OceanMessage(0x100, b"S05507", 1, 1)
LONG = OceanMessage(0x101000, bytes(range(256)) * 8, 2, 1)


def messages(found: list) -> list[OceanMessage]:
    return [it for it in found if isinstance(it, OceanMessage)]


def skipped(found: list) -> int:
    return sum(it.byte_count for it in found if isinstance(it, BytesSkipped))


def test_messages_are_found_however_the_stream_is_cut():
    wire = SHORT.pack() + LONG.pack() + SHORT.pack()
    for size in (1, 2, 43, 44, 45, 64, 1000, len(wire)):
        decoder = OceanDecoder()
        found = []
        for start in range(0, len(wire), size):
            found += decoder.feed(wire[start : start + size])
        assert found == [SHORT, LONG, SHORT]
        assert decoder.held_bytes == 0


def test_what_lies_between_is_told_and_costs_no_message():
    found = OceanDecoder().feed(b"noise\xc1" + SHORT.pack() + b"\xc0\xc1" + LONG.pack())
    assert messages(found) == [SHORT, LONG]
    assert skipped(found) == 6 + 2
    assert found[0] == BytesSkipped("no message starts here", 6)


def test_a_damaged_message_costs_itself_only():
    damaged = bytearray(LONG.pack())
    damaged[500] ^= 0x10
    found = OceanDecoder().feed(bytes(damaged) + SHORT.pack())
    assert messages(found) == [SHORT]
    assert skipped(found) == len(damaged)
    assert found[0].reason.startswith("MD5: expected")


def test_a_message_cut_short_costs_itself_only():
    decoder = OceanDecoder()
    assert decoder.feed(LONG.pack()[:900]) == []
    assert decoder.held_bytes == 900
    found = decoder.feed(LONG.pack() + LONG.pack())
    assert messages(found) == [LONG, LONG]
    assert skipped(found) == 900


def test_a_start_within_the_data_is_no_start():
    tricky = OceanMessage(0x101000, b"\xc1\xc0\x00\x11" * 20, 5, 1)
    assert OceanDecoder().feed(tricky.pack()) == [tricky]


def test_an_incomplete_message_can_be_forgotten():
    decoder = OceanDecoder()
    decoder.feed(LONG.pack()[:100])
    assert decoder.reset() == 100
    assert decoder.feed(SHORT.pack()) == [SHORT]


@given(st.lists(st.binary(max_size=200) | st.sampled_from([SHORT.pack(), LONG.pack()[:700]])))
def test_whatever_comes_nothing_is_raised_and_little_is_held(chunks: list[bytes]):
    decoder = OceanDecoder()
    told = 0
    for chunk in chunks:
        found = decoder.feed(chunk)
        assert decoder.held_bytes <= MAX_MESSAGE_BYTES
        told += skipped(found) + sum(len(it.pack()) for it in messages(found))
    assert told + decoder.held_bytes == sum(map(len, chunks))


def test_a_length_beyond_the_largest_is_not_waited_for():
    wire = bytearray(SHORT.pack())
    wire[40:44] = (1 << 20).to_bytes(4, "little")
    decoder = OceanDecoder()
    found = decoder.feed(bytes(wire) + SHORT.pack())
    assert messages(found) == [SHORT]
