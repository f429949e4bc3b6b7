"""A virtual instrument on a port, in real time, at the pace of its baud rate."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from firmware_bridge.ports.base import Port
from firmware_bridge.virtual.exposures import Exposures, SourceSpectrum
from firmware_bridge.virtual.firmware import Acquired, MakeFirmware
from firmware_bridge.virtual.instrument import InstrumentFirmware
from firmware_bridge.virtual.pluggable_port import PluggablePort
from firmware_bridge.virtual.powered import (
    TICK_S,
    PoweredInstrument,
    VirtualRun,
    first_boot_id,
)
from firmware_bridge.virtual.settings import VirtualSettings


def _oip(
    exposures: Exposures, settings: VirtualSettings, boot_id: int, now_s: float
) -> InstrumentFirmware:
    return InstrumentFirmware(settings, exposures, boot_id, now_s)


def boot(
    spectra: Sequence[SourceSpectrum], settings: VirtualSettings, now_s: float
) -> InstrumentFirmware:
    """Make the firmware of a virtual spectrometer; seed and boot id from the settings."""
    noise, identity = np.random.default_rng(settings.seed).spawn(2)
    exposures = Exposures(spectra, settings, noise)
    return _oip(exposures, settings, first_boot_id(settings, identity), now_s)


def run(
    port: Port,
    spectra: Sequence[SourceSpectrum],
    settings: VirtualSettings | None = None,
    on_acquired: Callable[[Acquired], None] = lambda _: None,
    should_stop: Callable[[], bool] = lambda: False,
    clock: Callable[[], float] = time.monotonic,
    make_firmware: MakeFirmware = _oip,
    wait_for_host: bool = False,
) -> VirtualRun:
    """Be an instrument until told to stop, or until all is acquired and the host has it.

    Parameters
    ----------
    port : Port
        A `PluggablePort` where the plug is to be pulled.
    spectra : sequence of (raman_shift_cm1 (B,), intensity (B,))
    settings : VirtualSettings
    on_acquired : callable
        Called with each light frame before any of it is on the line: the wire carries no labels.
    should_stop : callable
        Asked every 5 ms or so.
    clock : callable
        Monotonic time, s.
    make_firmware : MakeFirmware
        Of which device; the bridge's own protocol if not given.
    wait_for_host : bool
        True: the power comes on when a host is there, for what runs freely from its boot on.

    Raises
    ------
    PortClosedError
        If the port is gone for good.
    SpectrumSourceError
        If the spectra are none.
    """
    it = settings or VirtualSettings()
    plug = port if isinstance(port, PluggablePort) else PluggablePort(lambda: port)
    while wait_for_host and not (plug.has_host or should_stop()):
        plug.read(TICK_S)
    powered = PoweredInstrument(plug, spectra, it, make_firmware, on_acquired, clock)
    while not (should_stop() or powered.is_finished):
        powered.step()
    return powered.result()
