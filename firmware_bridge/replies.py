"""What the instrument says to the host. Numbers and layouts: `firmware_bridge.messages`."""

from __future__ import annotations

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
MAX_FRAGMENT_BYTES = 256
MAX_FRAGMENTS = 256


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
    wavelength_coefficients_nm : tuple of 4 floats
        Wavelength of pixel p, nm: c0 + c1 p + c2 p² + c3 p³.
    retained_frames : int
        Frames not acknowledged so far.
    next_sequence : int
        The number the next acquired frame will have.
    """

    instrument_id: str
    boot_id: int
    firmware_version: str
    pixel_count: int
    saturation_counts: int
    laser_wavelength_nm: float
    wavelength_coefficients_nm: tuple[float, float, float, float]
    retained_frames: int
    next_sequence: int

    TYPE: ClassVar[int] = 0x81
    LAYOUT: ClassVar[struct.Struct] = struct.Struct("<IIIdddddIIBB")

    def pack(self) -> bytes:
        """Return the payload."""
        name = pack_text("instrument_id", self.instrument_id, MAX_INSTRUMENT_ID_BYTES)
        version = pack_text("firmware_version", self.firmware_version, MAX_FIRMWARE_VERSION_BYTES)
        if not name:
            raise MessageError("instrument_id", "1 to 16 bytes", "0 bytes")
        numbers = (self.boot_id, self.pixel_count, self.saturation_counts)
        optics = (self.laser_wavelength_nm, *self.wavelength_coefficients_nm)
        counters = (self.retained_frames, self.next_sequence, len(name), len(version))
        fixed = pack_fields("Describe", self.LAYOUT, *numbers, *optics, *counters)
        return fixed + name + version

    def description(self) -> Description:
        """Return it in the form that all protocols share."""
        return Description(
            instrument_id=self.instrument_id,
            boot_id=self.boot_id,
            pixel_count=self.pixel_count,
            saturation_counts=self.saturation_counts,
            laser_wavelength_nm=self.laser_wavelength_nm,
            wavelength_coefficients_nm=self.wavelength_coefficients_nm,
            firmware_version=self.firmware_version,
        )

    @classmethod
    def unpack(cls, payload: bytes) -> Describe:
        """Read the payload."""
        check_at_least("Describe", cls.LAYOUT.size, payload)
        *fixed, name_bytes, version_bytes = cls.LAYOUT.unpack_from(payload)
        boot_id, pixels, saturation, laser, c0, c1, c2, c3, retained, sequence = fixed
        if not 1 <= name_bytes <= MAX_INSTRUMENT_ID_BYTES:
            raise MessageError("instrument_id", "1 to 16 bytes", f"{name_bytes} bytes")
        if version_bytes > MAX_FIRMWARE_VERSION_BYTES:
            raise MessageError("firmware_version", "at most 16 bytes", f"{version_bytes} bytes")
        check_length("Describe", cls.LAYOUT.size + name_bytes + version_bytes, payload)
        split_at = cls.LAYOUT.size + name_bytes
        name = unpack_text("instrument_id", payload[cls.LAYOUT.size : split_at])
        version = unpack_text("firmware_version", payload[split_at:])
        coefficients = (c0, c1, c2, c3)
        return cls(
            name, boot_id, version, pixels, saturation, laser, coefficients, retained, sequence
        )


@dataclass(frozen=True, slots=True)
class Status:
    """Say how the instrument is; the answer to `StatusRequest`.

    Parameters
    ----------
    boot_id : int
        Shows a reboot even where no frame is on its way.
    detector_temperature_c : float, °C, single precision
    supply_voltage_v : float, V, single precision
    laser_on : bool
    fault_bits : int
        One bit a fault, the instrument's own; 0 means well.
    retained_frames : int
    refused_frames : int
        Acquisitions not made because the buffer was full, since boot.
    """

    boot_id: int
    detector_temperature_c: float
    supply_voltage_v: float
    laser_on: bool
    fault_bits: int
    retained_frames: int
    refused_frames: int

    TYPE: ClassVar[int] = 0x82
    LAYOUT: ClassVar[struct.Struct] = struct.Struct("<Iff?III")

    def pack(self) -> bytes:
        """Return the payload."""
        analogue = (self.boot_id, self.detector_temperature_c, self.supply_voltage_v, self.laser_on)
        digital = (self.fault_bits, self.retained_frames, self.refused_frames)
        return pack_fields("Status", self.LAYOUT, *analogue, *digital)

    def instrument_status(self) -> InstrumentStatus:
        """Return it in the form that all protocols share."""
        bits = (bit for bit in range(32) if self.fault_bits >> bit & 1)
        return InstrumentStatus(
            boot_id=self.boot_id,
            detector_temperature_c=self.detector_temperature_c,
            supply_voltage_v=self.supply_voltage_v,
            laser_on=self.laser_on,
            faults=tuple(f"bit {bit}" for bit in bits),
            retained_frames=self.retained_frames,
            refused_frames=self.refused_frames,
        )

    @classmethod
    def unpack(cls, payload: bytes) -> Status:
        """Read the payload."""
        check_length("Status", cls.LAYOUT.size, payload)
        return cls(*cls.LAYOUT.unpack(payload))


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
    data : bytes, at most 256
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
