"""What a fold of the cross-validation leaves in the RUN folder."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from train.dataset import Dataset
from train.errors import RunError
from train.outliers import Outliers
from train.recipe import Recipe, write_recipe
from train.splits import Fold


@dataclass(frozen=True, slots=True, eq=False)
class Traces:
    """What telling the unknown is learned from: what a fold's network makes of which spectra.

    Parameters
    ----------
    strongest : (m,) float32, largest value of the embedding of each held-out spectrum
    trained : (n,) int64, positions the network was trained on
    trained_logits : (n, K) float32, of those
    outlier_logits : (U, K) float32, of minerals that are no class; empty where there are none
    outlier_strongest : (U,) float32
    taught : (n,) int64, classes of `trained` as they were taught; None where the true ones
    """

    strongest: NDArray[np.float32]
    trained: NDArray[np.int64]
    trained_logits: NDArray[np.float32]
    outlier_logits: NDArray[np.float32]
    outlier_strongest: NDArray[np.float32]
    taught: NDArray[np.int64] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class FoldResult:
    """What one fold's model says about the spectra it has not seen.

    Parameters
    ----------
    held_out : (m,) int64, positions in the data set
    logits : (m, K) float32
    hits : (S, m) bool, right at each displacement of the envelope
    noise_hits : (2, m) bool, right with each share of noise added
    traces : None for comparators, which have no embedding
    """

    held_out: NDArray[np.int64]
    logits: NDArray[np.float32]
    hits: NDArray[np.bool_]
    noise_hits: NDArray[np.bool_]
    traces: Traces | None = None

    def needed_traces(self) -> Traces:
        """Return the traces.

        Raises
        ------
        RunError
            If the fold left none.
        """
        if self.traces is None:
            raise RunError("fold", "left nothing to tell the unknown by")
        return self.traces

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return it as the arrays of the fold's `.npz`."""
        plain: dict[str, NDArray[Any]] = {
            "held_out": self.held_out,
            "logits": self.logits,
            "hits": self.hits,
            "noise_hits": self.noise_hits,
        }
        if self.traces is None:
            return plain
        traced = {field.name: getattr(self.traces, field.name) for field in fields(Traces)}
        return plain | {name: array for name, array in traced.items() if array is not None}


def from_arrays(arrays: Mapping[str, NDArray[Any]]) -> FoldResult:
    """Read what `FoldResult.arrays` gave."""
    traced = {field.name: arrays[field.name] for field in fields(Traces) if field.name in arrays}
    traces = Traces(**traced) if traced else None
    return FoldResult(
        arrays["held_out"], arrays["logits"], arrays["hits"], arrays["noise_hits"], traces
    )


def fold_checkpoint(number: int) -> str:
    """Name the weights of a fold's model."""
    return f"folds/fold_{number}.pt"


def fold_arrays(number: int) -> str:
    """Name the results of a fold."""
    return f"folds/fold_{number}.npz"


def fingerprint(
    recipe: Recipe, dataset: Dataset, fold: Fold, seed: int, outliers: Outliers | None = None
) -> str:
    """Return what a fold's result depends on, as one hash."""
    digest = hashlib.sha256(write_recipe(recipe).encode())
    digest.update(f"{seed} {dataset.classes}".encode())
    for array in (dataset.intensity, dataset.class_ids, fold.train, fold.held_out):
        digest.update(np.ascontiguousarray(array).tobytes())
    if outliers is not None:
        digest.update(f"{outliers.minerals}".encode())
        digest.update(np.ascontiguousarray(outliers.intensity).tobytes())
    return digest.hexdigest()
