"""A recipe fitted inside a target: the same loop as `outcrop train`, without its RUN folder.

The recipes of Soysal et al.'s networks are made here from what the paper prints. It prints neither
optimizer, batch nor epoch limit: AdamW, 64 and 100 are taken, and the inner validation share of the
plateau rule is 15 % of the training spectra, by specimen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray

from train.comparators import make_comparator
from train.dataset import Dataset
from train.evaluate import Predict, logits_of
from train.loop import Epoch, fit
from train.model_parts import ComparatorPart, NetworkPart
from train.models import Model
from train.recipe import AugmentPart, FitPart, Recipe
from train.reproduction.target import Tell

_KEPT = 4  # networks of up to 90 MB

AUGMENTED = AugmentPart(displacement_points=2, baseline=1.0, noise=0.03, sparse_share=0.5)
"""What Soysal et al. 2025 name (§6.1 and supplement); the amounts are ours.

A tanh or cosine of at most the spectrum's mean, Gaussian noise, down-sampling of half the spectra,
which is the change they use most, and displacement by up to 2 cm⁻¹.
"""

PLATEAU = FitPart(
    epochs=100,
    learning_rate=1e-3,
    schedule="plateau",
    weight_decay=1e-4,
    label_smoothing=0.0,
    class_weight_power=1.0,
)
"""The printed rule: 1e-3, ×0.7 after 3 epochs without better validation loss, stop after 5."""


def as_printed(model: NetworkPart | ComparatorPart, *, augmented: bool = False) -> Recipe:
    """Return the recipe of a model of Soysal et al. 2025.

    Parameters
    ----------
    model : its settings
    augmented : as in figure 7; their other experiments do not augment
    """
    if isinstance(model, ComparatorPart):
        return Recipe(name=model.name, model=model)
    augment = AUGMENTED if augmented else AugmentPart()
    return Recipe(name=model.name, model=model, augment=augment, fit=PLATEAU)


def at_most(recipe: Recipe, epochs: int) -> Recipe:
    """Return the recipe with fewer epochs, for rehearsals."""
    part = recipe.fit.model_copy(update={"epochs": min(epochs, recipe.fit.epochs)})
    return recipe.model_copy(update={"fit": part})


def train_model(
    recipe: Recipe,
    dataset: Dataset,
    chosen: NDArray[np.int64],
    seed: int,
    tell: Tell,
    watched: NDArray[np.int64] | None = None,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> Model:
    """Train a network.

    Parameters
    ----------
    recipe : of a network
    dataset : all spectra
    chosen : (n,) positions to train on
    seed : of first weights and augmentation
    tell : told the share of the epochs that is done, and the loss
    watched : (m,) positions whose loss and top-1 `on_epoch` is told; they choose nothing
    on_epoch : told after each epoch

    Raises
    ------
    KeyboardInterrupt
        On Ctrl-C: a training that stopped early is no finished piece.
    """
    torch.set_num_threads(recipe.fit.threads)

    def after(epoch: Epoch) -> None:
        tell(epoch.epoch / recipe.fit.epochs, f"epoch {epoch.epoch} loss {epoch.loss:.2f}")
        if on_epoch is not None:
            on_epoch(epoch)

    held_out = chosen[:0] if watched is None else watched
    fitted = fit(recipe, dataset, chosen, held_out, seed, after)
    if fitted.interrupted:
        raise KeyboardInterrupt
    return fitted.model


@dataclass(frozen=True, slots=True)
class _Training:
    """All that a trained network depends on, and who is told of it."""

    recipe: Recipe
    dataset: Dataset
    chosen: bytes
    seed: int
    tell: Tell = field(compare=False)


@lru_cache(maxsize=_KEPT)
def _trained(training: _Training) -> Model:
    chosen = np.frombuffer(training.chosen, dtype=np.int64)
    return train_model(training.recipe, training.dataset, chosen, training.seed, training.tell)


def fit_predict(
    recipe: Recipe, dataset: Dataset, chosen: NDArray[np.int64], seed: int, tell: Tell
) -> Predict:
    """Train a network or fit a comparator, and return what it predicts with.

    The latest few networks are kept while the process lives: m = 2 of table 3 is n = 1 of table 4.

    Parameters
    ----------
    recipe : of either
    dataset : all spectra
    chosen : (n,) positions to learn from
    seed : of a network's first weights and augmentation
    tell : told how far it is
    """
    if isinstance(recipe.model, ComparatorPart):
        comparator = make_comparator(recipe)
        return comparator.fit(
            dataset.intensity[chosen], dataset.class_ids[chosen], len(dataset.classes)
        )
    model = _trained(_Training(recipe, dataset, chosen.tobytes(), seed, tell))

    def predict(intensity: NDArray[np.float32]) -> NDArray[np.float32]:
        return logits_of(model, intensity)

    return predict
