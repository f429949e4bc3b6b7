"""Lines in, spectra out: numbers are checked, pixels are counted, nothing is made up.

::

            header_lines lines        numbers, pixel by pixel       pixel_count of them, end_line
    between ──────────────────▶ open ─────────────────────────▶ … ──────────────────▶ Reading
       ▲                          │ a line that is none of it, an axis that turns back
       └───────── Rejected ───────┘
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from firmware_bridge.drivers.text.format import TextFormat
from firmware_bridge.spectrum_frame import Counts

_NUMBER_BYTES = b"0123456789+-.eE"
_LARGEST = 2.0**53  # to here doubles are whole numbers: "1e999" is no clock's reading
_SHOWN_BYTES = 40


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """One spectrum as an instrument wrote it.

    Parameters
    ----------
    counts : (P,) uint16 or uint32, counts
    axis : (P,) float64 or None
        What the axis column holds, in the format's unit.
    """

    counts: Counts = field(repr=False)
    axis: npt.NDArray[np.float64] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Rejected:
    """Lines that are no spectrum, and why."""

    reason: str
    byte_count: int


class SpectrumReader:
    """Put the lines of one instrument together; holds one spectrum at most.

    Parameters
    ----------
    text_format : TextFormat
    """

    def __init__(self, text_format: TextFormat) -> None:
        self._format = text_format
        self._rows: list[tuple[float, float]] = []
        self._headers_seen = 0
        self._byte_count = 0

    def reset(self) -> None:
        """Forget the spectrum begun."""
        self._rows = []
        self._headers_seen = 0
        self._byte_count = 0

    def feed(self, line: bytes) -> Reading | Rejected | None:
        """Take one line; None while the spectrum goes on."""
        self._byte_count += len(line)
        if not line.strip():
            return None
        if self._headers_seen < self._format.header_lines:
            self._headers_seen += 1
            return None
        if self._format.layout == "line":
            return self._whole_line(line)
        if self._format.end_line and line.decode("latin-1") == self._format.end_line:
            return self._finish()
        return self._row(line)

    def _whole_line(self, line: bytes) -> Reading | Rejected:
        cells = cells_of(line, self._format)
        skipped = self._format.counts_column - 1
        expected = skipped + self._format.pixel_count
        if len(cells) != expected:
            return self._reject(f"{len(cells)} columns, not {expected}: {_shown(line)}")
        try:
            values = np.array([_number(cell) for cell in cells[skipped:]])
        except ValueError as error:
            return self._reject(str(error))
        return self._spectrum(values, None)

    def _row(self, line: bytes) -> Reading | Rejected | None:
        it = self._format
        cells = cells_of(line, self._format)
        try:
            if len(cells) < max(it.counts_column, it.axis_column):
                raise ValueError(f"a row of {len(cells)} columns: {_shown(line)}")
            at = _number(cells[it.axis_column - 1]) if it.axis_column else 0.0
            row = (at, _number(cells[it.counts_column - 1]))
        except ValueError as error:
            return self._begin_with_header(str(error))
        broken = self._reject_before(row) if self._breaks_axis(at) else None
        if broken is None:
            self._rows.append(row)
        if len(self._rows) < it.pixel_count or it.end_line:
            return self._too_many() or broken
        return self._finish()

    def _begin_with_header(self, reason: str) -> Rejected | None:
        """A line of words in the midst of rows: the next spectrum's header, as a rule."""
        begun = bool(self._rows) or not self._format.header_lines
        rejected = self._reject(f"{reason}, after {len(self._rows)} rows") if begun else None
        self._headers_seen = min(1, self._format.header_lines)
        return rejected

    def _breaks_axis(self, at: float) -> bool:
        it, rows = self._format, self._rows
        if not it.axis_column:
            return False
        if it.axis == "pixel":
            return at != rows[-1][0] + 1 if rows else at not in (0.0, 1.0)
        if len(rows) < 2:
            return bool(rows) and at == rows[-1][0]
        return (at - rows[-1][0]) * (rows[1][0] - rows[0][0]) <= 0

    def _reject_before(self, row: tuple[float, float]) -> Rejected | None:
        """The row belongs to another spectrum: it begins one, if it can."""
        seen = len(self._rows)
        rejected = self._reject(f"the axis breaks off at {row[0]:g}, after {seen} rows")
        can_begin = self._format.axis != "pixel" or row[0] in (0.0, 1.0)
        if can_begin:
            self._rows.append(row)
        self._headers_seen = self._format.header_lines if can_begin else 0
        return rejected

    def _too_many(self) -> Rejected | None:
        if len(self._rows) <= self._format.pixel_count:
            return None
        return self._reject(f"more than {self._format.pixel_count} rows")

    def _finish(self) -> Reading | Rejected:
        if len(self._rows) != self._format.pixel_count:
            return self._reject(f"{len(self._rows)} rows, not {self._format.pixel_count}")
        table = np.array(self._rows)
        return self._spectrum(table[:, 1], table[:, 0] if self._format.axis != "pixel" else None)

    def _spectrum(
        self, values: npt.NDArray[np.float64], axis: npt.NDArray[np.float64] | None
    ) -> Reading | Rejected:
        it = self._format
        counts = values * it.counts_per_unit + it.offset_counts
        rounded = np.rint(counts)
        if not np.isfinite(counts).all():
            return self._reject("a number too large for any detector")
        if it.counts_per_unit == 1 and it.offset_counts == 0 and (rounded != counts).any():
            return self._reject("counts that are not whole: counts_per_unit makes them so")
        if rounded.min() < 0:
            return self._reject(f"{rounded.min():g} counts: offset_counts lifts them")
        if rounded.max() > it.saturation_counts:
            most = f"{rounded.max():g} counts, saturation_counts is {it.saturation_counts}"
            return self._reject(most)
        self.reset()
        return Reading(as_counts(rounded, it.saturation_counts), axis)

    def _reject(self, reason: str) -> Rejected:
        rejected = Rejected(reason, self._byte_count)
        self.reset()
        return rejected


def as_counts(values: npt.NDArray[np.float64], saturation_counts: int) -> Counts:
    """Return whole counts as a frame holds them: uint16 up to 65,535 of saturation."""
    if saturation_counts <= 0xFFFF:
        return values.astype(np.uint16)
    return values.astype(np.uint32)


def cells_of(line: bytes, text_format: TextFormat) -> list[bytes]:
    """Return the columns of a line, with decimal points; an empty last one is none."""
    blanks = text_format.delimiter == " "
    cells = line.split() if blanks else line.split(text_format.delimiter.encode("ascii"))
    if cells and not cells[-1].strip():
        cells.pop()
    return [cell.replace(b",", b".") for cell in cells] if text_format.decimal_comma else cells


def numbers_of(line: bytes, text_format: TextFormat) -> list[float]:
    """Return the numbers of a line; none where one of its columns is none, or beyond all use."""
    try:
        numbers = [_number(cell) for cell in cells_of(line, text_format)]
    except ValueError:
        return []
    return numbers if all(abs(number) < _LARGEST for number in numbers) else []


def _number(cell: bytes) -> float:
    # float() also takes "nan", "1_000" and digits of other scripts
    stripped = cell.strip()
    if not stripped or stripped.translate(None, _NUMBER_BYTES):
        raise ValueError(f"not a number: {_shown(cell)}")
    try:
        value = float(stripped)
    except ValueError:
        raise ValueError(f"not a number: {_shown(cell)}") from None
    if not math.isfinite(value):
        raise ValueError(f"too large a number: {_shown(cell)}")
    return value


def _shown(line: bytes) -> str:
    cut = "…" if len(line) > _SHOWN_BYTES else ""
    return repr(line[:_SHOWN_BYTES])[1:] + cut
