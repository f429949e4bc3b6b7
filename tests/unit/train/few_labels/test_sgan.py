from __future__ import annotations

import pytest

pytest.importorskip("torch")

from collections.abc import Callable

import numpy as np
import torch
from torch.nn import functional

from tests.unit.train.few_labels.longer import longer
from train.dataset import Dataset
from train.evaluate import top_share
from train.few_labels.generator import Generator
from train.few_labels.sgan import SganSettings, realness, train_sgan
from train.recipe import Recipe

pytestmark = pytest.mark.train


def test_the_losses_are_those_of_the_last_class() -> None:
    logits = torch.randn(5, 4, dtype=torch.float64)
    generated = functional.softmax(logits, dim=1)[:, -1]

    torch.testing.assert_close(functional.softplus(-realness(logits)), -torch.log1p(-generated))
    torch.testing.assert_close(functional.softplus(realness(logits)), -torch.log(generated))


@pytest.mark.parametrize("bands", [64, 100, 1392])
def test_generated_spectra_look_preprocessed(bands: int) -> None:
    with torch.no_grad():
        spectra = Generator(128, bands)(torch.randn(3, 128))

    assert spectra.shape == (3, 1, bands)
    assert float(spectra.min()) >= 0
    torch.testing.assert_close(spectra.amax(dim=2), torch.ones(3, 1))


def test_spectra_are_smooth_before_anything_is_learned() -> None:
    with torch.no_grad():
        spectra = Generator(128, 1392)(torch.randn(8, 128))[:, 0]

    steps = (spectra[:, 1:] - spectra[:, :-1]).square().mean()
    assert float(steps) < 0.05 * float(spectra.var(dim=1).mean())  # of white noise it is twice


def test_it_tells_minerals_apart_and_generated_spectra_from_real_ones(
    dataset: Dataset,
    recipe: Recipe,
    labelled: np.ndarray,
    unlabelled: np.ndarray,
    rest: np.ndarray,
    silent: Callable,
) -> None:
    lazy = SganSettings(generator_rate=1e-6)  # what it makes stays easy to tell
    sgan = train_sgan(longer(recipe, 20), dataset, labelled, unlabelled, 0, silent, lazy)

    logits = sgan.predict(dataset.intensity[rest])
    made = sgan.generate(8, 0)

    assert top_share(logits, dataset.class_ids[rest]) > 0.9
    assert made.shape == (8, 1392)
    np.testing.assert_array_equal(made, sgan.generate(8, 0))
    assert not np.array_equal(made, sgan.generate(8, 1))
    everything = torch.from_numpy(np.concatenate([dataset.intensity[rest], made]))[:, None]
    with torch.no_grad():
        real = realness(sgan.discriminator(everything)).numpy()
    assert (real[: len(rest)] > 0).mean() > 0.9


def test_the_generator_learns_what_spectra_look_like(
    dataset: Dataset, recipe: Recipe, labelled: np.ndarray, unlabelled: np.ndarray, silent: Callable
) -> None:
    sgan = train_sgan(recipe, dataset, labelled, unlabelled, 0, silent)
    torch.manual_seed(0)
    untrained = Generator(128, 1392).eval()

    with torch.no_grad():
        before = untrained(torch.randn(16, 128))[:, 0].numpy()

    mean = dataset.intensity.mean(axis=0)
    assert _distance(sgan.generate(16, 0), mean) < 0.7 * _distance(before, mean)


def _distance(spectra: np.ndarray, mean: np.ndarray) -> float:
    return float(np.square(spectra.mean(axis=0) - mean).mean())
