"""A host and a firmware joined in memory, on a clock that is moved by hand."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from firmware_bridge.framing import FrameDecoder, encode_frame
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.link import FrameReceived, HostLink, LinkEvent, LinkSettings
from firmware_bridge.messages import Command, Envelope, Reply, pack_message, unpack_message
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
    kept: set[FrameIdentity] = field(default_factory=set)
    lose_once: list[Command] = field(default_factory=list)
    lose_answers: list[Reply] = field(default_factory=list)
    said: list[Envelope] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    respects_baud: bool = False
    most_baud: int = 10**9
    host_baud: int = 0

    def tick(self) -> list[LinkEvent]:
        self.now_s += TICK_S
        self.firmware.poll(self.now_s)
        self.acquired.update({it.identity: it.source_index for it in self.firmware.take_acquired()})
        wire = self._wire()
        events = self.host.receive(wire, self.now_s)
        events += self.host.poll(self.now_s)
        for event in events:
            if isinstance(event, FrameReceived):
                self.payloads.setdefault(event.identity, []).append(event.payload)
                if self.acknowledge:
                    self.host.acknowledge([event.identity])
        said = self._lose(self.host.data_to_send())
        self.from_host += said
        self.firmware.receive(self._carried(said, self.firmware.baud), self.now_s)
        self.host_baud = self.host.wanted_baud or self.host_baud
        self.events += events
        self.times += [self.now_s] * len(events)
        return events

    def say_to_firmware(self, command: Command) -> None:
        """Say something beside the host."""
        self.firmware.receive(encode_frame(pack_message(command)), self.now_s)

    def _lose(self, said: bytes) -> bytes:
        """Return what the host said without the commands that are to be lost."""
        kept = b""
        for body in FrameDecoder().feed(said):
            assert isinstance(body, bytes)
            self.said.append(unpack_message(body))
            message = self.said[-1].message
            if message in self.lose_once:
                self.lose_once.remove(message)
            else:
                kept += encode_frame(body)
        return kept

    def _wire(self) -> bytes:
        """Return what arrives of the whole frames that fit into a tick."""
        self.credit_bytes = min(self.credit_bytes + self.bytes_per_tick, self.bytes_per_tick)
        wire = b""
        while self.credit_bytes > 0:
            baud = self.firmware.baud  # before it is asked: it may change after what it says now
            frame = self.firmware.next_message(self.now_s)
            if frame is None:
                break
            self.credit_bytes -= len(frame)
            if not self._is_lost(frame):
                wire += self._carried(self.faults.apply(frame), baud)
        return wire

    def _is_lost(self, frame: bytes) -> bool:
        (body,) = FrameDecoder().feed(frame) if self.lose_answers else (None,)
        message = unpack_message(body).message if isinstance(body, bytes) else None
        if message not in self.lose_answers:
            return False
        self.lose_answers.remove(message)
        return True

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

    def times_of(self, kind: type) -> list[float]:
        pairs = zip(self.times, self.events, strict=True)
        return [now_s for now_s, event in pairs if isinstance(event, kind)]

    def last_id_of(self, kind: type) -> int:
        return [it.message_id for it in self.said if isinstance(it.message, kind)][-1]

    def host_hears(self, body: bytes) -> list[LinkEvent]:
        return self.host.receive(encode_frame(body), self.now_s)

    def boot(self, settings: VirtualSettings) -> None:
        self.firmware = boot(spectra(), settings, self.now_s)

    def _carried(self, data: bytes, firmware_baud: int) -> bytes:
        """Return what arrives: nothing that could be understood where the rates differ."""
        if not self.respects_baud:
            return data
        understood = self.host_baud == firmware_baud <= self.most_baud
        return data if understood else b"\xf8" * (len(data) // 2)


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
        firmware = boot(spectra(), it, 0.0)
        return Bench(HostLink(link), firmware, faults, host_baud=it.baud, **options)

    return make


@pytest.fixture
def source_spectra() -> list[tuple[np.ndarray, np.ndarray]]:
    return spectra()
