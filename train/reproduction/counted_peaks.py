"""Peaks counted once a data set, and what the rules of tables 1 and 2 make of the counts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist

from train.comparators.base import Rule
from train.comparators.peaks import PeakFinder, peak_counts
from train.dataset import Dataset
from train.reproduction.sets import SetName
from train.reproduction.target import Workplace
from train.splits import Fold

BIN_POINTS = 12
"""Width of a bin, cm⁻¹ (Soysal et al. 2025, §3.1)."""

_SECONDS_A_SPECTRUM: dict[PeakFinder, float] = {"wavelet": 0.012, "local_maxima": 1e-4}
_LOADING_S = 10.0
_SPECTRA: dict[SetName, int] = {"raw": 840, "raw102": 1200, "clean": 3000}


def counting_s(finder: PeakFinder, name: SetName, place: Workplace) -> float:
    """Return about how long reading a set and counting its peaks takes, s."""
    spectra = _SPECTRA[name] / (8 if place.quick else 1)
    return _LOADING_S + spectra * _SECONDS_A_SPECTRUM[finder]


@cache
def counts_of(dataset: Dataset, finder: PeakFinder) -> NDArray[np.float32]:
    """Return counts (N, 116) of the peaks of all spectra; counted once a process."""
    return peak_counts(dataset.intensity, finder, BIN_POINTS)


def top1_of_folds(
    dataset: Dataset, features: NDArray[np.float32], rule: Rule, folds: Sequence[Fold]
) -> tuple[float, int]:
    """Return the top-1 of a rule over folds, %, and how many spectra were judged.

    Parameters
    ----------
    dataset : says which class each spectrum is of
    features : (N, D)
    rule : fitted anew in each fold
    folds : pooled
    """
    hits = []
    for fold in folds:
        truth = dataset.class_ids
        scores = rule.fit(features[fold.train], truth[fold.train], len(dataset.classes))
        hits.append(scores(features[fold.held_out]).argmax(axis=1) == truth[fold.held_out])
    pooled = np.concatenate(hits)
    return 100 * float(pooled.mean()), len(pooled)


def mean_distances(
    features: NDArray[np.float32], class_ids: NDArray[np.int64]
) -> tuple[float, float]:
    """Return the mean Euclidean distance of pairs within a class, and of pairs of two classes.

    >>> x = np.array([[0], [1], [5]], dtype=np.float32)
    >>> mean_distances(x, np.array([0, 0, 1]))
    (1.0, 4.5)
    """
    distances = pdist(features)
    first, second = np.triu_indices(len(features), k=1)
    same = class_ids[first] == class_ids[second]
    return float(distances[same].mean()), float(distances[~same].mean())
