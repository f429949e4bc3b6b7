"""One training run from recipe to RUN folder."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from edge.data import Fault
from train.checkpoint import INTERRUPTED
from train.comparators import make_comparator
from train.crossvalidate import Validated, cross_validate
from train.dataset import Dataset, load_dataset, read_names
from train.errors import InterruptedTrainingError, RecipeError
from train.familiarity import Familiarity
from train.few_labels.known import keep_labelled, labelled_positions
from train.model_parts import ComparatorPart
from train.models import make_model
from train.models.exportable import reads_sequences
from train.outliers import FEWEST_MINERALS, Outliers, load_outliers
from train.progress import Progress
from train.recipe import Recipe, read_recipe
from train.report import CalibrationReport, FamiliarityReport, Report, UnusedSpectrum
from train.run import CHECKPOINT, SPECTRA, RunFolder
from train.session import Session
from train.splits import Fold, Group, split

_FAULTS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Order:
    """What a user asks for.

    Parameters
    ----------
    recipe : TOML file
    data : DATA
    out : RUN folder, made where it does not exist
    folds : of the cross-validation, 0 for none
    group : what the folds keep together
    seed : of folds, first weights and augmentation
    final : train on all spectra after the folds
    resume : go on with the run in `out`, which must be there and of this order
    """

    recipe: Path
    data: Path
    out: Path
    folds: int = 0
    group: Group = "specimen"
    seed: int = 0
    final: bool = True
    resume: bool = False


def train_run(order: Order, progress: Progress) -> Report:
    """Cross-validate where asked, then train on all spectra; returns the report.

    A comparator is cross-validated only: there is no final model of it.

    Raises
    ------
    RecipeError, DataError, DatasetError, SplitError, RunError
        If recipe, spectra, folds or folder do not serve, with the culprit's name.
    InterruptedTrainingError
        On Ctrl-C, after what was learned has been written.
    """
    started = time.monotonic()
    recipe = read_recipe(order.recipe)
    _check_trainable(recipe, order)
    names = _names(recipe, order.recipe.parent)
    dataset, faults = load_dataset(order.data, recipe.data, recipe.preprocess.grid(), names)
    _tell(dataset, faults, progress)
    folds = split(dataset, order.folds, order.group, order.seed) if order.folds else ()
    listed = _labelled_names(recipe, order.recipe.parent)
    labelled = None
    if listed is not None:
        labelled = labelled_positions(dataset, listed, str(recipe.data.labelled))
        folds = keep_labelled(folds, dataset, labelled, order.group)
        progress.note(
            f"{len(labelled)} labelled; the labels of the others serve figures and calibration only"
        )
    report = _first_report(recipe, dataset, faults, order.seed)  # refuses what makes no model
    run = RunFolder(order.out)
    recipe = run.begin(recipe, names, listed, resume=order.resume)
    torch.set_num_threads(recipe.fit.threads)
    outliers = _outliers(recipe, dataset, order.data, names, progress) if folds else None
    session = Session(recipe, dataset, order.seed, run, progress, order.resume, outliers, labelled)
    known = session.learned_from(np.arange(len(dataset), dtype=np.int64), order.seed)
    run.write_arrays(
        SPECTRA,
        intensity=known.intensity,
        class_ids=known.class_ids,
        true_ids=dataset.class_ids,
    )
    if folds:
        run.write_splits(dataset, folds, order.group)
        validated = cross_validate(session, folds, order.group)
        report = _with_validation(report, validated, order.group)
    report = report.model_copy(update={"train_s": time.monotonic() - started})
    run.write_report(report)
    if not order.final or isinstance(recipe.model, ComparatorPart):
        return report
    return _train_final(session, report, started)


def _check_trainable(recipe: Recipe, order: Order) -> None:
    if reads_sequences(recipe.model):
        fault = (
            f"model: the verdict of {recipe.model.name} on a spectrum depends on the other spectra "
            "of its sequence, and a recipe's spectra are no sequence; `outcrop reproduce "
            "hed-table1` trains it on one, and `outcrop models` lists those of single spectra"
        )
        raise RecipeError(str(order.recipe), [fault])
    if isinstance(recipe.model, ComparatorPart) and recipe.data.labelled is not None:
        fault = f"data.labelled: {recipe.model.name} learns from labels alone, leave it out"
        raise RecipeError(str(order.recipe), [fault])
    if isinstance(recipe.model, ComparatorPart) and not order.folds:
        fault = f"model: {recipe.model.name} gives figures, not weights; add --cross-validate 5"
        raise RecipeError(str(order.recipe), [fault])


def _names(recipe: Recipe, folder: Path) -> frozenset[str] | None:
    return None if recipe.data.names is None else read_names(folder / recipe.data.names)


def _labelled_names(recipe: Recipe, folder: Path) -> frozenset[str] | None:
    return None if recipe.data.labelled is None else read_names(folder / recipe.data.labelled)


def _outliers(
    recipe: Recipe,
    dataset: Dataset,
    data: Path,
    names: frozenset[str] | None,
    progress: Progress,
) -> Outliers | None:
    if recipe.data.outliers is None:
        return None
    found = load_outliers(data, dataset.classes, dataset.grid, names)
    told = f"{len(found)} spectra of {len(set(found.minerals))} minerals that are no class"
    if len(set(found.minerals)) < FEWEST_MINERALS:
        progress.note(f"{told}: fewer than {FEWEST_MINERALS}, the unknown is not learned from them")
        return None
    progress.note(told)
    return found


def _train_final(session: Session, report: Report, started: float) -> Report:
    run, everything = session.run, np.arange(len(session.dataset), dtype=np.int64)
    fitted = session.fit("all spectra", Fold(everything, everything[:0]), session.seed)
    run.write_model(CHECKPOINT, fitted.model)
    final = {
        "epochs": fitted.epochs,
        "complete": not fitted.interrupted,
        "train_s": time.monotonic() - started,
    }
    report = report.model_copy(update=final)
    run.write_report(report)
    if fitted.interrupted:
        raise InterruptedTrainingError(
            f"stopped after {fitted.epochs} of {session.recipe.fit.epochs} epochs on all spectra: "
            f"the weights so far are in {run.path / CHECKPOINT}; the same command with --resume "
            "goes on"
        )
    run.remove(INTERRUPTED)
    return report


def _first_report(recipe: Recipe, dataset: Dataset, faults: tuple[Fault, ...], seed: int) -> Report:
    parameters, embedding_size = _size(recipe, dataset)
    return Report(
        name=recipe.name,
        model=recipe.model.name,
        parameters=parameters,
        embedding_size=embedding_size,
        seed=seed,
        classes=dataset.classes,
        spectra=len(dataset),
        specimens=len({name for name in dataset.specimens if name is not None}),
        laser_wavelengths_nm=dataset.laser_wavelengths_nm,
        unused=tuple(UnusedSpectrum(source=f.source, reason=f.reason) for f in faults),
    )


def _size(recipe: Recipe, dataset: Dataset) -> tuple[int, int]:
    """Return the numbers that are fitted, and the length of what is classified, D."""
    classes = len(dataset.classes)
    if isinstance(recipe.model, ComparatorPart):
        comparator = make_comparator(recipe)
        return comparator.parameters(len(dataset), classes), comparator.feature_size
    model = make_model(recipe, classes)
    return sum(parameter.numel() for parameter in model.parameters()), model.embedding_size


def _with_validation(report: Report, validated: Validated, group: Group) -> Report:
    return report.model_copy(
        update={
            "cross_validation": validated.figures,
            "group": group,
            "top1_fold_deviation": validated.deviation,
            "brier": validated.brier,
            "noise": validated.noise,
            "calibration": CalibrationReport(**asdict(validated.calibration)),
            "believed": validated.believed,
            "familiarity": _familiarity(validated.familiarity),
            "unknown": validated.unknown,
            "drift_envelope": validated.envelope,
        }
    )


def _familiarity(found: Familiarity | None) -> FamiliarityReport | None:
    if found is None:
        return None
    return FamiliarityReport(**asdict(found.weights), least=found.least)


def _tell(dataset: Dataset, faults: tuple[Fault, ...], progress: Progress) -> None:
    progress.note(f"{len(dataset)} spectra of {len(dataset.classes)} minerals")
    for fault in faults[:_FAULTS_SHOWN]:
        progress.note(f"not used: {fault.source}: {fault.reason}")
    if len(faults) > _FAULTS_SHOWN:
        progress.note(f"not used: {len(faults) - _FAULTS_SHOWN} more, listed in report.json")
