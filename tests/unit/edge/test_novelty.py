from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge.confidence import softmax
from edge.errors import HeadError
from edge.novelty import MOST_AXES, Centres, Novelty, Weights, find_centres, traits, weigh

CLASSES = 5


def patterns(n: int, seed: int, classes: int = CLASSES) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities (n, K) and classes: each confused with the next one now and then."""
    chance = np.random.default_rng(seed)
    class_ids = np.arange(n) % classes
    logits = chance.normal(0.0, 0.5, (n, classes))
    logits[np.arange(n), class_ids] += 6.0
    logits[np.arange(n), (class_ids + 1) % classes] += 3.0
    return softmax(logits.astype(np.float32)), class_ids


def strangers(n: int, seed: int) -> np.ndarray:
    """Return probabilities (n, K) torn between classes that are never confused."""
    logits = np.random.default_rng(seed).normal(0.0, 0.5, (n, CLASSES))
    logits[:, [0, 2]] += 5.0
    return softmax(logits.astype(np.float32))


@pytest.fixture
def novelty() -> Novelty:
    return Novelty(find_centres(*patterns(300, 1)), Weights(2.0, -1.5, 0.3), least=-1.0)


def test_what_was_seen_is_nearer_than_what_was_not(novelty):
    known, unknown = patterns(200, 2)[0], strangers(200, 3)
    seen, odd = novelty.centres.distances(known), novelty.centres.distances(unknown)
    assert np.quantile(seen, 0.95) < np.quantile(odd, 0.05)


def test_a_class_has_unit_spread_about_its_centre():
    probabilities, class_ids = patterns(3000, 4)
    centres = find_centres(probabilities, class_ids)
    logs = np.log(probabilities + 1e-5) @ centres.projection
    spread = (logs - centres.points[class_ids]).std(axis=0)
    assert centres.projection.shape == (CLASSES, CLASSES)
    assert (spread < 1.05).all()
    assert spread.max() > 0.7  # the ridge takes a little, not all


def test_the_mahalanobis_distance_is_that_of_the_pooled_covariance():
    probabilities, class_ids = patterns(500, 5)
    logs = np.log(probabilities.astype(np.float64) + 1e-5)
    means = np.stack([logs[class_ids == k].mean(axis=0) for k in range(CLASSES)])
    within = logs - means[class_ids]
    covariance = within.T @ within / len(logs)
    covariance += np.eye(CLASSES) * (0.1 * np.trace(covariance) / CLASSES + 1e-4)
    ways = logs[:20, np.newaxis] - means
    squares = np.einsum("nkd,de,nke->nk", ways, np.linalg.inv(covariance), ways)

    got = find_centres(probabilities, class_ids).distances(probabilities[:20])

    np.testing.assert_allclose(got, np.sqrt(squares.min(axis=1)), atol=0.02)


def test_many_spectra_are_measured_as_few_are(novelty):
    probabilities, _ = patterns(600, 13)
    few = [novelty.centres.distances(probabilities[k : k + 100]) for k in range(0, 600, 100)]
    np.testing.assert_allclose(
        novelty.centres.distances(probabilities), np.concatenate(few), rtol=1e-5
    )
    assert novelty.centres.distances(probabilities[:0]).shape == (0,)


def test_directions_are_capped_where_there_are_many_classes():
    centres = find_centres(*patterns(400, 6, classes=80))
    assert centres.projection.shape == centres.points.shape == (80, MOST_AXES)


def test_statistics_are_the_same_for_the_same_spectra_in_any_order():
    probabilities, class_ids = patterns(120, 7)
    order = np.random.default_rng(0).permutation(120)
    one = find_centres(probabilities, class_ids).distances(probabilities)
    other = find_centres(probabilities[order], class_ids[order]).distances(probabilities)
    np.testing.assert_allclose(one, other, rtol=1e-3)


def test_statistics_are_what_a_file_keeps():
    centres = find_centres(*patterns(120, 7))
    for array in (centres.projection, centres.points):
        np.testing.assert_array_equal(array, array.astype(np.float16))


def test_many_classes_that_are_told_perfectly_do_not_overflow():
    sure = np.eye(300, dtype=np.float32)
    assert np.isfinite(find_centres(sure, np.arange(300)).distances(sure)).all()


def test_one_spectrum_a_class_and_perfect_ones_do_not_break_it():
    sure = np.eye(CLASSES, dtype=np.float32)
    centres = find_centres(sure, np.arange(CLASSES))
    assert np.isfinite(centres.distances(sure)).all()
    assert centres.distances(np.full((1, CLASSES), 0.2, np.float32)) > 1


def test_a_class_without_spectra_is_refused():
    probabilities, class_ids = patterns(100, 8)
    with pytest.raises(HeadError, match="class 3 has no spectrum"):
        find_centres(probabilities[class_ids != 3], class_ids[class_ids != 3])


def test_familiarity_weighs_log_distance_and_the_strongest_value(novelty):
    probabilities = patterns(4, 9)[0]
    embedding = np.random.default_rng(1).normal(size=(4, 7)).astype(np.float32)

    got = novelty.familiarity(probabilities, embedding)

    distances = novelty.centres.distances(probabilities)
    np.testing.assert_allclose(
        got, 2.0 - 1.5 * np.log(distances) + 0.3 * embedding.max(axis=1), rtol=1e-5
    )
    assert got.dtype == np.float32


def test_stronger_and_nearer_is_more_familiar(novelty):
    probabilities = np.concatenate([patterns(1, 10)[0], strangers(1, 11)])
    weak, strong = np.ones((2, 3), np.float32), np.full((2, 3), 4.0, np.float32)
    near, far = novelty.familiarity(probabilities, weak)
    assert near > far
    assert (novelty.familiarity(probabilities, strong) > [near, far]).all()


def test_traits_come_in_the_order_of_the_weights(novelty):
    found = traits(novelty.centres, patterns(3, 12)[0], np.array([1, 2, 3], np.float32))
    assert found[:, 1].tolist() == [1, 2, 3]
    assert weigh(Weights(0.5, 0.0, 1.0), found).tolist() == [1.5, 2.5, 3.5]


@pytest.mark.parametrize(
    ("projection", "points", "said"),
    [
        (np.ones((3, 2)), np.ones((3, 3)), "do not fit"),
        (np.ones(3), np.ones(3), "do not fit"),
        (np.full((3, 2), np.nan), np.ones((3, 2)), "not numbers"),
        (np.ones((3, 2)), np.full((3, 2), np.inf), "not numbers"),
    ],
)
def test_statistics_that_do_not_fit_are_refused(projection, points, said):
    with pytest.raises(HeadError, match=said):
        Centres(projection.astype(np.float32), points.astype(np.float32))


@pytest.mark.parametrize(
    "changes", [{"least": float("nan")}, {"weights": Weights(0.0, float("inf"), 0.0)}]
)
def test_weights_and_thresholds_that_are_no_numbers_are_refused(novelty, changes):
    with pytest.raises(HeadError, match="not numbers"):
        replace(novelty, **changes)


def test_a_spectrum_alone_is_as_familiar_as_among_others(novelty):
    probabilities = patterns(50, 8)[0]
    embedding = np.random.default_rng(0).uniform(0, 8, (50, 9)).astype(np.float32)
    together = novelty.familiarity(probabilities, embedding)
    alone = [novelty.familiarity(probabilities[[k]], embedding[[k]])[0] for k in range(50)]
    np.testing.assert_allclose(alone, together, rtol=1e-4)
    found = traits(novelty.centres, probabilities, embedding.max(axis=1))
    np.testing.assert_array_equal(weigh(novelty.weights, found), together)
