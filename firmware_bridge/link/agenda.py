"""Orders to the instrument: one at a time, repeated until answered, kept for reconnections."""

from __future__ import annotations

import math
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
# Without an answer the instrument may have changed its rate all the same: it is sought there.
_RATE_ATTEMPTS = 2


@dataclass(slots=True)
class _Asked:
    order: Order
    message_id: int
    due_s: float
    attempts: int = 1


class Agenda:
    """What the instrument is to do, in turn.

    Settings, and whether it is to run, are remembered for reconnections; a single frame is
    asked for until it was answered, once or, where an answer was lost with the link, twice.

    Parameters
    ----------
    settings : LinkSettings
    outbox : Outbox
    """

    def __init__(self, settings: LinkSettings, outbox: Outbox) -> None:
        self._settings = settings
        self._outbox = outbox
        self._configure = settings.configure
        self._run: Start | Stop | None = None
        if settings.start_on_connect:
            self._run = Start(settings.start_count)
        self._start_again_s = math.inf
        self._waiting: deque[Order] = deque()
        self._asked: _Asked | None = None

    def add(self, order: Order, is_connected: bool) -> None:
        """Put an order last; without an instrument it waits for `plan`."""
        if isinstance(order, Start | Stop):
            self._run, self._start_again_s = order, math.inf
        if isinstance(order, Stop):
            self._drop_acquisitions()
        elif isinstance(order, Configure) and not is_connected:
            self._remember(order)
        has_room = len(self._waiting) < _MAX_WAITING or isinstance(order, Stop)
        if has_room and (is_connected or isinstance(order, Single)):
            self._waiting.append(order)

    def plan(self, first: SetBaud | None) -> None:
        """Begin with an instrument that was just met: rate, settings, run, single frames."""
        self.interrupt()
        planned = (first, self._configure, self._run)
        self._waiting.extendleft(order for order in reversed(planned) if order is not None)

    def interrupt(self) -> None:
        """Keep what outlasts a connection."""
        self._asked, self._start_again_s = None, math.inf
        for order in self._waiting:
            if isinstance(order, Configure):
                self._remember(order)
        self._waiting = deque(order for order in self._waiting if isinstance(order, Single))

    def poll(self, now_s: float) -> Order | None:
        """Ask for what is next, or again; return the order that was given up on, if one was."""
        asked = self._asked
        if asked is None:
            self._ask_next(now_s)
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
            self._start_again_s = now_s + self._settings.refused_retry_s
        if isinstance(reply, CommandDone) and isinstance(asked.order, Configure):
            self._remember(asked.order)
        self._asked = None
        self._waiting.popleft()
        return asked.order

    def _ask_next(self, now_s: float) -> None:
        if self._run is not None and self._start_again_s <= now_s:
            # a new order: under its old id it would only be answered again
            self._waiting.append(self._run)
            self._start_again_s = math.inf
        if self._waiting:
            order = self._waiting[0]
            due_s = now_s + self._settings.reply_timeout_s
            self._asked = _Asked(order, self._outbox.send(order), due_s)

    def _ask_again(self, asked: _Asked, now_s: float) -> Order | None:
        is_rate = isinstance(asked.order, SetBaud)
        if asked.attempts >= (_RATE_ATTEMPTS if is_rate else self._settings.command_attempts):
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
