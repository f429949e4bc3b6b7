"""The driver of text instruments that send spectra by themselves."""

from __future__ import annotations

from firmware_bridge.drivers.text.driver import TextDriver
from firmware_bridge.drivers.text.reading import Reading, Rejected
from firmware_bridge.link.events import CommandRefusedByInstrument, LinkEvent
from firmware_bridge.replies import RefusalCode
from firmware_bridge.spectrum_frame import FrameKind


class FreeRunningDriver(TextDriver):
    """Take what comes, as long as it is wanted.

    The first line after the port was opened is never taken: where it was cut, it may look like
    a spectrum whose first number lost digits. The spectrum on its way when the light is
    switched, or a single frame asked for, is not taken either: it was exposed before.
    """

    _passing = 0

    def single(self, kind: FrameKind = "light") -> None:
        """Acquire one frame of a kind, once: the first that began after now."""
        super().single(kind)
        self._passing = 1

    def _take_line(self, line: bytes, now_s: float) -> list[LinkEvent]:
        if self._is_ignored(line):
            return []
        if self._is_refusal(line):
            detail = line.decode("ascii", "replace")
            return [CommandRefusedByInstrument("command", RefusalCode.UNKNOWN_COMMAND, detail)]
        found = self._reader.feed(line)
        if isinstance(found, Rejected):
            return self._skip(found.reason, found.byte_count)
        return [] if found is None else self._take_reading(found, len(line), now_s)

    def _take_reading(self, reading: Reading, byte_count: int, now_s: float) -> list[LinkEvent]:
        changed = self._take_axis(reading)
        if changed is None:
            return self._skip("an axis that came only once", byte_count)
        self._heard(now_s)
        events = self._connect(now_s) + changed
        if self._passing:
            self._passing -= 1
            return events
        kind = self._kind_due(now_s)
        if kind is None:
            return events
        if self._switch_light(kind):
            self._passing = 1
            return events
        return events + self._frame(reading, kind, now_s - self._exposure.duration_s, now_s)

    def _work(self, now_s: float) -> list[LinkEvent]:
        self._out += self._exposure.take_commands()
        if self._format.start_command and self._plan.next() is None:
            self._patience.wait_until(now_s)  # it was told to be silent
        return []

    def _forget_line(self) -> None:
        self._splitter.drop_to_line_end()
