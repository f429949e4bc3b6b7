"""The plots of the parity report."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FormatStrFormatter, PercentFormatter

from export.layer_errors import MOST_DB
from export.parity import Parity
from export.parity_report import LayerError, ParityReport, RunnerParity
from export.said import differences
from train.reporting.plots import Look, look
from train.reporting.svg import INK

_WIDTH = 7.6
_SMALLEST = 1e-9  # of a logarithmic axis


def difference_plot(parity: Parity) -> Figure:
    """Draw, for each exported form, the share of spectra whose logits differ by more than that."""
    figure, axes = _single(3.2)
    for place, (name, said) in enumerate(parity.runners.items()):
        style = look(place)
        largest = np.sort(differences(said.logits, parity.trained.logits))
        shares = 1.0 - np.arange(len(largest)) / len(largest)
        axes.step(
            np.maximum(largest, _SMALLEST), shares, style.dash, color=style.colour, label=name
        )
    margin = _margins(parity)
    axes.axvline(margin, color=INK, linewidth=1, linestyle=":")
    axes.annotate(
        "half the lead of the first class,\n1 % of spectra below",
        (margin, 0.98),
        xytext=(-4, 0),
        textcoords="offset points",
        ha="right",
        va="top",
        fontsize=8,
    )
    axes.set_xscale("log")
    axes.set_xlabel("largest difference of a spectrum's logits from torch")
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_ylabel("spectra above")
    _legend(axes)
    return figure


def fold_plot(rows: Sequence[RunnerParity], least_agreement: float) -> Figure:
    """Draw the agreement of every fold as a dot, over all spectra as a line."""
    figure, axes = _single(0.8 + 0.36 * len(rows))
    for place, row in enumerate(rows):
        style = look(place)
        folds = row.agreement_folds
        heights = place + np.linspace(-0.2, 0.2, len(folds))
        axes.plot(folds, heights, style.marker, color=style.colour, markersize=4.5, mew=0)
        axes.plot([row.agreement] * 2, [place - 0.36, place + 0.36], color=style.colour)
    axes.axvline(least_agreement, color=INK, linewidth=1, linestyle=":")
    _names(axes, [row.runner for row in rows])
    least = min([least_agreement, *(min(row.agreement_folds) for row in rows)])
    axes.set_xlim(least - 0.1 * (1 - least) - 1e-4, 1 + 0.05 * (1 - least) + 1e-4)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=2))
    axes.set_xlabel("agreement with torch, a dot a fold; line: all spectra; dotted: the limit")
    return figure


def layer_plot(report: ParityReport) -> Figure:
    """Draw signal over error behind every node that has any, the worst of a precision named."""
    figure, axes = _single(3.4)
    every = [layer.node for layer in next(iter(report.layers.values()), ())]
    places = {name: place for place, name in enumerate(every)}
    for number, (precision, layers) in enumerate(report.layers.items()):
        style = look(number)
        shown = [layer for layer in layers if layer.node in places and layer.sqnr_db < MOST_DB]
        axes.plot(
            [places[layer.node] for layer in shown],
            [layer.sqnr_db for layer in shown],
            "-",
            marker=style.marker,
            markersize=3,
            linewidth=1,
            color=style.colour,
            label=precision,
        )
        _name_worst(axes, shown, places, style)
    axes.set_xlim(-1, len(every))
    axes.margins(y=0.15)
    axes.set_xlabel("node, in the order of the graph")
    axes.set_ylabel("signal over error, dB")
    _legend(axes)
    return figure


def latency_plot(rows: Sequence[RunnerParity]) -> Figure:
    """Draw the median time of an inference, and the middle 80 % as a line."""
    timed = [(row.runner, row.latency) for row in rows if row.latency is not None]
    figure, axes = _single(0.8 + 0.36 * len(timed))
    for place, (_, latency) in enumerate(timed):
        style = look(place)
        axes.barh(place, latency.median_us, height=0.55, color=style.colour, alpha=0.75)
        axes.plot([latency.low_us, latency.high_us], [place, place], color=INK, linewidth=1)
        axes.annotate(
            f"{latency.median_us:.0f}",
            (latency.high_us, place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
        )
    _names(axes, [name for name, _ in timed])
    axes.xaxis.set_major_formatter(FormatStrFormatter("%g"))
    axes.set_xlabel("one inference, batch 1, one thread, µs: median; line: the middle 80 %")
    axes.margins(x=0.08)
    axes.set_xlim(left=0)
    return figure


def _margins(parity: Parity) -> float:
    """Return half the lead of the most probable class, below which 1 % of the spectra lie."""
    ordered = np.sort(parity.trained.logits, axis=1)
    lead = (ordered[:, -1] - ordered[:, -2]) / 2 if ordered.shape[1] > 1 else ordered[:, -1]
    return max(_SMALLEST, float(np.quantile(lead, 0.01)))


def _name_worst(
    axes: Axes, layers: Sequence[LayerError], places: dict[str, int], style: Look
) -> None:
    if layers:
        worst = min(layers, key=lambda layer: layer.sqnr_db)
        axes.annotate(
            worst.node,
            (places[worst.node], worst.sqnr_db),
            xytext=(-6, -4),
            textcoords="offset points",
            ha="right",
            va="top",
            fontsize=8,
            color=style.colour,
        )


def _single(height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(_WIDTH, height), layout="constrained")
    return figure, figure.subplots()


def _names(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)


def _legend(axes: Axes) -> None:
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), labelcolor=INK)
