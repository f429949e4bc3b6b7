"""The link session: says hello, gathers frames, asks again, acknowledges when told to."""

from firmware_bridge.link.driver import Driver
from firmware_bridge.link.events import (
    BaudChanged,
    BytesSkipped,
    ClockCorrelated,
    CommandRefusedByInstrument,
    Connected,
    ForeignBytes,
    FragmentsRequested,
    FrameAbandoned,
    FrameReceived,
    FrameUnreadable,
    InstrumentRebooted,
    InstrumentSilent,
    LinkEvent,
    PortLost,
    PortUnavailable,
    Redescribed,
    StatusReceived,
)
from firmware_bridge.link.host import HostLink
from firmware_bridge.link.session import LinkSession
from firmware_bridge.link.settings import LinkSettings

__all__ = [
    "BaudChanged",
    "BytesSkipped",
    "ClockCorrelated",
    "CommandRefusedByInstrument",
    "Connected",
    "Driver",
    "ForeignBytes",
    "FragmentsRequested",
    "FrameAbandoned",
    "FrameReceived",
    "FrameUnreadable",
    "HostLink",
    "InstrumentRebooted",
    "InstrumentSilent",
    "LinkEvent",
    "LinkSession",
    "LinkSettings",
    "PortLost",
    "PortUnavailable",
    "Redescribed",
    "StatusReceived",
]
