from __future__ import annotations

from dataclasses import replace

from firmware_bridge.link import FrameReceived, LinkSettings
from firmware_bridge.link.credit import Credit
from firmware_bridge.messages import Acknowledge
from firmware_bridge.virtual import VirtualSettings

SETTINGS = VirtualSettings(seed=1, pixel_count=288, rate_hz=50.0, count=120, retain_frames=64)


def test_credit_begins_where_the_kept_frames_do_and_is_as_wide_as_the_window():
    assert Credit(next_sequence=50, retained_frames=10, window=8).send_before(incomplete=0) == 48
    assert Credit(0, 0, window=8).send_before(incomplete=0) == 8
    assert Credit(2, 9, window=8).send_before(incomplete=0) == 8  # a description that lies


def test_frames_with_the_caller_take_room_until_they_are_acknowledged():
    credit = Credit(0, 0, window=4)
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
    credit = Credit(0, 0, window=4)
    credit.seen(0)
    assert credit.send_before(incomplete=1) == 4
    assert credit.send_before(incomplete=0) == 5
    assert credit.send_before(incomplete=3) == 5


def test_a_frame_that_comes_again_takes_its_room_once():
    credit = Credit(0, 0, window=4)
    for _ in range(9):
        credit.seen(0)
        credit.delivered(0)
    assert credit.send_before(0) == 4


def test_a_frame_that_nobody_acknowledges_does_not_hold_up_those_far_behind_it():
    credit = Credit(next_sequence=5001, retained_frames=2, window=4)  # 0 and 5000
    assert credit.send_before(0) == 5003


def test_a_gap_wider_than_the_window_is_reached_past_when_nothing_comes_for_long():
    credit = Credit(next_sequence=60, retained_frames=30, window=4)
    assert credit.send_before(0) == 34
    for _ in range(2):
        credit.widen(retained_frames=1)
        assert credit.send_before(0) == 34
    credit.widen(retained_frames=1)
    assert credit.send_before(0) == 64
    credit.widen(retained_frames=1)
    assert credit.send_before(0) == 64


def test_nothing_is_reached_past_while_the_caller_has_all_that_is_kept_or_frames_come():
    credit = Credit(100, 100, window=4)
    credit.seen(0)
    credit.delivered(0)
    for _ in range(9):
        credit.widen(retained_frames=1)
    for _ in range(9):
        credit.seen(1)
        credit.widen(retained_frames=9)
    assert credit.send_before(0) == 5


def test_what_an_instrument_sends_against_the_credit_does_not_fill_the_memory():
    credit = Credit(0, 0, window=4)
    for sequence in range(10_000):
        credit.seen(sequence)
        credit.delivered(sequence)
    credit.acknowledged(range(4))
    assert credit.send_before(0) == 10_004


def test_the_last_sequence_is_not_passed():
    credit = Credit(0xFFFF_FFFE, 0, window=8)
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
