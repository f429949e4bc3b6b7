"""Instruments of the Ocean Binary Protocol, as the registry lists them."""

from __future__ import annotations

from dataclasses import replace

from firmware_bridge.drivers.device import Device
from firmware_bridge.drivers.ocean_binary.dialect import OceanBinaryDialect
from firmware_bridge.drivers.ocean_binary.message import OceanMessage
from firmware_bridge.drivers.ocean_binary.models import BAUDS, FLAME_X, QE_PRO, STS, OceanModel
from firmware_bridge.drivers.query.driver import QueryDriver
from firmware_bridge.drivers.settings import DriverSettings
from firmware_bridge.virtual.exposures import Exposures
from firmware_bridge.virtual.ocean_binary import OceanBinaryFirmware
from firmware_bridge.virtual.settings import VirtualSettings


def _device(model: OceanModel, serial_number: str) -> Device:
    def make_driver(settings: DriverSettings) -> QueryDriver[OceanMessage]:
        level = settings.saturation_counts or model.saturation_counts
        told = replace(model, saturation_counts=level)
        dialect = OceanBinaryDialect(told, settings.link.reply_timeout_s)
        return QueryDriver(settings, dialect, model.title)

    def make_firmware(
        exposures: Exposures, settings: VirtualSettings, boot_id: int, now_s: float
    ) -> OceanBinaryFirmware:
        return OceanBinaryFirmware(model, settings, exposures, boot_id)

    return Device(
        name=model.name,
        title=f"Ocean Insight {model.title}",
        protocol="Ocean Binary Protocol 0x1100: MD5",
        retains_until_ack=False,
        tells_laser=False,
        tells_wavelengths=True,
        bauds=BAUDS,
        make_driver=make_driver,
        make_firmware=make_firmware,
        virtual=VirtualSettings(
            instrument_id=serial_number,
            baud=BAUDS[0],
            pixel_count=model.pixel_count,
            saturation_counts=model.saturation_counts,
            electrons_per_count=2.0**16 / model.saturation_counts,
        ),
        switches_light=True,
    )


OCEAN_BINARY_DEVICES = (
    _device(STS, "S05507"),
    _device(QE_PRO, "QEP00123"),
    _device(FLAME_X, "FLMX00042"),
)
