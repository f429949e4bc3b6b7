"""One message of the Ocean Binary Protocol, to bytes and back.

======  =====  ==========================================================
offset  type   field
======  =====  ==========================================================
0       u16    start, 0xC0C1: C1 C0 on the line
2       u16    protocol version, 0x1100
4       u16    flags
6       u16    error number, of a NACK
8       u32    message type
12      u32    regarding: of the sender's choice, repeated by the answer
16      6      reserved
22      u8     checksum type: 0 none, 1 MD5
23      u8     immediate data length, 0 to 16
24      16     immediate data
40      u32    bytes remaining: payload, checksum and footer
44      …      payload
end-20  16     MD5 of all that stands before
end-4   4      footer, C5 C4 C3 C2
======  =====  ==========================================================

Little-endian. Data of at most 16 bytes are immediate, longer ones are payload.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

from firmware_bridge.drivers.ocean_binary.message_types import Flags
from firmware_bridge.errors import MessageError

START = b"\xc1\xc0"
FOOTER = b"\xc5\xc4\xc3\xc2"
VERSION = 0x1100
HEADER = struct.Struct("<2sHHHII6sBB16sI")
CHECKSUM_NONE = 0
CHECKSUM_MD5 = 1
CHECKSUM_BYTES = 16
TRAILER_BYTES = CHECKSUM_BYTES + len(FOOTER)
MAX_PAYLOAD_BYTES = 16_384
"""The largest that is read: 4,096 pixels of 4 bytes."""
MAX_MESSAGE_BYTES = HEADER.size + MAX_PAYLOAD_BYTES + TRAILER_BYTES
_IMMEDIATE_BYTES = 16
_NO_CHECKSUM = bytes(CHECKSUM_BYTES)


@dataclass(frozen=True, slots=True)
class OceanMessage:
    """A message, either way.

    Parameters
    ----------
    message_type : int
        One of `MessageType`, or what an instrument made up.
    data : bytes, at most 16,384
    regarding : int
    flags : int
    error : int
        Of a NACK; 0: none.
    is_checked : bool
        Whether it carries an MD5.
    """

    message_type: int
    data: bytes = b""
    regarding: int = 0
    flags: int = Flags.NONE
    error: int = 0
    is_checked: bool = True

    def pack(self) -> bytes:
        """Return the message's bytes.

        Raises
        ------
        MessageError
            If the data are too long, or a value does not fit its field.

        Examples
        --------
        >>> OceanMessage(0x00110010, bytes([16, 39, 0, 0]), regarding=7).pack()[:28].hex(" ")
        'c1 c0 00 11 00 00 00 00 10 00 11 00 07 00 00 00 00 00 00 00 00 00 01 04 10 27 00 00'
        """
        if len(self.data) > MAX_PAYLOAD_BYTES:
            raise MessageError("data", f"at most {MAX_PAYLOAD_BYTES} bytes", len(self.data))
        is_immediate = len(self.data) <= _IMMEDIATE_BYTES
        immediate, payload = (self.data, b"") if is_immediate else (b"", self.data)
        content = self._header(immediate, len(payload)) + payload
        checksum = hashlib.md5(content, usedforsecurity=False).digest()
        return content + (checksum if self.is_checked else _NO_CHECKSUM) + FOOTER

    def _header(self, immediate: bytes, payload_bytes: int) -> bytes:
        kind = CHECKSUM_MD5 if self.is_checked else CHECKSUM_NONE
        values = (self.flags, self.error, self.message_type, self.regarding, b"", kind)
        data = (len(immediate), immediate, payload_bytes + TRAILER_BYTES)
        try:
            return HEADER.pack(START, VERSION, *values, *data)
        except struct.error as error:
            expected = f"values that fit {HEADER.format!r}"
            raise MessageError("header", expected, f"{values}") from error


def message_bytes(header: bytes | bytearray) -> int:
    """Return how long a message is whose header begins here, in bytes.

    Raises
    ------
    MessageError
        If these 44 bytes begin no message.
    """
    start, version, *_, length, _, remaining = HEADER.unpack_from(header)
    if start != START:
        raise MessageError("start", START.hex(" "), start.hex(" "))
    if version != VERSION:
        raise MessageError("protocol version", f"{VERSION:#06x}", f"{version:#06x}")
    if length > _IMMEDIATE_BYTES:
        raise MessageError("immediate data", f"at most {_IMMEDIATE_BYTES} bytes", length)
    if not TRAILER_BYTES <= remaining <= MAX_PAYLOAD_BYTES + TRAILER_BYTES:
        most = MAX_PAYLOAD_BYTES + TRAILER_BYTES
        raise MessageError("bytes remaining", f"{TRAILER_BYTES} to {most}", remaining)
    return HEADER.size + int(remaining)


def unpack_message(message: bytes) -> OceanMessage:
    """Read a whole message, its checksum enforced.

    Raises
    ------
    MessageError
        If the footer or the checksum is wrong, the checksum type unknown, or the lengths
        contradict each other.
    """
    expected = message_bytes(message) if len(message) >= HEADER.size else HEADER.size
    if len(message) != expected:
        raise MessageError("length", f"{expected} bytes", f"{len(message)} bytes")
    fields = HEADER.unpack_from(message)
    _, _, flags, error, message_type, regarding, _, kind, length, immediate, _ = fields
    _check_trailer(message, kind)
    payload = message[HEADER.size : -TRAILER_BYTES]
    if length and payload:
        raise MessageError("data", "immediate or payload", f"{length} and {len(payload)} bytes")
    data = payload or immediate[:length]
    return OceanMessage(message_type, data, regarding, flags, error, kind == CHECKSUM_MD5)


def _check_trailer(message: bytes, kind: int) -> None:
    footer = message[-len(FOOTER) :]
    if footer != FOOTER:
        raise MessageError("footer", FOOTER.hex(" "), footer.hex(" "))
    if kind not in (CHECKSUM_NONE, CHECKSUM_MD5):
        raise MessageError("checksum type", "0 or 1", kind)
    got = message[-TRAILER_BYTES : -len(FOOTER)]
    content = memoryview(message)[:-TRAILER_BYTES]
    # a checksum where none is announced: the announcement was damaged, or it is no message
    made = hashlib.md5(content, usedforsecurity=False).digest() if kind else _NO_CHECKSUM
    if got != made:
        raise MessageError("MD5" if kind else "checksum", made.hex(), got.hex())
