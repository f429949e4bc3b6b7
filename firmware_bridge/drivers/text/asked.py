"""The driver of text instruments that answer a question with a spectrum.

::

    quiet ──nothing comes──▶ hello: who, how long, a spectrum ──answered──▶ connected
      ▲                        │                                          │   ▲
      │                        └── no answer, or no sense ──┐        ask  ▼   │ answered
      └──────────── a failed question is given time ────────┴───────── waiting┘

One question at a time: an answer belongs to the last one. What comes unasked is dropped, and
nothing is asked before the line is quiet.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from firmware_bridge.drivers.settings import DriverSettings
from firmware_bridge.drivers.text.driver import TextDriver
from firmware_bridge.drivers.text.format import TextFormat
from firmware_bridge.drivers.text.reading import Reading, Rejected, numbers_of
from firmware_bridge.link.events import CommandRefusedByInstrument, LinkEvent
from firmware_bridge.replies import RefusalCode
from firmware_bridge.spectrum_frame import FrameKind

_QUIET_S = 0.05
_BITS_PER_BYTE = 10
_SLOWEST_BAUD = 1200
_LONGEST_NAME = 64


@dataclass(slots=True)
class _Question:
    """What is asked: who, how long the last exposure was, or a spectrum of a kind."""

    about: Literal["identity", "exposure", "spectrum"]
    command: str
    begun_s: float
    due_s: float
    limit_s: float
    kind: FrameKind | None = None


class AskedDriver(TextDriver):
    """Ask for each spectrum, at the period that is configured or as fast as it goes."""

    def __init__(self, settings: DriverSettings, text_format: TextFormat) -> None:
        super().__init__(settings, text_format)
        self._question: _Question | None = None
        self._quiet_at_s: float | None = None
        self._failures = 0
        self._is_overdue = False
        self._unasked_bytes = 0
        self._unmeasured: tuple[Reading, FrameKind, float] | None = None
        self._pulse_due_s = -math.inf

    def _disconnect(self) -> None:
        super()._disconnect()
        self._question = None
        self._quiet_at_s = None
        self._failures = 0
        self._unmeasured = None

    def _on_bytes(self, now_s: float) -> None:
        if self._question is None:
            self._quiet_at_s = max(self._quiet_at_s or now_s, now_s + _QUIET_S)
        else:
            waiting_s = now_s + self._link.reply_timeout_s
            self._question.due_s = max(self._question.due_s, waiting_s)

    def _take_line(self, line: bytes, now_s: float) -> list[LinkEvent]:
        question = self._question
        if self._is_ignored(line) or not line.strip():
            return []
        if self._is_refusal(line):
            detail = line.decode("ascii", "replace")
            command = "command" if question is None else question.command
            self._fail(now_s, _QUIET_S)
            return [CommandRefusedByInstrument(command, RefusalCode.UNKNOWN_COMMAND, detail)]
        if question is None:
            self._unasked_bytes += len(line)
            return []
        if question.about == "identity":
            return self._take_identity(line, now_s)
        if question.about == "exposure":
            return self._take_exposure(line, now_s)
        return self._take_spectrum(question, line, now_s)

    def _take_identity(self, line: bytes, now_s: float) -> list[LinkEvent]:
        text, prefix = line.decode("ascii", "replace").strip(), self._format.identify_prefix
        serial = text.removeprefix(prefix).strip()
        if not (text.startswith(prefix) and serial.isprintable() and serial.isascii()):
            return self._misunderstood("no identity", line, now_s)
        if not 0 < len(serial) <= _LONGEST_NAME:
            return self._misunderstood("no identity", line, now_s)
        self._answered(now_s)
        if self._serial not in (None, serial):
            self._description = None
        self._serial = serial
        return self._connect(now_s)

    def _take_exposure(self, line: bytes, now_s: float) -> list[LinkEvent]:
        stamps = numbers_of(line, self._format)
        if not max(self._format.exposure_columns) <= len(stamps) < self._format.pixel_count:
            return self._misunderstood("no exposure", line, now_s)
        self._answered(now_s)
        events = self._connect(now_s)
        if self._unmeasured is None:
            return events
        amiss = self._exposure.measured(stamps)
        if amiss is not None:
            code = RefusalCode.OUT_OF_BOUNDS
            events.append(CommandRefusedByInstrument("integration_time_us", code, amiss))
        return events + self._deliver(now_s)

    def _take_spectrum(self, question: _Question, line: bytes, now_s: float) -> list[LinkEvent]:
        found = self._reader.feed(line)
        if found is None:
            return []
        if isinstance(found, Rejected):
            self._fail(now_s, self._patience_s())
            return self._skip(found.reason, found.byte_count)
        changed = self._take_axis(found)
        if changed is None:
            self._fail(now_s, _QUIET_S)
            return self._skip("an axis that came only once", len(line))
        self._answered(now_s)
        events = self._connect(now_s) + changed
        if question.kind is None or question.kind != self._kind_due(math.inf):
            return events  # a hello, or it is not wanted any more
        self._unmeasured = (found, question.kind, question.begun_s)
        return events if self._format.exposure_command else events + self._deliver(now_s)

    def _deliver(self, now_s: float) -> list[LinkEvent]:
        if self._unmeasured is None:
            return []
        (reading, kind, begun_s), self._unmeasured = self._unmeasured, None
        return self._frame(reading, kind, begun_s, now_s)

    def _misunderstood(self, what: str, line: bytes, now_s: float) -> list[LinkEvent]:
        self._fail(now_s, self._patience_s())
        return self._skip(f"{what}: {line[:40]!r}", len(line))

    def _answered(self, now_s: float) -> None:
        self._question = None
        self._failures = 0
        self._is_overdue = False
        self._quiet_at_s = now_s
        self._pulse_due_s = now_s + self._link.status_interval_s
        self._heard(now_s)

    def _fail(self, now_s: float, pause_s: float) -> None:
        """Give a question up; after many in a row begin with hello."""
        self._question = None
        self._reader.reset()
        self._failures += 1
        self._is_overdue = True
        if self._failures >= self._link.command_attempts:
            self._disconnect()
        self._quiet_at_s = max(self._quiet_at_s or now_s, now_s + pause_s)

    def _patience_s(self) -> float:
        """How long an answer may take: a late one must not be taken for that to the next."""
        return self._exposure.duration_s + self._link.reply_timeout_s

    def _work(self, now_s: float) -> list[LinkEvent]:
        if self._quiet_at_s is None:
            self._quiet_at_s = now_s + _QUIET_S
        question = self._question
        if question is not None:
            return self._wait(question, now_s)
        if now_s >= self._quiet_at_s:
            self._ask_next(now_s)
        return []

    def _wait(self, question: _Question, now_s: float) -> list[LinkEvent]:
        if now_s < min(question.due_s, question.limit_s):
            return []
        forgotten = self._splitter.clear()
        self._fail(now_s, self._patience_s())
        skipped = self._skip("an answer that was not whole in time", forgotten)
        # the spectrum is good, but how long it was exposed was not told: as asked, then
        return skipped + self._deliver(now_s)

    def _ask_next(self, now_s: float) -> None:
        it = self._format
        if self._description is None:
            self._say_hello(now_s)
        elif self._unmeasured is not None:
            self._ask("exposure", it.exposure_command, now_s)
        elif (kind := self._kind_due(now_s)) is not None:
            self._ask_spectrum(kind, now_s)
        elif not (it.exposure_command or it.identify_command):
            self._patience.wait_until(now_s)  # nothing is asked, so nothing is missing
        elif now_s >= self._pulse_due_s:
            if it.exposure_command:
                self._ask("exposure", it.exposure_command, now_s)
            else:
                self._ask("identity", it.identify_command, now_s)

    def _say_hello(self, now_s: float) -> None:
        it = self._format
        if it.identify_command and self._serial is None:
            self._ask("identity", it.identify_command, now_s)
        elif it.exposure_command and not self._needs_axis():
            self._ask("exposure", it.exposure_command, now_s)
        else:
            self._ask_spectrum(self._kind_due(now_s), now_s)

    def _ask_spectrum(self, kind: FrameKind | None, now_s: float) -> None:
        self._out += self._exposure.take_commands()
        self._switch_light(kind or "light")
        self._reader.reset()
        self._ask("spectrum", self._format.query_command, now_s, kind)

    def _ask(
        self,
        about: Literal["identity", "exposure", "spectrum"],
        command: str,
        now_s: float,
        kind: FrameKind | None = None,
    ) -> None:
        exposing_s = self._exposure.duration_s if about == "spectrum" else 0.0
        due_s = now_s + exposing_s + self._link.reply_timeout_s
        bits = self._format.most_spectrum_bytes * _BITS_PER_BYTE
        limit_s = due_s + bits / (self._format.baud or _SLOWEST_BAUD)
        if not self._is_overdue:
            self._patience.wait_until(now_s + exposing_s)
        # what stands there unended is no part of the answer
        unasked, self._unasked_bytes = self._unasked_bytes + self._splitter.clear(), 0
        self._notes += self._skip("nobody asked for it", unasked)
        self._question = _Question(about, command, now_s, due_s, limit_s, kind)
        self._out.append(command)
