"""The Ocean Binary Protocol's questions, as scripts."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator

from firmware_bridge.drivers.ocean_binary.decoder import OceanDecoder
from firmware_bridge.drivers.ocean_binary.message import (
    HEADER,
    MAX_PAYLOAD_BYTES,
    TRAILER_BYTES,
    OceanMessage,
)
from firmware_bridge.drivers.ocean_binary.message_types import (
    ErrorNumber,
    Flags,
    MessageType,
    error_text,
)
from firmware_bridge.drivers.ocean_binary.models import OceanModel, model_of
from firmware_bridge.drivers.query.conversation import Ask, Script
from firmware_bridge.drivers.query.dialect import Pulse, Reading, Refusal, Traits
from firmware_bridge.drivers.query.frame_plan import Exposure
from firmware_bridge.errors import MessageError
from firmware_bridge.link.events import BytesSkipped

_ANSWERS = Flags.RESPONSE | Flags.ACK | Flags.NACK
_ORDER_ATTEMPTS = 3
_MAX_COEFFICIENTS = 16
_FEWEST_PIXELS = 8
_PIXELS, _SATURATION = "pixel_count_implausible", "saturation_implausible"
_MAX_REGARDING = 0xFFFF_FFFF
_SLOWER = 1.5
_FLOAT = struct.Struct("<f")

_Answer = Script[OceanMessage, OceanMessage | None]
_Done = Script[OceanMessage, Refusal | bool | None]


class OceanBinaryDialect:
    """Ask an instrument in the Ocean Binary Protocol.

    Each question carries an MD5 and a number of its own, which its answer repeats. Where the
    first answer has an MD5 every other one has to have it too; an instrument that makes none
    is told as the fault `no_checksum`. What an instrument does not know of itself, or tells
    implausibly, the model says; the latter is told as a fault.

    Parameters
    ----------
    model : OceanModel
    reply_timeout_s : float, s
    """

    def __init__(self, model: OceanModel, reply_timeout_s: float) -> None:
        self._model = model
        self._reply_timeout_s = reply_timeout_s
        self._decoder = OceanDecoder()
        self._regarding = 0
        self._asked_type = 0
        self._is_checked = False
        self._pixel_count = model.pixel_count
        self._other_model = ""

    def identify(self) -> Script[OceanMessage, str | None]:
        """Ask for the serial number, once."""
        self._is_checked = False
        answer = yield from self._ask(MessageType.GET_SERIAL_NUMBER, attempts=1)
        if answer is None:
            return None
        serial = answer.data.rstrip(b"\x00 ").decode("ascii", "replace")
        if _is_refused(answer) or not (serial and serial.isascii() and serial.isprintable()):
            return None
        self._is_checked = answer.is_checked
        told = model_of(serial) or self._model
        self._other_model = "" if told.name == self._model.name else told.title
        return told.instrument_id(serial)

    def describe(self) -> Script[OceanMessage, Traits | None]:
        """Ask for pixels, coefficients and saturation; what it does not know the model says."""
        model = self._model
        firmware = yield from self._number(MessageType.GET_FIRMWARE_REVISION, 0)
        pixels = yield from self._number(MessageType.GET_PIXEL_COUNT, model.pixel_count)
        level = yield from self._number(MessageType.GET_SATURATION_LEVEL, model.saturation_counts)
        wavelength = yield from self._coefficients(
            MessageType.GET_WAVELENGTH_COUNT, MessageType.GET_WAVELENGTH
        )
        nonlinearity = yield from self._coefficients(
            MessageType.GET_NONLINEARITY_COUNT, MessageType.GET_NONLINEARITY
        )
        if firmware is None or pixels is None or level is None:
            return None
        if wavelength is None or nonlinearity is None:
            return None
        faults = self._faults(pixels, level, (*wavelength, *nonlinearity))
        self._pixel_count = model.pixel_count if _PIXELS in faults else pixels
        return Traits(
            pixel_count=self._pixel_count,
            saturation_counts=model.saturation_counts if _SATURATION in faults else level,
            wavelength_coefficients_nm=wavelength,
            nonlinearity_coefficients=nonlinearity,
            firmware_version=f"{firmware:04x}" if firmware else "",
            faults=faults,
            other_model=self._other_model,
        )

    def order_baud(self, baud: int) -> _Done:
        """Order another rate, bit/s; it is acknowledged at the present one."""
        return (yield from self._order(MessageType.SET_BAUD, baud.to_bytes(4, "little"), 1))

    def confirm_baud(self, baud: int) -> Script[OceanMessage, bool]:
        """Ask for the rate; that the question is understood is enough."""
        answer = yield from self._ask(MessageType.GET_BAUD, attempts=2)
        return answer is not None

    def check(self, exposure: Exposure) -> Refusal | None:
        """Return why the model could not expose so; None where it can."""
        bounds = (
            ("integration_time_us", exposure.integration_time_us, self._model.integration_time_us),
            ("averages", exposure.averages, (1, self._model.max_averages)),
        )
        for name, value, (least, most) in bounds:
            if not least <= value <= most:
                detail = f"{name} {value} not in {least}..{most}"
                return Refusal("Configure", ErrorNumber.INVALID_PAYLOAD, detail)
        return None

    def apply(self, exposure: Exposure) -> _Done:
        """Order integration time and averages, no trigger and no smoothing."""
        orders: list[tuple[MessageType, bytes, bool]] = [
            (MessageType.SET_TRIGGER_MODE, b"\x00", False),
            (
                MessageType.SET_INTEGRATION_TIME_US,
                exposure.integration_time_us.to_bytes(4, "little"),
                True,
            ),
            (
                MessageType.SET_SCANS_TO_AVERAGE,
                exposure.averages.to_bytes(2, "little"),
                exposure.averages > 1,
            ),
            (MessageType.SET_BOXCAR_WIDTH, b"\x00", False),
        ]
        if self._model.has_buffer:
            orders.append((MessageType.CLEAR_BUFFER, b"", False))
        for message_type, data, is_needed in orders:
            done = yield from self._order(message_type, data)
            if done is None or (isinstance(done, Refusal) and is_needed):
                return done
        return True

    def switch_light(self, on: bool) -> _Done:
        """Switch the lamp-enable line."""
        return (yield from self._order(MessageType.SET_LAMP_ENABLE, bytes([on])))

    def acquire(
        self, exposure: Exposure, baud: int
    ) -> Script[OceanMessage, Reading | Refusal | None]:
        """Ask for one spectrum."""
        model = self._model
        data_bytes = model.metadata_bytes + self._pixel_count * model.count_bytes
        transfer_s = 10 * (data_bytes + 2 * (HEADER.size + TRAILER_BYTES)) / baud
        # an exposure that runs already may be ended first
        begins_s = 2 * exposure.duration_s + self._reply_timeout_s
        answer = yield from self._ask(
            model.spectrum_type, 1, begins_s=begins_s, most_s=begins_s + _SLOWER * transfer_s
        )
        if answer is None:
            return None
        if _is_refused(answer):
            return _refusal(answer)
        try:
            return Reading(model.unpack_spectrum(answer.data))
        except MessageError as error:
            return Refusal(model.spectrum_type.name, ErrorNumber.WRONG_PAYLOAD_LENGTH, str(error))

    def pulse(self) -> Script[OceanMessage, Pulse | None]:
        """Ask for the detector's temperature."""
        kind = self._model.temperature_type
        sensor = b"\x00" if kind == MessageType.GET_TEMPERATURE else b""
        answer = yield from self._ask(kind, data=sensor)
        if answer is None:
            return None
        celsius = _float(answer)
        return Pulse(celsius if math.isfinite(celsius) else None)

    def feed(self, data: bytes) -> Iterator[OceanMessage | BytesSkipped]:
        """Take received bytes; yield the answers to the question that was asked last."""
        for found in self._decoder.feed(data):
            if isinstance(found, BytesSkipped):
                yield found
            elif reason := self._why_not(found):
                yield BytesSkipped(reason, HEADER.size + TRAILER_BYTES + len(found.data))
            else:
                self._asked_type = -1
                yield found

    def reset(self) -> int:
        """Forget an incomplete answer; return how many bytes it had."""
        return self._decoder.reset()

    def _why_not(self, message: OceanMessage) -> str:
        """Return why a message is not the answer; an empty text where it is."""
        if not message.flags & _ANSWERS:
            return f"echo of {message.message_type:#010x}"
        if self._is_checked and not message.is_checked:
            return "an answer without its checksum"
        if (message.message_type, message.regarding) != (self._asked_type, self._regarding):
            return f"an answer that nobody waits for, {message.message_type:#010x}"
        return ""

    def _faults(
        self, pixel_count: int, saturation_counts: int, coefficients: tuple[float, ...]
    ) -> tuple[str, ...]:
        wrong = {
            _PIXELS: not _FEWEST_PIXELS <= pixel_count <= MAX_PAYLOAD_BYTES // 4,
            _SATURATION: saturation_counts < 1,
            "calibration_damaged": not all(map(math.isfinite, coefficients)),
            "no_checksum": not self._is_checked,
        }
        return tuple(fault for fault, is_so in wrong.items() if is_so)

    def _ask(
        self,
        message_type: MessageType,
        attempts: int = _ORDER_ATTEMPTS,
        data: bytes = b"",
        flags: int = Flags.NONE,
        begins_s: float = 0.0,
        most_s: float = 0.0,
    ) -> _Answer:
        self._regarding = self._regarding % _MAX_REGARDING + 1
        self._asked_type = message_type
        question = OceanMessage(message_type, data, self._regarding, flags).pack()
        wait_s = begins_s or self._reply_timeout_s
        return (yield Ask(question, wait_s, attempts, self._reply_timeout_s, most_s))

    def _order(
        self, message_type: MessageType, data: bytes, attempts: int = _ORDER_ATTEMPTS
    ) -> _Done:
        answer = yield from self._ask(message_type, attempts, data, Flags.ACK_REQUESTED)
        if answer is None:
            return None
        return _refusal(answer) if _is_refused(answer) else True

    def _number(self, message_type: MessageType, default: int) -> Script[OceanMessage, int | None]:
        answer = yield from self._ask(message_type)
        if answer is None:
            return None
        if _is_refused(answer) or not 1 <= len(answer.data) <= 4:
            return default
        return int.from_bytes(answer.data, "little")

    def _coefficients(
        self, count_type: MessageType, value_type: MessageType
    ) -> Script[OceanMessage, tuple[float, ...] | None]:
        count = yield from self._number(count_type, 0)
        if count is None:
            return None
        values = []
        for index in range(min(count, _MAX_COEFFICIENTS)):
            answer = yield from self._ask(value_type, data=bytes([index]))
            if answer is None:
                return None
            values.append(_float(answer))
        return tuple(values)


def _is_refused(answer: OceanMessage) -> bool:
    return bool(answer.flags & Flags.NACK) or answer.error != 0


def _refusal(answer: OceanMessage) -> Refusal:
    try:
        name = MessageType(answer.message_type).name
    except ValueError:
        name = f"{answer.message_type:#010x}"
    return Refusal(name, answer.error, error_text(answer.error))


def _float(answer: OceanMessage) -> float:
    """Return the number of an answer; NaN where it is refused or none."""
    if _is_refused(answer) or len(answer.data) != _FLOAT.size:
        return math.nan
    return float(_FLOAT.unpack(answer.data)[0])
