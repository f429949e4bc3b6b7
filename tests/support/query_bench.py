"""A driver and a virtual firmware on a line that takes its time, on a clock moved by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from firmware_bridge.drivers.registry import DEVICES
from firmware_bridge.drivers.settings import DriverSettings
from firmware_bridge.link import FrameReceived, LinkEvent, LinkSettings
from firmware_bridge.virtual import Exposures
from firmware_bridge.virtual.firmware import Acquired, VirtualFirmware

TICK_S = 0.005
WAKE_BAUD = 9_600
FAST_BAUD = 115_200


class QueryBench:
    """Everything that a driver of a query device tells, and when.

    Where the two ends have not the same rate, each hears zeros.

    Parameters
    ----------
    name : str, of the device
    link : of `LinkSettings`
    count, pixel_count, … : of `VirtualSettings`
    """

    def __init__(
        self,
        name: str,
        *,
        fast: bool = True,
        dark_every: int = 0,
        saturation_counts: int | None = None,
        link: dict[str, object] | None = None,
        **virtual: object,
    ) -> None:
        self.device = DEVICES[name]
        settings = replace(self.device.virtual, **{"seed": 3, "count": None, **virtual})
        axis = np.arange(100.0, 1700.0, 2.0)
        spectra = [(axis, np.exp(-(((axis - at) / 9.0) ** 2))) for at in (464.0, 710.0, 1086.0)]
        self.exposures = Exposures(spectra, settings, np.random.default_rng(99))
        self.settings = settings
        patience = {"wake_baud": WAKE_BAUD, "fast_baud": FAST_BAUD if fast else None}
        self.driver = self.device.make_driver(
            DriverSettings(
                link=replace(LinkSettings(), **{**patience, **(link or {})}),
                boot_id=7,
                laser_wavelength_nm=532.0,
                dark_every=dark_every,
                saturation_counts=saturation_counts,
            )
        )
        self.now_s = 0.0
        self.firmware: VirtualFirmware = self.device.make_firmware(self.exposures, settings, 1, 0.0)
        self.events: list[tuple[float, LinkEvent]] = []
        self.acquired: list[Acquired] = []
        self.asked = bytearray()
        self.is_cut = False
        self.spoil: Callable[[bytes], bytes] = bytes
        self._host_baud = WAKE_BAUD
        self._line = bytearray()

    def reboot(self) -> None:
        """Boot the firmware anew: what was on its way is gone."""
        self._line.clear()
        self.firmware = self.device.make_firmware(self.exposures, self.settings, 2, self.now_s)

    def reopen(self) -> None:
        """Open the port anew, at the wake-up rate."""
        self._host_baud = WAKE_BAUD
        self.driver.reset()

    def tick(self) -> None:
        """Let 5 ms pass."""
        self.now_s += TICK_S
        self.firmware.poll(self.now_s)
        self.acquired += self.firmware.take_acquired()
        came = self._carry()
        for event in self.driver.receive(came, self.now_s) + self.driver.poll(self.now_s):
            self.events.append((self.now_s, event))
        said = self.driver.data_to_send()
        self.asked += said
        if not self.is_cut:
            self.firmware.receive(self._heard(said), self.now_s)
        self._host_baud = self.driver.wanted_baud or self._host_baud

    def run_for(self, duration_s: float) -> None:
        """Let time pass."""
        for _ in range(round(duration_s / TICK_S)):
            self.tick()

    def run_until(self, done: Callable[[], bool], limit_s: float = 60.0) -> float:
        """Let time pass until it is so; return how long that took, s."""
        began_s = self.now_s
        while not done():
            if self.now_s - began_s > limit_s:
                raise AssertionError(f"not within {limit_s} s: {self.events[-5:]}")
            self.tick()
        return self.now_s - began_s

    def of(self, kind: type) -> list:
        """Return the events of one kind so far."""
        return [event for _, event in self.events if isinstance(event, kind)]

    def frames(self, kind: str | None = None) -> list:
        """Return the frames so far, of one kind if one is named."""
        frames = [event.frame for event in self.of(FrameReceived)]
        return [frame for frame in frames if kind in (None, frame.kind)]

    def _carry(self) -> bytes:
        share = max(1, round(self.firmware.baud * TICK_S / 10))
        while len(self._line) < share:
            at_baud = self.firmware.baud
            message = self.firmware.next_message(self.now_s)
            if message is None:
                break
            self._line += self.spoil(message) if at_baud == self._host_baud else bytes(len(message))
        came = bytes(self._line[:share])
        del self._line[:share]
        return b"" if self.is_cut else came

    def _heard(self, data: bytes) -> bytes:
        return data if self._host_baud == self.firmware.baud else bytes(len(data))
