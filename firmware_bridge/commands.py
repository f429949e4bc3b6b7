"""What the host says to the instrument. Numbers and layouts: `firmware_bridge.messages`."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import ClassVar

from firmware_bridge.errors import MessageError
from firmware_bridge.fields import check_at_least, check_length, pack_fields

MAX_ACKNOWLEDGED_RANGES = 32
MAX_MISSING_LISTED = 128
_MAX_U32 = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class Hello:
    """Ask who is there; answered by `Describe`. Begins a session."""

    TYPE: ClassVar[int] = 0x01

    def pack(self) -> bytes:
        """Return the payload: none."""
        return b""

    @classmethod
    def unpack(cls, payload: bytes) -> Hello:
        """Check that there is no payload."""
        check_length("Hello", 0, payload)
        return cls()


@dataclass(frozen=True, slots=True)
class Configure:
    """Ask for acquisition settings; a zero leaves that one as it is.

    The instrument checks the bounds and refuses the whole command if one is broken.

    Parameters
    ----------
    integration_time_us : int, µs, one exposure
    averages : int, exposures a spectrum
    period_us : int, µs from the start of one acquisition to the start of the next
    """

    integration_time_us: int = 0
    averages: int = 0
    period_us: int = 0

    TYPE: ClassVar[int] = 0x02
    LAYOUT: ClassVar[struct.Struct] = struct.Struct("<IHI")

    def pack(self) -> bytes:
        """Return the payload."""
        return pack_fields(
            "Configure", self.LAYOUT, self.integration_time_us, self.averages, self.period_us
        )

    @classmethod
    def unpack(cls, payload: bytes) -> Configure:
        """Read the payload."""
        check_length("Configure", cls.LAYOUT.size, payload)
        return cls(*cls.LAYOUT.unpack(payload))


@dataclass(frozen=True, slots=True)
class Start:
    """Begin to acquire, with a dark frame first.

    Parameters
    ----------
    count : int
        Light spectra to acquire; 0 means until `Stop`.
    """

    count: int = 0

    TYPE: ClassVar[int] = 0x03
    LAYOUT: ClassVar[struct.Struct] = struct.Struct("<I")

    def pack(self) -> bytes:
        """Return the payload."""
        return pack_fields("Start", self.LAYOUT, self.count)

    @classmethod
    def unpack(cls, payload: bytes) -> Start:
        """Read the payload."""
        check_length("Start", cls.LAYOUT.size, payload)
        return cls(*cls.LAYOUT.unpack(payload))


@dataclass(frozen=True, slots=True)
class Stop:
    """Acquire no more; what is retained is still sent."""

    TYPE: ClassVar[int] = 0x04

    def pack(self) -> bytes:
        """Return the payload: none."""
        return b""

    @classmethod
    def unpack(cls, payload: bytes) -> Stop:
        """Check that there is no payload."""
        check_length("Stop", 0, payload)
        return cls()


@dataclass(frozen=True, slots=True)
class StatusRequest:
    """Ask for `Status`."""

    TYPE: ClassVar[int] = 0x05

    def pack(self) -> bytes:
        """Return the payload: none."""
        return b""

    @classmethod
    def unpack(cls, payload: bytes) -> StatusRequest:
        """Check that there is no payload."""
        check_length("StatusRequest", 0, payload)
        return cls()


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Say that frames are kept for good: the instrument may forget them. Not answered.

    Parameters
    ----------
    boot_id : int
    ranges : tuple of (first, last)
        Sequence numbers, both inclusive; at most 32 ranges.
    """

    boot_id: int
    ranges: tuple[tuple[int, int], ...]

    TYPE: ClassVar[int] = 0x06
    LAYOUT: ClassVar[struct.Struct] = struct.Struct("<IB")
    RANGE: ClassVar[struct.Struct] = struct.Struct("<II")

    def __post_init__(self) -> None:
        if len(self.ranges) > MAX_ACKNOWLEDGED_RANGES:
            got = f"{len(self.ranges)} ranges"
            raise MessageError("Acknowledge", f"at most {MAX_ACKNOWLEDGED_RANGES} ranges", got)
        for first, last in self.ranges:
            if not 0 <= first <= last <= _MAX_U32:
                raise MessageError("Acknowledge range", "0 <= first <= last", (first, last))

    def pack(self) -> bytes:
        """Return the payload."""
        fixed = pack_fields("Acknowledge", self.LAYOUT, self.boot_id, len(self.ranges))
        return fixed + b"".join(self.RANGE.pack(*pair) for pair in self.ranges)

    @classmethod
    def unpack(cls, payload: bytes) -> Acknowledge:
        """Read the payload."""
        check_at_least("Acknowledge", cls.LAYOUT.size, payload)
        boot_id, count = cls.LAYOUT.unpack_from(payload)
        check_length("Acknowledge", cls.LAYOUT.size + count * cls.RANGE.size, payload)
        pairs = cls.RANGE.iter_unpack(payload[cls.LAYOUT.size :])
        return cls(boot_id, tuple((first, last) for first, last in pairs))


@dataclass(frozen=True, slots=True)
class NotAcknowledge:
    """Ask for fragments of a frame again. Not answered, but by the fragments.

    Parameters
    ----------
    boot_id : int
    sequence : int
    missing : tuple of int
        Fragment indices, at most 128; empty means the whole frame.
    """

    boot_id: int
    sequence: int
    missing: tuple[int, ...] = ()

    TYPE: ClassVar[int] = 0x07
    LAYOUT: ClassVar[struct.Struct] = struct.Struct("<IIB")
    INDEX: ClassVar[struct.Struct] = struct.Struct("<H")

    def __post_init__(self) -> None:
        if len(self.missing) > MAX_MISSING_LISTED:
            got = f"{len(self.missing)} indices"
            raise MessageError("NotAcknowledge", f"at most {MAX_MISSING_LISTED} indices", got)

    def pack(self) -> bytes:
        """Return the payload."""
        what = "NotAcknowledge"
        fixed = pack_fields(what, self.LAYOUT, self.boot_id, self.sequence, len(self.missing))
        return fixed + b"".join(pack_fields(what, self.INDEX, index) for index in self.missing)

    @classmethod
    def unpack(cls, payload: bytes) -> NotAcknowledge:
        """Read the payload."""
        check_at_least("NotAcknowledge", cls.LAYOUT.size, payload)
        boot_id, sequence, count = cls.LAYOUT.unpack_from(payload)
        check_length("NotAcknowledge", cls.LAYOUT.size + count * cls.INDEX.size, payload)
        indices = cls.INDEX.iter_unpack(payload[cls.LAYOUT.size :])
        return cls(boot_id, sequence, tuple(index for (index,) in indices))
