"""The firmware of a virtual spectrometer: bytes and time in, bytes out; no I/O.

::

                 Start                       Stop, or its count is reached
    idle ─────────────────────▶ running ──────────────────────────────────▶ idle
      │  Configure, Hello, StatusRequest, Acknowledge, NotAcknowledge: in both

While running it acquires at its period: a dark frame first, then light ones. A frame is
kept until it is acknowledged; with no room left nothing is acquired, and that is counted.
"""

from __future__ import annotations

from collections import deque

from firmware_bridge.errors import MessageError
from firmware_bridge.fragments import split
from firmware_bridge.framing import FrameDecoder, Skipped, encode_frame
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.messages import (
    Acknowledge,
    Command,
    CommandDone,
    CommandRefused,
    Configure,
    Describe,
    Hello,
    Message,
    NotAcknowledge,
    RefusalCode,
    Start,
    Status,
    StatusRequest,
    Stop,
    pack_message,
    unpack_message,
)
from firmware_bridge.spectrum_frame import Counts, FrameKind, SpectrumFrame
from firmware_bridge.virtual.exposures import Exposures
from firmware_bridge.virtual.retention import RetentionBuffer
from firmware_bridge.virtual.settings import VirtualSettings

FIRMWARE_VERSION = "virtual-1"
INTEGRATION_BOUNDS_US = (10, 60_000_000)
AVERAGES_BOUNDS = (1, 1000)
PERIOD_BOUNDS_US = (100, 3_600_000_000)
_SUPPLY_V = 5.0
_MAX_REPLIES = 64
_CATCH_UP_S = 1.0


class InstrumentFirmware:
    """One instrument from its boot to its next.

    Parameters
    ----------
    settings : VirtualSettings
    exposures : Exposures
    boot_id : int
    now_s : float, s, time of the boot on the clock of all later calls
    """

    def __init__(
        self, settings: VirtualSettings, exposures: Exposures, boot_id: int, now_s: float
    ) -> None:
        self._settings = settings
        self._exposures = exposures
        self.boot_id = boot_id
        self._boot_s = now_s
        self._decoder = FrameDecoder()
        self._retained = RetentionBuffer(
            settings.retain_frames, settings.window_frames, settings.retransmit_timeout_s
        )
        self._replies: deque[bytes] = deque(maxlen=_MAX_REPLIES)
        self._held: bytes | None = None
        self._last_order: tuple[int, Command, Message] | None = None
        self._period_us = settings.period_us
        self._averages = settings.averages
        most_us = max(1, self._period_us // self._averages)
        self._integration_time_us = min(settings.integration_time_us, most_us)
        self._next_sequence = 0
        self._refused_frames = 0
        self._running = False
        self._left: int | None = None
        self._next_due_s = now_s
        self._until_dark = 0
        self._acquired: list[tuple[FrameIdentity, int]] = []

    @property
    def is_running(self) -> bool:
        """True while it acquires."""
        return self._running

    @property
    def retained_frames(self) -> int:
        """Frames not acknowledged so far."""
        return len(self._retained)

    @property
    def refused_frames(self) -> int:
        """Acquisitions not made because the buffer was full."""
        return self._refused_frames

    @property
    def is_finished(self) -> bool:
        """True when all that was to be acquired is acquired, acknowledged and said."""
        said = not self._replies and self._held is None
        return self._exposures.exhausted and not self._retained and said

    def take_acquired(self) -> list[tuple[FrameIdentity, int]]:
        """Return identity and source index of the light frames acquired since last asked."""
        acquired, self._acquired = self._acquired, []
        return acquired

    def receive(self, data: bytes, now_s: float) -> None:
        """Take bytes from the host; what is no command is ignored."""
        for found in self._decoder.feed(data):
            if isinstance(found, Skipped):
                continue
            try:
                envelope = unpack_message(found)
            except MessageError as error:
                self._refuse_unreadable(found, error)
                continue
            self._take_message(envelope.message, envelope.message_id, now_s)

    def poll(self, now_s: float) -> None:
        """Acquire what is due."""
        # A process that was held up for long, or a laptop that slept, does not catch up.
        self._next_due_s = max(self._next_due_s, now_s - _CATCH_UP_S)
        while self._running and self._next_due_s <= now_s:
            self._acquire_or_refuse(self._next_due_s)
            self._next_due_s += self._period_us * 1e-6

    def data_to_send(self, max_bytes: int, now_s: float) -> bytes:
        """Return whole frames for the line, at most `max_bytes` of them."""
        out: list[bytes] = []
        left = max_bytes
        while (frame := self._peek(now_s)) is not None and len(frame) <= left:
            out.append(frame)
            left -= len(frame)
            self._held = None
        return b"".join(out)

    def _peek(self, now_s: float) -> bytes | None:
        if self._held is None and self._replies:
            self._held = self._replies.popleft()
        if self._held is None:
            fragment = self._retained.next_fragment(now_s)
            self._held = None if fragment is None else encode_frame(pack_message(fragment))
        return self._held

    def _reply(self, message: Message, message_id: int) -> None:
        self._replies.append(encode_frame(pack_message(message, message_id)))

    def _refuse_unreadable(self, body: bytes, error: MessageError) -> None:
        if len(body) >= 4:
            detail = f"{error.field} {error.got}".encode()[:64].decode(errors="ignore")
            message_id = int.from_bytes(body[2:4], "little")
            self._reply(CommandRefused(RefusalCode.UNKNOWN_COMMAND, detail), message_id)

    def _take_message(self, message: Message, message_id: int, now_s: float) -> None:
        if isinstance(message, Hello):
            self._last_order = None
            self._reply(self._describe(), message_id)
        elif isinstance(message, StatusRequest):
            self._reply(self._status(), message_id)
        elif isinstance(message, Acknowledge | NotAcknowledge):
            self._take_receipt(message, message_id)
        elif isinstance(message, Configure | Start | Stop):
            self._take_order(message, message_id, now_s)

    def _take_receipt(self, message: Acknowledge | NotAcknowledge, message_id: int) -> None:
        if message.boot_id != self.boot_id:
            detail = f"boot id is {self.boot_id:08x}"
            self._reply(CommandRefused(RefusalCode.STALE_BOOT_ID, detail), message_id)
        elif isinstance(message, Acknowledge):
            self._retained.acknowledge(message)
        else:
            self._retained.not_acknowledge(message)

    def _take_order(self, order: Configure | Start | Stop, message_id: int, now_s: float) -> None:
        # A repeated order, its answer lost on the way, is answered again and not done twice.
        if self._last_order is None or self._last_order[:2] != (message_id, order):
            self._last_order = (message_id, order, self._do(order, now_s))
        self._reply(self._last_order[2], message_id)

    def _do(self, order: Configure | Start | Stop, now_s: float) -> Message:
        if isinstance(order, Configure):
            return self._configure(order)
        self._running = isinstance(order, Start)
        if isinstance(order, Start):
            self._left = order.count or None
            self._until_dark = 0
            self._next_due_s = now_s
        return CommandDone()

    def _configure(self, order: Configure) -> Message:
        integration_us = order.integration_time_us or self._integration_time_us
        averages = order.averages or self._averages
        period_us = order.period_us or self._period_us
        bounds = (
            ("integration_time_us", integration_us, INTEGRATION_BOUNDS_US),
            ("averages", averages, AVERAGES_BOUNDS),
            ("period_us", period_us, PERIOD_BOUNDS_US),
            ("exposure_us", integration_us * averages, (1, period_us)),
        )
        for name, value, (least, most) in bounds:
            if not least <= value <= most:
                detail = f"{name} {value} not in {least}..{most}"
                return CommandRefused(RefusalCode.OUT_OF_BOUNDS, detail)
        self._integration_time_us, self._averages = integration_us, averages
        self._period_us = period_us
        return CommandDone()

    def _acquire_or_refuse(self, due_s: float) -> None:
        if self._exposures.exhausted or self._left == 0:
            self._running = False
        elif self._retained.is_full:
            self._refused_frames += 1
        elif self._until_dark == 0:
            self._until_dark = self._settings.dark_every or -1
            self._keep("dark", self._exposures.dark(*self._exposure), due_s)
        else:
            self._acquire_light(due_s)

    def _acquire_light(self, due_s: float) -> None:
        counts, index = self._exposures.light(*self._exposure)
        identity = FrameIdentity(self._settings.instrument_id, self.boot_id, self._next_sequence)
        self._acquired.append((identity, index))
        self._keep("light", counts, due_s)
        self._until_dark = max(-1, self._until_dark - 1)
        if self._left is not None:
            self._left -= 1

    @property
    def _exposure(self) -> tuple[int, int]:
        return self._integration_time_us, self._averages

    def _keep(self, kind: FrameKind, counts: Counts, due_s: float) -> None:
        frame = SpectrumFrame(
            kind=kind,
            instrument_time_us=max(0, round((due_s - self._boot_s) * 1e6)),
            integration_time_us=self._integration_time_us,
            averages=self._averages,
            laser_wavelength_nm=self._settings.laser_wavelength_nm,
            detector_temperature_c=self._settings.temperature_c,
            saturation_counts=self._settings.saturation_counts,
            counts=counts,
        )
        self._retained.add(split(frame.pack(), self.boot_id, self._next_sequence))
        self._next_sequence += 1

    def _describe(self) -> Describe:
        return Describe(
            instrument_id=self._settings.instrument_id,
            boot_id=self.boot_id,
            firmware_version=FIRMWARE_VERSION,
            pixel_count=self._settings.pixel_count,
            saturation_counts=self._settings.saturation_counts,
            laser_wavelength_nm=self._settings.laser_wavelength_nm,
            wavelength_coefficients_nm=self._exposures.wavelength_coefficients_nm,
            retained_frames=len(self._retained),
            next_sequence=self._next_sequence,
        )

    def _status(self) -> Status:
        return Status(
            boot_id=self.boot_id,
            detector_temperature_c=self._settings.temperature_c,
            supply_voltage_v=_SUPPLY_V,
            laser_on=self._running,
            fault_bits=0,
            retained_frames=len(self._retained),
            refused_frames=self._refused_frames,
        )
