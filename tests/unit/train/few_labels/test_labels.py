from __future__ import annotations

import pytest

pytest.importorskip("torch")

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from train.dataset import Dataset
from train.errors import NoUnlabelledError, RecipeError, TooFewLabelsError
from train.few_labels import fit_autoencoder, fit_contrastive, fit_frozen, fit_sgan
from train.few_labels.autoencoder import AutoencoderSettings
from train.model_parts import PeakKnnPart, SunLstmModelPart
from train.recipe import Recipe

pytestmark = pytest.mark.train
METHODS = [fit_sgan, fit_contrastive, fit_autoencoder, fit_frozen]
OF_SINGLE_SPECTRA = [fit_sgan, fit_contrastive]
QUICK = [
    fit_sgan,
    fit_contrastive,
    partial(fit_autoencoder, settings=AutoencoderSettings(epochs=4)),
    partial(fit_frozen, layers=("dense1", "dense2")),
]


@pytest.mark.parametrize("fit", METHODS)
def test_fewer_labelled_spectra_than_minerals_are_refused(
    fit: Callable, dataset: Dataset, recipe: Recipe, unlabelled: np.ndarray, silent: Callable
) -> None:
    three = np.array([np.flatnonzero(dataset.class_ids == k)[0] for k in (0, 1, 3)])

    with pytest.raises(TooFewLabelsError) as caught:
        fit(recipe, dataset, three, unlabelled, 0, silent)

    assert str(caught.value).startswith(
        "labelled spectra: 3 of 4 minerals, and every mineral needs one; 1 have none: "
        f"{dataset.classes[2]}; label a spectrum of each"
    )
    assert (caught.value.labelled, caught.value.classes) == (3, 4)
    assert caught.value.missing == (dataset.classes[2],)


def test_of_many_missing_minerals_a_few_are_named(
    dataset: Dataset, recipe: Recipe, unlabelled: np.ndarray, silent: Callable
) -> None:
    many = replace(dataset, classes=(*dataset.classes, *(f"More{k}" for k in range(20))))

    with pytest.raises(TooFewLabelsError, match=r"20 have none: More0, .*, More4, …; label"):
        fit_sgan(recipe, many, np.arange(80), unlabelled, 0, silent)


@pytest.mark.parametrize("fit", METHODS)
def test_an_empty_set_to_learn_from_is_refused(
    fit: Callable, dataset: Dataset, recipe: Recipe, labelled: np.ndarray, silent: Callable
) -> None:
    with pytest.raises(NoUnlabelledError, match=r"needs at least \d, got 0; add spectra") as caught:
        fit(recipe, dataset, labelled, labelled[:0], 0, silent)

    assert caught.value.got == 0


@pytest.mark.parametrize("fit", OF_SINGLE_SPECTRA)
def test_a_model_of_sequences_is_refused(
    fit: Callable,
    dataset: Dataset,
    recipe: Recipe,
    labelled: np.ndarray,
    unlabelled: np.ndarray,
    silent: Callable,
) -> None:
    sequences = recipe.model_copy(update={"model": SunLstmModelPart(name="sun_lstm")})

    with pytest.raises(RecipeError, match="reads sequences"):
        fit(sequences, dataset, labelled, unlabelled, 0, silent)


@pytest.mark.parametrize("fit", OF_SINGLE_SPECTRA)
def test_a_comparator_is_refused(
    fit: Callable, dataset: Dataset, labelled: np.ndarray, unlabelled: np.ndarray, silent: Callable
) -> None:
    comparator = Recipe(name="knn", model=PeakKnnPart(name="peak_knn"))

    with pytest.raises(RecipeError, match="peak_knn has no network"):
        fit(comparator, dataset, labelled, unlabelled, 0, silent)


@pytest.mark.parametrize("fit", QUICK)
def test_a_method_tells_how_far_it_is_and_classifies(
    fit: Callable,
    dataset: Dataset,
    recipe: Recipe,
    labelled: np.ndarray,
    unlabelled: np.ndarray,
    rest: np.ndarray,
) -> None:
    told: list[float] = []

    predict = fit(recipe, dataset, labelled, unlabelled, 3, lambda share, _: told.append(share))
    again = fit(recipe, dataset, labelled, unlabelled, 3, lambda share, _: None)

    logits = predict(dataset.intensity[rest])
    assert logits.shape == (len(rest), 4)
    assert logits.dtype == np.float32
    assert told[-1] == 1.0
    assert min(told) > 0
    np.testing.assert_array_equal(logits, again(dataset.intensity[rest]))


@pytest.mark.parametrize("fit", QUICK[:-1])
def test_labels_of_unlabelled_spectra_are_not_looked_at(
    fit: Callable,
    dataset: Dataset,
    recipe: Recipe,
    labelled: np.ndarray,
    unlabelled: np.ndarray,
    rest: np.ndarray,
    silent: Callable,
) -> None:
    other = dataset.class_ids.copy()
    other[unlabelled] = 0
    blind = replace(dataset, class_ids=other)

    logits = fit(recipe, dataset, labelled, unlabelled, 1, silent)(dataset.intensity[rest])
    same = fit(recipe, blind, labelled, unlabelled, 1, silent)(dataset.intensity[rest])

    np.testing.assert_array_equal(logits, same)
