"""The two real diffractograms of Sun et al. 2021, one of each phase, as a table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.data import read_data
from edge.data.sample import Fault
from edge.errors import DataError
from train.errors import DatasetError
from train.hed.errors import RampError
from train.hed.ramp import POINTS

_INDEX = (0, 340)


@dataclass(frozen=True, slots=True, eq=False)
class TwoSpectra:
    """One diffractogram of each phase.

    Parameters
    ----------
    two_theta_deg : (B,) float64
    intensity : (2, B) float64, baselines removed, first phase first
    index : where in the ramp of 349 they were measured
    """

    two_theta_deg: NDArray[np.float64]
    intensity: NDArray[np.float64]
    index: tuple[int, int] = _INDEX


def read_two_spectra(path: Path) -> TwoSpectra:
    """Read the table: two theta, the diffractogram of index 0, the one of index 340.

    Raises
    ------
    DatasetError
        If it cannot be read, or holds anything but two diffractograms of 4023 points.
    """
    try:
        found = list(read_data(path))
    except DataError as error:
        raise DatasetError(str(path), error.reason) from error
    samples = []
    for item in found:
        if isinstance(item, Fault):
            raise DatasetError(str(path), item.reason)
        samples.append(item)
    if len(samples) != len(_INDEX) or samples[0].spectrum.axis_kind != "two_theta_deg":
        kinds = sorted({sample.spectrum.axis_kind for sample in samples})
        got = f"{len(samples)} columns of intensities on {', '.join(kinds) or 'no axis'}"
        raise RampError(str(path), "2 diffractograms on two_theta_deg", got)
    points = len(samples[0].spectrum.axis)
    if points != POINTS:
        raise RampError(str(path), f"{POINTS} points", str(points))
    intensity = np.stack([sample.spectrum.intensity for sample in samples])
    return TwoSpectra(samples[0].spectrum.axis, intensity)
