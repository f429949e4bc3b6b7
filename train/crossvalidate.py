"""Cross-validation: a model a fold, judged on what it has not seen, finished folds kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from edge.bundle.manifest import CrossValidation, DriftEnvelope
from train.calibration import Calibration, brier_score, calibrate, negative_log_likelihood
from train.comparators import make_comparator
from train.dataset import Dataset
from train.errors import InterruptedTrainingError
from train.evaluate import NOISE_SHARES, Predict, envelope_hits, logits_of, noise_hits, top_share
from train.fold_result import FoldResult, fold_arrays, fold_checkpoint
from train.model_parts import ComparatorPart
from train.recipe import ValidatePart
from train.report import NoiseReport
from train.session import Session
from train.splits import Fold, Group


@dataclass(frozen=True, slots=True)
class Validated:
    """Out-of-fold figures of a recipe, and the calibration fitted on them."""

    figures: CrossValidation
    deviation: float
    brier: float
    noise: tuple[NoiseReport, ...]
    calibration: Calibration
    envelope: DriftEnvelope


def cross_validate(session: Session, folds: Sequence[Fold], group: Group) -> Validated:
    """Train a network or fit a comparator a fold, and pool what they say of what each has not seen.

    Raises
    ------
    InterruptedTrainingError
        On Ctrl-C; finished folds and finished epochs are not trained again.
    """
    results = [_fold_result(session, fold, number) for number, fold in enumerate(folds, start=1)]
    dataset, part = session.dataset, session.recipe.validation
    return summarize(results, dataset.class_ids, group, part, dataset.grid.step)


def displacements(part: ValidatePart, step: float) -> NDArray[np.float64]:
    """Return the displacements of the drift envelope (S,), in units of the axis."""
    return step * np.arange(-part.envelope_points, part.envelope_points + 1, dtype=np.float64)


def summarize(
    results: Sequence[FoldResult],
    class_ids: NDArray[np.int64],
    group: Group,
    part: ValidatePart,
    step: float = 1.0,
) -> Validated:
    """Pool the folds: every spectrum counts once, judged by the model that never saw it."""
    logits = np.concatenate([result.logits for result in results])
    truth = class_ids[np.concatenate([result.held_out for result in results])]
    calibration = calibrate(logits, truth, part.coverage, part.known_share)
    per_fold = [top_share(result.logits, class_ids[result.held_out]) for result in results]
    kept = "grouped by specimen" if group == "specimen" else "stratified, not grouped"
    figures = CrossValidation(
        method=f"{len(results)}-fold {kept}",
        n=len(truth),
        top1=top_share(logits, truth),
        top3=top_share(logits, truth, 3),
        nll=negative_log_likelihood(logits, truth, calibration.temperature),
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
        brier=brier_score(logits, truth, calibration.temperature),
        noise=tuple(
            NoiseReport(share=share, top1=float(top1))
            for share, top1 in zip(NOISE_SHARES, noisy, strict=True)
        ),
        calibration=calibration,
        envelope=envelope,
    )


def _fold_result(session: Session, fold: Fold, number: int) -> FoldResult:
    finished = session.finished(number, fold)
    if finished is not None:
        session.progress.note(f"fold {number}: finished earlier, not trained again")
        return finished
    if isinstance(session.recipe.model, ComparatorPart):
        predict = _fit_comparator(session, fold)
    else:
        predict = _fit_network(session, fold, number)
    result = _judge(predict, session.dataset, fold, session.recipe.validation)
    top1 = top_share(result.logits, session.dataset.class_ids[fold.held_out])
    session.progress.note(f"fold {number}: top-1 {top1:.1%} of {len(fold.held_out)} held out")
    session.run.write_arrays(
        fold_arrays(number),
        held_out=result.held_out,
        logits=result.logits,
        hits=result.hits,
        noise_hits=result.noise_hits,
        fingerprint=np.array(session.mark(fold)),
    )
    return result


def _fit_network(session: Session, fold: Fold, number: int) -> Predict:
    fitted = session.fit(f"fold {number}", fold, session.seed + number)
    if fitted.interrupted:
        raise InterruptedTrainingError(
            f"fold {number}: stopped after {fitted.epochs} of {session.recipe.fit.epochs} epochs; "
            f"all of it is kept in {session.run.path}; the same command with --resume goes on"
        )
    session.run.write_model(fold_checkpoint(number), fitted.model)
    return partial(logits_of, fitted.model)


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
