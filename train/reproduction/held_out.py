"""Spectra held out once, as the papers' test sets are, in both protocols; and folds of both."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from train.dataset import Dataset
from train.held_back import hold_back
from train.reproduction.outcome import AS_IN_PAPER, BY_SPECIMEN
from train.splits import Fold, Group

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

    Where `train.splits.split` refuses minerals of one specimen, here they are trained on in every
    fold and never held out: the oriented set has many of them. Everything else is held out once,
    but for at least one specimen of each mineral, so that every fold knows every mineral.

    Parameters
    ----------
    dataset : all spectra
    protocol : as in `hold_out`
    folds : number of folds
    seed : the same seed gives the same folds
    """
    left, made = np.arange(len(dataset)), []
    for number in range(folds):
        share = len(dataset) / folds / len(left) if len(left) else 0.0
        part = hold_back(dataset, left, min(share, 1.0), group_of(protocol), seed + 1000 * number)
        made.append(part.held_out)
        left = part.train
    everything = np.arange(len(dataset))
    return tuple(Fold(np.setdiff1d(everything, held), held) for held in made)


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
