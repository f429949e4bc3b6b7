from __future__ import annotations

import numpy as np
import pytest

from edge.confidence import Confidence, softmax
from edge.errors import HeadError


def drawn(n: int = 200, classes: int = 6, spread: float = 2.0) -> np.ndarray:
    return np.random.default_rng(3).normal(0.0, spread, (n, classes)).astype(np.float32)


@pytest.mark.parametrize(
    "confidence",
    [
        Confidence(),
        Confidence(0.5, 1.3, 0.2),
        Confidence(2.0, 0.3, -3.0),
        Confidence(1.0, 5.0, -20.0),
        Confidence(1.0, 0.2, 20.0),
    ],
)
@pytest.mark.parametrize("spread", [1e-3, 2.0, 60.0])
def test_probabilities_are_a_distribution_in_the_order_of_the_logits(confidence, spread):
    logits = drawn(spread=spread)

    got = confidence.probabilities(logits)

    assert got.dtype == np.float32
    assert (got >= 0).all()
    np.testing.assert_allclose(got.sum(axis=1), 1.0, atol=1e-5)
    np.testing.assert_array_equal(got.argmax(axis=1), logits.argmax(axis=1))
    plain = softmax(logits / np.float32(confidence.temperature))
    order = np.argsort(plain, axis=1, kind="stable")
    assert (
        np.diff(np.take_along_axis(got, order, axis=1), axis=1) >= -1e-4
    ).all()  # ties are parted


def test_of_equal_classes_the_first_stays_first():
    got = Confidence(1.0, 0.3, -3.0).probabilities(np.zeros((1, 4), np.float32))[0]
    assert got.argmax() == 0
    np.testing.assert_allclose(got, 0.25, atol=1e-4)


def test_the_log_odds_of_the_most_probable_are_stretched_and_moved():
    logits = np.array([[3.0, 0.0, 0.0], [6.0, 1.0, 2.0]], np.float32)
    plain, got = softmax(logits)[:, 0], Confidence(1.0, 1.2, 0.4).probabilities(logits)[:, 0]

    expected = 1.2 * np.log(plain / (1 - plain)) + 0.4

    np.testing.assert_allclose(np.log(got / (1 - got)), expected, rtol=1e-4)


def test_the_others_share_what_is_left_as_before():
    logits = np.array([[3.0, 1.0, 0.0, -1.0]], np.float32)
    plain, got = softmax(logits)[0], Confidence(1.0, 1.0, 1.0).probabilities(logits)[0]
    np.testing.assert_allclose(got[1:] / got[1:].sum(), plain[1:] / plain[1:].sum(), rtol=1e-5)
    assert got[0] > plain[0]


def test_of_one_class_there_is_no_doubt():
    assert (
        Confidence(1.0, 2.0, -5.0).probabilities(np.zeros((3, 1), np.float32)).tolist()
        == [[1.0]] * 3
    )


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ((0.0, 1.0, 0.0), "temperature must be positive"),
        ((float("nan"), 1.0, 0.0), "temperature"),
        ((float("inf"), 1.0, 0.0), "temperature"),
        ((1.0, 0.0, 0.0), "slope must be positive"),
        ((1.0, -1.0, 0.0), "slope"),
        ((1.0, 1.0, float("nan")), "offset must be a number"),
        ((1.0, 1.0, float("inf")), "offset"),
    ],
)
def test_what_is_no_calibration_is_refused(values, said):
    with pytest.raises(HeadError, match=said):
        Confidence(*values)


def test_the_softmax_does_not_overflow():
    logits = np.array([[1e30, -1e30, 0.0], [-3e38, -3e38, -3e38]], np.float32)
    np.testing.assert_allclose(softmax(logits), [[1, 0, 0], [1 / 3] * 3], rtol=1e-6)


@pytest.mark.parametrize("spread", [1e-3, 2.0, 60.0])
@pytest.mark.parametrize("confidence", [Confidence(0.7, 1.3, 0.2), Confidence(2.0, 0.3, -3.0)])
def test_a_row_alone_is_what_it_is_among_others(confidence, spread):
    logits = drawn(40, spread=spread)
    alone = np.concatenate([confidence.probabilities(row[np.newaxis]) for row in logits])
    assert alone.dtype == np.float32
    np.testing.assert_allclose(alone, confidence.probabilities(logits), rtol=1e-6)


def test_no_rows_have_no_probabilities():
    assert Confidence(0.7, 1.3, 0.2).probabilities(drawn(0)).shape == (0, 6)
