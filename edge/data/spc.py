"""Galactic (Thermo GRAMS) SPC files, as the library `spcfile` reads them."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
from spcfile import SPCFile  # type: ignore[import-untyped]

from edge.data.axis import mend_axis
from edge.data.labels import identity, laser_wavelength_nm
from edge.data.sample import Fault, Sample
from edge.errors import DataError, SpectrumError
from edge.spectrum import Acquisition, AxisKind, Spectrum

LARGEST_BYTES = 64 * 2**20
_MOST_SPECTRA = 2**16  # the format numbers them with 16 bits
_HEADER_BYTES = 512
_SUBHEADER_BYTES = 32
_LOG_OFFSET = slice(248, 252)
_BYTE_ORDERS = {0x4B: "<", 0x4C: ">"}
_Y_16_BIT, _OWN_LABELS, _OWN_X, _EXPLICIT_X = 0x01, 0x20, 0x40, 0x80
_WAVENUMBER, _RAMAN_SHIFT, _DEGREES = 1, 13, 18
_GENERAL, _DIFFRACTION, _RAMAN = 0, 6, 9
_ABSORPTION = {2, 3, 10, 128, 129}
"""Absorbance, Kubelka-Munk, log(1/R), transmittance, reflectance: what no Raman spectrum is in."""


def read_spc(source: str, file: BinaryIO) -> Iterator[Sample | Fault]:
    """Yield the spectra of an SPC file of the new format, one a subfile.

    Raman shift in cm⁻¹ is taken; plain wavenumber with a warning, unless the file says that it is
    no Raman spectrum; and two theta of a diffractogram. The format has no field for a mineral's
    name: only a file named as RRUFF does it gives one.

    Raises
    ------
    DataError
        If it is no SPC file, damaged, too large, or on another axis.
    """
    content = file.read(LARGEST_BYTES + 1)
    if len(content) > LARGEST_BYTES:
        raise DataError(source, f"more than the {LARGEST_BYTES} bytes an SPC file may have")
    _check_promises(source, content)
    spc = _load(source, content)
    kind, warnings = _axis_kind(source, spc)
    label, specimen = identity(source, {})
    acquisition = Acquisition(laser_wavelength_nm=laser_wavelength_nm(source))
    for index, part in enumerate(spc.subfiles):
        try:
            axis, intensity, mended = mend_axis(part.x, part.y)
            spectrum = Spectrum(axis, intensity, kind, acquisition)
        except SpectrumError as error:
            yield Fault(source, index, str(error))
        else:
            yield Sample(source, index, spectrum, label, specimen, (*warnings, *mended))


def _check_promises(source: str, content: bytes) -> None:
    """Refuse what promises more than it holds: the library makes room for it before it looks."""
    if len(content) < _HEADER_BYTES:
        raise DataError(source, f"an SPC header has {_HEADER_BYTES} bytes, got {len(content)}")
    order = _BYTE_ORDERS.get(content[1])
    if order is None:
        old = " of the old format, to be saved again in the new one" if content[1] == 0x4D else ""
        raise DataError(source, f"expected SPC version 0x4B or 0x4C, got 0x{content[1]:02X}{old}")
    flags = content[0]
    (points,) = struct.unpack_from(f"{order}I", content, 4)
    (spectra,) = struct.unpack_from(f"{order}I", content, 24)
    if not 1 <= spectra <= _MOST_SPECTRA:
        raise DataError(source, f"{spectra} spectra in an SPC file, expected 1 to {_MOST_SPECTRA}")
    each = _SUBHEADER_BYTES
    if not flags & _OWN_X:
        each += points * (2 if flags & _Y_16_BIT else 4)
    shared = 4 * points if flags & _EXPLICIT_X and not flags & _OWN_X else 0
    if (needed := _HEADER_BYTES + shared + spectra * each) > len(content):
        raise DataError(source, f"cut off: expected {needed} bytes or more, got {len(content)}")


def _load(source: str, content: bytes) -> SPCFile:
    try:
        # the library takes a path only, and members of a zip have none
        with tempfile.NamedTemporaryFile(suffix=".spc") as copy, np.errstate(all="ignore"):
            copy.write(content[: _LOG_OFFSET.start])
            copy.write(bytes(4))  # no log: a damaged one would cost the spectra
            copy.write(content[_LOG_OFFSET.stop :])
            copy.flush()
            return SPCFile(copy.name)
    except Exception as error:  # whatever a damaged file makes it raise
        reason = " ".join(str(error).split())[:100] or type(error).__name__
        raise DataError(source, f"unreadable SPC: {reason}") from error


def _axis_kind(source: str, spc: SPCFile) -> tuple[AxisKind, tuple[str, ...]]:
    unit, experiment = spc.header["x_unit_code"], spc.header["experiment_type"]
    own_label = spc.header["axis_label_text"] if spc.flags & _OWN_LABELS else ""
    if unit == _RAMAN_SHIFT or "raman shift" in own_label.lower():
        return "raman_shift_cm1", ()
    if unit == _DEGREES and experiment == _DIFFRACTION:
        return "two_theta_deg", ()
    if unit == _WAVENUMBER and experiment == _RAMAN:
        return "raman_shift_cm1", ()
    if (
        unit == _WAVENUMBER
        and experiment == _GENERAL
        and spc.header["y_unit_code"] not in _ABSORPTION
    ):
        return "raman_shift_cm1", ("axis says wavenumber, taken for Raman shift",)
    raise DataError(
        source,
        f"the axis is {own_label or spc.x_unit} of {spc.experiment} ({spc.y_unit}), "
        "expected Raman shift in cm⁻¹",
    )
