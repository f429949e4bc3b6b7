from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:  # imported in the fixtures: without the [train] extra the tests are skipped
    from train.dataset import Dataset
    from train.recipe import Recipe


@pytest.fixture(scope="session")
def recipe() -> Recipe:
    """Return one of a network that is quick to train."""
    from train.model_parts import SoysalMlpModelPart
    from train.recipe import AugmentPart, FitPart, Recipe

    return Recipe(
        name="small",
        model=SoysalMlpModelPart(name="soysal_mlp", size="mid", dropout=0.0),
        augment=AugmentPart(displacement_points=2, noise=0.02),
        fit=FitPart(epochs=8, batch_size=16, learning_rate=3e-3, weight_decay=1e-4),
    )


@pytest.fixture(scope="session")
def labelled(dataset: Dataset) -> np.ndarray:
    """Return three spectra of each mineral."""
    return np.concatenate([np.flatnonzero(dataset.class_ids == k)[:3] for k in range(4)])


@pytest.fixture(scope="session")
def unlabelled(dataset: Dataset) -> np.ndarray:
    """Return eight others of each mineral."""
    return np.concatenate([np.flatnonzero(dataset.class_ids == k)[3:11] for k in range(4)])


@pytest.fixture(scope="session")
def rest(dataset: Dataset) -> np.ndarray:
    """Return those that no method sees."""
    return np.concatenate([np.flatnonzero(dataset.class_ids == k)[11:] for k in range(4)])


@pytest.fixture
def silent() -> Callable[[float, str], None]:
    return lambda share, words: None
