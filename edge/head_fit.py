"""Refitting the head in the field: softmax regression on embeddings, in numpy and scipy.

The backbone stays as it is; a new mineral is a column more in the head. Everything here is a pure
function of arrays and gives the same weights for the same arrays. scipy is imported when a head is
fitted, not when the daemon starts: its optimizers take two thirds of a second to load.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.errors import HeadError

_MOST_STEPS = 500
_FLAT_ENOUGH = 1e-6  # slope of the mean loss, nats: no verdict changes any more


def fit_softmax(
    embeddings: NDArray[np.floating[Any]],
    class_ids: NDArray[np.integer[Any]],
    classes: int,
    penalty: float = 1.0,
    class_weight_power: float = 0.0,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Fit a linear softmax layer: least cross-entropy with a penalty on large weights.

    What is minimized is the sum over the spectra of the (weighted) cross-entropy plus `penalty`/2
    times the sum of the squared weights; the bias is free. It is convex: there is one optimum,
    that of scikit-learn's `LogisticRegression` at C = 1 / `penalty`, and L-BFGS finds it.

    Parameters
    ----------
    embeddings : (n, D), what the backbone gives
    class_ids : (n,) integers from 0 to K − 1, each there at least once
    classes : K, at least 2
    penalty : not negative, in nats; 0 only where the classes overlap
    class_weight_power : weight of a class = (mean count / its count) ^ this; 0 counts every
        spectrum alike, 1 every class

    Returns
    -------
    weights : (D, K) float32
    bias : (K,) float32, of mean zero

    Raises
    ------
    HeadError
        If the shapes do not fit each other, a value is not finite, a class has no spectrum, or
        there are fewer than two classes.
    """
    _check(embeddings, class_ids, classes, penalty)
    from scipy.optimize import minimize  # slow to import

    X = embeddings.astype(np.float64)
    centre = X.mean(axis=0)  # the bias is free: the optimum is the same, and found sooner
    X -= centre
    truth = np.zeros((len(X), classes))
    truth[np.arange(len(X)), class_ids] = _spectrum_weights(class_ids, classes, class_weight_power)
    found = minimize(
        _loss_and_gradient,
        np.zeros((X.shape[1] + 1) * classes),
        args=(X, truth, penalty / len(X)),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": _MOST_STEPS, "maxcor": 20, "gtol": _FLAT_ENOUGH, "ftol": 1e-12},
    )
    layer = found.x.reshape(-1, classes)
    weights = layer[:-1]
    bias = layer[-1] - centre @ weights
    return weights.astype(np.float32), (bias - bias.mean()).astype(np.float32)


def _loss_and_gradient(
    flat: NDArray[np.float64],
    X: NDArray[np.float64],
    truth: NDArray[np.float64],
    penalty: float,
) -> tuple[float, NDArray[np.float64]]:
    """Return the penalized mean loss, nats, and its gradient ((D + 1)·K,).

    Parameters
    ----------
    flat : ((D + 1)·K,) weights, the bias as their last row
    X : (n, D) embeddings
    truth : (n, K) the weight of a spectrum in the column of its class, zero elsewhere
    penalty : of half the squared weights, a spectrum
    """
    layer = flat.reshape(-1, truth.shape[1])  # (D + 1, K)
    weights = layer[:-1]  # (D, K)
    logits = X @ weights + layer[-1]  # (n, K)
    logits -= logits.max(axis=1, keepdims=True)
    powers = np.exp(logits)
    total = powers.sum(axis=1, keepdims=True)  # (n, 1)
    spectrum_weights = truth.sum(axis=1, keepdims=True)  # (n, 1)
    loss = (spectrum_weights * np.log(total)).sum() - (truth * logits).sum()
    error = (powers / total * spectrum_weights - truth) / len(X)  # (n, K)
    gradient = np.concatenate([X.T @ error + penalty * weights, error.sum(axis=0)[None]])
    return float(loss / len(X) + penalty / 2 * np.square(weights).sum()), gradient.ravel()


def _spectrum_weights(
    class_ids: NDArray[np.integer[Any]], classes: int, power: float
) -> NDArray[np.float64]:
    """Return (n,) weights: (mean count / count of its class) to a power.

    >>> _spectrum_weights(np.array([0, 0, 0, 1]), 2, 1.0).round(3)
    array([0.667, 0.667, 0.667, 2.   ])
    """
    counts = np.bincount(class_ids, minlength=classes)
    of_class = (len(class_ids) / (classes * counts)) ** power
    weights: NDArray[np.float64] = of_class[class_ids]
    return weights


def _check(
    embeddings: NDArray[np.floating[Any]],
    class_ids: NDArray[np.integer[Any]],
    classes: int,
    penalty: float,
) -> None:
    if embeddings.ndim != 2 or class_ids.shape != embeddings.shape[:1]:
        raise HeadError(
            f"expected embeddings (n, D) and class ids (n,), got {embeddings.shape} "
            f"and {class_ids.shape}"
        )
    if classes < 2:
        raise HeadError(f"expected at least 2 classes to tell apart, got {classes}")
    if not np.issubdtype(class_ids.dtype, np.integer):
        raise HeadError(f"expected class ids as integers, got {class_ids.dtype}")
    if not np.isfinite(embeddings).all():
        rows = np.flatnonzero(~np.isfinite(embeddings).all(axis=1))
        raise HeadError(f"embeddings of {len(rows)} spectra are not finite, the first at {rows[0]}")
    if len(class_ids) and not (class_ids.min() >= 0 and class_ids.max() < classes):
        raise HeadError(
            f"expected class ids from 0 to {classes - 1}, got {class_ids.min()} "
            f"to {class_ids.max()}"
        )
    empty = np.flatnonzero(np.bincount(class_ids, minlength=classes) == 0)
    if len(empty):
        raise HeadError(f"no spectrum of class {', '.join(map(str, empty))}")
    if not (np.isfinite(penalty) and penalty >= 0):
        raise HeadError(f"expected a penalty of 0 or more, got {penalty}")
