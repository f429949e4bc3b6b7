"""A sweep from drift and spectra to recipe: every candidate cross-validated, one chosen."""

from __future__ import annotations

import hashlib
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from train.crossvalidate import displacements
from train.dataset import Dataset, load_dataset
from train.errors import InterruptedTrainingError, RecipeError
from train.fold_result import fold_arrays
from train.progress import Progress
from train.run import RunFolder
from train.splits import Group, split
from train.training import Order, train_run
from train.tuning.bases import Bases, read_bases
from train.tuning.candidates import Candidate, candidates_of
from train.tuning.choice import Rule
from train.tuning.drift import Drift
from train.tuning.envelope import Envelope, envelope_of
from train.tuning.folder import FIGURE, RECIPE, REPORT, TABLE, TuningFolder
from train.tuning.pooling import Family, Pooling
from train.tuning.report import TuningReport
from train.tuning.results import Tried, report_of
from train.tuning.summary import header, table


@dataclass(frozen=True, slots=True)
class TuningOrder:
    """What a user asks for.

    Parameters
    ----------
    drift : expected
    data : DATA
    out : folder of the sweep, made where it does not exist
    recipe : base recipe; None for the shipped ones
    families : networks; if none, that of the recipe
    poolings : what to try; a family of which none is named tries its usual ones
    folds : of the cross-validation, at least 2
    group : what the folds keep together
    seed : of folds, first weights and augmentation
    rule : how one is chosen
    """

    drift: Drift
    data: Path
    out: Path
    recipe: Path | None = None
    families: tuple[Family, ...] = ()
    poolings: tuple[Pooling, ...] = ()
    folds: int = 5
    group: Group = "specimen"
    seed: int = 11
    rule: Rule = "one-standard-error"


def tune(order: TuningOrder, progress: Progress) -> TuningReport:
    """Cross-validate every candidate, choose one, write its recipe and the figures.

    Raises
    ------
    RecipeError, DataError, DatasetError, SplitError, RunError
        If recipe, spectra, folds or folder do not serve, with the culprit's name.
    InterruptedTrainingError
        On Ctrl-C; finished folds are kept.
    """
    bases = read_bases(order.recipe, order.families)
    plan = _plan(order, bases)
    dataset = _checked_data(order, bases)
    folder = TuningFolder(order.out, listed=bases.names is not None)
    folder.begin(_mark(order, bases), bases.names)
    tried = _sweep(order, plan, folder, progress)
    report = report_of(order.drift, order.rule, tried, **_circumstances(order, dataset))
    chosen = next(one for one in plan if one.pooling.name == report.chosen)
    _write(folder, report, chosen)
    return report


def _plan(order: TuningOrder, bases: Bases) -> tuple[Candidate, ...]:
    families = {base.family for base in bases.of_families}
    for pooling in order.poolings:
        if pooling.family not in families:
            fault = f"{pooling.label} is of a {pooling.family} network, which is not swept"
            raise RecipeError(str(bases.of_families[0].path), [fault])
    return tuple(
        candidate
        for base in bases.of_families
        for candidate in candidates_of(base, order.drift, order.poolings)
    )


def _checked_data(order: TuningOrder, bases: Bases) -> Dataset:
    """Read the spectra once before anything is written: what is wrong with them is said first."""
    recipe = bases.of_families[0].recipe
    dataset, _ = load_dataset(order.data, recipe.data, recipe.preprocess.grid(), bases.names)
    split(dataset, order.folds, order.group, order.seed)
    return dataset


def _mark(order: TuningOrder, bases: Bases) -> dict[str, Any]:
    """Return what must not change when a sweep goes on; poolings and rule may."""
    names = "\n".join(sorted(bases.names or ()))
    return {
        "drift": asdict(order.drift),
        "data": str(order.data.resolve()),
        "names_sha256": hashlib.sha256(names.encode()).hexdigest(),
        "folds": order.folds,
        "group": order.group,
        "seed": order.seed,
        "recipe": {
            base.family: base.recipe.model_dump(mode="json", by_alias=True)
            for base in bases.of_families
        },
    }


def _sweep(
    order: TuningOrder, plan: tuple[Candidate, ...], folder: TuningFolder, progress: Progress
) -> list[Tried]:
    tried: list[Tried] = []
    longest_s = 0.0  # of the candidates that were trained here: the later ones take longer
    for number, candidate in enumerate(plan, start=1):
        left = f", about {_time(longest_s * (len(plan) - number + 1))} left" if longest_s else ""
        progress.note(f"candidate {number} of {len(plan)}: {candidate.pooling.label}{left}")
        finished = (folder.run(candidate.pooling.name) / fold_arrays(order.folds)).exists()
        started = time.monotonic()
        try:
            tried.append(_try(order, candidate, folder, progress))
        except (KeyboardInterrupt, InterruptedTrainingError) as error:
            raise InterruptedTrainingError(
                f"stopped in candidate {number} of {len(plan)} ({candidate.pooling.label}): "
                f"finished candidates ({number - 1}), finished folds and epochs are kept in "
                f"{folder.path}; the same command goes on from there"
            ) from error
        if not finished:
            longest_s = max(longest_s, time.monotonic() - started)
    return tried


def _time(time_s: float) -> str:
    return f"{time_s / 60:.0f} min" if time_s > 90 else f"{time_s:.0f} s"


def _try(
    order: TuningOrder, candidate: Candidate, folder: TuningFolder, progress: Progress
) -> Tried:
    name = candidate.pooling.name
    recipe_file = folder.write_candidate(name, candidate.recipe)
    out = folder.run(name)
    run_order = Order(
        recipe_file, order.data, out, order.folds, order.group, order.seed, final=False
    )
    trained = train_run(run_order, progress)
    return Tried(candidate, trained.parameters, _envelope(candidate, RunFolder(out), order.folds))


def _envelope(candidate: Candidate, run: RunFolder, folds: int) -> Envelope:
    step = candidate.recipe.preprocess.step
    examined_cm1 = displacements(candidate.recipe.validation, step)
    hits = [run.read_arrays(fold_arrays(number))["hits"] for number in range(1, folds + 1)]
    return envelope_of(examined_cm1, hits)


def _circumstances(order: TuningOrder, dataset: Dataset) -> dict[str, Any]:
    return {
        "data": str(order.data),
        "spectra": len(dataset),
        "classes": len(dataset.classes),
        "folds": order.folds,
        "group": order.group,
        "seed": order.seed,
        "recipe": str(order.out / RECIPE),
    }


def _write(folder: TuningFolder, report: TuningReport, chosen: Candidate) -> None:
    from train.tuning.figure import draw

    folder.write(TABLE, table(report).encode())
    folder.write(FIGURE, draw(report))
    folder.write(REPORT, report.model_dump_json(indent=1).encode() + b"\n")
    folder.write_chosen(chosen.recipe, header(report))
