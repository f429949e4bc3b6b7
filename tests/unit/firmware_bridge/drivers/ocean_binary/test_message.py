from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.drivers.ocean_binary.message import (
    MAX_PAYLOAD_BYTES,
    OceanMessage,
    unpack_message,
)
from firmware_bridge.drivers.ocean_binary.message_types import Flags, MessageType
from firmware_bridge.drivers.ocean_binary.models import FLAME_X, QE_PRO, STS
from firmware_bridge.errors import MessageError

HEAD = "c1 c0 00 11 "
REST = "00 00 00 00 00 00 01 "
NO_DATA = "00 " * 16
FOOTER = "c5 c4 c3 c2"
# the MD5 sums are those of md5sum (GNU coreutils) over all that stands before them
GOLDEN = [
    (
        OceanMessage(MessageType.GET_SERIAL_NUMBER, regarding=1),
        f"{HEAD}00 00 00 00 00 01 00 00 01 00 00 00 {REST}00 {NO_DATA}14 00 00 00 "
        f"ab 29 d8 77 ff 68 64 56 34 f8 5c 67 81 db c8 e4 {FOOTER}",
    ),
    (
        OceanMessage(
            MessageType.SET_INTEGRATION_TIME_US,
            bytes.fromhex("10 27 00 00"),
            regarding=7,
            flags=Flags.ACK_REQUESTED,
        ),
        f"{HEAD}04 00 00 00 10 00 11 00 07 00 00 00 {REST}04 10 27 {'00 ' * 14}14 00 00 00 "
        f"4d 11 28 97 4c 8f fc 7d 3e ee 31 9d 98 88 e0 51 {FOOTER}",
    ),
    (
        OceanMessage(MessageType.GET_SERIAL_NUMBER, b"S05507", 1, Flags.RESPONSE),
        f"{HEAD}01 00 00 00 00 01 00 00 01 00 00 00 {REST}06 53 30 35 35 30 37 {'00 ' * 10}"
        f"14 00 00 00 dc 9b 40 1f 33 80 64 65 05 d9 54 fd 40 b5 da 8a {FOOTER}",
    ),
    (
        OceanMessage(MessageType.SET_LAMP_ENABLE, b"", 3, Flags.RESPONSE | Flags.NACK, error=2),
        f"{HEAD}09 00 02 00 10 04 11 00 03 00 00 00 {REST}00 {NO_DATA}14 00 00 00 "
        f"d0 34 6f 17 1e bd c3 ec 00 02 82 36 b9 b9 bb 8c {FOOTER}",
    ),
    (
        OceanMessage(
            MessageType.GET_CORRECTED_SPECTRUM,
            np.arange(1000, 1012, dtype="<u2").tobytes(),
            9,
            Flags.RESPONSE,
        ),
        f"{HEAD}01 00 00 00 00 10 10 00 09 00 00 00 {REST}00 {NO_DATA}2c 00 00 00 "
        "e8 03 e9 03 ea 03 eb 03 ec 03 ed 03 ee 03 ef 03 f0 03 f1 03 f2 03 f3 03 "
        f"b6 8b 8b 2e 54 05 58 2d f8 1f a3 4a 90 d5 41 2e {FOOTER}",
    ),
    (
        OceanMessage(MessageType.GET_CORRECTED_SPECTRUM, is_checked=False),
        f"{HEAD}00 00 00 00 00 10 10 00 00 00 00 00 {'00 ' * 24}14 00 00 00 {'00 ' * 16}{FOOTER}",
    ),
]


@pytest.mark.parametrize(("message", "expected"), GOLDEN)
def test_golden_messages_both_ways(message: OceanMessage, expected: str):
    assert message.pack().hex(" ") == expected
    assert unpack_message(bytes.fromhex(expected)) == message


@pytest.mark.parametrize("message", [message for message, _ in GOLDEN if message.is_checked])
def test_no_message_with_a_flipped_bit_is_accepted(message: OceanMessage):
    wire = message.pack()
    for bit in range(8 * len(wire)):
        damaged = bytearray(wire)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(MessageError):
            unpack_message(bytes(damaged))


def test_a_checksum_where_none_is_announced_is_refused():
    wire = bytearray(GOLDEN[0][0].pack())
    wire[22] = 0
    with pytest.raises(MessageError, match="checksum"):
        unpack_message(bytes(wire))


@given(
    data=st.binary(max_size=300),
    regarding=st.integers(0, 0xFFFF_FFFF),
    flags=st.integers(0, 0xFFFF),
    is_checked=st.booleans(),
)
def test_what_is_packed_is_unpacked(data: bytes, regarding: int, flags: int, is_checked: bool):
    message = OceanMessage(0x1234, data, regarding, flags, 0, is_checked)
    assert unpack_message(message.pack()) == message


@pytest.mark.parametrize(
    ("at", "value", "what"),
    [
        (0, b"\xc0", "start"),
        (2, b"\x00\x10", "protocol version"),
        (23, b"\x11", "immediate data"),
        (40, b"\x13\x00", "bytes remaining"),
        (40, b"\xff\xff\xff\xff", "bytes remaining"),
        (40, b"\x15", "length"),
        (22, b"\x02", "checksum type"),
        (60, b"\x00", "footer"),
    ],
)
def test_what_is_no_message_is_refused_with_the_field(at: int, value: bytes, what: str):
    wire = bytearray(GOLDEN[0][0].pack())
    wire[at : at + len(value)] = value
    with pytest.raises(MessageError, match=what):
        unpack_message(bytes(wire))


def test_immediate_data_and_payload_together_are_refused():
    message = bytearray(OceanMessage(1, bytes(20), is_checked=False).pack())
    message[23] = 4
    with pytest.raises(MessageError, match="immediate or payload"):
        unpack_message(bytes(message))


@pytest.mark.parametrize("wire", [b"", b"\xc1\xc0", bytes(43)])
def test_a_message_without_a_header_is_refused(wire: bytes):
    with pytest.raises(MessageError, match="length"):
        unpack_message(wire)


@pytest.mark.parametrize(
    "message",
    [
        OceanMessage(1, bytes(MAX_PAYLOAD_BYTES + 1)),
        OceanMessage(-1),
        OceanMessage(1, flags=1 << 16),
    ],
)
def test_what_does_not_fit_is_not_packed(message: OceanMessage):
    with pytest.raises(MessageError):
        message.pack()


@pytest.mark.parametrize("model", [STS, FLAME_X, QE_PRO])
def test_spectra_of_each_model_both_ways(model):
    dtype = np.uint16 if model.count_bytes == 2 else np.uint32
    counts = np.linspace(0, model.saturation_counts, model.pixel_count).astype(dtype)
    data = model.pack_spectrum(counts)
    assert len(data) == model.metadata_bytes + model.count_bytes * model.pixel_count
    read = model.unpack_spectrum(data)
    assert read.dtype == dtype
    assert (read == counts).all()


@pytest.mark.parametrize("length", [0, 31, 32, 35])
def test_no_whole_number_of_pixels_is_refused(length: int):
    with pytest.raises(MessageError, match="spectrum length"):
        QE_PRO.unpack_spectrum(bytes(length))
