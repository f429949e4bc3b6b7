from __future__ import annotations

import pytest

pytest.importorskip("torch")

import numpy as np
import torch

import train.reproduction.fitting
from train.dataset import Dataset
from train.loop import Epoch, Fitted
from train.model_parts import PeakKnnPart, SoysalCnnModelPart, TemplateModelPart
from train.models import make_model
from train.recipe import AugmentPart, FitPart
from train.reproduction.fitting import as_printed, at_most, fit_predict, train_model
from train.reproduction.held_out import hold_out

pytestmark = pytest.mark.train
TEMPLATE = TemplateModelPart(
    name="template", channels=2, kernel_points=9, stride_points=12, templates_per_class=2
)


def _silent(share: float, words: str) -> None:
    assert 0 <= share <= 1
    assert words


def test_the_recipe_holds_what_is_printed() -> None:
    recipe = as_printed(SoysalCnnModelPart(name="soysal_cnn"))

    assert recipe.augment == AugmentPart()
    assert (recipe.fit.schedule, recipe.fit.learning_rate) == ("plateau", 1e-3)
    assert as_printed(SoysalCnnModelPart(name="soysal_cnn"), augmented=True).augment.baseline == 1.0
    assert as_printed(PeakKnnPart(name="peak_knn"), augmented=True).fit == FitPart()
    assert at_most(recipe, 3).fit.epochs == 3


@pytest.mark.parametrize("part", [TEMPLATE, PeakKnnPart(name="peak_knn")], ids=["net", "knn"])
def test_networks_and_comparators_are_fitted_alike(
    part: TemplateModelPart | PeakKnnPart, dataset: Dataset
) -> None:
    fold = hold_out(dataset, "specimen", 0, 0.25)

    predict = fit_predict(at_most(as_printed(part), 6), dataset, fold.train, 0, _silent)

    logits = predict(dataset.intensity[fold.held_out])
    assert logits.shape == (len(fold.held_out), 4)
    assert (logits.argmax(axis=1) == dataset.class_ids[fold.held_out]).mean() > 0.9


def test_the_same_network_is_not_trained_twice(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained: list[int] = []

    def counted(*arguments: object) -> torch.nn.Module:
        trained.append(1)
        return make_model(as_printed(TEMPLATE), 4)

    monkeypatch.setattr(train.reproduction.fitting, "train_model", counted)
    recipe, chosen = as_printed(TEMPLATE), np.arange(0, 80, 3)

    for seed in (7, 7, 8):
        fit_predict(recipe, dataset, chosen.copy(), seed, _silent)
    fit_predict(recipe, dataset, chosen[1:], 7, _silent)

    assert len(trained) == 3


def test_the_watched_spectra_are_told_of(dataset: Dataset) -> None:
    fold = hold_out(dataset, "specimen", 0, 0.25)
    epochs: list[Epoch] = []
    recipe = at_most(as_printed(TEMPLATE), 2)

    train_model(recipe, dataset, fold.train, 0, _silent, fold.held_out, epochs.append)

    assert [epoch.epoch for epoch in epochs] == [1, 2]
    assert epochs[0].validation_loss is not None


def test_a_training_that_was_interrupted_is_no_result(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: object) -> Fitted:
        return Fitted(torch.nn.Identity(), 1, interrupted=True)  # type: ignore[arg-type]

    monkeypatch.setattr(train.reproduction.fitting, "fit", interrupted)

    with pytest.raises(KeyboardInterrupt):
        train_model(as_printed(TEMPLATE), dataset, np.arange(80), 0, _silent)
