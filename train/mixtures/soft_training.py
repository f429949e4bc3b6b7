"""The flagship trained on mixtures: targets are the shares of two minerals.

The recipe and its loop otherwise: AdamW, one rise and fall of the rate, the same augmentation. Half
of each batch is mixed, in every epoch anew, at shares of peak heights drawn between 0.5 and 1.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from train.augment import Augmentation, margin_points
from train.dataset import Dataset
from train.loop import Steps, class_weights
from train.mixtures.made import peak_heights
from train.models import Model, make_model
from train.recipe import Recipe

_MIXED_SHARE = 0.5


def fit_on_mixtures(
    recipe: Recipe,
    dataset: Dataset,
    chosen: NDArray[np.int64],
    seed: int,
    on_epoch: Callable[[int, float], None] = lambda epoch, loss: None,
) -> Model:
    """Train a model on spectra and mixtures of them.

    Parameters
    ----------
    recipe : model, augmentation and fit; its own `mixing` stays as it is
    dataset : all spectra
    chosen : (n,) positions to train on, and to mix
    seed : the same seed gives the same weights on the same machine and thread count
    on_epoch : told after each epoch its number, from 1, and its mean loss, nats
    """
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    model = make_model(recipe, len(dataset.classes))
    class_ids = torch.from_numpy(dataset.class_ids[chosen])
    plain = torch.from_numpy(dataset.intensity[chosen])[:, None]  # (n, 1, B)
    model.start_from(plain, class_ids)
    wide = _of_height_one(dataset, chosen, margin_points(recipe.augment, dataset.grid.count))
    augment = Augmentation(recipe.augment, dataset.grid.count, generator)
    weights = class_weights(class_ids, len(dataset.classes), recipe.fit.class_weight_power)
    steps = SoftSteps(model, recipe.fit, weights, len(chosen))
    targets = functional.one_hot(class_ids, len(dataset.classes)).float()  # (n, K)
    model.train()
    for epoch in range(1, recipe.fit.epochs + 1):
        losses: list[float] = []
        order = torch.randperm(len(chosen), generator=generator)
        for batch in torch.split(order, recipe.fit.batch_size):
            mixed, shares = mix_batch(wide[batch], targets[batch], generator)
            losses.append(steps.take_soft(augment(mixed)[:, None], shares))
        on_epoch(epoch, sum(losses) / len(losses))
    model.eval().finish_from(plain, class_ids)
    return model


def mix_batch(wide: Tensor, targets: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Mix half of the spectra of a batch with others of it.

    Parameters
    ----------
    wide : (n, W) spectra whose highest peaks are one
    targets : (n, K) shares of the minerals
    generator : of which, with what, and how much

    Returns
    -------
    (n, W) and (n, K), rows of the latter summing to one
    """
    rows = len(wide)
    other = torch.randperm(rows, generator=generator)
    chosen = torch.rand(rows, 1, generator=generator) < _MIXED_SHARE
    share = torch.where(chosen, 1 - 0.5 * torch.rand(rows, 1, generator=generator), 1.0)
    return share * wide + (1 - share) * wide[other], share * targets + (1 - share) * targets[other]


class SoftSteps(Steps):
    """Steps whose targets are shares."""

    def take_soft(self, intensity: Tensor, shares: Tensor) -> float:
        """Make one step on (n, 1, B) with shares (n, K); return the loss, nats."""
        views = self._model.views(intensity)  # V of (n, K)
        loss = torch.stack([self.loss(logits, shares) for logits in views]).sum()
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
        self._optimizer.step()
        self.schedule.after_step()
        return loss.item() / len(views)


def _of_height_one(dataset: Dataset, chosen: NDArray[np.int64], margin: int) -> Tensor:
    """Return wide spectra (n, W) of which the highest peak above the baseline is one."""
    wide = dataset.wide(margin)[chosen]
    heights = peak_heights(wide)[:, None]
    return torch.from_numpy((wide / heights).astype(np.float32))
