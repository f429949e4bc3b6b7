"""Telling the unknown: weights learned from minerals outside the classes, figures cross-fitted.

Every fold's model is asked about the spectra it has not seen and about the outliers. Its centres
come from the spectra it was trained on, as those of the shipped head do. The weights of the traits
are a logistic regression of known against unknown, in which both count the same.

Figures are of minerals and specimens that nothing was learned from: the outliers are divided by
mineral into as many groups as there are folds; for each fold, weights and calibration come from
the other folds and the other groups, and its model judges its own held-out spectra and its own
group. So every spectrum counts once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from edge.bundle.manifest import UnknownFigures
from edge.confidence import Confidence, softmax
from edge.novelty import Centres, Weights, find_centres, traits, weigh
from train.calibration import Calibration, lower_quantile
from train.crossfit import calibrate_without
from train.fold_result import FoldResult
from train.recipe import ValidatePart

KEPT = 0.9
"""Share of known spectra that is kept where false alarms are told."""

_NEVER = -1e6
"""Less familiar than anything: the threshold where there are too few spectra for one."""

_C = 1.0  # of the logistic regression; three numbers against a thousand spectra hardly need it


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """How known and unknown spectra were scored, larger is more familiar.

    Parameters
    ----------
    known : (N,) of the spectra held out
    unknown : (U,) of the outliers; empty without
    """

    known: NDArray[np.float64]
    unknown: NDArray[np.float64]

    @property
    def auroc(self) -> float:
        """Chance that a known spectrum scores higher than an unknown one."""
        truth = np.r_[np.ones(len(self.known)), np.zeros(len(self.unknown))]
        return float(roc_auc_score(truth, np.r_[self.known, self.unknown]))

    def taken_for_known(self, kept: float = KEPT) -> float:
        """Return the share of unknown spectra above the threshold that keeps a share of known."""
        return float((self.unknown >= np.quantile(self.known, 1 - kept)).mean())


@dataclass(frozen=True, slots=True, eq=False)
class Familiarity:
    """What is learned of telling the unknown, and how well it does.

    Parameters
    ----------
    weights : of the traits, learned from all folds and all outliers
    least : the familiarity below which a spectrum is called unknown
    judged : cross-fitted
    softmax : the same spectra by the largest softmax alone, the comparator
    """

    weights: Weights
    least: float
    judged: Judged
    softmax: Judged


def find_familiarity(
    results: Sequence[FoldResult],
    class_ids: NDArray[np.int64],
    minerals: Sequence[str],
    calibration: Calibration,
    part: ValidatePart,
    seed: int = 0,
    fixed: Weights | None = None,
) -> Familiarity:
    """Learn to tell the unknown from what every fold's model saw.

    Parameters
    ----------
    results : with `traces`
    class_ids : (N,) true classes of all spectra
    minerals : U names, the outliers' own; empty where there are none
    calibration : fitted on all folds
    part : `known_share` sets the threshold
    seed : of the division of the outliers' minerals
    fixed : weights to judge by instead of learning any
    """
    group = divide_minerals(minerals, len(results), seed)
    every = [_traits(result, class_ids, calibration.confidence) for result in results]
    weights = fixed or fit_weights([pair[0] for pair in every], [pair[1] for pair in every])
    scores = np.concatenate([weigh(weights, known) for known, _ in every])
    judged = [
        _judge(results, class_ids, group, part, number, fixed) for number in range(len(results))
    ]
    softmaxes = [
        Judged(_largest(result.logits), _largest(_outliers(result)[group == number]))
        for number, result in enumerate(results)
    ]
    least = lower_quantile(scores.astype(np.float64), 1 - part.known_share, _NEVER)
    return Familiarity(weights, least, _pool(judged), _pool(softmaxes))


def unknown_figures(
    found: Familiarity, minerals: Sequence[str], folds: int, part: ValidatePart
) -> UnknownFigures | None:
    """Return what the manifest says of it; None where there were no outliers."""
    if not len(minerals):
        return None
    return UnknownFigures(
        method=f"{folds} folds, unknown minerals divided likewise: weights from the other minerals "
        "and specimens",
        minerals=len(set(minerals)),
        n=len(found.judged.unknown),
        auroc=found.judged.auroc,
        auroc_softmax=found.softmax.auroc,
        taken_for_known=found.judged.taken_for_known(),
        taken_for_known_softmax=found.softmax.taken_for_known(),
        known_share=part.known_share,
        taken_for_known_here=found.judged.taken_for_known(part.known_share),
    )


def divide_minerals(minerals: Sequence[str], groups: int, seed: int) -> NDArray[np.int64]:
    """Return a group (U,) of each outlier, all spectra of a mineral in one.

    >>> divide_minerals(["Talc", "Talc", "Gypsum"], 2, 0).tolist()
    [1, 1, 0]
    """
    names = sorted(set(minerals))
    places = np.random.default_rng(seed).permutation(len(names)) % groups
    of_name = dict(zip(names, places.tolist(), strict=True))
    return np.array([of_name[name] for name in minerals], dtype=np.int64)


def fit_weights(
    known: Sequence[NDArray[np.float32]], unknown: Sequence[NDArray[np.float32]]
) -> Weights:
    """Return the weights that tell traits (n, 2) of known from those of unknown spectra.

    Where there are no unknown spectra, the distance alone counts.
    """
    inside, outside = np.concatenate(known), np.concatenate(unknown)
    if not len(outside):
        return Weights()
    pooled = np.concatenate([inside, outside]).astype(np.float64)
    centre, scale = pooled.mean(axis=0), pooled.std(axis=0) + 1e-9
    is_known = np.r_[np.ones(len(inside)), np.zeros(len(outside))]
    model = LogisticRegression(C=_C, class_weight="balanced", max_iter=1000)
    slope = model.fit((pooled - centre) / scale, is_known).coef_[0] / scale
    return Weights(float(model.intercept_[0] - centre @ slope), float(slope[0]), float(slope[1]))


def _judge(
    results: Sequence[FoldResult],
    class_ids: NDArray[np.int64],
    group: NDArray[np.int64],
    part: ValidatePart,
    number: int,
    fixed: Weights | None,
) -> Judged:
    """Judge one fold and its group of outliers by what was learned from the others."""
    confidence = calibrate_without(results, class_ids, part, number).confidence
    found = [_traits(result, class_ids, confidence) for result in results]
    others = [pair for place, pair in enumerate(found) if place != number]
    weights = fixed or fit_weights(
        [known for known, _ in others], [unknown[group != number] for _, unknown in others]
    )
    known, unknown = found[number]
    return Judged(
        weigh(weights, known).astype(np.float64),
        weigh(weights, unknown[group == number]).astype(np.float64),
    )


def _traits(
    result: FoldResult, class_ids: NDArray[np.int64], confidence: Confidence
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return traits of the spectra a fold holds out (m, 2) and of the outliers (U, 2)."""
    traces = result.needed_traces()
    taught = class_ids[traces.trained] if traces.taught is None else traces.taught
    centres = find_centres(confidence.probabilities(traces.trained_logits), taught)
    return (
        _of(centres, confidence, result.logits, traces.strongest),
        _of(centres, confidence, traces.outlier_logits, traces.outlier_strongest),
    )


def _of(
    centres: Centres,
    confidence: Confidence,
    logits: NDArray[np.float32],
    strongest: NDArray[np.float32],
) -> NDArray[np.float32]:
    if not len(logits):
        return np.zeros((0, 2), dtype=np.float32)
    return traits(centres, confidence.probabilities(logits), strongest)


def _outliers(result: FoldResult) -> NDArray[np.float32]:
    return result.needed_traces().outlier_logits


def _largest(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    if not len(logits):
        return np.zeros(0)
    largest: NDArray[np.float64] = softmax(logits.astype(np.float64)).max(axis=1)
    return largest


def _pool(parts: Sequence[Judged]) -> Judged:
    return Judged(
        np.concatenate([part.known for part in parts]),
        np.concatenate([part.unknown for part in parts]),
    )
