"""What the Ocean Binary Protocol's driver makes of instruments that are not as they should be."""

from __future__ import annotations

import struct

import pytest

from firmware_bridge.commands import Configure
from firmware_bridge.drivers.ocean_binary.decoder import OceanDecoder
from firmware_bridge.drivers.ocean_binary.message import OceanMessage, unpack_message
from firmware_bridge.drivers.ocean_binary.message_types import ErrorNumber, Flags, MessageType
from firmware_bridge.link import (
    BytesSkipped,
    CommandRefusedByInstrument,
    Connected,
    StatusReceived,
)
from tests.support.query_bench import QueryBench

LINK = {"configure": Configure(integration_time_us=20_000, averages=1)}


def bench(**options: object) -> QueryBench:
    return QueryBench("sts", link=LINK, **options)


def unchecked(message: bytes) -> bytes:
    it = unpack_message(message)
    return OceanMessage(
        it.message_type, it.data, it.regarding, it.flags, it.error, is_checked=False
    ).pack()


def test_every_question_carries_its_checksum_and_a_number_of_its_own():
    it = bench(dark_every=1)
    it.run_until(lambda: len(it.frames()) == 4)
    questions = OceanDecoder().feed(bytes(it.asked))
    assert all(isinstance(question, OceanMessage) for question in questions)
    assert all(question.is_checked for question in questions)
    numbers = [question.regarding for question in questions]
    assert numbers == list(range(1, len(numbers) + 1))
    orders = {question.message_type for question in questions if question.flags}
    assert orders == {
        MessageType.SET_BAUD,
        MessageType.SET_TRIGGER_MODE,
        MessageType.SET_INTEGRATION_TIME_US,
        MessageType.SET_SCANS_TO_AVERAGE,
        MessageType.SET_BOXCAR_WIDTH,
        MessageType.SET_LAMP_ENABLE,
    }


def test_an_instrument_that_makes_no_checksums_is_used_and_told():
    it = bench()
    it.spoil = unchecked
    it.run_until(lambda: len(it.frames()) == 2)
    assert {event.status.faults for event in it.of(StatusReceived)} == {("no_checksum",)}


def test_one_that_makes_them_has_to_make_them_always():
    it = bench()
    it.run_until(lambda: len(it.frames()) == 1)
    assert {event.status.faults for event in it.of(StatusReceived)} == {()}
    it.spoil = lambda message: unchecked(message) if len(message) > 1000 else message
    it.run_for(4.0)
    assert len(it.frames()) == 1
    assert any(event.reason == "an answer without its checksum" for event in it.of(BytesSkipped))
    it.spoil = bytes
    it.run_until(lambda: len(it.frames()) == 2)


def test_an_answer_to_an_earlier_question_is_not_taken():
    it = bench()
    old: list[bytes] = []

    def spoil(message: bytes) -> bytes:
        if len(message) < 1000:
            return message
        old.append(message)
        return old[0] + message if len(old) == 3 else message

    it.spoil = spoil
    it.run_until(lambda: len(it.frames()) == 4)
    assert len({frame.counts.tobytes() for frame in it.frames()}) == 4
    (skipped,) = it.of(BytesSkipped)
    assert skipped == BytesSkipped("an answer that nobody waits for, 0x00101000", len(old[0]))


def test_its_own_echo_is_no_answer():
    it = bench()
    it.run_until(lambda: it.of(Connected))
    echo = OceanMessage(MessageType.GET_SERIAL_NUMBER, regarding=99).pack()
    it.driver.receive(echo, it.now_s)
    it.run_for(1.0)
    assert BytesSkipped("echo of 0x00000100", 64) in it.of(BytesSkipped)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"S\n1", b"\x00"])
def test_a_serial_number_that_is_none_is_not_taken(content: bytes):
    it = bench()
    it.firmware._tells[MessageType.GET_SERIAL_NUMBER] = lambda _: content
    it.run_for(5.0)
    assert it.driver.description is None
    assert not it.frames()


def test_what_an_older_firmware_does_not_tell_the_model_says():
    it = bench()
    for unknown in (
        MessageType.GET_FIRMWARE_REVISION,
        MessageType.GET_PIXEL_COUNT,
        MessageType.GET_SATURATION_LEVEL,
        MessageType.GET_NONLINEARITY_COUNT,
        MessageType.GET_TEMPERATURE,
    ):
        it.firmware._tells.pop(unknown)
    for unknown in (MessageType.SET_BOXCAR_WIDTH, MessageType.SET_SCANS_TO_AVERAGE):
        it.firmware._takes.pop(unknown)
    it.run_until(lambda: it.frames())
    described = it.of(Connected)[0].description
    assert (described.pixel_count, described.saturation_counts) == (1024, 16_383)
    assert (described.firmware_version, described.nonlinearity_coefficients) == ("", ())
    assert it.of(StatusReceived)[0].status.detector_temperature_c is None
    assert not it.of(CommandRefusedByInstrument)


def test_averages_that_an_instrument_does_not_know_are_refused_and_nothing_is_recorded():
    it = QueryBench("sts", link={"configure": Configure(20_000, 4)})
    it.firmware._takes.pop(MessageType.SET_SCANS_TO_AVERAGE)
    it.run_for(12.0)
    assert not it.frames()
    refused = it.of(CommandRefusedByInstrument)
    assert len(refused) in (2, 3)
    assert refused[0] == CommandRefusedByInstrument(
        "SET_SCANS_TO_AVERAGE", ErrorNumber.UNKNOWN_MESSAGE_TYPE, "unknown message type"
    )
    it.driver.configure(Configure(averages=1))
    it.run_until(lambda: it.frames())


def test_coefficients_that_are_no_numbers_are_told_as_a_fault():
    it = bench()
    it.firmware._tells[MessageType.GET_WAVELENGTH] = lambda _: struct.pack("<f", float("nan"))
    it.run_until(lambda: it.of(StatusReceived))
    assert it.of(StatusReceived)[0].status.faults == ("calibration_damaged",)


@pytest.mark.parametrize(
    ("question", "answer", "fault"),
    [
        (MessageType.GET_PIXEL_COUNT, bytes(2), "pixel_count_implausible"),
        (MessageType.GET_PIXEL_COUNT, b"\xff\xff\xff\xff", "pixel_count_implausible"),
        (MessageType.GET_SATURATION_LEVEL, bytes(4), "saturation_implausible"),
    ],
)
def test_implausible_numbers_are_the_models_and_told(
    question: MessageType, answer: bytes, fault: str
):
    it = bench()
    it.firmware._tells[question] = lambda _: answer
    it.run_until(lambda: it.frames())
    described = it.of(Connected)[0].description
    assert (described.pixel_count, described.saturation_counts) == (1024, 16_383)
    assert it.of(StatusReceived)[0].status.faults == (fault,)


def test_a_count_of_coefficients_beyond_all_bounds_ends():
    it = bench()
    it.firmware._tells[MessageType.GET_WAVELENGTH_COUNT] = lambda _: b"\xff"
    it.run_until(lambda: it.of(Connected))
    assert len(it.of(Connected)[0].description.wavelength_coefficients_nm) == 16


def test_a_refused_spectrum_is_told_with_its_reason_and_asked_for_again():
    it = bench(count=2)
    it.run_for(6.0)
    assert len(it.frames()) == 2
    refused = it.of(CommandRefusedByInstrument)
    assert 2 <= len(refused) <= 20  # a quarter of a second apart at least
    assert refused[0] == CommandRefusedByInstrument(
        "GET_CORRECTED_SPECTRUM", ErrorNumber.NOT_READY, "not ready"
    )


def test_a_spectrum_of_half_a_pixel_is_refused():
    it = bench()

    def spoil(message: bytes) -> bytes:
        if len(message) < 1000:
            return message
        whole = unpack_message(message)
        return OceanMessage(
            whole.message_type, whole.data[:-1], whole.regarding, whole.flags
        ).pack()

    it.spoil = spoil
    it.run_for(3.0)
    assert not it.frames()
    assert "spectrum length" in it.of(CommandRefusedByInstrument)[0].detail


def test_a_spectrum_of_another_pixel_count_is_delivered_as_it_came():
    it = bench()

    def spoil(message: bytes) -> bytes:
        if len(message) < 1000:
            return message
        whole = unpack_message(message)
        return OceanMessage(
            whole.message_type, whole.data[:-4], whole.regarding, whole.flags
        ).pack()

    it.spoil = spoil
    it.run_until(lambda: it.frames())
    assert len(it.frames()[0].counts) == 1022
    assert it.driver.description.pixel_count == 1024


class Client:
    """Another program that talks to the virtual instrument."""

    def __init__(self) -> None:
        self.firmware = QueryBench("sts").firmware

    def ask(self, question: OceanMessage) -> list[OceanMessage]:
        self.firmware.receive(question.pack(), 0.0)
        self.firmware.poll(1e3)
        answers = []
        while (message := self.firmware.next_message(1e3)) is not None:
            answers.append(unpack_message(message))
        return answers


def test_the_virtual_instrument_answers_without_checksum_who_asks_without():
    (answer,) = Client().ask(OceanMessage(MessageType.GET_SERIAL_NUMBER, is_checked=False))
    assert (answer.data, answer.is_checked, answer.flags) == (b"S05507", False, Flags.RESPONSE)


def test_it_acknowledges_orders_only_where_that_is_asked_for():
    client = Client()
    data = (5_000).to_bytes(4, "little")
    assert client.ask(OceanMessage(MessageType.SET_INTEGRATION_TIME_US, data)) == []
    order = OceanMessage(MessageType.SET_INTEGRATION_TIME_US, data, 4, Flags.ACK_REQUESTED)
    (answer,) = client.ask(order)
    assert answer.flags == Flags.RESPONSE | Flags.ACK


@pytest.mark.parametrize(
    ("message_type", "data", "error"),
    [
        (0x7777, b"", ErrorNumber.UNKNOWN_MESSAGE_TYPE),
        (MessageType.SET_INTEGRATION_TIME_US, b"\x01", ErrorNumber.WRONG_PAYLOAD_LENGTH),
        (MessageType.SET_INTEGRATION_TIME_US, bytes(4), ErrorNumber.INVALID_PAYLOAD),
        (MessageType.SET_SCANS_TO_AVERAGE, b"\x00\x00", ErrorNumber.INVALID_PAYLOAD),
        (MessageType.SET_BAUD, (12_345).to_bytes(4, "little"), ErrorNumber.INVALID_PAYLOAD),
        (MessageType.SET_LAMP_ENABLE, b"\x02", ErrorNumber.INVALID_PAYLOAD),
        (MessageType.GET_WAVELENGTH, b"\x04", ErrorNumber.INVALID_PAYLOAD),
        (MessageType.GET_WAVELENGTH, b"", ErrorNumber.WRONG_PAYLOAD_LENGTH),
    ],
)
def test_it_refuses_with_the_reason(message_type: int, data: bytes, error: ErrorNumber):
    (answer,) = Client().ask(OceanMessage(message_type, data, 8, Flags.ACK_REQUESTED))
    assert answer.flags == Flags.RESPONSE | Flags.NACK
    assert (answer.error, answer.regarding) == (error, 8)


def test_it_does_not_answer_what_is_damaged():
    client = Client()
    wire = bytearray(OceanMessage(MessageType.GET_SERIAL_NUMBER).pack())
    wire[12] ^= 1
    client.firmware.receive(bytes(wire), 0.0)
    assert client.firmware.next_message(0.0) is None
