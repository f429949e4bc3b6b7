from __future__ import annotations

import pytest

pytest.importorskip("torch")

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from tests.unit.train.few_labels.longer import longer
from train.dataset import Dataset
from train.evaluate import top_share
from train.few_labels.autoencoder import (
    AutoencoderSettings,
    CodeClassifier,
    fit_autoencoder,
    train_autoencoder,
)
from train.few_labels.rest import train_rest
from train.recipe import Recipe

pytestmark = pytest.mark.train
SETTINGS = AutoencoderSettings(epochs=60)


def test_it_rebuilds_spectra_it_has_not_seen(
    dataset: Dataset, recipe: Recipe, unlabelled: np.ndarray, rest: np.ndarray, silent: Callable
) -> None:
    autoencoder = train_autoencoder(recipe, dataset, unlabelled, 0, silent, SETTINGS)

    intensity = torch.from_numpy(dataset.intensity[rest])
    with torch.no_grad():
        rebuilt, code = autoencoder(intensity)

    assert code.shape == (len(rest), 256)
    assert float(code.min()) >= 0
    error = float((rebuilt - intensity).square().mean())
    assert error < 0.7 * float((intensity - intensity.mean(dim=0)).square().mean())


def test_sparsity_empties_the_code(
    dataset: Dataset, recipe: Recipe, unlabelled: np.ndarray, silent: Callable
) -> None:
    intensity = torch.from_numpy(dataset.intensity)
    means = []
    for sparsity in (0.0, 0.1):
        settings = replace(SETTINGS, sparsity=sparsity)
        autoencoder = train_autoencoder(recipe, dataset, unlabelled, 0, silent, settings)
        with torch.no_grad():
            means.append(float(autoencoder(intensity)[1].mean()))

    assert means[1] < 0.5 * means[0]


def test_a_few_labels_tell_codes_apart(
    dataset: Dataset,
    recipe: Recipe,
    labelled: np.ndarray,
    unlabelled: np.ndarray,
    rest: np.ndarray,
    silent: Callable,
) -> None:
    predict = fit_autoencoder(
        longer(recipe, 40), dataset, labelled, unlabelled, 0, silent, SETTINGS
    )

    assert top_share(predict(dataset.intensity[rest]), dataset.class_ids[rest]) > 0.9


def test_the_classifier_leaves_the_encoder_as_it_is(
    dataset: Dataset, recipe: Recipe, labelled: np.ndarray, unlabelled: np.ndarray, silent: Callable
) -> None:
    encoder = train_autoencoder(recipe, dataset, unlabelled, 0, silent, SETTINGS).encoder
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    model = CodeClassifier(encoder, SETTINGS, 4)

    train_rest(model, recipe, dataset, labelled, 0, silent)

    assert all(torch.equal(value, before[name]) for name, value in encoder.state_dict().items())
