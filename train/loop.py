"""The training loop: AdamW over one cycle of the learning rate, deterministic by seed.

Interrupted and gone on with, a training gives the weights it would have given in one go: what the
next epoch depends on is kept after each.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from train.augment import Augmentation, margin_points
from train.checkpoint import Forgetful, Keeper, State
from train.dataset import Dataset
from train.evaluate import logits_of, top_share
from train.models import Model, make_model
from train.recipe import FitPart, Recipe

_WARM_UP = 0.1  # share of the steps in which the learning rate rises


@dataclass(frozen=True, slots=True)
class Epoch:
    """One pass over the spectra.

    Parameters
    ----------
    epoch : from 1
    loss : mean over the steps, nats, class-weighted
    train_top1 : on the augmented batches, fraction
    validation_top1 : on the held-out spectra, fraction; None where none are held out
    """

    epoch: int
    loss: float
    train_top1: float
    validation_top1: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A model and how far its training came."""

    model: Model
    epochs: int
    interrupted: bool


def fit(
    recipe: Recipe,
    dataset: Dataset,
    chosen: NDArray[np.int64],
    held_out: NDArray[np.int64],
    seed: int,
    on_epoch: Callable[[Epoch], None],
    keeper: Keeper | None = None,
) -> Fitted:
    """Train a model; Ctrl-C ends it with the weights of the last whole epoch.

    Parameters
    ----------
    recipe : model, augmentation and fit
    dataset : all spectra
    chosen : (n,) positions to train on
    held_out : (m,) positions to validate on after each epoch, may be empty; they choose nothing
    seed : the same seed gives the same weights on the same machine and thread count
    on_epoch : told after each epoch
    keeper : where an interrupted training left its state, and leaves it again
    """
    keeper = keeper or Forgetful()
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    model = make_model(recipe, len(dataset.classes))
    class_ids = torch.from_numpy(dataset.class_ids[chosen])
    plain = torch.from_numpy(dataset.intensity[chosen])[:, None]  # (n, 1, B)
    model.start_from(plain, class_ids)
    wide = dataset.wide(margin_points(recipe.augment, dataset.grid.count))[chosen]
    augment = Augmentation(recipe.augment, dataset.grid.count, generator)
    weights = class_weights(class_ids, len(dataset.classes), recipe.fit.class_weight_power)
    steps = Steps(model, recipe.fit, weights, len(chosen))
    state = keeper.read()
    if state is None:
        state = capture(0, model, steps, generator)
    else:
        restore(state, model, steps, generator)
    try:
        for number in range(int(state["epoch"]) + 1, recipe.fit.epochs + 1):
            loss, hits = 0.0, 0
            model.train()
            order = torch.randperm(len(chosen), generator=generator)
            for batch in torch.split(order, recipe.fit.batch_size):
                intensity = augment(torch.from_numpy(wide)[batch])[:, None]  # (n, 1, B)
                batch_loss, batch_hits = steps.take(intensity, class_ids[batch])
                loss, hits = loss + batch_loss * len(batch), hits + batch_hits
            state = capture(number, model, steps, generator)
            keeper.offer(state)
            validation = _validate(model, dataset, held_out)
            on_epoch(Epoch(number, loss / len(chosen), hits / len(chosen), validation))
    except KeyboardInterrupt:
        keeper.write(state)
        model.load_state_dict(state["model"])
        return Fitted(model.eval(), int(state["epoch"]), interrupted=True)
    model.eval().finish_from(plain, class_ids)
    return Fitted(model, recipe.fit.epochs, interrupted=False)


def capture(epoch: int, model: Model, steps: Steps, generator: torch.Generator) -> State:
    """Return a copy of all that the epochs after this one depend on."""
    return {
        "epoch": epoch,
        "model": copy.deepcopy(model.state_dict()),
        "steps": copy.deepcopy(steps.state()),
        "generator": generator.get_state(),
        "torch": torch.get_rng_state(),  # dropout draws from it
    }


def restore(state: State, model: Model, steps: Steps, generator: torch.Generator) -> None:
    """Put everything back to where `capture` found it."""
    model.load_state_dict(state["model"])
    steps.restore(state["steps"])
    generator.set_state(state["generator"])
    torch.set_rng_state(state["torch"])


class Steps:
    """Optimizer and learning-rate schedule of one training.

    Parameters
    ----------
    model : what is trained
    part : the recipe's `[fit]`
    weights : (K,) of the classes
    spectra : number of them in an epoch
    """

    def __init__(self, model: Model, part: FitPart, weights: Tensor, spectra: int) -> None:
        self._model, self._part, self._weights = model, part, weights
        decayed = [p for p in model.parameters() if p.ndim > 1]
        free = [p for p in model.parameters() if p.ndim <= 1]  # biases
        groups: list[dict[str, Any]] = [
            {"params": decayed},
            {"params": free, "weight_decay": 0.0},
        ]
        self._optimizer = torch.optim.AdamW(
            groups, part.learning_rate, weight_decay=part.weight_decay, fused=True
        )
        total = part.epochs * -(-spectra // part.batch_size)
        self._schedule = torch.optim.lr_scheduler.LambdaLR(
            self._optimizer, lambda step: one_cycle(step, total)
        )

    def take(self, intensity: Tensor, class_ids: Tensor) -> tuple[float, int]:
        """Make one step on (n, 1, B); return the loss and how many were classified rightly."""
        views = torch.stack(self._model.views(intensity))  # (V, n, K)
        loss = torch.stack([self._loss(logits, class_ids) for logits in views]).sum()
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
        self._optimizer.step()
        self._schedule.step()
        hits = int((views.mean(dim=0).argmax(dim=1) == class_ids).sum())
        return loss.item() / len(views), hits

    def _loss(self, logits: Tensor, class_ids: Tensor) -> Tensor:
        return functional.cross_entropy(
            logits, class_ids, self._weights, label_smoothing=self._part.label_smoothing
        )

    def state(self) -> State:
        """Return where optimizer and schedule stand."""
        return {
            "optimizer": self._optimizer.state_dict(),
            "schedule": self._schedule.state_dict(),
        }

    def restore(self, state: State) -> None:
        """Go back to where they stood."""
        self._optimizer.load_state_dict(state["optimizer"])
        self._schedule.load_state_dict(state["schedule"])


def one_cycle(step: int, total: int) -> float:
    """Return the share of the learning rate: a linear rise, then half a cosine to zero.

    >>> [round(one_cycle(step, 20), 2) for step in (0, 1, 2, 11, 20)]
    [0.5, 1.0, 1.0, 0.5, 0.0]
    """
    rise = max(1, round(_WARM_UP * total))
    if step < rise:
        return (step + 1) / rise
    return 0.5 + 0.5 * math.cos(math.pi * min(1.0, (step - rise) / max(1, total - rise)))


def class_weights(class_ids: Tensor, classes: int, power: float) -> Tensor:
    """Return (K,) weights: (mean count / count of the class) to a power.

    >>> class_weights(torch.tensor([0, 0, 0, 1]), 2, 1.0)
    tensor([0.6667, 2.0000])
    """
    counts = torch.bincount(class_ids, minlength=classes).clamp_min(1)
    return (len(class_ids) / (classes * counts)) ** power


def _validate(model: Model, dataset: Dataset, held_out: NDArray[np.int64]) -> float | None:
    if not len(held_out):
        return None
    logits = logits_of(model, dataset.intensity[held_out])
    return top_share(logits, dataset.class_ids[held_out])
