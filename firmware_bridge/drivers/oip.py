"""The Outcrop Instrument Protocol, the bridge's own: `firmware_bridge/PROTOCOL.md`."""

from __future__ import annotations

import time

from firmware_bridge.drivers.device import Device
from firmware_bridge.link.host import HostLink
from firmware_bridge.virtual.exposures import Exposures
from firmware_bridge.virtual.instrument import InstrumentFirmware
from firmware_bridge.virtual.settings import VirtualSettings


def _make_firmware(
    exposures: Exposures, settings: VirtualSettings, boot_id: int, now_s: float
) -> InstrumentFirmware:
    return InstrumentFirmware(settings, exposures, boot_id, now_s)


def _utc_us() -> int:
    return time.time_ns() // 1000


OIP = Device(
    name="oip",
    title="any with the Outcrop Instrument Protocol",
    protocol="OIP 1",
    retains_until_ack=True,
    tells_laser=True,
    tells_wavelengths=True,
    bauds=(115_200, 9_600, 230_400, 460_800, 921_600),
    make_driver=lambda settings: HostLink(settings.link, utc_us=_utc_us),
    make_firmware=_make_firmware,
)
