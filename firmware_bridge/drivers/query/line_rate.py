"""At which baud rate an instrument is found, and how it is brought to another."""

from __future__ import annotations

from typing import Generic

from firmware_bridge.drivers.query.conversation import Pause, Script
from firmware_bridge.drivers.query.dialect import Dialect, Refusal, ReplyT
from firmware_bridge.link.events import BaudChanged, CommandRefusedByInstrument, LinkEvent
from firmware_bridge.link.settings import LinkSettings

_SETTLE_S = 0.06
"""The line is let alone so long after a change of its rate."""


class LineRate(Generic[ReplyT]):
    """The rate of the line, bit/s.

    An instrument is sought at the rate it wakes at and at the fast one in turn, for it may have
    been left there. If it does not answer at the fast rate it is not asked for that again until
    the port is opened anew.

    Parameters
    ----------
    settings : LinkSettings
    dialect : Dialect
    events : list of LinkEvent
        Where what happens is told.

    Attributes
    ----------
    baud : int, bit/s, that the line is to have now
    """

    def __init__(
        self, settings: LinkSettings, dialect: Dialect[ReplyT], events: list[LinkEvent]
    ) -> None:
        self._settings = settings
        self._dialect = dialect
        self._events = events
        self.reset()
        self._told_baud = self.baud

    def reset(self) -> None:
        """Begin at the wake-up rate: the port was opened anew."""
        self.baud, self._fast_baud = self._settings.wake_baud, self._settings.fast_baud

    def find(self) -> Script[ReplyT, str | None]:
        """Ask who is there; return its id, None where nobody answers."""
        for baud in dict.fromkeys((self._settings.wake_baud, self._fast_baud)):
            if baud is None:
                continue
            if baud != self.baud:
                yield from self._change(baud)
            instrument_id = yield from self._dialect.identify()
            if instrument_id is not None:
                self._tell("it was found at this rate")
                return instrument_id
            self._dialect.reset()
        yield Pause(self._settings.hello_interval_s)
        return None

    def speed_up(self) -> Script[ReplyT, bool]:
        """Go over to the fast rate; False where the instrument is lost in doing so."""
        fast = self._fast_baud
        if fast is None or fast == self.baud:
            return True
        agreed = yield from self._dialect.order_baud(fast)
        if isinstance(agreed, Refusal):
            self._fast_baud = None
            refused = CommandRefusedByInstrument(agreed.order, agreed.code, agreed.detail)
            self._events.append(refused)
            return True
        # without an answer it may have changed all the same
        yield from self._change(fast)
        if (yield from self._dialect.confirm_baud(fast)):
            self._tell()
            return True
        self._dialect.reset()
        self._fast_baud = None
        yield from self._change(self._settings.wake_baud)
        self._events.append(BaudChanged(self.baud, f"no answer at {fast} bit/s"))
        return (yield from self._dialect.identify()) is not None

    def _change(self, baud: int) -> Script[ReplyT, None]:
        self.baud = baud
        yield Pause(_SETTLE_S)

    def _tell(self, reason: str = "") -> None:
        if self.baud != self._told_baud:
            self._told_baud = self.baud
            self._events.append(BaudChanged(self.baud, reason))
