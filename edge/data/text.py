"""Spectra as text: RRUFF files, and tables with the axis in the first column."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from edge.data.axis import mend_axis
from edge.data.labels import identity, laser_wavelength_nm
from edge.data.sample import Fault, Sample
from edge.errors import DataError, SpectrumError
from edge.spectrum import Acquisition, AxisKind, Spectrum

_TWO_THETA = re.compile(r"(2|two)[\s_-]?th(eta|_)", re.IGNORECASE)


def read_text(source: str, text: str) -> Iterator[Sample | Fault]:
    """Yield the spectra of one text: one of an RRUFF file, one a column of a table.

    Columns are separated by comma, semicolon, tab or blanks. ``##KEY=value`` lines are
    RRUFF's header, ``#`` starts a comment, and a first row of words names the columns. The
    axis is two theta where that row, or a comment, says so.
    """
    header, columns, rows, is_two_theta = _split_lines(text)
    try:
        table = _numbers(source, rows)
    except DataError as error:
        yield Fault(source, 0, error.reason)
        return
    named_label, specimen = identity(source, header)
    kind: AxisKind = "two_theta_deg" if is_two_theta else "raman_shift_cm1"
    for index in range(table.shape[1] - 1):
        label = named_label
        if label is None and len(columns) == table.shape[1] and table.shape[1] > 2:
            label = columns[index + 1]
        yield _sample(source, index, table[:, [0, index + 1]], kind, label, specimen, header)


def _split_lines(text: str) -> tuple[dict[str, str], list[str], list[tuple[int, str]], bool]:
    header: dict[str, str] = {}
    is_two_theta = False
    columns: list[str] = []
    rows: list[tuple[int, str]] = []
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), start=1):
        line = line.strip()
        if line.startswith("##"):
            key, _, value = line[2:].partition("=")
            header[key.strip().upper()] = value.strip()
        elif line.startswith("#"):
            is_two_theta = is_two_theta or _TWO_THETA.search(line) is not None
        elif line:
            if not rows and not columns and _names_columns(line):
                columns = [cell.strip("\"'") for cell in _cells(line)]
            else:
                rows.append((number, line))
    is_two_theta = "theta" in columns[0].lower() if columns else is_two_theta
    return header, columns, rows, is_two_theta


def _names_columns(line: str) -> bool:
    if "theta" in line.lower():
        return True
    return (line[0].isalpha() or line[0] in "\"'") and line[:3].lower() not in ("nan", "inf")


def _cells(line: str) -> list[str]:
    for separator in (",", ";", "\t"):
        if separator in line:
            return [cell.strip() for cell in line.split(separator)]
    return line.split()


def _numbers(source: str, rows: list[tuple[int, str]]) -> NDArray[np.float64]:
    if not rows:
        raise DataError(source, "no spectrum: the file holds no numbers")
    width = len(_cells(rows[0][1]))
    if width < 2:
        raise DataError(source, f"line {rows[0][0]}: expected axis and intensity, got one column")
    # a NaN ends each row: were one too long and another too short, it would not stand in line
    joined = " nan ".join(line for _, line in rows) + " nan"
    try:  # all at once: 50 times faster than line by line
        flat = np.array(joined.replace(",", " ").replace(";", " ").split(), dtype=np.float64)
        if flat.size == (width + 1) * len(rows):
            table = flat.reshape(len(rows), width + 1)
            if np.isnan(table[:, width]).all():
                return table[:, :width]
    except ValueError:
        pass  # the slow way finds the line
    return np.array([_row(source, number, line, width) for number, line in rows])


def _row(source: str, number: int, line: str, width: int) -> list[float]:
    cells = _cells(line)
    if len(cells) != width:
        raise DataError(source, f"line {number}: expected {width} columns, got {len(cells)}")
    try:
        return [float(cell) for cell in cells]
    except ValueError:
        raise DataError(source, f"line {number}: not numbers: {line[:60]!r}") from None


def _sample(
    source: str,
    index: int,
    table: NDArray[np.float64],
    kind: AxisKind,
    label: str | None,
    specimen: str | None,
    header: dict[str, str],
) -> Sample | Fault:
    laser = laser_wavelength_nm(source, header.get("RAMAN WAVELENGTH", ""))
    acquisition = Acquisition(laser_wavelength_nm=laser)
    try:
        axis, intensity, warnings = mend_axis(table[:, 0], table[:, 1])
        spectrum = Spectrum(axis, intensity, kind, acquisition)
    except SpectrumError as error:
        return Fault(source, index, str(error))
    return Sample(source, index, spectrum, label, specimen, warnings)
