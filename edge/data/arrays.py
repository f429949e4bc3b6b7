"""Spectra as arrays: `.npz` with one axis and many intensities."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from edge.data.axis import mend_axis
from edge.data.sample import Fault, Sample
from edge.errors import DataError, SpectrumError
from edge.npz import DAMAGE
from edge.spectrum import AxisKind, Spectrum

_AXES: dict[str, AxisKind] = {
    "raman_shift_cm1": "raman_shift_cm1",
    "two_theta_deg": "two_theta_deg",
}
_INTENSITIES = ("intensity", "intensity_counts")
_LABELS = ("mineral", "label")


def read_arrays(source: str, file: BinaryIO) -> Iterator[Sample | Fault]:
    """Yield the rows of an `.npz` with an axis (B,), `intensity` (N, B) and maybe labels (N,).

    Raises
    ------
    DataError
        If the file is no `.npz`, or its arrays are missing, empty or do not fit each other.
    """
    try:
        loaded = np.load(file, allow_pickle=False)
        if not isinstance(loaded, np.lib.npyio.NpzFile):
            raise DataError(source, "not a .npz: one array without a name")
        with loaded as arrays:
            kind, axis, intensity, labels = _select(source, arrays)
    except DAMAGE as error:
        # numpy's own words would tell how to load what it takes for a pickle
        reason = "no archive of plain arrays" if "unsafely" in str(error) else str(error)
        raise DataError(source, f"not a readable .npz: {reason}") from error
    for index, row in enumerate(intensity):
        label = None if labels is None else str(labels[index])
        try:
            ordered_axis, ordered, warnings = mend_axis(axis, row)
            spectrum = Spectrum(ordered_axis, ordered, kind)
        except SpectrumError as error:
            yield Fault(source, index, str(error))
        else:
            yield Sample(source, index, spectrum, label, None, warnings)


def _select(
    source: str, arrays: np.lib.npyio.NpzFile
) -> tuple[AxisKind, NDArray[np.float64], NDArray[np.float64], NDArray[np.str_] | None]:
    axis_name = next((name for name in _AXES if name in arrays), None)
    intensity_name = next((name for name in _INTENSITIES if name in arrays), None)
    if axis_name is None or intensity_name is None:
        raise DataError(source, f"expected raman_shift_cm1 and intensity, got {arrays.files}")
    axis = _real(source, axis_name, arrays).astype(np.float64)
    intensity = np.atleast_2d(_real(source, intensity_name, arrays))
    if axis.ndim != 1 or intensity.ndim != 2 or intensity.shape[1] != axis.size:
        raise DataError(
            source, f"{axis_name} {axis.shape} does not fit {intensity_name} {intensity.shape}"
        )
    if len(intensity) == 0:
        raise DataError(source, f"the file holds no spectra: {intensity_name} {intensity.shape}")
    label_name = next((name for name in _LABELS if name in arrays), None)
    labels = None if label_name is None else _text(arrays[label_name])
    if labels is not None and labels.shape != (len(intensity),):
        raise DataError(source, f"{len(intensity)} spectra, but {labels.shape} labels")
    return _AXES[axis_name], axis, intensity, labels


def _text(values: NDArray[Any]) -> NDArray[np.str_]:
    if values.dtype.kind == "S":
        return np.char.decode(values, "utf-8", "replace")
    return values


def _real(source: str, name: str, arrays: np.lib.npyio.NpzFile) -> NDArray[np.float64]:
    values = np.asarray(arrays[name])
    if values.dtype.kind not in "iufb":
        raise DataError(source, f"{name} holds {values.dtype}, no real numbers")
    return values
