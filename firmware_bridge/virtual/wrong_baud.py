"""What a receiver makes of bytes that were sent at another baud rate."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Levels = npt.NDArray[np.uint8]
_BITS_A_BYTE = 10
_STILL_READABLE = 0.03
"""Rates this close to each other are understood; a receiver samples the middle of each bit."""


def as_heard(data: bytes, sent_baud: int, heard_baud: int) -> bytes:
    """Sample 8N1 bytes at another rate than they were sent with.

    Parameters
    ----------
    data : bytes, sent one right after the other
    sent_baud, heard_baud : int, bit/s

    Returns
    -------
    bytes
        What was sent, where the rates agree within 3 %. A byte without its stop bit is read
        as 0, as a tty reads a framing error.

    Examples
    --------
    >>> as_heard(b"Raman", 9600, 9600)
    b'Raman'
    >>> as_heard(b"U", 9600, 19200).hex()
    '00e6'
    """
    if not data or abs(sent_baud / heard_baud - 1) < _STILL_READABLE:
        return data
    levels = _levels(data)
    falls = np.flatnonzero(np.diff(levels, prepend=np.uint8(1)) == 255)  # start of a low, in bits
    step = sent_baud / heard_baud  # of the sent bits, for one bit heard
    heard = bytearray()
    idle_from = 0.0
    while (which := int(np.searchsorted(falls, idle_from))) < falls.size:
        start = float(falls[which])
        if _level(levels, start + 0.5 * step):  # over before the receiver looked again
            idle_from = start + 1
            continue
        heard.append(_byte(levels, start, step))
        idle_from = start + 9.5 * step
    return bytes(heard)


def _levels(data: bytes) -> Levels:
    """Return the line's level bit by bit: start 0, eight bits, lowest first, stop 1; then idle."""
    bits = np.unpackbits(np.frombuffer(data, dtype=np.uint8), bitorder="little")
    framed = np.ones((len(data), _BITS_A_BYTE), dtype=np.uint8)
    framed[:, 0] = 0
    framed[:, 1:9] = bits.reshape(-1, 8)
    return framed.ravel()


def _level(levels: Levels, at_bit: float) -> int:
    return int(levels[int(at_bit)]) if at_bit < levels.size else 1


def _byte(levels: Levels, start: float, step: float) -> int:
    *bits, stop = (_level(levels, start + (number + 0.5) * step) for number in range(1, 10))
    return sum(bit << place for place, bit in enumerate(bits)) if stop else 0
