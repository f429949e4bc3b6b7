"""Who is there and how it is: hello, orders in turn, the pulse; each with a bounded wait.

::

               Describe                             a Status is due: StatusRequest
    hello ───────────────▶ working: agenda in turn ◀────────────────────────────┐
      ▲                       │                    └────────────────────────────┘
      └───────────────────────┘
       silence, an order not answered, or the line fell back to its wake-up rate
"""

from __future__ import annotations

import math
from collections.abc import Callable

from firmware_bridge.link.agenda import Agenda, Order
from firmware_bridge.link.baud import BaudNegotiation
from firmware_bridge.link.clock_reading import ClockReading
from firmware_bridge.link.events import (
    CommandRefusedByInstrument,
    Connected,
    InstrumentRebooted,
    InstrumentSilent,
    LinkEvent,
    StatusReceived,
)
from firmware_bridge.link.outbox import Outbox
from firmware_bridge.link.settings import LinkSettings
from firmware_bridge.messages import (
    CommandDone,
    CommandRefused,
    Describe,
    Hello,
    RefusalCode,
    SetBaud,
    Status,
    StatusRequest,
    TimeReport,
)

# An instrument that has said that it changes its rate may need a moment to do it.
_SETTLE_S = 0.05

Answer = CommandDone | CommandRefused | Status | TimeReport


class Dialogue:
    """Hold the conversation with one instrument; pure of I/O and clocks.

    Parameters
    ----------
    settings : LinkSettings
    outbox : Outbox
        Where commands go.
    utc_us : callable or None
        UTC, µs since 1970, for the instrument.
    """

    def __init__(
        self, settings: LinkSettings, outbox: Outbox, utc_us: Callable[[], int] | None = None
    ) -> None:
        self._settings = settings
        self._outbox = outbox
        self._agenda = Agenda(settings, outbox)
        self._baud = BaudNegotiation(settings)
        self._clock = ClockReading(settings.time_sync_interval_s, outbox, utc_us)
        self._described: Describe | None = None
        self._last: Describe | None = None
        self._hello_due_s = -math.inf
        self._status_due_s = -math.inf
        self._heard_s: float | None = None
        self._silence_due_s = math.inf

    @property
    def description(self) -> Describe | None:
        """What the instrument said of itself since the last hello; None before."""
        return self._described

    @property
    def wanted_baud(self) -> int | None:
        """The rate the port is to have; None: as it was opened."""
        return self._baud.wanted

    def order(self, order: Order) -> None:
        """Put a command at the end of the agenda, and remember it for reconnections."""
        self._agenda.add(order, self._described is not None)

    def reset(self) -> None:
        """Begin again with hello on a port that was opened again."""
        self._baud.reset()
        self._restart()

    def ask_who(self) -> None:
        """Say hello at the next chance, without giving up what is known."""
        if self._hello_due_s == math.inf:
            self._hello_due_s = -math.inf

    def heard(self, now_s: float) -> None:
        """Note that something intelligible came."""
        self._heard_s = now_s
        self._silence_due_s = now_s + self._settings.silent_after_s

    def silent_for_s(self, now_s: float) -> float:
        """Return the time since something intelligible came, s."""
        return 0.0 if self._heard_s is None else now_s - self._heard_s

    def describe(self, description: Describe, now_s: float) -> list[LinkEvent]:
        """Take `Describe`: a new instrument, a new boot, or what is known already."""
        self._hello_due_s = math.inf
        events: list[LinkEvent] = [*self._baud.described(now_s)]
        previous, self._last = self._last, description
        known = self._described
        self._described = description
        if known is not None and _same_boot(known, description):
            return events
        self._agenda.plan(self._baud.order(description))
        self._clock.restart()
        self._status_due_s = now_s + self._settings.status_interval_s
        if previous is not None and _rebooted(previous, description):
            events.append(InstrumentRebooted(previous.boot_id, description.boot_id))
        return [*events, Connected(description.description())]

    def answer(self, message_id: int, reply: Answer, now_s: float) -> list[LinkEvent]:
        """Take the answer to a command."""
        if isinstance(reply, Status):
            if self._described is not None and reply.boot_id != self._described.boot_id:
                self.ask_who()
            return [StatusReceived(reply.instrument_status())]
        if isinstance(reply, TimeReport):
            return [*self._clock.answer(message_id, reply, now_s)]
        order = self._agenda.answer(message_id, reply, now_s)
        if isinstance(reply, CommandRefused):
            return self._refused(message_id, reply, order, now_s)
        if isinstance(order, SetBaud):
            self._change_rate(now_s)
        return []

    def poll(self, now_s: float) -> list[LinkEvent]:
        """Say what is due to be said."""
        if self._heard_s is None:
            self.heard(now_s)
        events = [*self._watch_silence(now_s), *self._watch_baud(now_s)]
        if self._hello_due_s <= now_s:
            self._outbox.send(Hello())
            self._hello_due_s = now_s + self._settings.hello_interval_s
        if self._described is not None and self._baud.state != "trying":
            self._work_agenda(now_s)
            self._take_pulse(now_s)
        return events

    def _restart(self) -> None:
        self._described = None
        self._agenda.interrupt()
        self._hello_due_s = -math.inf

    def _watch_silence(self, now_s: float) -> list[LinkEvent]:
        if now_s < self._silence_due_s:
            return []
        self._silence_due_s = now_s + self._settings.silent_after_s
        self._restart()
        return [InstrumentSilent(self.silent_for_s(now_s))]

    def _watch_baud(self, now_s: float) -> list[LinkEvent]:
        before = self._baud.state
        fallen_back = self._baud.poll(now_s, self.silent_for_s(now_s))
        if fallen_back is not None:
            self._restart()
        if self._baud.state != before:
            self._hello_due_s = now_s + _SETTLE_S
        return [] if fallen_back is None else [fallen_back]

    def _work_agenda(self, now_s: float) -> None:
        given_up = self._agenda.poll(now_s)
        if given_up is not None:
            self._restart()
        if isinstance(given_up, SetBaud):  # it may be done, and only the answer lost
            self._change_rate(now_s)

    def _change_rate(self, now_s: float) -> None:
        self._baud.done(now_s)
        self._hello_due_s = now_s + _SETTLE_S

    def _refused(
        self, message_id: int, reply: CommandRefused, order: Order | None, now_s: float
    ) -> list[LinkEvent]:
        if reply.code == RefusalCode.STALE_BOOT_ID:
            self.ask_who()
        self._clock.refused(message_id, now_s)
        name = self._outbox.name_of(message_id)
        events: list[LinkEvent] = [CommandRefusedByInstrument(name, reply.code, reply.detail)]
        if isinstance(order, SetBaud):
            events.append(self._baud.declined())
        return events

    def _take_pulse(self, now_s: float) -> None:
        self._clock.poll(now_s)
        interval_s = min(self._settings.status_interval_s, self._baud.pulse_s)
        self._status_due_s = min(self._status_due_s, now_s + interval_s)
        if self._status_due_s <= now_s:
            self._outbox.send(StatusRequest())
            self._status_due_s = now_s + interval_s


def _same_boot(one: Describe, other: Describe) -> bool:
    return (one.instrument_id, one.boot_id) == (other.instrument_id, other.boot_id)


def _rebooted(one: Describe, other: Describe) -> bool:
    return one.instrument_id == other.instrument_id and one.boot_id != other.boot_id
