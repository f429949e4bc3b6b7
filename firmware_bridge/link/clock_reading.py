"""The instrument's clock, read now and then, with the doubt that the line's delay leaves."""

from __future__ import annotations

import math
from collections.abc import Callable

from firmware_bridge.link.events import ClockCorrelated
from firmware_bridge.link.outbox import Outbox
from firmware_bridge.messages import TimeReport, TimeSync

_RETRY_S = 5.0


class ClockReading:
    """Ask for the instrument's time; put it in the middle of question and answer.

    Parameters
    ----------
    interval_s : float, s
    outbox : Outbox
    utc_us : callable or None
        UTC, µs since 1970, for the instrument; None where the host does not know.
    """

    def __init__(self, interval_s: float, outbox: Outbox, utc_us: Callable[[], int] | None) -> None:
        self._interval_s = interval_s
        self._outbox = outbox
        self._utc_us = utc_us
        self._asked: tuple[int, float] | None = None
        self._due_s = -math.inf

    def restart(self) -> None:
        """Read it at the next chance."""
        self._asked, self._due_s = None, -math.inf

    def poll(self, now_s: float) -> None:
        """Ask if it is time."""
        if self._due_s <= now_s:
            utc_us = 0 if self._utc_us is None else self._utc_us()
            self._asked = (self._outbox.send(TimeSync(utc_us)), now_s)
            self._due_s = now_s + _RETRY_S

    def answer(self, message_id: int, report: TimeReport, now_s: float) -> list[ClockCorrelated]:
        """Take the instrument's time; an answer to an earlier question says nothing."""
        asked_s = self._take_asked(message_id, now_s)
        if asked_s is None:
            return []
        middle_s, doubt_s = (now_s + asked_s) / 2, (now_s - asked_s) / 2
        time_us = report.instrument_time_us
        return [ClockCorrelated(report.boot_id, time_us, middle_s, doubt_s)]

    def refused(self, message_id: int, now_s: float) -> None:
        """Take a refusal, which may belong to another command: it is asked again after a while."""
        self._take_asked(message_id, now_s)

    def _take_asked(self, message_id: int, now_s: float) -> float | None:
        if self._asked is None or self._asked[0] != message_id:
            return None
        asked_s, self._asked = self._asked[1], None
        self._due_s = now_s + self._interval_s
        return asked_s
