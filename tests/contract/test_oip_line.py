"""The bridge's own protocol on a real pseudo-terminal: rates, a caller that stalls, clocks."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from firmware_bridge.commands import Configure
from firmware_bridge.link import (
    BaudChanged,
    ClockCorrelated,
    Connected,
    ForeignBytes,
    FrameReceived,
    LinkEvent,
    LinkSession,
    LinkSettings,
    PortLost,
)
from firmware_bridge.ports import open_port

ROOT = Path(__file__).parents[2]
WAKE, FAST = 115_200, 921_600
LIMIT_S = 30.0


class Device:
    """A virtual OIP instrument in a process of its own, on a pty."""

    def __init__(self, process: subprocess.Popen[str], name: str) -> None:
        self._process = process
        self.name = name

    def result(self) -> dict:
        self._process.terminate()
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


@contextmanager
def device(where: Path, faults: dict[str, float] | None = None, **settings: object):
    plain = {"seed": 1, "boot_id": 1, "pixel_count": 512, "rate_hz": 40.0, "baud": WAKE}
    asked = {"device": "oip", "port": "pty", "where": str(where)}
    asked |= {"settings": {**plain, **settings}, "faults": faults or {}}  # type: ignore[dict-item]
    script = str(ROOT / "tests" / "support" / "device_process.py")
    command = [sys.executable, script, json.dumps(asked)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            yield Device(process, json.loads(process.stdout.readline())["ready"])
        finally:
            process.kill()


class Host:
    """A session that keeps what it hears."""

    def __init__(self, name: str, baud: int = WAKE, **settings: object) -> None:
        self.session = LinkSession(
            lambda: open_port(name, baud),
            LinkSettings(wake_baud=baud, **settings),  # type: ignore[arg-type]
        )
        self.events: list[LinkEvent] = []
        self.at_s: list[float] = []

    def until(self, done: Callable[[], bool], limit_s: float = LIMIT_S) -> None:
        give_up_s = time.monotonic() + limit_s
        while not done():
            for event in self.session.step(0.1):
                self.events.append(event)
                self.at_s.append(time.monotonic())
                if isinstance(event, FrameReceived):
                    self.session.acknowledge([event.identity])
            told = [event for event in self.events if not isinstance(event, FrameReceived)]
            assert time.monotonic() < give_up_s, told[-20:]

    def of(self, kind: type) -> list:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def lights(self) -> list[FrameReceived]:
        return [event for event in self.of(FrameReceived) if event.frame.kind == "light"]


@pytest.fixture
def host() -> Iterator[Callable[..., Host]]:
    hosts: list[Host] = []

    def make(*arguments: object, **settings: object) -> Host:
        hosts.append(Host(*arguments, **settings))  # type: ignore[arg-type]
        return hosts[-1]

    yield make
    for made in hosts:
        made.session.close()


def crcs(frames: list[FrameReceived]) -> list[int]:
    return [zlib.crc32(it.frame.counts.astype("<u4").tobytes()) for it in frames]


def check(frames: list[FrameReceived], truth: list[list[int]]) -> None:
    """Each frame once by its identity, as it left the detector, in one row from the first on."""
    first = {it.identity: it for it in reversed(frames)}
    assert len(first) == len(frames)
    known = [crc for crc, _ in truth]
    assert crcs(sorted(frames, key=lambda it: it.identity)) == known[: len(frames)]


def test_the_line_runs_at_the_fast_rate_and_no_frame_is_lost(tmp_path, host):
    with device(tmp_path / "tty") as instrument:
        it = host(instrument.name, fast_baud=FAST)
        it.until(lambda: len(it.lights) >= 60)
        assert it.of(BaudChanged) == [BaudChanged(FAST)]
        assert len(it.of(Connected)) == 1
        check(it.lights, instrument.result()["truth"])


def test_a_plug_pulled_for_a_moment_leaves_the_instrument_fast_and_it_is_met_there(tmp_path, host):
    faults = {"disconnect_every_s": 2.0, "disconnect_for_s": 0.6}
    with device(tmp_path / "tty", faults) as instrument:
        it = host(instrument.name, fast_baud=FAST)
        it.until(lambda: bool(it.of(PortLost)))
        lost_s = it.at_s[-1]
        it.until(lambda: len(it.of(BaudChanged)) == 2)
        assert [event.baud for event in it.of(BaudChanged)] == [FAST, FAST]
        assert len(it.of(Connected)) == 2
        assert it.at_s[-1] - lost_s <= 0.6 + 2.0
        whole = {event.identity: event for event in it.lights}
        check(list(whole.values()), instrument.result()["truth"])


def test_a_caller_that_stands_still_for_long_loses_nothing(tmp_path, host):
    with device(tmp_path / "tty", baud=FAST, retain_frames=400) as instrument:
        it = host(instrument.name, baud=FAST)
        it.until(lambda: len(it.lights) >= 5)
        stalled_until_s = time.monotonic() + 3.5
        while (left_s := stalled_until_s - time.monotonic()) > 0:
            time.sleep(left_s)  # busy with something else: this is the fault, not a wait for it
        it.until(lambda: len({event.identity for event in it.lights}) >= 150)
        whole = {event.identity: event for event in it.lights}
        check(list(whole.values()), instrument.result()["truth"])


def test_settings_single_frames_and_the_clock(tmp_path, host):
    with device(tmp_path / "tty") as instrument:
        it = host(instrument.name, start_on_connect=False, time_sync_interval_s=0.5)
        it.until(lambda: len(it.of(Connected)) == 1)
        it.session.configure(Configure(integration_time_us=1000, averages=3, period_us=50_000))
        for kind in ("silicon", "neon", "dark", "light"):
            it.session.single(kind)
        it.until(lambda: len(it.of(FrameReceived)) == 4 and len(it.of(ClockCorrelated)) >= 3)
        frames = [event.frame for event in it.of(FrameReceived)]
        assert [frame.kind for frame in frames] == ["silicon", "neon", "dark", "light"]
        assert {(frame.integration_time_us, frame.averages) for frame in frames} == {(1000, 3)}
        first, last = it.of(ClockCorrelated)[0], it.of(ClockCorrelated)[-1]
        instrument_s = (last.instrument_time_us - first.instrument_time_us) * 1e-6
        host_s = last.monotonic_s - first.monotonic_s
        assert instrument_s == pytest.approx(host_s, abs=first.uncertainty_s + last.uncertainty_s)


def test_another_rate_on_the_line_is_told(tmp_path, host):
    with device(tmp_path / "tty", rate_hz=100.0) as instrument:
        right = host(instrument.name)
        right.until(lambda: len(right.lights) >= 1)  # it runs, and keeps sending
        right.session.close()
        wrong = host(instrument.name, baud=9600)
        wrong.until(lambda: bool(wrong.of(ForeignBytes)))
        assert "another baud rate" in wrong.of(ForeignBytes)[0].seen
        assert not wrong.of(Connected)
