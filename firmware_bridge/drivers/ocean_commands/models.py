"""What is known of the instruments of the Ocean command set, from their data sheets."""

from __future__ import annotations

from dataclasses import dataclass

BAUDS = (9_600, 2_400, 4_800, 19_200, 38_400, 57_600, 115_200)
"""The wake-up rate first, bit/s."""
SERIAL_NUMBER = 0
WAVELENGTH = (1, 2, 3, 4)
NONLINEARITY = (6, 7, 8, 9, 10, 11, 12, 13)
NONLINEARITY_ORDER = 14
"""Numbers of the calibration constants."""


@dataclass(frozen=True, slots=True)
class CommandModel:
    """One model.

    Parameters
    ----------
    name : str
        As in `[[instrument]] device`.
    title : str
        As its maker calls it.
    serial_prefix : str
        What its serial numbers begin with where they say the model; else the model is put
        before them.
    pixel_count : int
    saturation_counts : int, counts, of one scan
    integration_time_ms : (int, int), ms, least and most
    max_scans : int
    """

    name: str
    title: str
    serial_prefix: str
    pixel_count: int
    saturation_counts: int
    integration_time_ms: tuple[int, int]
    max_scans: int

    def instrument_id(self, serial_number: str) -> str:
        """Return a name that no other instrument has.

        >>> USB2000.instrument_id("USB2E1234"), FLAME_S.instrument_id("T01")
        ('USB2E1234', 'Flame-S-T01')
        """
        says_model = serial_number.startswith(self.serial_prefix)
        return serial_number if says_model else f"{self.title}-{serial_number}"


USB2000 = CommandModel("usb2000", "USB2000", "USB2", 2048, 4_095, (3, 65_535), 15)
FLAME_S = CommandModel("flame-s", "Flame-S", "FLMS", 2048, 65_535, (1, 65_535), 5_000)

MODELS = (USB2000, FLAME_S)


def model_of(serial_number: str) -> CommandModel | None:
    """Return the model that a serial number tells; None where it tells none.

    >>> model_of("FLMS00123").title
    'Flame-S'
    """
    return next((it for it in MODELS if serial_number.startswith(it.serial_prefix)), None)
