"""A link session with the C example on a pseudo-terminal: it is an instrument like any other."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from firmware_bridge.commands import Configure, LaserMode
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.link import (
    CommandRefusedByInstrument,
    Connected,
    FragmentsRequested,
    FrameReceived,
    InstrumentRebooted,
    LinkEvent,
    LinkSession,
    LinkSettings,
    PortLost,
    StatusReceived,
)
from firmware_bridge.link.events import BaudChanged, ClockCorrelated
from firmware_bridge.ports import Port, PtyPort, open_port
from firmware_bridge.spectrum_frame import FRAME_KINDS
from tests.support.c_detector import expected_counts
from tests.support.c_programs import SANITIZED, can_sanitize, compiler, instrument

BAUD = 921_600
PIXELS = 512
SEED = 5
LIMIT_S = 30.0


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler()
    flags = SANITIZED if can_sanitize() else ("-O2",)
    return instrument(tmp_path_factory.mktemp("c"), *flags)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


class Device:
    """The C program as a process."""

    def __init__(self, program: Path, tty: str, **options: object) -> None:
        given = {"rate": 100, "pixels": PIXELS, "seed": SEED, "boot_id": 1, **options}
        words = [w for name, it in given.items() for w in ("--" + name.replace("_", "-"), str(it))]
        pipe = subprocess.PIPE
        command = [str(program), tty, *words]
        self.process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True)
        self.path = str(self._line()["listening"])

    def _line(self) -> dict[str, object]:
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        answer: dict[str, object] = json.loads(line)
        return answer

    def result(self) -> dict[str, object]:
        result = self._line()
        self.process.wait(5)
        return result

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


class Host:
    """A caller that keeps every frame once and then acknowledges it."""

    def __init__(self, opener: Callable[[], Port], settings: LinkSettings | None = None) -> None:
        self.session = LinkSession(opener, settings or LinkSettings())
        self.kept: dict[FrameIdentity, FrameReceived] = {}
        self.events: list[LinkEvent] = []

    def step(self, *, acknowledge: bool = True) -> None:
        for event in self.session.step(0.05):
            self.events.append(event)
            if isinstance(event, FrameReceived):
                first = self.kept.setdefault(event.identity, event)
                assert first.payload == event.payload
                if acknowledge:
                    self.session.acknowledge([event.identity])

    def run_until(self, done: Callable[[], object], limit_s: float = LIMIT_S) -> float:
        start_s = time.monotonic()
        while not done():
            assert time.monotonic() - start_s < limit_s, self.events[-5:]
            self.step()
        return time.monotonic() - start_s

    def seen(self, kind: type[LinkEvent]) -> list[LinkEvent]:
        return [event for event in self.events if isinstance(event, kind)]


class NoisyPort:
    """A line that flips bits and loses some bytes both ways, by seed."""

    def __init__(self, port: Port, bit_error_rate: float) -> None:
        self._port = port
        self._rng = random.Random(8)
        self._rate = 8 * bit_error_rate

    def read(self, timeout_s: float) -> bytes:
        return b"".join(self._passed(byte) for byte in self._port.read(timeout_s))

    def write(self, data: bytes, timeout_s: float) -> None:
        self._port.write(b"".join(self._passed(byte) for byte in data), timeout_s)

    def _passed(self, byte: int) -> bytes:
        if self._rng.random() >= self._rate:
            return bytes([byte])
        return b"" if self._rng.random() < 0.2 else bytes([byte ^ 1 << self._rng.randrange(8)])

    def __getattr__(self, name: str) -> object:
        return getattr(self._port, name)


def start(stack: ExitStack, program: Path, tty: str = "pty", **options: object) -> Device:
    device = Device(program, tty, **options)
    stack.callback(device.close)
    return device


def join(stack: ExitStack, device: Device, settings: LinkSettings | None = None) -> Host:
    host = Host(lambda: open_port(device.path, BAUD), settings)
    stack.callback(host.session.close)
    return host


def check_truth(host: Host, boot_id: int, integration_time_us: int = 10_000) -> list[str]:
    """Compare every kept frame of a boot with what was shown; return their kinds, in order."""
    frames = {i.sequence: e.frame for i, e in host.kept.items() if i.boot_id == boot_id}
    assert sorted(frames) == list(range(len(frames)))
    kinds, turn = [], 0
    for sequence in sorted(frames):
        frame = frames[sequence]
        truth = expected_counts(
            frame.kind,
            sequence,
            turn,
            seed=SEED,
            pixels=PIXELS,
            integration_time_us=integration_time_us,
        )
        np.testing.assert_array_equal(frame.counts, truth, err_msg=f"{frame.kind} {sequence}")
        turn += frame.kind == "light"
        kinds.append(frame.kind)
    return kinds


def test_it_says_who_it_is_and_how(program: Path, stack: ExitStack) -> None:
    device = start(stack, program, id="SPEC-7", boot_id=77)
    host = join(stack, device, LinkSettings(start_on_connect=False, status_interval_s=0.05))
    host.run_until(lambda: host.seen(StatusReceived) and host.seen(ClockCorrelated))
    connected = host.seen(Connected)[0]
    assert isinstance(connected, Connected)
    it = connected.description
    assert (it.instrument_id, it.boot_id, it.firmware_version) == ("SPEC-7", 77, "c-1")
    assert (it.pixel_count, it.saturation_counts) == (PIXELS, 65_535)
    assert it.laser_wavelength_nm == 532.0
    assert it.wavelength_coefficients_nm == (534.8, 50.2 / 511)
    status = host.seen(StatusReceived)[0]
    assert isinstance(status, StatusReceived)
    assert status.status.faults == ()
    assert status.status.detector_temperature_c == 20.0
    assert not status.status.laser_on
    assert not host.kept


@pytest.mark.parametrize("host_owns_the_pty", [False, True])
def test_spectra_arrive_once_each_and_unaltered(
    host_owns_the_pty: bool, program: Path, stack: ExitStack
) -> None:
    if host_owns_the_pty:
        own = PtyPort.create()
        device = start(stack, program, own.path, count=60, dark_every=20)
        host = Host(lambda: own)
        stack.callback(host.session.close)
    else:
        device = start(stack, program, count=60, dark_every=20)
        host = join(stack, device)
    host.run_until(lambda: device.has_ended)
    result = device.result()
    assert (result["acquired"], result["retained"], result["refused"]) == (60, 0, 0)
    assert device.process.returncode == 0
    kinds = check_truth(host, boot_id=1)
    assert [at for at, kind in enumerate(kinds) if kind == "dark"] == [0, 21, 42]
    assert len(kinds) == 63


def over_noise(program: Path, stack: ExitStack, count: int) -> Host:
    device = start(stack, program, count=count)
    host = Host(lambda: NoisyPort(open_port(device.path, BAUD), 1e-4))  # type: ignore[arg-type, return-value]
    stack.callback(host.session.close)
    host.run_until(lambda: device.has_ended, limit_s=LIMIT_S + count / 20)
    return host


def test_what_a_noisy_line_spoils_is_asked_for_again(program: Path, stack: ExitStack) -> None:
    host = over_noise(program, stack, 60)
    assert host.seen(FragmentsRequested)
    assert len(check_truth(host, boot_id=1)) == 62


@pytest.mark.full
def test_two_thousand_spectra_over_a_noisy_line(program: Path, stack: ExitStack) -> None:
    host = over_noise(program, stack, 2_000)
    assert len(check_truth(host, boot_id=1)) == 2_040


def test_a_slow_host_loses_nothing(program: Path, stack: ExitStack) -> None:
    device = start(stack, program, count=40, rate=500)
    host = join(stack, device, LinkSettings(credit_frames=4))
    while not host.kept:
        host.step(acknowledge=False)
    time.sleep(1.0)  # longer than it takes to acquire all of them
    host.run_until(lambda: device.has_ended)
    assert len(check_truth(host, boot_id=1, integration_time_us=2_000)) == 41


def test_with_no_slot_free_nothing_is_acquired_and_that_is_told(
    program: Path, stack: ExitStack
) -> None:
    device = start(stack, program, slots=3)
    host = join(stack, device, LinkSettings(status_interval_s=0.05))

    def told() -> list[StatusReceived]:
        return [event for event in host.events if isinstance(event, StatusReceived)]

    until_s = time.monotonic() + LIMIT_S
    while not any(e.status.faults == ("buffer_full",) for e in told() if e.status.refused_frames):
        assert time.monotonic() < until_s
        host.step(acknowledge=False)
    assert {i.sequence for i in host.kept} <= {0, 1, 2}


def test_one_slot_is_enough(program: Path, stack: ExitStack) -> None:
    device = start(stack, program, slots=1, count=20)
    host = join(stack, device)
    host.run_until(lambda: device.has_ended)
    assert len(check_truth(host, boot_id=1)) == 21


def test_a_host_that_dies_unacknowledged_is_given_the_frames_again(
    program: Path, stack: ExitStack
) -> None:
    device = start(stack, program, count=30)
    first = join(stack, device)
    while len(first.kept) < 5:
        first.step(acknowledge=False)
    first.session.close()
    second = join(stack, device)
    second.run_until(lambda: device.has_ended)
    assert set(first.kept) <= set(second.kept)
    assert len(check_truth(second, boot_id=1)) >= 31


def test_an_instrument_that_reboots_is_used_again_within_two_seconds(
    program: Path, stack: ExitStack, tmp_path: Path
) -> None:
    tty = f"pty:{tmp_path / 'spectrometer'}"
    device = start(stack, program, tty, boot_id=1)
    host = join(stack, device)
    host.run_until(lambda: len(host.kept) >= 5)
    device.close()  # as if the power failed: the link still points at what was
    host.run_until(lambda: host.seen(PortLost))
    back = start(stack, program, tty, boot_id=2, count=20)
    waited_s = host.run_until(lambda: len(host.seen(Connected)) == 2)
    assert waited_s < 2.0
    assert InstrumentRebooted(1, 2) in host.events
    host.run_until(lambda: back.has_ended)
    assert len(check_truth(host, boot_id=2)) == 21
    assert not (tmp_path / "spectrometer").is_symlink()


def test_single_frames_of_every_kind(program: Path, stack: ExitStack) -> None:
    device = start(stack, program)
    host = join(stack, device, LinkSettings(start_on_connect=False))
    host.run_until(lambda: host.seen(Connected))
    for wanted in FRAME_KINDS:
        host.session.single(wanted)
        count = len(host.kept)
        host.run_until(lambda count=count: len(host.kept) > count)
    assert tuple(check_truth(host, boot_id=1)) == FRAME_KINDS


def test_settings_are_taken_or_refused_as_a_whole(program: Path, stack: ExitStack) -> None:
    device = start(stack, program, count=8)
    wanted = Configure(2_000, 2, 5_000, LaserMode.WHILE_EXPOSING)
    host = join(stack, device, LinkSettings(start_on_connect=False))
    host.run_until(lambda: host.seen(Connected))
    host.session.configure(wanted)
    host.session.configure(Configure(integration_time_us=4_000, averages=3))
    host.session.start()
    host.run_until(lambda: device.has_ended)
    (refused,) = host.seen(CommandRefusedByInstrument)
    assert isinstance(refused, CommandRefusedByInstrument)
    assert (refused.code, refused.detail) == (
        2,
        "integration_time_us times averages exceeds period_us",
    )
    check_truth(host, boot_id=1, integration_time_us=2_000)
    assert {event.frame.averages for event in host.kept.values()} == {2}


def test_a_faster_line_is_agreed_on(program: Path, stack: ExitStack) -> None:
    own = PtyPort.create()
    device = start(stack, program, own.path, baud=115_200, count=20)
    settings = LinkSettings(wake_baud=115_200, fast_baud=921_600)
    host = Host(lambda: own, settings)
    stack.callback(host.session.close)
    host.run_until(lambda: device.has_ended)
    assert BaudChanged(921_600) in host.events
    assert len(check_truth(host, boot_id=1)) == 21


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_a_result(
    number: signal.Signals, program: Path, stack: ExitStack
) -> None:
    device = start(stack, program)
    device.process.send_signal(number)
    assert device.result()["retained"] == 0
    assert device.process.returncode == 0


def test_frames_that_nobody_acknowledged_are_told_by_the_exit_code(
    program: Path, stack: ExitStack
) -> None:
    device = start(stack, program)
    host = join(stack, device)
    while not host.kept:
        host.step(acknowledge=False)
    device.process.terminate()
    assert device.result()["retained"] != 0
    assert device.process.returncode == 1


@pytest.mark.parametrize(
    ("words", "says", "code"),
    [
        ([], "usage", 2),
        (["pty", "--count"], "usage", 2),
        (["pty", "--count", "0"], "--count", 2),
        (["pty", "--pixels", "7"], "--pixels", 2),
        (["pty", "--rate", "fast"], "--rate", 2),
        (["pty", "--id", "x" * 17], "--id", 2),
        (["pty", "--id", "\u00b5" * 9], "--id", 2),
        (["pty", "--baud", "12345"], "--baud", 2),
        (["pty", "--wish", "1"], "--wish", 2),
        (["/dev/ttyNONE"], "No such file", 1),
        (["/dev/null"], "/dev/null", 1),
    ],
    ids=lambda it: " ".join(it) if isinstance(it, list) else "",
)
def test_wrong_usage_is_told(program: Path, words: list[str], says: str, code: int) -> None:
    done = subprocess.run([program, *words], capture_output=True, text=True, timeout=5, check=False)
    assert says in done.stderr
    assert done.returncode == code
    assert done.stdout == ""


def test_a_link_never_replaces_a_file(program: Path, tmp_path: Path) -> None:
    precious = tmp_path / "data"
    precious.write_text("kept")
    command = [program, f"pty:{precious}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
    assert (done.returncode, precious.read_text()) == (1, "kept")
    assert "File exists" in done.stderr


def test_garbage_does_not_stop_it(program: Path, stack: ExitStack) -> None:
    device = start(stack, program, count=20)
    rng = random.Random(9)
    with open_port(device.path, BAUD) as port:
        for _ in range(50):
            port.write(rng.randbytes(rng.randint(1, 2000)), 1.0)
            port.read(0.0)
    host = join(stack, device)
    host.run_until(lambda: device.has_ended)
    assert len(check_truth(host, boot_id=1)) == 21
