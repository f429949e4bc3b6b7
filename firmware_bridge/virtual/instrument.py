"""The firmware of a virtual spectrometer that speaks OIP: bytes and time in, bytes out; no I/O.

::

                 Start                       Stop, or its count is reached
    idle ─────────────────────▶ running ──────────────────────────────────▶ idle
      │  every other command: in both; Single is taken next, then the run goes on

                 SetBaud, answered                 no valid frame for 3 s
    wake-up rate ─────────────────────▶ other rate ────────────────────────▶ wake-up rate

While running it acquires at its period: a dark frame first, then light ones. A frame is
kept until it is acknowledged; with no room left nothing is acquired, and that is counted.
"""

from __future__ import annotations

from collections import deque

from firmware_bridge.commands import LaserMode
from firmware_bridge.errors import MessageError
from firmware_bridge.fragments import split
from firmware_bridge.framing import FrameDecoder, Skipped, encode_frame
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.messages import (
    Acknowledge,
    CommandDone,
    CommandRefused,
    Configure,
    Describe,
    Hello,
    Message,
    NotAcknowledge,
    RefusalCode,
    Reply,
    SetBaud,
    Single,
    Start,
    Status,
    StatusRequest,
    Stop,
    TimeReport,
    TimeSync,
    pack_message,
    unpack_message,
)
from firmware_bridge.spectrum_frame import Counts, FrameKind, SpectrumFrame
from firmware_bridge.virtual.acquisition import Acquisition, out_of_bounds
from firmware_bridge.virtual.exposures import Exposures
from firmware_bridge.virtual.firmware import Acquired
from firmware_bridge.virtual.retention import RetentionBuffer
from firmware_bridge.virtual.settings import VirtualSettings

FIRMWARE_VERSION = "virtual-1"
BAUDS = (9600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600)
BAUD_TIMEOUT_S = 3.0
_BUFFER_FULL = 1 << 5
_SUPPLY_V = 5.0
_MAX_REPLIES = 64

_Order = Configure | Start | Stop | Single | SetBaud


class InstrumentFirmware:
    """One instrument from its boot to its next.

    Parameters
    ----------
    settings : VirtualSettings
        `baud` is the rate it wakes at.
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
        self.baud = settings.baud
        self._next_baud: int | None = None
        self._boot_s = now_s
        self._heard_s = now_s
        self._decoder = FrameDecoder()
        self._retained = RetentionBuffer(settings.retain_frames, settings.retransmit_timeout_s)
        self._acquisition = Acquisition(_first_settings(settings), settings.dark_every, now_s)
        self._replies: deque[bytes] = deque(maxlen=_MAX_REPLIES)
        self._last_order: tuple[int, _Order, Reply] | None = None
        self._next_sequence = 0
        self._refused_frames = 0
        self._acquired: list[Acquired] = []

    @property
    def is_running(self) -> bool:
        """True while it acquires."""
        return self._acquisition.is_running

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
        return self._exposures.exhausted and not self._retained and not self._replies

    def take_acquired(self) -> list[Acquired]:
        """Return the light frames acquired since last asked."""
        acquired, self._acquired = self._acquired, []
        return acquired

    def receive(self, data: bytes, now_s: float) -> None:
        """Take bytes from the host; what is no command is ignored."""
        for found in self._decoder.feed(data):
            if isinstance(found, Skipped):
                continue
            self._heard_s = now_s
            try:
                envelope = unpack_message(found)
            except MessageError as error:
                self._refuse_unreadable(found, error)
                continue
            self._take_message(envelope.message, envelope.message_id, now_s)

    def poll(self, now_s: float) -> None:
        """Acquire what is due; return to the wake-up rate where nobody is heard at another."""
        if now_s - self._heard_s >= BAUD_TIMEOUT_S:
            self.baud, self._next_baud = self._settings.baud, None
        while self._acquisition.has_single and not self._retained.is_full:
            self._acquire(now_s)
        while (due_s := self._acquisition.take_due(now_s)) is not None:
            if self._exposures.exhausted:
                self._acquisition.stop()
            elif self._retained.is_full:
                self._refused_frames += 1
            else:
                self._acquire(due_s)

    def next_message(self, now_s: float) -> bytes | None:
        """Return the next frame for the line: an answer if there is one, else a fragment."""
        if self._replies:
            return self._replies.popleft()
        if self._next_baud is not None:  # its answer has left
            self.baud, self._next_baud = self._next_baud, None
        fragment = self._retained.next_fragment(now_s)
        return None if fragment is None else encode_frame(pack_message(fragment))

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
            self._retained.begin_session()
            self._reply(self._describe(), message_id)
        elif isinstance(message, StatusRequest):
            self._reply(self._status(now_s), message_id)
        elif isinstance(message, TimeSync):
            self._reply(TimeReport(self.boot_id, self._time_us(now_s)), message_id)
        elif isinstance(message, Acknowledge | NotAcknowledge):
            self._take_receipt(message, message_id)
        elif isinstance(message, _Order):
            self._take_order(message, message_id, now_s)

    def _take_receipt(self, message: Acknowledge | NotAcknowledge, message_id: int) -> None:
        if message.boot_id != self.boot_id:
            detail = f"boot id is {self.boot_id:08x}"
            self._reply(CommandRefused(RefusalCode.STALE_BOOT_ID, detail), message_id)
        elif isinstance(message, Acknowledge):
            self._retained.acknowledge(message)
        else:
            self._retained.not_acknowledge(message)

    def _take_order(self, order: _Order, message_id: int, now_s: float) -> None:
        # A repeated order, its answer lost on the way, is answered again and not done twice.
        if self._last_order is None or self._last_order[:2] != (message_id, order):
            self._last_order = (message_id, order, self._do(order, now_s))
        self._reply(self._last_order[2], message_id)

    def _do(self, order: _Order, now_s: float) -> Reply:
        if isinstance(order, Configure):
            return self._acquisition.configure(order)
        if isinstance(order, Start):
            return self._acquisition.start(order.count, now_s)
        if isinstance(order, Single):
            return self._acquisition.single(order.kind)
        if isinstance(order, SetBaud):
            return self._set_baud(order.baud)
        return self._acquisition.stop()

    def _set_baud(self, baud: int) -> Reply:
        if baud not in BAUDS:
            return out_of_bounds("baud", baud, BAUDS[0], BAUDS[-1])
        self._next_baud = baud
        return CommandDone()

    def _acquire(self, due_s: float) -> None:
        kind = self._acquisition.take_kind()
        it = self._acquisition.settings
        exposure = (it.integration_time_us, it.averages)
        if kind == "dark" or it.laser == LaserMode.OFF:
            counts = self._exposures.dark(*exposure)
        elif kind == "light":
            counts, index = self._exposures.light(*exposure)
            self._acquired.append(Acquired(index, counts, self._identity()))
        else:
            counts = self._exposures.target(kind, *exposure)
        self._keep(kind, counts, due_s)

    def _identity(self) -> FrameIdentity:
        return FrameIdentity(self._settings.instrument_id, self.boot_id, self._next_sequence)

    def _keep(self, kind: FrameKind, counts: Counts, due_s: float) -> None:
        frame = SpectrumFrame(
            kind=kind,
            instrument_time_us=self._time_us(due_s),
            integration_time_us=self._acquisition.settings.integration_time_us,
            averages=self._acquisition.settings.averages,
            laser_wavelength_nm=self._settings.laser_wavelength_nm,
            detector_temperature_c=self._exposures.temperature_c,
            saturation_counts=self._settings.saturation_counts,
            counts=counts,
        )
        self._retained.add(split(frame.pack(), self.boot_id, self._next_sequence))
        self._next_sequence += 1

    def _time_us(self, now_s: float) -> int:
        return max(0, round((now_s - self._boot_s) * 1e6))

    def _describe(self) -> Describe:
        oldest = self._retained.oldest_sequence
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
            oldest_sequence=self._next_sequence if oldest is None else oldest,
            baud_max=BAUDS[-1],
        )

    def _status(self, now_s: float) -> Status:
        return Status(
            boot_id=self.boot_id,
            instrument_time_us=self._time_us(now_s),
            detector_temperature_c=self._exposures.temperature_c,
            laser_temperature_c=float("nan"),
            supply_voltage_v=_SUPPLY_V,
            is_running=self.is_running,
            laser_on=self._acquisition.laser_on,
            fault_bits=_BUFFER_FULL if self._retained.is_full else 0,
            retained_frames=len(self._retained),
            refused_frames=self._refused_frames,
        )


def _first_settings(it: VirtualSettings) -> Configure:
    while_exposing = LaserMode.WHILE_EXPOSING
    return Configure(it.first_integration_time_us, it.averages, it.period_us, while_exposing)
