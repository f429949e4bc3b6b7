"""Has anything like it been seen? How familiar a spectrum is, from what the head says of it.

A mineral the head knows gives a pattern of probabilities that others of it gave before: sure of
itself, or torn between the same few. An unknown mineral gives odd ones. So each class has a centre
among the log-probabilities, and the Mahalanobis distance to the nearest centre, with one
covariance for all classes (Lee et al. 2018), tells the odd from the usual. The second trait is the
strongest value of the embedding: an unknown mineral looks like no template. How much each counts
is learned from minerals that are no class (outlier exposure, Hendrycks et al. 2019).

Centres and covariance are found from spectra of the classes alone, so a refitted head gets its
own; the three weights are constants of the backbone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.errors import HeadError

MOST_AXES = 64
"""Directions of the log-probabilities that distances are measured in."""

_FLOOR = 1e-5
_RIDGE = 0.1
_TINY = 1e-4
_NEAREST = 1e-6
_ROWS = 16  # measured at a time: they stay in the cache


@dataclass(frozen=True, slots=True)
class Weights:
    """How traits become familiarity, the log-odds of known against unknown.

    Parameters
    ----------
    intercept : nepers
    distance : of the natural logarithm of the distance to the nearest class
    strongest : of the largest value of the embedding; 0 where no unknown minerals were at hand
    """

    intercept: float = 0.0
    distance: float = -1.0
    strongest: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Centres:
    """Where the classes lie among the log-probabilities, in units of the spread within a class.

    Parameters
    ----------
    projection : (K, R) float32, log-probabilities into R directions, in which each class has a
        spread of about one
    points : (K, R) float32, the classes; both are kept as float16

    Raises
    ------
    HeadError
        If the arrays do not fit each other or hold values that are not numbers.
    """

    projection: NDArray[np.float32]
    points: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.projection.ndim != 2 or self.points.shape != self.projection.shape:
            raise HeadError(
                f"novelty projection {self.projection.shape} and class centres "
                f"{self.points.shape} do not fit each other"
            )
        if not (np.isfinite(self.projection).all() and np.isfinite(self.points).all()):
            raise HeadError("novelty statistics hold values that are not numbers")

    def distances(self, probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the distance (N,) of probabilities (N, K) to the nearest class."""
        logs = _logs(probabilities)
        squares = np.empty(len(logs), logs.dtype)
        for start in range(0, len(logs), _ROWS):
            rows = slice(start, start + _ROWS)
            projected = logs[rows] @ self.projection  # (16, R)
            ways = projected[:, np.newaxis] - self.points  # (16, K, R)
            lengths = np.einsum("nkr,nkr->nk", ways, ways)  # (16, K)
            squares[rows] = np.minimum.reduce(lengths, axis=1)
        nearest: NDArray[np.float32] = np.sqrt(squares + np.float32(_NEAREST))
        return nearest


@dataclass(frozen=True, slots=True, eq=False)
class Novelty:
    """What a head needs to know the unknown.

    Parameters
    ----------
    centres : of the classes
    weights : of the traits
    least : a spectrum less familiar than this shows nothing that was ever seen

    Raises
    ------
    HeadError
        If a weight or the threshold is not a number.
    """

    centres: Centres
    weights: Weights = Weights()
    least: float = -np.inf

    def __post_init__(self) -> None:
        weights = (self.weights.intercept, self.weights.distance, self.weights.strongest)
        if not np.isfinite(weights).all() or np.isnan(self.least):
            raise HeadError("weights or threshold of the novelty are not numbers")

    def familiarity(
        self, probabilities: NDArray[np.float32], embedding: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Return how familiar spectra are (N,), log-odds; larger is more.

        Parameters
        ----------
        probabilities : (N, K) calibrated
        embedding : (N, D)
        """
        distance = np.log(self.centres.distances(probabilities))
        return _weigh(self.weights, distance, np.maximum.reduce(embedding, axis=1))


def traits(
    centres: Centres, probabilities: NDArray[np.float32], strongest: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return what familiarity is judged by, (N, 2): log distance and strongest value.

    Parameters
    ----------
    probabilities : (N, K) calibrated
    strongest : (N,) largest value of each embedding
    """
    return np.stack([np.log(centres.distances(probabilities)), strongest], axis=1)


def weigh(weights: Weights, found: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the familiarity (N,) of traits (N, 2)."""
    return _weigh(weights, found[:, 0], found[:, 1])


def _weigh(
    weights: Weights, distance: NDArray[np.float32], strongest: NDArray[np.float32]
) -> NDArray[np.float32]:
    familiar: NDArray[np.float32] = weights.distance * distance
    familiar += weights.strongest * strongest
    familiar += weights.intercept
    return familiar


def find_centres(
    probabilities: NDArray[np.float32], class_ids: NDArray[np.int64], most_axes: int = MOST_AXES
) -> Centres:
    """Find the centres of the classes from what a head says of spectra of each.

    Parameters
    ----------
    probabilities : (N, K) calibrated; the head may have been trained on these spectra
    class_ids : (N,) true classes, each of the K at least once
    most_axes : R is the smaller of this and K

    Returns
    -------
    Centres
        The directions are those in which classes differ most against the spread within them
        (linear discriminants).

    Raises
    ------
    HeadError
        If a class has no spectrum.
    """
    logs, classes = _logs(probabilities.astype(np.float64)), probabilities.shape[1]
    counts = np.bincount(class_ids, minlength=classes)
    if not counts.all():
        raise HeadError(f"class {int(counts.argmin())} has no spectrum to know its pattern from")
    means = np.stack([logs[class_ids == k].mean(axis=0) for k in range(classes)])  # (K, K)
    within = logs - means[class_ids]
    spread = within.T @ within / len(logs)
    spread += np.eye(classes) * (_RIDGE * np.trace(spread) / classes + _TINY)
    whiten = np.linalg.inv(np.linalg.cholesky(spread))  # unit spread in every direction
    apart = (means - logs.mean(axis=0)) @ whiten.T  # (K, K)
    _, directions = np.linalg.eigh(apart.T @ apart)
    projection = whiten.T @ directions[:, ::-1][:, :most_axes]  # (K, R)
    return Centres(_short(projection), _short(means @ projection))


def _short(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """Round to what a head's file keeps, so that a head judges alike before and after it."""
    return values.astype(np.float16).astype(np.float32)


def _logs(probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    logs: NDArray[np.float32] = np.log(probabilities + probabilities.dtype.type(_FLOOR))
    return logs
