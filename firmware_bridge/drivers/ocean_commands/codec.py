"""Commands and spectra of the Ocean command set in its binary mode.

A command is a letter and, for most, one 16-bit word; words are big-endian.

=======  =========================  ===========================================
command  what it sets or asks       answer
=======  =========================  ===========================================
A word   scans to add, 1 …          06 (ACK) or 15 (NAK)
B word   boxcar, pixels each side   ACK or NAK
G word   compression, 0: none       ACK or NAK
I word   integration time, ms       ACK or NAK
J word   lamp enable, 0 or 1        ACK or NAK
K word   baud rate, its code        ACK or NAK, see `dialect`
P word   pixel mode, 0: all         ACK or NAK
T word   trigger, 0: none           ACK or NAK
k word   checksum, 0: none          ACK or NAK
bB       binary mode                ACK or NAK
v        version                    ACK, word: 1000 is 1.00.0
?x word  calibration constant       ACK, at most 15 characters of ASCII
S        spectrum                   02 (STX) and a spectrum, or 03 (ETX): none
=======  =========================  ===========================================

A spectrum:

======  =====  ============================================================
word    type   field
======  =====  ============================================================
0       u16    0xFFFF
1       u16    size flag: 0 counts of 16 bits, 1 of 32 bits
2       u16    scans added, n
3       u16    integration time of one, ms
4       u32    baseline of the electronics
6       u16    pixel mode, 0
7       …      P × u16 or u32, counts of n scans added up
end     u16    0xFFFD
end+1   u16    checksum: the counts added up, modulo 65,536, where it is on
======  =====  ============================================================

The maker's manuals do not say on which side of 0xFFFD the checksum stands: both are read.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

import numpy as np

from firmware_bridge.errors import MessageError
from firmware_bridge.spectrum_frame import Counts

STX, ETX, ACK, NAK = 0x02, 0x03, 0x06, 0x15
BAUD_CODES = {2_400: 0, 4_800: 1, 9_600: 2, 19_200: 3, 38_400: 4, 57_600: 5, 115_200: 6}
"""Of the command K, by bit/s."""
MAX_TEXT_BYTES = 15
_HEADER = struct.Struct(">HHHHIH")
_WORD = struct.Struct(">H")
_START, _END = 0xFFFF, 0xFFFD
_ALL_PIXELS = 0


def command(letters: str, value: int | None = None) -> bytes:
    r"""Return a command's bytes.

    Raises
    ------
    MessageError
        If the value is no 16-bit word.

    Examples
    --------
    >>> command("I", 100).hex(" ")
    '49 00 64'
    >>> command("?x", 1)
    b'?x\x00\x01'
    """
    if value is None:
        return letters.encode("ascii")
    try:
        return letters.encode("ascii") + _WORD.pack(value)
    except struct.error as error:
        raise MessageError(letters, "0 to 65535", value) from error


@dataclass(frozen=True, slots=True, eq=False)
class SummedSpectrum:
    """What follows the STX.

    Parameters
    ----------
    sums : (P,) uint32, counts of all scans added up
    scans : int
    integration_time_ms : int, ms, of one scan
    """

    sums: Counts = field(repr=False)
    scans: int
    integration_time_ms: int

    def pack(self, *, with_checksum: bool) -> bytes:
        """Return the spectrum's bytes, STX first.

        Raises
        ------
        MessageError
            If a value does not fit its field.
        """
        is_wide = self.scans > 1
        try:
            head = _HEADER.pack(
                _START, is_wide, self.scans, self.integration_time_ms, 0, _ALL_PIXELS
            )
        except struct.error as error:
            got = f"{self.scans} scans of {self.integration_time_ms} ms"
            raise MessageError("spectrum header", "16-bit words", got) from error
        counts = self.sums.astype(">u4" if is_wide else ">u2").tobytes()
        tail = _WORD.pack(_END)
        if with_checksum:
            tail += _WORD.pack(checksum(self.sums))
        return bytes([STX]) + head + counts + tail

    def mean(self) -> Counts:
        """Return the counts of one scan, (P,) uint16: the mean, rounded to whole counts."""
        if self.scans == 1:
            return self.sums.astype(np.uint16)
        return ((self.sums.astype(np.uint64) + self.scans // 2) // self.scans).astype(np.uint16)


def checksum(sums: Counts) -> int:
    """Return the counts added up, modulo 65,536.

    The example is that of the maker's technical note on the checksum.

    >>> data = [15, 23, 46, 98, 231, 509, 1023, 2432, 3245, 1984]
    >>> hex(checksum(np.array(data, np.uint32)))
    '0x2586'
    """
    return int(sums.sum(dtype=np.uint64)) & 0xFFFF


def spectrum_bytes(begun: bytes | bytearray, pixel_count: int, *, with_checksum: bool) -> int:
    """Return how long a spectrum is that begins so, STX first; 0 while that is not known.

    Raises
    ------
    MessageError
        If no spectrum begins so.
    """
    if len(begun) < 1 + _HEADER.size:
        return 0
    start, is_wide, scans, _, _, mode = _HEADER.unpack_from(begun, 1)
    if start != _START or is_wide > 1 or scans < 1 or mode != _ALL_PIXELS:
        raise MessageError("spectrum header", "ffff, a flag, scans, pixel mode 0", begun[:15].hex())
    tail = 2 * _WORD.size if with_checksum else _WORD.size
    return 1 + _HEADER.size + pixel_count * (4 if is_wide else 2) + tail


def unpack_spectrum(data: bytes, pixel_count: int, *, with_checksum: bool) -> SummedSpectrum:
    """Read a whole spectrum, STX first, its checksum enforced.

    Raises
    ------
    MessageError
        If header, length, end or checksum is wrong.
    """
    expected = spectrum_bytes(data, pixel_count, with_checksum=with_checksum)
    if len(data) != expected:
        raise MessageError("spectrum length", f"{expected} bytes", f"{len(data)} bytes")
    _, is_wide, scans, integration_time_ms, _, _ = _HEADER.unpack_from(data, 1)
    wire = np.frombuffer(data, ">u4" if is_wide else ">u2", pixel_count, 1 + _HEADER.size)
    sums = wire.astype(np.uint32)
    tail = sorted(_WORD.iter_unpack(data[1 + _HEADER.size + wire.nbytes :]), reverse=True)
    made = [_END, checksum(sums)] if with_checksum else [_END]
    if [word for (word,) in tail] != sorted(made, reverse=True):
        got = " ".join(f"{word:04x}" for (word,) in tail)
        raise MessageError("spectrum end", " ".join(f"{word:04x}" for word in made), got)
    return SummedSpectrum(sums, scans, integration_time_ms)
