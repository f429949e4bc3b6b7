"""Training throughput, and what augmentation costs against the forward pass."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

pytest.importorskip("torch")

import torch

from tests.support.figures import paired_us, ratios, spread
from train.augment import Augmentation, margin_points
from train.loop import Steps, class_weights
from train.models import make_model
from train.recipe import read_recipe

pytestmark = [pytest.mark.bench, pytest.mark.train]
RECIPE = Path(__file__).parents[2] / "train" / "recipes" / "rruff63.toml"
CLASSES = 63
_ROUNDS = 100


def test_augmentation_against_the_forward_pass_and_steps_a_second() -> None:
    recipe = read_recipe(RECIPE)
    bands, size = recipe.preprocess.count, recipe.fit.batch_size
    torch.manual_seed(0)
    torch.set_num_threads(recipe.fit.threads)
    model = make_model(recipe, CLASSES)
    augment = Augmentation(recipe.augment, bands, torch.Generator().manual_seed(0))
    wide = torch.rand(size, bands + 2 * margin_points(recipe.augment, bands))
    class_ids = torch.randint(CLASSES, (size,))
    steps = Steps(model, recipe.fit, class_weights(class_ids, CLASSES, 0.5), 10**6)
    batch = augment(wide)[:, None]

    augmented, forward = paired_us(lambda: augment(wide), lambda: model(batch), _ROUNDS)
    rates = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        steps.take(augment(wide)[:, None], class_ids)
        rates.append(size / (time.perf_counter() - started))

    print(f"\naugmenting a batch of {size}, µs: {spread(augmented)}")
    print(f"forward pass of the same, µs: {spread(forward)}")
    print(f"ratio: {spread(ratios(augmented, forward))}")
    print(f"trained spectra a second, {recipe.fit.threads} thread: {spread(rates)}")
