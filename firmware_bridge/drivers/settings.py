"""What a driver is told beside the patience of its link."""

from __future__ import annotations

from dataclasses import dataclass, field

from firmware_bridge.drivers.replay.recording import Recording
from firmware_bridge.drivers.text.format import TextFormat
from firmware_bridge.link.settings import LinkSettings


@dataclass(frozen=True, slots=True)
class DriverSettings:
    """What an operator configures of an instrument, whatever protocol it speaks.

    Parameters
    ----------
    link : LinkSettings
        With `configure`: integration time, averages and period.
    boot_id : int
        Of the frames that the host numbers, drawn anew for each session; not used where the
        instrument numbers them.
    laser_wavelength_nm : float or None, nm
        For instruments that do not tell it.
    instrument_id : str or None
        For instruments that have no serial number to tell.
    dark_every : int
        A dark frame before every so many light ones, where the host can switch the light; 0: none.
    saturation_counts : int or None, counts
        For instruments that do not tell it and are built with several converters.
    text_format : TextFormat or None
        For instruments that talk in text.
    recordings : tuple of Recording
        For replay.
    """

    link: LinkSettings = field(default_factory=LinkSettings)
    boot_id: int = 1
    laser_wavelength_nm: float | None = None
    instrument_id: str | None = None
    dark_every: int = 0
    saturation_counts: int | None = None
    text_format: TextFormat | None = None
    recordings: tuple[Recording, ...] = field(default=(), repr=False)
