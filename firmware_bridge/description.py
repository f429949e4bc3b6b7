"""What an instrument says of itself, whatever protocol it speaks."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Description:
    """Who is there, and where its pixels stand.

    Parameters
    ----------
    instrument_id : str
        The serial number where the instrument tells one, else what the operator calls it.
    boot_id : int
        New at each boot of the instrument; of the host's session where the host numbers frames.
    pixel_count : int
    saturation_counts : int, counts
    laser_wavelength_nm : float or None, nm
        None where neither instrument nor operator told it.
    wavelength_coefficients_nm : tuple of float
        c0, c1, … of c0 + c1·pixel + c2·pixel² …, nm; empty where there is a table.
    wavelength_nm : tuple of P floats, nm
        A table, for instruments and recordings without coefficients; else empty.
    nonlinearity_coefficients : tuple of float
        a0, a1, … of a0 + a1·counts + …, which counts above dark are divided by; empty: linear.
    retains_until_ack : bool
        False where a frame that is lost on the line is lost for good.
    model, firmware_version : str
        Empty where the instrument does not tell.
    """

    instrument_id: str
    boot_id: int
    pixel_count: int
    saturation_counts: int
    laser_wavelength_nm: float | None
    wavelength_coefficients_nm: tuple[float, ...]
    wavelength_nm: tuple[float, ...] = field(default=(), repr=False)
    nonlinearity_coefficients: tuple[float, ...] = ()
    retains_until_ack: bool = True
    model: str = ""
    firmware_version: str = ""


@dataclass(frozen=True, slots=True)
class InstrumentStatus:
    """How an instrument is; None where it does not tell.

    Parameters
    ----------
    boot_id : int
    detector_temperature_c, laser_temperature_c : float or None, °C
    supply_voltage_v : float or None, V
    laser_on : bool or None
    faults : tuple of str
        The names of what is wrong; empty means well.
    retained_frames : int or None
    refused_frames : int or None
        Acquisitions not made because the instrument's buffer was full, since its boot.
    """

    boot_id: int
    detector_temperature_c: float | None = None
    laser_temperature_c: float | None = None
    supply_voltage_v: float | None = None
    laser_on: bool | None = None
    faults: tuple[str, ...] = ()
    retained_frames: int | None = None
    refused_frames: int | None = None
