"""The first layers learned from few spectra and frozen, the rest from everything.

Soysal et al. 2025, §7 and table 9: how many spectra do low-level features take? The layers below
are trained as part of a whole network on a subset, copied into a new network and frozen there; the
rest of that network starts from new weights (the paper does not say whether it starts anew) and is
trained on all labelled spectra.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from train.dataset import Dataset
from train.errors import RecipeError
from train.evaluate import Predict, logits_of
from train.few_labels.labels import Tell, check_labels, check_unlabelled, half
from train.few_labels.rest import train_rest
from train.models import Model, make_model
from train.recipe import Recipe

FIRST_TWO = ("convolution1", "convolution2")
"""Layers 1 and 2 of the CNN of Soysal et al."""


def fit_frozen(
    recipe: Recipe,
    dataset: Dataset,
    labelled: NDArray[np.int64],
    subset: NDArray[np.int64],
    seed: int,
    tell: Tell,
    layers: Sequence[str] = FIRST_TWO,
) -> Predict:
    """Train layers on a subset, freeze them, and train the rest on all labelled spectra.

    Parameters
    ----------
    recipe : of a network; both trainings follow it, by one cycle of the learning rate
    dataset : all spectra
    labelled : (n,) positions that the rest is trained on
    subset : (m,) positions that the layers are trained on; not every mineral must be among them
    seed : of first weights, order, augmentation
    tell : told after each epoch
    layers : names of the submodules that are frozen

    Raises
    ------
    TooFewLabelsError
        If a mineral has no labelled spectrum.
    NoUnlabelledError
        If the subset is empty.
    RecipeError
        If the recipe's network has no layer of a name, or the recipe is of no network.
    """
    check_labels(dataset, labelled)
    first = train_whole(recipe, dataset, subset, seed, half(tell, 0.0, "first layers"))
    told = half(tell, 0.5, "the rest")
    model = train_above(first, recipe, dataset, labelled, seed, told, layers)

    def predict(intensity: NDArray[np.float32]) -> NDArray[np.float32]:
        return logits_of(model, intensity)

    return predict


def train_whole(
    recipe: Recipe, dataset: Dataset, subset: NDArray[np.int64], seed: int, tell: Tell
) -> Model:
    """Return a whole network trained on a subset; arguments as of `fit_frozen`."""
    check_unlabelled("learning the first layers", subset)
    torch.manual_seed(seed)
    model = make_model(recipe, len(dataset.classes))
    train_rest(model, recipe, dataset, subset, seed, tell)
    return model


def train_above(
    first: Model,
    recipe: Recipe,
    dataset: Dataset,
    labelled: NDArray[np.int64],
    seed: int,
    tell: Tell,
    layers: Sequence[str] = FIRST_TWO,
) -> Model:
    """Return a network whose layers are those of another, frozen, and the rest trained anew.

    Parameters
    ----------
    first : a network of the recipe, that the layers are copied from
    recipe, dataset, labelled, seed, tell, layers : as of `fit_frozen`

    Raises
    ------
    RecipeError
        If the recipe's network has no layer of a name.
    """
    _check_layers(recipe, first, layers)
    torch.manual_seed(seed + 1)  # the rest shall not start from the weights that `first` did
    model = make_model(recipe, len(dataset.classes))
    for name in layers:
        layer = model.get_submodule(name)
        layer.load_state_dict(first.get_submodule(name).state_dict())
        layer.requires_grad_(False)
    train_rest(model, recipe, dataset, labelled, seed, tell)
    return model


def _check_layers(recipe: Recipe, model: Model, layers: Sequence[str]) -> None:
    known = {name for name, _ in model.named_modules()}
    unknown = [name for name in layers if name not in known]
    if unknown:
        reasons = [f"model: {recipe.model.name} has no layer {name}" for name in unknown]
        raise RecipeError(recipe.name, reasons)
