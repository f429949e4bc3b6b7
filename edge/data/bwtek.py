"""B&W Tek exports (BWSpec, BWRam): counts with their dark, and how the pixels were calibrated.

A header of ``key;value`` lines, a row that names the columns, a row a pixel. Decimal comma or
point, as the exporting computer had it. The axis columns are empty outside of what was displayed.
The spelling of the keys is the maker's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edge.data.sample import Fault, Sample
from edge.errors import DataError, SpectrumError
from edge.spectrum import Acquisition, Spectrum

SATURATION_COUNTS = 65535
"""Of the 16-bit converters in all instruments whose exports are known."""

_START = re.compile(r"\ufeff?File Version([;,\t])\s*BW")
_MOST_PIXELS = 2**16
_MOST_HEADER_LINES = 1000
_NM_PER_CM = 1e7


@dataclass(frozen=True, slots=True, eq=False)
class BwtekExport:
    """One scan of a file: P pixels as the detector gave them, the mean where scans were averaged.

    Parameters
    ----------
    source : file name, with the member's name inside a zip
    instrument_id : model and the code that tells two of it apart, `BTC162E-532S-SYS-TUO`
    taken_at : local time as the file says it
    integration_time_ms : ms, of one scan, the maker's time multiplier counted in
    averages : scans averaged
    laser_wavelength_nm : nm, as set in the maker's software
    wavelength_coefficients_nm : c₀ … c₃ of c₀ + c₁·pixel + …, nm
    raw_counts : (P,) float64, counts
    dark_counts : (P,) float64, counts, laser off; None where the file has no such column
    is_displayed : (P,) bool, False for pixels that the maker's software leaves out
    header : all of it, as it is spelled
    """

    source: str
    instrument_id: str
    taken_at: str
    integration_time_ms: float
    averages: int
    laser_wavelength_nm: float
    wavelength_coefficients_nm: tuple[float, ...]
    raw_counts: NDArray[np.float64]
    dark_counts: NDArray[np.float64] | None
    is_displayed: NDArray[np.bool_]
    header: dict[str, str] = field(repr=False)

    @property
    def counts_above_dark(self) -> NDArray[np.float64]:
        """Return (P,) counts above dark, or the raw counts where no dark was recorded."""
        return self.raw_counts if self.dark_counts is None else self.raw_counts - self.dark_counts

    def spectrum(self) -> Spectrum:
        """Return counts above dark on the file's own Raman-shift axis, displayed pixels only.

        Raises
        ------
        SpectrumError
            If coefficients and laser give no increasing axis.
        """
        pixels = np.flatnonzero(self.is_displayed)
        with np.errstate(all="ignore"):
            wavelength_nm = np.polynomial.Polynomial(self.wavelength_coefficients_nm)(pixels)
            axis = _NM_PER_CM * (1.0 / self.laser_wavelength_nm - 1.0 / wavelength_nm)
        acquisition = Acquisition(
            instrument_id=self.instrument_id,
            integration_time_ms=self.integration_time_ms,
            averages=self.averages,
            laser_wavelength_nm=self.laser_wavelength_nm,
            saturated_pixels=int((self.raw_counts[pixels] >= SATURATION_COUNTS).sum()),
        )
        return Spectrum(axis, self.counts_above_dark[pixels], "raman_shift_cm1", acquisition)


def is_bwtek(text: str) -> bool:
    r"""Tell an export from other text, by its first line.

    >>> is_bwtek("File Version;BWSpec4.11_1\nDate;2022-03-10"), is_bwtek("100, 12.5")
    (True, False)
    """
    return _START.match(text) is not None


def read_bwtek(source: str, text: str) -> Iterator[Sample | Fault]:
    """Yield the spectra of an export, one a scan, without label: the format has no place for one.

    Raises
    ------
    DataError
        If it is no such export, or damaged.
    """
    for index, export in enumerate(read_exports(source, text)):
        try:
            yield Sample(source, index, export.spectrum())
        except SpectrumError as error:
            yield Fault(source, index, str(error))


def read_exports(source: str, text: str) -> list[BwtekExport]:
    """Return the scans of one file; most have one.

    Raises
    ------
    DataError
        If the text is no such export, a key or column is missing, or a row holds no numbers.
    """
    start = _START.match(text)
    if start is None:
        raise DataError(source, "no B&W Tek export: the first line names no BWSpec or BWRam")
    separator = start.group(1)
    lines = text.lstrip("\ufeff").splitlines()
    header, columns, first = _read_header(source, lines, separator)
    table = _read_rows(source, lines, first, separator, len(columns))
    scans = [at for at, name in enumerate(columns) if name.startswith("Raw data")]
    if not scans:
        raise DataError(source, f"line {first}: no column 'Raw data #1'")
    return [_export(source, header, columns, table, at) for at in scans]


def _read_header(
    source: str, lines: list[str], separator: str
) -> tuple[dict[str, str], list[str], int]:
    """Return the header, the names of the columns, and where the first row is in `lines`."""
    header: dict[str, str] = {}
    for number, line in enumerate(lines[:_MOST_HEADER_LINES]):
        key, _, value = line.partition(separator)
        if key == "Pixel":
            return header, [name.strip() for name in line.split(separator)], number + 1
        header[key] = value.strip()
    raise DataError(source, "no row of column names: expected one that begins with 'Pixel'")


def _read_rows(
    source: str, lines: list[str], first: int, separator: str, width: int
) -> NDArray[np.float64]:
    """Return the table (P, columns), NaN where a cell is empty."""
    rows: list[list[float]] = []
    for number, line in enumerate(lines[first:], start=first + 1):
        if not line.strip():
            continue
        cells = line.split(separator)
        if len(cells) != width:
            raise DataError(source, f"line {number}: expected {width} columns, got {len(cells)}")
        try:
            rows.append([_number(cell) if cell.strip() else np.nan for cell in cells])
        except ValueError:
            raise DataError(source, f"line {number}: not numbers: {line[:60]!r}") from None
        if rows[-1][0] != len(rows) - 1 or len(rows) > _MOST_PIXELS:
            raise DataError(source, f"line {number}: expected pixel {len(rows) - 1}: {line[:20]!r}")
    if not rows:
        raise DataError(source, "no spectrum: the file holds no pixels")
    return np.array(rows)


def _export(
    source: str, header: dict[str, str], columns: list[str], table: NDArray[np.float64], at: int
) -> BwtekExport:
    numbers = {key: _header_number(source, header, key) for key in (*_POSITIVE, *_COEFFICIENTS)}
    for key in _POSITIVE:
        if not numbers[key] > 0:
            raise DataError(source, f"{key!r} is not positive: {header[key][:40]!r}")
    dark_at = columns.index("Dark") if "Dark" in columns else None
    return BwtekExport(
        source=source,
        instrument_id="-".join(filter(None, (header.get("model"), header.get("c code")))),
        taken_at=header.get("Date", ""),
        integration_time_ms=numbers["intigration times(ms)"] * numbers["time_multiply"],
        averages=max(1, round(numbers["average number"])),
        laser_wavelength_nm=numbers["laser_wavelength"],
        wavelength_coefficients_nm=tuple(numbers[key] for key in _COEFFICIENTS),
        raw_counts=_counts(source, columns, table, at),
        dark_counts=None if dark_at is None else _counts(source, columns, table, dark_at),
        is_displayed=_displayed(columns, table),
        header=header,
    )


_COEFFICIENTS = tuple(f"coefs_a{power}" for power in range(4))
_POSITIVE = ("laser_wavelength", "intigration times(ms)", "time_multiply", "average number")


def _counts(
    source: str, columns: list[str], table: NDArray[np.float64], at: int
) -> NDArray[np.float64]:
    missing = np.flatnonzero(~np.isfinite(table[:, at]))
    if missing.size:
        raise DataError(source, f"pixel {missing[0]}: no number in column {columns[at]!r}")
    return table[:, at]


def _displayed(columns: list[str], table: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return where the axis is given, or all pixels if it is given nowhere."""
    if "Raman Shift" in columns:
        has_axis = np.isfinite(table[:, columns.index("Raman Shift")])
        if has_axis.any():
            return has_axis
    return np.ones(len(table), dtype=np.bool_)


def _header_number(source: str, header: dict[str, str], key: str) -> float:
    try:
        value = _number(header[key])
    except KeyError:
        raise DataError(source, f"the header lacks {key!r}") from None
    except ValueError:
        raise DataError(source, f"{key!r} is no number: {header[key][:40]!r}") from None
    if not np.isfinite(value):
        raise DataError(source, f"{key!r} is no number: {header[key][:40]!r}")
    return value


def _number(cell: str) -> float:
    return float(cell.replace(",", "."))
