from __future__ import annotations

import pytest

pytest.importorskip("torch")

from collections.abc import Callable

import numpy as np
import torch

from train.dataset import Dataset
from train.errors import RecipeError
from train.few_labels.freezing import fit_frozen, train_above, train_whole
from train.recipe import Recipe

pytestmark = pytest.mark.train
LAYERS = ("dense1", "dense2")


def test_layers_stay_as_the_subset_left_them_and_the_rest_learns(
    dataset: Dataset, recipe: Recipe, labelled: np.ndarray, silent: Callable
) -> None:
    subset = np.arange(0, 80, 7)
    first = train_whole(recipe, dataset, subset, 0, silent)

    model = train_above(first, recipe, dataset, labelled, 0, silent, LAYERS)

    frozen, learned = first.state_dict(), model.state_dict()
    same = {name for name, value in learned.items() if torch.equal(value, frozen[name])}
    assert same == {"dense1.weight", "dense1.bias", "dense2.weight", "dense2.bias"}


def test_a_subset_need_not_show_every_mineral(
    dataset: Dataset, recipe: Recipe, labelled: np.ndarray, silent: Callable
) -> None:
    of_one = np.flatnonzero(dataset.class_ids == 1)

    predict = fit_frozen(recipe, dataset, labelled, of_one, 0, silent, LAYERS)

    assert len(set(predict(dataset.intensity).argmax(axis=1))) > 1


def test_a_layer_the_network_lacks_is_named(
    dataset: Dataset, recipe: Recipe, labelled: np.ndarray, silent: Callable
) -> None:
    with pytest.raises(RecipeError, match="soysal_mlp has no layer convolution1") as caught:
        fit_frozen(recipe, dataset, labelled, labelled, 0, silent)

    assert len(caught.value.faults) == 2
