"""A text driver and its virtual instrument on a line without faults, on a clock moved by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from firmware_bridge.drivers.settings import DriverSettings
from firmware_bridge.drivers.text.asked import AskedDriver
from firmware_bridge.drivers.text.format import TextFormat
from firmware_bridge.drivers.text.free_running import FreeRunningDriver
from firmware_bridge.link import FrameReceived, LinkEvent, LinkSettings
from firmware_bridge.virtual import Exposures, VirtualSettings
from firmware_bridge.virtual.firmware import Acquired
from firmware_bridge.virtual.text import TextFirmware

TICK_S = 0.005
LASER_NM = 532.0


class TextBench:
    """Everything that a driver tells of an instrument of a format.

    Parameters
    ----------
    text_format : TextFormat
        What the driver is told; what the instrument speaks too, unless `spoken` is given.
    told : of `DriverSettings`
    link : of `LinkSettings`
    virtual : of `VirtualSettings`
    """

    def __init__(
        self,
        text_format: TextFormat,
        *,
        spoken: TextFormat | None = None,
        told: dict[str, object] | None = None,
        link: dict[str, object] | None = None,
        **virtual: object,
    ) -> None:
        self.spoken = spoken or text_format
        base: dict[str, object] = {
            "instrument_id": "TXT-7",
            "pixel_count": self.spoken.pixel_count,
            "saturation_counts": self.spoken.saturation_counts,
            "dark_counts": self.spoken.saturation_counts / 32,
            "read_noise_counts": 1.0,
            "rate_hz": 20.0,
            "integration_time_us": 20_000,
        }
        self.virtual = VirtualSettings(**(base | virtual))  # type: ignore[arg-type]
        axis = np.arange(100.0, 1700.0, 2.0)
        spectra = [(axis, np.exp(-(((axis - at) / 30.0) ** 2))) for at in (464.0, 710.0, 1086.0)]
        self.exposures = Exposures(spectra, self.virtual, np.random.default_rng(4))
        settings: dict[str, object] = {
            "boot_id": 7,
            "laser_wavelength_nm": LASER_NM,
            "link": replace(LinkSettings(), **(link or {})),
        }
        make = AskedDriver if text_format.is_asked else FreeRunningDriver
        self.driver = make(DriverSettings(**(settings | (told or {}))), text_format)  # type: ignore[arg-type]
        self.driver.reset()
        self.now_s = 0.0
        self.is_deaf = False
        self.is_mute = False
        self.spoil: Callable[[bytes], bytes] = bytes
        self.events: list[LinkEvent] = []
        self.acquired: list[Acquired] = []
        self.said: list[str] = []
        self.boot()

    def boot(self) -> None:
        """Switch the instrument off and on."""
        self.firmware = TextFirmware(self.spoken, self.exposures, self.virtual, 1, self.now_s)

    def send(self, data: bytes) -> None:
        """Let the host receive these bytes."""
        self.events += self.driver.receive(data, self.now_s)

    def run_for(self, duration_s: float) -> None:
        """Let time pass in steps of 5 ms."""
        for _ in range(round(duration_s / TICK_S)):
            self._tick()

    def run_until(self, done: Callable[[], bool], limit_s: float = 30.0) -> None:
        """Let time pass until it is so."""
        until_s = self.now_s + limit_s
        while not done():
            if self.now_s >= until_s:
                raise AssertionError(f"not within {limit_s} s: {self.events[-5:]}")
            self._tick()

    def of(self, kind: type) -> list:
        """Return the events of one kind so far."""
        return [event for event in self.events if isinstance(event, kind)]

    def frames(self, kind: str = "light") -> list:
        """Return the frames of one kind so far."""
        return [it.frame for it in self.of(FrameReceived) if it.frame.kind == kind]

    def _tick(self) -> None:
        self.now_s += TICK_S
        self.firmware.poll(self.now_s)
        self.acquired += self.firmware.take_acquired()
        while (message := self.firmware.next_message(self.now_s)) is not None:
            if not self.is_mute:
                self.send(self.spoil(message))
        self.events += self.driver.poll(self.now_s)
        data = self.driver.data_to_send()
        self.said += data.decode().splitlines()
        if data and not self.is_deaf:
            self.firmware.receive(data, self.now_s)
