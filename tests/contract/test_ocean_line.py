"""Ocean instruments on a line whose ends may differ in rate, as after every reboot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from firmware_bridge.commands import Configure
from firmware_bridge.link import BaudChanged, Connected, FrameReceived, StatusReceived
from firmware_bridge.ports import open_port
from tests.support.devices import Host, VirtualDevice, driver_settings

WAKE, FAST = 9_600, 115_200
Join = Callable[..., tuple[VirtualDevice, Callable[[], Host]]]


@pytest.fixture(params=["sts", "usb2000"])
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def join(name: str, tmp_path: Path) -> Iterator[Join]:
    """Start an instrument, and hosts that ask it for the fast rate."""
    with ExitStack() as stack:

        def started(faults: dict | None = None) -> tuple[VirtualDevice, Callable[[], Host]]:
            device = VirtualDevice(name, "pty", tmp_path, settings={"seed": 4}, faults=faults or {})
            stack.callback(device.close)

            def host() -> Host:
                told = driver_settings(
                    name, wake_baud=WAKE, fast_baud=FAST, configure=Configure(20_000, 1)
                )
                it = Host(
                    name, lambda: open_port(device.address, WAKE), replace(told, dark_every=5)
                )
                stack.callback(it.session.close)
                return it

            return device, host

        yield started


def test_it_goes_over_to_the_fast_rate_and_is_found_there_again(join: Join) -> None:
    device, host = join()
    first = host()
    first.run_until(lambda: len(first.kept) >= 4)
    assert first.of(BaudChanged) == [BaudChanged(FAST)]
    first.session.close()
    second = host()
    took_s = second.run_until(lambda: second.of(Connected))
    assert took_s < 3.0
    assert second.of(BaudChanged) == [BaudChanged(FAST, "it was found at this rate")]
    second.run_until(lambda: len(second.kept) >= 4)
    truth = {crc for crc, _ in device.result()["truth"]}
    assert set(first.crcs()) | set(second.crcs()) <= truth


def test_a_reboot_to_the_wake_up_rate_costs_two_seconds_and_no_altered_frame(join: Join) -> None:
    device, host = join({"reboot_every_s": 2.5, "reboot_for_s": 0.4})
    it = host()
    it.run_until(lambda: len(it.of(Connected)) >= 4, 40.0)
    it.run_until(lambda: len(it.frames()) >= 10, 40.0)
    truth = {crc for crc, _ in device.result()["truth"]}
    crcs = it.crcs()
    assert set(crcs) <= truth
    assert max(crcs.values()) == 1
    wakes = [event for event in it.of(BaudChanged) if event.baud == WAKE]
    assert {event.reason for event in wakes} == {"it was found at this rate"}
    # away for 0.4 s, unheard for one exposure and its way more at most
    assert max(_unheard_s(it)) < 2.0 + 0.4 + 0.6


def _unheard_s(host: Host) -> list[float]:
    """Return the time from the last frame or status to each connection after the first, s."""
    heard_s, unheard_s = None, []
    for at_s, event in host.events:
        if isinstance(event, Connected) and heard_s is not None:
            unheard_s.append(at_s - heard_s)
        if isinstance(event, FrameReceived | StatusReceived):
            heard_s = at_s
    return unheard_s
