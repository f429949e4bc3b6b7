"""A comparison of models: everything the page and the JSON lines tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from train.reporting.comparable import LeftOut, comparable
from train.reporting.confusion import Confusion, MineralFigures, confusions, minerals
from train.reporting.contender import Contender, contenders
from train.reporting.crossvalidated_run import CrossValidatedRun, read_run
from train.reporting.errors import ComparisonError
from train.reporting.figures import Column, Spread, columns
from train.reporting.pairing import Pairing, Units, pair, units_of


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One model with its figures by the key of their column, and against the reference."""

    model: Contender
    figures: dict[str, Spread]
    pairing: Pairing | None


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """All of it.

    Parameters
    ----------
    range_cm1 : mean and worst are over every integer displacement up to this, both ways
    columns : of the table
    rows : a model each, by falling worst top-1
    reference : the row the others are compared with
    units : what the intervals resample
    confusions, minerals : of the reference
    left_out : runs that cannot be compared
    warnings : what a reader has to know, a sentence each
    """

    range_cm1: int
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    reference: Row
    units: Units
    confusions: tuple[Confusion, ...]
    minerals: tuple[MineralFigures, ...]
    left_out: tuple[LeftOut, ...]
    warnings: tuple[str, ...]

    @property
    def runs(self) -> tuple[CrossValidatedRun, ...]:
        """Every run that is compared."""
        return tuple(run for row in self.rows for run in row.model.runs)


def compare(paths: Sequence[Path], range_cm1: int = 30, reference: str | None = None) -> Comparison:
    """Read runs and compare what can be compared.

    Parameters
    ----------
    paths : RUN folders, at least one
    reference : name of the model to compare with; None for the best mean over the range

    Raises
    ------
    ComparisonError
        If a run is missing, unfinished or not cross-validated, or the reference is none of them.
    RunError
        If a run cannot be read.
    """
    once = {path.resolve(): path for path in paths}
    runs = [read_run(path) for path in once.values()]
    kept, left_out = comparable(runs, reference)
    models, warnings = contenders(kept)
    table = columns(range_cm1)
    figures = {model: {c.key: c.over(model.runs) for c in table} for model in models}
    chosen = _reference(models, figures, reference)
    units = units_of(chosen.runs[0])
    rows = {
        model: Row(
            model,
            figures[model],
            None if model is chosen else pair(model, chosen, units, range_cm1),
        )
        for model in models
    }
    return Comparison(
        range_cm1=range_cm1,
        columns=table,
        rows=tuple(sorted(rows.values(), key=_worst_last)),
        reference=rows[chosen],
        units=units,
        confusions=confusions(chosen),
        minerals=minerals(chosen, units),
        left_out=left_out,
        warnings=(
            *(f"{one.run.title} is not compared: {one.reason}" for one in left_out),
            *warnings,
            *_seed_warnings(models),
        ),
    )


def as_json(row: Row, comparison: Comparison) -> dict[str, Any]:
    """Return what is told of one model, fractions, ready for JSON."""
    runs = row.model.runs
    return {
        "model": row.model.name,
        "network": runs[0].report.model,
        "seeds": list(row.model.seeds),
        "runs": [run.path.resolve().name for run in runs],
        "n": len(runs[0].class_ids),
        "group": runs[0].report.group,
        "folds": runs[0].folds,
        "range_cm1": comparison.range_cm1,
        "figures": {key: asdict(found) for key, found in row.figures.items()},
        "displacement_cm1": list(runs[0].envelope.displacement_cm1),
        "top1_displaced": np.mean([run.hits.mean(axis=1) for run in runs], axis=0).tolist(),
        "top1_folds": [list(run.figures.top1_folds) for run in runs],
        "reference": comparison.reference.model.name,
        "resampled": comparison.units.kind,
        "paired": None if row.pairing is None else asdict(row.pairing),
    }


def _reference(
    models: Sequence[Contender], figures: dict[Contender, dict[str, Spread]], name: str | None
) -> Contender:
    if name is not None:
        for model in models:
            if model.name == name:
                return model
        known = ", ".join(sorted(model.name for model in models))
        raise ComparisonError(f"--reference {name}", f"none of the models compared: {known}")
    return max(models, key=lambda model: _mean_or(figures[model]["top1_mean"], -1.0))


def _mean_or(figure: Spread, otherwise: float) -> float:
    return otherwise if figure.mean is None else figure.mean


def _worst_last(row: Row) -> tuple[float, float]:
    worst, unshifted = (_mean_or(row.figures[key], -1.0) for key in ("top1_worst", "top1"))
    return -worst, -unshifted


def _seed_warnings(models: Sequence[Contender]) -> tuple[str, ...]:
    of_seeds: dict[tuple[int, ...], list[str]] = {}
    for model in models:
        of_seeds.setdefault(model.seeds, []).append(model.name)
    if len(of_seeds) == 1:
        return ()
    told = "; ".join(
        f"{', '.join(map(str, seeds))}: {', '.join(names)}" for seeds, names in of_seeds.items()
    )
    return (f"models have different seeds, so their means are over different folds ({told})",)
