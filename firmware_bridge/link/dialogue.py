"""Commands and their answers: one question at a time, each with a bounded wait.

::

    hello ──Describe──▶ agenda: Configure, Start, … ──all answered──▶ StatusRequest,
      ▲                                │                              now and then
      └───────── silence, or no answer to a command ─────────────────────────┘
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

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
    Configure,
    Describe,
    Hello,
    RefusalCode,
    Start,
    Status,
    StatusRequest,
    Stop,
)

Order = Configure | Start | Stop


@dataclass(slots=True)
class _Asked:
    order: Order
    message_id: int
    due_s: float
    attempts: int = 1


class Dialogue:
    """Hold the conversation with one instrument; pure of I/O and clocks.

    Parameters
    ----------
    settings : LinkSettings
    outbox : Outbox
        Where commands go.
    """

    def __init__(self, settings: LinkSettings, outbox: Outbox) -> None:
        self._settings = settings
        self._outbox = outbox
        self._configure = settings.configure
        self._start = Start(settings.start_count) if settings.start_on_connect else None
        self._agenda: deque[Order] = deque()
        self._asked: _Asked | None = None
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

    def order(self, order: Order) -> None:
        """Put a command at the end of the agenda, and remember it for reconnections."""
        if isinstance(order, Configure):
            self._configure = order
        elif isinstance(order, Start):
            self._start = order
        elif isinstance(order, Stop):
            self._start = self._asked = None
            self._agenda.clear()
        if self._described is not None:
            self._agenda.append(order)

    def restart(self) -> None:
        """Begin again with hello: the port is new, or nobody answers."""
        self._described = None
        self._asked = None
        self._agenda.clear()
        self._hello_due_s = -math.inf

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
        previous, self._last = self._last, description
        known = self._described
        self._described = description
        if known is not None and _same_boot(known, description):
            return []
        self._plan(now_s)
        connected = Connected(description.description())
        if previous is None or _same_boot(previous, description):
            return [connected]
        if previous.instrument_id != description.instrument_id:
            return [connected]
        return [InstrumentRebooted(previous.boot_id, description.boot_id), connected]

    def answer(
        self, message_id: int, reply: CommandDone | CommandRefused | Status, now_s: float
    ) -> list[LinkEvent]:
        """Take the answer to a command."""
        if isinstance(reply, Status):
            if self._described is not None and reply.boot_id != self._described.boot_id:
                self.ask_who()
            return [StatusReceived(reply.instrument_status())]
        asked = self._asked
        is_answer = asked is not None and asked.message_id == message_id
        if isinstance(reply, CommandDone):
            if is_answer:
                self._next()
            return []
        name = type(asked.order).__name__ if asked is not None and is_answer else "Acknowledge"
        if asked is not None and is_answer:
            self._refused(asked, now_s)
        if reply.code == RefusalCode.STALE_BOOT_ID:
            self.ask_who()
        return [CommandRefusedByInstrument(name, reply.code, reply.detail)]

    def poll(self, now_s: float) -> list[LinkEvent]:
        """Say what is due to be said."""
        if self._heard_s is None:
            self.heard(now_s)
        events = self._watch_silence(now_s)
        if self._hello_due_s <= now_s:
            self._outbox.send(Hello())
            self._hello_due_s = now_s + self._settings.hello_interval_s
        if self._described is not None:
            self._work_agenda(now_s)
            self._take_pulse(now_s)
        return events

    def _watch_silence(self, now_s: float) -> list[LinkEvent]:
        if now_s < self._silence_due_s:
            return []
        self._silence_due_s = now_s + self._settings.silent_after_s
        self.restart()
        return [InstrumentSilent(self.silent_for_s(now_s))]

    def _plan(self, now_s: float) -> None:
        self._asked = None
        wanted = (self._configure, self._start)
        self._agenda = deque(order for order in wanted if order is not None)
        self._status_due_s = now_s + self._settings.status_interval_s

    def _work_agenda(self, now_s: float) -> None:
        asked = self._asked
        if asked is None:
            if self._agenda:
                order = self._agenda[0]
                due_s = now_s + self._settings.reply_timeout_s
                self._asked = _Asked(order, self._outbox.send(order), due_s)
        elif asked.due_s <= now_s:
            self._ask_again(asked, now_s)

    def _ask_again(self, asked: _Asked, now_s: float) -> None:
        if asked.attempts >= self._settings.command_attempts:
            self.restart()
            return
        asked.attempts += 1
        asked.due_s = now_s + self._settings.reply_timeout_s
        self._outbox.send_again(asked.order, asked.message_id)

    def _refused(self, asked: _Asked, now_s: float) -> None:
        if isinstance(asked.order, Start):
            asked.attempts = 0
            asked.due_s = now_s + self._settings.refused_retry_s
        else:
            self._next()

    def _next(self) -> None:
        self._asked = None
        self._agenda.popleft()

    def _take_pulse(self, now_s: float) -> None:
        if self._status_due_s <= now_s:
            self._outbox.send(StatusRequest())
            self._status_due_s = now_s + self._settings.status_interval_s


def _same_boot(one: Describe, other: Describe) -> bool:
    return (one.instrument_id, one.boot_id) == (other.instrument_id, other.boot_id)
