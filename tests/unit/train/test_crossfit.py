from __future__ import annotations

import pytest

pytest.importorskip("torch")

import numpy as np
from scipy.special import softmax

from train.crossfit import (
    CrossFitted,
    calibration_error,
    calibration_figures,
    cross_fit,
    prediction_sets,
)
from train.fold_result import FoldResult
from train.recipe import ValidatePart

pytestmark = pytest.mark.train


def _results(
    n: int = 2000, folds: int = 4, stretched: float = 1.0, odd_fold: int | None = None
) -> tuple[list[FoldResult], np.ndarray]:
    """Return folds whose logits, divided by `stretched`, give the classes their true chances."""
    chance = np.random.default_rng(7)
    logits = chance.normal(0.0, 2.5, (n, 8)).astype(np.float32)
    cumulated = softmax(logits.astype(np.float64), axis=1).cumsum(axis=1)
    class_ids = (chance.random((n, 1)) > cumulated).sum(axis=1).clip(0, 7).astype(np.int64)
    places = np.array_split(chance.permutation(n), folds)
    none = np.zeros((0, 0), bool)
    results = []
    for number, held_out in enumerate(places):
        factor = 6.0 * stretched if number == odd_fold else stretched
        results.append(FoldResult(held_out, np.float32(factor) * logits[held_out], none, none))
    return results, class_ids


def test_overconfident_logits_come_out_calibrated() -> None:
    part = ValidatePart()
    results, class_ids = _results(stretched=4.0)

    figures = calibration_figures(cross_fit(results, class_ids, part), part)

    assert figures.ece_uncalibrated > 0.1
    assert figures.ece < 0.03
    assert figures.n == 2000


@pytest.mark.parametrize("coverage", [0.8, 0.9, 0.95])
def test_sets_hold_the_truth_as_often_as_they_shall(coverage: float) -> None:
    part = ValidatePart(coverage=coverage)
    results, class_ids = _results(stretched=2.0)

    figures = calibration_figures(cross_fit(results, class_ids, part), part)

    assert figures.coverage == pytest.approx(coverage, abs=0.01)
    assert figures.nominal_coverage == coverage
    assert figures.class_coverage == pytest.approx(coverage, abs=0.03)


def test_larger_coverage_takes_larger_sets() -> None:
    results, class_ids = _results()
    sizes = [
        calibration_figures(cross_fit(results, class_ids, part), part).set_size
        for part in (ValidatePart(coverage=0.8), ValidatePart(coverage=0.95))
    ]
    assert 1 <= sizes[0] < sizes[1]


def test_a_fold_is_judged_by_what_was_learned_from_the_others() -> None:
    part = ValidatePart()
    results, class_ids = _results(folds=4, odd_fold=2)

    fitted = cross_fit(results, class_ids, part)

    sizes = [len(result.held_out) for result in results]
    of_fold = np.split(np.arange(2000), np.cumsum(sizes)[:-1])
    errors = [
        calibration_error(fitted.probabilities.max(axis=1)[rows], fitted.right[rows])
        for rows in of_fold
    ]
    # one's own logits would have shown that this fold is sharper by six; the others cannot
    assert errors[2] > 0.15


def test_every_spectrum_is_judged_once_in_the_order_of_the_folds() -> None:
    results, class_ids = _results(n=100)
    fitted = cross_fit(results, class_ids, ValidatePart())
    expected = class_ids[np.concatenate([result.held_out for result in results])]
    np.testing.assert_array_equal(fitted.class_ids, expected)
    np.testing.assert_allclose(fitted.probabilities.sum(axis=1), 1.0, atol=1e-5)


def test_a_set_holds_the_most_probable_class_at_least() -> None:
    probabilities = np.array([[0.5, 0.3, 0.2], [0.4, 0.35, 0.25]], np.float32)
    assert prediction_sets(probabilities, 0.3).tolist() == [
        [True, True, False],
        [True, True, False],
    ]
    assert prediction_sets(probabilities, 0.9).sum(axis=1).tolist() == [1, 1]


def test_the_error_is_over_bins_of_equal_mass() -> None:
    confidence = np.array([0.1, 0.2, 0.9, 0.9])
    right = np.array([False, True, True, True])
    assert calibration_error(confidence, right, 2) == pytest.approx((0.35 * 2 + 0.1 * 2) / 4)
    assert calibration_error(confidence, right, 1) == pytest.approx(abs(0.525 - 0.75))
    assert calibration_error(confidence, right, 50) == pytest.approx((0.1 + 0.8 + 0.1 + 0.1) / 4)


def test_coverage_is_told_class_by_class() -> None:
    class_ids = np.array([0, 0, 0, 1])
    sets = np.array([[True, False]] * 4)
    plain = np.array([[0.9, 0.1]] * 4)
    figures = calibration_figures(CrossFitted(class_ids, plain, plain, sets), ValidatePart())
    assert figures.coverage == 0.75
    assert figures.class_coverage == 0.5
    assert figures.classes_below_nominal == 1
    assert (figures.set_size, figures.single_share) == (1.0, 1.0)
