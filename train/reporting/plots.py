"""The plots of the comparison; each takes models and returns a figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from train.evaluate import NOISE_SHARES
from train.reporting.contender import Contender
from train.reporting.reliability import accuracy_at_coverage, confidence_of, reliability
from train.reporting.svg import FAINT, INK

# Okabe and Ito 2008, told apart with any colour vision; their black is the page's ink, and
# their yellow, faint on white, is left out
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", INK)
_DASHES = ("-", "--", ":")
_MARKERS = "osD^vPX"
_WIDTH = 7.6
_PER_ROW = 4


@dataclass(frozen=True, slots=True)
class Look:
    """How a model is drawn, the same in every plot."""

    colour: str
    dash: str
    marker: str


def look(place: int) -> Look:
    """Return the look of the model at a place in the table, from 0; they repeat after 21."""
    colours = len(_COLOURS)
    return Look(
        _COLOURS[place % colours],
        _DASHES[place // colours % len(_DASHES)],
        _MARKERS[place % colours],
    )


def displacement_plot(models: Sequence[Contender], range_cm1: int) -> Figure:
    """Draw top-1 against displacement, every one tried, with a band over the seeds."""
    figure, axes = _single(3.6)
    axes.axvspan(-range_cm1, range_cm1, color=FAINT, alpha=0.35, linewidth=0)
    for place, model in enumerate(models):
        values = [run.hits.mean(axis=1) for run in model.runs]
        _band(axes, model.runs[0].envelope.displacement_cm1, values, place, model.name)
    axes.set_xlabel("displacement, cm⁻¹ (positive: peaks at larger Raman shift)")
    axes.margins(x=0.01)
    _percent(axes, "top-1")
    _legend(axes)
    return figure


def noise_plot(models: Sequence[Contender]) -> Figure:
    """Draw top-1 against added noise."""
    figure, axes = _single(3.0)
    shares = [0.0, *NOISE_SHARES]
    for place, model in enumerate(models):
        values = [np.array([run.right.mean(), *run.noise_hits.mean(axis=1)]) for run in model.runs]
        _band(axes, shares, values, place, model.name, marker=look(place).marker, markersize=4.5)
    axes.set_xlabel("deviation of the added noise, share of the spectrum's maximum")
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_xticks(shares)
    _percent(axes, "top-1")
    _legend(axes)
    return figure


def fold_plot(models: Sequence[Contender]) -> Figure:
    """Draw the undisplaced top-1 of every fold as a dot, their mean as a line."""
    figure, axes = _single(0.7 + 0.36 * len(models))
    for place, model in enumerate(models):
        style = look(place)
        for offset, run in zip(_offsets(len(model.runs)), model.runs, strict=True):
            folds = run.figures.top1_folds
            heights = np.full(len(folds), place + offset)
            axes.plot(
                folds, heights, style.marker, color=style.colour, markersize=4.5, alpha=0.75, mew=0
            )
        mean = np.mean([run.right.mean() for run in model.runs])
        axes.plot([mean, mean], [place - 0.36, place + 0.36], color=style.colour, linewidth=2)
    axes.set_yticks(range(len(models)), [model.name for model in models])
    axes.set_ylim(len(models) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_xlabel("top-1 of a fold, not displaced; line: over all spectra")
    return figure


def reliability_plot(models: Sequence[Contender]) -> Figure:
    """Draw accuracy against calibrated confidence, a panel a model, the seeds pooled."""
    per_row = min(_PER_ROW, len(models))
    rows = ceil(len(models) / per_row)
    figure = Figure(figsize=(_WIDTH * per_row / _PER_ROW, 2.1 * rows), layout="constrained")
    panels = figure.subplots(rows, per_row, sharex=True, sharey=True, squeeze=False).ravel()
    for place, (panel, model) in enumerate(zip(panels, models, strict=False)):
        _reliability_panel(panel, model, look(place).colour)
        panel.tick_params(labelbottom=place + per_row >= len(models))  # none is below it
    for panel in panels[len(models) :]:
        panel.set_visible(False)
    figure.supxlabel("calibrated confidence, %", fontsize=9)
    figure.supylabel("right, %", fontsize=9)
    return figure


def coverage_plot(model: Contender) -> Figure:
    """Draw accuracy against the share of spectra that are answered, most confident first."""
    figure, axes = _single(3.0)
    curves = [
        accuracy_at_coverage(confidence, run.right)
        for run in model.runs
        if (confidence := confidence_of(run)) is not None
    ]
    n = len(model.runs[0].class_ids)
    _band(axes, np.arange(1, n + 1) / n, curves, 0, model.name)
    axes.set_xlabel("share of spectra answered, the most confident first")
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    _percent(axes, "right among them")
    axes.set_ylim(None, 1.0)
    axes.margins(x=0.01)
    return figure


def _reliability_panel(panel: Axes, model: Contender, colour: str) -> None:
    panel.plot([0, 1], [0, 1], color=FAINT, linewidth=1)
    known = [(confidence_of(run), run.right) for run in model.runs]
    pairs = [(confidence, right) for confidence, right in known if confidence is not None]
    panel.set_title(model.name)
    panel.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    for axis in (panel.xaxis, panel.yaxis):
        axis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=None))
        axis.set_ticks([0, 0.5, 1])
    if not pairs:
        panel.text(0.5, 0.5, "not calibrated", ha="center")
        return
    found = reliability(
        np.concatenate([confidence for confidence, _ in pairs]),
        np.concatenate([right for _, right in pairs]),
    )
    panel.plot(found.confidence, found.accuracy, color=colour, linewidth=1, clip_on=False)
    area = 8 + 150 * found.share
    panel.scatter(
        found.confidence, found.accuracy, s=area, color=colour, linewidths=0, clip_on=False
    )


def _single(height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(_WIDTH, height), layout="constrained")
    return figure, figure.subplots()


def _band(
    axes: Axes,
    places: Sequence[float] | NDArray[np.float64],
    values: Sequence[NDArray[np.float64]],
    place: int,
    label: str,
    **line: Any,
) -> None:
    """Draw the mean over the seeds, and one standard deviation to each side."""
    style = look(place)
    mean = np.mean(values, axis=0)
    axes.plot(places, mean, style.dash, color=style.colour, label=label, **line)
    if len(values) > 1:
        deviation = np.std(values, axis=0, ddof=1)
        axes.fill_between(
            places, mean - deviation, mean + deviation, color=style.colour, alpha=0.2, linewidth=0
        )


def _percent(axes: Axes, label: str) -> None:
    axes.set_ylabel(label)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))


def _legend(axes: Axes) -> None:
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), labelcolor=INK)


def _offsets(count: int) -> NDArray[np.float64]:
    """Return heights that keep the dots of several seeds apart."""
    return np.linspace(-0.2, 0.2, count) if count > 1 else np.zeros(1)
