from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import check_grad

from edge.errors import HeadError
from edge.head import Head
from edge.head_fit import _loss_and_gradient, fit_softmax


def clusters(
    spectra: int = 240, size: int = 12, classes: int = 5, spread: float = 1.0, seed: int = 3
) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    class_ids = rng.permutation(np.arange(spectra) % classes)
    centres = rng.normal(size=(classes, size))
    embeddings = centres[class_ids] + spread * rng.normal(size=(spectra, size))
    return embeddings.astype(np.float32), class_ids


def loss(embeddings, class_ids, weights, bias, penalty, spectrum_weights=1.0) -> float:
    """The sum that is minimized, by another way than the fit goes."""
    logits = embeddings.astype(np.float64) @ weights.astype(np.float64) + bias
    own = logits[np.arange(len(logits)), class_ids]
    entropy = np.logaddexp.reduce(logits, axis=1) - own
    return float((spectrum_weights * entropy).sum() + penalty / 2 * np.square(weights).sum())


@pytest.mark.parametrize("penalty", [0.01, 0.1, 1.0, 30.0])
@pytest.mark.train
def test_it_finds_the_optimum_of_scikit_learn(penalty):
    linear_model = pytest.importorskip("sklearn.linear_model")
    embeddings, class_ids = clusters()
    weights, bias = fit_softmax(embeddings, class_ids, 5, penalty)
    theirs = linear_model.LogisticRegression(C=1 / penalty, tol=1e-8, max_iter=5000)
    theirs.fit(embeddings.astype(np.float64), class_ids)
    mine = loss(embeddings, class_ids, weights, bias, penalty)
    best = loss(embeddings, class_ids, theirs.coef_.T, theirs.intercept_, penalty)
    assert mine <= best * (1 + 1e-5)
    np.testing.assert_allclose(weights, theirs.coef_.T, atol=2e-3 * np.abs(weights).max())


@pytest.mark.train
def test_class_weights_are_those_of_scikit_learn():
    linear_model = pytest.importorskip("sklearn.linear_model")
    embeddings, class_ids = clusters(classes=3)
    kept = (class_ids > 0) | (np.arange(len(class_ids)) < 40)  # one class is rarer
    embeddings, class_ids = embeddings[kept], class_ids[kept]
    weights, _ = fit_softmax(embeddings, class_ids, 3, 1.0, class_weight_power=1.0)
    theirs = linear_model.LogisticRegression(class_weight="balanced", tol=1e-8, max_iter=5000)
    theirs.fit(embeddings.astype(np.float64), class_ids)
    np.testing.assert_allclose(weights, theirs.coef_.T, atol=2e-3 * np.abs(weights).max())


def test_the_gradient_is_that_of_the_loss():
    embeddings, class_ids = clusters(spectra=30, size=4, classes=3)
    truth = np.zeros((30, 3))
    truth[np.arange(30), class_ids] = np.linspace(0.5, 2.0, 30)  # spectra weigh differently
    flat = np.random.default_rng(1).normal(size=5 * 3)
    rest = (embeddings.astype(np.float64), truth, 0.3)
    error = check_grad(
        lambda x: _loss_and_gradient(x, *rest)[0], lambda x: _loss_and_gradient(x, *rest)[1], flat
    )
    assert error < 1e-6


def test_two_fits_are_the_same_to_the_bit():
    embeddings, class_ids = clusters()
    for first, second in zip(
        fit_softmax(embeddings, class_ids, 5), fit_softmax(embeddings, class_ids, 5), strict=True
    ):
        np.testing.assert_array_equal(first, second)


def test_an_offset_and_the_order_of_spectra_change_nothing_but_the_bias():
    embeddings, class_ids = clusters()
    weights, _ = fit_softmax(embeddings, class_ids, 5)
    order = np.random.default_rng(2).permutation(len(embeddings))
    moved, _ = fit_softmax(embeddings[order] + np.float32(4.0), class_ids[order], 5)
    np.testing.assert_allclose(moved, weights, atol=1e-3)


def test_it_makes_a_head_that_tells_the_classes_apart():
    embeddings, class_ids = clusters(spread=0.2)
    weights, bias = fit_softmax(embeddings, class_ids, 5, 0.1)
    assert weights.dtype == bias.dtype == np.float32
    head = Head(weights, bias, tuple("abcde"), "ab" * 32)
    queries, truth = clusters(spread=0.2, seed=3)
    assert (head.probabilities(queries).argmax(axis=1) == truth).all()


def test_classes_that_are_far_apart_do_not_overflow():
    embeddings = np.array([[1e4], [1e4], [-1e4]], np.float32)
    weights, bias = fit_softmax(embeddings, np.array([0, 0, 1]), 2, 1e-6)
    assert np.isfinite(weights).all()
    assert np.isfinite(bias).all()


def test_more_penalty_gives_smaller_weights():
    embeddings, class_ids = clusters()
    sizes = [np.abs(fit_softmax(embeddings, class_ids, 5, p)[0]).sum() for p in (0.1, 10, 1000)]
    assert sizes[0] > sizes[1] > sizes[2]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"embeddings": np.ones((4, 2, 1), np.float32)}, r"got \(4, 2, 1\)"),
        ({"class_ids": np.array([0, 1, 0])}, r"and \(3,\)"),
        ({"class_ids": np.array([[0, 1, 0, 1]])}, r"class ids \(n,\)"),
        ({"classes": 1}, "at least 2 classes to tell apart, got 1"),
        ({"classes": 0}, "got 0"),
        ({"classes": 4}, "no spectrum of class 2, 3"),
        ({"class_ids": np.array([0, 1, 2, 1])}, "from 0 to 1, got 0 to 2"),
        ({"class_ids": np.array([0, 1, -1, 1])}, "got -1 to 1"),
        ({"class_ids": np.array([0.0, 1.0, 0.0, 1.0])}, "integers, got float64"),
        ({"embeddings": np.zeros((0, 2), np.float32), "class_ids": np.zeros(0, int)}, "class 0, 1"),
        ({"embeddings": np.array([[0, 1], [1, np.nan], [0, 1], [1, 1.0]])}, "the first at 1"),
        ({"embeddings": np.array([[0, np.inf], [1, 0], [0, 1], [1, 1.0]])}, "not finite"),
        ({"penalty": -1.0}, "penalty of 0 or more, got -1"),
        ({"penalty": float("nan")}, "penalty"),
    ],
)
def test_what_cannot_be_fitted_is_refused(changes, said):
    given = {
        "embeddings": np.eye(4, 2, dtype=np.float32),
        "class_ids": np.array([0, 1, 0, 1]),
        "classes": 2,
        "penalty": 1.0,
    }
    with pytest.raises(HeadError, match=said):
        fit_softmax(**(given | changes))


def test_a_large_head_is_fitted_in_moments():
    embeddings, class_ids = clusters(2000, 315, 63)
    started = time.process_time()
    weights, bias = fit_softmax(embeddings, class_ids, 63, 0.1)
    took_s = time.process_time() - started
    assert took_s < 20  # about half a second of one core; the bound is for machines in trouble
    hits = (embeddings @ weights + bias).argmax(axis=1) == class_ids
    assert hits.mean() > 0.99


def test_importing_it_does_not_load_the_optimizer():
    said = subprocess.run(
        [sys.executable, "-c", "import sys, edge.head_fit; print('scipy.optimize' in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == "False"


def test_a_refitted_head_takes_the_place_of_the_old_one():
    embeddings, class_ids = clusters(classes=5)
    old = Head(
        *fit_softmax(embeddings[class_ids < 4], class_ids[class_ids < 4], 4), tuple("abcd"), "x"
    )
    weights, bias = fit_softmax(embeddings, class_ids, 5)
    new = replace(old, weights=weights, bias=bias, classes=tuple("abcde"), version=old.version + 1)
    assert new.embedding_size == old.embedding_size
    assert new.probabilities(embeddings).shape == (len(embeddings), 5)
