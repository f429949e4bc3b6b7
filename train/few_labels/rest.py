"""The rest of a network trained, once a part of it is frozen."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from train.dataset import Dataset
from train.few_labels.labels import Tell
from train.few_labels.supply import Supply
from train.loop import Steps, class_weights
from train.models import Model
from train.recipe import Recipe


def train_rest(
    model: Model,
    recipe: Recipe,
    dataset: Dataset,
    chosen: NDArray[np.int64],
    seed: int,
    tell: Tell,
) -> None:
    """Train the parameters of a model that require a gradient.

    Parameters
    ----------
    model : trained in place, and in evaluation mode afterwards
    recipe : augmentation, and how it is trained: all epochs of one cycle of the learning rate
    dataset : all spectra
    chosen : (n,) positions to train on
    seed : of order and augmentation
    tell : told after each epoch
    """
    supply = Supply(recipe, dataset, chosen, torch.Generator().manual_seed(seed))
    class_ids = torch.from_numpy(dataset.class_ids[chosen])
    weights = class_weights(class_ids, len(dataset.classes), recipe.fit.class_weight_power)
    part = recipe.fit.model_copy(update={"schedule": "one_cycle"})
    steps = Steps(model, part, weights, len(chosen))
    count = min(part.batch_size, len(chosen))
    model.train()
    for epoch in range(1, part.epochs + 1):
        for _ in range(-(-len(chosen) // part.batch_size)):
            loss, _ = steps.take(*supply.next(count))
        tell(epoch / part.epochs, f"epoch {epoch} loss {loss:.2f}")
    model.eval()
