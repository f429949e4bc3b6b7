"""A host and a firmware joined in memory, on a clock that is moved by hand."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from firmware_bridge.identity import FrameIdentity
from firmware_bridge.link import FrameReceived, HostLink, LinkEvent, LinkSettings
from firmware_bridge.virtual import InstrumentFirmware, LineFaults, VirtualSettings
from firmware_bridge.virtual.spectrometer import boot

TICK_S = 0.005


def spectra() -> list[tuple[np.ndarray, np.ndarray]]:
    axis = np.arange(100.0, 1700.0, 2.0)
    return [(axis, np.exp(-(((axis - at) / 9.0) ** 2))) for at in (464.0, 710.0, 1086.0)]


@dataclass
class Bench:
    """Everything the two sides say, and when."""

    host: HostLink
    firmware: InstrumentFirmware
    faults: LineFaults
    acknowledge: bool = True
    bytes_per_tick: int = 4096
    credit_bytes: int = 0
    now_s: float = 0.0
    events: list[LinkEvent] = field(default_factory=list)
    payloads: dict[FrameIdentity, list[bytes]] = field(default_factory=dict)
    from_host: bytearray = field(default_factory=bytearray)
    acquired: dict[FrameIdentity, int] = field(default_factory=dict)

    def tick(self) -> list[LinkEvent]:
        self.now_s += TICK_S
        self.firmware.poll(self.now_s)
        self.acquired.update({it.identity: it.source_index for it in self.firmware.take_acquired()})
        wire = self._wire()
        events = self.host.receive(wire, self.now_s) + self.host.poll(self.now_s)
        for event in events:
            if isinstance(event, FrameReceived):
                self.payloads.setdefault(event.identity, []).append(event.payload)
                if self.acknowledge:
                    self.host.acknowledge([event.identity])
        said = self.host.data_to_send()
        self.from_host += said
        self.firmware.receive(said, self.now_s)
        self.events += events
        return events

    def _wire(self) -> bytes:
        """Return what arrives of the whole frames that fit into a tick."""
        self.credit_bytes = min(self.credit_bytes + self.bytes_per_tick, self.bytes_per_tick)
        wire = b""
        while self.credit_bytes > 0 and (frame := self.firmware.next_message(self.now_s)):
            self.credit_bytes -= len(frame)
            wire += self.faults.apply(frame)
        return wire

    def run_for(self, seconds: float) -> list[LinkEvent]:
        events: list[LinkEvent] = []
        for _ in range(round(seconds / TICK_S)):
            events += self.tick()
        return events

    def run_until_finished(self, limit_s: float) -> None:
        until_s = self.now_s + limit_s
        while not self.firmware.is_finished and self.now_s < until_s:
            self.tick()
        assert self.firmware.is_finished, f"not finished after {limit_s} s of simulated time"

    def of(self, kind: type) -> list:
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture
def make_bench():
    def make(
        settings: VirtualSettings | None = None,
        link: LinkSettings | None = None,
        **options: object,
    ) -> Bench:
        it = settings or VirtualSettings(seed=1, pixel_count=288, rate_hz=50.0)
        rng = np.random.default_rng(99)
        faults = LineFaults(it.faults, rng)
        return Bench(HostLink(link), boot(spectra(), it, 0.0), faults, **options)

    return make


@pytest.fixture
def source_spectra() -> list[tuple[np.ndarray, np.ndarray]]:
    return spectra()
