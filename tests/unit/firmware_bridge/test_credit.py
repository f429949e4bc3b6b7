from __future__ import annotations

from dataclasses import replace

from firmware_bridge.framing import FrameDecoder
from firmware_bridge.link import FragmentsRequested, FrameReceived, LinkSettings
from firmware_bridge.link.credit import IDLE_S, Credit
from firmware_bridge.messages import Acknowledge, Describe, Status, pack_message
from firmware_bridge.virtual import VirtualSettings

SETTINGS = VirtualSettings(seed=1, pixel_count=288, rate_hz=50.0, count=120, retain_frames=64)


def describe(next_sequence: int, retained_frames: int, oldest: int = 0) -> Describe:
    counters = (retained_frames, next_sequence, oldest)
    return Describe("I", 7, "1", 288, 65_535, 532.0, (500.0, 0.1), *counters)


def credit_of(next_sequence: int, retained_frames: int, window: int) -> Credit:
    return Credit(describe(next_sequence, retained_frames), window)


def test_credit_begins_where_the_kept_frames_do_and_is_as_wide_as_the_window():
    assert credit_of(50, 10, 8).send_before(incomplete=0) == 48
    assert credit_of(0, 0, 8).send_before(incomplete=0) == 8
    assert credit_of(2, 9, 8).send_before(incomplete=0) == 8  # a description that lies


def test_frames_with_the_caller_take_room_until_they_are_acknowledged():
    credit = credit_of(0, 0, 4)
    assert credit.send_before(0) == 4
    for sequence in range(4):
        credit.seen(sequence)
        credit.delivered(sequence)
    assert credit.send_before(0) == 4
    credit.acknowledged([0, 2])
    assert credit.send_before(0) == 6
    credit.acknowledged([0, 2])  # said again: no more room by that
    assert credit.send_before(0) == 6


def test_frames_begun_take_room_and_credit_is_never_lowered():
    credit = credit_of(0, 0, 4)
    credit.seen(0)
    assert credit.send_before(incomplete=1) == 4
    assert credit.send_before(incomplete=0) == 5
    assert credit.send_before(incomplete=3) == 5


def test_a_frame_that_comes_again_takes_its_room_once():
    credit = credit_of(0, 0, 4)
    for _ in range(9):
        credit.seen(0)
        credit.delivered(0)
    assert credit.send_before(0) == 4


def test_a_frame_that_nobody_acknowledges_does_not_hold_up_those_far_behind_it():
    credit = credit_of(5001, 2, 4)  # 0 and 5000
    assert credit.send_before(0) == 5003


def test_a_gap_wider_than_the_window_is_reached_past_when_nothing_comes_for_long():
    credit = credit_of(60, 30, 4)
    assert not credit.is_idle(retained_frames=1, now_s=10.0)
    assert not credit.is_idle(retained_frames=1, now_s=10.0 + 0.9 * IDLE_S)
    assert credit.is_idle(retained_frames=1, now_s=10.0 + IDLE_S)
    assert credit.send_before(0) == 34
    credit.described(describe(500, 30))
    assert credit.send_before(0) == 504
    assert not credit.is_idle(retained_frames=1, now_s=99.0)  # it counts anew


def test_a_description_reaches_what_another_host_left():
    credit = credit_of(0, 0, 4)
    credit.described(describe(500, 30))
    assert credit.send_before(0) == 474
    credit.described(describe(3, 3))  # one that lies
    assert credit.send_before(0) == 474


def test_nothing_is_reached_past_while_the_caller_has_all_that_is_kept_or_frames_come():
    credit = credit_of(100, 100, 4)
    credit.seen(0)
    credit.delivered(0)
    for second in range(9):
        assert not credit.is_idle(retained_frames=1, now_s=second)
    for second in range(9, 18):
        credit.seen(1)
        assert not credit.is_idle(retained_frames=9, now_s=second)
    credit.described(describe(100, 100))
    assert credit.send_before(0) == 5


def test_what_an_instrument_sends_against_the_credit_does_not_fill_the_memory():
    credit = credit_of(0, 0, 4)
    for sequence in range(10_000):
        credit.seen(sequence)
        credit.delivered(sequence)
    credit.acknowledged(range(4))
    assert credit.send_before(0) == 10_004


def test_the_last_sequence_is_not_passed():
    credit = credit_of(0xFFFF_FFFE, 0, 8)
    assert credit.send_before(0) == 0xFFFF_FFFF


def test_a_caller_that_stalls_loses_no_frame_and_is_not_overrun(make_bench):
    bench = make_bench(SETTINGS, LinkSettings(credit_frames=6), acknowledge=False)
    while not bench.firmware.is_finished and bench.now_s < 60.0:
        bench.run_for(1.5)  # the caller is busy with something else
        waiting = {i for i in bench.payloads if i not in bench.kept}
        assert len(waiting) <= 6
        bench.kept |= waiting
        bench.host.acknowledge(sorted(waiting))
    assert bench.firmware.is_finished
    assert len(bench.acquired) == 120
    assert set(bench.acquired) <= set(bench.payloads)
    assert bench.firmware.refused_frames > 0  # it waited rather than forget
    numbers = sorted(identity.sequence for identity in bench.payloads)
    assert numbers == list(range(len(numbers)))
    assert all(len(set(payloads)) == 1 for payloads in bench.payloads.values())


def test_lost_credit_is_made_up_for(make_bench):
    bench = make_bench(replace(SETTINGS, count=5))
    first = Acknowledge(bench.firmware.boot_id, 16)
    bench.lose_once = [first]
    bench.run_until_finished(4.0)
    assert bench.lose_once == []
    received = [e.last_byte_monotonic_s for e in bench.of(FrameReceived)]
    assert 1.0 <= min(received) <= 1.2  # with the first status
    assert len(bench.payloads) == 6


def test_a_new_host_gets_what_is_kept_on_both_sides_of_a_gap(make_bench):
    bench = make_bench(replace(SETTINGS, count=59, rate_hz=500.0), acknowledge=False)
    bench.run_for(0.5)
    boot_id = bench.firmware.boot_id
    bench.say_to_firmware(Acknowledge(boot_id, 0, ((31, 55),)))
    fresh = make_bench(SETTINGS, LinkSettings(credit_frames=4))
    fresh.firmware, fresh.now_s = bench.firmware, bench.now_s
    fresh.run_until_finished(20.0)
    assert {i.sequence for i in fresh.payloads} == {*range(31), *range(56, 61)}


def test_what_the_instrument_forgot_takes_no_room():
    credit = credit_of(0, 0, 4)
    for sequence in range(4):
        credit.seen(sequence)
        credit.delivered(sequence)
    credit.described(describe(9, 6, oldest=3))
    assert credit.send_before(0) == 4 + 3


def test_a_host_that_was_away_while_another_took_frames_gets_what_is_left(make_bench):
    bench = make_bench(replace(SETTINGS, count=None), LinkSettings(credit_frames=4))
    bench.run_for(0.5)
    bench.acknowledge = False  # its line is cut, but not the other's
    bench.run_for(2.0)
    assert bench.firmware.retained_frames == SETTINGS.retain_frames
    boot_id = bench.firmware.boot_id
    bench.say_to_firmware(Acknowledge(boot_id, 0, ((0, 10_000),)))
    bench.run_for(2.0)
    before = len(bench.payloads)
    bench.acknowledge = True
    bench.host.reset()
    bench.run_for(1.0)
    assert len(bench.payloads) > before + 50
    assert bench.of(FragmentsRequested) == []


def test_numbers_left_out_by_an_instrument_do_not_hold_up_what_follows(make_bench):
    bench = make_bench(replace(SETTINGS, count=60), LinkSettings(credit_frames=4))
    bench.run_for(0.5)
    bench.firmware._next_sequence += 1000
    bench.run_until_finished(20.0)
    assert max(identity.sequence for identity in bench.payloads) > 1000
    assert set(bench.acquired) <= set(bench.payloads)


def test_a_status_of_another_boot_gives_no_credit(make_bench):
    bench = make_bench(SETTINGS)
    bench.run_for(0.3)
    bench.said.clear()
    status = Status(bench.firmware.boot_id ^ 1, 0, 20.0, 21.0, 5.0, False, False, 0, 9, 0)
    bench.host_hears(pack_message(status))
    bodies = FrameDecoder().feed(bench.host.data_to_send())
    assert [it for it in bodies if isinstance(it, bytes) and it[1] == Acknowledge.TYPE] == []
