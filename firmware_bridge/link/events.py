"""What the link tells its caller. The caller logs and counts; the link does neither."""

from __future__ import annotations

from dataclasses import dataclass, field

from firmware_bridge.identity import FrameIdentity
from firmware_bridge.replies import Describe, Status
from firmware_bridge.spectrum_frame import SpectrumFrame


@dataclass(frozen=True, slots=True)
class Connected:
    """The instrument said who it is."""

    description: Describe


@dataclass(frozen=True, slots=True)
class InstrumentRebooted:
    """The instrument has a boot id other than before; sequence numbers start anew."""

    old_boot_id: int
    new_boot_id: int


@dataclass(frozen=True, slots=True)
class FrameReceived:
    """A frame is whole and its CRC is right. It may be one that was received before.

    Parameters
    ----------
    identity : FrameIdentity
    payload : bytes
        As it came: what is to be stored before `acknowledge` is called.
    frame : SpectrumFrame
    last_byte_monotonic_s : float, s
        When the last byte it needed was received, on the caller's clock.
    """

    identity: FrameIdentity
    payload: bytes = field(repr=False)
    frame: SpectrumFrame = field(repr=False)
    last_byte_monotonic_s: float


@dataclass(frozen=True, slots=True)
class FrameUnreadable:
    """All fragments of a frame came, but together they are no spectrum frame.

    The instrument sends it again as long as it is not acknowledged.
    """

    identity: FrameIdentity
    payload: bytes = field(repr=False)
    reason: str


@dataclass(frozen=True, slots=True)
class FragmentsRequested:
    """Missing fragments were asked for; an empty list means the whole frame."""

    identity: FrameIdentity
    missing: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FrameAbandoned:
    """An incomplete frame was dropped; the instrument may send it again by itself."""

    identity: FrameIdentity
    reason: str


@dataclass(frozen=True, slots=True)
class StatusReceived:
    """The instrument said how it is."""

    status: Status


@dataclass(frozen=True, slots=True)
class CommandRefusedByInstrument:
    """The instrument did not do as it was told."""

    command: str
    code: int
    detail: str


@dataclass(frozen=True, slots=True)
class BytesSkipped:
    """Received bytes were of no use: no frame, no message, or nobody's fragment."""

    reason: str
    byte_count: int


@dataclass(frozen=True, slots=True)
class InstrumentSilent:
    """Nothing intelligible came for a while; hello is said again."""

    for_s: float


@dataclass(frozen=True, slots=True)
class PortUnavailable:
    """The port could not be opened; it is tried again, for ever."""

    reason: str
    retry_in_s: float


@dataclass(frozen=True, slots=True)
class PortLost:
    """The port failed while it was open; it is opened again."""

    reason: str


LinkEvent = (
    Connected
    | InstrumentRebooted
    | FrameReceived
    | FrameUnreadable
    | FragmentsRequested
    | FrameAbandoned
    | StatusReceived
    | CommandRefusedByInstrument
    | BytesSkipped
    | InstrumentSilent
    | PortUnavailable
    | PortLost
)
