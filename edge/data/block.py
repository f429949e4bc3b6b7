"""Consecutive spectra of a source that share an axis: what archives are made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.data.sample import Fault, Sample
from edge.errors import SpectrumError
from edge.spectrum import AxisKind, Spectrum


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Spectra of one source on one axis.

    Parameters
    ----------
    source : file name, with the member's name inside a zip
    first : position of the first of them inside that file
    axis : (P,) float64, strictly increasing
    intensity : (N, P) real numbers of any type; a row may hold some that are not finite
    axis_kind : what the axis measures
    labels : (N,) minerals as the file spells them, None where it does not say
    warnings : what was mended while reading, in words, of each spectrum
    total : how many spectra the file has
    """

    source: str
    first: int
    axis: NDArray[np.float64]
    intensity: NDArray[Any]
    axis_kind: AxisKind = "raman_shift_cm1"
    labels: Sequence[str] | None = None
    warnings: tuple[str, ...] = ()
    total: int = 1

    @classmethod
    def of(cls, sample: Sample) -> Block:
        """Return a block of a single spectrum."""
        spectrum = sample.spectrum
        return cls(
            sample.source,
            sample.index,
            spectrum.axis,
            spectrum.intensity[np.newaxis],
            spectrum.axis_kind,
            None if sample.label is None else (sample.label,),
            sample.warnings,
        )

    def __len__(self) -> int:
        return len(self.intensity)

    def samples(self) -> Iterator[Sample | Fault]:
        """Yield the spectra one by one, and a fault for each that is none."""
        for row in range(len(self)):
            label = None if self.labels is None else self.labels[row]
            try:
                spectrum = self.spectrum(row)
            except SpectrumError as error:
                yield Fault(self.source, self.first + row, str(error))
            else:
                yield Sample(self.source, self.first + row, spectrum, label, None, self.warnings)

    def spectrum(self, row: int) -> Spectrum:
        """Return one of the spectra.

        Raises
        ------
        InvalidSpectrumError
            If an intensity is NaN or infinite.
        """
        return Spectrum(self.axis, self.intensity[row], self.axis_kind)

    def invalid(self) -> dict[int, str]:
        """Return why rows are no spectra, by row."""
        if self.intensity.dtype.kind != "f" or np.isfinite(self.intensity).all():
            return {}
        reasons: dict[int, str] = {}
        for row in np.flatnonzero(~np.isfinite(self.intensity).all(axis=1)).tolist():
            try:
                self.spectrum(row)
            except SpectrumError as error:
                reasons[row] = str(error)
        return reasons
