"""The host's half of the protocol: bytes and time in, events and bytes out; no I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from firmware_bridge.description import Description
from firmware_bridge.errors import MessageError
from firmware_bridge.framing import FrameDecoder, Skipped
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.link.collector import FrameCollector
from firmware_bridge.link.dialogue import Dialogue
from firmware_bridge.link.events import BytesSkipped, LinkEvent
from firmware_bridge.link.foreign import ForeignWatch
from firmware_bridge.link.outbox import Outbox
from firmware_bridge.link.settings import LinkSettings
from firmware_bridge.messages import (
    Command,
    Configure,
    Describe,
    Envelope,
    Single,
    SpectrumFragment,
    Start,
    Status,
    Stop,
    unpack_message,
)
from firmware_bridge.spectrum_frame import FRAME_KINDS, FrameKind


class HostLink:
    """Talk to one instrument.

    A frame is acknowledged only after `acknowledge` was called for it. A frame that
    comes again is reported again: whether it is the same the caller sees by its bytes.

    Parameters
    ----------
    settings : LinkSettings
    utc_us : callable, optional
        UTC, µs since 1970, which the instrument is told with each reading of its clock.
    """

    def __init__(
        self, settings: LinkSettings | None = None, utc_us: Callable[[], int] | None = None
    ) -> None:
        self._settings = settings or LinkSettings()
        self._outbox = Outbox()
        self._decoder = FrameDecoder()
        self._dialogue = Dialogue(self._settings, self._outbox, utc_us)
        self._collector: FrameCollector | None = None
        self._foreign = ForeignWatch()

    @property
    def description(self) -> Description | None:
        """What the instrument said of itself; None while it is not known."""
        described = self._dialogue.description
        return None if described is None else described.description()

    @property
    def wanted_baud(self) -> int | None:
        """The baud rate the port is to have from now on; None: as it was opened."""
        return self._dialogue.wanted_baud

    def receive(self, data: bytes, now_s: float) -> list[LinkEvent]:
        """Take received bytes."""
        events: list[LinkEvent] = []
        self._foreign.received(data, now_s)
        for found in self._decoder.feed(data):
            if isinstance(found, Skipped):
                events.append(BytesSkipped(found.reason, found.byte_count))
            else:
                events.extend(self._take_body(found, now_s))
        return events

    def poll(self, now_s: float) -> list[LinkEvent]:
        """Let time pass: say hello, repeat commands, ask for what is missing."""
        events = [*self._dialogue.poll(now_s), *self._foreign.poll(now_s)]
        if self._collector is not None and self._dialogue.description is not None:
            events.extend(self._collector.poll(now_s))
        return events

    def data_to_send(self) -> bytes:
        """Return the bytes to write now."""
        return self._outbox.take()

    def start(self, count: int = 0, configure: Configure | None = None) -> None:
        """Ask for `count` light spectra, 0 for any number, now and after reconnections."""
        if configure is not None:
            self._dialogue.order(configure)
        self._dialogue.order(Start(count))

    def configure(self, configure: Configure) -> None:
        """Ask for acquisition settings, from now on and after reconnections; a zero leaves one."""
        self._dialogue.order(configure)

    def single(self, kind: FrameKind = "light") -> None:
        """Ask for one frame of a kind, next; a run that is on goes on after it."""
        self._dialogue.order(Single(FRAME_KINDS.index(kind)))

    def stop(self) -> None:
        """Ask for no more, now and after reconnections."""
        self._dialogue.order(Stop())

    def acknowledge(self, identities: Iterable[FrameIdentity]) -> None:
        """Tell the instrument it may forget these frames: they are kept for good.

        Frames of an earlier boot or another instrument are not sent: nobody holds them.
        """
        present = self._dialogue.description
        if present is None:
            return
        here = (present.instrument_id, present.boot_id)
        matching = [it.sequence for it in identities if (it.instrument_id, it.boot_id) == here]
        if self._collector is not None:
            self._collector.acknowledge(matching)

    def reset(self) -> None:
        """Begin anew on a port that was opened again; what was gathered is kept."""
        self._decoder.reset()
        self._outbox.clear()
        self._dialogue.reset()

    def silent_for_s(self, now_s: float) -> float:
        """Return the time since something intelligible came, s."""
        return self._dialogue.silent_for_s(now_s)

    def _take_body(self, body: bytes, now_s: float) -> list[LinkEvent]:
        try:
            envelope = unpack_message(body)
        except MessageError as error:
            return [BytesSkipped(f"message: {error}", len(body))]
        return self._take_message(envelope, len(body), now_s)

    def _take_message(self, envelope: Envelope, byte_count: int, now_s: float) -> list[LinkEvent]:
        message = envelope.message
        if isinstance(message, Command):
            # An echo of this side's own commands: a loop-back plug, a tty with echo on.
            return [BytesSkipped(f"echo of {type(message).__name__}", byte_count)]
        self._dialogue.heard(now_s)
        self._foreign.understood()
        if isinstance(message, SpectrumFragment):
            return self._take_fragment(message, byte_count, now_s)
        if isinstance(message, Describe):
            return self._take_description(message, now_s)
        if isinstance(message, Status):
            self._take_status(message, now_s)
        return self._dialogue.answer(envelope.message_id, message, now_s)

    def _take_description(self, message: Describe, now_s: float) -> list[LinkEvent]:
        events = self._dialogue.describe(message, now_s)
        collector = self._collector
        if collector is None or not collector.serves(message.instrument_id, message.boot_id):
            if collector is not None:
                events.extend(collector.abandon_all("the instrument rebooted"))
            collector = FrameCollector(message, self._settings, self._outbox)
            self._collector = collector
        collector.described(message)
        return events

    def _take_status(self, message: Status, now_s: float) -> None:
        present, collector = self._dialogue.description, self._collector
        if present is None or collector is None or message.boot_id != present.boot_id:
            return
        if collector.told(message.retained_frames, now_s):
            self._dialogue.ask_who()

    def _take_fragment(
        self, fragment: SpectrumFragment, byte_count: int, now_s: float
    ) -> list[LinkEvent]:
        description, collector = self._dialogue.description, self._collector
        if description is None or collector is None:
            return [BytesSkipped("fragment before the instrument was described", byte_count)]
        if fragment.boot_id != description.boot_id:
            self._dialogue.ask_who()
            return [BytesSkipped("fragment of another boot", byte_count)]
        return collector.add(fragment, now_s)
