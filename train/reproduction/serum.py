"""The COVID-19 serum set that PACE was evaluated on, as spectra on the set's own grid.

Raman spectra of human serum, 400 to 2112 cm⁻¹, 900 points whose positions are rounded to whole
cm⁻¹. They are interpolated onto as many points of equal distance and scaled to maximum one, as all
spectra are here; the authors feed the values as they are.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from edge.data import Sample, read_data
from edge.preprocess import Grid
from train.dataset import Dataset, load_dataset
from train.errors import DatasetError
from train.recipe import DataPart
from train.reproduction.material import locate
from train.reproduction.target import Workplace

CLASSES = ("healthy", "suspected", "COVID-19")
"""What the labels 0, 1 and 2 stand for (`label.json` beside the set)."""


def serum(place: Workplace) -> Dataset:
    """Return the serum spectra; no specimen of theirs is known.

    Raises
    ------
    MissingDataError
        If the set is not there.
    DatasetError
        If it is another than the one PACE was evaluated on.
    """
    return _serum(locate(place.data, "pace_cov/train.npz"))


@cache
def _serum(path: Path) -> Dataset:
    first = next((item for item in read_data(path) if isinstance(item, Sample)), None)
    if first is None:
        raise DatasetError(str(path), "expected serum spectra, got none that can be read")
    dataset, _ = load_dataset(path, DataPart(), own_grid(first))
    if len(dataset.classes) != len(CLASSES):
        expected = f"expected {len(CLASSES)} classes ({', '.join(CLASSES)})"
        raise DatasetError(str(path), f"{expected}, got {', '.join(dataset.classes)}")
    return replace(dataset, classes=CLASSES)


def own_grid(sample: Sample) -> Grid:
    """Return the grid of equal distances with the ends and as many points as a spectrum has."""
    axis = np.asarray(sample.spectrum.axis, dtype=np.float64)
    step = float(axis[-1] - axis[0]) / (len(axis) - 1)
    return Grid(float(axis[0]), step, len(axis), sample.spectrum.axis_kind)
