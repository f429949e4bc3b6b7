"""What a virtual spectrometer is like."""

from __future__ import annotations

from dataclasses import dataclass, field

from firmware_bridge.errors import SpectrumSourceError
from firmware_bridge.replies import MAX_INSTRUMENT_ID_BYTES
from firmware_bridge.virtual.faults import Faults


@dataclass(frozen=True, slots=True)
class VirtualSettings:
    """Settings of a virtual spectrometer.

    Parameters
    ----------
    instrument_id : str, 1 to 16 bytes of UTF-8
    boot_id : int or None
        None draws one from the seed.
    seed : int or None
        The same seed gives the same noise, faults and boot id, and so the same frame
        identities; None is different each time.
    count : int or None
        Light spectra to acquire before the run ends; None means no end.
    rate_hz : float, Hz, acquisitions a second, as long as the host configures nothing
    baud : int, bit/s, 10 bits a byte
        At which it wakes up.
    dark_every : int
        A dark frame before every so many light ones; 0 means only at each start.
    pixel_count : int, 8 to 16,000
    range_cm1 : (float, float), cm⁻¹, Raman shift of the first and the last pixel
    laser_wavelength_nm : float, nm
    drift_nm : float, nm, -50 to 50
        How far the true axis is from the described one; positive: peaks appear at
        larger Raman shift.
    saturation_counts : int, counts
    peak_level : float
        Height of a spectrum's maximum above dark, as a fraction of saturation, in an exposure
        as long as the first; it grows with the integration time.
    dark_counts : float, counts, offset of the amplifier
    dark_rate_counts_s : float, counts/s at 20 °C, doubling every 7 °C
    read_noise_counts : float, counts, standard deviation of one exposure
    electrons_per_count : float
    temperature_c : float, °C
    integration_time_us : int, µs
        At first; shortened where `rate_hz` leaves less.
    averages : int
    retain_frames : int
        Frames kept until acknowledged; when all are taken nothing is acquired.
    retransmit_timeout_s : float, s
        After so long without an acknowledgement a frame is sent again.
    faults : Faults
        Of line, power and detector.

    Raises
    ------
    SpectrumSourceError
        If a value cannot be.
    """

    instrument_id: str = "VIRTUAL-1"
    boot_id: int | None = None
    seed: int | None = None
    count: int | None = None
    rate_hz: float = 2.0
    baud: int = 921_600
    dark_every: int = 50
    pixel_count: int = 2048
    range_cm1: tuple[float, float] = (100.0, 1700.0)
    laser_wavelength_nm: float = 532.0
    drift_nm: float = 0.0
    saturation_counts: int = 65_535
    peak_level: float = 0.5
    dark_counts: float = 1000.0
    dark_rate_counts_s: float = 200.0
    read_noise_counts: float = 8.0
    electrons_per_count: float = 4.0
    temperature_c: float = 20.0
    integration_time_us: int = 100_000
    averages: int = 1
    retain_frames: int = 64
    retransmit_timeout_s: float = 1.0
    faults: Faults = field(default_factory=Faults)

    def __post_init__(self) -> None:
        try:
            name_bytes = len(self.instrument_id.encode())
        except UnicodeEncodeError as error:
            got = repr(self.instrument_id)
            raise SpectrumSourceError("instrument_id", "text that UTF-8 can hold", got) from error
        most_bytes = MAX_INSTRUMENT_ID_BYTES
        fits = 1 <= name_bytes <= most_bytes
        _require("instrument_id", f"1 to {most_bytes} bytes", f"{name_bytes} bytes", fits)
        _require("rate_hz", "> 0", self.rate_hz, self.rate_hz > 0)
        _require("drift_nm", "-50 to 50", self.drift_nm, abs(self.drift_nm) <= 50)
        _require("baud", ">= 300", self.baud, self.baud >= 300)
        _require("pixel_count", "8 to 16000", self.pixel_count, 8 <= self.pixel_count <= 16_000)
        lowest, highest = self.range_cm1
        _require("range_cm1", "lowest < highest", self.range_cm1, lowest < highest)
        laser_cm1 = 1e7 / self.laser_wavelength_nm if self.laser_wavelength_nm > 0 else 0.0
        possible = laser_cm1 > 0 and highest < laser_cm1
        _require(
            "laser_wavelength_nm",
            f"0 to {1e7 / max(highest, 1.0):.0f}",
            self.laser_wavelength_nm,
            possible,
        )
        most = 0xFFFF_FFFF
        saturation = self.saturation_counts
        _require("saturation_counts", f"1 to {most}", saturation, 1 <= saturation <= most)
        for name in ("retain_frames", "averages", "integration_time_us"):
            value = int(getattr(self, name))
            _require(name, ">= 1", value, value >= 1)

    @property
    def period_us(self) -> int:
        """Time from one acquisition to the next at first, µs."""
        return max(1, round(1e6 / self.rate_hz))

    @property
    def first_integration_time_us(self) -> int:
        """One exposure as long as the host configures nothing, µs: what the period leaves of it."""
        return min(self.integration_time_us, max(1, self.period_us // self.averages))


def _require(field: str, expected: str, got: object, holds: bool) -> None:
    if not holds:
        raise SpectrumSourceError(field, expected, got)
