"""Both firmwares of the C12880MA, as the registry lists them."""

from __future__ import annotations

from dataclasses import replace

from firmware_bridge.drivers.c12880ma.formats import FREE_RUNNING, PIXEL_COUNT, QUERY
from firmware_bridge.drivers.device import Device
from firmware_bridge.drivers.settings import DriverSettings
from firmware_bridge.drivers.text.asked import AskedDriver
from firmware_bridge.drivers.text.format import TextFormat
from firmware_bridge.drivers.text.free_running import FreeRunningDriver
from firmware_bridge.virtual.exposures import Exposures
from firmware_bridge.virtual.settings import VirtualSettings
from firmware_bridge.virtual.text import TextFirmware

_BAUD = 115_200
_LASER_NM = 532.0
_RANGE_CM1 = (100.0, 1700.0)


def _device(
    name: str, title: str, protocol: str, text_format: TextFormat, period_us: int
) -> Device:
    def make_driver(settings: DriverSettings) -> AskedDriver | FreeRunningDriver:
        saturation = settings.saturation_counts or text_format.saturation_counts
        told = replace(text_format, saturation_counts=saturation)
        make = AskedDriver if told.is_asked else FreeRunningDriver
        return make(settings, told)

    def make_firmware(
        exposures: Exposures, settings: VirtualSettings, boot_id: int, now_s: float
    ) -> TextFirmware:
        return TextFirmware(text_format, exposures, settings, boot_id, now_s)

    return Device(
        name=name,
        title=title,
        protocol=protocol,
        retains_until_ack=False,
        tells_laser=False,
        tells_wavelengths=False,
        bauds=(_BAUD,),
        make_driver=make_driver,
        make_firmware=make_firmware,
        virtual=VirtualSettings(
            instrument_id=text_format.model,
            baud=_BAUD,
            pixel_count=PIXEL_COUNT,
            range_cm1=_RANGE_CM1,
            laser_wavelength_nm=_LASER_NM,
            saturation_counts=text_format.saturation_counts,
            dark_counts=text_format.saturation_counts / 32,
            dark_rate_counts_s=text_format.saturation_counts / 320,
            read_noise_counts=max(0.5, text_format.saturation_counts / 8192),
            electrons_per_count=2.0**18 / text_format.saturation_counts,
            integration_time_us=period_us,
        ),
        tells_identity=False,
    )


C12880MA_DEVICES = (
    _device(
        "c12880ma",
        "Hamamatsu C12880MA, query firmware",
        "SPEC.READ?, SPEC.INTEG, SPEC.TIMING?: comma-separated lines",
        QUERY,
        10_000,
    ),
    _device(
        "c12880ma-free",
        "Hamamatsu C12880MA, free-running firmware",
        "comma-separated lines, unasked",
        FREE_RUNNING,
        10_000,
    ),
)
