"""Cross-validation: a model a fold, judged on what it has not seen, finished folds kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from edge.bundle.manifest import (
    CalibrationFigures,
    CrossValidation,
    DriftEnvelope,
    UnknownFigures,
)
from train.calibration import Calibration, brier_score, calibrate, surprise
from train.comparators import make_comparator
from train.crossfit import calibration_figures, cross_fit
from train.dataset import Dataset
from train.errors import InterruptedTrainingError
from train.evaluate import (
    NOISE_SHARES,
    Predict,
    envelope_hits,
    logits_of,
    noise_hits,
    top_share,
)
from train.familiarity import Familiarity, find_familiarity, unknown_figures
from train.fold_result import FoldResult, fold_arrays, fold_checkpoint
from train.loop import Fitted
from train.model_parts import ComparatorPart
from train.recipe import ValidatePart
from train.report import NoiseReport
from train.session import Session
from train.splits import Fold, Group
from train.tracing import trace


@dataclass(frozen=True, slots=True)
class Validated:
    """Out-of-fold figures of a recipe, and the calibration fitted on them.

    Parameters
    ----------
    figures, deviation, brier, noise, envelope : how often its models are right
    calibration : of its confidence, fitted on all folds
    believed : how far confidence and prediction sets can be
    familiarity : what tells the unknown; None for comparators
    unknown : how well it does; None without spectra of unknown minerals
    """

    figures: CrossValidation
    deviation: float
    brier: float
    noise: tuple[NoiseReport, ...]
    calibration: Calibration
    envelope: DriftEnvelope
    believed: CalibrationFigures
    familiarity: Familiarity | None
    unknown: UnknownFigures | None


def cross_validate(session: Session, folds: Sequence[Fold], group: Group) -> Validated:
    """Train a network or fit a comparator a fold, and pool what they say of what each has not seen.

    Raises
    ------
    InterruptedTrainingError
        On Ctrl-C; finished folds and finished epochs are not trained again.
    """
    results = [_fold_result(session, fold, number) for number, fold in enumerate(folds, start=1)]
    dataset, part = session.dataset, session.recipe.validation
    minerals = () if session.outliers is None else session.outliers.minerals
    return summarize(results, dataset.class_ids, group, part, dataset.grid.step, minerals)


def displacements(part: ValidatePart, step: float) -> NDArray[np.float64]:
    """Return the displacements of the drift envelope (S,), in units of the axis."""
    return step * np.arange(-part.envelope_points, part.envelope_points + 1, dtype=np.float64)


def summarize(
    results: Sequence[FoldResult],
    class_ids: NDArray[np.int64],
    group: Group,
    part: ValidatePart,
    step: float = 1.0,
    minerals: Sequence[str] = (),
) -> Validated:
    """Pool the folds: every spectrum counts once, judged by the model that never saw it.

    Parameters
    ----------
    results : of the folds
    class_ids : (N,) true classes
    group : what the folds keep together
    part : the recipe's `[validate]`
    step : of the grid, in units of the axis
    minerals : of the outliers that the folds' models were asked about
    """
    logits = np.concatenate([result.logits for result in results])
    truth = class_ids[np.concatenate([result.held_out for result in results])]
    calibration = calibrate(logits, truth, part.coverage, part.known_share)
    probabilities = calibration.confidence.probabilities(logits.astype(np.float64))
    familiarity, unknown = None, None
    if all(result.traces is not None for result in results):
        familiarity = find_familiarity(results, class_ids, minerals, calibration, part)
        unknown = unknown_figures(familiarity, minerals, len(results), part)
    per_fold = [top_share(result.logits, class_ids[result.held_out]) for result in results]
    kept = "grouped by specimen" if group == "specimen" else "stratified, not grouped"
    figures = CrossValidation(
        method=f"{len(results)}-fold {kept}",
        n=len(truth),
        top1=top_share(logits, truth),
        top3=top_share(logits, truth, 3),
        nll=surprise(probabilities, truth),
        top1_folds=tuple(per_fold),
    )
    hits = np.concatenate([result.hits for result in results], axis=1)  # (S, N)
    envelope = DriftEnvelope(
        displacement_cm1=tuple(round(float(value)) for value in displacements(part, step)),
        top1=tuple(hits.mean(axis=1).tolist()),
    )
    noisy = np.concatenate([result.noise_hits for result in results], axis=1).mean(axis=1)
    return Validated(
        figures=figures,
        deviation=float(np.std(per_fold, ddof=1)),
        brier=brier_score(probabilities, truth),
        noise=tuple(
            NoiseReport(share=share, top1=float(top1))
            for share, top1 in zip(NOISE_SHARES, noisy, strict=True)
        ),
        calibration=calibration,
        envelope=envelope,
        believed=calibration_figures(cross_fit(results, class_ids, part), part),
        familiarity=familiarity,
        unknown=unknown,
    )


def _fold_result(session: Session, fold: Fold, number: int) -> FoldResult:
    finished = session.finished(number, fold)
    if finished is not None:
        session.progress.note(f"fold {number}: finished earlier, not trained again")
        return finished
    if isinstance(session.recipe.model, ComparatorPart):
        traces, predict = None, _fit_comparator(session, fold)
    else:
        fitted = _fit_network(session, fold, number)
        traces = trace(fitted.model, session.dataset, fold, session.outliers, fitted.taught)
        predict = partial(logits_of, fitted.model)
    judged = _judge(predict, session.dataset, fold, session.recipe.validation)
    result = replace(judged, traces=traces)
    top1 = top_share(result.logits, session.dataset.class_ids[fold.held_out])
    session.progress.note(f"fold {number}: top-1 {top1:.1%} of {len(fold.held_out)} held out")
    session.run.write_arrays(
        fold_arrays(number),
        **result.arrays(),
        fingerprint=np.array(session.mark(fold)),
    )
    return result


def _fit_network(session: Session, fold: Fold, number: int) -> Fitted:
    fitted = session.fit(f"fold {number}", fold, session.seed + number)
    if fitted.interrupted:
        raise InterruptedTrainingError(
            f"fold {number}: stopped after {fitted.epochs} of {session.recipe.fit.epochs} epochs; "
            f"all of it is kept in {session.run.path}; the same command with --resume goes on"
        )
    session.run.write_model(fold_checkpoint(number), fitted.model)
    return fitted


def _fit_comparator(session: Session, fold: Fold) -> Predict:
    comparator = make_comparator(session.recipe)
    dataset = session.dataset
    intensity, class_ids = dataset.intensity[fold.train], dataset.class_ids[fold.train]
    return comparator.fit(intensity, class_ids, len(dataset.classes))


def _judge(predict: Predict, dataset: Dataset, fold: Fold, part: ValidatePart) -> FoldResult:
    spectra = [dataset.spectra[position] for position in fold.held_out]
    intensity, class_ids = dataset.intensity[fold.held_out], dataset.class_ids[fold.held_out]
    grid = dataset.grid
    return FoldResult(
        held_out=fold.held_out,
        logits=predict(intensity),
        hits=envelope_hits(predict, spectra, class_ids, grid, displacements(part, grid.step)),
        noise_hits=noise_hits(predict, intensity, class_ids),
    )
