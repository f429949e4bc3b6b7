"""A conversation written as a script: one question at a time, each with a bounded wait.

A script is a generator. It yields `Ask`, and is resumed with the reply or with None where
none came in time; or `Pause`, and is resumed when the time is over. When it returns, it
begins anew. So a protocol reads from top to bottom, without I/O and without a clock.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Generic, TypeVar

ReplyT = TypeVar("ReplyT")
ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True)
class Ask:
    """Write this and wait for the reply.

    Parameters
    ----------
    data : bytes
    timeout_s : float, s, of one attempt
    attempts : int
    gap_s : float, s
        A reply that has begun may take longer, as long as no more than this goes by without
        a byte; 0: it may not.
    most_s : float, s, of one attempt whatever comes
    """

    data: bytes
    timeout_s: float
    attempts: int = 1
    gap_s: float = 0.0
    most_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Pause:
    """Do nothing for a while.

    Parameters
    ----------
    for_s : float, s
    is_idle : bool
        True: `Conversation.wake` ends it early.
    """

    for_s: float
    is_idle: bool = False


Script = Generator[Ask | Pause, ReplyT | None, ResultT]


class Conversation(Generic[ReplyT]):
    """Run a script, again and again.

    Parameters
    ----------
    make_script : callable
        Makes the script; it has to yield before it returns.
    """

    def __init__(self, make_script: Callable[[], Script[ReplyT, None]]) -> None:
        self._make_script = make_script
        self._script: Script[ReplyT, None] | None = None
        self._step: Ask | Pause = Pause(0.0)
        self._attempts_left = 0
        self._due_s = -math.inf
        self._asked_s = -math.inf
        self._to_send: list[bytes] = []

    @property
    def is_waiting(self) -> bool:
        """True while a reply is awaited."""
        return self._script is not None and isinstance(self._step, Ask)

    @property
    def due_s(self) -> float:
        """When the present wait is over, s."""
        return self._due_s

    def restart(self) -> None:
        """Begin anew at the next `poll`."""
        if self._script is not None:
            self._script.close()
        self._script = None
        self._to_send.clear()

    def wake(self) -> None:
        """End an idle pause: there is something to do."""
        if isinstance(self._step, Pause) and self._step.is_idle:
            self._due_s = -math.inf

    def poll(self, now_s: float) -> None:
        """Begin, ask again, give up, or go on after a pause."""
        if self._script is None:
            self._script = self._make_script()
            self._advance(now_s, first=True)
        elif self._due_s <= now_s:
            if isinstance(self._step, Ask) and self._attempts_left:
                self._ask(self._step, now_s)
            else:
                self._advance(now_s)

    def answer(self, reply: ReplyT, now_s: float) -> None:
        """Give the script the reply it waits for."""
        if self.is_waiting:
            self._advance(now_s, reply)

    def hear(self, now_s: float) -> None:
        """Note that bytes came: the reply may have begun."""
        if isinstance(self._step, Ask) and self.is_waiting:
            goes_on_s = min(now_s + self._step.gap_s, self._asked_s + self._step.most_s)
            self._due_s = max(self._due_s, goes_on_s)

    def take_output(self) -> bytes:
        """Return what is to be written, once."""
        data = b"".join(self._to_send)
        self._to_send.clear()
        return data

    def _advance(self, now_s: float, reply: ReplyT | None = None, *, first: bool = False) -> None:
        if self._script is None:
            return
        try:
            self._step = next(self._script) if first else self._script.send(reply)
        except StopIteration:
            self._script = None
            return
        if isinstance(self._step, Ask):
            self._attempts_left = self._step.attempts
            self._ask(self._step, now_s)
        else:
            self._due_s = now_s + self._step.for_s

    def _ask(self, ask: Ask, now_s: float) -> None:
        self._attempts_left -= 1
        self._to_send.append(ask.data)
        self._asked_s = now_s
        self._due_s = now_s + ask.timeout_s
