"""Instruments of the Ocean command set, as the registry lists them."""

from __future__ import annotations

from dataclasses import replace

from firmware_bridge.drivers.device import Device
from firmware_bridge.drivers.ocean_commands.decoder import CommandReply
from firmware_bridge.drivers.ocean_commands.dialect import CommandDialect
from firmware_bridge.drivers.ocean_commands.models import BAUDS, FLAME_S, USB2000, CommandModel
from firmware_bridge.drivers.query.driver import QueryDriver
from firmware_bridge.drivers.settings import DriverSettings
from firmware_bridge.virtual.exposures import Exposures
from firmware_bridge.virtual.ocean_commands import CommandFirmware
from firmware_bridge.virtual.settings import VirtualSettings


def _device(model: CommandModel, serial_number: str) -> Device:
    def make_driver(settings: DriverSettings) -> QueryDriver[CommandReply]:
        level = settings.saturation_counts or model.saturation_counts
        told = replace(model, saturation_counts=level)
        dialect = CommandDialect(told, settings.link.reply_timeout_s)
        return QueryDriver(settings, dialect, model.title)

    def make_firmware(
        exposures: Exposures, settings: VirtualSettings, boot_id: int, now_s: float
    ) -> CommandFirmware:
        return CommandFirmware(model, settings, exposures, boot_id)

    return Device(
        name=model.name,
        title=f"Ocean Insight {model.title}",
        protocol="Ocean commands, binary: 16-bit checksum on spectra only",
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
            dark_counts=model.saturation_counts / 64,
            read_noise_counts=max(1.0, model.saturation_counts / 8192),
            dark_rate_counts_s=model.saturation_counts / 320,
            electrons_per_count=2.0**16 / model.saturation_counts,
        ),
        switches_light=True,
    )


OCEAN_COMMAND_DEVICES = (_device(USB2000, "USB2E1234"), _device(FLAME_S, "FLMS00123"))
