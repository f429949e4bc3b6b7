"""The training loop: AdamW on the schedule of the recipe, deterministic by seed.

Interrupted and gone on with, a training gives the weights it would have given in one go: what the
next epoch depends on is kept after each.
"""

from __future__ import annotations

import copy
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
from train.errors import DatasetError
from train.evaluate import logits_of, top_share
from train.held_back import hold_back
from train.models import Model, make_model
from train.recipe import FitPart, Recipe
from train.schedule import make_schedule
from train.splits import Fold


@dataclass(frozen=True, slots=True)
class Epoch:
    """One pass over the spectra.

    Parameters
    ----------
    epoch : from 1
    loss : mean over the steps, nats, class-weighted
    train_top1 : on the augmented batches, fraction
    validation_top1 : on the held-out spectra, fraction; None where none are held out
    validation_loss : on the held-out spectra, nats, weighted as `loss`; None where none are
    """

    epoch: int
    loss: float
    train_top1: float
    validation_top1: float | None
    validation_loss: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A model and how far its training came.

    Parameters
    ----------
    model, epochs, interrupted : what was trained, how far, and whether by hand not to the end
    taught : (N,) int64, classes of all spectra as they were taught; None where the true ones
    """

    model: Model
    epochs: int
    interrupted: bool
    taught: NDArray[np.int64] | None = None


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
    on_epoch : told after each epoch; there may be fewer than the recipe allows
    keeper : where an interrupted training left its state, and leaves it again

    Raises
    ------
    DatasetError
        If the schedule needs spectra to watch and every mineral has one specimen only.
    """
    keeper = keeper or Forgetful()
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    model = make_model(recipe, len(dataset.classes))
    inner = _divide(recipe.fit, dataset, chosen, seed)
    chosen, watched = inner.train, inner.held_out
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
            if steps.schedule.finished:
                break
            loss, hits = 0.0, 0
            model.train()
            order = torch.randperm(len(chosen), generator=generator)
            for batch in torch.split(order, recipe.fit.batch_size):
                intensity = augment(torch.from_numpy(wide)[batch])[:, None]  # (n, 1, B)
                batch_loss, batch_hits = steps.take(intensity, class_ids[batch])
                loss, hits = loss + batch_loss * len(batch), hits + batch_hits
            _, watched_loss = _validate(model, steps, dataset, watched)
            steps.schedule.after_epoch(watched_loss, model)
            state = capture(number, model, steps, generator)
            keeper.offer(state)
            validation = _validate(model, steps, dataset, held_out)
            on_epoch(Epoch(number, loss / len(chosen), hits / len(chosen), *validation))
    except KeyboardInterrupt:
        keeper.write(state)
        model.load_state_dict(state["model"])
        return Fitted(model.eval(), int(state["epoch"]), interrupted=True)
    steps.schedule.settle(model)
    model.eval().finish_from(plain, class_ids)
    return Fitted(model, int(state["epoch"]), interrupted=False)


def _divide(part: FitPart, dataset: Dataset, chosen: NDArray[np.int64], seed: int) -> Fold:
    """Return what is trained on, and what the schedule watches the loss on."""
    if part.schedule == "one_cycle":
        return Fold(chosen, chosen[:0])
    inner = hold_back(dataset, chosen, part.validation_share, "specimen", seed)
    if not len(inner.held_out):
        raise DatasetError(
            "[fit] schedule",
            f"plateau watches the loss on {part.validation_share:.0%} of the specimens, and no "
            "mineral has one to spare; take one_cycle",
        )
    return inner


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
        self.schedule = make_schedule(part, self._optimizer, spectra)

    def take(self, intensity: Tensor, class_ids: Tensor) -> tuple[float, int]:
        """Make one step on (n, 1, B); return the loss and how many were classified rightly."""
        views = torch.stack(self._model.views(intensity))  # (V, n, K)
        loss = torch.stack([self.loss(logits, class_ids) for logits in views]).sum()
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
        self._optimizer.step()
        self.schedule.after_step()
        hits = int((views.mean(dim=0).argmax(dim=1) == class_ids).sum())
        return loss.item() / len(views), hits

    def loss(self, logits: Tensor, class_ids: Tensor) -> Tensor:
        """Return the class-weighted cross-entropy of logits (n, K), nats."""
        return functional.cross_entropy(
            logits, class_ids, self._weights, label_smoothing=self._part.label_smoothing
        )

    def state(self) -> State:
        """Return where optimizer and schedule stand."""
        return {
            "optimizer": self._optimizer.state_dict(),
            "schedule": self.schedule.state(),
        }

    def restore(self, state: State) -> None:
        """Go back to where they stood."""
        self._optimizer.load_state_dict(state["optimizer"])
        self.schedule.restore(state["schedule"])


def class_weights(class_ids: Tensor, classes: int, power: float) -> Tensor:
    """Return (K,) weights: (mean count / count of the class) to a power.

    >>> class_weights(torch.tensor([0, 0, 0, 1]), 2, 1.0)
    tensor([0.6667, 2.0000])
    """
    counts = torch.bincount(class_ids, minlength=classes).clamp_min(1)
    return (len(class_ids) / (classes * counts)) ** power


def _validate(
    model: Model, steps: Steps, dataset: Dataset, held_out: NDArray[np.int64]
) -> tuple[float | None, float | None]:
    """Return top-1 and loss on held-out spectra; None and None where there are none."""
    if not len(held_out):
        return None, None
    logits, truth = logits_of(model, dataset.intensity[held_out]), dataset.class_ids[held_out]
    loss = steps.loss(torch.from_numpy(logits), torch.from_numpy(truth)).item()
    return top_share(logits, truth), loss
