"""The label subsets that Soysal et al. published, as positions among the 838 raw spectra.

They published 347 raw arrays with the lists of those that are labelled at 10, 20, 30 and 40 %. Of
these arrays 337 are preprocessed spectra of the 838 to within 1e-6, so that file and specimen are
known. The other ten come from older files of the same minerals, which are not among the 838: the
most similar spectrum of the same mineral stands in for each, as long as there is one left (339 of
the 340 at 40 %). No list is published for 50 %: 85 spectra are drawn and added to those of 40 %.

The published test set is not here either. One is drawn for each seed among the spectra that no
subset holds, and serves both protocols with the same trained model:

as in the paper
    about 150 spectra, drawn by mineral; other spectra of their specimens may be labelled.
by specimen
    all spectra of those specimens of that test set of which no subset holds any spectrum. None of
    their spectra is trained on by anything, labelled or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.data import normalize_label
from edge.npz import DAMAGE
from train.dataset import Dataset
from train.errors import DatasetError
from train.reproduction.material import locate, raw63
from train.reproduction.target import Workplace

PERCENTS = (10, 20, 30, 40, 50)
"""Shares of labels, as in tables 7, 8 and 10 of Soysal et al. 2025."""

_PUBLISHED = PERCENTS[:-1]
_DRAWN = 85  # spectra, 10 % of 850
_TEST = 150  # spectra, as many as in the paper
_EQUAL = 1e-6  # of the maximum
_SEED_OF_50_PERCENT = 50


@dataclass(frozen=True, slots=True, eq=False)
class LabelSplit:
    """What is labelled, what is not, and what is judged on: positions in the data set, sorted.

    Parameters
    ----------
    labelled : (n,) int64
    unlabelled : (m,) int64, may be trained on without labels; none of it is `labelled` or judged
    test : (t,) int64, as in the paper
    test_by_specimen : (s,) int64, of specimens that are in neither `labelled` nor `unlabelled`
    """

    labelled: NDArray[np.int64]
    unlabelled: NDArray[np.int64]
    test: NDArray[np.int64]
    test_by_specimen: NDArray[np.int64]


def label_split(place: Workplace, percent: int, seed: int) -> LabelSplit:
    """Return a subset of `raw63` that is labelled, and the test sets of a seed.

    Parameters
    ----------
    place : where the data are
    percent : one of `PERCENTS`
    seed : of the test sets; the same for all percents

    Raises
    ------
    MissingDataError
        If the published arrays are not there.
    DatasetError
        If they are not what Soysal et al. published.
    """
    dataset, published = raw63(place), published_subsets(place)
    in_any = np.unique(np.concatenate(list(published.values())))
    everything = np.arange(len(dataset))
    test = _draw(dataset, np.setdiff1d(everything, in_any), _TEST, seed)
    specimens = np.array(dataset.specimens, dtype=object)
    unseen = np.setdiff1d(specimens[test], specimens[in_any])
    by_specimen = np.flatnonzero(np.isin(specimens, unseen))
    left = np.setdiff1d(everything, np.union1d(test, by_specimen))
    labelled = np.sort(published[min(percent, _PUBLISHED[-1])])
    if percent not in published:
        more = _draw(dataset, np.setdiff1d(left, in_any), _DRAWN, _SEED_OF_50_PERCENT)
        labelled = np.union1d(labelled, more)
    return LabelSplit(labelled, np.setdiff1d(left, labelled), test, by_specimen)


def published_subsets(place: Workplace) -> dict[int, NDArray[np.int64]]:
    """Return positions in `raw63` of what is labelled at 10, 20, 30 and 40 %, in published order.

    Raises
    ------
    MissingDataError, DatasetError
        As `label_split`.
    """
    return _subsets(locate(place.data, "soysal/raw_train.npz"), raw63(place))


@cache
def _subsets(path: Path, dataset: Dataset) -> dict[int, NDArray[np.int64]]:
    names = [f"labelled_{percent}_percent" for percent in _PUBLISHED]
    try:
        # numpy leaves a file open that it opened itself and found to be no archive
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            intensity, minerals = arrays["intensity"], arrays["mineral"]
            lists = [arrays[name] for name in names]
        positions = match(dataset, intensity, [str(mineral) for mineral in minerals])
        subsets = [_known(positions[chosen]) for chosen in lists]
    except (*DAMAGE, KeyError, IndexError, TypeError) as error:
        raise DatasetError(
            str(path), f"not the arrays that Soysal et al. published: {error}"
        ) from error
    return dict(zip(_PUBLISHED, subsets, strict=True))


def _known(positions: NDArray[np.int64]) -> NDArray[np.int64]:
    return positions[positions >= 0]


def match(
    dataset: Dataset, intensity: NDArray[np.float32], minerals: list[str]
) -> NDArray[np.int64]:
    """Return which spectrum of a data set each published array is, or is most like.

    Parameters
    ----------
    dataset : where they are looked for
    intensity : (n, B) float32, on the grid of the data set
    minerals : n labels

    Returns
    -------
    (n,) int64, all different; for an array that is none of the data set, the most similar spectrum
    (by the cosine) of the same mineral that no other array is, or −1 if there is none left

    Raises
    ------
    ValueError
        If a mineral is none of the data set's.
    """
    found = np.full(len(intensity), -1, dtype=np.int64)
    names = [normalize_label(mineral) for mineral in minerals]
    unknown = sorted(set(names) - set(dataset.classes))
    if unknown:
        raise ValueError(f"{', '.join(unknown)}: none of the {len(dataset.classes)} minerals")
    class_ids = [dataset.classes.index(name) for name in names]
    for row, (array, class_id) in enumerate(zip(intensity, class_ids, strict=True)):
        of_class = np.flatnonzero(dataset.class_ids == class_id)
        difference = np.abs(dataset.intensity[of_class] - array).max(axis=1)
        if difference.min() <= _EQUAL:
            found[row] = of_class[difference.argmin()]
    for row in np.flatnonzero(found < 0).tolist():
        of_class = np.flatnonzero(dataset.class_ids == class_ids[row])
        free = np.setdiff1d(of_class, found)
        candidates = dataset.intensity[free]
        cosines = candidates @ intensity[row] / np.linalg.norm(candidates, axis=1)
        if len(free):
            found[row] = free[cosines.argmax()]
    return found


def _draw(dataset: Dataset, among: NDArray[np.int64], count: int, seed: int) -> NDArray[np.int64]:
    """Draw spectra, of each mineral its share as nearly as whole spectra allow, sorted."""
    generator = np.random.default_rng(seed)
    shuffled = generator.permutation(among)
    by_mineral = shuffled[np.argsort(dataset.class_ids[shuffled], kind="stable")]
    steps = (np.arange(count) + generator.random()) * len(among) / count  # systematic sampling
    return np.sort(by_mineral[steps.astype(np.int64)])
