"""Nearest neighbours on the embeddings of a network (CNN + KNN)."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")
pytest.importorskip("pybaselines")

import numpy as np
import torch

from train.comparators.nearest_features import nearest_on_features
from train.dataset import Dataset
from train.evaluate import features_of, logits_of, top_share
from train.models import Model, make_model
from train.recipe import Recipe

pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def model(dataset: Dataset) -> Model:
    torch.manual_seed(0)
    part = {"name": "soysal_cnn", "pooling_size": 64}
    return make_model(Recipe.model_validate({"name": "a", "model": part}), 4)


def test_features_are_what_the_head_reads(model: Model, dataset: Dataset) -> None:
    features = features_of(model.train(), dataset.intensity[:6])  # dropout must not show

    assert features.shape == (6, model.embedding_size)
    weight, bias = (p.detach().numpy() for p in (model.head.weight, model.head.bias))
    np.testing.assert_allclose(
        features @ weight.T + bias, logits_of(model, dataset.intensity[:6]), atol=1e-5
    )


def test_a_spectrum_is_of_the_mineral_of_the_nearest_embedding(
    model: Model, dataset: Dataset
) -> None:
    known, asked = slice(None, None, 2), slice(1, None, 2)
    predict = nearest_on_features(model).fit(
        dataset.intensity[known], dataset.class_ids[known], len(dataset.classes)
    )
    features = features_of(model, dataset.intensity)
    distances = np.linalg.norm(features[asked][:, None] - features[known], axis=2)
    nearest = dataset.class_ids[known][distances.argmin(axis=1)]

    assert (predict(dataset.intensity[asked]).argmax(axis=1) == nearest).all()
    assert top_share(predict(dataset.intensity[known]), dataset.class_ids[known]) == 1.0


def test_it_keeps_the_features_of_every_spectrum(model: Model) -> None:
    assert nearest_on_features(model).parameters(spectra=100, classes=4) == 100 * 2048
