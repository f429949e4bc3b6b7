"""What a fold of the cross-validation leaves in the RUN folder."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from train.dataset import Dataset
from train.recipe import Recipe, write_recipe
from train.splits import Fold


@dataclass(frozen=True, slots=True, eq=False)
class FoldResult:
    """What one fold's model says about the spectra it has not seen.

    Parameters
    ----------
    held_out : (m,) int64, positions in the data set
    logits : (m, K) float32
    hits : (S, m) bool, right at each displacement of the envelope
    noise_hits : (2, m) bool, right with each share of noise added
    """

    held_out: NDArray[np.int64]
    logits: NDArray[np.float32]
    hits: NDArray[np.bool_]
    noise_hits: NDArray[np.bool_]


def fold_checkpoint(number: int) -> str:
    """Name the weights of a fold's model."""
    return f"folds/fold_{number}.pt"


def fold_arrays(number: int) -> str:
    """Name the results of a fold."""
    return f"folds/fold_{number}.npz"


def fingerprint(recipe: Recipe, dataset: Dataset, fold: Fold, seed: int) -> str:
    """Return what a fold's result depends on, as one hash."""
    digest = hashlib.sha256(write_recipe(recipe).encode())
    digest.update(f"{seed} {dataset.classes}".encode())
    for array in (dataset.intensity, dataset.class_ids, fold.train, fold.held_out):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
