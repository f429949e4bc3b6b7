"""What the instrument says to the host. Numbers and layouts: `firmware_bridge.messages`."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar

from firmware_bridge.description import Description, InstrumentStatus
from firmware_bridge.errors import MessageError
from firmware_bridge.fields import (
    check_at_least,
    check_length,
    pack_fields,
    pack_text,
    unpack_text,
)

MAX_INSTRUMENT_ID_BYTES = 16
MAX_FIRMWARE_VERSION_BYTES = 16
MAX_DETAIL_BYTES = 64
MAX_FRAGMENT_BYTES = 480
MAX_FRAGMENTS = 256
MAX_COEFFICIENTS = 8

_FAULTS = (
    "detector_hot",
    "supply_low",
    "interlock_open",
    "laser_fault",
    "detector_fault",
    "buffer_full",
    "calibration_damaged",
    "brown_out",
)


class RefusalCode(IntEnum):
    """Why an instrument did not do as it was told."""

    UNKNOWN_COMMAND = 1
    OUT_OF_BOUNDS = 2
    STALE_BOOT_ID = 3
    NOT_NOW = 4


@dataclass(frozen=True, slots=True)
class Describe:
    """Say who is there; the answer to `Hello`.

    Parameters
    ----------
    instrument_id : str, 1 to 16 bytes of UTF-8
    boot_id : int
        New at each boot of the instrument; sequence numbers start at 0 with it.
    firmware_version : str, at most 16 bytes of UTF-8
    pixel_count : int
    saturation_counts : int, counts
    laser_wavelength_nm : float, nm
    wavelength_coefficients_nm : tuple of 1 to 8 floats
        Wavelength of pixel p, nm: c0 + c1 p + c2 p² + …
    retained_frames : int
        Frames not acknowledged so far.
    next_sequence : int
        The number the next acquired frame will have.
    oldest_sequence : int
        Of the retained frames; `next_sequence` where none is retained.
    baud_max : int, bit/s
        The highest rate `SetBaud` may ask for; 0: the rate cannot be changed.
    nonlinearity_coefficients : tuple of at most 8 floats
        Counts above dark are to be divided by a0 + a1 counts + a2 counts² + …; none: linear.
    """

    instrument_id: str
    boot_id: int
    firmware_version: str
    pixel_count: int
    saturation_counts: int
    laser_wavelength_nm: float
    wavelength_coefficients_nm: tuple[float, ...]
    retained_frames: int
    next_sequence: int
    oldest_sequence: int
    baud_max: int = 0
    nonlinearity_coefficients: tuple[float, ...] = ()

    TYPE: ClassVar[int] = 0x81
    LAYOUT: ClassVar[struct.Struct] = struct.Struct("<IIIdIIIIBBBB")

    def pack(self) -> bytes:
        """Return the payload."""
        name = pack_text("instrument_id", self.instrument_id, MAX_INSTRUMENT_ID_BYTES)
        version = pack_text("firmware_version", self.firmware_version, MAX_FIRMWARE_VERSION_BYTES)
        wavelength, nonlinearity = self.wavelength_coefficients_nm, self.nonlinearity_coefficients
        lengths = (len(wavelength), len(nonlinearity), len(name), len(version))
        _check_description(*lengths)
        detector = (self.boot_id, self.pixel_count, self.saturation_counts)
        counters = (self.retained_frames, self.next_sequence, self.oldest_sequence, self.baud_max)
        numbers = (*detector, self.laser_wavelength_nm, *counters, *lengths)
        fixed = pack_fields("Describe", self.LAYOUT, *numbers)
        coefficients = (*wavelength, *nonlinearity)
        return fixed + struct.pack(f"<{len(coefficients)}d", *coefficients) + name + version

    def description(self) -> Description:
        """Return it in the form that all protocols share."""
        return Description(
            instrument_id=self.instrument_id,
            boot_id=self.boot_id,
            pixel_count=self.pixel_count,
            saturation_counts=self.saturation_counts,
            laser_wavelength_nm=self.laser_wavelength_nm,
            wavelength_coefficients_nm=self.wavelength_coefficients_nm,
            nonlinearity_coefficients=self.nonlinearity_coefficients,
            firmware_version=self.firmware_version,
        )

    @classmethod
    def unpack(cls, payload: bytes) -> Describe:
        """Read the payload."""
        check_at_least("Describe", cls.LAYOUT.size, payload)
        *fixed, n_wavelength, n_nonlinearity, name_bytes, version_bytes = cls.LAYOUT.unpack_from(
            payload
        )
        boot_id, pixels, saturation, laser, retained, sequence, oldest, baud_max = fixed
        _check_description(n_wavelength, n_nonlinearity, name_bytes, version_bytes)
        name_at = cls.LAYOUT.size + 8 * (n_wavelength + n_nonlinearity)
        version_at = name_at + name_bytes
        check_length("Describe", version_at + version_bytes, payload)
        numbers = struct.unpack_from(f"<{n_wavelength + n_nonlinearity}d", payload, cls.LAYOUT.size)
        return cls(
            instrument_id=unpack_text("instrument_id", payload[name_at:version_at]),
            boot_id=boot_id,
            firmware_version=unpack_text("firmware_version", payload[version_at:]),
            pixel_count=pixels,
            saturation_counts=saturation,
            laser_wavelength_nm=laser,
            wavelength_coefficients_nm=numbers[:n_wavelength],
            retained_frames=retained,
            next_sequence=sequence,
            oldest_sequence=oldest,
            baud_max=baud_max,
            nonlinearity_coefficients=numbers[n_wavelength:],
        )


def _check_description(
    n_wavelength: int, n_nonlinearity: int, name_bytes: int, version_bytes: int
) -> None:
    limits = (
        ("wavelength_coefficients_nm", n_wavelength, 1, MAX_COEFFICIENTS, ""),
        ("nonlinearity_coefficients", n_nonlinearity, 0, MAX_COEFFICIENTS, ""),
        ("instrument_id", name_bytes, 1, MAX_INSTRUMENT_ID_BYTES, " bytes"),
        ("firmware_version", version_bytes, 0, MAX_FIRMWARE_VERSION_BYTES, " bytes"),
    )
    for field, got, least, most, unit in limits:
        if not least <= got <= most:
            raise MessageError(field, f"{least} to {most}{unit}", f"{got}{unit}")


@dataclass(frozen=True, slots=True)
class Status:
    """Say how the instrument is; the answer to `StatusRequest`.

    Parameters
    ----------
    boot_id : int
        Shows a reboot even where no frame is on its way.
    instrument_time_us : int, µs since boot
    detector_temperature_c, laser_temperature_c : float, °C, single precision
    supply_voltage_v : float, V, single precision
        NaN, as for the temperatures, where it is not measured.
    is_running : bool
    laser_on : bool
    fault_bits : int
        0 to 15: those of the table in PROTOCOL.md; from 16 on the maker's own. 0 means well.
    retained_frames : int
    refused_frames : int
        Acquisitions not made because the buffer was full, since boot.
    """

    boot_id: int
    instrument_time_us: int
    detector_temperature_c: float
    laser_temperature_c: float
    supply_voltage_v: float
    is_running: bool
    laser_on: bool
    fault_bits: int
    retained_frames: int
    refused_frames: int

    TYPE: ClassVar[int] = 0x82
    LAYOUT: ClassVar[struct.Struct] = struct.Struct("<IQfff??III")

    def pack(self) -> bytes:
        """Return the payload."""
        temperatures = (self.detector_temperature_c, self.laser_temperature_c)
        analogue = (*temperatures, self.supply_voltage_v)
        digital = (self.is_running, self.laser_on, self.fault_bits)
        frames = (self.retained_frames, self.refused_frames)
        when = (self.boot_id, self.instrument_time_us)
        return pack_fields("Status", self.LAYOUT, *when, *analogue, *digital, *frames)

    def instrument_status(self) -> InstrumentStatus:
        """Return it in the form that all protocols share."""
        return InstrumentStatus(
            boot_id=self.boot_id,
            detector_temperature_c=_measured(self.detector_temperature_c),
            laser_temperature_c=_measured(self.laser_temperature_c),
            supply_voltage_v=_measured(self.supply_voltage_v),
            laser_on=self.laser_on,
            faults=fault_names(self.fault_bits),
            retained_frames=self.retained_frames,
            refused_frames=self.refused_frames,
        )

    @classmethod
    def unpack(cls, payload: bytes) -> Status:
        """Read the payload."""
        check_length("Status", cls.LAYOUT.size, payload)
        return cls(*cls.LAYOUT.unpack(payload))


def fault_names(fault_bits: int) -> tuple[str, ...]:
    """Return the names of the bits that are set.

    Examples
    --------
    >>> fault_names(0b1_0000_0000_0100_0001)
    ('detector_hot', 'calibration_damaged', 'bit 16')
    """
    bits = (bit for bit in range(32) if fault_bits >> bit & 1)
    return tuple(_FAULTS[bit] if bit < len(_FAULTS) else f"bit {bit}" for bit in bits)


def _measured(value: float) -> float | None:
    return value if math.isfinite(value) else None


@dataclass(frozen=True, slots=True)
class SpectrumFragment:
    """Carry one piece of a packed spectrum frame.

    Parameters
    ----------
    boot_id : int
    sequence : int
    index : int
        Which piece, from 0.
    count : int
        How many pieces the frame has, 1 to 256.
    data : bytes, at most 480
    """

    boot_id: int
    sequence: int
    index: int
    count: int
    data: bytes

    TYPE: ClassVar[int] = 0x83
    LAYOUT: ClassVar[struct.Struct] = struct.Struct("<IIHH")

    def __post_init__(self) -> None:
        if not 1 <= self.count <= MAX_FRAGMENTS:
            raise MessageError("fragment count", f"1 to {MAX_FRAGMENTS}", self.count)
        if not 0 <= self.index < self.count:
            raise MessageError("fragment index", f"0 to {self.count - 1}", self.index)
        if len(self.data) > MAX_FRAGMENT_BYTES:
            got = f"{len(self.data)} bytes"
            raise MessageError("fragment data", f"at most {MAX_FRAGMENT_BYTES} bytes", got)

    def pack(self) -> bytes:
        """Return the payload."""
        where = (self.boot_id, self.sequence, self.index, self.count)
        return pack_fields("SpectrumFragment", self.LAYOUT, *where) + self.data

    @classmethod
    def unpack(cls, payload: bytes) -> SpectrumFragment:
        """Read the payload."""
        check_at_least("SpectrumFragment", cls.LAYOUT.size, payload)
        boot_id, sequence, index, count = cls.LAYOUT.unpack_from(payload)
        return cls(boot_id, sequence, index, count, payload[cls.LAYOUT.size :])


@dataclass(frozen=True, slots=True)
class CommandDone:
    """Say that the command with this message id was carried out."""

    TYPE: ClassVar[int] = 0x84

    def pack(self) -> bytes:
        """Return the payload: none."""
        return b""

    @classmethod
    def unpack(cls, payload: bytes) -> CommandDone:
        """Check that there is no payload."""
        check_length("CommandDone", 0, payload)
        return cls()


@dataclass(frozen=True, slots=True)
class CommandRefused:
    """Say that the command with this message id was not carried out, and why.

    Parameters
    ----------
    code : int
        A `RefusalCode`, or one a newer firmware knows.
    detail : str, at most 64 bytes of UTF-8
    """

    code: int
    detail: str = ""

    TYPE: ClassVar[int] = 0x85
    LAYOUT: ClassVar[struct.Struct] = struct.Struct("<B")

    def pack(self) -> bytes:
        """Return the payload."""
        detail = pack_text("refusal detail", self.detail, MAX_DETAIL_BYTES)
        return pack_fields("CommandRefused", self.LAYOUT, self.code) + detail

    @classmethod
    def unpack(cls, payload: bytes) -> CommandRefused:
        """Read the payload."""
        check_at_least("CommandRefused", cls.LAYOUT.size, payload)
        detail = payload[cls.LAYOUT.size :]
        if len(detail) > MAX_DETAIL_BYTES:
            got = f"{len(detail)} bytes"
            raise MessageError("refusal detail", f"at most {MAX_DETAIL_BYTES} bytes", got)
        return cls(payload[0], unpack_text("refusal detail", detail))


@dataclass(frozen=True, slots=True)
class TimeReport:
    """Say what the instrument's clock was; the answer to `TimeSync`.

    Parameters
    ----------
    boot_id : int
    instrument_time_us : int, µs since boot, when `TimeSync` was received
    """

    boot_id: int
    instrument_time_us: int

    TYPE: ClassVar[int] = 0x86
    LAYOUT: ClassVar[struct.Struct] = struct.Struct("<IQ")

    def pack(self) -> bytes:
        """Return the payload."""
        return pack_fields("TimeReport", self.LAYOUT, self.boot_id, self.instrument_time_us)

    @classmethod
    def unpack(cls, payload: bytes) -> TimeReport:
        """Read the payload."""
        check_length("TimeReport", cls.LAYOUT.size, payload)
        return cls(*cls.LAYOUT.unpack(payload))
