"""Learning new minerals from embeddings: three rules over a frozen backbone.

- *Head refit*: a new softmax layer by `edge/head_fit.py`, the fit that runs on the instrument. One
  matrix product at inference, however many spectra it has learned from: O(1).
- *Nearest class mean*: the class whose mean embedding is nearest. O(1) too, and learned at once.
- *Stored exemplars*: the class of the nearest embedding of all that were learned from, as a Siamese
  network compares: O(k).

Each gives scores, of which the largest counts.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from edge.head_fit import fit_softmax

Rule = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Scores (N, K) of embeddings (N, D)."""

PENALTY = 0.1
"""Of the head refit, nats; from 0.01 to 1 it makes a point of difference at most (seeds 11–13)."""


def refit_head(
    embeddings: NDArray[np.float32],
    class_ids: NDArray[np.int64],
    classes: int,
    penalty: float = PENALTY,
) -> Rule:
    """Fit a softmax layer.

    Parameters
    ----------
    embeddings : (n, D)
    class_ids : (n,) from 0 to K − 1, each at least once
    classes : K
    penalty : of large weights, see `edge/head_fit.py`

    Raises
    ------
    HeadError
        If there is nothing to fit.
    """
    weights, bias = fit_softmax(embeddings, class_ids, classes, penalty)
    return lambda queries: queries @ weights + bias


def nearest_mean(
    embeddings: NDArray[np.float32], class_ids: NDArray[np.int64], classes: int
) -> Rule:
    """Keep the mean embedding of every class; parameters as `refit_head`."""
    means = np.stack([embeddings[class_ids == k].mean(axis=0) for k in range(classes)])
    return lambda queries: _nearness(queries, means)


def nearest_exemplar(
    embeddings: NDArray[np.float32], class_ids: NDArray[np.int64], classes: int
) -> Rule:
    """Keep every embedding; parameters as `refit_head`."""

    def scores(queries: NDArray[np.float32]) -> NDArray[np.float32]:
        nearness = _nearness(queries, embeddings)  # (N, n)
        of_class = [nearness[:, class_ids == k].max(axis=1) for k in range(classes)]
        return np.stack(of_class, axis=1)

    return scores


def _nearness(queries: NDArray[np.float32], kept: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (N, M): minus half the squared distance of each query to each kept, but for a constant
    of the query.
    """
    nearness: NDArray[np.float32] = queries @ kept.T - np.square(kept).sum(axis=1) / 2
    return nearness
