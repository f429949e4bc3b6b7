"""What an instrument that talks in lines of text says, and what it wants to hear."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from firmware_bridge.errors import TextFormatError

Layout = Literal["line", "rows"]
AxisColumnKind = Literal["pixel", "nm", "cm1"]

MOST_PIXELS: Final = 16_000
_LONGEST_NUMBER_BYTES: Final = 24
_COLUMNS: Final = 64
_TEMPLATE_VALUES: Final[dict[str, dict[str, float]]] = {
    "integration_command": {"us": 1000, "ms": 1.0, "s": 0.001},
    "averages_command": {"averages": 1},
}


@dataclass(frozen=True, slots=True)
class TextFormat:
    r"""One kind of instrument that sends spectra as delimited text.

    An instrument with a `query_command` is asked for each spectrum; one without sends by
    itself, as long as it likes. Text carries no checksum: a spectrum is taken if it has all its
    pixels, each a number within the detector's range; a digit that changed into another on the
    way cannot be seen.

    Parameters
    ----------
    model : str
        What to call it; its instrument id, where neither it nor the operator tells one.
    pixel_count : int, 2 to 16,000
    saturation_counts : int, counts
        The largest value the detector gives; a larger one is refused.
    layout : "line" or "rows"
        A line a spectrum, or a row a pixel.
    delimiter : str
        Between columns, one character; a blank stands for any number of blanks and tabs. One at
        the end of a line is allowed.
    decimal_comma : bool
    line_end : "\n" or "\r"
        "\r\n" is understood as "\n".
    header_lines : int
        Lines before the numbers of each spectrum.
    counts_column : int, from 1
        The column of the counts; in a line, that of the first pixel.
    axis_column : int, from 1; 0: none
        Of rows. With `axis` "pixel" it counts from 0 or 1, else it is strictly monotonic.
    axis : "pixel", "nm" or "cm1"
        What the axis column holds; for "cm1" the laser's wavelength is to be known.
    end_line : str
        The line after the last row; empty: the last row ends a spectrum.
    wavelength_coefficients_nm : tuple of float
        c0, c1, … of c0 + c1·pixel + c2·pixel² …, pixels from 0; empty: not known.
    counts_per_unit, offset_counts : float
        counts = value · counts_per_unit + offset_counts, rounded. With 1 and 0 the values must
        be whole.
    integration_time_us : int, µs
        Of one exposure, as long as nobody asks for another: set at each connection where there
        is a command, else believed; 0: not known.
    baud : int or None, bit/s
        None: as the port was opened.
    query_command : str
        Asks for one spectrum; empty: the instrument sends by itself.
    identify_command, identify_prefix : str
        Answered by one line that begins with the prefix; the rest is the serial number.
    start_command, stop_command : str
        Sent before the first spectrum, and when no more are wanted.
    integration_command : str
        With {us}, {ms} or {s} where the time stands, as `str.format` takes it.
    averages_command : str
        With {averages}; without one the host averages.
    dark_command, light_command : str
        Switch the light, or the shutter; without them a dark frame is what the operator covers.
    exposure_command : str
        Answered by a line of numbers that tells how long the last exposure was.
    exposure_columns : (int, int), from 1
        Begin and end of the exposure in that line, µs, on a clock of 32 bits.
    command_end : str
        Follows each command.
    ignored_prefixes : tuple of str
        Lines that begin so mean nothing: echoes, "OK".
    error_prefixes : tuple of str
        Lines that begin so refuse what was asked.

    Raises
    ------
    TextFormatError
        If these contradict each other or cannot be.
    """

    model: str
    pixel_count: int
    saturation_counts: int
    layout: Layout = "line"
    delimiter: str = ","
    decimal_comma: bool = False
    line_end: str = "\n"
    header_lines: int = 0
    counts_column: int = 1
    axis_column: int = 0
    axis: AxisColumnKind = "pixel"
    end_line: str = ""
    wavelength_coefficients_nm: tuple[float, ...] = ()
    counts_per_unit: float = 1.0
    offset_counts: float = 0.0
    integration_time_us: int = 0
    baud: int | None = None
    query_command: str = ""
    identify_command: str = ""
    identify_prefix: str = ""
    start_command: str = ""
    stop_command: str = ""
    integration_command: str = ""
    averages_command: str = ""
    dark_command: str = ""
    light_command: str = ""
    exposure_command: str = ""
    exposure_columns: tuple[int, int] = (1, 2)
    command_end: str = "\n"
    ignored_prefixes: tuple[str, ...] = ()
    error_prefixes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, expected, got, holds in (*self._ranges(), *self._relations()):
            if not holds:
                raise TextFormatError(name, expected, got)
        self._check_templates()

    @property
    def is_asked(self) -> bool:
        """True where each spectrum is asked for."""
        return bool(self.query_command)

    @property
    def switches_light(self) -> bool:
        """True where the host can take dark frames by itself."""
        return bool(self.dark_command)

    @property
    def most_line_bytes(self) -> int:
        """The longest line that can mean something, bytes."""
        columns = _COLUMNS + (self.pixel_count if self.layout == "line" else 0)
        return columns * _LONGEST_NUMBER_BYTES

    @property
    def most_spectrum_bytes(self) -> int:
        """The most bytes that one spectrum can take."""
        lines = self.header_lines + 1 + (self.pixel_count if self.layout == "rows" else 0)
        shortest = 4 * _LONGEST_NUMBER_BYTES
        return self.most_line_bytes + lines * shortest

    def set_integration(self, integration_time_us: int) -> str:
        """Return the command that sets the exposure; "" where there is none.

        >>> form = TextFormat("X", 8, 4095, integration_command="SPEC.INTEG {s:.6f}")
        >>> form.set_integration(20_000)
        'SPEC.INTEG 0.020000'
        """
        it = integration_time_us
        return self.integration_command.format(us=it, ms=it / 1e3, s=it / 1e6)

    def set_averages(self, averages: int) -> str:
        """Return the command that sets the exposures a spectrum; "" where there is none."""
        return self.averages_command.format(averages=averages)

    def _ranges(self) -> Iterator[tuple[str, str, object, bool]]:
        it = self
        most = 0xFFFF_FFFF
        pixels, saturation = it.pixel_count, it.saturation_counts
        yield "model", "1 to 64 characters", it.model, 1 <= len(it.model) <= 64
        yield "pixel_count", f"2 to {MOST_PIXELS}", pixels, 2 <= pixels <= MOST_PIXELS
        yield "saturation_counts", f"1 to {most}", saturation, 1 <= saturation <= most
        yield "layout", "line or rows", it.layout, it.layout in ("line", "rows")
        yield "axis", "pixel, nm or cm1", it.axis, it.axis in ("pixel", "nm", "cm1")
        yield "line_end", r"\n or \r", repr(it.line_end), it.line_end in ("\n", "\r")
        one = len(it.delimiter) == 1 and it.delimiter.isascii()
        yield "delimiter", "one ASCII character", repr(it.delimiter), one
        in_number = it.delimiter in "0123456789+-eE." + it.line_end
        yield "delimiter", "none that stands in numbers", repr(it.delimiter), not in_number
        yield "header_lines", "0 to 1000", it.header_lines, 0 <= it.header_lines <= 1000
        for name in ("counts_column", "axis_column"):
            column, least = int(getattr(it, name)), int(name == "counts_column")
            yield name, f"{least} to {_COLUMNS}", column, least <= column <= _COLUMNS
        begin, end = it.exposure_columns
        within = 1 <= begin <= _COLUMNS and 1 <= end <= _COLUMNS and begin != end
        yield "exposure_columns", f"two of 1 to {_COLUMNS}", it.exposure_columns, within
        scale = it.counts_per_unit
        yield "counts_per_unit", "> 0", scale, math.isfinite(scale) and scale > 0
        yield "offset_counts", "finite", it.offset_counts, math.isfinite(it.offset_counts)
        time_us = it.integration_time_us
        yield "integration_time_us", f"0 to {most}", time_us, 0 <= time_us <= most
        yield "baud", ">= 300", it.baud, it.baud is None or it.baud >= 300

    def _relations(self) -> Iterator[tuple[str, str, object, bool]]:
        it = self
        is_rows = it.layout == "rows"
        clash = it.decimal_comma and it.delimiter == ","
        yield "delimiter", "not the decimal comma", it.delimiter, not clash
        for name in ("axis_column", "end_line"):
            value = getattr(it, name)
            yield name, 'none in the layout "line"', value, is_rows or not value
        needs_column = it.axis == "pixel" or it.axis_column > 0
        yield "axis_column", f"the column of {it.axis}", it.axis_column, needs_column
        other = it.axis_column != it.counts_column
        yield "axis_column", "another than counts_column", it.axis_column, other
        is_framed = not is_rows or it.is_asked or it.axis_column > 0 or bool(it.end_line)
        yield "end_line", "what tells where unasked rows begin", it.end_line, is_framed
        pair = bool(it.dark_command) == bool(it.light_command)
        yield "dark_command", "both this and light_command, or none", it.dark_command, pair
        asked_first = it.is_asked or not (it.identify_command or it.exposure_command)
        yield "query_command", "one, where others are answered", it.query_command, asked_first

    def _check_templates(self) -> None:
        for name, values in _TEMPLATE_VALUES.items():
            template = str(getattr(self, name))
            try:
                filled = template.format(**values)
            except (ValueError, LookupError, AttributeError, TypeError) as error:
                expected = " or ".join(f"{{{key}}}" for key in values)
                raise TextFormatError(name, f"text with {expected}", template) from error
            if template and filled == template:
                expected = " or ".join(f"{{{key}}}" for key in values)
                raise TextFormatError(name, f"text with {expected}", template)
        for name in ("query_command", "identify_command", "exposure_command", "end_line"):
            text = str(getattr(self, name))
            if not (text.isprintable() and len(text) <= 200):
                raise TextFormatError(name, "up to 200 printable characters", repr(text))
