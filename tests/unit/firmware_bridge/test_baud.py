"""The change of the rate, transition by transition as drawn in `link.baud`, and with a firmware."""

from __future__ import annotations

import math

import pytest

from firmware_bridge.link import BaudChanged, Connected, FrameReceived, HostLink, LinkSettings
from firmware_bridge.link.baud import (
    PROVEN_S,
    PULSE_S,
    RECALL_S,
    REVISIT_AFTER_S,
    SILENT_S,
    TRIAL_S,
    BaudNegotiation,
)
from firmware_bridge.messages import CommandDone, Describe, SetBaud
from firmware_bridge.virtual import VirtualSettings
from firmware_bridge.virtual.instrument import BAUD_TIMEOUT_S

WAKE, FAST = 115_200, 921_600
SETTINGS = LinkSettings(wake_baud=WAKE, fast_baud=FAST)


def describe(baud_max: int = FAST) -> Describe:
    return Describe("I", 7, "1", 288, 65_535, 532.0, (500.0, 0.1), 0, 0, 0, baud_max)


def changes(negotiation: BaudNegotiation) -> list[tuple[float, int | None]]:
    """Let 10 s pass without an answer; return the rates of the port, and from when."""
    found: list[tuple[float, int | None]] = [(0.0, negotiation.wanted)]
    for tick in range(1000):
        assert negotiation.poll(100.0 + tick * 0.01, silent_s=9.0) is None
        if negotiation.wanted != found[-1][1]:
            found.append((tick * 0.01, negotiation.wanted))
    return found


@pytest.fixture
def waking() -> BaudNegotiation:
    return BaudNegotiation(SETTINGS)


@pytest.fixture
def trying(waking: BaudNegotiation) -> BaudNegotiation:
    assert waking.order(describe()) == SetBaud(FAST)
    waking.done(now_s=10.0)
    return waking


@pytest.fixture
def fast(trying: BaudNegotiation) -> BaudNegotiation:
    assert trying.described(10.5) == [BaudChanged(FAST)]
    return trying


def test_waking_leaves_the_port_as_it_was_opened(waking):
    assert (waking.state, waking.wanted) == ("waking", None)
    assert waking.described(0.0) == []
    assert waking.poll(1e9, silent_s=1e9) is None
    assert (waking.state, waking.wanted) == ("waking", None)
    assert waking.pulse_s == math.inf


def test_one_rate_alone_is_never_left():
    negotiation = BaudNegotiation(LinkSettings(wake_baud=WAKE))
    for now_s in (0.0, 10.0, 20.0):
        assert negotiation.poll(now_s, silent_s=now_s) is None
    assert (negotiation.state, negotiation.wanted) == ("waking", None)


@pytest.mark.parametrize(
    ("fast_baud", "baud_max", "asked"),
    [(None, FAST, None), (FAST, 0, None), (FAST, WAKE, None), (FAST, 460_800, SetBaud(460_800))],
)
def test_only_what_host_and_instrument_can_do_is_asked_for(fast_baud, baud_max, asked):
    settings = LinkSettings(wake_baud=WAKE, fast_baud=fast_baud)
    assert BaudNegotiation(settings).order(describe(baud_max)) == asked


def test_waking_to_settled_when_refused(waking):
    waking.order(describe())
    assert waking.declined() == BaudChanged(WAKE, f"{FAST} bit/s: refused")
    assert (waking.state, waking.wanted) == ("settled", None)
    assert waking.order(describe()) is None


def test_waking_to_trying_when_done(trying):
    assert (trying.state, trying.wanted) == ("trying", FAST)
    assert trying.order(describe()) is None
    assert trying.poll(10.0 + 0.99 * TRIAL_S, silent_s=0.0) is None


def test_trying_to_settled_when_nobody_answers(trying):
    fallen_back = trying.poll(10.0 + TRIAL_S, silent_s=0.0)
    assert fallen_back == BaudChanged(WAKE, f"nobody answered at {FAST} bit/s for 1 s")
    assert (trying.state, trying.wanted) == ("settled", WAKE)
    assert trying.order(describe()) is None
    assert trying.poll(1e9, 1e9) is None


def test_trying_to_fast_when_described(fast):
    assert (fast.state, fast.wanted) == ("fast", FAST)
    assert fast.described(99.5) == []
    assert fast.poll(99.0, silent_s=0.9 * SILENT_S) is None
    assert fast.pulse_s == PULSE_S


def test_fast_to_trying_when_silent_and_back_without_a_word(fast):
    assert fast.poll(99.0, silent_s=SILENT_S) is None
    assert (fast.state, fast.wanted) == ("trying", FAST)
    assert fast.described(99.5) == []
    assert fast.state == "fast"


@pytest.mark.parametrize(
    ("served_s", "state", "asked"),
    [(0.9 * PROVEN_S, "settled", None), (1.1 * PROVEN_S, "waking", SetBaud(FAST))],
)
def test_fast_to_the_wake_up_rate_and_again_only_what_served_for_a_while(
    fast, served_s, state, asked
):
    lost_s = 10.5 + served_s - RECALL_S
    fast.poll(lost_s, silent_s=SILENT_S)
    assert fast.poll(lost_s + 0.9 * RECALL_S, silent_s=2.5) is None
    fallen_back = fast.poll(lost_s + RECALL_S, silent_s=2.5)
    assert fallen_back == BaudChanged(WAKE, f"nobody answered at {FAST} bit/s for 0.5 s")
    assert (fast.state, fast.wanted) == (state, WAKE)
    assert fast.order(describe()) == asked


@pytest.mark.parametrize("state", ["trying", "fast"])
def test_a_port_opened_anew_begins_at_waking(request, state):
    negotiation = request.getfixturevalue(state)
    negotiation.reset()
    assert (negotiation.state, negotiation.wanted) == ("waking", None)
    assert negotiation.order(describe()) == SetBaud(FAST)


@pytest.mark.parametrize("state", ["waking", "trying", "fast"])
def test_a_port_opened_anew_is_tried_fast_twice_where_nobody_answers(request, state):
    negotiation = request.getfixturevalue(state)
    negotiation.reset()
    assert [(round(at_s, 1), baud) for at_s, baud in changes(negotiation)] == [
        (0.0, None),
        (0.4, FAST),
        (0.9, WAKE),
        (1.3, FAST),
        (1.8, WAKE),
    ]
    assert negotiation.order(describe()) == SetBaud(FAST)


def test_a_fast_line_that_fell_back_is_tried_fast_twice_more_and_then_left_alone(fast):
    fast.poll(12.0, silent_s=SILENT_S)
    assert fast.poll(12.0 + RECALL_S, silent_s=2.5) is not None
    assert [baud for _, baud in changes(fast)] == [WAKE, FAST, WAKE, FAST, WAKE]
    assert fast.order(describe()) is None


def test_a_rate_that_never_served_is_not_tried_again(trying):
    assert trying.poll(10.0 + TRIAL_S, silent_s=2.5) is not None
    assert [baud for _, baud in changes(trying)] == [WAKE]


def test_a_line_that_fell_back_and_is_met_fast_again_is_fast(fast):
    fast.poll(12.0, silent_s=SILENT_S)
    fast.poll(12.0 + RECALL_S, silent_s=2.5)
    fast.poll(12.6, silent_s=2.6)
    fast.poll(12.6 + REVISIT_AFTER_S, silent_s=3.0)
    assert fast.described(13.1) == [BaudChanged(FAST)]
    assert (fast.state, fast.wanted) == ("fast", FAST)


def test_a_port_opened_anew_that_is_answered_at_once_is_not_tried(fast):
    fast.reset()
    fast.poll(50.0, 1.0)
    assert fast.described(50.1) == []
    fast.poll(99.0, 0.1)
    assert fast.state == "waking"


def test_an_instrument_found_at_the_fast_rate_is_told(fast):
    fast.reset()
    fast.poll(50.0, 1.0)
    fast.poll(51.0, 1.0)
    assert fast.described(51.1) == [BaudChanged(FAST)]


def settings(**changes: object) -> VirtualSettings:
    plain = {"seed": 1, "pixel_count": 288, "rate_hz": 20.0, "count": 100, "baud": WAKE}
    return VirtualSettings(**{**plain, **changes})  # type: ignore[arg-type]


def test_host_and_firmware_change_together_and_no_frame_is_lost(make_bench):
    bench = make_bench(settings(), SETTINGS, respects_baud=True)
    bench.run_until_finished(20.0)
    assert (bench.firmware.baud, bench.host_baud) == (FAST, FAST)
    assert bench.of(BaudChanged) == [BaudChanged(FAST)]
    assert len(bench.of(Connected)) == 1
    assert len(bench.acquired) == 100
    assert set(bench.acquired) <= set(bench.payloads)


def test_a_line_that_does_not_carry_the_rate_falls_back_and_stays(make_bench):
    bench = make_bench(settings(), SETTINGS, respects_baud=True, most_baud=WAKE)
    bench.run_until_finished(30.0)
    (changed,) = bench.of(BaudChanged)
    assert changed.baud == WAKE
    assert "nobody answered" in changed.reason
    assert (bench.firmware.baud, bench.host_baud) == (WAKE, WAKE)
    assert len(bench.of(Connected)) == 2
    first, second = bench.times_of(Connected)
    assert second - first <= TRIAL_S + BAUD_TIMEOUT_S + 0.5
    assert set(bench.acquired) <= set(bench.payloads)
    assert len(bench.of(FrameReceived)) >= 100


def test_a_reboot_at_the_fast_rate_is_found_at_the_wake_up_rate(make_bench):
    bench = make_bench(settings(count=20, boot_id=1), SETTINGS, respects_baud=True)
    bench.run_for(1.0)
    assert bench.host_baud == FAST
    rebooted_s = bench.now_s
    bench.boot(settings(count=20, boot_id=2))
    bench.run_until_finished(20.0)
    assert [e.baud for e in bench.of(BaudChanged)] == [FAST, WAKE]
    assert bench.times_of(Connected)[1] - rebooted_s <= 3.0
    assert set(bench.acquired) <= set(bench.payloads)


def test_a_reboot_of_an_instrument_that_was_fast_for_long_ends_fast_again(make_bench):
    bench = make_bench(settings(count=250, boot_id=1), SETTINGS, respects_baud=True)
    bench.run_for(PROVEN_S + 1.0)
    bench.boot(settings(count=20, boot_id=2))
    bench.run_until_finished(20.0)
    assert [e.baud for e in bench.of(BaudChanged)] == [FAST, WAKE, FAST]
    assert (bench.firmware.baud, bench.host_baud) == (FAST, FAST)


def test_a_port_opened_anew_meets_the_instrument_at_the_fast_rate(make_bench):
    bench = make_bench(settings(), SETTINGS, respects_baud=True)
    bench.run_for(1.0)
    bench.host.reset()
    bench.host_baud = WAKE
    left_s = bench.now_s
    bench.run_until_finished(20.0)
    assert bench.times_of(Connected)[1] - left_s <= 1.0  # before the instrument gives it up
    assert [e.baud for e in bench.of(BaudChanged)] == [FAST, FAST]
    assert set(bench.acquired) <= set(bench.payloads)


def test_an_answer_that_was_lost_costs_a_second_and_not_the_rate(make_bench):
    bench = make_bench(settings(), SETTINGS, respects_baud=True)
    bench.lose_answers = [CommandDone()]  # to SetBaud: the instrument has changed
    bench.run_until_finished(20.0)
    assert bench.lose_answers == []
    assert bench.of(BaudChanged) == [BaudChanged(FAST)]
    assert bench.times_of(BaudChanged)[0] <= 1.5
    assert set(bench.acquired) <= set(bench.payloads)


def test_an_order_that_was_lost_is_only_said_again(make_bench):
    bench = make_bench(settings(), SETTINGS, respects_baud=True)
    bench.lose_once = [SetBaud(FAST)]
    bench.run_until_finished(20.0)
    assert bench.of(BaudChanged) == [BaudChanged(FAST)]
    assert len(bench.of(Connected)) == 1


def test_a_new_host_meets_an_instrument_that_its_forerunner_left_fast(make_bench):
    bench = make_bench(settings(), SETTINGS, respects_baud=True)
    bench.run_for(1.0)
    bench.host, bench.host_baud = HostLink(SETTINGS), WAKE  # SIGKILL, and started again
    left_s = bench.now_s
    bench.run_until_finished(20.0)
    assert bench.times_of(Connected)[1] - left_s <= 1.0


@pytest.mark.parametrize("served_s", [2.0, PROVEN_S + 2.0])
@pytest.mark.parametrize("rate_hz", [0.01, 20.0])
@pytest.mark.parametrize("phase_s", [0.0, 0.15, 0.3, 0.45])
def test_back_within_two_seconds_of_a_reboot_whenever_it_is(make_bench, served_s, rate_hz, phase_s):
    it = settings(count=None, rate_hz=rate_hz, boot_id=1)
    bench = make_bench(it, SETTINGS, respects_baud=True)
    bench.run_for(served_s + phase_s)
    assert bench.host_baud == FAST
    bench.boot(settings(count=None, rate_hz=rate_hz, boot_id=2))
    bench.run_for(2.0)
    assert [e.description.boot_id for e in bench.of(Connected)][:2] == [1, 2]


@pytest.mark.parametrize("away_s", [0.3, 0.9, 1.2, 1.6, 2.0, 2.4, 2.6, 2.8, 2.95, 3.1, 4.0])
@pytest.mark.parametrize("is_reopened", [True, False])
def test_back_within_two_seconds_of_a_cut_line_however_long_it_was(make_bench, away_s, is_reopened):
    it = settings(count=None)
    bench = make_bench(it, SETTINGS, respects_baud=True)
    bench.run_for(2.0)
    usual, bench.most_baud = bench.most_baud, 0  # nothing that is said is understood
    bench.run_for(away_s)
    bench.most_baud = usual
    if is_reopened:
        bench.host.reset()
        bench.host_baud = WAKE
    before = len(bench.payloads)
    bench.run_for(2.0)
    assert bench.host_baud == bench.firmware.baud
    assert len(bench.payloads) > before
