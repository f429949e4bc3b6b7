"""A driver and its virtual counterpart in stepped time, on a line where a fuzzer sits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from firmware_bridge.drivers.device import Device
from firmware_bridge.drivers.settings import DriverSettings
from firmware_bridge.link import FrameReceived, LinkEvent, LinkSettings
from firmware_bridge.spectrum_frame import Counts, FrameKind
from firmware_bridge.virtual.exposures import Exposures
from firmware_bridge.virtual.settings import VirtualSettings

LASER_NM = 532.0
STEP_S = 0.02
_MESSAGES_A_STEP = 8

Line = Callable[[bytes], Iterator[bytes]]
"""What becomes of one whole message on its way."""


class CannedExposures(Exposures):
    """Shows three spectra and a dark that were exposed once: quick, and known."""

    def __init__(self, settings: VirtualSettings) -> None:
        axis = np.arange(100.0, 1700.0, 4.0)
        spectra = [(axis, np.exp(-(((axis - at) / 9.0) ** 2))) for at in (464.0, 710.0, 1086.0)]
        super().__init__(spectra, settings, np.random.default_rng(5))
        exposure = (settings.integration_time_us, 1)
        self._lights = [super(CannedExposures, self).light(*exposure)[0] for _ in spectra]
        self._dark = super().dark(*exposure)

    @property
    def known(self) -> frozenset[bytes]:
        """The counts of all that can be seen."""
        return frozenset(as_bytes(it) for it in (*self._lights, self._dark))

    def light(self, integration_time_us: int, averages: int) -> tuple[Counts, int]:
        self._taken += 1
        index = self._taken % len(self._lights)
        return self._lights[index], index

    def dark(self, integration_time_us: int, averages: int) -> Counts:
        return self._dark

    def target(self, kind: FrameKind, integration_time_us: int, averages: int) -> Counts:
        return self._lights[0]


class Session:
    """One boot of a device and one driver of it.

    Parameters
    ----------
    device : Device
    to_host, to_device : what becomes of a message; by default it arrives
    """

    def __init__(self, device: Device, to_host: Line, to_device: Line) -> None:
        settings = replace(device.virtual, seed=5, rate_hz=20.0, integration_time_us=5_000)
        self.exposures = CannedExposures(settings)
        self.firmware = device.make_firmware(self.exposures, settings, 7, 0.0)
        self.driver = device.make_driver(driver_settings(device))
        self.now_s = 0.0
        self._to_host, self._to_device = to_host, to_device

    def step(self) -> list[LinkEvent]:
        """Let time pass and both talk; acknowledge every frame."""
        self.now_s += STEP_S
        events = self.driver.poll(self.now_s)
        said = self.driver.data_to_send()
        if said:
            self.tell_device(*self._to_device(said))
        self.firmware.poll(self.now_s)
        for _ in range(_MESSAGES_A_STEP):
            message = self.firmware.next_message(self.now_s)
            if message is None:
                break
            events += self.tell_host(*self._to_host(message))
        self.firmware.take_acquired()
        return events

    def tell_host(self, *messages: bytes) -> list[LinkEvent]:
        """Let the driver hear something."""
        events = [it for one in messages for it in self.driver.receive(one, self.now_s)]
        self.driver.acknowledge([it.identity for it in events if isinstance(it, FrameReceived)])
        return events

    def tell_device(self, *messages: bytes) -> None:
        """Let the device hear something."""
        for message in messages:
            self.firmware.receive(message, self.now_s)


def driver_settings(device: Device) -> DriverSettings:
    """Return what the device's driver needs to be told."""
    return DriverSettings(
        link=LinkSettings(wake_baud=device.bauds[0] if device.bauds else 115_200),
        boot_id=7,
        laser_wavelength_nm=None if device.tells_laser else LASER_NM,
        dark_every=3 if device.switches_light else 0,
    )


def as_bytes(counts: Counts) -> bytes:
    """Return counts in one form, whatever type they have."""
    return counts.astype("<u4").tobytes()


def overheard(device: Device, frames: int = 4) -> tuple[list[bytes], list[bytes]]:
    """Return what is said to the host and to the device until a few frames have come.

    Raises
    ------
    AssertionError
        If they do not come.
    """
    to_host: list[bytes] = []
    to_device: list[bytes] = []

    def noted(into: list[bytes]) -> Line:
        def pass_on(message: bytes) -> Iterator[bytes]:
            into.append(message)
            yield message

        return pass_on

    session = Session(device, noted(to_host), noted(to_device))
    seen = 0
    while seen < frames:
        seen += sum(isinstance(event, FrameReceived) for event in session.step())
        assert session.now_s < 60.0, f"{device.name}: {seen} frames"
    return to_host, to_device
