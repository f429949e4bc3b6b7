"""Folds: which spectra are held out when, by spectrum or by specimen."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from train.dataset import Dataset
from train.errors import SplitError

Group = Literal["specimen", "none"]
GROUPS: tuple[Group, ...] = get_args(Group)
_ATTEMPTS = 50


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """Positions in the data set: (n,) int64 to train on, (m,) int64 held out."""

    train: NDArray[np.int64]
    held_out: NDArray[np.int64]


def split(dataset: Dataset, folds: int, group: Group, seed: int) -> tuple[Fold, ...]:
    """Divide a data set into folds; every spectrum is held out exactly once.

    Parameters
    ----------
    dataset : what is divided
    folds : number of folds, at least 2
    group : ``specimen`` keeps all spectra of a specimen on one side; ``none`` does not care
    seed : the same seed gives the same folds

    Raises
    ------
    SplitError
        If a mineral would be missing from a training part, with its name.
    """
    if folds < 2:
        raise SplitError("cross-validation", f"expected at least 2 folds, got {folds}")
    specimens = _specimens(dataset) if group == "specimen" else ()
    missing: set[int] = set()
    for attempt in range(_ATTEMPTS):
        made = _divide(dataset, folds, specimens, seed + 1_000_003 * attempt)
        missing = _missing_classes(made, dataset.class_ids)
        if not missing:
            return made
    raise SplitError(
        "cross-validation",
        f"{_names(dataset, missing)}: missing from the training part of a fold in each of "
        f"{_ATTEMPTS} attempts; leave them out or take more folds",
    )


def _divide(
    dataset: Dataset, folds: int, specimens: tuple[str, ...], seed: int
) -> tuple[Fold, ...]:
    if specimens:
        grouped = StratifiedGroupKFold(folds, shuffle=True, random_state=seed % 2**32)
        pairs = grouped.split(dataset.intensity, dataset.class_ids, np.array(specimens))
    else:
        _check_counts(dataset, folds)
        plain = StratifiedKFold(folds, shuffle=True, random_state=seed % 2**32)
        pairs = plain.split(dataset.intensity, dataset.class_ids)
    return tuple(Fold(train.astype(np.int64), held.astype(np.int64)) for train, held in pairs)


def _specimens(dataset: Dataset) -> tuple[str, ...]:
    known = tuple(name for name in dataset.specimens if name is not None)
    if len(known) < len(dataset):
        raise SplitError(
            "cross-validation",
            f"{len(dataset) - len(known)} of {len(dataset)} spectra name no specimen: "
            "use --group none, and know that specimens may then lie on both sides",
        )
    of_class: dict[int, set[str]] = defaultdict(set)
    for class_id, specimen in zip(dataset.class_ids.tolist(), known, strict=True):
        of_class[class_id].add(specimen)
    single = {class_id for class_id, names in of_class.items() if len(names) == 1}
    if single:
        raise SplitError(
            "cross-validation",
            f"{_names(dataset, single)}: one specimen only, which cannot be trained on and "
            "held out at once; leave the mineral out, or use --group none",
        )
    return known


def _check_counts(dataset: Dataset, folds: int) -> None:
    counts = np.bincount(dataset.class_ids)
    few = {int(class_id) for class_id in np.flatnonzero(counts < folds)}
    if few:
        raise SplitError(
            "cross-validation", f"{_names(dataset, few)}: fewer than {folds} spectra for the folds"
        )


def _missing_classes(folds: tuple[Fold, ...], class_ids: NDArray[np.int64]) -> set[int]:
    everything = set(class_ids.tolist())
    return {lost for fold in folds for lost in everything - set(class_ids[fold.train].tolist())}


def _names(dataset: Dataset, class_ids: set[int]) -> str:
    return ", ".join(dataset.classes[class_id] for class_id in sorted(class_ids))
