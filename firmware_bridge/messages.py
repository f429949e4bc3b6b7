r"""The message set of the Outcrop Instrument Protocol (OIP), version 1. Little-endian.

A body is a header of four bytes and the payload of one message:

======  ====  ======================================================================
offset  type  field
======  ====  ======================================================================
0       u8    protocol version, 1
1       u8    message type
2       u16   message id: a reply carries that of its request; 0 where nobody asked
4       …     payload
======  ====  ======================================================================

====  ================  =========================================================
type  message           payload
====  ================  =========================================================
      host → instrument
0x01  Hello             —
0x02  Configure         integration_time_us u32, averages u16, period_us u32, laser u8
0x03  Start             count u32
0x04  Stop              —
0x05  StatusRequest     —
0x06  Acknowledge       boot_id u32, send_before u32, n u8, n × (first u32, last u32)
0x07  NotAcknowledge    boot_id u32, sequence u32, n u8, n × index u16
0x08  Single            kind u8
0x09  TimeSync          host_utc_us u64
0x0A  SetBaud           baud u32
      instrument → host
0x81  Describe          boot_id u32, pixel_count u32, saturation_counts u32,
                        laser_wavelength_nm f64, retained_frames u32,
                        next_sequence u32, oldest_sequence u32, baud_max u32,
                        lengths u8 × 4, wavelength coefficients f64 × 1 … 8,
                        nonlinearity coefficients f64 × 0 … 8, instrument_id, version
0x82  Status            boot_id u32, instrument_time_us u64,
                        detector_temperature_c f32, laser_temperature_c f32,
                        supply_voltage_v f32, running u8, laser_on u8,
                        fault_bits u32, retained_frames u32, refused_frames u32
0x83  SpectrumFragment  boot_id u32, sequence u32, index u16, count u16, data
0x84  CommandDone       —
0x85  CommandRefused    code u8, detail (UTF-8)
0x86  TimeReport        boot_id u32, instrument_time_us u64
====  ================  =========================================================

    >>> pack_message(Start(count=3), message_id=7).hex(" ")
    '01 03 07 00 03 00 00 00'
    >>> unpack_message(bytes.fromhex("01 03 07 00 03 00 00 00"))
    Envelope(message_id=7, message=Start(count=3))
    >>> pack_message(Acknowledge(0xB007, 15, ((0, 4), (6, 6))), 1).hex(" ")
    '01 06 01 00 07 b0 00 00 0f 00 00 00 02 00 00 00 00 04 00 00 00 06 00 00 00 06 00 00 00'
    >>> unpack_message(bytes.fromhex("01 83 00 00 07b00000 05000000 0100 0200 c0ffee")).message
    SpectrumFragment(boot_id=45063, sequence=5, index=1, count=2, data=b'\xc0\xff\xee')
    >>> unpack_message(bytes.fromhex("02 01 00 00"))
    Traceback (most recent call last):
    firmware_bridge.errors.MessageError: protocol version: expected 1, got 2
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from firmware_bridge.commands import (
    Acknowledge,
    Configure,
    Hello,
    NotAcknowledge,
    SetBaud,
    Single,
    Start,
    StatusRequest,
    Stop,
    TimeSync,
)
from firmware_bridge.errors import MessageError
from firmware_bridge.fields import check_at_least, pack_fields
from firmware_bridge.replies import (
    CommandDone,
    CommandRefused,
    Describe,
    RefusalCode,
    SpectrumFragment,
    Status,
    TimeReport,
)

PROTOCOL_VERSION = 1
HEADER = struct.Struct("<BBH")

Command = (
    Hello
    | Configure
    | Start
    | Stop
    | StatusRequest
    | Acknowledge
    | NotAcknowledge
    | Single
    | TimeSync
    | SetBaud
)
Reply = Describe | Status | SpectrumFragment | CommandDone | CommandRefused | TimeReport
Message = Command | Reply

COMMANDS: tuple[type[Command], ...] = (
    Hello,
    Configure,
    Start,
    Stop,
    StatusRequest,
    Acknowledge,
    NotAcknowledge,
    Single,
    TimeSync,
    SetBaud,
)
REPLIES: tuple[type[Reply], ...] = (
    Describe,
    Status,
    SpectrumFragment,
    CommandDone,
    CommandRefused,
    TimeReport,
)
_BY_TYPE: dict[int, type[Message]] = {kind.TYPE: kind for kind in (*COMMANDS, *REPLIES)}

__all__ = [
    "COMMANDS",
    "PROTOCOL_VERSION",
    "REPLIES",
    "Acknowledge",
    "Command",
    "CommandDone",
    "CommandRefused",
    "Configure",
    "Describe",
    "Envelope",
    "Hello",
    "Message",
    "NotAcknowledge",
    "RefusalCode",
    "Reply",
    "SetBaud",
    "Single",
    "SpectrumFragment",
    "Start",
    "Status",
    "StatusRequest",
    "Stop",
    "TimeReport",
    "TimeSync",
    "pack_message",
    "unpack_message",
]


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message with the id that ties a reply to its request."""

    message_id: int
    message: Message


def pack_message(message: Message, message_id: int = 0) -> bytes:
    """Return header and payload, ready to be framed.

    Raises
    ------
    MessageError
        If a field does not fit.
    """
    header = pack_fields("header", HEADER, PROTOCOL_VERSION, message.TYPE, message_id)
    return header + message.pack()


def unpack_message(body: bytes) -> Envelope:
    """Read the body of a verified frame.

    Raises
    ------
    MessageError
        If the version, the type, a length or a value is not one of this protocol.
    """
    check_at_least("message", HEADER.size, body)
    version, type_number, message_id = HEADER.unpack_from(body)
    if version != PROTOCOL_VERSION:
        raise MessageError("protocol version", PROTOCOL_VERSION, version)
    kind = _BY_TYPE.get(type_number)
    if kind is None:
        raise MessageError("message type", "one of the table", f"0x{type_number:02x}")
    return Envelope(message_id, kind.unpack(body[HEADER.size :]))
