"""Exposures in files, as `outcrop calibrate` takes them.

A B&W Tek export; a text of two columns, wavelength in nm and counts; an `.npz` with `counts` (P,)
and `wavelength_nm` (P,) or `wavelength_coefficients_nm`, and maybe `dark_counts` (P,),
`laser_wavelength_nm`, `saturation_counts`. Each also as a member of a zip: `frames.zip/neon.txt`.
"""

from __future__ import annotations

import math
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.calibration.axis import Calibration
from edge.calibration.exposure import Exposure
from edge.data.bwtek import SATURATION_COUNTS, is_bwtek, read_exports
from edge.errors import CalibrationError, DataError
from edge.npz import DAMAGE, open_npz

_LARGEST_BYTES = 64 * 2**20
_FEWEST_PIXELS = 16


def read_exposure(path: Path) -> Exposure:
    """Read the one exposure of a file.

    Raises
    ------
    DataError
        If there is no such file, it holds none or several, is damaged, or does not say where
        the pixels stand.
    """
    exposure = _parsed(path, _read_bytes(path))
    try:
        exposure.calibration.axis_nm()
    except CalibrationError as error:
        raise DataError(str(path), str(error)) from error
    return exposure


def _parsed(path: Path, content: bytes) -> Exposure:
    if path.suffix.lower() == ".npz":
        return _from_npz(str(path), content)
    text = content.decode("utf-8", errors="replace")
    return (_from_bwtek if is_bwtek(text) else _from_table)(str(path), text)


def _read_bytes(path: Path) -> bytes:
    try:
        for archive in path.parents:
            if archive.suffix.lower() == ".zip" and archive.is_file():
                return _read_member(archive, str(path.relative_to(archive)))
        with path.open("rb") as file:
            content = file.read(_LARGEST_BYTES + 1)
    except OSError as error:
        raise DataError(str(path), error.strerror or str(error)) from error
    if len(content) > _LARGEST_BYTES:
        raise DataError(str(path), f"more than the {_LARGEST_BYTES} bytes an exposure may have")
    return content


def _read_member(archive: Path, name: str) -> bytes:
    try:
        with zipfile.ZipFile(archive) as members:
            if members.getinfo(name).file_size > _LARGEST_BYTES:
                raise DataError(f"{archive}/{name}", "more bytes than an exposure may have")
            return members.read(name)
    except KeyError:
        raise DataError(str(archive), f"no member {name!r}") from None
    except DAMAGE as error:
        raise DataError(str(archive), f"damaged zip: {error}") from error


def _from_bwtek(source: str, text: str) -> Exposure:
    exports = read_exports(source, text)
    if len(exports) != 1:
        raise DataError(source, f"{len(exports)} scans, expected one")
    export = exports[0]
    return Exposure(
        source,
        export.counts_above_dark,
        export.raw_counts >= SATURATION_COUNTS,
        Calibration(
            export.wavelength_coefficients_nm, export.laser_wavelength_nm, export.raw_counts.size
        ),
        export.instrument_id or None,
        export.taken_at,
    )


def _from_table(source: str, text: str) -> Exposure:
    rows = [
        line for line in text.lstrip("\ufeff").splitlines() if line.strip()[:1] not in ("", "#")
    ]
    try:
        table = np.array([row.replace(",", " ").split() for row in rows], dtype=np.float64)
    except ValueError:
        raise DataError(source, "expected two columns of numbers: nm and counts") from None
    if table.ndim != 2 or table.shape[1] != 2 or not np.isfinite(table).all():
        raise DataError(source, "expected two columns of numbers: nm and counts")
    return _exposure(source, table[:, 1], {"wavelength_nm": table[:, 0]})


def _from_npz(source: str, content: bytes) -> Exposure:
    try:
        with open_npz(content) as archive:
            arrays = {
                name: np.asarray(archive[name], dtype=np.float64)
                for name in _ARRAYS
                if name in archive
            }
    except DAMAGE as error:
        raise DataError(source, f"damaged npz: {error}") from error
    if "counts" not in arrays:
        raise DataError(source, "no array 'counts' (P,)")
    return _exposure(source, arrays.pop("counts"), arrays)


_ARRAYS = (
    *("counts", "dark_counts", "wavelength_nm", "wavelength_coefficients_nm"),
    *("laser_wavelength_nm", "saturation_counts"),
)


def _exposure(
    source: str, counts: NDArray[np.float64], arrays: dict[str, NDArray[np.float64]]
) -> Exposure:
    if counts.ndim != 1 or counts.size < _FEWEST_PIXELS:
        raise DataError(source, f"counts of shape {counts.shape}, expected (P,), P from 16")
    table = arrays.get("wavelength_nm", np.empty(0))
    coefficients = arrays.get("wavelength_coefficients_nm", np.empty(0))
    dark = arrays.get("dark_counts", np.zeros_like(counts))
    for name, array in (("wavelength_nm", table), ("dark_counts", dark)):
        if array.size and array.shape != counts.shape:
            raise DataError(source, f"{name} of shape {array.shape}, counts of {counts.shape}")
    if not np.isfinite(counts - dark).all():
        raise DataError(source, "counts that are not numbers")
    return Exposure(
        source,
        counts - dark,
        counts >= _scalar(source, arrays, "saturation_counts", math.inf),
        Calibration(
            tuple(coefficients.ravel().tolist()),
            _scalar(source, arrays, "laser_wavelength_nm", math.nan),
            counts.size,
            tuple(table.tolist()),
        ),
    )


def _scalar(
    source: str, arrays: dict[str, NDArray[np.float64]], name: str, otherwise: float
) -> float:
    found = arrays.get(name)
    if found is None:
        return otherwise
    if found.size != 1:
        raise DataError(source, f"{name} of shape {found.shape}, expected one number")
    return float(found.ravel()[0])
