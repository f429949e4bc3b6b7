from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from firmware_bridge.commands import Configure
from firmware_bridge.drivers.text.device import EXAMPLE
from firmware_bridge.drivers.text.format import TextFormat
from firmware_bridge.link import (
    BytesSkipped,
    CommandRefusedByInstrument,
    Connected,
    FrameReceived,
    InstrumentSilent,
)
from tests.support.text_bench import TextBench

LINE = TextFormat("Free", 32, 4095)
ROWS = replace(
    EXAMPLE, pixel_count=32, query_command="", identify_command="", error_prefixes=(), end_line=""
)
STARTED = replace(LINE, start_command="GO", stop_command="HALT", integration_command="INT {ms:.1f}")
LIT = replace(LINE, dark_command="LASER OFF", light_command="LASER ON")


@pytest.mark.parametrize("text_format", [LINE, ROWS, STARTED, LIT])
def test_all_it_sends_arrives_as_it_was(text_format: TextFormat):
    bench = TextBench(text_format, count=6)
    bench.run_until(lambda: len(bench.frames()) == 6)
    sent = [acquired.counts.tolist() for acquired in bench.acquired]
    assert [frame.counts.tolist() for frame in bench.frames()] == sent
    assert len(bench.of(Connected)) == 1


def test_a_line_that_began_before_the_port_was_opened_is_no_spectrum():
    bench = TextBench(LINE)
    bench.is_mute = True
    bench.send(b"234," + b"7," * 31 + b"\n")  # cut from "1234,7,7…": it has all its columns
    bench.send(b"9," * 32 + b"\n")
    assert [frame.counts.tolist() for frame in bench.frames()] == [[9] * 32]
    bench.send(b"1,1,")
    bench.driver.reset()
    bench.send(b"8," * 32 + b"\n")
    bench.send(b"5," * 32 + b"\n")
    assert [frame.counts[0] for frame in bench.frames()] == [9, 5]


def test_a_damaged_line_costs_itself_only():
    bench = TextBench(LINE, count=8)
    bench.run_until(lambda: len(bench.frames()) == 3)
    bench.spoil = lambda message: message.replace(b",", b"", 1)
    bench.run_until(lambda: len(bench.acquired) == 4)
    bench.spoil = bytes
    bench.run_until(lambda: len(bench.frames()) == 7)
    (skipped,) = bench.of(BytesSkipped)
    assert "31 columns, not 32" in skipped.reason


def test_rows_joined_in_the_midst_begin_with_the_next_spectrum():
    bench = TextBench(ROWS)
    cut = [True]
    bench.spoil = lambda message: message[len(message) // 2 :] if cut and cut.pop() else message
    bench.run_until(lambda: len(bench.frames()) == 4)
    sent = {tuple(acquired.counts.tolist()) for acquired in bench.acquired}
    assert {tuple(frame.counts.tolist()) for frame in bench.frames()} <= sent


def test_it_is_started_and_stopped_where_it_can_be():
    bench = TextBench(STARTED, link={"start_on_connect": False})
    bench.run_for(6.0)
    assert bench.said == []
    assert bench.of(InstrumentSilent) == []  # it was not asked to speak
    bench.driver.start(2)
    bench.run_until(lambda: len(bench.frames()) == 2)
    bench.run_for(0.2)
    assert bench.said == ["GO", "HALT"]
    assert len(bench.frames()) == 2


def test_a_start_that_was_lost_is_given_again():
    bench = TextBench(STARTED)
    bench.is_deaf = True
    bench.run_until(lambda: bench.of(InstrumentSilent) != [])
    bench.is_deaf = False
    bench.run_until(lambda: len(bench.frames()) == 1, limit_s=5.0)
    assert bench.said.count("GO") >= 2


def test_what_it_cannot_be_told_is_refused_and_the_first_word_is_believed():
    bench = TextBench(LINE, link={"configure": Configure(5_000, 1, 100_000)})
    bench.run_until(lambda: len(bench.frames()) == 2)
    refused = {event.command for event in bench.of(CommandRefusedByInstrument)}
    assert refused == {"integration_time_us", "period_us"}
    bench.driver.configure(Configure(integration_time_us=70_000))
    bench.run_for(0.5)
    assert {frame.integration_time_us for frame in bench.frames()} == {5_000}


def test_settings_it_takes_are_sent():
    bench = TextBench(STARTED, link={"configure": Configure(integration_time_us=2_500)})
    bench.run_until(lambda: len(bench.frames()) == 3)
    assert "INT 2.5" in bench.said
    assert bench.frames()[0].integration_time_us == 2_500


def test_the_spectrum_on_its_way_when_a_single_frame_is_asked_for_is_not_it():
    bench = TextBench(LINE, link={"start_on_connect": False})
    bench.run_until(lambda: len(bench.acquired) == 3)
    bench.driver.single("neon")
    bench.run_until(lambda: len(bench.frames("neon")) == 1)
    shown = [acquired.counts.tolist() for acquired in bench.acquired]
    assert shown.index(bench.frames("neon")[0].counts.tolist()) >= 4
    bench.run_for(0.3)
    assert len(bench.of(FrameReceived)) == 1


def test_darks_are_taken_in_the_dark():
    bench = TextBench(LIT, told={"dark_every": 2}, link={"start_count": 4})
    bench.run_until(lambda: len(bench.frames()) == 4)
    kinds = [event.frame.kind for event in bench.of(FrameReceived)]
    assert kinds == ["dark", "light", "light", "dark", "light", "light"]
    brightest = max(int(frame.counts.max()) for frame in bench.frames("dark"))
    assert brightest < min(int(frame.counts.max()) for frame in bench.frames()) / 4


def test_silence_is_told_and_numbers_go_on_after_it():
    bench = TextBench(LINE)
    bench.run_until(lambda: len(bench.frames()) == 2)
    bench.is_mute = True
    bench.run_until(lambda: bench.of(InstrumentSilent) != [])
    bench.is_mute = False
    bench.run_until(lambda: len(bench.of(Connected)) == 2)
    sequences = [event.identity.sequence for event in bench.of(FrameReceived)]
    assert sequences == list(range(len(sequences)))


def test_a_wrong_description_is_told_with_the_reason():
    bench = TextBench(replace(LINE, pixel_count=64), spoken=LINE)
    bench.run_for(1.0)
    assert bench.of(FrameReceived) == []
    assert "32 columns, not 64" in bench.of(BytesSkipped)[0].reason


def test_garbage_without_end_is_held_to_a_line():
    bench = TextBench(LINE)
    bench.is_mute = True
    rng = np.random.default_rng(1)
    for _ in range(200):
        bench.send(rng.integers(11, 256, 1000, dtype=np.uint8).tobytes())
    assert len(bench.driver._splitter._held) <= LINE.most_line_bytes
