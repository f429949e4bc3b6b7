"""Which runs may be compared: the same spectra, the same grouping, for each seed the same folds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from train.reporting.crossvalidated_run import CrossValidatedRun

Differs = Callable[[CrossValidatedRun, CrossValidatedRun], str | None]
"""What keeps a run (first) from being compared with another, None if nothing does."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A run that is not compared, and why."""

    run: CrossValidatedRun
    reason: str


def comparable(
    runs: Sequence[CrossValidatedRun], reference: str | None = None
) -> tuple[tuple[CrossValidatedRun, ...], tuple[LeftOut, ...]]:
    """Keep the largest part of the runs that can be compared with each other.

    Parameters
    ----------
    runs : at least one
    reference : name of the recipe whose runs are to be among those kept; None if it is all one

    Returns
    -------
    those kept, in their order, and those left out; of parts of one size the first is kept
    """
    kept, left_out = _agreeing(runs, _spectra_differ, reference)
    together: set[CrossValidatedRun] = set()
    for seed in {run.report.seed for run in kept}:
        of_seed = [run for run in kept if run.report.seed == seed]
        same, others = _agreeing(of_seed, _folds_differ, reference)
        together.update(same)
        left_out += others
    return tuple(run for run in kept if run in together), tuple(left_out)


def _agreeing(
    runs: Sequence[CrossValidatedRun], differs: Differs, reference: str | None
) -> tuple[list[CrossValidatedRun], list[LeftOut]]:
    named = [run for run in runs if run.report.name == reference] or runs
    base = max(named, key=lambda one: sum(differs(other, one) is None for other in runs))
    verdicts = [(run, differs(run, base)) for run in runs]
    kept = [run for run, reason in verdicts if reason is None]
    return kept, [LeftOut(run, reason) for run, reason in verdicts if reason is not None]


def _spectra_differ(run: CrossValidatedRun, base: CrossValidatedRun) -> str | None:
    if run.sources != base.sources:
        missing = len(set(base.sources) - set(run.sources))
        added = len(set(run.sources) - set(base.sources))
        return (
            f"other spectra than {base.title}: {len(run.sources)} instead of {len(base.sources)}, "
            f"{missing} of those missing, {added} others"
        )
    if run.report.classes != base.report.classes or not np.array_equal(
        run.class_ids, base.class_ids
    ):
        return f"other minerals, or otherwise labelled, than {base.title}"
    if run.report.group != base.report.group:
        return f"folds grouped by {run.report.group}, those of {base.title} by {base.report.group}"
    if run.folds != base.folds:
        return f"{run.folds} folds, {base.title} has {base.folds}"
    return None


def _folds_differ(run: CrossValidatedRun, base: CrossValidatedRun) -> str | None:
    if np.array_equal(run.fold_of, base.fold_of):
        return None
    moved = int((run.fold_of != base.fold_of).sum())
    return f"other folds than {base.title} in spite of the same seed: {moved} spectra differ"
