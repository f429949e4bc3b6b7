"""Replies of the Ocean command set found in a stream: what they are the question decides."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

import numpy as np

from firmware_bridge.drivers.ocean_commands.codec import (
    ACK,
    ETX,
    MAX_TEXT_BYTES,
    NAK,
    STX,
    SummedSpectrum,
    spectrum_bytes,
    unpack_spectrum,
)
from firmware_bridge.errors import MessageError
from firmware_bridge.link.events import BytesSkipped

_TEXT_ENDS = b"\x00\r\n"
_WORD_BYTES = 2


class Expected(Enum):
    """What kind of reply a question has."""

    NOTHING = auto()
    ACKNOWLEDGEMENT = auto()
    WORD = auto()
    TEXT = auto()
    SPECTRUM = auto()


@dataclass(frozen=True, slots=True)
class CommandReply:
    """One reply.

    Parameters
    ----------
    is_done : bool
        False: NAK or ETX.
    content : bytes
        Word or text.
    spectrum : SummedSpectrum or None
    """

    is_done: bool
    content: bytes = b""
    spectrum: SummedSpectrum | None = None


class CommandDecoder:
    """Cut a stream into replies; never raises, holds one spectrum and the one before it at most.

    Only one question is ever open: what follows its reply is nobody's. Zeros and line ends
    that pad a text are dropped without a word.

    Parameters
    ----------
    pixel_count : int
    """

    def __init__(self, pixel_count: int) -> None:
        self._pixel_count = pixel_count
        self._held = bytearray()
        self._expected = Expected.NOTHING
        self._spectrum_before = b""
        self._skipped_bytes = 0
        self._reason = ""
        self.with_checksum = False

    @property
    def held_bytes(self) -> int:
        """How much of an incomplete reply is held."""
        return len(self._held)

    def expect(self, expected: Expected) -> None:
        """Read what comes from now on as a reply of this kind."""
        self._expected = expected
        self._held.clear()

    def feed(self, data: bytes) -> list[CommandReply | BytesSkipped]:
        """Take bytes; return the reply if it is complete, and what was skipped around it."""
        self._held += data
        reply = self._read()
        if reply is None:
            return self._take_skipped()
        found = [*self._take_skipped(), reply]
        self._expected = Expected.NOTHING
        self._read()
        return [*found, *self._take_skipped()]

    def text_so_far(self) -> str:
        """Return the text of a reply whose end never came."""
        return as_text(self._held[1:]) if self._expected is Expected.TEXT else ""

    def reset(self) -> int:
        """Forget an incomplete reply; return how many bytes it had."""
        forgotten = len(self._held)
        self.expect(Expected.NOTHING)
        return forgotten

    def _read(self) -> CommandReply | None:
        """Return the reply; None while what is held may still become one."""
        while self._held:
            before = len(self._held)
            reply = self._read_spectrum() if self._wants_spectrum else self._read_acknowledged()
            if reply is not None or len(self._held) == before:
                return reply
        return None

    @property
    def _wants_spectrum(self) -> bool:
        return self._expected is Expected.SPECTRUM

    def _read_acknowledged(self) -> CommandReply | None:
        if self._expected is Expected.NOTHING or self._held[0] not in (ACK, NAK):
            self._skip(1, "no reply begins so")
            return None
        if self._held[0] == NAK:
            return self._cut(1, is_done=False)
        if self._expected is Expected.ACKNOWLEDGEMENT:
            return self._cut(1)
        if self._expected is Expected.WORD:
            return self._cut(1 + _WORD_BYTES) if len(self._held) > _WORD_BYTES else None
        return self._read_text()

    def _read_text(self) -> CommandReply | None:
        if self._held[1:2] == bytes([ACK]):
            self._skip(1, "acknowledged twice")
            return None
        ends = [at for byte in _TEXT_ENDS if (at := self._held.find(byte, 1)) > 0]
        if not ends and len(self._held) <= MAX_TEXT_BYTES:
            return None
        return self._cut(min(*ends, 1 + MAX_TEXT_BYTES, len(self._held)))

    def _read_spectrum(self) -> CommandReply | None:
        if self._held == bytes([ETX]) and not self._skipped_bytes:  # alone: else it is noise
            return self._cut(1, is_done=False)
        try:
            needed = self._needed_bytes()
            whole = bytes(self._held[:needed])
            if not needed or len(whole) < needed:
                return None
            checked = self.with_checksum
            spectrum = unpack_spectrum(whole, self._pixel_count, with_checksum=checked)
        except MessageError as error:
            self._skip(1, str(error))
            return None
        if self._is_that_before(whole, spectrum):
            self._skip(needed, "the spectrum before, sent again")
            return None
        del self._held[:needed]
        return CommandReply(True, spectrum=spectrum)

    def _needed_bytes(self) -> int:
        if self._held[0] != STX:
            raise MessageError("spectrum", f"{STX:02x}", f"{self._held[0]:02x}")
        return spectrum_bytes(self._held, self._pixel_count, with_checksum=self.with_checksum)

    def _is_that_before(self, whole: bytes, spectrum: SummedSpectrum) -> bool:
        """Tell a message sent twice from a new spectrum: a detector never repeats its noise."""
        before, self._spectrum_before = self._spectrum_before, whole
        return whole == before and int(np.ptp(spectrum.sums)) > 0

    def _cut(self, byte_count: int, *, is_done: bool = True) -> CommandReply:
        content = bytes(self._held[1:byte_count])
        del self._held[:byte_count]
        return CommandReply(is_done, content)

    def _skip(self, byte_count: int, reason: str) -> None:
        is_padding = not self._skipped_bytes and self._held[0] in _TEXT_ENDS
        del self._held[:byte_count]
        if not is_padding:
            self._skipped_bytes += byte_count
            self._reason = self._reason or reason

    def _take_skipped(self) -> list[CommandReply | BytesSkipped]:
        if not self._skipped_bytes:
            return []
        skipped = BytesSkipped(self._reason, self._skipped_bytes)
        self._skipped_bytes, self._reason = 0, ""
        return [skipped]


def as_text(data: bytes | bytearray) -> str:
    """Return the text of a reply, without what pads it."""
    return bytes(data).strip(_TEXT_ENDS + b" ").decode("ascii", "replace")
