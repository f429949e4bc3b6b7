from __future__ import annotations

import pytest

from firmware_bridge.framing import FrameDecoder
from firmware_bridge.link import ClockCorrelated, CommandRefusedByInstrument, LinkSettings
from firmware_bridge.link.clock_reading import ClockReading
from firmware_bridge.link.outbox import Outbox
from firmware_bridge.messages import (
    CommandRefused,
    RefusalCode,
    TimeReport,
    TimeSync,
    pack_message,
    unpack_message,
)
from firmware_bridge.virtual import VirtualSettings


class Watch:
    """A reading of a clock, and what it asks."""

    def __init__(self, utc_us=None) -> None:
        self.outbox = Outbox()
        self.reading = ClockReading(30.0, self.outbox, utc_us)

    def asks(self, now_s: float) -> list[tuple[int, TimeSync]]:
        self.reading.poll(now_s)
        bodies = FrameDecoder().feed(self.outbox.take())
        envelopes = [unpack_message(body) for body in bodies if isinstance(body, bytes)]
        return [(it.message_id, it.message) for it in envelopes]  # type: ignore[misc]


def test_the_instruments_time_is_put_in_the_middle_and_the_delay_is_the_doubt():
    watch = Watch()
    ((message_id, question),) = watch.asks(100.0)
    assert question == TimeSync(0)
    (told,) = watch.reading.answer(message_id, TimeReport(7, 5_000_000), 100.04)
    assert (told.boot_id, told.instrument_time_us) == (7, 5_000_000)
    assert told.monotonic_s == pytest.approx(100.02)
    assert told.uncertainty_s == pytest.approx(0.02)
    assert watch.asks(130.0) == []
    assert len(watch.asks(130.05)) == 1


def test_the_instrument_is_told_utc_where_the_host_knows_it():
    assert Watch(lambda: 1_790_000_000_000_000).asks(0.0)[0][1] == TimeSync(1_790_000_000_000_000)


def test_an_answer_to_an_earlier_question_says_nothing():
    watch = Watch()
    ((old, _),) = watch.asks(0.0)
    ((new, _),) = watch.asks(5.0)  # the first was lost
    assert watch.reading.answer(old, TimeReport(7, 1), 5.1) == []
    assert len(watch.reading.answer(new, TimeReport(7, 1), 5.1)) == 1
    assert watch.reading.answer(new, TimeReport(7, 1), 5.2) == []


def test_an_instrument_without_a_clock_is_not_asked_again_at_once():
    watch = Watch()
    ((message_id, _),) = watch.asks(0.0)
    watch.reading.refused(message_id + 1, 0.0)  # of another command
    watch.reading.refused(message_id, 0.1)
    assert watch.asks(30.0) == []
    assert len(watch.asks(30.1)) == 1


def test_a_new_connection_reads_the_clock_at_once():
    watch = Watch()
    ((message_id, _),) = watch.asks(0.0)
    watch.reading.restart()
    assert watch.reading.answer(message_id, TimeReport(7, 1), 0.1) == []
    assert len(watch.asks(0.1)) == 1


def test_readings_with_a_firmware_agree_with_its_clock(make_bench):
    settings = VirtualSettings(seed=1, pixel_count=288, rate_hz=5.0)
    bench = make_bench(settings, LinkSettings(time_sync_interval_s=2.0))
    bench.run_for(7.0)
    readings = bench.of(ClockCorrelated)
    assert len(readings) == 4
    for reading in readings:
        assert reading.boot_id == bench.firmware.boot_id
        instrument_s = reading.instrument_time_us * 1e-6  # booted at 0 of the same clock
        assert abs(instrument_s - reading.monotonic_s) <= reading.uncertainty_s + 1e-6


def test_a_refused_reading_is_told(make_bench):
    bench = make_bench()
    bench.lose_once = [TimeSync(0)]
    bench.run_for(0.3)
    refusal = CommandRefused(RefusalCode.UNKNOWN_COMMAND, "message type 0x09")
    events = bench.host_hears(pack_message(refusal, bench.last_id_of(TimeSync)))
    code = RefusalCode.UNKNOWN_COMMAND
    assert events == [CommandRefusedByInstrument("TimeSync", code, "message type 0x09")]
