"""The plots of `unknowns`: scores side by side, reliability, coverage."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from train.reproduction.pictures import COLOURS, GREY, picture
from train.reproduction.target import Measured, Workplace
from train.reproduction.unknown_folds import COVERAGES
from train.reproduction.unknown_scores import SAID


def draw_scores(place: Workplace, name: str, seeds: Sequence[Measured]) -> None:
    """Draw AUROC and what is taken for known, a bar a score, a dot a seed."""
    heights = np.arange(len(SAID))[::-1]
    panels = {"auroc": "AUROC", "taken_for_known": "unknown taken for known, 90 % of known kept"}
    with picture(place, name, 1, 2, (9, 3.2)) as axes:
        for panel, (field, said) in zip(axes, panels.items(), strict=True):
            values = np.array([[one[field][score] for score in SAID] for one in seeds])
            colours = [COLOURS[0]] * (len(SAID) - 1) + [COLOURS[1]]
            panel.barh(heights, values.mean(axis=0), color=colours, height=0.6, alpha=0.6)
            for row in values:
                panel.plot(row, heights, ".", color=COLOURS[-1], markersize=3)
            panel.set_xlabel(said)
            panel.set_yticks(heights, list(SAID.values()) if field == "auroc" else [])
        axes[0].set_xlim(0.7, 1.0)


def draw_reliability(place: Workplace, name: str, seeds: Sequence[Measured]) -> None:
    """Draw the share that is right against the confidence, before and after calibration."""
    panels = {"plain": "softmax as it comes", "calibrated": "calibrated, cross-fitted"}
    with picture(place, name, 1, 2, (8, 3.8)) as axes:
        for panel, (field, said) in zip(axes, panels.items(), strict=True):
            panel.plot([0, 1], [0, 1], color=GREY, linewidth=0.8)
            for place_, one in enumerate(seeds):
                points = np.array(one["reliability"][field])
                panel.plot(*points.T, "o-", markersize=3, color=COLOURS[place_ % len(COLOURS)])
            panel.set(xlabel="confidence", ylabel="share right", title=said)


def draw_coverage(place: Workplace, name: str, seeds: Sequence[Measured]) -> None:
    """Draw coverage, and the size of the sets, against what is intended."""
    fields = {"coverage": "sets that hold the truth", "set_size": "minerals in a set"}
    with picture(place, name, 1, 2, (8, 3.6)) as axes:
        axes[0].plot(COVERAGES, COVERAGES, color=GREY, linewidth=0.8)
        for panel, (field, said) in zip(axes, fields.items(), strict=True):
            for place_, one in enumerate(seeds):
                values = [level[field] for level in one["coverage"]]
                panel.plot(COVERAGES, values, "o-", color=COLOURS[place_ % len(COLOURS)])
            panel.set(xlabel="intended coverage", ylabel=said)
