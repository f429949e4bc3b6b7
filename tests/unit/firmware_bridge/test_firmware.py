from __future__ import annotations

from collections.abc import Callable

import pytest

from firmware_bridge.commands import LaserMode
from firmware_bridge.fragments import FragmentAssembler
from firmware_bridge.framing import FrameDecoder, encode_frame
from firmware_bridge.messages import (
    Acknowledge,
    Command,
    CommandDone,
    CommandRefused,
    Configure,
    Describe,
    Envelope,
    Hello,
    NotAcknowledge,
    RefusalCode,
    SetBaud,
    Single,
    SpectrumFragment,
    Start,
    Status,
    StatusRequest,
    Stop,
    TimeReport,
    TimeSync,
    pack_message,
    unpack_message,
)
from firmware_bridge.spectrum_frame import SpectrumFrame
from firmware_bridge.virtual import InstrumentFirmware, VirtualSettings
from firmware_bridge.virtual.spectrometer import boot

BOOT_ID = 0xB007
ALL = 1_000_000
"""A credit without end."""


class Operator:
    """Talks to one firmware by hand."""

    def __init__(self, source_spectra: list, credit: int = ALL, **settings: object) -> None:
        base = {"seed": 1, "boot_id": BOOT_ID, "pixel_count": 288, "rate_hz": 10.0}
        self.settings = VirtualSettings(**{**base, **settings})  # type: ignore[arg-type]
        self.firmware: InstrumentFirmware = boot(source_spectra, self.settings, 0.0)
        self._decoder = FrameDecoder()
        self.say(Acknowledge(BOOT_ID, credit))

    def say(self, command: Command, message_id: int = 1, now_s: float = 0.0) -> None:
        self.firmware.receive(encode_frame(pack_message(command, message_id)), now_s)

    def hear(self, now_s: float = 0.0) -> list[Envelope]:
        messages = iter(lambda: self.firmware.next_message(now_s), None)
        found = self._decoder.feed(b"".join(messages))
        return [unpack_message(body) for body in found if isinstance(body, bytes)]

    def ask(self, command: Command, message_id: int = 1, now_s: float = 0.0) -> Envelope:
        self.say(command, message_id, now_s)
        (answer,) = self.hear(now_s)
        return answer

    def frames(self, now_s: float) -> dict[int, SpectrumFrame]:
        """Let time pass; return the frames that came whole, by sequence."""
        self.firmware.poll(now_s)
        assembler = FragmentAssembler(64)
        whole = {}
        for envelope in self.hear(now_s):
            if isinstance(envelope.message, SpectrumFragment):
                payload = assembler.add(envelope.message).payload
                if payload is not None:
                    whole[envelope.message.sequence] = SpectrumFrame.unpack(payload)
        return whole


@pytest.fixture
def operator(source_spectra) -> Callable[..., Operator]:
    return lambda **settings: Operator(source_spectra, **settings)


def test_hello_is_answered_with_the_description(operator):
    answer = operator().ask(Hello(), 9)
    assert answer.message_id == 9
    description = answer.message
    assert isinstance(description, Describe)
    assert (description.instrument_id, description.boot_id) == ("VIRTUAL-1", BOOT_ID)
    assert (description.pixel_count, description.next_sequence) == (288, 0)


def test_idle_until_started_and_after_stop(operator):
    it = operator()
    assert it.frames(10.0) == {}
    assert it.ask(Start(), 2, 10.0) == Envelope(2, CommandDone())
    assert it.firmware.is_running
    assert list(it.frames(10.25)) == [0, 1, 2]
    assert it.ask(Stop(), 3, 10.25) == Envelope(3, CommandDone())
    assert not it.firmware.is_running
    it.say(Acknowledge(BOOT_ID, ALL, ((0, 2),)))
    assert it.frames(20.0) == {}
    assert it.firmware.retained_frames == 0


def test_a_dark_frame_first_at_each_start_and_every_so_many(operator):
    it = operator(dark_every=2)
    it.ask(Start(), 1, 0.0)
    kinds = [frame.kind for frame in it.frames(0.65).values()]
    assert kinds == ["dark", "light", "light", "dark", "light", "light", "dark"]
    it.say(Acknowledge(BOOT_ID, ALL, ((0, 6),)))
    it.ask(Start(), 2, 0.66)
    assert it.frames(0.67)[7].kind == "dark"


def test_dark_only_at_start_when_not_repeated(operator):
    it = operator(dark_every=0)
    it.ask(Start(), 1, 0.0)
    kinds = [frame.kind for frame in it.frames(0.95).values()]
    assert kinds == ["dark"] + ["light"] * 9


def test_start_with_a_count_stops_by_itself(operator):
    it = operator()
    it.ask(Start(count=2), 1, 0.0)
    assert len(it.frames(0.55)) == 3  # and a dark one
    assert not it.firmware.is_running


def test_a_start_during_a_run_begins_anew(operator):
    it = operator(dark_every=0)
    it.ask(Start(count=5), 1, 0.0)
    assert len(it.frames(0.25)) == 3
    it.ask(Start(count=1), 2, 0.26)
    kinds = [frame.kind for frame in it.frames(3.0).values()]
    assert kinds[-2:] == ["dark", "light"]
    assert not it.firmware.is_running


def test_a_repeated_order_is_answered_again_and_done_once(operator):
    it = operator()
    it.ask(Start(count=1), 5, 0.0)
    it.frames(0.55)
    assert it.ask(Start(count=1), 5, 0.6) == Envelope(5, CommandDone())
    assert not it.firmware.is_running
    it.ask(Start(count=1), 6, 0.7)
    assert it.firmware.is_running


@pytest.mark.parametrize(
    "order",
    [
        Configure(integration_time_us=1),
        Configure(integration_time_us=61_000_000, period_us=100_000_000),
        Configure(averages=1001),
        Configure(period_us=1),
        Configure(integration_time_us=200_000),  # longer than the period of 100 ms
    ],
)
def test_a_configuration_out_of_bounds_is_refused_and_changes_nothing(operator, order: Configure):
    it = operator()
    answer = it.ask(order, 4)
    assert answer.message_id == 4
    assert isinstance(answer.message, CommandRefused)
    assert answer.message.code == RefusalCode.OUT_OF_BOUNDS
    it.ask(Start(), 5)
    frame = it.frames(0.01)[0]
    assert (frame.integration_time_us, frame.averages) == (100_000, 1)


def test_a_configuration_is_taken_and_zero_leaves_as_it_is(operator):
    it = operator()
    done = it.ask(Configure(integration_time_us=20_000, averages=3, period_us=500_000))
    assert done.message == CommandDone()
    assert it.ask(Configure(averages=2), 2).message == CommandDone()
    it.ask(Start(), 3)
    frames = it.frames(1.1)
    assert len(frames) == 3
    assert (frames[1].integration_time_us, frames[1].averages) == (20_000, 2)
    assert frames[2].instrument_time_us - frames[1].instrument_time_us == 500_000


def test_a_full_buffer_stops_acquiring_counts_and_loses_nothing(operator):
    it = operator(retain_frames=4)
    it.ask(Start(), 1, 0.0)
    it.frames(0.65)
    status = it.ask(StatusRequest(), 2, 0.65).message
    assert isinstance(status, Status)
    assert (status.retained_frames, status.refused_frames) == (4, 3)
    assert [a.source_index for a in it.firmware.take_acquired()] == [0, 1, 2]
    it.say(Acknowledge(BOOT_ID, ALL, ((0, 3),)))
    it.firmware.poll(0.75)
    assert [a.source_index for a in it.firmware.take_acquired()] == [0]


def test_frames_are_sent_as_far_as_the_credit_reaches(operator):
    it = operator(credit=2)
    it.ask(Start(), 1, 0.0)
    assert list(it.frames(0.45)) == [0, 1]
    it.say(Acknowledge(BOOT_ID, 2, ((1, 1),)))
    assert it.frames(0.46) == {}
    it.say(Acknowledge(BOOT_ID, 4))
    assert list(it.frames(0.46)) == [2, 3]
    it.say(Acknowledge(BOOT_ID, 1))  # never lowered
    assert list(it.frames(1.47)) == [0, 2, 3]


def test_hello_takes_the_credit_away_and_describes_what_is_kept(operator):
    it = operator()
    it.ask(Start(count=2), 1, 0.0)
    assert list(it.frames(0.25)) == [0, 1, 2]
    it.say(Acknowledge(BOOT_ID, ALL, ((0, 0),)))
    described = it.ask(Hello(), 2, 0.3).message
    counters = (described.retained_frames, described.oldest_sequence, described.next_sequence)
    assert counters == (2, 1, 3)
    it.say(NotAcknowledge(BOOT_ID, 1))
    assert it.frames(5.0) == {}
    it.say(Acknowledge(BOOT_ID, 2))
    assert list(it.frames(5.0)) == [1]


def test_an_unacknowledged_frame_is_sent_again_after_its_time_out_until_acknowledged(operator):
    it = operator(retransmit_timeout_s=1.0)
    it.ask(Start(count=1), 1, 0.0)
    first = it.frames(0.3)
    assert list(first) == [0, 1]
    assert it.frames(1.2) == {}
    again = it.frames(1.31)
    assert [f.pack() for f in again.values()] == [f.pack() for f in first.values()]
    it.say(Acknowledge(BOOT_ID, ALL, ((0, 0),)))
    assert list(it.frames(2.4)) == [1]
    it.say(Acknowledge(BOOT_ID, ALL, ((1, 1),)))
    assert it.frames(9.0) == {}


def test_fragments_asked_for_are_sent_again(operator):
    it = operator(pixel_count=512)
    it.ask(Start(count=1), 1, 0.0)
    it.frames(0.3)
    it.say(NotAcknowledge(BOOT_ID, 1, (0, 2, 99)), 2, 0.3)
    it.say(NotAcknowledge(BOOT_ID, 77, ()), 3, 0.3)
    assert [(e.message.sequence, e.message.index) for e in it.hear(0.3)] == [(1, 0), (1, 2)]
    it.say(NotAcknowledge(BOOT_ID, 1), 4, 0.3)
    assert [e.message.index for e in it.hear(0.3)] == [0, 1, 2]


@pytest.mark.parametrize("command", [Acknowledge(1, ALL, ((0, 9),)), NotAcknowledge(1, 0)])
def test_a_stale_boot_id_is_refused_and_forgets_nothing(operator, command: Command):
    it = operator()
    it.ask(Start(count=1), 1, 0.0)
    it.frames(0.3)
    answer = it.ask(command, 8, 0.3)
    assert answer.message_id == 8
    assert answer.message.code == RefusalCode.STALE_BOOT_ID
    assert it.firmware.retained_frames == 2


def test_what_is_no_command_is_refused_or_ignored(operator):
    it = operator()
    it.firmware.receive(b"\x05noise\x00" + encode_frame(b"\x01"), 0.0)
    assert it.hear() == []
    it.firmware.receive(encode_frame(bytes.fromhex("01 7e 0a 00")), 0.0)
    (answer,) = it.hear()
    assert answer.message_id == 10
    assert answer.message == CommandRefused(RefusalCode.UNKNOWN_COMMAND, "message type 0x7e")
    it.firmware.receive(encode_frame(pack_message(CommandDone())), 0.0)
    assert it.hear() == []


def test_a_sleeping_process_does_not_catch_up_for_ever(operator):
    it = operator(rate_hz=1000.0)
    it.ask(Start(), 1, 0.0)
    it.firmware.poll(1e6)
    assert it.firmware.retained_frames + it.firmware.refused_frames <= 1001


def test_boot_ids_come_from_the_seed_and_sequences_from_zero(source_spectra):
    ids = [boot(source_spectra, VirtualSettings(seed=s), 0.0).boot_id for s in (1, 1, 2)]
    assert ids[0] == ids[1] != ids[2]
    free = {boot(source_spectra, VirtualSettings(), 0.0).boot_id for _ in range(4)}
    assert len(free) == 4


def test_a_single_frame_is_taken_next_and_the_run_goes_on(operator):
    it = operator(dark_every=0)
    it.ask(Start(count=2), 1, 0.0)
    assert [f.kind for f in it.frames(0.05).values()] == ["dark"]
    it.ask(Single(2), 2, 0.06)
    it.ask(Single(6), 3, 0.06)
    kinds = [f.kind for f in it.frames(0.25).values()]
    assert kinds == ["silicon", "neon", "light", "light"]
    assert it.frames(1.0) == {}


def test_a_single_frame_of_an_idle_instrument_leaves_it_idle(operator):
    it = operator()
    it.ask(Single(0), 2, 0.5)
    assert [f.kind for f in it.frames(0.5).values()] == ["light"]
    assert not it.firmware.is_running
    assert [a.source_index for a in it.firmware.take_acquired()] == [0]


def test_a_single_frame_waits_for_room(operator):
    it = operator(retain_frames=1)
    it.ask(Single(1), 1, 0.0)
    it.ask(Single(0), 2, 0.0)
    assert [f.kind for f in it.frames(0.0).values()] == ["dark"]
    it.say(Acknowledge(BOOT_ID, ALL, ((0, 0),)))
    assert [f.kind for f in it.frames(0.1).values()] == ["light"]
    assert it.firmware.refused_frames == 0


def test_single_frames_of_unknown_kind_or_too_many_are_refused(operator):
    it = operator()
    assert it.ask(Single(7)).message.code == RefusalCode.OUT_OF_BOUNDS
    answers = [it.ask(Single(0), 2 + n).message for n in range(9)]
    assert answers[:8] == [CommandDone()] * 8
    assert answers[8].code == RefusalCode.NOT_NOW
    it.ask(Stop(), 20)
    assert it.frames(1.0) == {}  # stop takes them back


@pytest.mark.parametrize(
    ("mode", "idle", "running"),
    [(LaserMode.OFF, False, False), (LaserMode.WHILE_EXPOSING, False, True), (3, True, True)],
)
def test_the_laser_is_on_as_configured(operator, mode: int, idle: bool, running: bool):
    it = operator()
    assert it.ask(Configure(laser=mode)).message == CommandDone()
    assert it.ask(StatusRequest(), 2).message.laser_on == idle
    it.ask(Start(), 3)
    status = it.ask(StatusRequest(), 4).message
    assert (status.laser_on, status.is_running) == (running, True)


def test_without_the_laser_a_light_frame_is_as_dark_as_a_dark_one(operator):
    it = operator(dark_every=0)
    it.ask(Configure(laser=LaserMode.OFF))
    it.ask(Start(), 2)
    dark, light = list(it.frames(0.15).values())[:2]
    assert (dark.kind, light.kind) == ("dark", "light")
    assert light.counts.max() <= dark.counts.max() + 100
    assert it.firmware.take_acquired() == []


def test_the_clock_counts_from_the_boot(source_spectra):
    it = Operator(source_spectra)
    answer = it.ask(TimeSync(1_790_000_000_000_000), 5, 12.5)
    assert answer == Envelope(5, TimeReport(BOOT_ID, 12_500_000))


def test_a_full_buffer_shows_among_the_faults(operator):
    it = operator(retain_frames=1)
    assert it.ask(StatusRequest()).message.instrument_status().faults == ()
    it.ask(Single(1), 2)
    it.frames(0.0)
    assert it.ask(StatusRequest(), 3).message.instrument_status().faults == ("buffer_full",)


def test_the_rate_changes_after_the_answer_has_left(operator):
    it = operator(baud=115_200)
    it.say(SetBaud(921_600), 3)
    assert it.firmware.baud == 115_200
    assert unpack(it.firmware.next_message(0.0)) == Envelope(3, CommandDone())
    assert it.firmware.baud == 115_200
    assert it.firmware.next_message(0.0) is None
    assert it.firmware.baud == 921_600


@pytest.mark.parametrize("baud", [0, 300, 115_201, 2_000_000])
def test_a_rate_it_cannot_run_at_is_refused(operator, baud: int):
    it = operator(baud=115_200)
    assert it.ask(SetBaud(baud), 3).message.code == RefusalCode.OUT_OF_BOUNDS
    assert it.hear() == []
    assert it.firmware.baud == 115_200


def test_it_returns_to_the_wake_up_rate_when_nobody_is_heard(operator):
    it = operator(baud=115_200)
    it.ask(SetBaud(921_600), 3, 0.0)
    it.hear()
    it.firmware.poll(2.9)
    assert it.firmware.baud == 921_600
    it.say(StatusRequest(), 4, 2.9)
    it.firmware.receive(b"\xf8\x00" * 50, 5.0)  # not a valid frame
    it.firmware.poll(5.8)
    assert it.firmware.baud == 921_600
    it.firmware.poll(5.9)
    assert it.firmware.baud == 115_200


def unpack(frame: bytes | None) -> Envelope:
    (body,) = FrameDecoder().feed(frame or b"")
    assert isinstance(body, bytes)
    return unpack_message(body)
