"""The driver of instruments that are asked for each spectrum; what it asks is in `script`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic

from firmware_bridge.commands import Configure
from firmware_bridge.description import Description
from firmware_bridge.drivers.query.conversation import Conversation
from firmware_bridge.drivers.query.dialect import Dialect, ReplyT
from firmware_bridge.drivers.query.script import InstrumentScript
from firmware_bridge.drivers.query.skipped import SkippedTally
from firmware_bridge.drivers.query.wishes import Wishes
from firmware_bridge.drivers.settings import DriverSettings
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.link.events import BytesSkipped, InstrumentSilent, LinkEvent
from firmware_bridge.link.foreign import ForeignWatch
from firmware_bridge.spectrum_frame import FrameKind


class QueryDriver(Generic[ReplyT]):
    """Talk to one instrument that retains nothing and numbers nothing.

    It is asked one thing at a time; its frames are numbered as they come.

    Parameters
    ----------
    settings : DriverSettings
    dialect : Dialect
    model : str
    """

    def __init__(self, settings: DriverSettings, dialect: Dialect[ReplyT], model: str) -> None:
        self._silent_after_s = settings.link.silent_after_s
        self._dialect = dialect
        self._wishes = Wishes(settings, dialect.check)
        self._script = InstrumentScript(settings, dialect, self._wishes, model)
        self._conversation = Conversation(self._script)
        self._skipped = SkippedTally()
        self._foreign = ForeignWatch()
        self._has_begun = False
        self._silence_due_s = 0.0
        if settings.link.configure is not None:
            self.configure(settings.link.configure)

    @property
    def description(self) -> Description | None:
        """What the instrument said of itself; None while it is not known."""
        return self._script.description

    @property
    def wanted_baud(self) -> int | None:
        """The baud rate the port is to have from now on."""
        return self._script.rate.baud

    def receive(self, data: bytes, now_s: float) -> list[LinkEvent]:
        """Take received bytes."""
        self._mark(now_s)
        if data:
            self._conversation.hear(now_s)
        if self.description is None:  # else it is a spectrum, which may take its time
            self._foreign.received(data, now_s)
        for found in self._dialect.feed(data):
            if isinstance(found, BytesSkipped):
                self._skipped.add(found, now_s)
            else:
                self._script.events += self._skipped.take()
                self._hear(now_s)
                self._conversation.answer(found, now_s)
        return self._take_events()

    def poll(self, now_s: float) -> list[LinkEvent]:
        """Let time pass: ask, ask again, give up."""
        self._mark(now_s)
        self._conversation.poll(now_s)
        self._script.events += [*self._skipped.due(now_s), *self._foreign.poll(now_s)]
        if now_s >= self._silence_due_s and self.silent_for_s(now_s) > 0:
            self._silence_due_s = now_s + self._silent_after_s
            self._script.events.append(InstrumentSilent(self.silent_for_s(now_s)))
        return self._take_events()

    def data_to_send(self) -> bytes:
        """Return the bytes to write now, once."""
        return self._conversation.take_output()

    def configure(self, configure: Configure) -> None:
        """Expose so from now on and after reconnections; what cannot be is refused, as an event."""
        refusal = self._wishes.configure(configure)
        if refusal is not None:
            self._script.refuse(refusal)
        self._conversation.wake()

    def start(self, count: int = 0, configure: Configure | None = None) -> None:
        """Acquire `count` light spectra, 0 for any number, now and after reconnections."""
        if configure is not None:
            self.configure(configure)
        self._wishes.plan.start(count)
        self._conversation.wake()

    def single(self, kind: FrameKind = "light") -> None:
        """Acquire one frame of a kind as soon as possible, once."""
        self._wishes.plan.single(kind)
        self._conversation.wake()

    def stop(self) -> None:
        """Acquire no more, now and after reconnections; the spectrum under way still comes."""
        self._wishes.plan.stop()
        self._conversation.wake()

    def acknowledge(self, identities: Iterable[FrameIdentity]) -> None:
        """Do nothing: the instrument retains no frame."""

    def reset(self) -> None:
        """Begin anew on a port that was opened again."""
        self._dialect.reset()
        self._conversation.restart()
        self._script.description = None
        self._script.rate.reset()

    def silent_for_s(self, now_s: float) -> float:
        """Return the time since something intelligible came, s; 0 while a spectrum is exposed."""
        is_exposing = self.description is not None and now_s < self._conversation.due_s
        return 0.0 if is_exposing or not self._has_begun else now_s - self._script.heard_s

    def _mark(self, now_s: float) -> None:
        self._script.now_s = now_s
        if not self._has_begun:
            self._has_begun = True
            self._script.began_s = now_s
            self._hear(now_s)

    def _hear(self, now_s: float) -> None:
        self._script.heard_s = now_s
        self._silence_due_s = now_s + self._silent_after_s
        self._foreign.understood()

    def _take_events(self) -> list[LinkEvent]:
        events = list(self._script.events)
        self._script.events.clear()
        return events
