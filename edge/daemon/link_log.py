"""What a link tells, as events of the log: each with its severity, all counted, none in floods."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import asdict
from typing import Literal

from structlog.typing import FilteringBoundLogger

from firmware_bridge.description import Description, InstrumentStatus
from firmware_bridge.link import (
    BaudChanged,
    BytesSkipped,
    ClockCorrelated,
    CommandRefusedByInstrument,
    Connected,
    ForeignBytes,
    FragmentsRequested,
    FrameAbandoned,
    InstrumentRebooted,
    InstrumentSilent,
    LinkEvent,
    PortLost,
    PortUnavailable,
    Redescribed,
    StatusReceived,
)

Severity = Literal["debug", "info", "warning", "error"]

_NAMES: dict[type, tuple[str, Severity]] = {
    BaudChanged: ("link.baud_changed", "info"),
    BytesSkipped: ("link.bytes_skipped", "warning"),
    ClockCorrelated: ("link.clock_correlated", "debug"),
    CommandRefusedByInstrument: ("link.command_refused", "warning"),
    ForeignBytes: ("link.foreign_bytes", "warning"),
    FrameAbandoned: ("link.frame_abandoned", "warning"),
    InstrumentRebooted: ("link.instrument_rebooted", "warning"),
    InstrumentSilent: ("link.instrument_silent", "warning"),
    PortLost: ("link.port_lost", "warning"),
    PortUnavailable: ("link.port_unavailable", "warning"),
}
_OUTAGES = (
    "link.foreign_bytes",
    "link.instrument_silent",
    "link.port_lost",
    "link.port_unavailable",
)
_TOTALS_INTERVAL_S = 60.0


class LinkLog:
    """Tells what happens on one link, and how often.

    Warnings and errors are told the first, the second, the fourth, the eighth … time.

    Parameters
    ----------
    log : events
    """

    def __init__(self, log: FilteringBoundLogger) -> None:
        self._log = log
        self._times: Counter[str] = Counter()
        self._totals: Counter[str] = Counter()
        self._faults: tuple[str, ...] = ()
        self._totals_due_s = time.monotonic() + _TOTALS_INTERVAL_S

    def note(self, event: LinkEvent) -> None:
        """Tell an event of the link that holds no frame."""
        if isinstance(event, Connected):
            self.over(*_OUTAGES)
            self.tell("link.connected", "info", **_said_by(event.description))
        elif isinstance(event, Redescribed):
            self.tell("link.redescribed", "info", **_said_by(event.description))
        elif isinstance(event, StatusReceived):
            self._note_status(event.status)
        elif isinstance(event, FragmentsRequested):
            missing = len(event.missing)
            self.tell("link.fragments_requested", **asdict(event.identity), missing=missing)
        elif type(event) in _NAMES:
            name, usual = _NAMES[type(event)]
            self.tell(name, _severity(event, usual), **asdict(event))

    def tell(self, name: str, severity: Severity = "debug", **fields: object) -> None:
        """Count it and tell it; what is severe and frequent is told seldom."""
        self._totals[name] += 1
        if severity in ("warning", "error"):
            self._times[name] += 1
            fields["times"] = self._times[name]
            if self._times[name] & (self._times[name] - 1):
                return
        getattr(self._log, severity)(name, **fields)

    def over(self, *names: str) -> None:
        """Note that these troubles are over: the next of each is told at once."""
        for name in names:
            self._times.pop(name, None)

    def tell_totals(self, *, if_due: bool = False) -> None:
        """Tell how often each thing has happened on this link since the daemon started."""
        if if_due and time.monotonic() < self._totals_due_s:
            return
        self._totals_due_s = time.monotonic() + _TOTALS_INTERVAL_S
        self._log.info("link.totals", **{k.replace(".", "_"): n for k, n in self._totals.items()})

    def _note_status(self, status: InstrumentStatus) -> None:
        self._log.debug("instrument.status", **asdict(status))
        if status.faults != self._faults:
            self._faults = status.faults
            level: Severity = "warning" if status.faults else "info"
            self._totals["instrument.faults"] += 1
            getattr(self._log, level)("instrument.faults", faults=status.faults)


def _said_by(description: Description) -> dict[str, object]:
    """Return what a description says, but for a table as long as the detector."""
    return {name: v for name, v in asdict(description).items() if name != "wavelength_nm"}


def _severity(event: LinkEvent, usual: Severity) -> Severity:
    if isinstance(event, PortUnavailable) and event.needs_operator:
        return "error"
    if isinstance(event, BaudChanged) and event.reason:
        return "warning"
    return usual
