"""What received bytes look like to one who knows the common instruments: a guess, in words.

In this order: a valid OIP frame, Ocean Optics' binary protocol, its command set, text, what a
receiver makes of another baud rate, noise. A receiver that runs at another rate finds no stop
bit where one belongs, and a tty reads that as a zero byte; or it reads the same few values
again and again.

Sources: the layouts in `firmware_bridge.framing`; Ocean Optics, STS Data Sheet (header
C1 C0, protocol version 0x1000 or 0x1100, footer C5 C4 C3 C2) and USB2000 Data Sheet (RS-232:
STX, FF FF before a spectrum; ACK 06, NAK 15).
"""

from __future__ import annotations

import re
from collections import Counter

from firmware_bridge.errors import MessageError
from firmware_bridge.framing import FrameDecoder
from firmware_bridge.messages import Command, unpack_message

_OCEAN_HEADER = re.compile(rb"\xc1\xc0\x00[\x10\x11]")
_OCEAN_FOOTER = b"\xc5\xc4\xc3\xc2"
_OCEAN_SPECTRUM = b"\x02\xff\xff"
_OCEAN_ANSWERS = frozenset(b"\x06\x15")
_TEXT = frozenset(b"\t\n\r" + bytes(range(0x20, 0x7F)))
_MIN_TEXT = 0.95
_MIN_ZEROS = 0.25
_FEW_VALUES = 8
_MIN_FEW = 0.7
# Fewer bytes have few values whatever they are.
_MIN_COUNTED_BYTES = 32
_SHOWN_BYTES = 12
_SHOWN_CHARACTERS = 40


def recognise(data: bytes) -> str:
    r"""Say what bytes look like, for the operator.

    Parameters
    ----------
    data : bytes
        From any point of a stream on; a few hundred bytes make a good guess.

    Examples
    --------
    >>> recognise(bytes.fromhex("05 01 81 00 03 03 21"))
    'noise, or another baud rate: 05 01 81 00 03 03 21'
    >>> recognise(bytes.fromhex("c1 c0 00 11 00 00"))
    'the Ocean Binary Protocol: c1 c0 00 11 00 00'
    >>> recognise(b"pixel,0,1023,1019,1044\r\n")
    "lines of text: 'pixel,0,1023,1019,1044'"
    """
    if not data:
        return "nothing"
    return _oip(data) or _ocean(data) or _text(data) or f"{_unframed(data)}: {_shown(data)}"


def _oip(data: bytes) -> str | None:
    bodies = [found for found in FrameDecoder().feed(data) if isinstance(found, bytes) and found]
    if not bodies:
        return None
    name = "the Outcrop Instrument Protocol"
    try:
        message = unpack_message(bodies[0]).message
    except MessageError as error:
        return f"{name}, but not as it is known here ({error})"
    kind = type(message).__name__
    if isinstance(message, Command):
        return f"an echo of the host's own {kind}: a loop-back plug, or a terminal that echoes"
    return f"{name}: {kind}"


def _ocean(data: bytes) -> str | None:
    if _OCEAN_HEADER.search(data) or _OCEAN_FOOTER in data:
        return f"the Ocean Binary Protocol: {_shown(data)}"
    if _OCEAN_SPECTRUM in data or set(data) <= _OCEAN_ANSWERS:
        return f"the Ocean command set (ACK 06, NAK 15, STX 02): {_shown(data)}"
    return None


def _text(data: bytes) -> str | None:
    if sum(byte in _TEXT for byte in data) < _MIN_TEXT * len(data):
        return None
    lines = [line.strip() for line in data.decode("ascii", "replace").splitlines()]
    # The first line is seldom whole.
    whole = [line for line in lines[1:] if line] or [line for line in lines if line]
    return f"lines of text: {whole[0][:_SHOWN_CHARACTERS]!r}" if whole else "empty lines of text"


def _unframed(data: bytes) -> str:
    counts = Counter(data)
    few = sum(count for _, count in counts.most_common(_FEW_VALUES))
    counted = len(data) >= _MIN_COUNTED_BYTES
    if counted and (counts[0] >= _MIN_ZEROS * len(data) or few >= _MIN_FEW * len(data)):
        return "probably another baud rate"
    return "noise, or another baud rate"


def _shown(data: bytes) -> str:
    return data[:_SHOWN_BYTES].hex(" ") + (" …" if len(data) > _SHOWN_BYTES else "")
