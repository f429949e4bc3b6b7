"""The firmware of a virtual instrument that speaks the Ocean Binary Protocol; no I/O.

It wakes at its first baud rate and stays at the one it was ordered to until its next boot. It
answers one question after the other: while it exposes, what comes waits. What is damaged is
not answered. Nothing is retained. The light is on from the boot, until it is switched off.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable

from firmware_bridge.drivers.ocean_binary.decoder import OceanDecoder
from firmware_bridge.drivers.ocean_binary.message import OceanMessage
from firmware_bridge.drivers.ocean_binary.message_types import ErrorNumber, Flags, MessageType
from firmware_bridge.drivers.ocean_binary.models import BAUDS, OceanModel
from firmware_bridge.virtual.exposures import Exposures
from firmware_bridge.virtual.firmware import Acquired
from firmware_bridge.virtual.settings import VirtualSettings

_FIRMWARE_REVISION = 0x0321
_NONLINEARITY = (1.0, *[0.0] * 7)
"""A detector made of arithmetic is linear."""
_MAX_WAITING = 64
_MAX_SERIAL_BYTES = 16
_FLOAT = struct.Struct("<f")
_SPECTRA = (MessageType.GET_CORRECTED_SPECTRUM, MessageType.GET_RAW_SPECTRUM)


class OceanBinaryFirmware:
    """One instrument from its boot to its next.

    Parameters
    ----------
    model : OceanModel
    settings : VirtualSettings
    exposures : Exposures
    boot_id : int
    """

    def __init__(
        self, model: OceanModel, settings: VirtualSettings, exposures: Exposures, boot_id: int
    ) -> None:
        self.boot_id = boot_id
        self.baud = settings.baud
        self._next_baud: int | None = None
        self.retained_frames = 0
        self.refused_frames = 0
        self._model = model
        self._settings = settings
        self._exposures = exposures
        self._integration_time_us = settings.first_integration_time_us
        self._averages = settings.averages
        self._light_is_on = True
        self._decoder = OceanDecoder()
        self._waiting: deque[OceanMessage] = deque(maxlen=_MAX_WAITING)
        self._exposing: tuple[float, bytes] | None = None
        self._answers: deque[tuple[bytes, int | None]] = deque(maxlen=_MAX_WAITING)
        self._acquired: list[Acquired] = []
        self._tells: dict[int, Callable[[bytes], bytes | ErrorNumber]] = self._make_tells()
        self._takes: dict[int, Callable[[bytes], ErrorNumber]] = self._make_takes()

    @property
    def is_finished(self) -> bool:
        """True when all that was to be acquired is acquired and sent."""
        is_idle = self._exposing is None and not self._answers and not self._acquired
        return self._exposures.exhausted and is_idle

    def receive(self, data: bytes, now_s: float) -> None:
        """Take bytes from the host; what is damaged or no question is ignored."""
        for found in self._decoder.feed(data):
            if isinstance(found, OceanMessage) and not found.flags & Flags.RESPONSE:
                self._waiting.append(found)
        self.poll(now_s)

    def poll(self, now_s: float) -> None:
        """End an exposure that is due, and answer what waited for it."""
        if self._exposing is not None and self._exposing[0] <= now_s:
            self._answers.append((self._exposing[1], None))
            self._exposing = None
        while self._exposing is None and self._waiting:
            self._take(self._waiting.popleft(), now_s)

    def next_message(self, now_s: float) -> bytes | None:
        """Return the next answer, once; a new baud rate is in force after its acknowledgement."""
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

    def _take(self, question: OceanMessage, now_s: float) -> None:
        if question.message_type in (*_SPECTRA, self._model.spectrum_type):
            self._expose(question, now_s)
        elif question.message_type in self._tells:
            self._tell(question, self._tells[question.message_type](question.data))
        elif question.message_type in self._takes:
            self._obey(question, self._takes[question.message_type](question.data))
        else:
            self._tell(question, ErrorNumber.UNKNOWN_MESSAGE_TYPE)

    def _tell(self, question: OceanMessage, content: bytes | ErrorNumber) -> None:
        self._answers.append((_answer(question, content), None))

    def _obey(self, order: OceanMessage, error: ErrorNumber) -> None:
        is_baud = order.message_type == MessageType.SET_BAUD and not error
        baud = int.from_bytes(order.data, "little") if is_baud else None
        if error or order.flags & Flags.ACK_REQUESTED:
            self._answers.append((_answer(order, error or b""), baud))
        elif baud is not None:
            self.baud = baud

    def _expose(self, question: OceanMessage, now_s: float) -> None:
        if self._exposures.exhausted:
            self._tell(question, ErrorNumber.NOT_READY)
            return
        exposure = self._integration_time_us, self._averages
        if self._light_is_on:
            counts, index = self._exposures.light(*exposure)
            self._acquired.append(Acquired(index, counts, None))
        else:
            counts = self._exposures.dark(*exposure)
        answer = _answer(question, self._model.pack_spectrum(counts))
        self._exposing = (now_s + exposure[0] * exposure[1] * 1e-6, answer)

    def _make_tells(self) -> dict[int, Callable[[bytes], bytes | ErrorNumber]]:
        it, exposures = self._settings, self._exposures
        wavelength = exposures.wavelength_coefficients_nm
        return {
            MessageType.GET_FIRMWARE_REVISION: lambda _: _u16(_FIRMWARE_REVISION),
            MessageType.GET_SERIAL_NUMBER: lambda _: it.instrument_id.encode("ascii", "replace"),
            MessageType.GET_SERIAL_NUMBER_LENGTH: lambda _: bytes([_MAX_SERIAL_BYTES]),
            MessageType.GET_BAUD: lambda _: self.baud.to_bytes(4, "little"),
            MessageType.GET_SATURATION_LEVEL: lambda _: it.saturation_counts.to_bytes(4, "little"),
            MessageType.GET_PIXEL_COUNT: lambda _: _u16(it.pixel_count),
            MessageType.GET_WAVELENGTH_COUNT: lambda _: bytes([len(wavelength)]),
            MessageType.GET_WAVELENGTH: lambda data: _coefficient(wavelength, data),
            MessageType.GET_NONLINEARITY_COUNT: lambda _: bytes([len(_NONLINEARITY)]),
            MessageType.GET_NONLINEARITY: lambda data: _coefficient(_NONLINEARITY, data),
            self._model.temperature_type: lambda _: _FLOAT.pack(exposures.temperature_c),
        }

    def _make_takes(self) -> dict[int, Callable[[bytes], ErrorNumber]]:
        return {
            MessageType.SET_BAUD: lambda data: _within(data, 4, BAUDS[0], BAUDS[-1], BAUDS),
            MessageType.SET_INTEGRATION_TIME_US: self._set_integration_time,
            MessageType.SET_SCANS_TO_AVERAGE: self._set_averages,
            MessageType.SET_TRIGGER_MODE: lambda data: _within(data, 1, 0, 4),
            MessageType.SET_BOXCAR_WIDTH: lambda data: _within(data, 1, 0, 15),
            MessageType.SET_LAMP_ENABLE: self._set_light,
            MessageType.CLEAR_BUFFER: lambda _: ErrorNumber.SUCCESS,
        }

    def _set_integration_time(self, data: bytes) -> ErrorNumber:
        error = _within(data, 4, *self._model.integration_time_us)
        if not error:
            self._integration_time_us = int.from_bytes(data, "little")
        return error

    def _set_averages(self, data: bytes) -> ErrorNumber:
        error = _within(data, 2, 1, self._model.max_averages)
        if not error:
            self._averages = int.from_bytes(data, "little")
        return error

    def _set_light(self, data: bytes) -> ErrorNumber:
        error = _within(data, 1, 0, 1)
        if not error:
            self._light_is_on = data == b"\x01"
        return error


def _answer(question: OceanMessage, content: bytes | ErrorNumber) -> bytes:
    is_order = bool(question.flags & Flags.ACK_REQUESTED)
    if isinstance(content, ErrorNumber):
        flags, data, error = Flags.RESPONSE | Flags.NACK, b"", int(content)
    else:
        flags, data, error = Flags.RESPONSE, content, 0
        flags |= Flags.ACK if is_order else Flags.NONE
    return OceanMessage(
        question.message_type, data, question.regarding, flags, error, question.is_checked
    ).pack()


def _u16(value: int) -> bytes:
    return value.to_bytes(2, "little")


def _coefficient(values: tuple[float, ...], data: bytes) -> bytes | ErrorNumber:
    if len(data) != 1:
        return ErrorNumber.WRONG_PAYLOAD_LENGTH
    return _FLOAT.pack(values[data[0]]) if data[0] < len(values) else ErrorNumber.INVALID_PAYLOAD


def _within(
    data: bytes, length: int, least: int, most: int, among: tuple[int, ...] = ()
) -> ErrorNumber:
    if len(data) != length:
        return ErrorNumber.WRONG_PAYLOAD_LENGTH
    value = int.from_bytes(data, "little")
    fits = value in among if among else least <= value <= most
    return ErrorNumber.SUCCESS if fits else ErrorNumber.INVALID_PAYLOAD
