from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from firmware_bridge.commands import Configure
from firmware_bridge.drivers.c12880ma.formats import FREE_RUNNING, QUERY
from firmware_bridge.drivers.registry import DEVICES
from firmware_bridge.drivers.settings import DriverSettings
from firmware_bridge.drivers.text.reading import Reading, SpectrumReader
from firmware_bridge.link import (
    BytesSkipped,
    CommandRefusedByInstrument,
    Connected,
    FrameReceived,
)
from firmware_bridge.link.events import ForeignBytes
from tests.support.text_bench import TextBench

ANSWER = b",".join(b"%d" % (1000 + pixel) for pixel in range(288))


def test_the_query_firmware_is_asked_as_its_source_has_it():
    bench = TextBench(QUERY, link={"configure": Configure(20_000), "start_count": 1})
    bench.run_until(lambda: len(bench.frames()) == 1)
    assert bench.said == ["SPEC.TIMING?", "SPEC.INTEG 0.020000", "SPEC.READ?", "SPEC.TIMING?"]
    (connected,) = bench.of(Connected)
    assert connected.description.instrument_id == "C12880MA"
    assert connected.description.pixel_count == 288


def test_its_lines_are_spectra_byte_by_byte():
    bench = TextBench(QUERY)
    bench.is_deaf = True
    bench.run_until(lambda: bench.said == ["SPEC.TIMING?"])
    for byte in b"100,10100,10150,10190,12000,0,0,0,0,0\n":
        bench.send(bytes([byte]))
    bench.run_until(lambda: bench.said[-1] == "SPEC.READ?")
    for byte in ANSWER + b"\n":
        bench.send(bytes([byte]))
    bench.run_until(lambda: bench.said[-1] == "SPEC.TIMING?")
    bench.send(b"900100,910100,910150,910190,912000,0,0,0,0,0\r\n")
    (frame,) = bench.frames()
    assert frame.counts.tolist() == list(range(1000, 1288))
    assert (frame.integration_time_us, frame.saturation_counts) == (10_000, 65_535)


def test_ten_numbers_are_no_spectrum_and_288_no_timing():
    bench = TextBench(QUERY)
    bench.is_deaf = True
    bench.run_until(lambda: bench.said == ["SPEC.TIMING?"])
    bench.send(ANSWER + b"\n")
    assert bench.of(Connected) == []
    assert "no exposure" in bench.of(BytesSkipped)[0].reason


def test_an_exposure_that_was_not_taken_over_is_told_given_again_and_never_claimed():
    bench = TextBench(QUERY, link={"configure": Configure(50_000)})
    lose = [True]
    receive = bench.firmware.receive

    def without_the_first_setting(data: bytes, now_s: float) -> None:
        if b"INTEG" in data and lose:
            lose.clear()
            data = data[data.index(b"SPEC.READ?") :]
        receive(data, now_s)

    bench.firmware.receive = without_the_first_setting  # type: ignore[method-assign]
    bench.run_until(lambda: len(bench.frames()) == 3)
    assert [frame.integration_time_us for frame in bench.frames()] == [20_000, 50_000, 50_000]
    (refused,) = bench.of(CommandRefusedByInstrument)
    assert "exposed 20000 µs, not 50000 µs as asked" in refused.detail


def test_a_board_that_reset_itself_is_given_its_settings_again():
    bench = TextBench(QUERY, link={"configure": Configure(50_000)})
    bench.run_until(lambda: len(bench.frames()) == 2)
    bench.boot()
    bench.run_until(lambda: len(bench.frames()) == 6)
    told_us = [frame.integration_time_us for frame in bench.frames()]
    assert told_us[-2:] == [50_000, 50_000]
    assert bench.said.count("SPEC.INTEG 0.050000") >= 2


def test_the_clock_of_32_bits_may_run_over_during_an_exposure():
    bench = TextBench(QUERY)
    bench.is_deaf = True
    bench.run_until(lambda: bench.said == ["SPEC.TIMING?"])
    bench.send(b"1,2,3,4,5,0,0,0,0,0\n")
    bench.run_until(lambda: bench.said[-1] == "SPEC.READ?")
    bench.send(ANSWER + b"\n")
    bench.run_until(lambda: bench.said[-1] == "SPEC.TIMING?")
    bench.send(b"4294965296,1,28000,4,5,0,0,0,0,0\n")
    assert bench.frames()[0].integration_time_us == 30_000


def test_a_command_it_did_not_understand_is_told_and_asked_again():
    bench = TextBench(QUERY)
    bench.run_until(lambda: len(bench.frames()) == 1)
    receive, garble = bench.firmware.receive, [True]

    def garbled(data: bytes, now_s: float) -> None:
        receive(data.replace(b"READ", b"REAX") if garble and b"READ" in data else data, now_s)
        garble[:] = garble if b"READ" not in data else []

    bench.firmware.receive = garbled  # type: ignore[method-assign]
    bench.run_until(lambda: len(bench.frames()) == 4)
    (refused,) = bench.of(CommandRefusedByInstrument)
    assert refused.detail == "### Error: command 'SPEC.REAX?' not recognized ###"


def test_the_other_firmware_is_never_taken_for_it():
    bench = TextBench(QUERY, spoken=replace(FREE_RUNNING, saturation_counts=65_535))
    bench.run_for(10.0)
    assert len(bench.acquired) > 100
    assert bench.of(Connected) + bench.of(FrameReceived) == []
    assert "lines of text" in bench.of(ForeignBytes)[0].seen


def test_a_flipped_bit_changes_one_pixel_at_most_and_a_third_of_them_are_not_seen():
    rng = np.random.default_rng(3)
    altered = 0
    for _ in range(400):
        line = bytearray(ANSWER)
        at = int(rng.integers(8 * len(line)))
        line[at // 8] ^= 1 << at % 8
        found = [SpectrumReader(QUERY).feed(part) for part in bytes(line).split(b"\n")]
        for reading in (it for it in found if isinstance(it, Reading)):
            wrong = int((reading.counts != np.arange(1000, 1288)).sum())
            assert wrong <= 1
            altered += wrong
    assert 0.2 < altered / 400 < 0.45  # text has no checksum: the README says so


def test_the_free_running_firmware_writes_a_comma_after_the_last():
    bench = TextBench(FREE_RUNNING)
    bench.is_mute = True
    bench.send(b"\n" + b"1000," * 288 + b"\n")
    assert bench.frames()[0].counts.tolist() == [1000] * 288
    assert bench.frames()[0].integration_time_us == 0


@pytest.mark.parametrize(("name", "usual"), [("c12880ma", 65_535), ("c12880ma-free", 1023)])
def test_another_converter_is_configured(name: str, usual: int):
    device = DEVICES[name]
    assert device.virtual.saturation_counts == usual
    driver = device.make_driver(DriverSettings(saturation_counts=4095))
    assert driver._format == replace(driver._format, saturation_counts=4095)


def test_more_counts_than_the_converter_has_are_no_frame():
    bench = TextBench(FREE_RUNNING)
    bench.is_mute = True
    bench.send(b"\n" + b"1024," * 288 + b"\n")
    assert bench.of(FrameReceived) == []
    assert "saturation_counts is 1023" in bench.of(BytesSkipped)[0].reason
