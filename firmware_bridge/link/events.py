"""What the link tells its caller. The caller logs and counts; the link does neither."""

from __future__ import annotations

from dataclasses import dataclass, field

from firmware_bridge.description import Description, InstrumentStatus
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.spectrum_frame import SpectrumFrame


@dataclass(frozen=True, slots=True)
class Connected:
    """The instrument said who it is."""

    description: Description


@dataclass(frozen=True, slots=True)
class Redescribed:
    """The same boot of the instrument has another axis from now on; frames follow that have it."""

    description: Description


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

    status: InstrumentStatus


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
class ForeignBytes:
    """What comes is of another protocol or another baud rate; told once in a while.

    Parameters
    ----------
    seen : str
        What it looks like, with the first bytes, for the operator.
    byte_count : int
        How many came since something was last understood.
    """

    seen: str
    byte_count: int


@dataclass(frozen=True, slots=True)
class ClockCorrelated:
    """The instrument's clock was read: so its times can be put on the host's.

    Parameters
    ----------
    instrument_time_us : int, µs since its boot
    monotonic_s : float, s, the same moment on the caller's clock
    uncertainty_s : float, s, half of the time the question and its answer took
    """

    boot_id: int
    instrument_time_us: int
    monotonic_s: float
    uncertainty_s: float


@dataclass(frozen=True, slots=True)
class BaudChanged:
    """The line has another baud rate; `reason` says why where it was not asked for."""

    baud: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class InstrumentSilent:
    """Nothing intelligible came for a while; hello is said again."""

    for_s: float


@dataclass(frozen=True, slots=True)
class PortUnavailable:
    """The port could not be opened; it is tried again, for ever.

    Parameters
    ----------
    reason : str
    retry_in_s : float, s
    needs_operator : bool
        True where nothing but somebody's doing helps: no permission, no such kind of port.
    """

    reason: str
    retry_in_s: float
    needs_operator: bool = False


@dataclass(frozen=True, slots=True)
class PortLost:
    """The port failed while it was open; it is opened again."""

    reason: str


LinkEvent = (
    Connected
    | Redescribed
    | InstrumentRebooted
    | FrameReceived
    | FrameUnreadable
    | FragmentsRequested
    | FrameAbandoned
    | StatusReceived
    | CommandRefusedByInstrument
    | BytesSkipped
    | ForeignBytes
    | ClockCorrelated
    | BaudChanged
    | InstrumentSilent
    | PortUnavailable
    | PortLost
)
