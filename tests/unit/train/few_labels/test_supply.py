from __future__ import annotations

import pytest

pytest.importorskip("torch")

import numpy as np
import torch
from torch.nn import functional

from train.dataset import Dataset
from train.few_labels.supply import Supply
from train.recipe import AugmentPart, Recipe

pytestmark = pytest.mark.train


def _supply(recipe: Recipe, dataset: Dataset, chosen: np.ndarray, seed: int = 0) -> Supply:
    return Supply(recipe, dataset, chosen, torch.Generator().manual_seed(seed))


def test_every_spectrum_comes_before_any_comes_again(dataset: Dataset, recipe: Recipe) -> None:
    plain = recipe.model_copy(update={"augment": AugmentPart()})
    chosen = np.array([0, 20, 40, 60, 61])
    supply = _supply(plain, dataset, chosen)

    intensity = torch.cat([supply.next(3)[0] for _ in range(5)])[:, 0].numpy()  # three rounds

    which = np.abs(intensity[:, None] - dataset.intensity[chosen]).max(axis=2).argmin(axis=1)
    for start in (0, 5, 10):
        assert sorted(which[start : start + 5]) == [0, 1, 2, 3, 4]


def test_a_batch_may_be_larger_than_what_there_is(dataset: Dataset, recipe: Recipe) -> None:
    intensity, class_ids = _supply(recipe, dataset, np.array([0, 79])).next(7)

    assert intensity.shape == (7, 1, 1392)
    assert set(class_ids.tolist()) == {0, 3}


def test_two_views_are_of_the_same_spectra_and_differ(dataset: Dataset, recipe: Recipe) -> None:
    chosen = np.array([0, 20, 40, 60])  # one of each mineral
    one, other = _supply(recipe, dataset, chosen).next_pair(4)

    similar = functional.cosine_similarity(one, other.transpose(0, 1), dim=2)  # (4, 4)
    assert one.shape == other.shape == (4, 1, 1392)
    assert similar.argmax(dim=1).tolist() == [0, 1, 2, 3]
    assert not torch.equal(one, other)
