"""The firmware of a virtual instrument that speaks the Ocean command set; no I/O.

Binary mode; of the ASCII mode it knows the way in, the echo, and the way out. It obeys one
command after the other: while it exposes, what comes waits. The light is on from the boot,
until it is switched off. Another baud rate holds if K comes again at the new rate within 2 s.
"""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from firmware_bridge.drivers.ocean_commands.codec import (
    ACK,
    BAUD_CODES,
    ETX,
    MAX_TEXT_BYTES,
    NAK,
    SummedSpectrum,
)
from firmware_bridge.drivers.ocean_commands.models import (
    NONLINEARITY,
    NONLINEARITY_ORDER,
    SERIAL_NUMBER,
    WAVELENGTH,
    CommandModel,
)
from firmware_bridge.virtual.exposures import Exposures
from firmware_bridge.virtual.firmware import Acquired
from firmware_bridge.virtual.settings import VirtualSettings

_VERSION = 2341
_MAX_WAITING = 64
_MAX_HELD_BYTES = 256
_CONFIRM_WITHIN_S = 2.0
_BAUD_OF_CODE = {code: baud for baud, code in BAUD_CODES.items()}


class CommandFirmware:
    """One instrument from its boot to its next.

    Parameters
    ----------
    model : CommandModel
    settings : VirtualSettings
    exposures : Exposures
    boot_id : int
    """

    def __init__(
        self, model: CommandModel, settings: VirtualSettings, exposures: Exposures, boot_id: int
    ) -> None:
        self.boot_id = boot_id
        self.baud = settings.baud
        self._next_baud: int | None = None
        self.retained_frames = 0
        self.refused_frames = 0
        self._settings = settings
        self._exposures = exposures
        first_ms = math.ceil(settings.first_integration_time_us / 1000)
        self._values = {"A": settings.averages, "I": first_ms, "J": 1, "k": 0}
        self._bounds = {
            **dict.fromkeys("BGPT", (0, 0)),
            "A": (1, model.max_scans),
            "B": (0, 15),
            "I": model.integration_time_ms,
            "J": (0, 1),
            "T": (0, 4),
            "k": (0, 0xFFFF),
        }
        self._is_ascii = False
        self._held = bytearray()
        self._confirm: tuple[int, int, float] | None = None
        self._exposing: tuple[float, bytes] | None = None
        self._answers: deque[tuple[bytes, int | None]] = deque(maxlen=_MAX_WAITING)
        self._acquired: list[Acquired] = []

    @property
    def is_finished(self) -> bool:
        """True when all that was to be acquired is acquired and sent."""
        is_idle = self._exposing is None and not self._answers and not self._acquired
        return self._exposures.exhausted and is_idle

    def receive(self, data: bytes, now_s: float) -> None:
        """Take bytes from the host; what is no command is answered by NAK."""
        self._held += data
        del self._held[:-_MAX_HELD_BYTES]
        self.poll(now_s)

    def poll(self, now_s: float) -> None:
        """End an exposure that is due, obey what waited for it, give up an unconfirmed rate."""
        if self._exposing is not None and self._exposing[0] <= now_s:
            self._answers.append((self._exposing[1], None))
            self._exposing = None
        if self._confirm is not None and self._confirm[2] <= now_s:
            self.baud, self._confirm = self._confirm[0], None
        while self._exposing is None and self._held and self._take(now_s):
            pass

    def next_message(self, now_s: float) -> bytes | None:
        """Return the next answer, once; a new baud rate is tried after its acknowledgement."""
        if self._next_baud is not None:  # its acknowledgement has left
            self.baud, self._next_baud = self._next_baud, None
        if not self._answers:
            return None
        answer, self._next_baud = self._answers.popleft()
        return answer

    def take_acquired(self) -> list[Acquired]:
        """Return the light frames acquired since last asked."""
        acquired, self._acquired = self._acquired, []
        return acquired

    def _take(self, now_s: float) -> bool:
        """Obey one command; False while it is incomplete."""
        if self._is_ascii:
            return self._take_ascii()
        letter = chr(self._held[0])
        needed = _command_bytes(self._held)
        if len(self._held) < needed:
            return False
        argument = bytes(self._held[1:needed])
        del self._held[:needed]
        self._obey(letter, argument, now_s)
        return True

    def _take_ascii(self) -> bool:
        at = self._held.find(b"bB")
        if at < 0:
            self._say(bytes(self._held))
            self._held.clear()
            return False
        self._say(bytes(self._held[: at + 2]) + bytes([ACK]))
        del self._held[: at + 2]
        self._is_ascii = False
        return True

    def _obey(self, letter: str, argument: bytes, now_s: float) -> None:
        if letter == "S":
            self._expose(now_s)
        elif letter == "v":
            self._say(bytes([ACK]) + _VERSION.to_bytes(2, "big"))
        elif letter == "?":
            self._tell(argument)
        elif letter in "ab":
            self._change_mode(letter, argument)
        elif letter == "K":
            self._change_baud(int.from_bytes(argument, "big"), now_s)
        else:
            self._set(letter, int.from_bytes(argument, "big"))

    def _say(self, data: bytes) -> None:
        self._answers.append((data, None))

    def _change_mode(self, letter: str, argument: bytes) -> None:
        is_meant = argument == letter.upper().encode()
        self._is_ascii = self._is_ascii or (is_meant and letter == "a")
        self._say(bytes([ACK if is_meant else NAK]))

    def _change_baud(self, code: int, now_s: float) -> None:
        wanted = _BAUD_OF_CODE.get(code)
        if wanted is None:
            self._say(bytes([NAK]))
        elif self._confirm is not None and wanted == self._confirm[1]:
            self._confirm = None
            self._say(bytes([ACK]))
        else:
            self._confirm = (self.baud, wanted, now_s + _CONFIRM_WITHIN_S)
            self._answers.append((bytes([ACK]), wanted))

    def _set(self, letter: str, value: int) -> None:
        least, most = self._bounds.get(letter, (1, 0))
        fits = least <= value <= most
        if fits:
            self._values[letter] = value
        self._say(bytes([ACK if fits else NAK]))

    def _tell(self, argument: bytes) -> None:
        constant = self._constant(int.from_bytes(argument[1:], "big"))
        if argument[:1] == b"x" and constant is not None:
            self._say(bytes([ACK]) + constant.encode("ascii", "replace")[:MAX_TEXT_BYTES] + b"\r")
        elif argument[:1].decode("latin-1") in self._values:
            value = self._values[argument[:1].decode("latin-1")]
            self._say(bytes([ACK]) + value.to_bytes(2, "big"))
        else:
            self._say(bytes([NAK]))

    def _constant(self, number: int) -> str | None:
        if number == SERIAL_NUMBER:
            return self._settings.instrument_id
        if number in WAVELENGTH:
            return _short(self._exposures.wavelength_coefficients_nm[WAVELENGTH.index(number)])
        if number in NONLINEARITY:
            # a detector made of arithmetic is linear
            return "1.0" if number == NONLINEARITY[0] else "0.0"
        return "7" if number == NONLINEARITY_ORDER else None

    def _expose(self, now_s: float) -> None:
        if self._exposures.exhausted:
            self._say(bytes([ETX]))
            return
        scans, integration_time_ms = self._values["A"], self._values["I"]
        exposure = integration_time_ms * 1000, scans
        if self._values["J"]:
            counts, index = self._exposures.light(*exposure)
            self._acquired.append(Acquired(index, counts, None))
        else:
            counts = self._exposures.dark(*exposure)
        spectrum = SummedSpectrum(counts.astype(np.uint32) * scans, scans, integration_time_ms)
        packed = spectrum.pack(with_checksum=bool(self._values["k"]))
        self._exposing = (now_s + integration_time_ms * 1e-3 * scans, packed)


def _command_bytes(held: bytearray) -> int:
    """Return how long the command is that begins here."""
    letter = chr(held[0])
    if letter in "ab":
        return 2
    if letter == "?":
        return 4 if held[1:2] == b"x" else 2
    return 3 if letter in "ABGIJKPTk" else 1


def _short(value: float) -> str:
    """Return a number in at most 15 characters, with all the digits they have room for."""
    for digits in range(15, 0, -1):
        text = f"{value:.{digits}g}"
        if len(text) <= MAX_TEXT_BYTES:
            return text
    return "0"
