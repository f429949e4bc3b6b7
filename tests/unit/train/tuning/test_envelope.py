from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from tests.unit.train.tuning.made_up import envelope
from train.tuning.drift import Drift
from train.tuning.envelope import envelope_of, judge

pytestmark = pytest.mark.train
BOUND = Drift("bound", 2.0)


def test_every_spectrum_counts_once_however_large_its_fold():
    hits = [np.array([[True], [False]]), np.array([[True, True, False], [True, True, True]])]

    pooled = envelope_of(np.array([0.0, 1.0]), hits)

    np.testing.assert_allclose(pooled.top1, [3 / 4, 3 / 4])
    np.testing.assert_allclose(pooled.top1_folds, [[1, 0], [2 / 3, 1]])


def test_a_bound_is_judged_by_its_worst_displacement():
    found = judge(envelope([0.0, 0.6, 0.8, 0.9, 0.7, 0.65, 0.1]), BOUND)

    assert (found.criterion, found.worst, found.worst_at_cm1) == (0.6, 0.6, -2.0)
    assert found.mean == pytest.approx((0.6 + 0.8 + 0.9 + 0.7 + 0.65) / 5)


def test_a_deviation_is_judged_by_the_expectation_and_the_worst_is_told():
    top1 = [0.2, 0.6, 0.8, 0.9, 0.8, 0.6, 0.3]
    density = np.exp(-0.5 * np.arange(-3, 4) ** 2)

    found = judge(envelope(top1), Drift("sigma", 1.0))

    assert found.criterion == pytest.approx((density * top1).sum() / density.sum())
    assert (found.worst, found.worst_at_cm1) == (0.2, -3.0)


def test_the_standard_error_is_that_of_the_folds_where_the_worst_is_found():
    found = judge(envelope([0.6, 0.7, 0.8, 0.9, 0.8, 0.7, 0.6], spread=0.05), BOUND)

    assert found.criterion_folds == pytest.approx((0.75, 0.65))
    assert found.standard_error == pytest.approx(0.05)  # deviation 0.1/√2, over √2
