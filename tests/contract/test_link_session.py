"""A link session with the virtual spectrometer in a process of its own, over every port."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from firmware_bridge.identity import FrameIdentity
from firmware_bridge.link import (
    Connected,
    FrameReceived,
    InstrumentRebooted,
    LinkEvent,
    LinkSession,
    LinkSettings,
    PortLost,
    PortUnavailable,
)
from firmware_bridge.ports import Port, PtyPort, open_port

ROOT = Path(__file__).parents[2]
BAUD = 921_600
LIMIT_S = 30.0


class Device:
    """The virtual spectrometer's process."""

    def __init__(self, kind: str, where: str, count: int, boot_id: int = 1) -> None:
        script = Path(__file__).with_name("virtual_process.py")
        arguments = [kind, where, str(count), "5", str(boot_id)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self._process = subprocess.Popen(
            [sys.executable, str(script), *arguments], stdout=subprocess.PIPE, env=environment
        )
        self.ready = self._line()["ready"]

    def _line(self) -> dict:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def result(self) -> dict:
        return self._line()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None


class Host:
    """A caller that keeps every frame once and then acknowledges it."""

    def __init__(self, opener: Callable[[], Port]) -> None:
        self.session = LinkSession(opener, LinkSettings())
        self.kept: dict[FrameIdentity, FrameReceived] = {}
        self.events: list[LinkEvent] = []

    def run_until(self, done: Callable[[], bool]) -> float:
        start_s = time.monotonic()
        while not done():
            assert time.monotonic() - start_s < LIMIT_S, self.events[-5:]
            for event in self.session.step(0.1):
                self.events.append(event)
                if isinstance(event, FrameReceived):
                    self.kept.setdefault(event.identity, event)
                    self.session.acknowledge([event.identity])
        return time.monotonic() - start_s

    def count(self, kind: type) -> int:
        return sum(isinstance(event, kind) for event in self.events)

    def has_lights(self, count: int) -> Callable[[], bool]:
        return lambda: len(self.lights()) >= count

    def lights(self) -> dict[int, FrameReceived]:
        return {i.sequence: e for i, e in self.kept.items() if e.frame.kind == "light"}


def free_tcp_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def start(stack: ExitStack, kind: str, where: str, count: int, boot_id: int = 1) -> Device:
    device = Device(kind, where, count, boot_id)
    stack.callback(device.kill)
    return device


def join(kind: str, stack: ExitStack, tmp_path: Path, count: int) -> tuple[Host, Device]:
    if kind == "pty":
        own = PtyPort.create()
        host = Host(lambda: own)
        device = start(stack, "tty", own.path, count)
    else:
        where = str(tmp_path / "tty") if kind == "serial" else str(free_tcp_port())
        device = start(stack, "pty" if kind == "serial" else "tcp", where, count)
        host = Host(lambda: open_port(device.ready, BAUD))
    stack.callback(host.session.close)
    return host, device


@pytest.mark.parametrize("kind", ["serial", "pty", "tcp"])
def test_thirty_spectra_arrive_once_each_and_are_acknowledged(
    kind: str, stack: ExitStack, tmp_path: Path
):
    host, device = join(kind, stack, tmp_path, 30)
    host.run_until(lambda: device.has_ended)
    result = device.result()
    assert (result["acquired"], result["left"]) == (30, 0)
    lights = host.lights()
    assert sorted(lights) == [sequence for sequence, _ in result["truth"]]
    peaks = {index: set() for index in range(3)}
    for sequence, index in result["truth"]:
        peaks[index].add(int(np.argmax(lights[sequence].frame.counts)) // 8)
    assert all(len(found) <= 2 for found in peaks.values())  # each source has its own peak
    assert len(set.union(*peaks.values())) >= 3
    assert host.count(Connected) == 1


@pytest.mark.parametrize("kind", ["serial", "tcp"])
def test_a_device_that_vanishes_and_returns_is_used_again_within_two_seconds(
    kind: str, stack: ExitStack, tmp_path: Path
):
    where = str(tmp_path / "tty") if kind == "serial" else str(free_tcp_port())
    far_kind = "pty" if kind == "serial" else "tcp"
    device = start(stack, far_kind, where, 10_000, boot_id=1)
    address = device.ready
    host = Host(lambda: open_port(address, BAUD))
    stack.callback(host.session.close)
    host.run_until(host.has_lights(5))
    device.kill()
    host.run_until(lambda: host.count(PortUnavailable) >= 2)
    assert host.count(PortLost) >= 1
    back = start(stack, far_kind, where, 20, boot_id=2)
    waited_s = host.run_until(lambda: host.count(Connected) == 2)
    assert waited_s < 2.0
    assert InstrumentRebooted(1, 2) in host.events
    host.run_until(lambda: back.has_ended)
    again = {i.sequence for i, e in host.kept.items() if i.boot_id == 2 and e.frame.kind == "light"}
    assert again == {sequence for sequence, _ in back.result()["truth"]}


@pytest.mark.parametrize("kind", ["serial", "tcp"])
def test_a_host_that_dies_unacknowledged_is_given_the_frames_again(
    kind: str, stack: ExitStack, tmp_path: Path
):
    host, device = join(kind, stack, tmp_path, 30)
    received: set[FrameIdentity] = set()
    until_s = time.monotonic() + LIMIT_S
    while len(received) < 5 and time.monotonic() < until_s:
        events = host.session.step(0.1)
        received |= {e.identity for e in events if isinstance(e, FrameReceived)}
    host.session.close()  # nothing was acknowledged
    second = Host(lambda: open_port(device.ready, BAUD))
    stack.callback(second.session.close)
    second.run_until(lambda: device.has_ended)
    assert received <= set(second.kept)
    assert {s for s, _ in device.result()["truth"]} == set(second.lights())
