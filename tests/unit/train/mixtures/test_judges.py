"""What tells minerals of a mixture, on generated spectra whose lines are known."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from train.evaluate import displaced_batch, logits_of, top_share
from train.mixtures.judges import JUDGES, make_judges
from train.mixtures.made import draw_pairs, mix
from train.mixtures.residual import of_residual
from train.mixtures.soft_training import fit_on_mixtures, mix_batch
from train.mixtures.unmixing import Unmixing, moved, rooted_peaks
from train.recipe import Recipe
from train.splits import split

pytestmark = pytest.mark.train

RECIPE = Recipe(
    name="tiny",
    model={"name": "template", "channels": 2, "kernel_points": 9, "stride_points": 12},
    augment={"displacement_points": 5, "noise": 0.01},
    fit={"epochs": 4, "batch_size": 16},
)


@pytest.fixture(scope="module")
def fold(dataset):
    return split(dataset, 2, "specimen", 0)[0]


@pytest.fixture(scope="module")
def mixtures(dataset, fold):
    """Return pairs of held-out spectra, their minerals, and the mixtures at three ratios of 0.7."""
    pairs = draw_pairs(dataset, fold.held_out, 20, seed=0)
    spectra = mix(dataset, pairs, 0.7)
    batches = {d: displaced_batch(spectra, dataset.grid, d) for d in (0, -30, 30)}
    return dataset.class_ids[pairs], batches


@pytest.fixture(scope="module")
def network(dataset, fold):
    return fit_on_mixtures(RECIPE, dataset, fold.train, seed=0)


def both_named(scores, minerals):
    first_two = np.sort(np.argsort(-scores, axis=1)[:, :2], axis=1)
    return float((first_two == np.sort(minerals, axis=1)).all(axis=1).mean())


def test_unmixing_names_both_minerals(dataset, fold, mixtures):
    minerals, batches = mixtures
    judge = Unmixing().fit(dataset.intensity[fold.train], dataset.class_ids[fold.train], 4)
    scores = judge(batches[0])
    assert scores.dtype == np.float32
    assert (scores >= 0).all()
    assert both_named(scores, minerals) == 1.0
    assert top_share(scores, minerals[:, 0]) >= 0.95


@pytest.mark.parametrize("displacement", [-30, 30])
def test_only_aligned_unmixing_survives_displacement(dataset, fold, mixtures, displacement):
    minerals, batches = mixtures
    fitted = dataset.intensity[fold.train], dataset.class_ids[fold.train], 4
    plain, aligned = Unmixing().fit(*fitted), Unmixing(search=10, search_step=2).fit(*fitted)
    assert both_named(aligned(batches[displacement]), minerals) >= 0.9
    assert both_named(plain(batches[displacement]), minerals) < 0.6


def test_a_class_without_references_contributes_nothing(dataset, fold, mixtures):
    kept = dataset.class_ids[fold.train] != 2
    train = fold.train[kept]
    judge = Unmixing().fit(dataset.intensity[train], dataset.class_ids[train], 4)
    assert (judge(mixtures[1][0])[:, 2] == 0).all()


def test_what_is_unmixed_does_not_depend_on_scale_or_a_constant(dataset):
    plain = rooted_peaks(dataset.intensity[:3])
    raised = rooted_peaks(0.3 * dataset.intensity[:3] + 0.5)
    np.testing.assert_allclose(raised, plain, atol=0.02)
    np.testing.assert_allclose(np.linalg.norm(plain, axis=1), 1, atol=1e-5)


def test_moving_further_than_a_row_is_long_leaves_nothing():
    assert moved(np.ones(3, dtype=np.float32), 7).tolist() == [0, 0, 0]
    assert moved(np.ones((2, 3), dtype=np.float32), -2).tolist() == [[1, 0, 0], [1, 0, 0]]


def test_training_on_mixtures_learns_the_minerals_and_repeats_to_the_bit(dataset, fold, network):
    held_out = dataset.intensity[fold.held_out]
    logits = logits_of(network, held_out)
    assert top_share(logits, dataset.class_ids[fold.held_out]) >= 0.9
    again = fit_on_mixtures(RECIPE, dataset, fold.train, seed=0)
    assert (logits_of(again, held_out) == logits).all()


def test_batches_are_mixed_by_half_and_their_shares_are_kept():
    generator = torch.Generator().manual_seed(0)
    targets = torch.eye(40)
    wide, shares = mix_batch(targets.clone(), targets, generator)
    torch.testing.assert_close(wide, shares)  # spectra are their own targets here
    torch.testing.assert_close(shares.sum(dim=1), torch.ones(40))
    dominant = shares.diagonal()
    assert (dominant >= 0.5).all()
    assert 10 <= int((dominant < 1).sum()) <= 30


def test_the_residual_keeps_the_first_and_tells_the_second(dataset, fold, mixtures, network):
    minerals, batches = mixtures
    predict = partial(logits_of, network)
    judge = of_residual(predict, dataset.intensity[fold.train], dataset.class_ids[fold.train])
    scores, plain = judge(batches[0]), predict(batches[0])
    assert (scores.argmax(axis=1) == plain.argmax(axis=1)).all()
    assert both_named(scores, minerals) >= 0.8


def test_every_judge_is_made_and_scores_every_mineral(dataset, fold, mixtures, network):
    told = []
    judges = make_judges(
        RECIPE, dataset, fold.train, 0, network, lambda share, words: told.append(share)
    )
    assert set(judges) == set(JUDGES)
    batch = mixtures[1][0][:4]
    for judge in judges.values():
        scores = judge(batch)
        assert scores.shape == (4, 4)
        assert np.isfinite(scores).all()
    assert told == [0.25, 0.5, 0.75, 1.0]
    guided, plain = judges["guided"](batch), judges["flagship"](batch)
    assert (guided.argmax(axis=1) == plain.argmax(axis=1)).all()
