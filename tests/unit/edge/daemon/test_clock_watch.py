from __future__ import annotations

import pytest

from edge.daemon.clock_watch import ClockWatch


def test_clocks_in_step_are_no_jump():
    watch = ClockWatch(1_000.0, 5.0)
    assert [watch.jump_s(1_000.0 + k, 5.0 + k) for k in range(1, 100)] == [None] * 99


@pytest.mark.parametrize("by_s", [0.6, -0.6, 86_400.0, -1.6e9])
def test_a_jump_is_told_once_with_its_size_and_sign(by_s):
    watch = ClockWatch(1_000.0, 5.0)
    assert watch.jump_s(1_001.0 + by_s, 6.0) == pytest.approx(by_s)
    assert watch.jump_s(1_002.0 + by_s, 7.0) is None


def test_a_slow_correction_is_none_however_long_it_takes():
    watch = ClockWatch(0.0, 0.0)
    assert {watch.jump_s(k * 1.0005, float(k)) for k in range(1, 5_000)} == {None}


def test_a_late_check_is_no_jump():
    watch = ClockWatch(0.0, 0.0)
    assert watch.jump_s(3_600.0, 3_600.0) is None
