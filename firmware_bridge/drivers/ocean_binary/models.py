"""What is known of the instruments that speak the Ocean Binary Protocol, from their data sheets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firmware_bridge.drivers.ocean_binary.message_types import MessageType
from firmware_bridge.errors import MessageError
from firmware_bridge.spectrum_frame import Counts

BAUDS = (9_600, 19_200, 38_400, 57_600, 115_200)
"""The wake-up rate first, bit/s."""


@dataclass(frozen=True, slots=True)
class OceanModel:
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
        Where the instrument does not tell it.
    saturation_counts : int, counts
        Where the instrument does not tell it.
    integration_time_us : (int, int), µs, least and most
    max_averages : int
    spectrum_type : MessageType
        Which spectrum it is asked for.
    metadata_bytes : int
        Before the counts of that spectrum.
    count_bytes : int, 2 or 4
    temperature_type : MessageType
        How its detector's temperature is asked for.
    has_buffer : bool
        Whether spectra of earlier settings may wait in it.
    """

    name: str
    title: str
    serial_prefix: str
    pixel_count: int
    saturation_counts: int
    integration_time_us: tuple[int, int]
    max_averages: int
    spectrum_type: MessageType = MessageType.GET_CORRECTED_SPECTRUM
    metadata_bytes: int = 0
    count_bytes: int = 2
    temperature_type: MessageType = MessageType.GET_TEMPERATURE
    has_buffer: bool = False

    def instrument_id(self, serial_number: str) -> str:
        """Return a name that no other instrument has.

        >>> STS.instrument_id("S05507"), QE_PRO.instrument_id("QEP00123")
        ('STS-S05507', 'QEP00123')
        """
        says_model = self.serial_prefix and serial_number.startswith(self.serial_prefix)
        return serial_number if says_model else f"{self.title.replace(' ', '')}-{serial_number}"

    def pack_spectrum(self, counts: Counts) -> bytes:
        """Return the data of a spectrum's answer, its metadata zero."""
        return bytes(self.metadata_bytes) + counts.astype(f"<u{self.count_bytes}").tobytes()

    def unpack_spectrum(self, data: bytes) -> Counts:
        """Read the data of a spectrum's answer.

        Returns
        -------
        (P,) uint16 or uint32, counts

        Raises
        ------
        MessageError
            If they are no whole number of pixels.
        """
        content = data[self.metadata_bytes :]
        if not content or len(content) % self.count_bytes:
            expected = f"{self.metadata_bytes} bytes and pixels of {self.count_bytes}"
            raise MessageError("spectrum length", expected, f"{len(data)} bytes")
        wire = np.frombuffer(content, f"<u{self.count_bytes}")
        return wire.astype(np.uint16) if self.count_bytes == 2 else wire.astype(np.uint32)


STS = OceanModel("sts", "STS", "", 1024, 16_383, (10, 85_000_000), 5_000)
FLAME_X = OceanModel("flame-x", "Flame-X", "FLMX", 2136, 65_535, (1_000, 60_000_000), 5_000)
QE_PRO = OceanModel(
    "qepro",
    "QE Pro",
    "QEP",
    1044,
    200_000,
    (8_000, 1_600_000_000),
    5_000,
    spectrum_type=MessageType.GET_SPECTRUM_WITH_METADATA,
    metadata_bytes=32,
    count_bytes=4,
    temperature_type=MessageType.GET_COOLER_TEMPERATURE,
    has_buffer=True,
)

MODELS = (STS, QE_PRO, FLAME_X)


def model_of(serial_number: str) -> OceanModel | None:
    """Return the model that a serial number tells; None where it tells none.

    >>> model_of("QEP00123").title
    'QE Pro'
    """
    told = (it for it in MODELS if it.serial_prefix and serial_number.startswith(it.serial_prefix))
    return next(told, None)
