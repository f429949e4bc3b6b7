"""The virtual counterpart of a replay: recordings of what a virtual detector sees."""

from __future__ import annotations

from firmware_bridge.drivers.replay.recording import Recording
from firmware_bridge.virtual.exposures import Exposures
from firmware_bridge.virtual.firmware import Acquired
from firmware_bridge.virtual.settings import VirtualSettings


def record(exposures: Exposures, settings: VirtualSettings, count: int) -> tuple[Recording, ...]:
    """Expose so many spectra, each with a dark frame that all of them share.

    Parameters
    ----------
    exposures : Exposures
    settings : VirtualSettings
    count : int
    """
    exposure = settings.first_integration_time_us, settings.averages
    dark_counts = exposures.dark(*exposure)
    return tuple(
        Recording(
            source=f"{settings.instrument_id}, spectrum {index}",
            counts=exposures.light(*exposure)[0],
            saturation_counts=settings.saturation_counts,
            laser_wavelength_nm=settings.laser_wavelength_nm,
            wavelength_coefficients_nm=exposures.wavelength_coefficients_nm,
            dark_counts=dark_counts,
            integration_time_us=exposure[0],
            averages=exposure[1],
            detector_temperature_c=exposures.temperature_c,
            model=settings.instrument_id,
        )
        for index in range(count)
    )


class NobodyFirmware:
    """The far side of a replay: it says nothing and hears nothing.

    Parameters
    ----------
    boot_id : int
    baud : int, bit/s
    """

    def __init__(self, boot_id: int, baud: int) -> None:
        self.boot_id = boot_id
        self.baud = baud
        self.retained_frames = 0
        self.refused_frames = 0
        self.is_finished = True

    def receive(self, data: bytes, now_s: float) -> None:
        """Ignore it."""

    def poll(self, now_s: float) -> None:
        """Do nothing."""

    def next_message(self, now_s: float) -> bytes | None:
        """Return None."""
        return None

    def take_acquired(self) -> list[Acquired]:
        """Return none."""
        return []
