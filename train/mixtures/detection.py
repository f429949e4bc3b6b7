"""Telling that there are two minerals at all: scores, and what they cost in false alarms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.metrics import roc_auc_score

FALSE_ALARMS = 0.05


def second_probability(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the second largest probability (N,) of logits (N, K)."""
    shares = softmax(logits.astype(np.float64), axis=1)
    return np.asarray(np.sort(shares, axis=1)[:, -2])


def entropy(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the entropy (N,) of the probabilities of logits (N, K), nats."""
    share = softmax(logits.astype(np.float64), axis=1)
    logs = np.log(np.maximum(share, 1e-12))
    return np.asarray(-(share * logs).sum(axis=1))


def second_contribution(contributions: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the second largest contribution (N,) of contributions (N, K)."""
    return np.asarray(np.sort(contributions.astype(np.float64), axis=1)[:, -2])


@dataclass(frozen=True, slots=True)
class Detection:
    """How well a score tells mixtures from single minerals, fractions.

    Parameters
    ----------
    auroc : share of pairs, one of each, in which the mixture scores higher
    detected : share of mixtures above the threshold
    false_alarms : share of single spectra above it
    """

    auroc: float
    detected: float
    false_alarms: float


def detection(
    mixed: NDArray[np.float64],
    single: NDArray[np.float64],
    other_single: NDArray[np.float64] | None = None,
) -> Detection:
    """Judge a score that is larger for mixtures.

    Parameters
    ----------
    mixed : (M,) scores of mixtures
    single : (N,) scores of spectra of one mineral
    other_single : scores that the threshold is taken from, of single spectra that are not judged;
        None for `single` itself

    >>> told = detection(np.array([2.0, 3.0]), np.arange(20) / 10)
    >>> told.auroc, told.detected, told.false_alarms
    (1.0, 1.0, 0.05)
    """
    known = single if other_single is None else other_single
    threshold = np.quantile(known, 1 - FALSE_ALARMS)
    truth = np.concatenate([np.ones(len(mixed)), np.zeros(len(single))])
    return Detection(
        auroc=float(roc_auc_score(truth, np.concatenate([mixed, single]))),
        detected=float((mixed > threshold).mean()),
        false_alarms=float((single > threshold).mean()),
    )
