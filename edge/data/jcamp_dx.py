"""JCAMP-DX: a spectrum a block; the library `jcamp` decodes their ordinates.

Only the labels a spectrum needs, and its data lines, are handed to it: of what it does not know
it keeps every line, in time that grows with the square of their number. Runs of equal values (DUP)
are written out before: it takes runs of ten or more, and those after SQZ, for something else.

Source: McDonald, Wilks, *JCAMP-DX: a standard form for exchange of infrared spectra*, 1988.
"""

from __future__ import annotations

import contextlib
import io
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

import jcamp  # type: ignore[import-untyped]
import numpy as np
from numpy.typing import NDArray

from edge.data.axis import mend_axis
from edge.data.labels import identity, laser_wavelength_nm, plausible_label
from edge.data.sample import Fault, Sample
from edge.errors import DataError, SpectrumError
from edge.spectrum import Acquisition, AxisKind, Spectrum

LARGEST_BYTES = 8 * 2**20
_LONGEST_LINE = 2**16
_MOST_POINTS = 2**20
_DATA = ("XYDATA", "XYPOINTS")
_EVEN = "(X++(Y..Y))"
_PAIRS = "(XY..XY)"
_DIGITS = r"(?:\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})"
_DUPLICATED = re.compile(
    rf"([@A-Ia-i%J-Rj-r]{_DIGITS}?|[+\-]{_DIGITS}|(?<![\d.]){_DIGITS})([S-Zs])(\d{{0,8}})"
)
_DUP_DIGITS = "STUVWXYZs"
_WAVENUMBER = re.compile(r"1/CM|CM\^?-1|CM⁻¹|WAVENUMBER|RAMAN\s*SHIFT")


@dataclass(slots=True)
class _Block:
    header: dict[str, str] = field(default_factory=dict)
    form: str | None = None
    lines: list[str] = field(default_factory=list)


def read_jcamp(source: str, file: BinaryIO) -> Iterator[Sample | Fault]:
    """Yield the spectra of a JCAMP-DX file, one a block with `##XYDATA` or `##XYPOINTS`.

    Raman spectra in cm⁻¹ are taken, and diffractograms in degrees of two theta.

    Raises
    ------
    DataError
        If the file is too large, or holds no block with a spectrum.
    """
    content = file.read(LARGEST_BYTES + 1)
    if len(content) > LARGEST_BYTES:
        raise DataError(source, f"more than the {LARGEST_BYTES} bytes a JCAMP-DX file may have")
    blocks = [block for block in _blocks(content.decode("utf-8", "replace")) if block.form]
    if not blocks:
        raise DataError(source, "no spectrum: the file holds no ##XYDATA= or ##XYPOINTS=")
    for index, block in enumerate(blocks):
        try:
            yield _sample(source, index, block)
        except (DataError, SpectrumError) as error:
            reason = error.reason if isinstance(error, DataError) else str(error)
            yield Fault(source, index, reason)


def _blocks(text: str) -> Iterator[_Block]:
    block, in_data = _Block(), False
    for line in text.splitlines():
        line = line.partition("$$")[0].strip()
        if line.startswith("##"):
            label, _, value = line[2:].partition("=")
            label = re.sub(r"[\s\-/_$]", "", label).upper()  # the standard's way to compare labels
            if label == "TITLE":
                yield block
                block = _Block()
            in_data = label in _DATA
            if in_data:
                block.form = re.sub(r"\s", "", value).upper()
            block.header.setdefault(label, value.strip())
        elif in_data and line:
            block.lines.append(line)
    yield block


def _sample(source: str, index: int, block: _Block) -> Sample:
    header = block.header
    kind = _axis_kind(source, header)
    axis, intensity, warnings = _decode(source, block)
    ordered_axis, ordered, mended = mend_axis(axis, intensity)
    known = {"NAMES": header.get("NAMES", ""), "RRUFFID": header.get("RRUFFID", "")}
    label, specimen = identity(source, known)
    laser = laser_wavelength_nm(source, header.get("RAMANWAVELENGTH", ""))
    return Sample(
        source,
        index,
        Spectrum(ordered_axis, ordered, kind, Acquisition(laser_wavelength_nm=laser)),
        label or plausible_label(header.get("TITLE", "")),
        specimen,
        (*warnings, *mended),
    )


def _axis_kind(source: str, header: dict[str, str]) -> AxisKind:
    units, data_type = header.get("XUNITS", "").upper(), header.get("DATATYPE", "").upper()
    if "THETA" in units or ("DEG" in units and "DIFFRACTION" in data_type):
        return "two_theta_deg"
    if _WAVENUMBER.search(units) and ("RAMAN" in data_type or "RAMAN" in units):
        return "raman_shift_cm1"
    found = f"{units[:40] or 'no named unit'} of {data_type[:40] or 'no named data type'}"
    raise DataError(source, f"the axis is in {found}, expected a RAMAN SPECTRUM in 1/CM")


def _decode(
    source: str, block: _Block
) -> tuple[NDArray[np.float64], NDArray[np.float64], tuple[str, ...]]:
    said = io.StringIO()
    lines = [*_needed_labels(source, block), *_written_out(source, block)]
    try:
        with contextlib.redirect_stdout(said), np.errstate(all="ignore"):
            found = jcamp.read(lines)
        axis = np.asarray(found["x"], dtype=np.float64)
        intensity = np.asarray(found["y"], dtype=np.float64)
    except Exception as error:  # the library raises just that
        reason = " ".join(str(error).split())[:100] or type(error).__name__
        raise DataError(source, f"unreadable data lines: {reason}") from error
    expected = _points(source, block.header) if block.form == _EVEN else axis.size
    if not axis.size == intensity.size == expected:
        raise DataError(source, f"expected {expected} points, got {intensity.size}")
    return axis, intensity, _checks(source, said.getvalue())


def _checks(source: str, said: str) -> tuple[str, ...]:
    wrong_y = said.count("Y-Check failed")
    if wrong_y:
        raise DataError(
            source, f"{wrong_y} lines do not begin where the one before ended (y-check)"
        )
    wrong_x = said.count("X-Check failed")
    return (f"{wrong_x} lines begin at another x than counted (x-check)",) if wrong_x else ()


def _needed_labels(source: str, block: _Block) -> list[str]:
    if block.form not in (_EVEN, _PAIRS):
        raise DataError(source, f"data of the form {block.form!s:.40}, expected {_EVEN}")
    header = block.header
    factors = [
        f"##{name}={_number(source, header, name)!r}"
        for name in ("XFACTOR", "YFACTOR")
        if header.get(name)
    ]
    if block.form == _PAIRS:
        return [*factors, f"##XYPOINTS={_PAIRS}"]
    ends = [f"##{name}={_number(source, header, name)!r}" for name in ("FIRSTX", "LASTX")]
    return [*factors, *ends, f"##NPOINTS={_points(source, header)}", f"##XYDATA={_EVEN}"]


def _points(source: str, header: dict[str, str]) -> int:
    points = _number(source, header, "NPOINTS")
    if not 2 <= points <= _MOST_POINTS:
        raise DataError(source, f"##NPOINTS= is {points:g}, expected 2 to {_MOST_POINTS}")
    return int(points)


def _number(source: str, header: dict[str, str], label: str) -> float:
    text = header.get(label, "")
    try:
        number = float(text.replace(",", ".", 1))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise DataError(source, f"##{label}= is {text[:40]!r}, expected a number")
    return number


def _written_out(source: str, block: _Block) -> list[str]:
    if max(map(len, block.lines), default=0) > _LONGEST_LINE:
        raise DataError(source, f"a line is longer than {_LONGEST_LINE} characters")
    if block.form == _PAIRS:
        return block.lines
    runs = sum(_run(found) for line in block.lines for found in _DUPLICATED.finditer(line))
    if runs > _points(source, block.header) + len(block.lines):
        raise DataError(source, "runs of equal values are longer than ##NPOINTS= allows")
    return [_DUPLICATED.sub(_repeated, line) for line in block.lines]


def _run(found: re.Match[str]) -> int:
    return int(f"{_DUP_DIGITS.index(found[2]) + 1}{found[3]}")


def _repeated(found: re.Match[str]) -> str:
    value = found[1]
    separator = " " if value[0].isdigit() or value[0] == "." else ""
    return separator.join([value] * _run(found))
