"""Spectra of a data set handed out in batches without end, varied anew each time."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from train.augment import Augmentation, margin_points
from train.dataset import Dataset
from train.recipe import Recipe


class Supply:
    """Goes through some spectra in random order, and again in another.

    Parameters
    ----------
    recipe : its augmentation
    dataset : all spectra
    chosen : (n,) positions of those that are handed out
    generator : source of every random number here
    """

    def __init__(
        self,
        recipe: Recipe,
        dataset: Dataset,
        chosen: NDArray[np.int64],
        generator: torch.Generator,
    ) -> None:
        bands = dataset.grid.count
        self._augment = Augmentation(recipe.augment, bands, generator)
        self._wide = torch.from_numpy(dataset.wide(margin_points(recipe.augment, bands))[chosen])
        self._class_ids = torch.from_numpy(dataset.class_ids[chosen])
        self._generator = generator
        self._order = torch.empty(0, dtype=torch.int64)

    def __len__(self) -> int:
        return len(self._class_ids)

    def next(self, count: int) -> tuple[Tensor, Tensor]:
        """Return (count, 1, B) augmented spectra and their (count,) classes."""
        wide, class_ids = self._take(count)
        return self._augment(wide)[:, None], class_ids

    def next_pair(self, count: int) -> tuple[Tensor, Tensor]:
        """Return the same spectra augmented twice, (count, 1, B) each."""
        wide, _ = self._take(count)
        return self._augment(wide)[:, None], self._augment(wide)[:, None]

    def _take(self, count: int) -> tuple[Tensor, Tensor]:
        while len(self._order) < count:
            shuffled = torch.randperm(len(self), generator=self._generator)
            self._order = torch.cat([self._order, shuffled])
        chosen, self._order = self._order[:count], self._order[count:]
        return self._wide[chosen], self._class_ids[chosen]
