"""Replay, as the registry lists it."""

from __future__ import annotations

from firmware_bridge.drivers.device import Device
from firmware_bridge.drivers.replay.driver import INSTRUMENT_ID, ReplayDriver
from firmware_bridge.virtual.exposures import Exposures
from firmware_bridge.virtual.recorded import NobodyFirmware
from firmware_bridge.virtual.settings import VirtualSettings


def _make_firmware(
    exposures: Exposures, settings: VirtualSettings, boot_id: int, now_s: float
) -> NobodyFirmware:
    return NobodyFirmware(boot_id, settings.baud)


REPLAY = Device(
    name="replay",
    title="Recorded files, played as if live: B&W Tek, RRUFF, npz",
    protocol="none: replay:PATH",
    retains_until_ack=True,
    tells_laser=True,
    tells_wavelengths=True,
    bauds=(),
    make_driver=ReplayDriver,
    make_firmware=_make_firmware,
    virtual=VirtualSettings(instrument_id=INSTRUMENT_ID),
    tells_identity=False,
)
