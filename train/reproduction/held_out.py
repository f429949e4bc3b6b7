"""Spectra held out once, as the papers' test sets are, in both protocols; and folds of both."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from train.dataset import Dataset
from train.held_back import hold_back
from train.reproduction.outcome import AS_IN_PAPER, BY_SPECIMEN
from train.splits import Fold, Group, split

Protocol = Literal["paper", "specimen"]
"""How spectra are divided: at random as in the papers, or by specimen. Serves in keys of pieces."""

PROTOCOLS: dict[Protocol, str] = {"paper": AS_IN_PAPER, "specimen": BY_SPECIMEN}
"""Each protocol and its words in a row."""

TEST_SHARE = 0.15
"""Soysal et al. 2025 hold out 150 of 1000 spectra."""


def group_of(protocol: Protocol) -> Group:
    """Return what the protocol keeps on one side."""
    return "specimen" if protocol == "specimen" else "none"


def hold_out(dataset: Dataset, protocol: Protocol, seed: int, share: float = TEST_SHARE) -> Fold:
    """Hold out a share of the spectra, of each mineral its part.

    Parameters
    ----------
    dataset : all spectra
    protocol : by specimen, a mineral of one specimen is trained on and never held out
    seed : the same seed holds the same out
    share : of the spectra, 0 to 1
    """
    return hold_back(dataset, np.arange(len(dataset)), share, group_of(protocol), seed)


def divide(dataset: Dataset, protocol: Protocol, folds: int, seed: int) -> tuple[Fold, ...]:
    """Divide spectra into folds, each of which holds out about as many of each mineral.

    `train.splits.split` does it where it can. By specimen it refuses minerals of one specimen, of
    which the oriented set has 60: here they are trained on in every fold and never held out.

    Parameters
    ----------
    dataset : all spectra
    protocol : as in `hold_out`
    folds : number of folds
    seed : the same seed gives the same folds

    Raises
    ------
    SplitError
        If a mineral would be missing from a training part, with its name.
    """
    if protocol == "paper" or not _single(dataset):
        return split(dataset, folds, group_of(protocol), seed)
    fold_of = _dealt(dataset, folds, seed)
    return tuple(
        Fold(np.flatnonzero(fold_of != number), np.flatnonzero(fold_of == number))
        for number in range(folds)
    )


def _single(dataset: Dataset) -> set[int]:
    """Return the minerals of one specimen."""
    return {k for k, names in specimens_of(dataset).items() if len(names) == 1}


def specimens_of(dataset: Dataset) -> dict[int, list[str | None]]:
    """Return the specimens of each mineral, in the order of the spectra."""
    found: dict[int, list[str | None]] = {}
    for class_id, name in zip(dataset.class_ids.tolist(), dataset.specimens, strict=True):
        names = found.setdefault(class_id, [])
        if name not in names:
            names.append(name)
    return found


def _dealt(dataset: Dataset, folds: int, seed: int) -> NDArray[np.int64]:
    """Deal each mineral's specimens out over the folds; -1 for what is held out in none."""
    generator = np.random.default_rng(seed)
    fold_of_specimen: dict[tuple[int, str | None], int] = {}
    for class_id, names in specimens_of(dataset).items():
        first = int(generator.integers(folds))
        for place, which in enumerate(generator.permutation(len(names))):
            fold = (first + place) % folds if len(names) > 1 else -1
            fold_of_specimen[class_id, names[which]] = fold
    pairs = zip(dataset.class_ids.tolist(), dataset.specimens, strict=True)
    return np.array([fold_of_specimen[pair] for pair in pairs], dtype=np.int64)


def limited(dataset: Dataset, classes: int) -> Dataset:
    """Return a data set of the first classes only, for rehearsals."""
    return taken(dataset, np.flatnonzero(dataset.class_ids < classes))


def taken(dataset: Dataset, positions: NDArray[np.int64]) -> Dataset:
    """Return a data set of some of the spectra; classes without any are gone, the rest renumbered.

    Parameters
    ----------
    dataset : all spectra
    positions : (n,) int64, of those to take
    """
    old = np.unique(dataset.class_ids[positions])
    return replace(
        dataset,
        spectra=tuple(dataset.spectra[k] for k in positions),
        intensity=dataset.intensity[positions],
        class_ids=np.searchsorted(old, dataset.class_ids[positions]).astype(np.int64),
        classes=tuple(dataset.classes[k] for k in old),
        specimens=tuple(dataset.specimens[k] for k in positions),
        sources=tuple(dataset.sources[k] for k in positions),
    )
