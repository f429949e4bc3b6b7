"""Accuracy against displacement of one candidate, and what it is worth under a drift."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from train.tuning.drift import Drift


@dataclass(frozen=True, slots=True, eq=False)
class Envelope:
    """Out-of-fold accuracy of one candidate at every displacement examined.

    Parameters
    ----------
    displacement_cm1 : (S,) increasing, cm⁻¹
    top1 : (S,) over all spectra, fraction
    top1_folds : (F, S) of each fold, fraction
    """

    displacement_cm1: NDArray[np.float64]
    top1: NDArray[np.float64]
    top1_folds: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an envelope is worth under a drift; all fractions.

    Parameters
    ----------
    criterion : over all spectra
    standard_error : of the criterion, from its spread over the folds
    criterion_folds : of each fold, where a worst displacement counts: there
    mean : top-1 averaged over the range
    worst : lowest top-1 of the range
    worst_at_cm1 : the displacement it is found at, cm⁻¹
    """

    criterion: float
    standard_error: float
    criterion_folds: tuple[float, ...]
    mean: float
    worst: float
    worst_at_cm1: float


def envelope_of(
    displacement_cm1: NDArray[np.float64], hits: Sequence[NDArray[np.bool_]]
) -> Envelope:
    """Pool the folds: every spectrum counts once, judged by the model that never saw it.

    Parameters
    ----------
    displacement_cm1 : (S,) cm⁻¹
    hits : of each fold (S, m) bool, right or not
    """
    return Envelope(
        displacement_cm1,
        np.concatenate(hits, axis=1).mean(axis=1),
        np.stack([of_fold.mean(axis=1) for of_fold in hits]),
    )


def judge(envelope: Envelope, drift: Drift) -> Judgement:
    """Return what an envelope is worth under a drift.

    >>> envelope = envelope_of(np.array([-1.0, 0.0, 1.0]), [np.eye(3, 4) > 0, np.ones((3, 4)) > 0])
    >>> judge(envelope, Drift("bound", 1.0)).criterion
    0.625
    """
    weights = drift.weights(envelope.displacement_cm1, envelope.top1)
    inside = drift.within(envelope.displacement_cm1)
    of_folds = envelope.top1_folds @ weights
    bounded = Drift("bound", drift.reach_cm1)
    worst = int(bounded.weights(envelope.displacement_cm1, envelope.top1).argmax())
    return Judgement(
        criterion=float(envelope.top1 @ weights),
        standard_error=standard_error(of_folds),
        criterion_folds=tuple(of_folds.tolist()),
        mean=float(envelope.top1[inside].mean()),
        worst=float(envelope.top1[worst]),
        worst_at_cm1=float(envelope.displacement_cm1[worst]),
    )


def standard_error(of_folds: NDArray[np.float64]) -> float:
    """Return the standard error of a mean over folds.

    >>> standard_error(np.array([0.8, 0.9]))
    0.05
    """
    return round(float(np.std(of_folds, ddof=1) / np.sqrt(len(of_folds))), 12)
