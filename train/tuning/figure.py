"""Accuracy against displacement of every candidate, as a picture."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from train.tuning.drift import Drift
from train.tuning.report import CandidateReport, TuningReport

_CHOSEN = "#D55E00"  # vermillion of Okabe and Ito's palette; the others are shades of blue
_SHADE = "#DDDDD6"
_OPACITY = {1: 0.65, 3: 0.3}  # of each of so many layers of shade
_INCHES, _DPI = (8.6, 4.8), 160
_LEADER = {"arrowstyle": "-", "linewidth": 0.8, "relpos": (0, 0.5), "shrinkA": 1, "shrinkB": 1}
_LABEL_SHARE = 0.045  # least distance of two labels, in heights of the plot


def draw(report: TuningReport) -> bytes:
    """Return the picture as PNG."""
    figure = Figure(figsize=_INCHES, dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    _shade(axes, report)
    _lines(axes, report)
    _frame(axes, report)
    _label(axes, report)
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    return picture.getvalue()


def _shade(axes: Axes, report: TuningReport) -> None:
    """Shade the range that counts; of a normal drift each deviation once more."""
    steps = (1, 2, 3) if report.drift.kind == "sigma" else (1,)
    for step in steps:
        edge = step * report.drift.cm1
        axes.axvspan(-edge, edge, color=_SHADE, alpha=_OPACITY[len(steps)], linewidth=0, zorder=0)
    words = "1, 2, 3 standard deviations" if report.drift.kind == "sigma" else "drift expected"
    axes.text(
        *(0, 0.015, f"shaded: {words}; dots: worst of the range"),
        transform=axes.get_xaxis_transform(),
        horizontalalignment="center",
        fontsize=8,
        color="#555555",
        zorder=5,
    )


def _lines(axes: Axes, report: TuningReport) -> None:
    for one in report.candidates:
        x, y = np.array(one.displacement_cm1), 100 * np.array(one.top1)
        chosen = one.name == report.chosen
        style = "-" if one.family == report.candidates[0].family else (0, (4, 1.5))
        axes.plot(
            x,
            y,
            color=_color(report, one),
            linewidth=2.6 if chosen else 1.3,
            linestyle=style,
            zorder=3 if chosen else 2,
        )
        axes.plot(
            [one.worst_at_cm1],
            [100 * one.worst],
            marker="o",
            markersize=6 if chosen else 4,
            color=_color(report, one),
            markeredgecolor="white",
            zorder=5 if chosen else 4,
        )


def _color(report: TuningReport, one: CandidateReport) -> str | tuple[float, float, float]:
    """Return vermillion for the chosen one, else a blue, the darker the wider the pooling."""
    if one.name == report.chosen:
        return _CHOSEN
    widths = sorted({other.width_cm1 for other in report.candidates})
    depth = widths.index(one.width_cm1) / max(1, len(widths) - 1)
    light, dark = np.array([0.60, 0.78, 0.91]), np.array([0.02, 0.19, 0.38])
    red, green, blue = (light + depth * (dark - light)).tolist()
    return red, green, blue


def _frame(axes: Axes, report: TuningReport) -> None:
    chosen = report.named(report.chosen)
    drift = Drift(report.drift.kind, report.drift.cm1)
    axes.set_title(
        f"Chosen: {chosen.label}, for drift that is {drift.words}\n"
        f"{drift.criterion}: {chosen.criterion:.1%} ± {100 * chosen.standard_error:.1f}",
        loc="left",
        fontsize=10,
    )
    axes.set_xlabel("displacement of the axis, cm⁻¹ (positive: peaks at larger Raman shift)")
    held_out = "held-out specimens" if report.group == "specimen" else "held-out spectra"
    axes.set_ylabel(f"top-1 on {held_out}, %")
    axes.margins(x=0, y=0.08)
    axes.grid(axis="y", color="#D0D0D0", linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _label(axes: Axes, report: TuningReport) -> None:
    """Name each line and its criterion at its right end, moved apart where lines end together."""
    low, high = axes.get_ylim()
    ends = sorted(report.candidates, key=lambda one: one.top1[-1])
    places = apart([100 * one.top1[-1] for one in ends], _LABEL_SHARE * (high - low))
    for one, place in zip(ends, places, strict=True):
        axes.annotate(
            f"{one.label}: {one.criterion:.1%}",
            xy=(1, 100 * one.top1[-1]),
            xytext=(1.035, place),
            xycoords=("axes fraction", "data"),
            textcoords=("axes fraction", "data"),
            color=_color(report, one),
            fontsize=9,
            fontweight="bold" if one.name == report.chosen else "normal",
            verticalalignment="center",
            annotation_clip=False,
            arrowprops={**_LEADER, "color": _color(report, one)},
        )


def apart(places: Sequence[float], distance: float) -> list[float]:
    """Move increasing places apart to at least a distance, keeping their order.

    >>> apart([1.0, 1.0, 9.0], 2.0)
    [0.0, 2.0, 9.0]
    """
    groups: list[list[float]] = []
    for place in places:
        groups.append([place])
        while (
            len(groups) > 1
            and _spread(groups[-2], distance)[-1] + distance > _spread(groups[-1], distance)[0]
        ):
            groups[-2:] = [groups[-2] + groups[-1]]
    return [place for group in groups for place in _spread(group, distance)]


def _spread(group: Sequence[float], distance: float) -> list[float]:
    middle = sum(group) / len(group)
    return [middle + distance * (place - (len(group) - 1) / 2) for place in range(len(group))]
