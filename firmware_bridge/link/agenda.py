"""Orders to the instrument: one at a time, repeated until answered, kept for reconnections."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from firmware_bridge.link.outbox import Outbox
from firmware_bridge.link.settings import LinkSettings
from firmware_bridge.messages import (
    CommandDone,
    CommandRefused,
    Configure,
    SetBaud,
    Single,
    Start,
    Stop,
)

Order = Configure | Start | Stop | Single | SetBaud
_MAX_WAITING = 64


@dataclass(slots=True)
class _Asked:
    order: Order
    message_id: int
    due_s: float
    attempts: int = 1


class Agenda:
    """What the instrument is to do, in turn.

    Settings and the run are remembered for reconnections; a single frame is asked for until
    it was answered, once or, where an answer was lost with the link, twice.

    Parameters
    ----------
    settings : LinkSettings
    outbox : Outbox
    """

    def __init__(self, settings: LinkSettings, outbox: Outbox) -> None:
        self._settings = settings
        self._outbox = outbox
        self._configure = settings.configure
        self._start = Start(settings.start_count) if settings.start_on_connect else None
        self._waiting: deque[Order] = deque()
        self._asked: _Asked | None = None

    def add(self, order: Order, is_connected: bool) -> None:
        """Put an order last; without an instrument it waits for `plan`."""
        if isinstance(order, Stop):
            self._start = None
            self._drop_acquisitions()
        elif isinstance(order, Start):
            self._start = order
        elif isinstance(order, Configure) and not is_connected:
            self._remember(order)
        if (is_connected or isinstance(order, Single)) and len(self._waiting) < _MAX_WAITING:
            self._waiting.append(order)

    def plan(self, first: SetBaud | None) -> None:
        """Begin with an instrument that was just met: rate, settings, run, single frames."""
        self.interrupt()
        planned = (first, self._configure, self._start)
        self._waiting.extendleft(order for order in reversed(planned) if order is not None)

    def interrupt(self) -> None:
        """Keep what outlasts a connection."""
        self._asked = None
        for order in self._waiting:
            if isinstance(order, Configure):
                self._remember(order)
        self._waiting = deque(order for order in self._waiting if isinstance(order, Single))

    def poll(self, now_s: float) -> Order | None:
        """Ask for what is next, or again; return the order that was given up on, if one was."""
        asked = self._asked
        if asked is None:
            if self._waiting:
                order = self._waiting[0]
                due_s = now_s + self._settings.reply_timeout_s
                self._asked = _Asked(order, self._outbox.send(order), due_s)
        elif asked.due_s <= now_s:
            return self._ask_again(asked, now_s)
        return None

    def answer(
        self, message_id: int, reply: CommandDone | CommandRefused, now_s: float
    ) -> Order | None:
        """Take an answer; return the order it belongs to, None for an answer to nothing."""
        asked = self._asked
        if asked is None or asked.message_id != message_id:
            return None
        if isinstance(reply, CommandRefused) and isinstance(asked.order, Start):
            asked.attempts = 0
            asked.due_s = now_s + self._settings.refused_retry_s
            return asked.order
        if isinstance(reply, CommandDone) and isinstance(asked.order, Configure):
            self._remember(asked.order)
        self._asked = None
        self._waiting.popleft()
        return asked.order

    def _ask_again(self, asked: _Asked, now_s: float) -> Order | None:
        if asked.attempts >= self._settings.command_attempts:
            return asked.order
        asked.attempts += 1
        asked.due_s = now_s + self._settings.reply_timeout_s
        self._outbox.send_again(asked.order, asked.message_id)
        return None

    def _remember(self, order: Configure) -> None:
        self._configure = order if self._configure is None else order.over(self._configure)

    def _drop_acquisitions(self) -> None:
        kept = [order for order in self._waiting if isinstance(order, Configure | SetBaud)]
        if self._asked is not None and self._asked.order not in kept:
            self._asked = None
        self._waiting = deque(kept)
