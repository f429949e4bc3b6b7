from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.errors import MessageError
from firmware_bridge.framing import MAX_BODY_BYTES
from firmware_bridge.messages import (
    Acknowledge,
    CommandDone,
    CommandRefused,
    Configure,
    Describe,
    Envelope,
    Hello,
    Message,
    NotAcknowledge,
    SpectrumFragment,
    Start,
    Status,
    StatusRequest,
    Stop,
    pack_message,
    unpack_message,
)

u16, u32 = st.integers(0, 0xFFFF), st.integers(0, 0xFFFF_FFFF)
f64 = st.floats(allow_nan=False)
f32 = st.floats(allow_nan=False, width=32)


def text(max_bytes: int, min_size: int = 0) -> st.SearchStrategy[str]:
    alphabet = st.characters(codec="utf-8")
    short = st.text(alphabet, min_size=min_size, max_size=max_bytes)
    return short.filter(lambda t: len(t.encode()) <= max_bytes)


ranges = st.lists(st.tuples(u32, u32).map(lambda p: (min(p), max(p))), max_size=32).map(tuple)
piece = st.binary(max_size=256)
fragments = st.integers(1, 256).flatmap(
    lambda n: st.builds(SpectrumFragment, u32, u32, st.integers(0, n - 1), st.just(n), piece)
)
messages: st.SearchStrategy[Message] = st.one_of(
    st.sampled_from([Hello(), Stop(), StatusRequest(), CommandDone()]),
    st.builds(Configure, u32, u16, u32),
    st.builds(Start, u32),
    st.builds(Acknowledge, u32, ranges),
    st.builds(NotAcknowledge, u32, u32, st.lists(u16, max_size=128).map(tuple)),
    st.builds(
        Describe, text(16, 1), u32, text(16), u32, u32, f64, st.tuples(f64, f64, f64, f64), u32, u32
    ),
    st.builds(Status, u32, f32, f32, st.booleans(), u32, u32, u32),
    st.builds(CommandRefused, st.integers(0, 255), text(64)),
    fragments,
)


@given(messages, u16)
@settings(max_examples=200, deadline=None)
def test_round_trip_within_the_frame_limit(message: Message, message_id: int):
    body = pack_message(message, message_id)
    assert len(body) <= MAX_BODY_BYTES
    assert unpack_message(body) == Envelope(message_id, message)


@given(messages, st.data())
@settings(max_examples=100, deadline=None)
def test_truncated_or_oversized_is_refused_or_a_shorter_text(message: Message, data: st.DataObject):
    body = pack_message(message, 1)
    cut = body[: data.draw(st.integers(0, len(body) - 1))]
    for wrong in (cut, body + b"\x01" * 257):
        try:
            got = unpack_message(wrong).message
        except MessageError:
            continue
        # Only what ends in bytes of any length can be shorter and still be a message.
        assert isinstance(got, SpectrumFragment | CommandRefused)
        assert wrong is cut


@given(st.sampled_from([b"", b"\x01", b"\x01\x83", b"\x01\x81"]), st.binary(max_size=500))
@settings(max_examples=300, deadline=None)
def test_any_body_is_a_message_or_a_message_error(start: bytes, rest: bytes):
    with suppress(MessageError):
        assert isinstance(unpack_message(start + rest).message.TYPE, int)


@pytest.mark.parametrize(
    ("body", "field", "got"),
    [
        ("", "message length", "0 bytes"),
        ("02 01 00 00", "protocol version", 2),
        ("01 7f 00 00", "message type", "0x7f"),
        ("01 01 00 00 00", "Hello length", "1 bytes"),
        ("01 03 00 00 00", "Start length", "1 bytes"),
        ("01 06 00 00 00000000 01", "Acknowledge length", "5 bytes"),
        ("01 06 00 00 00000000 01 05000000 04000000", "Acknowledge range", (5, 4)),
        ("01 83 00 00 00000000 00000000 0200 0200", "fragment index", 2),
        ("01 83 00 00 00000000 00000000 0000 0000", "fragment count", 0),
        ("01 83 00 00 00000000 00000000 0000 0101", "fragment count", 257),
        ("01 85 00 00 01 ff", "refusal detail", "ff"),
    ],
)
def test_errors_carry_what_was_got(body: str, field: str, got: object):
    with pytest.raises(MessageError) as caught:
        unpack_message(bytes.fromhex(body))
    assert (caught.value.field, caught.value.got) == (field, got)


def test_a_value_that_does_not_fit_is_refused_when_packed():
    with pytest.raises(MessageError, match="Start: expected values that fit '<I'"):
        pack_message(Start(count=-1))
    with pytest.raises(MessageError, match="at most 16 bytes"):
        Describe("x" * 17, 0, "", 1, 1, 1.0, (0.0,) * 4, 0, 0).pack()
    with pytest.raises(MessageError, match="33 ranges"):
        Acknowledge(0, ((0, 0),) * 33)
    with pytest.raises(MessageError, match="129 indices"):
        NotAcknowledge(0, 0, tuple(range(129)))
    with pytest.raises(MessageError, match="257 bytes"):
        SpectrumFragment(0, 0, 0, 1, bytes(257))
