"""Nearest neighbours: the class of the most similar training spectrum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from train.comparators.rooted import unit_norm
from train.evaluate import Predict

_COSINE_SCALE = np.float32(20.0)
"""Cosines are told apart by hundredths: without it the temperature meets its lower bound."""

Similarity = Callable[[NDArray[np.float32], NDArray[np.float32]], NDArray[np.float32]]
"""How alike features (N, D) are to known features (n, D): (N, n) float32, larger is more."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """One nearest neighbour; the score of a class is its largest similarity.

    Parameters
    ----------
    similarity : what "near" means
    """

    similarity: Similarity

    def fit(
        self, features: NDArray[np.float32], class_ids: NDArray[np.int64], classes: int
    ) -> Predict:
        """Keep the features (n, D), ordered by class (n,)."""
        order = np.argsort(class_ids, kind="stable")
        known, known_ids = features[order], class_ids[order]
        return lambda asked: class_maxima(self.similarity(asked, known), known_ids, classes)

    def parameters(self, spectra: int, features: int, classes: int) -> int:
        """Return how many numbers are kept: every feature of every spectrum."""
        return spectra * features


def negative_distances(
    asked: NDArray[np.float32], known: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return Euclidean distances (N, n), negated.

    >>> three, known = np.array([[3.0, 0.0]], np.float32), np.array([[0.0, 4.0]], np.float32)
    >>> negative_distances(three, known).tolist()
    [[-5.0]]
    """
    squares = np.square(asked).sum(axis=1)[:, None] + np.square(known).sum(axis=1)
    return np.asarray(-np.sqrt(np.maximum(squares - 2 * asked @ known.T, 0)), dtype=np.float32)


def cosines(asked: NDArray[np.float32], known: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return cosines (N, n), scaled; rows of zeros are as like as unlike to everything."""
    return shifted_cosines(asked, known, lags=0)


def shifted_cosines(
    asked: NDArray[np.float32], known: NDArray[np.float32], lags: int
) -> NDArray[np.float32]:
    """Return the largest cosine (N, n) over all lags, scaled.

    Parameters
    ----------
    asked, known : (N, D) and (n, D) float32
    lags : `asked` slides by up to so many features to each side, zeros coming in
    """
    size = known.shape[1]
    asked, known = unit_norm(asked), unit_norm(known)
    padded = np.pad(asked, ((0, 0), (lags, lags)))
    best = np.full((len(asked), len(known)), -1, dtype=np.float32)
    for lag in range(2 * lags + 1):
        np.maximum(best, padded[:, lag : lag + size] @ known.T, out=best)
    return _COSINE_SCALE * best


def class_maxima(
    similarity: NDArray[np.float32], class_ids: NDArray[np.int64], classes: int
) -> NDArray[np.float32]:
    """Return the largest similarity (N, K) within each class.

    Parameters
    ----------
    similarity : (N, n) with n training spectra, ordered by class
    class_ids : (n,) int64, ascending
    classes : K; one without training spectra gets the least similarity there is

    >>> class_maxima(np.array([[3, 5, 4]], dtype=np.float32), np.array([0, 0, 2]), 3).tolist()
    [[5.0, 3.0, 4.0]]
    """
    present, starts = np.unique(class_ids, return_index=True)
    scores = np.full((len(similarity), classes), similarity.min(initial=np.inf), dtype=np.float32)
    scores[:, present] = np.maximum.reduceat(similarity, starts, axis=1)
    return scores
