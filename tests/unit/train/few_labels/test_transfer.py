from __future__ import annotations

import pytest

pytest.importorskip("torch")

import numpy as np
import torch

from train.errors import TooManyNewError
from train.evaluate import features_of
from train.few_labels.adaptation import nearest_exemplar, nearest_mean, refit_head
from train.few_labels.fine_tuning import FineTuning, fine_tune
from train.few_labels.transfer import displaced_embeddings, draw_new
from train.models import make_model

pytestmark = pytest.mark.train

RULES = [refit_head, nearest_mean, nearest_exemplar]


def blobs(seed: int, spread: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(0).normal(size=(3, 8))
    class_ids = np.arange(60) % 3
    embeddings = centres[class_ids] + spread * rng.normal(size=(60, 8))
    return embeddings.astype(np.float32), class_ids


def test_drawn_minerals_are_all_minerals_once():
    drawn = draw_new(63, 20, seed=4)
    assert (len(drawn.old), len(drawn.new)) == (43, 20)
    np.testing.assert_array_equal(np.union1d(drawn.old, drawn.new), np.arange(63))
    np.testing.assert_array_equal(drawn.new, draw_new(63, 20, seed=4).new)
    assert set(drawn.new) != set(draw_new(63, 20, seed=5).new)


@pytest.mark.parametrize("count", [-1, 0, 1, 9, 10, 63])
def test_more_new_minerals_than_the_data_have_are_refused(count):
    with pytest.raises(TooManyNewError, match=f"{count} of 10 minerals; take from 2 to 8") as told:
        draw_new(10, count, seed=0)
    assert (told.value.new, told.value.classes) == (count, 10)
    assert told.value.exit_code == 2


@pytest.mark.parametrize("learn", RULES)
def test_every_rule_tells_clusters_apart(learn):
    rule = learn(*blobs(1), 3)
    queries, truth = blobs(2)
    scores = rule(queries)
    assert scores.shape == (60, 3)
    assert (scores.argmax(axis=1) == truth).all()


def test_an_exemplar_is_found_where_a_mean_is_not():
    """A mineral of two kinds, on both sides of another."""
    embeddings = np.array([[-4.0], [-4.1], [4.0], [4.1], [0.5], [0.4]], np.float32)
    class_ids = np.array([0, 0, 0, 0, 1, 1])
    queries = np.array([[-4.05], [4.05], [0.45]], np.float32)
    exemplar, mean = (learn(embeddings, class_ids, 2) for learn in (nearest_exemplar, nearest_mean))
    np.testing.assert_array_equal(exemplar(queries).argmax(axis=1), [0, 0, 1])
    assert mean(queries).argmax(axis=1)[1] == 1


def test_embeddings_are_those_of_the_model(recipe, dataset):
    model = make_model(recipe, len(dataset.classes))
    intensity = dataset.intensity[:5]
    with torch.no_grad():
        expected = model.eval().embed(torch.from_numpy(intensity)[:, None]).numpy()
    got = features_of(model, intensity)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, expected, atol=1e-6)


def test_copies_are_displaced(recipe, dataset):
    model = make_model(recipe, len(dataset.classes))
    chosen = np.array([3, 7])
    copies = displaced_embeddings(model, dataset, chosen, (0.0, 20.0))
    in_place = features_of(model, dataset.intensity[chosen])
    assert copies.shape == (2, 2, model.embedding_size)
    np.testing.assert_allclose(copies[0], in_place, atol=1e-5)
    assert np.abs(copies[1] - in_place).max() > 1e-3


@pytest.mark.parametrize("frozen", [True, False])
def test_fine_tuning_learns_and_leaves_the_model_as_it_was(recipe, dataset, labelled, frozen):
    torch.manual_seed(0)
    model = make_model(recipe, 2)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    intensity, class_ids = dataset.intensity[labelled], dataset.class_ids[labelled]
    settings = FineTuning(learning_rate=1e-2 if frozen else 1e-3, epochs=30, frozen=frozen)
    predict = fine_tune(model, intensity, class_ids, 4, 1, settings)
    assert predict(intensity).shape == (12, 4)
    assert (predict(intensity).argmax(axis=1) == class_ids).mean() > 0.9
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_as_printed_logits_stay_a_linear_function_of_the_embedding(recipe, dataset, labelled):
    """Only the softmax learns."""
    torch.manual_seed(0)
    model = make_model(recipe, 2)
    intensity, class_ids = dataset.intensity[labelled], dataset.class_ids[labelled]
    logits = fine_tune(model, intensity, class_ids, 4, 1, FineTuning(1e-2, 5))(dataset.intensity)
    embeddings = np.c_[features_of(model, dataset.intensity), np.ones(len(dataset))]
    found = np.linalg.lstsq(embeddings.astype(np.float64), logits, rcond=None)[0]
    np.testing.assert_allclose(embeddings @ found, logits, atol=1e-2)


def test_the_same_seed_tunes_alike(recipe, dataset, labelled):
    model = make_model(recipe, 2)
    given = (model, dataset.intensity[labelled], dataset.class_ids[labelled], 4)
    one, same, other = (fine_tune(*given, seed)(dataset.intensity) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 0
