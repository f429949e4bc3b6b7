"""A virtual spectrometer on a port, in real time, at the pace of its baud rate."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from firmware_bridge.errors import PortClosedError, PortError
from firmware_bridge.framing import MAX_BODY_BYTES, encoded_length_max
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.ports.base import Port
from firmware_bridge.virtual.exposures import Exposures, SourceSpectrum
from firmware_bridge.virtual.faults import LineFaults
from firmware_bridge.virtual.instrument import InstrumentFirmware
from firmware_bridge.virtual.settings import VirtualSettings

_TICK_S = 0.005
_WRITE_TIMEOUT_S = 0.05
_BITS_PER_BYTE = 10


@dataclass(frozen=True, slots=True)
class VirtualRun:
    """What a run came to.

    Parameters
    ----------
    boot_id : int
    acquired : int, light spectra
    retained : int, frames never acknowledged
    refused : int, acquisitions not made because the buffer was full
    unheard_bytes : int, bytes written while nobody read them
    """

    boot_id: int
    acquired: int
    retained: int
    refused: int
    unheard_bytes: int


class LinePace:
    """Grant as many bytes as a line at a baud rate carries in the time that went by.

    Parameters
    ----------
    baud : int, bit/s
    now_s : float, s
    """

    def __init__(self, baud: int, now_s: float) -> None:
        self._bytes_per_s = baud / _BITS_PER_BYTE
        # A line cannot save up: a few ticks' worth, and at least one frame.
        self._most_bytes = max(4 * _TICK_S * self._bytes_per_s, encoded_length_max(MAX_BODY_BYTES))
        self._credit_bytes = 0.0
        self._then_s = now_s

    def grant(self, now_s: float) -> int:
        """Return how many bytes may be sent now."""
        earned = (now_s - self._then_s) * self._bytes_per_s
        self._credit_bytes = min(self._credit_bytes + earned, self._most_bytes)
        self._then_s = now_s
        return int(self._credit_bytes)

    def spend(self, byte_count: int) -> None:
        """Take what was sent off the account."""
        self._credit_bytes -= byte_count


def boot(
    spectra: Sequence[SourceSpectrum], settings: VirtualSettings, now_s: float
) -> InstrumentFirmware:
    """Make the firmware of a virtual spectrometer; seed and boot id from the settings."""
    noise, identity = np.random.default_rng(settings.seed).spawn(2)
    drawn = int(identity.integers(1, 2**32))
    boot_id = drawn if settings.boot_id is None else settings.boot_id
    return InstrumentFirmware(settings, Exposures(spectra, settings, noise), boot_id, now_s)


def run(
    port: Port,
    spectra: Sequence[SourceSpectrum],
    settings: VirtualSettings | None = None,
    on_acquired: Callable[[FrameIdentity, int], None] | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    clock: Callable[[], float] = time.monotonic,
) -> VirtualRun:
    """Be a spectrometer until told to stop, or until all is acquired and acknowledged.

    Parameters
    ----------
    port : Port
    spectra : sequence of (raman_shift_cm1 (B,), intensity (B,))
    settings : VirtualSettings
    on_acquired : callable
        Called with the identity and the source index of each light frame before any of
        it is on the line: the wire carries no labels.
    should_stop : callable
        Asked every 5 ms or so.
    clock : callable
        Monotonic time, s.

    Raises
    ------
    PortClosedError
        If the port is gone for good.
    SpectrumSourceError
        If the spectra are none.
    """
    it = settings or VirtualSettings()
    firmware = boot(spectra, it, clock())
    line = _Line(port, it, clock)
    acquired = 0
    while not (should_stop() or firmware.is_finished):
        firmware.receive(port.read(_TICK_S), clock())
        firmware.poll(clock())
        for identity, index in firmware.take_acquired():
            acquired += 1
            if on_acquired is not None:
                on_acquired(identity, index)
        line.send_from(firmware)
    return VirtualRun(
        firmware.boot_id,
        acquired,
        firmware.retained_frames,
        firmware.refused_frames,
        line.unheard_bytes,
    )


class _Line:
    """The way to the host: paced, faulty if wanted, and never waited for long."""

    def __init__(self, port: Port, settings: VirtualSettings, clock: Callable[[], float]) -> None:
        self._port = port
        self._clock = clock
        self._pace = LinePace(settings.baud, clock())
        rng = np.random.default_rng(settings.seed)
        self._faults = LineFaults(settings.bit_error_rate, settings.drop_fragment_rate, rng)
        self.unheard_bytes = 0

    def send_from(self, firmware: InstrumentFirmware) -> None:
        now_s = self._clock()
        data = firmware.data_to_send(self._pace.grant(now_s), now_s)
        self._pace.spend(len(data))
        wire = self._faults.apply(data)
        if not wire:
            return
        try:
            self._port.write(wire, _WRITE_TIMEOUT_S)
        except PortClosedError:
            raise
        except PortError:
            # A serial line does not know whether anybody listens: the bytes are gone.
            self.unheard_bytes += len(wire)
