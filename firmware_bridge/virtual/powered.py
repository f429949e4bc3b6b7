"""An instrument on its port over all its boots: what happens to line, plug and power, by seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from firmware_bridge.virtual.exposures import Exposures, SourceSpectrum
from firmware_bridge.virtual.firmware import Acquired, MakeFirmware
from firmware_bridge.virtual.line import Line
from firmware_bridge.virtual.outage import Outage
from firmware_bridge.virtual.pluggable_port import PluggablePort
from firmware_bridge.virtual.settings import VirtualSettings

TICK_S = 0.005
_LINGER_S = 0.3
_MOST_LINGER_S = 10.0


@dataclass(frozen=True, slots=True)
class VirtualRun:
    """What a run came to.

    Parameters
    ----------
    boot_id : int, the last
    acquired : int, light spectra
    retained : int, frames never acknowledged
    refused : int, acquisitions not made because the buffer was full
    unheard_bytes : int, bytes written while nobody read them
    reboots, disconnections : int
    forgotten : int, frames that were not acknowledged when the power failed
    """

    boot_id: int
    acquired: int
    retained: int
    refused: int
    unheard_bytes: int
    reboots: int = 0
    disconnections: int = 0
    forgotten: int = 0


class PoweredInstrument:
    """Live on a port until all is acquired and the host has it.

    Parameters
    ----------
    plug : PluggablePort
    spectra : sequence of (raman_shift_cm1 (B,), intensity (B,))
    settings : VirtualSettings
    make_firmware : MakeFirmware
        Called at each boot.
    on_acquired : callable
        Called with each light frame before any of it is on the line.
    clock : callable
        Monotonic time, s.

    Raises
    ------
    SpectrumSourceError
        If the spectra are none.
    """

    def __init__(
        self,
        plug: PluggablePort,
        spectra: Sequence[SourceSpectrum],
        settings: VirtualSettings,
        make_firmware: MakeFirmware,
        on_acquired: Callable[[Acquired], None],
        clock: Callable[[], float],
    ) -> None:
        noise, identity, line, stall, pull, power = np.random.default_rng(settings.seed).spawn(6)
        it, now_s = settings.faults, clock()
        self._plug, self._settings, self._clock = plug, settings, clock
        self._make_firmware = make_firmware
        self._identity_rng = identity
        self._began_s = now_s
        self._exposures = Exposures(spectra, settings, noise)
        boot_id = first_boot_id(settings, identity)
        self._firmware = make_firmware(self._exposures, settings, boot_id, now_s)
        self._line = Line(plug, it, line, clock)
        self._stall = Outage(it.stall_every_s, it.stall_for_s, stall, now_s)
        self._pull = Outage(it.disconnect_every_s, it.disconnect_for_s, pull, now_s)
        self._power = Outage(it.reboot_every_s, it.reboot_for_s, power, now_s)
        self._reboots_done = 0
        self._on_acquired = on_acquired
        self._acquired_count = 0
        self._acknowledged = False
        self._refused = 0
        self._forgotten = 0
        self._finished_s: float | None = None

    @property
    def is_finished(self) -> bool:
        """True when all is with the host, and it had time to read the last of it."""
        is_quiet = self._firmware.is_finished and self._line.is_idle
        if self._acknowledged or not (is_quiet or self._finished_s is not None):
            return is_quiet
        # What the host has not read yet goes with the port. It may go on asking meanwhile.
        now_s = self._clock()
        if self._finished_s is None:
            self._finished_s = now_s
        linger_s = _MOST_LINGER_S if self._plug.has_unread else _LINGER_S
        return now_s - self._finished_s >= linger_s

    def step(self) -> None:
        """Live for a few milliseconds."""
        now_s = self._clock()
        self._mind_the_plug(now_s)
        if self._power.is_on(now_s) or self._stall.is_on(now_s):
            self._plug.read(TICK_S)  # nobody at home
            return
        if self._reboots_done < self._power.times:
            self._boot_again(now_s)
        self._line.receive(self._firmware, TICK_S)
        self._live()
        self._line.send_from(self._firmware)

    def result(self) -> VirtualRun:
        """Return what it came to."""
        return VirtualRun(
            boot_id=self._firmware.boot_id,
            acquired=self._acquired_count,
            retained=self._firmware.retained_frames,
            refused=self._refused + self._firmware.refused_frames,
            unheard_bytes=self._line.unheard_bytes,
            reboots=self._reboots_done,
            disconnections=self._pull.times,
            forgotten=self._forgotten,
        )

    def _live(self) -> None:
        now_s = self._clock()
        self._exposures.advance(now_s - self._began_s)
        self._firmware.poll(now_s)
        for acquired in self._firmware.take_acquired():
            self._acquired_count += 1
            # an instrument that numbers its frames keeps them until they are acknowledged
            self._acknowledged |= acquired.identity is not None
            self._on_acquired(acquired)

    def _mind_the_plug(self, now_s: float) -> None:
        if self._pull.is_on(now_s):
            self._plug.unplug()
        else:
            self._plug.plug()

    def _boot_again(self, now_s: float) -> None:
        self._reboots_done = self._power.times
        self._refused += self._firmware.refused_frames
        self._forgotten += self._firmware.retained_frames
        self._line.clear()
        boot_id = int(self._identity_rng.integers(1, 2**32))
        self._firmware = self._make_firmware(self._exposures, self._settings, boot_id, now_s)


def first_boot_id(settings: VirtualSettings, rng: np.random.Generator) -> int:
    """Return the boot id of the settings, or one that is drawn."""
    drawn = int(rng.integers(1, 2**32))
    return drawn if settings.boot_id is None else settings.boot_id
