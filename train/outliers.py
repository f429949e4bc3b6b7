"""Spectra of minerals that are no class: what the unknown looks like.

No model is trained on them. They teach how the traits of a spectrum tell known from unknown
(`train/familiarity.py`), and are judged on minerals that were not learned from.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np
from numpy.typing import NDArray

from edge.data import Sample, normalize_label, read_data
from edge.errors import SpectrumError
from edge.preprocess import Grid, preprocess

FEWEST_MINERALS = 10
"""Of fewer, too little is learned from some to judge on others."""


@dataclass(frozen=True, slots=True, eq=False)
class Outliers:
    """Spectra of minerals outside the classes.

    Parameters
    ----------
    intensity : (U, B) float32, preprocessed
    minerals : U normalized names
    """

    intensity: NDArray[np.float32]
    minerals: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.minerals)


def load_outliers(
    data: Path, classes: tuple[str, ...], grid: Grid, names: frozenset[str] | None = None
) -> Outliers:
    """Read the spectra in DATA whose mineral is no class.

    Spectra of the classes that were not trained on are left out: they are neither.

    Parameters
    ----------
    data : anything `edge.data.read_data` takes
    classes : normalized names of the known minerals
    grid : what to preprocess onto
    names : file names that were trained on, to be passed over; None where there is no list

    Raises
    ------
    DataError
        If DATA does not exist or is of no kind that holds spectra.
    """
    rows: list[NDArray[np.float32]] = []
    minerals: list[str] = []
    for item in read_data(data):
        if not isinstance(item, Sample) or (names and PurePath(item.source).name in names):
            continue
        mineral = normalize_label(item.label or "")
        if not mineral or mineral in classes:
            continue
        try:
            rows.append(preprocess(item.spectrum, grid))
        except SpectrumError:  # could not be classified either
            continue
        minerals.append(mineral)
    none = np.zeros((0, grid.count), dtype=np.float32)
    return Outliers(np.stack(rows) if rows else none, tuple(minerals))
