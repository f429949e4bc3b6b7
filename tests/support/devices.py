"""Virtual instruments of every kind in processes, and a host that keeps what they send."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from firmware_bridge.drivers.registry import DEVICES
from firmware_bridge.drivers.settings import DriverSettings
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.link import FrameReceived, LinkEvent, LinkSession, LinkSettings
from firmware_bridge.ports import Port, open_port

ROOT = Path(__file__).parents[2]
BAUD = 921_600
LASER_NM = 532.0
LIMIT_S = 30.0


class VirtualDevice:
    """A virtual instrument's process, at a port of its own."""

    def __init__(self, name: str, port: str, folder: Path, **asked: object) -> None:
        where = str(folder / "instrument") if port == "pty" else str(_free_tcp_port())
        request = json.dumps({"device": name, "port": port, "where": where, **asked})
        script = Path(__file__).with_name("device_process.py")
        self._process = subprocess.Popen(
            [sys.executable, str(script), request],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        self.address = str(self._line()["ready"])

    @property
    def has_ended(self) -> bool:
        """True when it has done what it was to do."""
        return self._process.poll() is not None

    def result(self) -> dict:
        """End it, and return what it came to."""
        self._process.terminate()
        return self._line()

    def close(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _line(self) -> dict:
        if self._process.stdout is None:
            raise AssertionError("no pipe")
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError("the virtual instrument died")
        return json.loads(line)


class Host:
    """A caller that keeps every frame and then acknowledges it."""

    def __init__(
        self,
        name: str,
        opener: Callable[[], Port],
        settings: DriverSettings | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        told = settings or driver_settings(name)
        driver = DEVICES[name].make_driver(told)
        self.session = LinkSession(opener, told.link, clock, sleep, driver)
        self.events: list[tuple[float, LinkEvent]] = []
        self.kept: dict[FrameIdentity, FrameReceived] = {}

    def run_until(self, done: Callable[[], bool], limit_s: float = LIMIT_S) -> float:
        """Step until it is so; return how long that took, s."""
        start_s = time.monotonic()
        while not done():
            if time.monotonic() - start_s > limit_s:
                raise AssertionError(f"not within {limit_s} s: {self.events[-5:]}")
            self.step(0.05)
        return time.monotonic() - start_s

    def run_for(self, duration_s: float) -> None:
        """Step for so long."""
        until_s = time.monotonic() + duration_s
        while time.monotonic() < until_s:
            self.step(0.05)

    def step(self, timeout_s: float) -> None:
        """Take what comes."""
        for event in self.session.step(timeout_s):
            self.events.append((time.monotonic(), event))
            if isinstance(event, FrameReceived):
                before = self.kept.setdefault(event.identity, event)
                if before.payload != event.payload:
                    raise AssertionError(f"{event.identity} came twice with other bytes")
                self.session.acknowledge([event.identity])

    def of(self, kind: type) -> list:
        """Return the events of one kind so far."""
        return [event for _, event in self.events if isinstance(event, kind)]

    def frames(self, kind: str = "light") -> list[FrameReceived]:
        """Return the frames of one kind, in the order in which they came first."""
        return [event for event in self.kept.values() if event.frame.kind == kind]

    def crcs(self) -> Counter[int]:
        """Return how often each light frame's counts came, by their CRC-32."""
        return Counter(
            zlib.crc32(event.frame.counts.astype("<u4").tobytes()) for event in self.frames()
        )


def driver_settings(name: str, **link: object) -> DriverSettings:
    """Return what a device's driver needs to be told to talk to its virtual counterpart."""
    device = DEVICES[name]
    return DriverSettings(
        link=replace(LinkSettings(wake_baud=BAUD), **link),
        boot_id=7,
        laser_wavelength_nm=None if device.tells_laser else LASER_NM,
    )


def opener_of(device: VirtualDevice) -> Callable[[], Port]:
    """Return what opens the host's end of its port."""
    return lambda: open_port(device.address, BAUD)


def _free_tcp_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
