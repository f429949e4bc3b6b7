from __future__ import annotations

import numpy as np
import pytest

from train.tuning.drift import Drift

DISPLACEMENT_CM1 = np.arange(-40.0, 41.0)


def test_a_bound_counts_the_worst_of_every_integer_of_both_signs():
    top1 = np.full(81, 0.9)
    top1[40 + 20], top1[40 - 13], top1[40 + 21] = 0.8, 0.7, 0.1  # the last is out of the range

    weights = Drift("bound", 20.0).weights(DISPLACEMENT_CM1, top1)

    assert np.flatnonzero(weights).tolist() == [40 - 13]
    assert weights @ top1 == pytest.approx(0.7)


def test_of_equally_bad_displacements_the_innermost_is_named():
    weights = Drift("bound", 20.0).weights(DISPLACEMENT_CM1, np.full(81, 0.5))

    assert DISPLACEMENT_CM1[weights.argmax()] == 0.0


def test_a_deviation_weighs_as_a_normal_distribution_up_to_three_of_them():
    weights = Drift("sigma", 10.0).weights(DISPLACEMENT_CM1, np.zeros(81))

    assert weights.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(weights, weights[::-1])
    assert weights[40 + 10] / weights[40] == pytest.approx(np.exp(-0.5))
    assert weights[40 + 30] > 0
    assert weights[40 + 31] == weights[40 - 31] == 0


def test_reach_and_what_is_trained_for():
    assert (Drift("bound", 20.0).reach_cm1, Drift("bound", 20.0).trained_cm1) == (20.0, 20.0)
    assert (Drift("sigma", 10.0).reach_cm1, Drift("sigma", 10.0).trained_cm1) == (30.0, 20.0)


def test_the_edges_of_the_range_are_in_it_in_spite_of_rounding():
    tenths = 0.1 * np.arange(-5, 6)  # 0.1 * 3 is more than 0.3

    assert Drift("bound", 0.3).within(tenths).sum() == 7
