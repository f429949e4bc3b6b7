"""What the host says to the instrument. Numbers and layouts: `firmware_bridge.messages`."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar

from firmware_bridge.errors import MessageError
from firmware_bridge.fields import check_at_least, check_length, pack_fields

MAX_ACKNOWLEDGED_RANGES = 32
MAX_MISSING_LISTED = 128
_MAX_U32 = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class Hello:
    """Ask who is there; answered by `Describe`. Begins a session, with a credit of 0."""

    TYPE: ClassVar[int] = 0x01

    def pack(self) -> bytes:
        """Return the payload: none."""
        return b""

    @classmethod
    def unpack(cls, payload: bytes) -> Hello:
        """Check that there is no payload."""
        check_length("Hello", 0, payload)
        return cls()


class LaserMode(IntEnum):
    """When the laser is on."""

    LEAVE = 0
    OFF = 1
    WHILE_EXPOSING = 2
    ALWAYS = 3


@dataclass(frozen=True, slots=True)
class Configure:
    """Ask for acquisition settings; a zero leaves that one as it is.

    The instrument checks the bounds and refuses the whole command if one is broken.

    Parameters
    ----------
    integration_time_us : int, µs, one exposure
    averages : int, exposures a spectrum
    period_us : int, µs from the start of one acquisition to the start of the next
    laser : int
        A `LaserMode`; the instrument refuses what it does not know.
    """

    integration_time_us: int = 0
    averages: int = 0
    period_us: int = 0
    laser: int = 0

    TYPE: ClassVar[int] = 0x02
    LAYOUT: ClassVar[struct.Struct] = struct.Struct("<IHIB")

    def over(self, earlier: Configure) -> Configure:
        """Return these settings, and those of `earlier` where these leave a field.

        Examples
        --------
        >>> Configure(averages=2).over(Configure(100, 1, 500))
        Configure(integration_time_us=100, averages=2, period_us=500, laser=0)
        """
        return Configure(
            self.integration_time_us or earlier.integration_time_us,
            self.averages or earlier.averages,
            self.period_us or earlier.period_us,
            self.laser or earlier.laser,
        )

    def pack(self) -> bytes:
        """Return the payload."""
        times = (self.integration_time_us, self.averages, self.period_us)
        return pack_fields("Configure", self.LAYOUT, *times, self.laser)

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
    """Say which frames are kept for good, and how many more may come. Not answered.

    Parameters
    ----------
    boot_id : int
    send_before : int
        The credit: frames of a sequence below it may be sent. Never lowered in a session.
    ranges : tuple of (first, last)
        Sequence numbers, both inclusive, that the instrument may forget; at most 32 ranges.
    """

    boot_id: int
    send_before: int
    ranges: tuple[tuple[int, int], ...] = ()

    TYPE: ClassVar[int] = 0x06
    LAYOUT: ClassVar[struct.Struct] = struct.Struct("<IIB")
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
        numbers = (self.boot_id, self.send_before, len(self.ranges))
        fixed = pack_fields("Acknowledge", self.LAYOUT, *numbers)
        return fixed + b"".join(self.RANGE.pack(*pair) for pair in self.ranges)

    @classmethod
    def unpack(cls, payload: bytes) -> Acknowledge:
        """Read the payload."""
        check_at_least("Acknowledge", cls.LAYOUT.size, payload)
        boot_id, send_before, count = cls.LAYOUT.unpack_from(payload)
        check_length("Acknowledge", cls.LAYOUT.size + count * cls.RANGE.size, payload)
        pairs = cls.RANGE.iter_unpack(payload[cls.LAYOUT.size :])
        return cls(boot_id, send_before, tuple((first, last) for first, last in pairs))


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


@dataclass(frozen=True, slots=True)
class Single:
    """Acquire one frame, next; a run that is on goes on after it.

    Parameters
    ----------
    kind : int
        Place in `firmware_bridge.spectrum_frame.FRAME_KINDS`: what the detector is to see.
    """

    kind: int = 0

    TYPE: ClassVar[int] = 0x08
    LAYOUT: ClassVar[struct.Struct] = struct.Struct("<B")

    def pack(self) -> bytes:
        """Return the payload."""
        return pack_fields("Single", self.LAYOUT, self.kind)

    @classmethod
    def unpack(cls, payload: bytes) -> Single:
        """Read the payload."""
        check_length("Single", cls.LAYOUT.size, payload)
        return cls(*cls.LAYOUT.unpack(payload))


@dataclass(frozen=True, slots=True)
class TimeSync:
    """Ask for the instrument's clock; answered by `TimeReport`.

    Parameters
    ----------
    host_utc_us : int, µs since 1970-01-01 UTC
        0 where the host does not know.
    """

    host_utc_us: int = 0

    TYPE: ClassVar[int] = 0x09
    LAYOUT: ClassVar[struct.Struct] = struct.Struct("<Q")

    def pack(self) -> bytes:
        """Return the payload."""
        return pack_fields("TimeSync", self.LAYOUT, self.host_utc_us)

    @classmethod
    def unpack(cls, payload: bytes) -> TimeSync:
        """Read the payload."""
        check_length("TimeSync", cls.LAYOUT.size, payload)
        return cls(*cls.LAYOUT.unpack(payload))


@dataclass(frozen=True, slots=True)
class SetBaud:
    """Change the rate of the line; answered at the old rate, then both sides change.

    Parameters
    ----------
    baud : int, bit/s
    """

    baud: int

    TYPE: ClassVar[int] = 0x0A
    LAYOUT: ClassVar[struct.Struct] = struct.Struct("<I")

    def pack(self) -> bytes:
        """Return the payload."""
        return pack_fields("SetBaud", self.LAYOUT, self.baud)

    @classmethod
    def unpack(cls, payload: bytes) -> SetBaud:
        """Read the payload."""
        check_length("SetBaud", cls.LAYOUT.size, payload)
        return cls(*cls.LAYOUT.unpack(payload))
