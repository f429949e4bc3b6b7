"""The page: a comparison as one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure

from train.recipe import write_recipe
from train.reporting import plots, wording
from train.reporting.comparison import Comparison, Row
from train.reporting.figures import Column, Spread
from train.reporting.published import PROTOCOL, PUBLISHED, SOURCE
from train.reporting.reliability import accuracy_at_coverage, confidence_of
from train.reporting.svg import inline_svg

CONFUSIONS_SHOWN = 20
_COVERAGES = (0.25, 0.5, 0.75, 0.9, 1.0)


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure of the table, as written; whether it is its column's best; its footnote."""

    text: str
    deviation: str
    best: bool
    note: int | None


def render(comparison: Comparison) -> str:
    """Return the page."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        percent=wording.percent, interval=wording.interval, p_value=wording.p_value
    )
    notes = _reasons(comparison.rows)
    return environment.get_template("page.html.j2").render(
        comparison=comparison,
        cells=[_cells(row, comparison, notes) for row in comparison.rows],
        notes=notes,
        plots=_drawn(comparison),
        displaced=_displaced(comparison),
        recipes={row.model.name: write_recipe(row.model.recipe) for row in comparison.rows},
        described=_distinct(run.recipe.data.description for run in comparison.runs),
        citations=_distinct(run.recipe.data.citation for run in comparison.runs),
        confusions_shown=CONFUSIONS_SHOWN,
        coverages=_coverages(comparison.reference),
        published=PUBLISHED,
        published_source=SOURCE,
        published_protocol=PROTOCOL,
        version=version("outcrop"),
    )


def _reasons(rows: Iterable[Row]) -> list[str]:
    return _distinct(
        _reason(row, found)
        for row in rows
        for found in row.figures.values()
        if found.reason is not None
    )


def _reason(row: Row, found: Spread) -> str:
    return f"{row.model.name}: {found.reason}"


def _distinct(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(text for text in texts if text))


def _cells(row: Row, comparison: Comparison, notes: list[str]) -> list[Cell]:
    return [_cell(row, column, comparison, notes) for column in comparison.columns]


def _cell(row: Row, column: Column, comparison: Comparison, notes: list[str]) -> Cell:
    found = row.figures[column.key]
    return Cell(
        text=wording.figure(found, column),
        deviation=wording.deviation(found, column),
        best=_is_best(found, column, comparison),
        note=None if found.reason is None else notes.index(_reason(row, found)) + 1,
    )


def _is_best(found: Spread, column: Column, comparison: Comparison) -> bool:
    if found.mean is None:
        return False
    others = [row.figures[column.key].mean for row in comparison.rows]
    known = [mean for mean in others if mean is not None]
    if min(known) == max(known):  # nothing is better than anything else
        return False
    return found.mean == (max(known) if column.best == "high" else min(known))


def _drawn(comparison: Comparison) -> dict[str, Markup]:
    models = [row.model for row in comparison.rows]
    reference = comparison.reference.model
    drawings: dict[str, tuple[str, Callable[[], Figure]]] = {
        "displacement": (
            "Top-1 against displacement of the axis, a line a model",
            partial(plots.displacement_plot, models, comparison.range_cm1),
        ),
        "noise": ("Top-1 against added noise", partial(plots.noise_plot, models)),
        "folds": ("Top-1 of every fold, a dot each", partial(plots.fold_plot, models)),
        "reliability": (
            "Accuracy against calibrated confidence, a panel a model",
            partial(plots.reliability_plot, models),
        ),
    }
    if all(run.report.calibration is not None for run in reference.runs):
        title = f"Accuracy of {reference.name} against the share of spectra it answers"
        drawings["coverage"] = title, partial(plots.coverage_plot, reference)
    # matplotlib escapes what it draws: a model's name cannot become markup
    return {name: Markup(inline_svg(name, *drawing)) for name, drawing in drawings.items()}


def _displaced(comparison: Comparison) -> list[tuple[int, list[str]]]:
    """Return (displacement, top-1 of every model as written), for every displacement tried."""
    tried = sorted({d for run in comparison.runs for d in run.envelope.displacement_cm1})
    curves = [
        dict(
            zip(
                row.model.runs[0].envelope.displacement_cm1,
                np.mean([run.hits.mean(axis=1) for run in row.model.runs], axis=0).tolist(),
                strict=True,
            )
        )
        for row in comparison.rows
    ]
    return [(d, [wording.percent(c[d]) if d in c else "–" for c in curves]) for d in tried]


def _coverages(reference: Row) -> list[tuple[float, float, float]]:
    """Return (share answered, accuracy, least confidence answered), means over the seeds."""
    found = []
    for share in _COVERAGES:
        accuracies, least = [], []
        for run in reference.model.runs:
            confidence = confidence_of(run)
            if confidence is None:
                return []
            answered = max(1, round(share * len(confidence)))
            accuracies.append(accuracy_at_coverage(confidence, run.right)[answered - 1])
            least.append(np.sort(confidence)[-answered])
        found.append((share, float(np.mean(accuracies)), float(np.mean(least))))
    return found
