"""Cross-validation: a model a fold, judged on what it has not seen, finished folds kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from edge.bundle.manifest import CrossValidation, DriftEnvelope
from train.calibration import Calibration, brier_score, calibrate, negative_log_likelihood
from train.dataset import Dataset
from train.errors import InterruptedTrainingError, RunError
from train.evaluate import NOISE_SHARES, Predict, envelope_hits, logits_of, noise_hits, top_share
from train.fold_result import FoldResult, fingerprint, fold_arrays, fold_checkpoint
from train.loop import fit
from train.progress import Progress
from train.recipe import Recipe, ValidatePart
from train.report import NoiseReport
from train.run import RunFolder
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


def cross_validate(
    recipe: Recipe,
    dataset: Dataset,
    folds: Sequence[Fold],
    group: Group,
    seed: int,
    run: RunFolder,
    progress: Progress,
) -> Validated:
    """Train a model a fold and pool what they say about the spectra each has not seen.

    Raises
    ------
    InterruptedTrainingError
        On Ctrl-C; the folds that were finished are not trained again.
    """
    results = [
        _fold_result(recipe, dataset, fold, number, seed, run, progress)
        for number, fold in enumerate(folds, start=1)
    ]
    return summarize(results, dataset.class_ids, group, recipe.validation, dataset.grid.step)


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


def _fold_result(
    recipe: Recipe,
    dataset: Dataset,
    fold: Fold,
    number: int,
    seed: int,
    run: RunFolder,
    progress: Progress,
) -> FoldResult:
    mark = fingerprint(recipe, dataset, fold, seed)
    finished = _finished(run, number, mark)
    if finished is not None:
        progress.note(f"fold {number}: finished earlier, not trained again")
        return finished
    part = f"fold {number}"
    with progress.part(part, recipe.fit.epochs, run) as on_epoch:
        fitted = fit(recipe, dataset, fold.train, fold.held_out, seed + number, on_epoch)
    if fitted.interrupted:
        raise InterruptedTrainingError(
            f"stopped in {part}: {number - 1} finished folds are kept in {run.path}; "
            "the same command goes on from there"
        )
    predict = partial(logits_of, fitted.model)
    result = _judge(predict, dataset, fold, recipe.validation)
    run.write_model(fold_checkpoint(number), fitted.model)
    run.write_arrays(
        fold_arrays(number),
        held_out=result.held_out,
        logits=result.logits,
        hits=result.hits,
        noise_hits=result.noise_hits,
        fingerprint=np.array(mark),
    )
    return result


def _judge(predict: Predict, dataset: Dataset, fold: Fold, part: ValidatePart) -> FoldResult:
    spectra = [dataset.spectra[position] for position in fold.held_out]
    class_ids, grid = dataset.class_ids[fold.held_out], dataset.grid
    return FoldResult(
        held_out=fold.held_out,
        logits=predict(dataset.intensity[fold.held_out]),
        hits=envelope_hits(predict, spectra, class_ids, grid, displacements(part, grid.step)),
        noise_hits=noise_hits(predict, spectra, class_ids, grid),
    )


def _finished(run: RunFolder, number: int, mark: str) -> FoldResult | None:
    try:
        arrays = run.read_arrays(fold_arrays(number))
    except RunError:
        return None
    if str(arrays.get("fingerprint")) != mark:
        return None
    return FoldResult(arrays["held_out"], arrays["logits"], arrays["hits"], arrays["noise_hits"])
