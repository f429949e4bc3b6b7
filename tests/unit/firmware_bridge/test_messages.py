from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.commands import LaserMode
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
    SetBaud,
    Single,
    SpectrumFragment,
    Start,
    Status,
    StatusRequest,
    Stop,
    TimeReport,
    TimeSync,
    pack_message,
    unpack_message,
)

u8, u16, u32, u64 = (st.integers(0, 2**bits - 1) for bits in (8, 16, 32, 64))
f64 = st.floats(allow_nan=False)
f32 = st.floats(allow_nan=False, width=32)


def text(max_bytes: int, min_size: int = 0) -> st.SearchStrategy[str]:
    alphabet = st.characters(codec="utf-8")
    short = st.text(alphabet, min_size=min_size, max_size=max_bytes)
    return short.filter(lambda t: len(t.encode()) <= max_bytes)


ranges = st.lists(st.tuples(u32, u32).map(lambda p: (min(p), max(p))), max_size=32).map(tuple)
piece = st.binary(max_size=480)
fragments = st.integers(1, 256).flatmap(
    lambda n: st.builds(SpectrumFragment, u32, u32, st.integers(0, n - 1), st.just(n), piece)
)
messages: st.SearchStrategy[Message] = st.one_of(
    st.sampled_from([Hello(), Stop(), StatusRequest(), CommandDone()]),
    st.builds(Configure, u32, u16, u32, u8),
    st.builds(Single, u8),
    st.builds(TimeSync, u64),
    st.builds(SetBaud, u32),
    st.builds(TimeReport, u32, u64),
    st.builds(Start, u32),
    st.builds(Acknowledge, u32, u32, ranges),
    st.builds(NotAcknowledge, u32, u32, st.lists(u16, max_size=128).map(tuple)),
    st.builds(
        Describe,
        instrument_id=text(16, 1),
        boot_id=u32,
        firmware_version=text(16),
        pixel_count=u32,
        saturation_counts=u32,
        laser_wavelength_nm=f64,
        wavelength_coefficients_nm=st.lists(f64, min_size=1, max_size=8).map(tuple),
        retained_frames=u32,
        next_sequence=u32,
        oldest_sequence=u32,
        baud_max=u32,
        nonlinearity_coefficients=st.lists(f64, max_size=8).map(tuple),
    ),
    st.builds(Status, u32, u64, f32, f32, f32, st.booleans(), st.booleans(), u32, u32, u32),
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
    for wrong in (cut, body + b"\x01" * 481):
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
        ("01 06 00 00 00000000 00000000 01", "Acknowledge length", "9 bytes"),
        ("01 06 00 00 00000000 00000000 01 05000000 04000000", "Acknowledge range", (5, 4)),
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
        described(instrument_id="x" * 17).pack()
    with pytest.raises(MessageError, match="instrument_id: expected 1 to 16 bytes, got 0"):
        described(instrument_id="").pack()
    with pytest.raises(MessageError, match="wavelength_coefficients_nm: expected 1 to 8, got 0"):
        described(wavelength_coefficients_nm=()).pack()
    with pytest.raises(MessageError, match="nonlinearity_coefficients: expected 0 to 8, got 9"):
        described(nonlinearity_coefficients=(1.0,) * 9).pack()
    with pytest.raises(MessageError, match="33 ranges"):
        Acknowledge(0, 0, ((0, 0),) * 33)
    with pytest.raises(MessageError, match="129 indices"):
        NotAcknowledge(0, 0, tuple(range(129)))
    with pytest.raises(MessageError, match="481 bytes"):
        SpectrumFragment(0, 0, 0, 1, bytes(481))


def described(**changes: object) -> Describe:
    plain = Describe("I", 7, "1", 288, 65_535, 532.0, (500.0, 0.1), 0, 0, 0)
    return replace(plain, **changes)


@pytest.mark.parametrize(
    ("lengths", "field"),
    [
        ("00 00 01 00", "wavelength_coefficients_nm"),
        ("09 00 01 00", "wavelength_coefficients_nm"),
        ("01 09 01 00", "nonlinearity_coefficients"),
        ("01 00 00 00", "instrument_id"),
        ("01 00 11 00", "instrument_id"),
        ("01 00 01 11", "firmware_version"),
        ("01 00 01 01", "Describe length"),
    ],
)
def test_a_description_whose_lengths_lie_is_refused(lengths: str, field: str):
    body = described(wavelength_coefficients_nm=(500.0,), firmware_version="").pack()
    assert Describe.unpack(body).wavelength_coefficients_nm == (500.0,)
    with pytest.raises(MessageError) as caught:
        Describe.unpack(body[:36] + bytes.fromhex(lengths) + body[40:])
    assert caught.value.field == field


def test_a_status_says_what_is_wrong_by_name_and_what_is_not_measured_not_at_all():
    faults = 1 << 2 | 1 << 7 | 1 << 20
    status = Status(1, 2, float("nan"), 30.5, float("-inf"), True, False, faults, 3, 4)
    said = Status.unpack(status.pack()).instrument_status()
    assert said.faults == ("interlock_open", "brown_out", "bit 20")
    temperatures = (said.detector_temperature_c, said.laser_temperature_c)
    assert (*temperatures, said.supply_voltage_v) == (None, 30.5, None)


def test_settings_are_laid_over_earlier_ones_field_by_field():
    earlier = Configure(100, 2, 500, LaserMode.ALWAYS)
    assert Configure().over(earlier) == earlier
    assert Configure(period_us=900, laser=LaserMode.OFF).over(earlier) == Configure(100, 2, 900, 1)
