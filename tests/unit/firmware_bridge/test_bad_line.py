"""The promise of the protocol: every spectrum that is kept arrives, once and unaltered."""

from __future__ import annotations

import random

import numpy as np
import pytest

from firmware_bridge.fragments import split
from firmware_bridge.framing import FrameDecoder, encode_frame
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.link import FrameReceived, HostLink, InstrumentRebooted
from firmware_bridge.messages import pack_message
from firmware_bridge.spectrum_frame import SpectrumFrame
from firmware_bridge.virtual import Exposures, InstrumentFirmware, LineFaults, VirtualSettings
from firmware_bridge.virtual.faults import Faults

TICK_S = 0.005
BYTES_PER_TICK = round(921_600 / 10 * TICK_S)
FAULTS = Faults(bit_error_rate=1e-4, drop_frame_rate=0.02)
SETTINGS = VirtualSettings(
    seed=3, pixel_count=1024, rate_hz=20.0, dark_every=0, baud=921_600, faults=FAULTS
)


class BadLine:
    """A host and an instrument that loses its power, on a line that errs both ways."""

    def __init__(self, source_spectra: list, settings: VirtualSettings) -> None:
        rngs = np.random.default_rng(settings.seed).spawn(4)
        self.settings = settings
        self.exposures = Exposures(source_spectra, settings, rngs[0])
        self.down, self.up = LineFaults(FAULTS, rngs[1]), LineFaults(FAULTS, rngs[2])
        self.power = random.Random(settings.seed)
        self.host = HostLink()
        self.now_s = 0.0
        self.room = 0
        self.reboots = 0
        self.truth: dict[FrameIdentity, bytes] = {}
        self.forgotten: set[FrameIdentity] = set()
        self.stored: dict[FrameIdentity, bytes] = {}
        self.again = 0
        self.boot()

    def boot(self) -> None:
        boot_id = 100 + self.reboots
        self.firmware = InstrumentFirmware(self.settings, self.exposures, boot_id, self.now_s)

    def lose_power(self) -> None:
        lost = set(self.truth) - set(self.stored) - self.forgotten
        assert len(lost) <= self.firmware.retained_frames  # no other frame was missing
        self.forgotten |= lost
        self.reboots += 1
        self.boot()

    def tick(self) -> None:
        self.now_s += TICK_S
        self.firmware.poll(self.now_s)
        for it in self.firmware.take_acquired():
            assert it.identity is not None
            self.truth[it.identity] = it.counts.tobytes()
        for event in self.host.receive(self.wire(), self.now_s) + self.host.poll(self.now_s):
            if isinstance(event, FrameReceived):
                self.store(event)
        said = self.host.data_to_send()
        for command in said.split(b"\x00")[:-1]:
            self.firmware.receive(self.up.apply(command + b"\x00"), self.now_s)

    def wire(self) -> bytes:
        self.room = min(self.room + BYTES_PER_TICK, BYTES_PER_TICK)
        wire = b""
        while self.room > 0 and (frame := self.firmware.next_message(self.now_s)):
            self.room -= len(frame)
            wire += self.down.apply(frame)
        return wire

    def store(self, event: FrameReceived) -> None:
        if event.frame.kind == "light":
            self.again += event.identity in self.stored
            kept = self.stored.setdefault(event.identity, event.frame.counts.tobytes())
            assert kept == event.frame.counts.tobytes()
        self.host.acknowledge([event.identity])


def send(source_spectra: list, count: int, reboot_every: int) -> BadLine:
    """Let `count` spectra arrive, with a power failure about every so many."""
    line = BadLine(source_spectra, SETTINGS)
    reboot_at = reboot_every
    while len(line.stored) < count:
        line.tick()
        if len(line.stored) >= reboot_at:
            line.lose_power()
            reboot_at += line.power.randint(reboot_every // 2, 2 * reboot_every)
        assert line.now_s < 0.1 * count + 60, "it takes too long"
    return line


def check(line: BadLine, count: int) -> None:
    assert len(line.stored) >= count
    altered = [it for it, counts in line.stored.items() if line.truth[it] != counts]
    assert altered == []
    waiting = set(line.truth) - set(line.stored) - line.forgotten
    assert len(waiting) <= line.firmware.retained_frames  # still on their way
    assert line.reboots >= 2


def test_300_spectra_over_a_bad_line_with_power_failures(source_spectra):
    line = send(source_spectra, count=300, reboot_every=80)
    check(line, 300)


@pytest.mark.full
@pytest.mark.timeout(900)
def test_10_000_spectra_over_a_bad_line_with_power_failures(source_spectra):
    line = send(source_spectra, count=10_000, reboot_every=500)
    check(line, 10_000)
    print(
        f"\n{len(line.stored)} spectra stored once each, {line.reboots} power failures, "
        f"{len(line.forgotten)} frames forgotten by the instrument with its power, "
        f"{line.again} sent again, {line.now_s:.0f} s of line time"
    )


def test_the_line_carries_counts_nine_tenths_of_its_time(source_spectra):
    settings = VirtualSettings(
        seed=3, pixel_count=2048, rate_hz=40.0, dark_every=0, retain_frames=200
    )
    line = BadLine(source_spectra, settings)
    line.down = line.up = LineFaults(Faults(), np.random.default_rng(0))
    while line.now_s < 12.0:
        line.tick()
    counts_bytes = sum(len(counts) for counts in line.stored.values())
    assert counts_bytes / (line.now_s * 92_160) >= 0.90


def _frames() -> list[bytes]:
    counts = np.random.default_rng(2).integers(0, 60_000, 1024).astype(np.uint16)
    payload = SpectrumFrame("light", 5, 100_000, 1, 532.0, 20.0, 65_535, counts).pack()
    return [encode_frame(pack_message(piece)) for piece in split(payload, 9, 4)]


def _corrupted(frame: bytes, rng: random.Random) -> bytes:
    """Flip bits here and there, or garble a run of bytes; the delimiter stays."""
    content = bytearray(frame[:-1])
    if rng.random() < 0.5:
        for _ in range(rng.randint(1, 8)):
            content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    else:
        start = rng.randrange(len(content))
        for at in range(start, min(start + rng.randint(1, 40), len(content))):
            content[at] = rng.randrange(256)
    return bytes(content) + b"\x00"


def _accepted(turns: int) -> int:
    rng, frames, decoder, accepted = random.Random(7), _frames(), FrameDecoder(), 0
    for turn in range(turns):
        frame = frames[turn % len(frames)]
        corrupted = _corrupted(frame, rng)
        found = [it for it in decoder.feed(corrupted) if isinstance(it, bytes)]
        accepted += corrupted != frame and bool(found)
    return accepted


def test_of_20_000_corrupted_frames_none_is_accepted():
    assert _accepted(20_000) == 0


@pytest.mark.full
@pytest.mark.timeout(300)
def test_of_a_million_corrupted_frames_none_is_accepted():
    assert _accepted(1_000_000) == 0


def test_the_host_hears_of_a_power_failure_on_a_bad_line(source_spectra):
    line = BadLine(source_spectra, SETTINGS)
    while len(line.stored) < 5:
        line.tick()
    line.lose_power()
    told: list[object] = []
    while not any(isinstance(event, InstrumentRebooted) for event in told):
        line.now_s += TICK_S
        line.firmware.poll(line.now_s)
        told += line.host.receive(line.wire(), line.now_s) + line.host.poll(line.now_s)
        line.firmware.receive(line.host.data_to_send(), line.now_s)
        assert line.now_s < 30.0
