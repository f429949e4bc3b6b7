"""The Ocean command set's questions, as scripts.

Replies carry no number and, but for the spectrum, no checksum. So each question is asked
once, and silence begins the conversation anew; a calibration constant counts when it was read
twice the same; and a spectrum is taken if its scans and its integration time are those asked for.

Another baud rate: K at the old rate, ACK at the old rate, 50 ms of rest, K at the new rate, ACK
at the new rate. Whatever goes wrong in between, the instrument stays at the old one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from firmware_bridge.drivers.ocean_commands.codec import (
    BAUD_CODES,
    NAK,
    SummedSpectrum,
    command,
)
from firmware_bridge.drivers.ocean_commands.decoder import (
    CommandDecoder,
    CommandReply,
    Expected,
    as_text,
)
from firmware_bridge.drivers.ocean_commands.models import (
    NONLINEARITY,
    NONLINEARITY_ORDER,
    SERIAL_NUMBER,
    WAVELENGTH,
    CommandModel,
    model_of,
)
from firmware_bridge.drivers.query.conversation import Ask, Script
from firmware_bridge.drivers.query.dialect import Pulse, Reading, Refusal, Traits
from firmware_bridge.drivers.query.frame_plan import Exposure
from firmware_bridge.link.events import BytesSkipped

_US_PER_MS = 1000
_SLOWER = 1.5
_MOST_READS = 5
_SPECTRUM_FRAME_BYTES = 19

_Answer = Script[CommandReply, CommandReply | None]
_Done = Script[CommandReply, Refusal | bool | None]


class CommandDialect:
    """Ask an instrument in the Ocean command set, binary mode.

    Parameters
    ----------
    model : CommandModel
    reply_timeout_s : float, s
    """

    def __init__(self, model: CommandModel, reply_timeout_s: float) -> None:
        self._model = model
        self._reply_timeout_s = reply_timeout_s
        self._decoder = CommandDecoder(model.pixel_count)
        self._other_model = ""

    def identify(self) -> Script[CommandReply, str | None]:
        """Go over to binary mode and ask for the serial number."""
        reply = yield from self._ask(command("bB"))
        if reply is None:
            return None
        serial = yield from self._constant(SERIAL_NUMBER)
        if not (serial and serial.isascii() and serial.isprintable()):
            return None
        told = model_of(serial) or self._model
        self._other_model = "" if told.name == self._model.name else told.title
        return told.instrument_id(serial)

    def describe(self) -> Script[CommandReply, Traits | None]:
        """Ask for version and coefficients; pixels and saturation are the model's."""
        version = yield from self._ask(command("v"), Expected.WORD)
        wavelength = yield from self._coefficients(WAVELENGTH)
        order = yield from self._constant(NONLINEARITY_ORDER)
        if version is None or wavelength is None or order is None:
            return None
        nonlinearity = yield from self._coefficients(NONLINEARITY[: _terms(order)])
        if nonlinearity is None:
            return None
        number = int.from_bytes(version.content, "big")
        is_whole = all(map(math.isfinite, (*wavelength, *nonlinearity)))
        return Traits(
            pixel_count=self._model.pixel_count,
            saturation_counts=self._model.saturation_counts,
            wavelength_coefficients_nm=wavelength,
            nonlinearity_coefficients=nonlinearity,
            firmware_version=f"{number // 1000}.{number // 10 % 100:02d}.{number % 10}",
            faults=() if is_whole else ("calibration_damaged",),
            other_model=self._other_model,
        )

    def order_baud(self, baud: int) -> _Done:
        """Order another rate, bit/s."""
        if baud not in BAUD_CODES:
            return Refusal("K", NAK, f"{baud} bit/s has no code")
        return (yield from self._order("K", BAUD_CODES[baud]))

    def confirm_baud(self, baud: int) -> Script[CommandReply, bool]:
        """Order it again at the new rate."""
        return (yield from self._order("K", BAUD_CODES[baud])) is True

    def check(self, exposure: Exposure) -> Refusal | None:
        """Return why the model could not expose so; None where it can."""
        integration_time_ms, rest_us = divmod(exposure.integration_time_us, _US_PER_MS)
        least, most = self._model.integration_time_ms
        if rest_us or not least <= integration_time_ms <= most:
            got_us = exposure.integration_time_us
            detail = f"integration_time_us {got_us} is not {least}..{most} whole ms"
            return Refusal("Configure", NAK, detail)
        if not 1 <= exposure.averages <= self._model.max_scans:
            detail = f"averages {exposure.averages} not in 1..{self._model.max_scans}"
            return Refusal("Configure", NAK, detail)
        return None

    def apply(self, exposure: Exposure) -> _Done:
        """Order all that a spectrum depends on, and its checksum."""
        orders = (
            ("G", 0),
            ("B", 0),
            ("P", 0),
            ("T", 0),
            ("A", exposure.averages),
            ("I", exposure.integration_time_us // _US_PER_MS),
            ("k", 1),
        )
        for letter, value in orders:
            done = yield from self._order(letter, value)
            if done is not True:
                return done
        self._decoder.with_checksum = True
        return True

    def switch_light(self, on: bool) -> _Done:
        """Switch the lamp-enable line."""
        return (yield from self._order("J", int(on)))

    def acquire(
        self, exposure: Exposure, baud: int
    ) -> Script[CommandReply, Reading | Refusal | None]:
        """Ask for one spectrum."""
        count_bytes = 4 if exposure.averages > 1 else 2
        spectrum_bytes = _SPECTRUM_FRAME_BYTES + self._model.pixel_count * count_bytes
        # an exposure that runs already may be ended first
        begins_s = 2 * exposure.duration_s + self._reply_timeout_s
        most_s = begins_s + _SLOWER * 10 * spectrum_bytes / baud
        reply = yield from self._ask(command("S"), Expected.SPECTRUM, begins_s, most_s)
        if reply is None:
            return None
        if reply.spectrum is None:
            return Refusal("S", NAK, "no spectrum: not enough memory")
        return _reading(reply.spectrum, exposure)

    def pulse(self) -> Script[CommandReply, Pulse | None]:
        """Ask for the version: these instruments tell no temperature on this line."""
        reply = yield from self._ask(command("v"), Expected.WORD)
        return None if reply is None else Pulse()

    def feed(self, data: bytes) -> Iterator[CommandReply | BytesSkipped]:
        """Take received bytes; yield the reply to the question that was asked last."""
        yield from self._decoder.feed(data)

    def reset(self) -> int:
        """Forget an incomplete reply; return how many bytes it had."""
        return self._decoder.reset()

    def _ask(
        self,
        question: bytes,
        expected: Expected = Expected.ACKNOWLEDGEMENT,
        begins_s: float = 0.0,
        most_s: float = 0.0,
    ) -> _Answer:
        self._decoder.expect(expected)
        wait_s = begins_s or self._reply_timeout_s
        return (yield Ask(question, wait_s, 1, self._reply_timeout_s, most_s))

    def _order(self, letter: str, value: int) -> _Done:
        reply = yield from self._ask(command(letter, value))
        if reply is None:
            return None
        return True if reply.is_done else Refusal(letter, NAK, f"{letter} {value}: NAK")

    def _constant(self, number: int) -> Script[CommandReply, str | None]:
        """Read a calibration constant until it was read twice the same; None if it never is."""
        seen: set[str] = set()
        for _ in range(_MOST_READS):
            reply = yield from self._ask(command("?x", number), Expected.TEXT)
            if reply is None and not self._decoder.text_so_far():
                return None
            text = self._decoder.text_so_far() if reply is None else as_text(reply.content)
            if text in seen:
                return text
            seen.add(text)
        return None

    def _coefficients(
        self, numbers: tuple[int, ...]
    ) -> Script[CommandReply, tuple[float, ...] | None]:
        values = []
        for number in numbers:
            text = yield from self._constant(number)
            if text is None:
                return None
            values.append(_float(text))
        return tuple(values)


def _reading(spectrum: SummedSpectrum, exposure: Exposure) -> Reading | Refusal:
    got = (spectrum.integration_time_ms * _US_PER_MS, spectrum.scans)
    if got != (exposure.integration_time_us, exposure.averages):
        asked = f"{exposure.averages} scans of {exposure.integration_time_us} us"
        return Refusal("S", NAK, f"{got[1]} scans of {got[0]} us came, asked for were {asked}")
    return Reading(spectrum.mean())


def _float(text: str) -> float:
    """Return the number a constant says; NaN where it says none."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def _terms(order: str) -> int:
    """Return how many nonlinearity coefficients a polynomial of this order has; 0: none told."""
    return int(order) + 1 if order.isascii() and order.isdigit() and int(order) < 8 else 0
