"""Raw first: what a link delivers is on the disk before it is acknowledged."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import asdict

from structlog.typing import FilteringBoundLogger

from edge.calibration import Calibration
from edge.errors import StoreError
from edge.store import RawFrame, RawStore
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
from firmware_bridge.messages import Describe

_WARNINGS: dict[type, str] = {
    BytesSkipped: "link.bytes_skipped",
    CommandRefusedByInstrument: "link.command_refused",
    FrameAbandoned: "link.frame_abandoned",
    InstrumentRebooted: "link.instrument_rebooted",
    InstrumentSilent: "link.instrument_silent",
    PortLost: "link.port_lost",
    PortUnavailable: "link.port_unavailable",
}


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
        self._calibration: Calibration | None = None

    def step(self, timeout_s: float) -> None:
        """Wait at most `timeout_s` for the link, keep what came, then acknowledge it."""
        frames: list[RawFrame] = []
        for event in self._session.step(timeout_s):
            if isinstance(event, FrameReceived):
                frames += self._raw_frame(event)
            else:
                self._note(event)
        if frames:
            self._keep(frames)

    def _keep(self, frames: list[RawFrame]) -> None:
        try:
            new = self._store.keep(frames)
        except StoreError as error:
            # not acknowledged: the instrument keeps them and sends them again
            self._log.error("store.failed", reason=str(error), frames=len(frames))
            return
        kept_ns = time.monotonic_ns()
        self._session.acknowledge([frame.identity for frame in frames])
        self._on_kept()
        for frame in new:
            self._log.debug(
                "frame.kept",
                **asdict(frame.identity),
                kind=frame.kind,
                latency_ms=round((kept_ns - frame.last_byte_monotonic_ns) / 1e6, 3),
            )
        if len(new) < len(frames):
            self._log.debug("frame.repeated", frames=len(frames) - len(new))

    def _raw_frame(self, event: FrameReceived) -> Iterable[RawFrame]:
        if self._calibration is None:  # not of a described instrument: it will be sent again
            self._log.warning("link.frame_before_description", **asdict(event.identity))
            return ()
        frame = RawFrame(
            identity=event.identity,
            kind=event.frame.kind,
            calibration=self._calibration,
            received_utc_ns=time.time_ns(),
            last_byte_monotonic_ns=round(event.last_byte_monotonic_s * 1e9),
            payload=event.payload,
        )
        return (frame,)

    def _note(self, event: LinkEvent) -> None:
        if isinstance(event, Connected):
            self._calibration = calibration_of(event.description)
            self._log.info("link.connected", **asdict(event.description))
        elif isinstance(event, StatusReceived):
            self._log.debug("instrument.status", **asdict(event.status))
        elif isinstance(event, FragmentsRequested):
            self._log.debug(
                "link.fragments_requested", **asdict(event.identity), missing=len(event.missing)
            )
        elif isinstance(event, FrameUnreadable):
            self._log.warning(
                "link.frame_unreadable", **asdict(event.identity), reason=event.reason
            )
        elif type(event) in _WARNINGS:
            self._log.warning(_WARNINGS[type(event)], **asdict(event))


def calibration_of(description: Describe) -> Calibration:
    """Return the calibration that an instrument describes."""
    return Calibration(
        description.wavelength_coefficients_nm,
        description.laser_wavelength_nm,
        description.pixel_count,
    )
