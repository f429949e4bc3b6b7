from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from firmware_bridge.commands import Configure
from firmware_bridge.drivers.settings import DriverSettings
from firmware_bridge.drivers.text.asked import AskedDriver
from firmware_bridge.drivers.text.device import EXAMPLE
from firmware_bridge.drivers.text.format import TextFormat
from firmware_bridge.errors import DriverSettingsError
from firmware_bridge.link import (
    BytesSkipped,
    CommandRefusedByInstrument,
    Connected,
    FrameReceived,
    InstrumentSilent,
)
from firmware_bridge.link.events import ForeignBytes, Redescribed
from firmware_bridge.virtual import pixel_wavelength_nm
from tests.support.text_bench import TextBench

ROWS = replace(EXAMPLE, pixel_count=64)
PLAIN = TextFormat("Plain", 32, 4095, query_command="READ?")


def test_it_says_who_it_is_and_every_spectrum_comes_as_it_was():
    bench = TextBench(ROWS, count=5)
    bench.run_until(lambda: len(bench.frames()) == 5)
    (connected,) = bench.of(Connected)
    said = connected.description
    assert (said.instrument_id, said.pixel_count, said.retains_until_ack) == ("TXT-7", 64, False)
    expected_nm = pixel_wavelength_nm(bench.exposures.wavelength_coefficients_nm, 64)
    np.testing.assert_allclose(said.wavelength_nm, expected_nm, atol=1e-6)
    sent = [acquired.counts.tolist() for acquired in bench.acquired]
    assert [frame.counts.tolist() for frame in bench.frames()] == sent
    assert [event.identity.sequence for event in bench.of(FrameReceived)] == list(range(5))
    assert bench.of(BytesSkipped) == []


def test_raman_shifts_become_wavelengths_by_the_laser():
    shifts = replace(ROWS, axis="cm1")
    bench = TextBench(shifts)
    bench.run_until(lambda: bench.of(Connected) != [])
    expected_nm = pixel_wavelength_nm(bench.exposures.wavelength_coefficients_nm, 64)
    np.testing.assert_allclose(bench.driver.description.wavelength_nm, expected_nm, atol=1e-4)
    with pytest.raises(DriverSettingsError, match="laser_wavelength_nm"):
        AskedDriver(DriverSettings(), shifts)


def test_settings_are_sent_before_the_next_spectrum_and_stand_in_the_frames():
    bench = TextBench(ROWS, link={"configure": Configure(8_000, 3)})
    bench.run_until(lambda: len(bench.frames()) == 2)
    assert bench.said.index("INT 8000") < bench.said.index("READ?", bench.said.index("INT 8000"))
    assert (bench.frames()[0].integration_time_us, bench.frames()[0].averages) == (8_000, 3)
    bench.driver.configure(Configure(integration_time_us=9_000))
    bench.run_until(lambda: bench.frames()[-1].integration_time_us == 9_000)
    assert bench.frames()[-1].averages == 3


def test_what_nobody_configured_is_set_as_well_at_each_connection():
    bench = TextBench(ROWS, integration_time_us=7_000)
    bench.run_until(lambda: len(bench.frames()) == 1)
    assert bench.said[:4] == ["*IDN?", "INT 100000", "AVG 1", "READ?"]
    assert bench.frames()[0].integration_time_us == 100_000
    bench.driver.reset()
    bench.run_until(lambda: len(bench.of(Connected)) == 2)
    assert bench.said.count("INT 100000") == 2


def test_frames_come_at_their_period_and_as_many_as_were_asked_for():
    bench = TextBench(PLAIN, link={"start_count": 4, "configure": Configure(period_us=200_000)})
    bench.run_until(lambda: len(bench.frames()) == 4)
    begun_s = [frame.instrument_time_us * 1e-6 for frame in bench.frames()]
    np.testing.assert_allclose(np.diff(begun_s), 0.2, atol=0.011)
    bench.run_for(1.0)
    assert len(bench.frames()) == 4


def test_darks_are_taken_in_the_dark_and_come_first():
    bench = TextBench(ROWS, told={"dark_every": 2}, link={"start_count": 4})
    bench.run_until(lambda: len(bench.frames()) == 4)
    kinds = [event.frame.kind for event in bench.of(FrameReceived)]
    assert kinds == ["dark", "light", "light", "dark", "light", "light"]
    brightest = max(frame.counts.max() for frame in bench.frames("dark"))
    assert brightest < min(frame.counts.max() for frame in bench.frames()) / 4


def test_a_dark_frame_in_the_light_is_refused():
    bench = TextBench(PLAIN, told={"dark_every": 2}, link={"start_on_connect": False})
    bench.driver.single("dark")
    bench.run_for(1.0)
    assert bench.of(FrameReceived) == []
    refused = {event.command for event in bench.of(CommandRefusedByInstrument)}
    assert refused == {"dark_every", "single dark"}


@pytest.mark.parametrize(("form", "mode"), [(PLAIN, 1), (ROWS, 2)])
def test_a_laser_that_cannot_be_switched_so_is_refused(form: TextFormat, mode: int):
    bench = TextBench(form, link={"configure": Configure(laser=mode)})
    bench.run_until(lambda: len(bench.frames()) == 1)
    assert [event.command for event in bench.of(CommandRefusedByInstrument)] == ["laser"]


def test_a_single_frame_is_taken_while_nothing_runs_and_nothing_after_stop():
    bench = TextBench(PLAIN, link={"start_on_connect": False})
    bench.run_for(0.5)
    assert bench.of(Connected) != []
    assert bench.of(FrameReceived) == []
    bench.driver.single("silicon")
    bench.run_until(lambda: len(bench.frames("silicon")) == 1)
    bench.driver.start()
    bench.run_until(lambda: len(bench.frames()) == 2)
    bench.driver.stop()
    bench.run_for(0.5)
    assert len(bench.frames()) == 2
    assert len(bench.frames("silicon")) == 1


def test_the_host_averages_where_the_instrument_does_not():
    bench = TextBench(PLAIN, link={"start_count": 2, "configure": Configure(averages=3)})
    bench.run_until(lambda: len(bench.frames()) == 2)
    first, second = bench.frames()
    shown = np.array([acquired.counts for acquired in bench.acquired[-6:]], dtype=float)
    assert first.averages == second.averages == 3
    assert np.array_equal(second.counts, np.rint(shown[-3:].mean(axis=0)))
    apart_us = second.instrument_time_us - first.instrument_time_us
    assert apart_us == pytest.approx(3 * 25_000, abs=15_000)


def test_a_pixel_that_was_full_once_is_full_in_the_mean():
    bench = TextBench(PLAIN, link={"start_count": 1, "configure": Configure(averages=2)})
    lines = iter([b"4095" + b",10" * 31 + b"\n", b"11" + b",20" * 31 + b"\n"] * 4)
    bench.spoil = lambda _: next(lines)
    bench.run_until(lambda: len(bench.frames()) == 1)
    assert bench.frames()[0].counts.tolist() == [4095] + [15] * 31


def test_a_lost_answer_is_asked_for_again():
    bench = TextBench(PLAIN)
    bench.run_until(lambda: len(bench.frames()) == 2)
    bench.is_mute = True
    bench.run_for(0.2)
    bench.is_mute = False
    bench.run_until(lambda: len(bench.frames()) == 5)
    assert len(bench.of(Connected)) == 1


@pytest.mark.parametrize("cut", [slice(0, 40), slice(40, None), slice(0, 0)])
def test_a_cut_answer_is_no_frame(cut: slice):
    bench = TextBench(PLAIN)
    bench.run_until(lambda: len(bench.frames()) == 1)
    bench.spoil = lambda message: message[cut]
    bench.run_for(0.1)
    bench.spoil = bytes
    bench.run_until(lambda: len(bench.frames()) >= 4)
    sent = {tuple(acquired.counts.tolist()) for acquired in bench.acquired}
    assert {tuple(frame.counts.tolist()) for frame in bench.frames()} <= sent


def test_an_answer_that_is_late_is_not_taken_for_the_next_one():
    bench = TextBench(ROWS, told={"dark_every": 1})
    bench.run_until(lambda: len(bench.frames()) == 2)
    held: list[bytes] = []
    bench.spoil = lambda message: held.append(message) or b""
    bench.run_until(lambda: held != [])
    bench.spoil = bytes
    bench.run_until(lambda: bench.driver._question is None)  # it gave up waiting
    bench.send(held[0])
    before = len(bench.of(FrameReceived))
    bench.run_until(lambda: len(bench.of(FrameReceived)) >= before + 4)
    assert max(frame.counts.max() for frame in bench.frames("dark")) < 5_000
    assert min(frame.counts.max() for frame in bench.frames()) > 5_000
    assert any("nobody asked" in event.reason for event in bench.of(BytesSkipped))


def test_the_rest_of_a_damaged_answer_is_told_once():
    bench = TextBench(ROWS)
    bench.run_until(lambda: len(bench.frames()) == 2)
    bench.spoil = lambda message: message[:200] + b"$" + message[201:]
    bench.run_until(lambda: bench.of(BytesSkipped) != [])
    bench.spoil = bytes
    bench.run_until(lambda: len(bench.frames()) == 4)
    first, rest = bench.of(BytesSkipped)
    assert "$" in first.reason
    assert rest.reason == "nobody asked for it"
    assert rest.byte_count > 500


def test_a_refusal_is_told_with_what_was_refused():
    bench = TextBench(ROWS, spoken=replace(ROWS, query_command="SPECTRUM?"))
    bench.run_until(lambda: bench.of(CommandRefusedByInstrument) != [])
    refused = bench.of(CommandRefusedByInstrument)[0]
    assert refused.command == "READ?"
    assert refused.detail.startswith("ERR")
    bench.run_for(2.0)
    assert bench.of(FrameReceived) == []


def test_silence_is_told_and_its_end_is_a_connection():
    bench = TextBench(ROWS)
    bench.run_until(lambda: len(bench.frames()) == 2)
    bench.is_deaf = True
    bench.run_until(lambda: bench.of(InstrumentSilent) != [])
    assert bench.driver.description is None
    assert bench.of(InstrumentSilent)[0].for_s == pytest.approx(4.0, abs=0.1)
    bench.is_deaf = False
    bench.run_until(lambda: len(bench.of(Connected)) == 2)
    sequences = [event.identity.sequence for event in bench.of(FrameReceived)]
    bench.run_until(lambda: len(bench.frames()) >= 4)
    assert sequences == list(range(len(sequences)))


def test_an_exposure_longer_than_the_patience_is_no_silence():
    bench = TextBench(ROWS, link={"configure": Configure(integration_time_us=6_000_000)})
    bench.run_until(lambda: len(bench.frames()) == 2)
    assert bench.of(InstrumentSilent) == []


def test_an_instrument_that_has_nothing_to_do_is_not_silent():
    bench = TextBench(PLAIN, link={"start_on_connect": False})
    bench.run_for(12.0)
    assert len(bench.of(Connected)) == 1
    assert bench.of(InstrumentSilent) == []


def test_another_instrument_on_the_same_port_is_a_new_connection():
    bench = TextBench(ROWS, link={"start_on_connect": False})
    bench.run_until(lambda: bench.of(Connected) != [])
    bench.virtual = replace(bench.virtual, instrument_id="TXT-8")
    bench.boot()
    bench.run_until(lambda: len(bench.of(Connected)) == 2)
    assert bench.driver.description.instrument_id == "TXT-8"


def test_another_axis_is_believed_when_it_came_twice():
    bench = TextBench(ROWS)
    bench.run_until(lambda: len(bench.frames()) == 2)
    before_nm = bench.driver.description.wavelength_nm
    bench.spoil = lambda message: message.replace(b"\n5", b"\n6", 3)
    bench.run_for(0.06)
    bench.spoil = bytes
    bench.run_for(2.0)
    assert bench.of(Redescribed) == []
    bench.spoil = lambda message: message.replace(b"\n534,", b"\n533,")
    bench.run_until(lambda: bench.of(Redescribed) != [])
    after_nm = bench.driver.description.wavelength_nm
    assert after_nm[0] == pytest.approx(before_nm[0] - 1)


def test_what_speaks_another_language_is_described_and_never_a_frame():
    bench = TextBench(PLAIN)
    bench.is_mute = True
    for _ in range(60):
        bench.send(b"hello from another device\r\n")
        bench.run_for(0.1)
    assert bench.of(FrameReceived) == []
    assert "lines of text" in bench.of(ForeignBytes)[0].seen


def test_garbage_between_answers_costs_no_correct_frame_its_meaning():
    bench = TextBench(PLAIN)
    rng = np.random.default_rng(8)
    for _ in range(50):
        bench.send(rng.integers(0, 256, 30, dtype=np.uint8).tobytes())
        bench.run_for(0.15)
    sent = {tuple(acquired.counts.tolist()) for acquired in bench.acquired}
    received = [tuple(frame.counts.tolist()) for frame in bench.frames()]
    assert len(received) > 5
    assert set(received) <= sent
