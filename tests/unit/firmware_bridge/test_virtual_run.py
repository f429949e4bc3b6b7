"""A virtual instrument over all its boots: pace, baud, stalls, plugs and power; time is stepped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from firmware_bridge.errors import PortError, SpectrumSourceError
from firmware_bridge.virtual import (
    Acquired,
    Exposures,
    Faults,
    LinePace,
    PluggablePort,
    VirtualRun,
    VirtualSettings,
    run,
)
from firmware_bridge.virtual.line import Line

SETTINGS = VirtualSettings(seed=4, count=40, rate_hz=10.0, baud=9600, pixel_count=64)


class Clock:
    """Time that passes only while a port waits."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, duration_s: float) -> None:
        self.now_s += duration_s


class FarSide:
    """A port that notes what is written when, and over how many openings."""

    name = "far"

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.heard: list[tuple[float, bytes]] = []
        self.to_read = b""
        self.openings = 0

    def open(self) -> FarSide:
        self.openings += 1
        return self

    def read(self, timeout_s: float) -> bytes:
        self.clock.sleep(timeout_s)
        data, self.to_read = self.to_read, b""
        return data

    def write(self, data: bytes, timeout_s: float) -> None:
        self.heard.append((self.clock(), data))

    def set_baud(self, baud: int) -> None: ...

    def close(self) -> None: ...

    def __enter__(self) -> FarSide:
        return self

    def __exit__(self, *_: object) -> None: ...


class Numbered:
    """Firmware that sends each spectrum's counts by itself, once, and retains nothing."""

    def __init__(
        self, exposures: Exposures, settings: VirtualSettings, boot_id: int, now_s: float
    ) -> None:
        self.boot_id, self.baud = boot_id, settings.baud
        self.retained_frames = self.refused_frames = 0
        self.received = b""
        self._exposures, self._period_s = exposures, 1 / settings.rate_hz
        self._due_s = now_s
        self._out: list[bytes] = []
        self._acquired: list[Acquired] = []

    @property
    def is_finished(self) -> bool:
        return self._exposures.exhausted and not self._out

    def receive(self, data: bytes, now_s: float) -> None:
        self.received += data

    def poll(self, now_s: float) -> None:
        while self._due_s <= now_s and not self._exposures.exhausted:
            counts, index = self._exposures.light(1000, 1)
            self._acquired.append(Acquired(index, counts, None))
            self._out.append(counts.tobytes())
            self._due_s += self._period_s

    def next_message(self, now_s: float) -> bytes | None:
        return self._out.pop(0) if self._out else None

    def take_acquired(self) -> list[Acquired]:
        acquired, self._acquired = self._acquired, []
        return acquired


class Bench:
    """One run, and all that came of it."""

    def __init__(self, source: list[tuple[np.ndarray, np.ndarray]], **faults: float) -> None:
        self.clock = Clock()
        self.far = FarSide(self.clock)
        self.firmwares: list[Numbered] = []
        self.acquired: list[Acquired] = []
        self.plug = PluggablePort(self.far.open, self.clock.sleep)
        self.settings = replace(SETTINGS, faults=Faults(**faults))  # type: ignore[arg-type]
        self.retains = 0
        self.on_acquired: Callable[[Acquired], None] = self.acquired.append
        self._source = source

    def run(
        self, should_stop: Callable[[], bool] = lambda: False, wait_for_host: bool = False
    ) -> VirtualRun:
        def make(*arguments: object) -> Numbered:
            self.firmwares.append(Numbered(*arguments))  # type: ignore[arg-type]
            self.firmwares[-1].retained_frames = self.retains
            return self.firmwares[-1]

        return run(
            self.plug,
            self._source,
            self.settings,
            self.on_acquired,
            should_stop,
            self.clock,
            make_firmware=make,
            wait_for_host=wait_for_host,
        )

    @property
    def wire(self) -> bytes:
        return b"".join(data for _, data in self.far.heard)

    @property
    def quiet_s(self) -> float:
        """The longest time between two writes."""
        return float(np.diff([at for at, _ in self.far.heard]).max())


def test_all_that_was_acquired_is_on_the_line_in_order(source_spectra):
    bench = Bench(source_spectra)
    done = bench.run()
    assert (done.acquired, done.retained, done.reboots, done.disconnections) == (40, 0, 0, 0)
    assert [it.source_index for it in bench.acquired] == [k % 3 for k in range(40)]
    assert bench.wire == b"".join(it.counts.tobytes() for it in bench.acquired)


def test_what_is_acquired_is_told_before_any_of_it_is_on_the_line(source_spectra):
    bench = Bench(source_spectra)
    order: list[str] = []
    write = bench.far.write
    bench.far.write = lambda data, timeout_s: (order.append("line"), write(data, timeout_s))[1]
    bench.on_acquired = lambda _: order.append("told")
    bench.settings = replace(bench.settings, count=1)
    bench.run()
    assert order[0] == "told"
    assert "line" in order


def test_the_line_is_as_slow_as_its_rate_and_a_message_is_cut_to_it(source_spectra):
    bench = Bench(source_spectra)
    bench.settings = replace(bench.settings, rate_hz=1000.0)
    bench.run()
    took_s = bench.far.heard[-1][0] - bench.far.heard[0][0]
    assert len(bench.wire) / took_s == pytest.approx(960, rel=0.02)
    assert max(len(data) for _, data in bench.far.heard) <= 6  # 5 ms at 9600 baud


def test_the_same_seed_makes_the_same_run(source_spectra):
    faults = {"bit_error_rate": 1e-3, "cosmic_rays": 1.0, "reboot_every_s": 1.0}
    one, two = Bench(source_spectra, **faults), Bench(source_spectra, **faults)
    assert one.run() == two.run()
    assert one.far.heard == two.far.heard


def test_a_stall_keeps_the_line_quiet_and_loses_nothing(source_spectra):
    bench = Bench(source_spectra, stall_every_s=1.0, stall_for_s=0.7)
    bench.run()
    assert 0.7 <= bench.quiet_s < 1.0
    assert bench.wire == b"".join(it.counts.tobytes() for it in bench.acquired)


def test_a_pulled_plug_comes_back_and_what_was_said_meanwhile_is_gone(source_spectra):
    bench = Bench(source_spectra, disconnect_every_s=1.0, disconnect_for_s=0.5)
    done = bench.run()
    assert done.disconnections >= 2
    assert bench.far.openings >= 1 + done.disconnections - 1
    sent = sum(it.counts.nbytes for it in bench.acquired)
    assert len(bench.wire) + done.unheard_bytes == sent
    assert done.unheard_bytes > 0


def test_a_reboot_is_another_boot_that_goes_on_with_the_exposures(source_spectra):
    bench = Bench(source_spectra, reboot_every_s=1.0, reboot_for_s=0.3)
    done = bench.run()
    assert done.reboots == len(bench.firmwares) - 1 >= 2
    assert len({firmware.boot_id for firmware in bench.firmwares}) == len(bench.firmwares)
    assert done.boot_id == bench.firmwares[-1].boot_id
    assert done.acquired == len(bench.acquired) == 40
    assert [it.source_index for it in bench.acquired] == [k % 3 for k in range(40)]
    assert bench.quiet_s >= 0.3


def test_frames_that_nobody_acknowledged_are_forgotten_with_the_power(source_spectra):
    bench = Bench(source_spectra, reboot_every_s=1.0)
    bench.retains = 3
    done = bench.run()
    assert done.forgotten == 3 * done.reboots > 0


def test_it_stops_when_told(source_spectra):
    bench = Bench(source_spectra)
    done = bench.run(should_stop=lambda: bench.clock() > 1.0)
    assert 5 <= done.acquired <= 12


class LatePlug(PluggablePort):
    """A host comes after 2 s, and reads nothing before a time."""

    def __init__(self, far: FarSide, reads_at_s: float = 8.0) -> None:
        super().__init__(far.open, far.clock.sleep)
        self._clock = far.clock
        self._reads_at_s = reads_at_s

    @property
    def has_host(self) -> bool:
        return self._clock() > 2.0

    @property
    def has_unread(self) -> bool:
        return self._clock() < self._reads_at_s


def test_the_power_comes_on_when_a_host_is_there_and_stays_on_until_it_has_read(source_spectra):
    bench = Bench(source_spectra)
    bench.plug = LatePlug(bench.far)
    bench.settings = replace(bench.settings, count=3)
    bench.run(wait_for_host=True)
    assert bench.far.heard[0][0] > 2.0
    assert 8.0 <= bench.clock() < 8.1


def test_a_host_that_never_comes_is_waited_for_until_told_to_stop(source_spectra):
    bench = Bench(source_spectra)
    bench.plug = LatePlug(bench.far)
    done = bench.run(should_stop=lambda: bench.clock() > 1.0, wait_for_host=True)
    assert done.acquired == 0
    assert bench.far.heard == []


def test_a_host_that_reads_nothing_is_not_waited_for_for_ever(source_spectra):
    bench = Bench(source_spectra)
    bench.plug = LatePlug(bench.far, reads_at_s=1000.0)
    bench.settings = replace(bench.settings, count=1)
    bench.run()
    assert bench.clock() == pytest.approx(10.0, abs=0.2)


def test_no_spectra_are_no_run(source_spectra):
    with pytest.raises(SpectrumSourceError):
        Bench([]).run()


def test_a_host_at_another_rate_and_the_firmware_hear_noise(source_spectra):
    clock = Clock()
    far = FarSide(clock)

    class Terminal(PluggablePort):
        host_baud = 115_200

    line = Line(Terminal(far.open), Faults(), np.random.default_rng(0), clock)
    exposures = Exposures(source_spectra, SETTINGS, np.random.default_rng(0))
    firmware = Numbered(exposures, SETTINGS, 1, 0.0)
    far.to_read = b"are you there"
    line.receive(firmware, 0.0)
    assert firmware.received not in (b"", b"are you there")
    firmware.baud, firmware.received, far.to_read = 115_200, b"", b"are you there"
    line.receive(firmware, 0.0)
    assert firmware.received == b"are you there"


def test_what_was_said_at_the_old_rate_is_sent_at_it(source_spectra):
    clock = Clock()
    far = FarSide(clock)

    class Changing(Numbered):
        """Says one thing at 9600 baud and all others at 96,000."""

        said = 0

        @property
        def is_finished(self) -> bool:
            return False

        def next_message(self, now_s: float) -> bytes | None:
            self.baud = 9600 if self.said == 0 else 96_000
            self.said += 1
            return bytes(96) if self.said <= 11 else None

    line = Line(PluggablePort(far.open), Faults(), np.random.default_rng(0), clock)
    exposures = Exposures(source_spectra, SETTINGS, np.random.default_rng(0))
    firmware = Changing(exposures, SETTINGS, 1, 0.0)
    while firmware.said <= 11:
        line.send_from(firmware)
        clock.sleep(0.005)
    assert sum(len(data) for at, data in far.heard if at < 0.1) == pytest.approx(96, abs=5)
    assert far.heard[-1][0] == pytest.approx(0.1 + 0.1, abs=0.02)


def test_the_pace_does_not_save_up_while_the_line_rests():
    pace = LinePace(0.0)
    pace.rest(100.0)
    assert pace.grant(9600, 100.0) == 0
    assert pace.grant(9600, 100.125) == 120
    pace.spend(120)
    assert pace.grant(9600, 1000.0) == 480  # half a second at most


def test_a_plug_that_is_out_reads_nothing_and_takes_nothing():
    clock = Clock()
    far = FarSide(clock)
    plug = PluggablePort(far.open, clock.sleep)
    plug.unplug()
    plug.unplug()
    far.to_read = b"hello"
    assert plug.read(0.5) == b""
    assert clock() == 0.5
    with pytest.raises(PortError, match="out"):
        plug.write(b"x", 1.0)
    plug.plug()
    assert plug.read(0.1) == b"hello"
    assert far.openings == 2
