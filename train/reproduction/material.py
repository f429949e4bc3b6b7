"""The data sets that targets work on, read once a process.

Under the data folder, either directly (as `outcrop data fetch` leaves them) or in these folders:

========================================  =====================================================
rruff/LR-Raman.zip                        RRUFF low-resolution raw spectra
rruff/excellent_oriented.zip              RRUFF high-resolution oriented, processed spectra
soysal/raw_train.npz                      arrays and label subsets that Soysal et al. published
hed/hed_two_spectra.csv                   two diffractograms of Sun et al.
pace_cov/train.npz                        the COVID-19 serum set that PACE was evaluated on
========================================  =====================================================
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from edge.preprocess import PAPER_GRID
from train.dataset import Dataset, load_dataset, read_names
from train.errors import MissingDataError
from train.recipe import DataPart
from train.reproduction.target import Workplace

NAMES_63 = Path(__file__).parents[1] / "recipes" / "soysal63_train.txt"
LEAST_SPECTRA = 8
"""Minerals with fewer spectra are dropped (Soysal et al. 2025, §2.1)."""


def locate(data: Path, name: str) -> Path:
    """Return where a file of the data folder lies.

    Parameters
    ----------
    data : the data folder
    name : as in the table above, with its folder

    Raises
    ------
    MissingDataError
        If it is neither there nor directly in the data folder.
    """
    for path in (data / name, data / Path(name).name):
        if path.exists():
            return path
    raise MissingDataError(str(data), name)


def raw63(place: Workplace) -> Dataset:
    """Return the 838 raw spectra of 63 minerals that Soysal et al. published for training."""
    return _raw63(locate(place.data, "rruff/LR-Raman.zip"))


def oriented(place: Workplace) -> Dataset:
    """Return the processed oriented spectra ("clean") of minerals with at least 8 of them."""
    return _pruned(locate(place.data, "rruff/excellent_oriented.zip"))


def low_resolution(place: Workplace) -> Dataset:
    """Return the raw low-resolution spectra of minerals with at least 8 of them."""
    return _pruned(locate(place.data, "rruff/LR-Raman.zip"))


@cache
def _raw63(path: Path) -> Dataset:
    # of one of the 63 minerals five spectra are among those published for training
    part = DataPart(min_spectra_per_class=5)
    return load_dataset(path, part, PAPER_GRID, read_names(NAMES_63))[0]


@cache
def _pruned(path: Path) -> Dataset:
    return load_dataset(path, DataPart(min_spectra_per_class=LEAST_SPECTRA), PAPER_GRID)[0]
