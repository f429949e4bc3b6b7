"""Spectra as arrays: `.npz` with one axis and many intensities."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge.data.axis import mend_axis
from edge.data.block import Block
from edge.data.sample import Fault, Sample
from edge.errors import AxisError, DataError, SpectrumError
from edge.npz import DAMAGE
from edge.spectrum import AxisKind, Spectrum

_AXES: dict[str, AxisKind] = {
    "raman_shift_cm1": "raman_shift_cm1",
    "two_theta_deg": "two_theta_deg",
}
_INTENSITIES = ("intensity", "intensity_counts")
_LABELS = ("mineral", "label")
_ROWS = 64  # of a block: their intermediate results stay in the cache


class _Arrays(NamedTuple):
    kind: AxisKind
    axis: NDArray[np.float64]
    intensity: NDArray[Any]
    labels: NDArray[np.str_] | None


def read_blocks(source: str, file: BinaryIO) -> Iterator[Block | Sample | Fault]:
    """Yield the rows of an `.npz` with an axis (B,), `intensity` (N, B) and maybe labels (N,).

    They come as blocks; one by one only where each has to be mended by itself.

    Raises
    ------
    DataError
        If the file is no `.npz`, or its arrays are missing, empty or do not fit each other.
    """
    arrays = _load(source, file)
    try:
        axis, order, warnings = mend_axis(arrays.axis, np.arange(float(arrays.axis.size)))
    except AxisError as error:
        yield from (Fault(source, row, str(error)) for row in range(len(arrays.intensity)))
        return
    if not 0 < axis.size == arrays.axis.size:  # no points, or some of them coincide
        yield from _mended(source, arrays)
        return
    columns = order.astype(np.intp)
    in_order = bool((columns == np.arange(columns.size)).all())
    for start in range(0, len(arrays.intensity), _ROWS):
        rows = slice(start, start + _ROWS)
        some = arrays.intensity[rows]
        yield Block(
            source,
            start,
            axis,
            some if in_order else some[:, columns],
            arrays.kind,
            None if arrays.labels is None else [str(label) for label in arrays.labels[rows]],
            warnings,
            len(arrays.intensity),
        )


def _mended(source: str, arrays: _Arrays) -> Iterator[Sample | Fault]:
    for index, row in enumerate(arrays.intensity):
        label = None if arrays.labels is None else str(arrays.labels[index])
        try:
            axis, intensity, warnings = mend_axis(arrays.axis, row)
            spectrum = Spectrum(axis, intensity, arrays.kind)
        except SpectrumError as error:
            yield Fault(source, index, str(error))
        else:
            yield Sample(source, index, spectrum, label, None, warnings)


def _load(source: str, file: BinaryIO) -> _Arrays:
    try:
        loaded = np.load(file, allow_pickle=False)
        if not isinstance(loaded, np.lib.npyio.NpzFile):
            raise DataError(source, "not a .npz: one array without a name")
        with loaded as arrays:
            return _select(source, arrays)
    except DAMAGE as error:
        # numpy's own words would tell how to load what it takes for a pickle
        reason = "no archive of plain arrays" if "unsafely" in str(error) else str(error)
        raise DataError(source, f"not a readable .npz: {reason}") from error


def _select(source: str, arrays: np.lib.npyio.NpzFile) -> _Arrays:
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
    return _Arrays(_AXES[axis_name], axis, intensity, labels)


def _text(values: NDArray[Any]) -> NDArray[np.str_]:
    if values.dtype.kind == "S":
        return np.char.decode(values, "utf-8", "replace")
    return values


def _real(source: str, name: str, arrays: np.lib.npyio.NpzFile) -> NDArray[Any]:
    values = np.asarray(arrays[name])
    if values.dtype.kind not in "iufb":
        raise DataError(source, f"{name} holds {values.dtype}, no real numbers")
    return values
