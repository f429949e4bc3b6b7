"""Any virtual firmware at the end of a line without a process: time passes where a host reads."""

from __future__ import annotations

import dataclasses

import numpy as np

from firmware_bridge.drivers.registry import DEVICES
from firmware_bridge.virtual import Exposures

_AXIS = np.arange(100.0, 1700.0, 2.0)
_SPECTRA = [(_AXIS, np.exp(-(((_AXIS - 464.0) / 9.0) ** 2)))]


class FirmwareLine:
    """A port whose far side is firmware; at another rate than its own nothing gets through.

    Parameters
    ----------
    device : name of what is there; None: nobody
    baud : the rate it woke at; the device's own if not given
    noise : what comes at each read where nobody is there
    """

    name = "line"

    def __init__(self, device: str | None, baud: int | None = None, noise: bytes = b"") -> None:
        self.now_s = 0.0
        self.noise = noise
        self.written = b""
        self.sent_bytes = 0
        self.baud = 0
        self.firmware = None
        if device is not None:
            kind = DEVICES[device]
            wakes = baud or (kind.bauds[0] if kind.bauds else 115_200)
            settings = dataclasses.replace(kind.virtual, baud=wakes, seed=1, rate_hz=5.0)
            exposures = Exposures(_SPECTRA, settings, np.random.default_rng(1))
            self.firmware = kind.make_firmware(exposures, settings, 3, 0.0)

    def clock(self) -> float:
        return self.now_s

    def sleep(self, duration_s: float) -> None:
        """Let time pass."""
        self.now_s += duration_s

    def set_baud(self, baud: int) -> None:
        self.baud = baud

    def read(self, timeout_s: float) -> bytes:
        self.now_s += timeout_s
        data = self.noise if self.firmware is None else self._said()
        self.sent_bytes += len(data)
        return data

    def _said(self) -> bytes:
        self.firmware.poll(self.now_s)
        out = b""
        while (message := self.firmware.next_message(self.now_s)) is not None:
            out += message
        return out if self.baud in (0, self.firmware.baud) else b"\0" * (len(out) // 4)

    def close(self) -> None:
        """Nothing to give back."""

    def write(self, data: bytes, timeout_s: float) -> None:
        self.written += data
        if self.firmware is not None and self.baud in (0, self.firmware.baud):
            self.firmware.receive(data, self.now_s)
