"""A link session: a driver on a port that may fail, vanish and come back, for ever."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from firmware_bridge.commands import Configure
from firmware_bridge.description import Description
from firmware_bridge.errors import BridgeError, PortError, PortPermissionError, PortUsageError
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.link.driver import Driver
from firmware_bridge.link.events import LinkEvent, PortLost, PortUnavailable
from firmware_bridge.link.host import HostLink
from firmware_bridge.link.settings import LinkSettings
from firmware_bridge.ports.base import Port
from firmware_bridge.spectrum_frame import FrameKind


class LinkSession:
    """Keep one instrument's link alive; used by one thread.

    Parameters
    ----------
    open_port : callable
        Opens the port, or raises `PortError`.
    settings : LinkSettings
    clock : callable
        Monotonic time, s.
    sleep : callable
        Waits between tries to open the port, s.
    driver : Driver, optional
        Of the instrument's protocol; `HostLink`, the Outcrop Instrument Protocol, if not given.
    """

    def __init__(
        self,
        open_port: Callable[[], Port],
        settings: LinkSettings | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
        driver: Driver | None = None,
    ) -> None:
        self._open_port = open_port
        self._settings = settings or LinkSettings()
        self._clock = clock
        self._sleep = sleep
        self._driver: Driver = HostLink(self._settings) if driver is None else driver
        self._baud: int | None = None
        self._port: Port | None = None
        self._pending: list[LinkEvent] = []
        self._open_due_s = float("-inf")
        self._backoff_s = self._settings.reopen_min_s
        self._opened_s = 0.0

    @property
    def description(self) -> Description | None:
        """What the instrument said of itself; None while it is not known."""
        return self._driver.description

    def step(self, timeout_s: float) -> list[LinkEvent]:
        """Wait at most `timeout_s` for something to happen; never raise over the port.

        Returns
        -------
        list of LinkEvent
            Empty when nothing happened in time.
        """
        deadline_s = self._clock() + timeout_s
        while True:
            left_s = max(0.0, deadline_s - self._clock())
            events = self._turn(min(left_s, self._settings.poll_interval_s))
            if events or self._clock() >= deadline_s:
                return events

    def start(self, count: int = 0, configure: Configure | None = None) -> None:
        """Ask for `count` light spectra, 0 for any number, now and after reconnections."""
        self._driver.start(count, configure)
        self._pending += self._driver.poll(self._clock())
        self._flush()

    def configure(self, configure: Configure) -> None:
        """Ask for acquisition settings, from now on and after reconnections."""
        self._driver.configure(configure)
        self._pending += self._driver.poll(self._clock())
        self._flush()

    def single(self, kind: FrameKind = "light") -> None:
        """Ask for one frame of a kind, once."""
        self._driver.single(kind)
        self._pending += self._driver.poll(self._clock())
        self._flush()

    def stop(self) -> None:
        """Ask for no more, now and after reconnections."""
        self._driver.stop()
        self._pending += self._driver.poll(self._clock())
        self._flush()

    def acknowledge(self, identities: Iterable[FrameIdentity]) -> None:
        """Tell the instrument at once that it may forget these frames.

        Call it only after they are kept for good. Port trouble is an event of the next
        `step`; the acknowledgement is made up for when the frame comes again.
        """
        self._driver.acknowledge(identities)
        self._flush()

    def close(self) -> None:
        """Close the port; the next `step` would open it again."""
        if self._port is not None:
            self._port.close()
            self._port = None

    def _turn(self, wait_s: float) -> list[LinkEvent]:
        if self._port is None:
            self._reopen(wait_s)
        else:
            self._exchange(self._port, wait_s)
        events, self._pending = self._pending, []
        return events

    def _reopen(self, wait_s: float) -> None:
        before_try_s = self._open_due_s - self._clock()
        if before_try_s > 0:
            self._sleep(min(wait_s, before_try_s))
            return
        try:
            self._port = self._open_port()
        except BridgeError as error:
            needs_operator = isinstance(error, PortPermissionError | PortUsageError)
            self._pending.append(PortUnavailable(str(error), self._backoff_s, needs_operator))
            self._open_due_s = self._clock() + self._backoff_s
            self._backoff_s = min(2 * self._backoff_s, self._settings.reopen_max_s)
            return
        self._opened_s = self._clock()
        self._baud = None
        self._driver.reset()
        self._exchange(self._port, 0.0)

    def _exchange(self, port: Port, wait_s: float) -> None:
        try:
            data = port.read(wait_s)
        except PortError as error:
            self._lose(str(error))
            return
        now_s = self._clock()
        if data:
            self._backoff_s = self._settings.reopen_min_s
            self._pending += self._driver.receive(data, now_s)
        self._pending += self._driver.poll(now_s)
        self._flush()
        self._reopen_if_dead(now_s)

    def _reopen_if_dead(self, now_s: float) -> None:
        # A half-open TCP connection, or a device node that was replaced, reports nothing.
        limit_s = self._settings.reopen_after_silent_s
        silent_s = min(self._driver.silent_for_s(now_s), now_s - self._opened_s)
        if self._port is not None and silent_s >= limit_s:
            self._lose(f"{self._port.name}: silent for {silent_s:.1f} s, opened again")

    def _flush(self) -> None:
        if self._port is None:
            return
        data = self._driver.data_to_send()
        try:
            if data:
                self._port.write(data, self._settings.write_timeout_s)
            self._set_baud(self._port)
        except PortError as error:
            self._lose(str(error))

    def _set_baud(self, port: Port) -> None:
        # after what was written: an instrument answers a change of rate at the old one
        wanted = self._driver.wanted_baud
        if wanted is not None and wanted != self._baud:
            port.set_baud(wanted)
            self._baud = wanted

    def _lose(self, reason: str) -> None:
        self.close()
        self._pending.append(PortLost(reason))
        self._open_due_s = self._clock() + self._backoff_s
        self._backoff_s = min(2 * self._backoff_s, self._settings.reopen_max_s)
