"""The driver that plays recordings as if an instrument took them now."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable

from firmware_bridge.commands import Configure
from firmware_bridge.description import Description
from firmware_bridge.drivers.numbering import HostNumbering
from firmware_bridge.drivers.query.frame_plan import FramePlan
from firmware_bridge.drivers.replay.playlist import Playlist
from firmware_bridge.drivers.settings import DriverSettings
from firmware_bridge.errors import DriverSettingsError
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.link.events import (
    CommandRefusedByInstrument,
    Connected,
    FrameReceived,
    LinkEvent,
    Redescribed,
)
from firmware_bridge.replies import RefusalCode
from firmware_bridge.spectrum_frame import FrameKind, SpectrumFrame

INSTRUMENT_ID = "REPLAY"
_SEND_AGAIN_S = 1.0
_MAX_SINGLES = 64


class ReplayDriver:
    """Play each recording once, or as many as are asked for, at the period that is configured.

    The next is played when the one before is acknowledged; one that is not comes again after a
    second, so that nothing is lost. Without a period it goes as fast as it is acknowledged.

    Parameters
    ----------
    settings : DriverSettings
        With `recordings`.

    Raises
    ------
    DriverSettingsError
        If there are no recordings.
    """

    def __init__(self, settings: DriverSettings) -> None:
        if not settings.recordings:
            raise DriverSettingsError("recordings", "at least one: replay:PATH says where", "none")
        self._count = len(settings.recordings)
        self._playlist = Playlist(settings.recordings, _described(settings))
        self._numbering = HostNumbering(settings.boot_id)
        self._plan = FramePlan(dark_every=0)
        self._singles: deque[FrameKind] = deque(maxlen=_MAX_SINGLES)
        self._connected: Description | None = None
        self._began_s = 0.0
        self._has_begun = False
        self._unacknowledged: dict[FrameIdentity, tuple[bytes, SpectrumFrame]] = {}
        self._send_again_s = math.inf
        self._refused: list[LinkEvent] = []
        if settings.link.configure is not None:
            self.configure(settings.link.configure)
        if settings.link.start_on_connect:
            self.start(settings.link.start_count)

    @property
    def description(self) -> Description | None:
        """What was recorded of the instrument; None before it is played."""
        return self._connected

    @property
    def wanted_baud(self) -> int | None:
        """None: there is no line."""
        return None

    def receive(self, data: bytes, now_s: float) -> list[LinkEvent]:
        """Ignore what comes: nobody sends it."""
        return []

    def poll(self, now_s: float) -> list[LinkEvent]:
        """Play what is due."""
        if not self._has_begun:
            self._has_begun, self._began_s = True, now_s
        events = self._take_refused() + self._describe()
        if self._unacknowledged:
            return events + (self._again(now_s) if now_s >= self._send_again_s else [])
        if self._singles:
            return events + self._play_single(self._singles.popleft(), now_s)
        following = self._plan.next()
        if following is None or following[1] > now_s:
            return events
        self._plan.taken("light", now_s)
        return events + self._play(now_s)

    def data_to_send(self) -> bytes:
        """Return nothing."""
        return b""

    def start(self, count: int = 0, configure: Configure | None = None) -> None:
        """Play `count` recordings, beginning again after the last; 0: each that is left, once."""
        if configure is not None:
            self.configure(configure)
        left = self._count - self._playlist.played % self._count
        self._plan.start(count or left)

    def configure(self, configure: Configure) -> None:
        """Take the period; exposures are as they were recorded."""
        self._plan.period_s = configure.period_us * 1e-6 or self._plan.period_s
        for name in ("integration_time_us", "averages", "laser"):
            if getattr(configure, name):
                self._refuse(name, "recorded long ago")

    def single(self, kind: FrameKind = "light") -> None:
        """Play the next recording of a kind, once."""
        self._singles.append(kind)

    def stop(self) -> None:
        """Play no more."""
        self._plan.stop()
        self._singles.clear()

    def acknowledge(self, identities: Iterable[FrameIdentity]) -> None:
        """Note that these are kept: the next may be played."""
        for identity in identities:
            self._unacknowledged.pop(identity, None)

    def reset(self) -> None:
        """Begin anew; what is not acknowledged comes again at once."""
        self._connected = None
        self._send_again_s = -math.inf

    def silent_for_s(self, now_s: float) -> float:
        """Return 0: a recording has its time."""
        return 0.0

    def _refuse(self, what: str, why: str) -> None:
        self._refused.append(CommandRefusedByInstrument(what, RefusalCode.UNKNOWN_COMMAND, why))

    def _take_refused(self) -> list[LinkEvent]:
        refused, self._refused = self._refused, []
        return refused

    def _describe(self) -> list[LinkEvent]:
        known, before = self._playlist.description, self._connected
        self._connected = known
        if known == before:
            return []
        is_same_boot = before is not None and before.boot_id == known.boot_id
        return [Redescribed(known) if is_same_boot else Connected(known)]

    def _play_single(self, kind: FrameKind, now_s: float) -> list[LinkEvent]:
        if self._playlist.find(kind):
            return self._play(now_s)
        self._refuse(f"single {kind}", "none was recorded")
        return self._take_refused()

    def _play(self, now_s: float) -> list[LinkEvent]:
        frames = self._playlist.play(round((now_s - self._began_s) * 1e6))
        known = self._playlist.description
        if known.boot_id != self._numbering.boot_id:
            self._numbering = HostNumbering(known.boot_id)
        for frame in frames:
            identity = self._numbering.next(known.instrument_id)
            self._unacknowledged[identity] = (frame.pack(), frame)
        return self._describe() + self._again(now_s)

    def _again(self, now_s: float) -> list[LinkEvent]:
        self._send_again_s = now_s + _SEND_AGAIN_S
        return [
            FrameReceived(identity, payload, frame, now_s)
            for identity, (payload, frame) in self._unacknowledged.items()
        ]


def _described(settings: DriverSettings) -> Description:
    """Return a description that the recordings fill in."""
    return Description(
        instrument_id=settings.instrument_id or INSTRUMENT_ID,
        boot_id=settings.boot_id,
        pixel_count=0,
        saturation_counts=0,
        laser_wavelength_nm=None,
        wavelength_coefficients_nm=(),
        retains_until_ack=True,
    )
