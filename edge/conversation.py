"""A driver on an open port, until it is known who is there, and for one spectrum."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from firmware_bridge.description import Description
from firmware_bridge.link import Connected, Driver, FrameReceived, LinkEvent
from firmware_bridge.ports import Port
from firmware_bridge.spectrum_frame import SpectrumFrame

MOST_HEARD_BYTES = 4_096
"""What is held of the received bytes, to be looked at where nobody understood them."""
_DESCRIPTION_LIMIT_S = 10.0
_SPECTRUM_LIMIT_S = 20.0
_READ_S = 0.02
_WRITE_TIMEOUT_S = 0.5


class Conversation:
    """One driver's talk on a port that stays open; no frame is acknowledged.

    Parameters
    ----------
    port : open, at `baud`
    driver : fresh; made to start nothing
    baud : bit/s
    patience_s : nothing intelligible for so long, and it is given up
    clock : monotonic, s

    Attributes
    ----------
    heard : the first bytes that came
    heard_bytes : how many came
    """

    def __init__(
        self,
        port: Port,
        driver: Driver,
        baud: int,
        patience_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._port = port
        self._driver = driver
        self._baud = baud
        self._patience_s = patience_s
        self._clock = clock
        self._frame: SpectrumFrame | None = None
        self._byte_s = clock()
        self.heard = b""
        self.heard_bytes = 0

    def description(self) -> Description | None:
        """Return what the instrument says of itself; None where nothing intelligible comes."""
        self._byte_s = self._clock()
        for event in self._events(self._byte_s + _DESCRIPTION_LIMIT_S):
            if isinstance(event, Connected):
                return event.description
            now_s = self._clock()
            silent_s = max(self._driver.silent_for_s(now_s), now_s - self._byte_s)
            if silent_s >= self._patience_s:
                break
        return None

    def spectrum(self) -> SpectrumFrame | None:
        """Return one light spectrum; None where none comes."""
        if self._frame is None:
            self._driver.single()
        for _ in self._events(self._clock() + _SPECTRUM_LIMIT_S):
            if self._frame is not None:
                break
        return self._frame

    def _events(self, until_s: float) -> Iterator[LinkEvent | None]:
        """Yield what happens, and None every few milliseconds; frames are put aside."""
        while self._clock() < until_s:
            for event in (*self._turn(), None):
                if isinstance(event, FrameReceived) and event.frame.kind == "light":
                    self._frame = event.frame
                yield event

    def _turn(self) -> list[LinkEvent]:
        data = self._port.read(_READ_S)
        self.heard = (self.heard + data)[:MOST_HEARD_BYTES]
        self.heard_bytes += len(data)
        now_s = self._clock()
        events = self._driver.receive(data, now_s) if data else []
        self._byte_s = now_s if data else self._byte_s
        events = [*events, *self._driver.poll(now_s)]
        if to_send := self._driver.data_to_send():
            self._port.write(to_send, _WRITE_TIMEOUT_S)
        wanted = self._driver.wanted_baud
        if wanted not in (None, self._baud):
            self._port.set_baud(wanted)
            self._baud = wanted
        return events
