"""A cross-validated RUN folder, read back: every spectrum with what its own fold's model said."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.bundle.manifest import CrossValidation, DriftEnvelope
from train.errors import RunError
from train.evaluate import NOISE_SHARES, top_share
from train.fold_result import fold_arrays
from train.recipe import Recipe
from train.report import Report
from train.reporting.errors import ComparisonError
from train.run import RECIPE, REPORT, RunFolder

_FOLD_PARTS = ("held_out", "logits", "hits", "noise_hits")


@dataclass(frozen=True, slots=True, eq=False)
class CrossValidatedRun:
    """One run, its folds pooled and put into the order of the data set.

    Parameters
    ----------
    path : its RUN folder
    recipe, report : as the run left them
    figures, envelope : of the report, here known to be there
    sources : N files the spectra came from
    class_ids : (N,) int64, true classes
    fold_of : (N,) int64, number of the fold that held a spectrum out, from 1
    logits : (N, K) float32, out-of-fold, not calibrated
    hits : (S, N) bool, right at each displacement of the envelope
    noise_hits : (2, N) bool, right with each of `NOISE_SHARES`
    """

    path: Path
    recipe: Recipe
    report: Report
    figures: CrossValidation
    envelope: DriftEnvelope
    sources: tuple[str, ...]
    class_ids: NDArray[np.int64]
    fold_of: NDArray[np.int64]
    logits: NDArray[np.float32]
    hits: NDArray[np.bool_]
    noise_hits: NDArray[np.bool_]

    @property
    def folds(self) -> int:
        """Number of folds."""
        return len(self.figures.top1_folds)

    @property
    def right(self) -> NDArray[np.bool_]:
        """Which spectra are classified rightly, undisplaced, (N,)."""
        right: NDArray[np.bool_] = self.logits.argmax(axis=1) == self.class_ids
        return right

    @property
    def title(self) -> str:
        """Name of recipe and seed, and the folder."""
        return f"{self.report.name}, seed {self.report.seed} ({self.path.resolve().name})"


def read_run(path: Path) -> CrossValidatedRun:
    """Read a RUN folder.

    Raises
    ------
    ComparisonError
        If there is no run, it is not cross-validated, or folds are missing.
    RunError
        If a file is damaged, or the folds are not those that the report tells of.
    """
    run = RunFolder(path)
    _check_finished(run)
    report, recipe = run.read_report(), run.read_recipe()
    figures, envelope = report.cross_validation, report.drift_envelope
    if figures is None or envelope is None:
        raise ComparisonError(
            str(path), "not cross-validated: train it with --cross-validate, in a new folder"
        )
    if recipe.data.labelled is not None:
        raise ComparisonError(
            str(path),
            "learned from few labels and is judged on the spectra without one, other runs on all; "
            f"its figures are in {REPORT}",
        )
    numbers = range(1, len(figures.top1_folds) + 1)
    missing = [str(k) for k in numbers if not (path / fold_arrays(k)).exists()]
    if missing:
        raise ComparisonError(
            str(path),
            f"unfinished: fold {', '.join(missing)} of {len(numbers)} is missing; "
            "the same `outcrop train` command goes on from there",
        )
    folds = [read_fold(run, number) for number in numbers]
    held_out = np.concatenate([fold["held_out"] for fold in folds])
    order = _order(path, held_out, figures.n)
    found = CrossValidatedRun(
        path=path,
        recipe=recipe,
        report=report,
        figures=figures,
        envelope=envelope,
        sources=_in_order([name for fold in folds for name in fold["sources"]], order),
        class_ids=run.read_spectra().class_ids,
        fold_of=np.repeat(list(numbers), [len(fold["held_out"]) for fold in folds])[order],
        logits=np.concatenate([fold["logits"] for fold in folds])[order],
        hits=np.concatenate([fold["hits"] for fold in folds], axis=1)[:, order],
        noise_hits=np.concatenate([fold["noise_hits"] for fold in folds], axis=1)[:, order],
    )
    _check_agreement(found)
    return found


def _check_finished(run: RunFolder) -> None:
    """Say in a user's words what a folder without a report is."""
    path = run.path
    if (path / REPORT).exists():
        return
    if not path.is_dir():
        raise ComparisonError(str(path), "no such RUN folder")
    if not (path / RECIPE).exists():
        raise ComparisonError(str(path), f"no RUN folder: it holds neither {REPORT} nor {RECIPE}")
    folds = len(list(path.glob("splits/fold_*.json")))
    finished = sum((path / fold_arrays(number)).exists() for number in range(1, folds + 1))
    raise ComparisonError(
        str(path),
        f"unfinished: {finished} of {folds} folds and no {REPORT}; "
        "the same `outcrop train` command goes on from there",
    )


def read_fold(run: RunFolder, number: int) -> dict[str, Any]:
    """Return the arrays of a fold, and the files it held out as `sources`.

    Raises
    ------
    RunError
        If a file of the fold is missing, damaged, or contradicts another.
    """
    name, split = fold_arrays(number), run.path / f"splits/fold_{number}.json"
    fold: dict[str, Any] = run.read_arrays(name)
    if not set(_FOLD_PARTS) <= set(fold):
        raise RunError(str(run.path / name), f"expected {', '.join(_FOLD_PARTS)}")
    try:
        sources = json.loads(split.read_text("utf-8"))["held_out"]
    except OSError as error:
        raise RunError(str(split), error.strerror or str(error)) from error
    except (ValueError, KeyError, TypeError) as error:
        raise RunError(str(split), f"not the held-out files of a fold: {error}") from error
    if len(sources) != len(fold["held_out"]):
        reason = f"names {len(sources)} files, {name} holds {len(fold['held_out'])} spectra"
        raise RunError(str(split), reason)
    return {**fold, "sources": sources}


def _order(path: Path, held_out: NDArray[np.int64], n: int) -> NDArray[np.intp]:
    order = np.argsort(held_out, kind="stable")
    if not np.array_equal(held_out[order], np.arange(n)):
        raise RunError(str(path), f"the folds do not hold out each of {n} spectra once")
    return order


def _in_order(sources: Sequence[str], order: NDArray[np.intp]) -> tuple[str, ...]:
    return tuple(str(sources[position]) for position in order)


def _check_agreement(run: CrossValidatedRun) -> None:
    """Refuse folds and a report that were left by different runs, or by a damaged one."""
    n, classes = len(run.fold_of), len(run.report.classes)
    expected = {
        "class_ids": ((n,), run.class_ids.shape),
        "logits": ((n, classes), run.logits.shape),
        "hits": ((len(run.envelope.displacement_cm1), n), run.hits.shape),
        "noise_hits": ((len(NOISE_SHARES), n), run.noise_hits.shape),
    }
    for name, (wanted, got) in expected.items():
        if wanted != got:
            raise RunError(str(run.path), f"folds: {name} expected {wanted}, got {got}")
    found = top_share(run.logits, run.class_ids)
    if abs(found - run.figures.top1) > 0.5 / n:
        raise RunError(
            str(run.path),
            f"folds and {REPORT} are of different runs: top-1 {found:.4f} in folds/, "
            f"{run.figures.top1:.4f} in {REPORT}; repeat its `outcrop train` command",
        )
