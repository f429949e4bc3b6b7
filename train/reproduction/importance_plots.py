"""Pictures of `hed-importance`: figures 6, A7 and 7 of Sun et al. 2021."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.colors import Colormap

from train.reproduction.pictures import COLOURS, GREY, picture
from train.reproduction.target import Measured, Workplace

_CURVES, _RAMP, _WEIGHTS = "importance.png", "importance_sct.png", "weights_fcnn.png"
_READS = ("every eighth point", "every second value", "every fourth value")
_LEVELS = 9  # of colour: pictures of noise stay small


def draw_curves(place: Workplace, found: Mapping[str, Measured]) -> str:
    """Draw two spectra, and the importance curve of each network below them (figure 6)."""
    with picture(place, _CURVES, 4, 2, inches=(7.6, 6)) as panels:
        one = next(iter(found.values()))
        axis = np.linspace(one["axis"][0], one["axis"][1], len(one["curve"]))
        for spectrum, colour, words in zip(
            one["ends"], (COLOURS[1], COLOURS[0]), ("class 0", "class 1"), strict=True
        ):
            panels[0].plot(axis, spectrum, color=colour, lw=0.7, label=words)
        panels[0].legend(frameon=False, fontsize=8)
        panels[0].set_title("first and last training spectrum", fontsize=9)
        for panel, (title, measured) in zip(panels[1:], found.items(), strict=True):
            panel.axhline(0, color=GREY, lw=0.5)
            panel.plot(axis, measured["curve"], color=COLOURS[6], lw=0.4)
            panel.set_title(title, fontsize=9)
        for panel in panels[-2:]:
            panel.set_xlabel("2θ, degrees")
    return _CURVES


def draw_ramp(place: Workplace, gradients: Sequence[Sequence[float]]) -> str:
    """Draw the gradient of each test spectrum, in units of its own largest (figure A7)."""
    each = np.array(gradients)
    with picture(place, _RAMP, inches=(7, 3.5)) as (panel,):
        image = panel.imshow(
            each, aspect="auto", cmap=_coarse(), vmin=-1, vmax=1, interpolation="nearest"
        )
        panel.figure.colorbar(image, ax=panel, label="gradient / its largest")
        panel.set(xlabel="every eighth point", ylabel="every fifth spectrum", title="SCT")
    return _RAMP


def draw_weights(place: Workplace, layers: Sequence[Sequence[Sequence[float]]]) -> str:
    """Draw the weights of the FCNN's dense layers, a row a neuron (figure 7)."""
    with picture(place, _WEIGHTS, 1, 3, inches=(9, 3)) as panels:
        for panel, layer, reads in zip(
            panels,
            layers,
            _READS,
            strict=True,
        ):
            weights = np.array(layer)
            limit = float(np.quantile(np.abs(weights), 0.99))
            panel.imshow(
                weights,
                aspect="auto",
                cmap=_coarse(),
                vmin=-limit,
                vmax=limit,
                interpolation="nearest",
            )
            panel.set(xlabel=reads, ylabel=f"{len(weights)} neurons")
    return _WEIGHTS


def _coarse() -> Colormap:
    return mpl.colormaps["RdBu_r"].resampled(_LEVELS)
