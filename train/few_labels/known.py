"""Which spectra of a run are labelled, and the folds that leave them so."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray

from train.dataset import Dataset
from train.errors import DatasetError, SplitError
from train.few_labels.labels import check_labels, check_unlabelled
from train.splits import Fold, Group


def labelled_positions(dataset: Dataset, names: frozenset[str], source: str) -> NDArray[np.int64]:
    """Find the labelled spectra of a data set.

    Parameters
    ----------
    dataset : all spectra
    names : file names of those whose label counts
    source : of the names, for errors

    Returns
    -------
    (n,) int64, sorted

    Raises
    ------
    DatasetError
        If a name is none of the data set's.
    TooFewLabelsError
        If a mineral has no labelled spectrum.
    NoUnlabelledError
        If nothing is left without a label.
    """
    found = [PurePath(name).name for name in dataset.sources]
    strange = sorted(names - set(found))
    if strange:
        reason = f"{len(strange)} of {len(names)} names are no spectra that are used: {strange[0]}"
        raise DatasetError(source, reason)
    is_labelled = np.array([name in names for name in found])
    labelled = np.flatnonzero(is_labelled)
    check_labels(dataset, labelled)
    check_unlabelled("passing labels on", np.flatnonzero(~is_labelled))
    return labelled


def keep_labelled(
    folds: Sequence[Fold], dataset: Dataset, labelled: NDArray[np.int64], group: Group
) -> tuple[Fold, ...]:
    """Train on the labelled spectra in every fold; judge none of them.

    There are too few to hold any out. What is judged are unlabelled spectra, whose labels no
    training has seen; grouped by specimen, those of specimens without a labelled spectrum.

    Parameters
    ----------
    folds : of all spectra
    dataset : all spectra
    labelled : (n,) positions
    group : what the folds keep together

    Raises
    ------
    SplitError
        If a fold is left with nothing to judge.
    """
    stays = np.zeros(len(dataset), dtype=np.bool_)
    stays[labelled] = True
    if group == "specimen":
        known = {dataset.specimens[position] for position in labelled}
        stays |= np.array([specimen in known for specimen in dataset.specimens])
    kept = tuple(
        Fold(
            np.sort(np.concatenate([fold.train, fold.held_out[stays[fold.held_out]]])),
            fold.held_out[~stays[fold.held_out]],
        )
        for fold in folds
    )
    if any(not len(fold.held_out) for fold in kept):
        what = "specimen has a labelled one" if group == "specimen" else "one is labelled"
        raise SplitError(
            "cross-validation",
            f"no spectra to judge in one of {len(kept)} folds, where every {what}; label fewer, or "
            "take fewer folds",
        )
    return kept
