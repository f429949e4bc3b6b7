"""The firmware of a virtual instrument that talks in text, as its format describes it; no I/O.

Asked, it exposes and then answers; what comes meanwhile waits. Free-running, it exposes at its
rate from the boot on, or while it is started. It begins with an empty line, so that a host that
was there from the boot can tell where the first spectrum begins. Nothing is retained.
"""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt

from firmware_bridge.drivers.text.format import TextFormat
from firmware_bridge.drivers.text.lines import LineSplitter
from firmware_bridge.spectrum_frame import Counts
from firmware_bridge.virtual.detector import (
    FloatArray,
    pixel_wavelength_nm,
    raman_shift_of_wavelength_cm1,
)
from firmware_bridge.virtual.exposures import Exposures
from firmware_bridge.virtual.firmware import Acquired
from firmware_bridge.virtual.settings import VirtualSettings

_LONGEST_COMMAND_BYTES = 256
_MAX_WAITING = 64
_CATCH_UP_S = 1.0
_CLOCK_SPAN_US = 1 << 32
_STAMPS = 10


class TextFirmware:
    """One instrument from its boot to its next.

    Parameters
    ----------
    text_format : TextFormat
    exposures : Exposures
    settings : VirtualSettings
    boot_id : int
    now_s : float, s, time of the boot on the clock of all later calls
    """

    def __init__(
        self,
        text_format: TextFormat,
        exposures: Exposures,
        settings: VirtualSettings,
        boot_id: int,
        now_s: float,
    ) -> None:
        self.boot_id = boot_id
        self.baud = settings.baud
        self.retained_frames = 0
        self.refused_frames = 0
        self._format = text_format
        self._exposures = exposures
        self._settings = settings
        self._boot_s = now_s
        self._commands = LineSplitter(_command_end(text_format), _LONGEST_COMMAND_BYTES)
        self._waiting: deque[str] = deque(maxlen=_MAX_WAITING)
        self._answers: deque[bytes] = deque(maxlen=_MAX_WAITING)
        self._exposing: tuple[float, bytes] | None = None
        self._acquired: list[Acquired] = []
        self._integration_time_us = settings.first_integration_time_us
        self._averages = settings.averages if text_format.averages_command else 1
        self._is_lit = True
        self._is_running = not text_format.is_asked and not text_format.start_command
        self._next_due_s = now_s
        self._stamps_us = (0, 0)
        if not text_format.is_asked:
            self._answers.append(text_format.line_end.encode())

    @property
    def is_finished(self) -> bool:
        """True when all that was to be acquired is acquired and sent."""
        is_idle = self._exposing is None and not self._answers and not self._acquired
        return self._exposures.exhausted and is_idle

    def receive(self, data: bytes, now_s: float) -> None:
        """Take bytes from the host: commands, a line each."""
        for line in self._commands.feed(data):
            self._waiting.append(line.decode("ascii", "replace").strip())
        self.poll(now_s)

    def poll(self, now_s: float) -> None:
        """End an exposure that is due, obey what waited for it, expose what is due."""
        if self._exposing is not None and self._exposing[0] <= now_s:
            self._answers.append(self._exposing[1])
            self._exposing = None
        while self._exposing is None and self._waiting:
            self._obey(self._waiting.popleft(), now_s)
        self._run_freely(now_s)

    def next_message(self, now_s: float) -> bytes | None:
        """Return the next answer or spectrum, once."""
        return self._answers.popleft() if self._answers else None

    def take_acquired(self) -> list[Acquired]:
        """Return the light frames acquired since last asked."""
        acquired, self._acquired = self._acquired, []
        return acquired

    def _run_freely(self, now_s: float) -> None:
        self._next_due_s = max(self._next_due_s, now_s - _CATCH_UP_S)
        period_s = max(self._settings.period_us, self._integration_time_us) * 1e-6
        while self._is_running and self._next_due_s <= now_s and not self._exposures.exhausted:
            self._next_due_s += period_s
            self._answers.append(self._expose(now_s))

    def _obey(self, command: str, now_s: float) -> None:
        it = self._format
        if not command:
            return
        if command == it.query_command:
            self._answer_spectrum(now_s)
        elif command == it.identify_command:
            self._say(f"{it.identify_prefix}{self._settings.instrument_id}")
        elif command == it.exposure_command:
            self._say(self._stamps())
        elif command in (it.start_command, it.stop_command):
            self._is_running = command == it.start_command and not it.is_asked
            self._next_due_s = now_s
        elif command in (it.dark_command, it.light_command):
            self._is_lit = command == it.light_command
        elif not self._set(command) and it.error_prefixes:
            self._say(f"{it.error_prefixes[0]} Error: command '{command}' not recognized ###")

    def _set(self, command: str) -> bool:
        """Take a setting; False where it is none."""
        it = self._format
        time_us = number_in(command, it.integration_command, {"us": 1.0, "ms": 1e3, "s": 1e6})
        averages = number_in(command, it.averages_command, {"averages": 1.0})
        if time_us is not None:
            self._integration_time_us = max(1, min(round(time_us), 0xFFFF_FFFF))
        elif averages is not None:
            self._averages = max(1, min(round(averages), 0xFFFF))
        return not (time_us is None and averages is None)

    def _answer_spectrum(self, now_s: float) -> None:
        if self._exposures.exhausted:
            return
        spectrum = self._expose(now_s)
        exposing_s = self._integration_time_us * self._averages * 1e-6
        self._exposing = (now_s + exposing_s, spectrum)

    def _expose(self, now_s: float) -> bytes:
        exposure = self._integration_time_us, self._averages
        begin_us = round((now_s - self._boot_s) * 1e6)
        self._stamps_us = begin_us, begin_us + self._integration_time_us
        if self._is_lit:
            counts, index = self._exposures.light(*exposure)
            self._acquired.append(Acquired(index, counts, None))
        else:
            counts = self._exposures.dark(*exposure)
        return self._written(counts)

    def _stamps(self) -> str:
        begin, end = self._format.exposure_columns
        stamps = ["0"] * max(_STAMPS, begin, end)
        stamps[begin - 1], stamps[end - 1] = (str(us % _CLOCK_SPAN_US) for us in self._stamps_us)
        return self._format.delimiter.join(stamps)

    def _say(self, line: str) -> None:
        self._answers.append((line + self._format.line_end).encode())

    def _written(self, counts: Counts) -> bytes:
        it = self._format
        headers = ["# header"] * it.header_lines
        values = (counts.astype(np.float64) - it.offset_counts) / it.counts_per_unit
        cells = [self._number(value) for value in values.tolist()]
        if it.layout == "line":
            skipped = ["0"] * (it.counts_column - 1)
            end = it.delimiter if not it.is_asked else ""
            lines = [it.delimiter.join([*skipped, *cells]) + end]
        else:
            lines = [self._row(*pair) for pair in zip(self._axis().tolist(), cells, strict=True)]
        if it.end_line:
            lines.append(it.end_line)
        return "".join(line + it.line_end for line in (*headers, *lines)).encode()

    def _row(self, at: float, cell: str) -> str:
        it = self._format
        columns = ["0"] * max(it.axis_column, it.counts_column)
        columns[it.counts_column - 1] = cell
        if it.axis_column:
            columns[it.axis_column - 1] = self._number(at)
        return it.delimiter.join(columns)

    def _axis(self) -> FloatArray:
        pixels: npt.NDArray[np.float64] = np.arange(self._settings.pixel_count, dtype=np.float64)
        if self._format.axis == "pixel":
            return pixels
        coefficients = self._exposures.wavelength_coefficients_nm
        wavelength_nm = pixel_wavelength_nm(coefficients, pixels.size)
        if self._format.axis == "nm":
            return wavelength_nm
        return raman_shift_of_wavelength_cm1(wavelength_nm, self._settings.laser_wavelength_nm)

    def _number(self, value: float) -> str:
        text = str(round(value)) if value == round(value) else f"{value:.6f}"
        return text.replace(".", ",") if self._format.decimal_comma else text


def number_in(command: str, template: str, units: dict[str, float]) -> float | None:
    """Return the number that a command carries where its template has a place for one.

    Examples
    --------
    >>> number_in("SPEC.INTEG 0.02", "SPEC.INTEG {s:.6f}", {"us": 1.0, "s": 1e6})
    20000.0
    >>> number_in("SPEC.READ?", "SPEC.INTEG {s:.6f}", {"s": 1e6}) is None
    True
    """
    before, brace, rest = template.partition("{")
    place, _, after = rest.partition("}")
    if not brace or not (command.startswith(before) and command.endswith(after)):
        return None
    try:
        value = float(command[len(before) : len(command) - len(after)])
    except ValueError:
        return None
    scaled = value * units[place.partition(":")[0].partition("!")[0]]
    return scaled if np.isfinite(scaled) else None


def _command_end(text_format: TextFormat) -> str:
    return "\r" if text_format.command_end == "\r" else "\n"
