r"""Frames on a byte stream: COBS, a CRC-32 and a delimiter; no I/O.

=========  ============  ==========================================================
part       bytes         meaning
=========  ============  ==========================================================
body       0 … 512       one message, see `firmware_bridge.messages`
crc        4             CRC-32 (IEEE 802.3, as zlib) of the body, little-endian
=========  ============  ==========================================================

Both together are COBS encoded, so that no zero byte is left, and followed by one zero
byte. A receiver that has lost its place finds it again at the next zero byte. Two zero
bytes in a row are an idle line, not an error.

    >>> encode_frame(bytes.fromhex("01 01 00 07")).hex(" ")
    '03 01 01 06 07 ed 47 5e 06 00'
    >>> FrameDecoder().feed(bytes.fromhex("00 03 01 01 06 07 ed 47 5e 06 00"))
    [b'\x01\x01\x00\x07']
    >>> FrameDecoder().feed(bytes.fromhex("03 01 01 06 07 ed 47 5e 07 00"))
    [Skipped(reason='crc', byte_count=9)]

COBS: Cheshire and Baker, IEEE/ACM Trans. Networking 7 (1999) 159.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Literal

from cobs import cobs

from firmware_bridge.errors import FramingError

MAX_BODY_BYTES = 512
CRC_BYTES = 4
DELIMITER = b"\x00"
_REPORT_EVERY_BYTES = 65_536

SkipReason = Literal["crc", "cobs", "oversized", "short"]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A range of received bytes that is no frame.

    Parameters
    ----------
    reason : {"crc", "cobs", "oversized", "short"}
    byte_count : int
        Encoded bytes, the delimiter not counted.
    """

    reason: SkipReason
    byte_count: int


def encoded_length_max(body_bytes: int) -> int:
    """Return the most bytes a body of this length takes on the wire, delimiter included."""
    content_bytes = body_bytes + CRC_BYTES
    # COBS adds one byte, and one more for every whole 254 bytes
    return content_bytes + max(1, -(-content_bytes // 254)) + len(DELIMITER)


def encode_frame(body: bytes, max_body_bytes: int = MAX_BODY_BYTES) -> bytes:
    """Encode one body, with its CRC and its delimiter.

    Parameters
    ----------
    body : bytes
    max_body_bytes : int, bytes

    Returns
    -------
    bytes
        Ends in the only zero byte it has.

    Raises
    ------
    FramingError
        If the body is longer than allowed.
    """
    if len(body) > max_body_bytes:
        raise FramingError(max_body_bytes, len(body))
    crc = zlib.crc32(body).to_bytes(CRC_BYTES, "little")
    return bytes(cobs.encode(body + crc)) + DELIMITER


def decode_frame(encoded: bytes) -> bytes | Skipped:
    """Decode what stood between two delimiters.

    Returns
    -------
    bytes or Skipped
        The verified body, or why there is none.
    """
    try:
        decoded = bytes(cobs.decode(encoded))
    except cobs.DecodeError:
        return Skipped("cobs", len(encoded))
    if len(decoded) < CRC_BYTES:
        return Skipped("short", len(encoded))
    body = decoded[:-CRC_BYTES]
    if zlib.crc32(body) != int.from_bytes(decoded[-CRC_BYTES:], "little"):
        return Skipped("crc", len(encoded))
    return body


class FrameDecoder:
    """Find the frames in a byte stream, however it is cut into pieces.

    Holds at most one encoded frame of the largest legal length between calls. Never
    raises on what it is fed.

    Parameters
    ----------
    max_body_bytes : int, bytes
    """

    def __init__(self, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        self._max_body_bytes = max_body_bytes
        self._max_encoded_bytes = encoded_length_max(max_body_bytes) - len(DELIMITER)
        self._partial = bytearray()
        self._oversized_bytes = 0
        self._oversized = False

    @property
    def held_bytes(self) -> int:
        """Bytes of an unfinished frame held at present."""
        return len(self._partial)

    def feed(self, data: bytes) -> list[bytes | Skipped]:
        """Take received bytes; return verified bodies and skipped ranges, in order."""
        found: list[bytes | Skipped] = []
        *finished, rest = data.split(DELIMITER)
        for piece in finished:
            self._hold(piece)
            found.extend(self._finish())
        self._hold(rest)
        if self._oversized_bytes >= _REPORT_EVERY_BYTES:
            found.append(self._oversized_range())
        return found

    def reset(self) -> None:
        """Forget an unfinished frame: the stream begins anew."""
        self._partial.clear()
        self._oversized, self._oversized_bytes = False, 0

    def _hold(self, piece: bytes) -> None:
        if not self._oversized and len(self._partial) + len(piece) > self._max_encoded_bytes:
            self._oversized, self._oversized_bytes = True, len(self._partial)
            self._partial.clear()
        if self._oversized:
            self._oversized_bytes += len(piece)
        else:
            self._partial += piece

    def _finish(self) -> list[bytes | Skipped]:
        if self._oversized:
            found: list[bytes | Skipped] = [self._oversized_range()]
        elif self._partial:
            found = [self._checked(decode_frame(bytes(self._partial)))]
        else:
            found = []
        self.reset()
        return found

    def _checked(self, found: bytes | Skipped) -> bytes | Skipped:
        # A body with many zeros takes fewer bytes on the wire than the longest legal one may.
        if isinstance(found, bytes) and len(found) > self._max_body_bytes:
            return Skipped("oversized", len(self._partial))
        return found

    def _oversized_range(self) -> Skipped:
        # A line at the wrong baud rate may never show a delimiter: say so now and then.
        skipped, self._oversized_bytes = Skipped("oversized", self._oversized_bytes), 0
        return skipped
