"""Every kind of instrument that outcrop knows."""

from __future__ import annotations

from firmware_bridge.drivers.device import Device

DEVICES: dict[str, Device] = {}
"""By name."""
