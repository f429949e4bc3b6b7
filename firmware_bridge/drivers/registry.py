"""Every kind of instrument that outcrop knows."""

from __future__ import annotations

from firmware_bridge.drivers.c12880ma.devices import C12880MA_DEVICES
from firmware_bridge.drivers.device import Device
from firmware_bridge.drivers.ocean_binary.devices import OCEAN_BINARY_DEVICES
from firmware_bridge.drivers.ocean_commands.devices import OCEAN_COMMAND_DEVICES
from firmware_bridge.drivers.oip import OIP
from firmware_bridge.drivers.replay.device import REPLAY
from firmware_bridge.drivers.text.device import TEXT

_ALL: tuple[Device, ...] = (
    OIP,
    *OCEAN_BINARY_DEVICES,
    *C12880MA_DEVICES,
    *OCEAN_COMMAND_DEVICES,
    TEXT,
    REPLAY,
)
DEVICES = {device.name: device for device in _ALL}
"""By name."""
