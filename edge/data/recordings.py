"""DATA as recordings that `replay` plays: counts, their axis, and their dark where there is one.

B&W Tek exports are played as they were taken: raw counts, rounded where they are means, the
recorded dark column, wavelength coefficients, integration time. What is known only as a spectrum
(RRUFF, tables, `.npz`, JCAMP-DX, SPC) becomes counts again: whole numbers stay what they are,
others are stretched to 1,000,000 counts from the lowest to the highest, or from zero, so that
rounding changes none by more than 0.5 ppm of that span. Where some are below zero all are lifted by
the same number of counts, and a dark frame of that height is recorded with them, so that
subtracting it gives them back.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from edge.data.block import Block
from edge.data.bwtek import SATURATION_COUNTS, BwtekExport, is_bwtek, read_exports
from edge.data.sample import Fault, Sample
from edge.data.sources import READERS, TEXT_SUFFIXES, Piece, Readers, read_with
from edge.data.text import read_text
from edge.errors import DataError
from firmware_bridge.drivers.replay import Recording
from firmware_bridge.errors import DriverSettingsError
from firmware_bridge.spectrum_frame import Counts

_MOST_COUNTS = 0xFFFF_FFFF
_SPAN_COUNTS = 1_000_000
_NM_PER_CM = 1e7


def read_recordings(
    path: Path, laser_wavelength_nm: float | None = None
) -> tuple[tuple[Recording, ...], tuple[Fault, ...]]:
    """Read everything under a path that can be played.

    Parameters
    ----------
    path : zip, folder, or file of any kind that `read_data` reads
    laser_wavelength_nm : nm, for what does not tell it; what tells it keeps its own

    Returns
    -------
    recordings, faults
        In the order of the files; a fault for each spectrum that cannot be played.

    Raises
    ------
    DataError
        If the path does not exist, or nothing in it can be played; then it says why.
    """
    recordings: list[Recording] = []
    faults: list[Fault] = []
    for piece in read_with(_READERS, path):
        for found in _played(piece, laser_wavelength_nm):
            if isinstance(found, Fault):
                faults.append(found)
            else:
                recordings.append(found)
    if not recordings:
        reason = faults[0].reason if faults else "no spectra"
        raise DataError(str(path), f"nothing that can be played: {reason}")
    return tuple(recordings), tuple(faults)


def _read_text_file(source: str, file: BinaryIO) -> Iterator[Piece | BwtekExport]:
    text = file.read().decode("utf-8", errors="replace")
    yield from read_exports(source, text) if is_bwtek(text) else read_text(source, text)


_READERS: Readers[Piece | BwtekExport] = {
    **READERS,
    **dict.fromkeys(TEXT_SUFFIXES, _read_text_file),
}


def _played(
    piece: Piece | BwtekExport, laser_wavelength_nm: float | None
) -> Iterator[Recording | Fault]:
    if isinstance(piece, Block):
        for sample in piece.samples():
            yield from _played(sample, laser_wavelength_nm)
    elif isinstance(piece, Fault):
        yield piece
    else:
        try:
            yield (
                _of_export(piece)
                if isinstance(piece, BwtekExport)
                else _of_sample(piece, laser_wavelength_nm)
            )
        except DriverSettingsError as error:
            yield Fault(piece.source, 0, str(error))
        except DataError as error:
            index = piece.index if isinstance(piece, Sample) else 0
            yield Fault(piece.source, index, error.reason)


def _of_export(export: BwtekExport) -> Recording:
    dark = export.dark_counts
    stacked = np.stack([export.raw_counts] if dark is None else [export.raw_counts, dark])
    if stacked.min() < 0 or stacked.max() > SATURATION_COUNTS:
        raise DataError(export.source, f"counts beyond 0 to {SATURATION_COUNTS}")
    counts = np.rint(stacked).astype(np.uint16)
    return Recording(
        source=export.source,
        counts=counts[0],
        saturation_counts=SATURATION_COUNTS,
        laser_wavelength_nm=export.laser_wavelength_nm,
        wavelength_coefficients_nm=export.wavelength_coefficients_nm,
        dark_counts=None if dark is None else counts[1],
        integration_time_us=_in_u32(export.integration_time_ms * 1e3),
        averages=min(export.averages, 0xFFFF),
        model=export.instrument_id,
    )


def _of_sample(sample: Sample, laser_wavelength_nm: float | None) -> Recording:
    spectrum = sample.spectrum
    if spectrum.axis_kind != "raman_shift_cm1":
        raise DataError(sample.source, "an axis that is no Raman shift: no detector shows that")
    laser_nm = spectrum.acquisition.laser_wavelength_nm or laser_wavelength_nm
    if laser_nm is None:
        raise DataError(sample.source, "it does not tell its laser: set laser_wavelength_nm")
    counts, dark = as_counts(spectrum.intensity)
    exposure_ms = spectrum.acquisition.integration_time_ms
    return Recording(
        source=sample.source,
        counts=counts,
        saturation_counts=_MOST_COUNTS,
        laser_wavelength_nm=laser_nm,
        wavelength_nm=_wavelength_nm(sample.source, spectrum.axis, laser_nm),
        dark_counts=dark,
        integration_time_us=_in_u32((exposure_ms or 0.0) * 1e3),
        averages=min(spectrum.acquisition.averages or 1, 0xFFFF),
        model=spectrum.acquisition.instrument_id or "",
    )


def as_counts(intensity: NDArray[np.float64]) -> tuple[Counts, Counts | None]:
    """Return intensities as a detector would count them, and the dark frame to subtract.

    Parameters
    ----------
    intensity : (P,) float64, any unit

    Returns
    -------
    counts, dark_counts : (P,) uint32, counts; no dark where nothing lies below zero

    Examples
    --------
    >>> as_counts(np.array([3.0, 0.0, 70_000.0]))
    (array([    3,     0, 70000], dtype=uint32), None)
    >>> counts, dark_counts = as_counts(np.array([-0.5, 1.5, 0.0]))
    >>> counts.tolist(), dark_counts.tolist()
    ([0, 1000000, 250000], [250000, 250000, 250000])
    """
    lowest, highest = min(0.0, float(intensity.min())), max(0.0, float(intensity.max()))
    is_whole = bool((np.rint(intensity) == intensity).all())
    fits = is_whole and highest - lowest < _MOST_COUNTS
    span = highest - lowest
    scale = 1.0 if fits or span == 0 else _SPAN_COUNTS / span
    lift = np.rint(-lowest * scale)
    counts = np.rint(intensity * scale) + lift
    if lowest == 0:
        return counts.astype(np.uint32), None
    return counts.astype(np.uint32), np.full(counts.shape, lift, dtype=np.uint32)


def _wavelength_nm(
    source: str, axis_cm1: NDArray[np.float64], laser_nm: float
) -> NDArray[np.float64]:
    scattered_cm1 = _NM_PER_CM / laser_nm - axis_cm1
    if scattered_cm1.min() <= 0:
        raise DataError(source, f"Raman shifts beyond the laser's {laser_nm:g} nm")
    return _NM_PER_CM / scattered_cm1


def _in_u32(time_us: float) -> int:
    return min(round(time_us), _MOST_COUNTS)
