"""RUN folders as a cross-validation leaves them, from drawn logits instead of training."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from train.crossvalidate import summarize
from train.fold_result import FoldResult, fold_arrays
from train.recipe import Recipe
from train.report import CalibrationReport, Report
from train.run import SPECTRA, RunFolder

CLASSES = ("Alphite", "Betaite", "Gammaite", "Deltaite")


@dataclass(frozen=True)
class Drawn:
    """What a generated run is like.

    `skill` is how far the true class stands out of unit noise, `drift_cm1` how far spectra may
    be displaced until half of those that were right are wrong.
    """

    name: str = "able"
    seed: int = 0
    skill: float = 2.0
    drift_cm1: float = 20.0
    envelope_points: int = 30
    folds: int = 3
    group: str = "specimen"
    epochs: int = 40
    specimens_a_class: int = 10
    fold_seed: int | None = None
    sources: Sequence[str] | None = None

    def but(self, **changes: Any) -> Drawn:
        """Return it changed."""
        return replace(self, **changes)


def write_run(folder: Path, drawn: Drawn) -> Path:
    """Write a whole RUN folder and return it."""
    truth, specimen = _spectra(drawn)
    sources = drawn.sources or _rruff_names(truth, specimen)
    recipe = _recipe(drawn)
    folds = _folds(drawn, specimen)
    results = _results(drawn, truth, folds)
    run = RunFolder(folder)
    run.begin(recipe, None)
    run.write_arrays(SPECTRA, intensity=np.zeros((len(truth), 1392), np.float32), class_ids=truth)
    for number, result in enumerate(results, start=1):
        held_out = [sources[place] for place in result.held_out]
        split = {"fold": number, "group": drawn.group, "held_out": held_out}
        run.write(f"splits/fold_{number}.json", json.dumps(split).encode())
        run.write_arrays(
            fold_arrays(number),
            held_out=result.held_out,
            logits=result.logits,
            hits=result.hits,
            noise_hits=result.noise_hits,
            fingerprint=np.array("generated"),
        )
    run.write_report(_report(drawn, recipe, truth, results))
    return folder


def rewrite_report(folder: Path, **changes: Any) -> None:
    """Change values of a run's report."""
    run = RunFolder(folder)
    run.write_report(run.read_report().model_copy(update=changes))


def _spectra(drawn: Drawn) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return class and specimen of each spectrum: two spectra a specimen."""
    count = drawn.specimens_a_class
    truth = np.repeat(np.arange(len(CLASSES), dtype=np.int64), 2 * count)
    return truth, np.arange(len(truth), dtype=np.int64) // 2


def _rruff_names(truth: NDArray[np.int64], specimen: NDArray[np.int64]) -> list[str]:
    pairs = zip(truth, specimen, strict=True)
    return [
        f"{CLASSES[c]}__R{s:06d}__Broad_Scan__532__0__unoriented__Raman_Data_Raw__{place}.txt"
        for place, (c, s) in enumerate(pairs)
    ]


def _recipe(drawn: Drawn) -> Recipe:
    text = {
        "name": drawn.name,
        "data": {"description": "Generated spectra", "citation": "Nobody <nowhere>"},
        "model": {"name": "template"},
        "fit": {"epochs": drawn.epochs},
        "validate": {"envelope_points": drawn.envelope_points},
    }
    return Recipe.model_validate(text)


def _folds(drawn: Drawn, specimen: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    seed = drawn.seed if drawn.fold_seed is None else drawn.fold_seed
    fold_of = np.random.default_rng(seed).permutation(specimen.max() + 1) % drawn.folds
    return [np.flatnonzero(fold_of[specimen] == fold) for fold in range(drawn.folds)]


def _results(
    drawn: Drawn, truth: NDArray[np.int64], folds: list[NDArray[np.int64]]
) -> list[FoldResult]:
    # the same spectra are hard for every model, as real ones are; the rest is the model's own
    shared = np.random.default_rng(drawn.seed).normal(size=(len(truth), len(CLASSES)))
    chance = np.random.default_rng([drawn.seed, *drawn.name.encode()])
    logits = shared + 0.5 * chance.normal(size=shared.shape)
    logits[np.arange(len(truth)), truth] += drawn.skill
    right = logits.argmax(axis=1) == truth
    points = np.arange(-drawn.envelope_points, drawn.envelope_points + 1)
    keeps = 0.5 ** ((points / drawn.drift_cm1) ** 2)
    hits = right & (chance.uniform(size=len(truth)) <= keeps[:, None])  # 1 where not displaced
    noise_hits = np.stack([right & (chance.uniform(size=len(truth)) < k) for k in (0.9, 0.6)])
    return [
        FoldResult(held, logits[held].astype(np.float32), hits[:, held], noise_hits[:, held])
        for held in folds
    ]


def _report(
    drawn: Drawn, recipe: Recipe, truth: NDArray[np.int64], results: list[FoldResult]
) -> Report:
    group: Any = drawn.group
    found = summarize(results, truth, group, recipe.validation)
    return Report(
        name=drawn.name,
        model="template",
        parameters=1000,
        embedding_size=8,
        seed=drawn.seed,
        classes=CLASSES,
        spectra=len(truth),
        specimens=len(truth) // 2,
        laser_wavelengths_nm=(532.0,),
        unused=(),
        cross_validation=found.figures,
        group=drawn.group,
        top1_fold_deviation=found.deviation,
        brier=found.brier,
        noise=found.noise,
        calibration=CalibrationReport(**asdict(found.calibration)),
        drift_envelope=found.envelope,
        train_s=12.0,
    )
