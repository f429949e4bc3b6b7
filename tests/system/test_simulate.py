"""`outcrop simulate` as its user meets it: ports, endings, what is wrong with its input."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.cli.truth import counts_crc32
from firmware_bridge.drivers.registry import DEVICES
from firmware_bridge.drivers.settings import DriverSettings
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.link import (
    BytesSkipped,
    Connected,
    FrameReceived,
    InstrumentRebooted,
    LinkEvent,
    LinkSession,
    PortLost,
)
from firmware_bridge.ports import PtyPort, open_port

_SIMULATE = [sys.executable, "-m", "edge", "simulate"]


def _run(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*_SIMULATE, *options], capture_output=True, text=True, check=False)


def test_it_opens_a_serial_device_and_ends_when_all_is_acknowledged() -> None:
    with PtyPort.create() as host:
        options = ["--spectra", "builtin", "--port", host.path, "--count", "4", "--rate", "40"]
        instrument = subprocess.Popen([*_SIMULATE, *options], stdout=subprocess.PIPE, text=True)
        session = LinkSession(lambda: host)
        seen = set()
        while instrument.poll() is None:
            for event in session.step(0.2):
                if isinstance(event, FrameReceived):
                    seen.add(event.identity.sequence)
                    session.acknowledge([event.identity])
        assert instrument.returncode == 0
        assert instrument.communicate()[0].endswith(
            "4 spectra taken, 0 frames not acknowledged, 0 not taken because the buffer was full\n"
        )
    assert seen == {0, 1, 2, 3, 4}  # a dark frame first


class Host:
    """Keeps and acknowledges what comes from the link that `outcrop simulate` made."""

    def __init__(self, folder: Path, device: str = "oip", baud: int = 921_600) -> None:
        driver = DEVICES[device].make_driver(DriverSettings(laser_wavelength_nm=532.0))
        port = str(folder / "instrument")
        self.session = LinkSession(lambda: open_port(port, baud), driver=driver)
        self.events: list[LinkEvent] = []
        self.lights: dict[FrameIdentity, int] = {}

    def run_until(self, done: Callable[[], bool], limit_s: float = 40.0) -> None:
        until_s = time.monotonic() + limit_s
        while not done():
            assert time.monotonic() < until_s, self.events[-5:]
            for event in self.session.step(0.1):
                self.events.append(event)
                if isinstance(event, FrameReceived):
                    if event.frame.kind == "light":
                        self.lights[event.identity] = counts_crc32(event.frame.counts)
                    self.session.acknowledge([event.identity])

    def count(self, kind: type) -> int:
        return sum(isinstance(event, kind) for event in self.events)


@contextmanager
def simulated(folder: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    where = ["--port", "pty", "--link", str(folder / "instrument"), "--json"]
    known = ["--spectra", "builtin", "--truth", str(folder / "truth.jsonl"), "--seed", "3"]
    command = [*_SIMULATE, *where, *known, *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert "listening" in process.stdout.readline()
    try:
        yield process
    finally:
        process.terminate()
        process.communicate()


def truth(folder: Path) -> list[int]:
    lines = (folder / "truth.jsonl").read_text().splitlines()
    return [json.loads(line)["counts_crc32"] for line in lines]


def result(process: subprocess.Popen[str]) -> dict[str, int]:
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


_FAST = ("--baud", "921600", "--pixels", "256", "--rate", "40")


def test_a_bad_line_a_pulled_plug_and_stalls_cost_oip_nothing(tmp_path: Path) -> None:
    wrong = ["bit-error-rate=2e-5", "drop-frame-rate=0.02", "duplicate-frame-rate=0.02"]
    wrong += ["reorder-frame-rate=0.02", "truncate-frame-rate=0.02", "insert-byte-rate=1e-4"]
    wrong += ["drop-byte-rate=1e-4", "stall-every-s=2", "stall-for-s=0.3"]
    wrong += ["disconnect-every-s=2", "disconnect-for-s=0.3"]
    options = [word for fault in wrong for word in ("--fault", fault)]
    with simulated(tmp_path, *_FAST, "--count", "150", *options) as instrument:
        host = Host(tmp_path)
        host.run_until(lambda: instrument.poll() is not None)
        done = result(instrument)
        assert instrument.returncode == 0
    assert sorted(host.lights.values()) == sorted(truth(tmp_path))
    assert (done["acquired"], done["retained"]) == (150, 0)
    assert abs(done["disconnections"] - host.count(PortLost)) <= 1
    assert done["disconnections"] > 0
    assert host.count(BytesSkipped) > 0


def test_a_supply_that_fails_begins_new_boots_and_costs_what_was_not_acknowledged(
    tmp_path: Path,
) -> None:
    options = ["--fault", "reboot-every-s=1.5", "--fault", "reboot-for-s=0.2"]
    with simulated(tmp_path, *_FAST, "--count", "120", *options) as instrument:
        host = Host(tmp_path)
        host.run_until(lambda: instrument.poll() is not None)
        done = result(instrument)
    assert done["reboots"] >= 1
    assert host.count(InstrumentRebooted) >= 1
    boots = {identity.boot_id for identity in host.lights}
    assert len(boots) == host.count(InstrumentRebooted) + 1
    missing = set(truth(tmp_path)) - set(host.lights.values())
    assert len(missing) <= done["forgotten"]
    assert set(host.lights.values()) <= set(truth(tmp_path))


def test_a_host_at_another_baud_rate_hears_nothing_it_understands(tmp_path: Path) -> None:
    with simulated(tmp_path, "--baud", "115200", "--count", "3", "--rate", "20"):
        wrong = Host(tmp_path, baud=57_600)
        with pytest.raises(AssertionError):
            wrong.run_until(lambda: wrong.count(Connected) > 0, limit_s=2.5)
        wrong.session.close()
        right = Host(tmp_path, baud=115_200)
        right.run_until(lambda: len(right.lights) == 3)


@pytest.mark.parametrize("device", sorted({"sts", "usb2000"} & DEVICES.keys()))
def test_what_retains_nothing_is_heard_whole_on_a_sound_line(tmp_path: Path, device: str) -> None:
    options = ["--device", device, "--baud", "115200", "--count", "5", "--rate", "20"]
    with simulated(tmp_path, *options) as instrument:
        host = Host(tmp_path, device, baud=115_200)
        host.session.start()
        host.run_until(lambda: instrument.poll() is not None)
        assert result(instrument)["acquired"] == 5
    assert sorted(host.lights.values()) == sorted(truth(tmp_path))


def test_sigterm_ends_it_and_frames_nobody_took_are_told() -> None:
    options = ["--spectra", "builtin", "--port", "pty", "--json"]
    instrument = subprocess.Popen([*_SIMULATE, *options], stdout=subprocess.PIPE, text=True)
    assert instrument.stdout is not None
    assert "listening" in instrument.stdout.readline()
    instrument.send_signal(signal.SIGTERM)
    result = json.loads(instrument.communicate(timeout=30)[0])
    assert (result["acquired"], result["retained"], instrument.returncode) == (0, 0, 0)


def test_what_is_wrong_is_told_in_a_line(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("not a link")
    wrong = {
        ("--spectra", "/no/such", "--port", "pty"): (2, "/no/such"),
        ("--spectra", "builtin", "--port", "/dev/nothing-here"): (1, "no such device"),
        ("--spectra", "builtin", "--port", "nonsense"): (2, "nonsense"),
        ("--spectra", "builtin", "--port", "tcp:127.0.0.1:99999"): (2, "99999"),
        ("--spectra", "builtin", "--port", "pty", "--link", str(taken)): (1, "taken"),
        ("--spectra", "builtin", "--port", "pty", "--instrument-id", "x" * 17): (2, "16"),
        ("--spectra", "builtin", "--port", "pty", "--truth", "/no/such/file"): (2, "/no/such/file"),
    }
    for options, (code, words) in wrong.items():
        done = _run(*options, "--count", "1")
        assert (done.returncode, words in done.stderr) == (code, True), (options, done.stderr)
        assert "Traceback" not in done.stderr
