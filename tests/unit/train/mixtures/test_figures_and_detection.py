from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from train.mixtures.detection import detection, entropy, second_contribution, second_probability
from train.mixtures.figures import named

pytestmark = pytest.mark.train


def scores(*rankings):
    """Return scores (M, 4) of rankings that name the best mineral first."""
    rows = np.zeros((len(rankings), 4), dtype=np.float32)
    for row, ranking in zip(rows, rankings, strict=True):
        row[list(ranking)] = np.arange(len(ranking), 0, -1)
    return rows


def test_dominant_second_and_both():
    minerals = np.array([[0, 1]] * 4)
    found = named(
        scores((0, 1, 2, 3), (1, 0, 2, 3), (0, 2, 3, 1), (2, 1, 0, 3)), minerals, equal=False
    )
    assert found.dominant.tolist() == [True, False, True, False]
    assert found.second.tolist() == [
        [True, True, False, False],  # the dominant mineral is not among the rest
        [True, True, False, True],
        [True, True, True, True],
    ]
    assert found.both.tolist() == [True, True, False, False]


def test_of_equal_parts_either_is_the_dominant_one():
    ranked, minerals = scores((1, 0, 2, 3), (2, 0, 1, 3)), np.array([[0, 1], [0, 1]])
    assert named(ranked, minerals, equal=True).dominant.tolist() == [True, False]
    assert named(ranked, minerals, equal=False).dominant.tolist() == [False, False]


def test_scores_for_two_minerals_are_higher_where_two_are_probable():
    sure = np.array([[9, 0, 0, 0]], dtype=np.float32)
    torn = np.array([[9, 9, 0, 0]], dtype=np.float32)
    for score in (second_probability, entropy, second_contribution):
        assert score(torn)[0] > score(sure)[0]
    assert second_probability(torn)[0] == pytest.approx(0.5, abs=1e-3)
    assert entropy(torn)[0] == pytest.approx(np.log(2), abs=5e-3)


def test_a_useless_score_finds_as_many_mixtures_as_false_alarms():
    chance = np.random.default_rng(0)
    told = detection(chance.normal(size=2000), chance.normal(size=2000), chance.normal(size=2000))
    assert told.auroc == pytest.approx(0.5, abs=0.03)
    assert told.detected == pytest.approx(0.05, abs=0.02)
    assert told.false_alarms == pytest.approx(0.05, abs=0.02)


def test_the_threshold_is_of_the_other_single_spectra():
    mixed, single = np.array([0.4, 0.6]), np.array([0.1, 0.3, 0.5, 0.7])
    assert detection(mixed, single, np.full(20, 0.45)).detected == 0.5
    assert detection(mixed, single, np.full(20, 0.45)).false_alarms == 0.5
    assert detection(mixed, single, np.full(20, 0.8)).detected == 0.0
