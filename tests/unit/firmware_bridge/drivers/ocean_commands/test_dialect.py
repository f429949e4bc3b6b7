"""What the Ocean command set's driver makes of instruments that are not as they should be."""

from __future__ import annotations

import math

import pytest

from firmware_bridge.commands import Configure
from firmware_bridge.drivers.ocean_commands.codec import ACK, ETX, NAK, command
from firmware_bridge.link import (
    BytesSkipped,
    CommandRefusedByInstrument,
    Connected,
    StatusReceived,
)
from tests.support.query_bench import QueryBench

LINK = {"configure": Configure(integration_time_us=20_000, averages=1)}


def bench(**options: object) -> QueryBench:
    return QueryBench("flame-s", link=LINK, **options)


def test_an_instrument_in_ascii_mode_is_taken_back():
    it = bench()
    it.firmware.receive(b"aA", 0.0)
    it.run_until(lambda: it.frames())
    assert not it.of(CommandRefusedByInstrument)


def test_a_constant_that_was_damaged_once_is_read_again():
    it = bench()
    seen: list[bytes] = []

    def spoil(message: bytes) -> bytes:
        is_number = message[:1] == b"\x06" and b"." in message
        if not is_number or seen:
            return message
        seen.append(message)
        return message.replace(b".", b"7")

    it.spoil = spoil
    it.run_until(lambda: it.of(Connected))
    told = it.of(Connected)[0].description.wavelength_coefficients_nm
    assert told == pytest.approx(it.exposures.wavelength_coefficients_nm, rel=1e-9)
    assert seen


def test_a_line_that_damages_every_constant_connects_to_nobody():
    it = bench()
    noise = iter(range(10**9))

    def spoil(message: bytes) -> bytes:
        return message[:2] + b"%d" % next(noise) + message[2:] if len(message) > 3 else message

    it.spoil = spoil
    it.run_for(10.0)
    assert not it.of(Connected)


def test_padded_and_unended_texts_are_read_like_others():
    for ending in (b"\r\n", b"\x00\x00\x00\x00", b""):
        it = bench()
        tell = it.firmware._tell

        def told(argument: bytes, it=it, tell=tell, ending=ending) -> None:
            tell(argument)
            answer, baud = it.firmware._answers.pop()
            it.firmware._answers.append((answer.rstrip(b"\r") + ending, baud))

        it.firmware._tell = told
        it.run_until(lambda it=it: it.of(Connected))
        assert it.of(Connected)[0].description.instrument_id == "FLMS00123"
        it.run_until(lambda it=it: it.frames())


def test_constants_that_are_no_numbers_are_told_as_a_fault():
    it = bench()
    constant = it.firmware._constant
    it.firmware._constant = lambda number: "n/a" if number == 2 else constant(number)
    it.run_until(lambda: it.of(StatusReceived))
    assert it.of(StatusReceived)[0].status.faults == ("calibration_damaged",)
    assert math.isnan(it.of(Connected)[0].description.wavelength_coefficients_nm[1])


@pytest.mark.parametrize(("order", "terms"), [("3", 4), ("", 0), ("9", 0), ("-1", 0)])
def test_the_order_of_the_nonlinearity_says_how_many_terms(order: str, terms: int):
    it = bench()
    constant = it.firmware._constant
    it.firmware._constant = lambda number: order if number == 14 else constant(number)
    it.run_until(lambda: it.of(Connected))
    assert len(it.of(Connected)[0].description.nonlinearity_coefficients) == terms


def test_a_spectrum_of_other_settings_is_not_taken_and_they_are_given_again():
    it = bench()
    it.run_until(lambda: len(it.frames()) == 1)
    it.firmware._values["I"] = 33
    it.run_until(lambda: len(it.frames()) == 3)
    (refused,) = it.of(CommandRefusedByInstrument)
    assert refused.detail == "1 scans of 33000 us came, asked for were 1 scans of 20000 us"
    assert {frame.integration_time_us for frame in it.frames()} == {20_000}


def test_an_instrument_that_forgot_its_checksum_is_told_again():
    it = bench()
    it.run_until(lambda: len(it.frames()) == 1)
    it.firmware._values["k"] = 0
    it.run_until(lambda: len(it.frames()) == 3)
    assert it.firmware._values["k"] == 1


def test_settings_that_are_refused_are_told_and_nothing_is_recorded():
    it = bench()
    it.firmware._bounds["k"] = (0, 0)
    it.run_for(12.0)
    assert not it.frames()
    refused = it.of(CommandRefusedByInstrument)
    assert refused[0] == CommandRefusedByInstrument("k", NAK, "k 1: NAK")
    assert len(refused) in (2, 3)


def test_no_spectrum_is_told_and_asked_for_again():
    it = bench(count=2)
    it.run_for(6.0)
    assert len(it.frames()) == 2
    refused = it.of(CommandRefusedByInstrument)
    assert 2 <= len(refused) <= 20
    assert refused[0].detail == "no spectrum: not enough memory"


def test_a_late_acknowledgement_does_no_harm():
    it = bench()
    it.spoil = lambda message: bytes([ACK]) + message
    it.run_until(lambda: len(it.frames()) == 5)
    assert it.of(Connected)[0].description.instrument_id == "FLMS00123"
    assert {(f.integration_time_us, f.averages) for f in it.frames()} == {(20_000, 1)}


class Client:
    """Another program that talks to the virtual instrument."""

    def __init__(self) -> None:
        self.firmware = QueryBench("flame-s", pixel_count=8).firmware
        self.now_s = 0.0

    def ask(self, data: bytes) -> bytes:
        self.firmware.receive(data, self.now_s)
        self.now_s += 1.0
        self.firmware.poll(self.now_s)
        answers = []
        while (message := self.firmware.next_message(self.now_s)) is not None:
            answers.append(message)
        return b"".join(answers)


def test_the_virtual_instrument_answers_byte_by_byte_as_well():
    client = Client()
    for byte in command("I", 7)[:-1]:
        assert client.ask(bytes([byte])) == b""
    assert client.ask(b"\x07") == bytes([ACK])
    assert client.ask(b"?I") == b"\x06\x00\x07"
    assert client.ask(b"v") == b"\x06\x09\x25"
    assert client.ask(command("?x", 0)) == b"\x06FLMS00123\r"


@pytest.mark.parametrize(
    "wrong",
    [
        command("I", 0),
        command("A", 5_001),
        command("J", 2),
        command("G", 1),
        command("K", 9),
        command("?x", 99),
        b"?Z",
        b"bX",
        b"!",
    ],
)
def test_it_refuses_what_it_does_not_know(wrong: bytes):
    assert Client().ask(wrong) == bytes([NAK])


def test_it_has_no_spectrum_when_all_are_taken():
    client = Client()
    client.firmware = QueryBench("flame-s", pixel_count=8, count=1).firmware
    assert client.ask(b"S")[:3] == b"\x02\xff\xff"
    assert client.ask(b"S") == bytes([ETX])


def test_another_rate_holds_if_it_is_confirmed_in_time():
    client = Client()
    assert client.ask(command("K", 6)) == bytes([ACK])
    assert client.firmware.baud == 115_200
    assert client.ask(command("K", 6)) == bytes([ACK])
    client.now_s += 10
    client.ask(b"v")
    assert client.firmware.baud == 115_200
    client.ask(command("K", 3))
    assert client.firmware.baud == 19_200
    client.now_s += 2.5
    client.firmware.poll(client.now_s)
    assert client.firmware.baud == 115_200


def test_noise_is_answered_and_nothing_grows():
    client = Client()
    for byte in range(256):
        client.firmware.receive(bytes([byte]) * 997, client.now_s)
        client.ask(b"")
    assert len(client.firmware._held) <= 256
    assert len(client.firmware._answers) <= 64


def test_skipped_bytes_are_told_together():
    it = bench()
    it.run_until(lambda: it.of(Connected))
    for _ in range(40):
        it.driver.receive(b"\x99\x98", it.now_s)
    it.run_for(1.0)
    assert sum(event.byte_count for event in it.of(BytesSkipped)) == 80
    assert len(it.of(BytesSkipped)) <= 3
