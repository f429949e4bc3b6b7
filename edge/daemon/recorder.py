"""Raw first: what a link delivers is on the disk before it is acknowledged."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict

from structlog.typing import FilteringBoundLogger

from edge.calibration import Calibration, exposure_of
from edge.errors import StoreError
from edge.store import RawFrame, RawStore
from edge.store.raw import StoredKind
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.link import (
    BytesSkipped,
    CommandRefusedByInstrument,
    Connected,
    FragmentsRequested,
    FrameAbandoned,
    FrameReceived,
    FrameUnreadable,
    InstrumentRebooted,
    InstrumentSilent,
    LinkEvent,
    LinkSession,
    PortLost,
    PortUnavailable,
    StatusReceived,
)

_WARNINGS: dict[type, str] = {
    BytesSkipped: "link.bytes_skipped",
    CommandRefusedByInstrument: "link.command_refused",
    FrameAbandoned: "link.frame_abandoned",
    InstrumentRebooted: "link.instrument_rebooted",
    InstrumentSilent: "link.instrument_silent",
    PortLost: "link.port_lost",
    PortUnavailable: "link.port_unavailable",
}
_OUTAGES = ("link.instrument_silent", "link.port_lost", "link.port_unavailable")
_MOST_UNREADABLE = 64
_TOTALS_INTERVAL_S = 60.0


class Recorder:
    """Moves one instrument's frames from its link into `raw.db`.

    Parameters
    ----------
    session : link session of the instrument
    store : this thread's connection to `raw.db`
    on_kept : called after frames are on the disk, to wake who classifies
    log : events
    """

    def __init__(
        self,
        session: LinkSession,
        store: RawStore,
        on_kept: Callable[[], None],
        log: FilteringBoundLogger,
    ) -> None:
        self._session = session
        self._store = store
        self._on_kept = on_kept
        self._log = log
        self._calibration = (
            None if session.description is None else Calibration.of(session.description)
        )
        self._unreadable: dict[FrameIdentity, bytes] = {}
        self._times: Counter[str] = Counter()
        self._totals: Counter[str] = Counter()
        self._totals_due_s = time.monotonic() + _TOTALS_INTERVAL_S

    def step(self, timeout_s: float) -> None:
        """Wait at most `timeout_s` for the link, keep what came, then acknowledge it."""
        frames: list[RawFrame] = []
        for event in self._session.step(timeout_s):
            if isinstance(event, FrameReceived):
                exposure = exposure_of(event.frame)
                arrived_ns = round(event.last_byte_monotonic_s * 1e9)
                kind = event.frame.kind
                frames += self._frame(event.identity, kind, exposure, arrived_ns, event.payload)
            elif isinstance(event, FrameUnreadable):
                frames += self._unreadable_frame(event)
            else:
                self._note(event)
        if frames:
            self._keep(frames)
        if time.monotonic() >= self._totals_due_s:
            self.tell_totals()

    def tell_totals(self) -> None:
        """Tell how often each thing has happened on this link since the daemon started."""
        self._totals_due_s = time.monotonic() + _TOTALS_INTERVAL_S
        self._log.info("link.totals", **{k.replace(".", "_"): n for k, n in self._totals.items()})

    def _keep(self, frames: list[RawFrame]) -> None:
        try:
            kept = self._store.keep(frames)
        except StoreError as error:
            # not acknowledged: the instrument keeps them and sends them again
            self._totals["store.failed"] += 1
            self._log.error("store.failed", reason=str(error), frames=len(frames))
            return
        kept_ns = time.monotonic_ns()
        self._session.acknowledge([frame.identity for frame in (*kept.new, *kept.repeated)])
        if kept.new:
            self._on_kept()
        for frame in kept.new:
            latency_ms = round((kept_ns - frame.last_byte_monotonic_ns) / 1e6, 3)
            self._tell("frame.kept", frame, kind=frame.kind, latency_ms=latency_ms)
        for frame in kept.repeated:
            self._tell("frame.repeated", frame)
        for frame in kept.conflicting:
            self._warn("frame.conflicting", **asdict(frame.identity))

    def _frame(
        self,
        identity: FrameIdentity,
        kind: StoredKind,
        exposure: str,
        arrived_ns: int,
        payload: bytes,
    ) -> list[RawFrame]:
        if self._calibration is None:  # not of a described instrument: it will be sent again
            self._warn("link.frame_before_description", **asdict(identity))
            return []
        received = (time.time_ns(), arrived_ns)
        return [RawFrame(identity, kind, exposure, self._calibration, *received, payload)]

    def _unreadable_frame(self, event: FrameUnreadable) -> list[RawFrame]:
        """Return a frame nobody can read, once it has come twice the same.

        The first time it may be a fault of the line; then the instrument means it, and unless
        it is kept and acknowledged it stands in the way of all that follow.
        """
        self._warn("link.frame_unreadable", **asdict(event.identity), reason=event.reason)
        before = self._unreadable.pop(event.identity, None)
        if before != event.payload:
            if (
                len(self._unreadable) < _MOST_UNREADABLE
            ):  # the rest has its turn when these are kept
                self._unreadable[event.identity] = event.payload
            return []
        now_ns = time.monotonic_ns()
        return self._frame(event.identity, "unreadable", "", now_ns, event.payload)

    def _note(self, event: LinkEvent) -> None:
        if isinstance(event, Connected):
            self._calibration = Calibration.of(event.description)
            self._unreadable.clear()
            for name in _OUTAGES:
                self._times.pop(name, None)
            self._totals["link.connected"] += 1
            self._log.info("link.connected", **asdict(event.description))
        elif isinstance(event, StatusReceived):
            self._log.debug("instrument.status", **asdict(event.status))
        elif isinstance(event, FragmentsRequested):
            self._totals["link.fragments_requested"] += 1
            self._log.debug(
                "link.fragments_requested", **asdict(event.identity), missing=len(event.missing)
            )
        elif type(event) in _WARNINGS:
            self._warn(_WARNINGS[type(event)], **asdict(event))

    def _tell(self, name: str, frame: RawFrame, **fields: object) -> None:
        self._totals[name] += 1
        self._log.debug(name, **asdict(frame.identity), **fields)

    def _warn(self, name: str, **fields: object) -> None:
        """Count each, tell the first, the second, the fourth, the eighth …"""
        self._totals[name] += 1
        self._times[name] += 1
        times = self._times[name]
        if times & (times - 1) == 0:
            self._log.warning(name, times=times, **fields)
