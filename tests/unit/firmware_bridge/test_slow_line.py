"""Slow lines, on which one fragment takes longer than a fast line's patience."""

from __future__ import annotations

import pytest

from firmware_bridge.link import FragmentsRequested, FrameAbandoned, LinkSettings
from firmware_bridge.messages import NotAcknowledge, SpectrumFragment, pack_message
from firmware_bridge.virtual import VirtualSettings

TICKS_S = 200


@pytest.mark.parametrize("baud", [9600, 19_200, 38_400])
def test_whole_spectra_cross_a_slow_line_without_being_asked_for(make_bench, baud):
    settings = VirtualSettings(seed=1, pixel_count=2048, rate_hz=1.0, count=5, baud=baud)
    link = LinkSettings(wake_baud=baud)
    bench = make_bench(settings, link, bytes_per_tick=baud / 10 / TICKS_S)
    bench.run_until_finished(6 * 4500 * 10 / baud + 5.0)
    assert set(bench.acquired) <= set(bench.payloads)
    assert bench.of(FragmentsRequested) == []


def test_a_frame_of_which_something_comes_each_time_is_not_given_up(make_bench):
    bench = make_bench(link=LinkSettings(start_on_connect=False, fragment_attempts=3))
    bench.run_for(0.2)
    boot_id = bench.firmware.boot_id
    for index in range(12):
        bench.host_hears(pack_message(SpectrumFragment(boot_id, 0, index, 13, b"piece")))
        bench.run_for(0.8)  # asked twice in vain, then the next piece comes
    assert len(bench.of(FragmentsRequested)) > 12
    assert bench.of(FrameAbandoned) == []
    bench.host_hears(pack_message(SpectrumFragment(boot_id, 0, 11, 13, b"piece")))  # nothing new
    bench.run_for(2.0)
    (given_up,) = bench.of(FrameAbandoned)
    assert "in vain" in given_up.reason
    asked = [it.message for it in bench.said if isinstance(it.message, NotAcknowledge)]
    assert asked[-1].missing == (12,)
