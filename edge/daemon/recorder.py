"""Raw first: what a link delivers is on the disk before it is acknowledged."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict

from structlog.typing import FilteringBoundLogger

from edge.calibration import Calibration, exposure_of
from edge.daemon.acquisition_control import AcquisitionControl
from edge.daemon.link_log import LinkLog
from edge.errors import StoreError
from edge.store import Kept, RawFrame, RawStore
from edge.store.raw import StoredKind
from firmware_bridge.description import Description
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.link import (
    Connected,
    FrameReceived,
    FrameUnreadable,
    LinkEvent,
    LinkSession,
    Redescribed,
)

_MOST_UNREADABLE = 64
_MOST_WAITING = 1_000
_STORE_RETRY_S = 1.0


class Recorder:
    """Moves one instrument's frames from its link into `raw.db`.

    What cannot be kept is not acknowledged, so that an instrument which retains it sends it
    again. Frames of one that does not wait here for the disk, so many at most.

    Parameters
    ----------
    session : link session of the instrument
    store : this thread's connection to `raw.db`
    on_kept : called after frames are on the disk, to wake who classifies
    log : events
    calibration : in place of what the instrument says of its axis
    control : asks the instrument for what follows from its frames; None: nothing does
    """

    def __init__(
        self,
        session: LinkSession,
        store: RawStore,
        on_kept: Callable[[], None],
        log: FilteringBoundLogger,
        calibration: Calibration | None = None,
        control: AcquisitionControl | None = None,
    ) -> None:
        self._session = session
        self._store = store
        self._on_kept = on_kept
        self._log = LinkLog(log)
        self._configured = calibration
        self._control = control
        self._calibration: Calibration | None = None
        self._unreadable: dict[FrameIdentity, bytes] = {}
        self._waiting: deque[RawFrame] = deque()
        self._retry_due_s = 0.0
        if session.description is not None:
            self._calibration = self._calibration_of(session.description)

    def step(self, timeout_s: float) -> None:
        """Wait at most `timeout_s` for the link, keep what came, then acknowledge it."""
        frames: list[RawFrame] = []
        for event in self._session.step(timeout_s):
            if isinstance(event, FrameReceived):
                exposure = exposure_of(event.frame)
                arrived_ns = round(event.last_byte_monotonic_s * 1e9)
                kind = event.frame.kind
                frames += self._frame(event.identity, kind, exposure, arrived_ns, event.payload)
                if self._control is not None:
                    self._control.take(event.identity.boot_id, event.frame, self._calibration)
            elif isinstance(event, FrameUnreadable):
                frames += self._unreadable_frame(event)
            else:
                self._note(event)
        if frames or (self._waiting and time.monotonic() >= self._retry_due_s):
            self._keep([*self._waiting, *frames])
        self._log.tell_totals(if_due=True)

    def finish(self, timeout_s: float) -> None:
        """Tell the instrument to stop, keep what still comes, and tell what is lost.

        No laser on a sample that nobody measures; what an instrument retains stays there.
        """
        self._session.stop()
        self.step(timeout_s)
        self._lose(len(self._waiting))
        self._log.tell_totals()

    def _keep(self, frames: list[RawFrame]) -> None:
        try:
            kept = self._store.keep(frames)
        except StoreError as error:
            self._log.tell("store.failed", "error", reason=str(error), frames=len(frames))
            self._wait(frames)
            return
        self._waiting.clear()
        self._log.over("store.failed")
        kept_ns = time.monotonic_ns()
        self._session.acknowledge([frame.identity for frame in (*kept.new, *kept.repeated)])
        if kept.new:
            self._on_kept()
        self._tell_kept(kept, kept_ns)

    def _wait(self, frames: list[RawFrame]) -> None:
        """Hold what no instrument sends again; the others keep what is not acknowledged."""
        description = self._session.description
        if self._waiting or (description is not None and not description.retains_until_ack):
            self._lose(len(frames) - _MOST_WAITING)
            self._waiting = deque(frames[-_MOST_WAITING:])
            self._retry_due_s = time.monotonic() + _STORE_RETRY_S

    def _lose(self, count: int) -> None:
        if count > 0:
            self._log.tell("frame.lost", "error", frames=count, reason="the store took none")

    def _tell_kept(self, kept: Kept, kept_ns: int) -> None:
        for frame in kept.new:
            latency_ms = round((kept_ns - frame.last_byte_monotonic_ns) / 1e6, 3)
            who = asdict(frame.identity)
            self._log.tell("frame.kept", **who, kind=frame.kind, latency_ms=latency_ms)
        for frame in kept.repeated:
            self._log.tell("frame.repeated", **asdict(frame.identity))
        for frame in kept.conflicting:
            self._log.tell("frame.conflicting", "warning", **asdict(frame.identity))

    def _frame(
        self,
        identity: FrameIdentity,
        kind: StoredKind,
        exposure: str,
        arrived_ns: int,
        payload: bytes,
    ) -> list[RawFrame]:
        if self._calibration is None:  # not of a described instrument: it will be sent again
            self._log.tell("link.frame_before_description", "warning", **asdict(identity))
            return []
        received = (time.time_ns(), arrived_ns)
        return [RawFrame(identity, kind, exposure, self._calibration, *received, payload)]

    def _unreadable_frame(self, event: FrameUnreadable) -> list[RawFrame]:
        """Return a frame nobody can read, once it has come twice the same.

        The first time it may be a fault of the line; then the instrument means it, and unless
        it is kept and acknowledged it stands in the way of all that follow.
        """
        said = {"reason": event.reason, **asdict(event.identity)}
        self._log.tell("link.frame_unreadable", "warning", **said)
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
            self._unreadable.clear()
        self._log.note(event)
        if isinstance(event, Connected | Redescribed):
            self._calibration = self._calibration_of(event.description)

    def _calibration_of(self, description: Description) -> Calibration:
        """Return the configured calibration, whether it fits or not, else the instrument's."""
        configured = self._configured
        if configured is None:
            return Calibration.of(description)
        if configured.pixel_count != description.pixel_count:
            counts = {"expected": configured.pixel_count, "got": description.pixel_count}
            self._log.tell("calibration.does_not_fit", "error", **counts)
        return configured
