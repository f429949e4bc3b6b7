"""How PACE and its comparators are trained in its paper (Anal. Chem. 2024), one page.

AdamW at 1e-4, a cosine to 1e-6 in 10 epochs and back in 10, batch 64; a fifth of the training
spectra, stratified, is not trained on but watched, and the epoch with the best share of right
answers there is kept. Open, and chosen here: of epochs that are equally good the one of the least
loss is kept; nothing is varied or weighted; AdamW decays weights by torch's 0.01.
"""

from __future__ import annotations

import copy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.optim.lr_scheduler import CosineAnnealingLR

from train.dataset import Dataset
from train.evaluate import logits_of
from train.held_back import hold_back
from train.models import Model, make_model
from train.recipe import Recipe
from train.reproduction.target import Tell

EPOCHS = 200
_RATE, _LEAST_RATE, _HALF_PERIOD = 1e-4, 1e-6, 10
_BATCH = 64
_WATCHED = 0.2


def fit_as_pace(
    recipe: Recipe,
    dataset: Dataset,
    chosen: NDArray[np.int64],
    seed: int,
    epochs: int,
    tell: Tell,
) -> Model:
    """Train a network as PACE's paper does, and return it with its best weights.

    Parameters
    ----------
    recipe : its `[model]` and `[preprocess]` count, nothing else
    dataset : all spectra
    chosen : (n,) positions to train on, a fifth of them watched
    seed : of what is watched, first weights and order
    epochs : at most; `EPOCHS` in the paper
    tell : told the share of the epochs done and the best share of right answers so far
    """
    torch.set_num_threads(recipe.fit.threads)
    torch.manual_seed(seed)
    parts = hold_back(dataset, chosen, _WATCHED, "none", seed)
    intensity = torch.from_numpy(dataset.intensity[parts.train])[:, None]  # (n, 1, B)
    class_ids = torch.from_numpy(dataset.class_ids[parts.train])
    model = make_model(recipe, len(dataset.classes))
    optimizer = torch.optim.AdamW(model.parameters(), _RATE)
    rate = CosineAnnealingLR(optimizer, _HALF_PERIOD, _LEAST_RATE)
    best, weights = (-1.0, 0.0), model.state_dict()
    for epoch in range(1, epochs + 1):
        _train_once(model, optimizer, intensity, class_ids)
        rate.step()
        reached = _watch(model, dataset, parts.held_out)
        if reached > best:
            best, weights = reached, copy.deepcopy(model.state_dict())
        tell(epoch / epochs, f"epoch {epoch}, best {best[0]:.0%} of those watched")
    model.load_state_dict(weights)
    return model.eval()


def _train_once(
    model: Model, optimizer: torch.optim.Optimizer, intensity: Tensor, class_ids: Tensor
) -> None:
    model.train()
    for batch in torch.split(torch.randperm(len(intensity)), _BATCH):
        loss = cross_entropy(model(intensity[batch]), class_ids[batch])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
        optimizer.step()


def _watch(model: Model, dataset: Dataset, watched: NDArray[np.int64]) -> tuple[float, float]:
    """Return the share of right answers, and the loss negated: larger is better in both."""
    logits = torch.from_numpy(logits_of(model, dataset.intensity[watched]))
    class_ids = torch.from_numpy(dataset.class_ids[watched])
    share = (logits.argmax(dim=1) == class_ids).float().mean().item()
    return share, -cross_entropy(logits, class_ids).item()
