"""One seed of `unknowns`: a cross-validation of the flagship, judged in every way at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from edge.novelty import Weights
from edge.preprocess import PAPER_GRID
from train.calibration import calibrate
from train.crossfit import ECE_BINS, calibration_figures, cross_fit
from train.dataset import Dataset, read_names
from train.evaluate import logits_of
from train.familiarity import find_familiarity
from train.fold_result import FoldResult
from train.loop import fit
from train.outliers import Outliers, load_outliers
from train.recipe import Recipe
from train.reproduction.flagship import flagship
from train.reproduction.material import NAMES_63, locate, raw63
from train.reproduction.target import Measured, Tell, Workplace
from train.reproduction.unknown_scores import judge_scores
from train.splits import Fold, split
from train.tracing import trace

COVERAGES = (0.9, 0.95, 0.98)


def measure_seed(place: Workplace, seed: int, tell: Tell) -> Measured:
    """Cross-validate the flagship once; return figures and points of the plots.

    Parameters
    ----------
    place : with the data
    seed : of folds, first weights, and the division of unknown minerals
    tell : told after each fold

    Raises
    ------
    KeyboardInterrupt
        On Ctrl-C: a fold that stopped early is no finished piece.
    """
    torch.set_num_threads(1)
    recipe, dataset, outliers = _recipe(place), raw63(place), _outliers(place.data)
    folds = split(dataset, 2 if place.quick else 5, "specimen", seed)
    results = []
    for number, fold in enumerate(folds, start=1):
        tell((number - 1) / len(folds), f"fold {number} of {len(folds)}")
        results.append(_judge_fold(recipe, dataset, fold, seed + number, outliers))
    return _summary(results, dataset, outliers, recipe, seed)


def _recipe(place: Workplace) -> Recipe:
    recipe = flagship()
    if not place.quick:
        return recipe
    return recipe.model_copy(update={"fit": recipe.fit.model_copy(update={"epochs": 4})})


@cache
def _outliers(data: Path) -> Outliers:
    names = read_names(NAMES_63)
    dataset = raw63(Workplace(data, data, (), quick=False))
    return load_outliers(locate(data, "rruff/LR-Raman.zip"), dataset.classes, PAPER_GRID, names)


def _judge_fold(
    recipe: Recipe, dataset: Dataset, fold: Fold, seed: int, outliers: Outliers
) -> FoldResult:
    fitted = fit(recipe, dataset, fold.train, fold.held_out, seed, lambda epoch: None)
    if fitted.interrupted:
        raise KeyboardInterrupt
    model = fitted.model
    logits = logits_of(model, dataset.intensity[fold.held_out])
    none = np.zeros((0, len(logits)), dtype=np.bool_)  # no envelope is asked for here
    return FoldResult(fold.held_out, logits, none, none, trace(model, dataset, fold, outliers))


def _summary(
    results: Sequence[FoldResult], dataset: Dataset, outliers: Outliers, recipe: Recipe, seed: int
) -> Measured:
    part, class_ids = recipe.validation, dataset.class_ids
    fitted = cross_fit(results, class_ids, part)
    logits = np.concatenate([result.logits for result in results])
    truth = class_ids[np.concatenate([result.held_out for result in results])]
    calibration = calibrate(logits, truth, part.coverage, part.known_share)
    ours = {
        name: find_familiarity(
            results, class_ids, outliers.minerals, calibration, part, seed, fixed
        )
        for name, fixed in (("distance", Weights()), ("both", None))
    }
    scores = judge_scores(results, outliers.minerals, ours, seed)
    return {
        "n": len(class_ids),
        "unknown": len(outliers),
        "minerals": len(set(outliers.minerals)),
        "top1": float(fitted.right.mean()),
        "auroc": {name: judged.auroc for name, judged in scores.items()},
        "taken_for_known": {name: judged.taken_for_known() for name, judged in scores.items()},
        "taken_here": ours["both"].judged.taken_for_known(part.known_share),
        "calibration": calibration_figures(fitted, part).model_dump(),
        "reliability": {
            "plain": _reliability(fitted.plain, fitted.right),
            "calibrated": _reliability(fitted.probabilities, fitted.right),
        },
        "coverage": [
            calibration_figures(cross_fit(results, class_ids, other), other).model_dump()
            for coverage in COVERAGES
            for other in [part.model_copy(update={"coverage": coverage})]
        ],
    }


def _reliability(
    probabilities: NDArray[np.float64], right: NDArray[np.bool_]
) -> list[tuple[float, float]]:
    """Return mean confidence and share right of each of the error's bins."""
    confidence = probabilities.max(axis=1)
    parts = np.array_split(np.argsort(confidence, kind="stable"), ECE_BINS)
    return [(float(confidence[part].mean()), float(right[part].mean())) for part in parts]
