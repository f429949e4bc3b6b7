"""One training command at work: what every part of it, each fold and the final model, shares."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from train.checkpoint import INTERRUPTED, Checkpoint
from train.dataset import Dataset
from train.errors import RunError
from train.few_labels.pseudo_labels import completed
from train.fold_result import FoldResult, fingerprint, fold_arrays, from_arrays
from train.loop import Fitted, fit
from train.outliers import Outliers
from train.progress import Progress
from train.recipe import Recipe
from train.run import RunFolder
from train.splits import Fold


@dataclass(frozen=True, slots=True, eq=False)
class Session:
    """A recipe, spectra and a RUN folder.

    Parameters
    ----------
    recipe : as resolved
    dataset : all spectra
    seed : of folds, first weights and augmentation
    run : where everything is kept
    progress : told what happens
    resume : what was kept must be of this very training, or it is an error
    outliers : spectra of minerals that are no class; None for none
    labelled : (n,) int64, positions of the spectra whose labels count; None where all do
    """

    recipe: Recipe
    dataset: Dataset
    seed: int
    run: RunFolder
    progress: Progress
    resume: bool = False
    outliers: Outliers | None = None
    labelled: NDArray[np.int64] | None = None

    def mark(self, fold: Fold) -> str:
        """Return what a training on a fold depends on, as one hash."""
        mark = fingerprint(self.recipe, self.dataset, fold, self.seed, self.outliers)
        return mark if self.labelled is None else f"{mark} {','.join(map(str, self.labelled))}"

    def learned_from(self, positions: NDArray[np.int64], seed: int) -> Dataset:
        """Return the data set as a training on some of its spectra sees it.

        Spectra among these whose labels do not count have the labels that were passed on to them.
        """
        if self.labelled is None:
            return self.dataset
        labelled = np.intersect1d(positions, self.labelled)
        unlabelled = np.setdiff1d(positions, self.labelled)
        return completed(self.recipe, self.dataset, labelled, unlabelled, seed)

    def fit(self, part: str, fold: Fold, seed: int) -> Fitted:
        """Train a model on a fold, from where an interrupted training left it.

        Raises
        ------
        RunError
            If what was left cannot be read, or, where `resume`, is of another training.
        """
        keeper = Checkpoint(self.run.path / INTERRUPTED, part, self.mark(fold), self.resume)
        with self.progress.part(part, self.recipe.fit.epochs, self.run) as on_epoch:
            dataset = self.learned_from(fold.train, seed)
            fitted = fit(self.recipe, dataset, fold.train, fold.held_out, seed, on_epoch, keeper)
        return fitted if self.labelled is None else replace(fitted, taught=dataset.class_ids)

    def finished(self, number: int, fold: Fold) -> FoldResult | None:
        """Return what an earlier command found out on a fold; None if it did not.

        Raises
        ------
        RunError
            Where `resume`, if the fold kept is of another training.
        """
        try:
            arrays = self.run.read_arrays(fold_arrays(number))
        except RunError:
            return None
        if str(arrays.get("fingerprint")) == self.mark(fold):
            return from_arrays(arrays)
        if self.resume:
            raise RunError(
                str(self.run.path / fold_arrays(number)),
                "is of other spectra, other folds or another seed; without --resume it is "
                "trained anew",
            )
        return None
