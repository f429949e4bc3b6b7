"""Grad-CAM of Soysal et al. 2025, §4.2.1: what the CNN looks at in six minerals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from matplotlib.axes import Axes

from edge.preprocess import PAPER_GRID
from train.reproduction.expected_lines import EXPECTED, NEAR_CM1, Expected
from train.reproduction.grad_cam_maps import KINDS, measure_maps
from train.reproduction.outcome import BY_SPECIMEN, Outcome, Row
from train.reproduction.pictures import COLOURS, picture
from train.reproduction.target import Measured, Piece, Target, Workplace

_ESTIMATE_S = 150.0
_PLOT = "gradcam.png"
_KINDS = {"averaged": "averaged gradients", "own": "own gradients"}
_NOTES = (
    f"Expected: within {NEAR_CM1:g} cm⁻¹ of the lines the paper names, and the stretches it names "
    "(300 to 400 of the pyroxenes; of vanadinite 290 to 370, and 400 to 650, where emptiness is "
    "the evidence). A map that looked everywhere alike would have the share of the axis.",
    "The 63 minerals and Hedenbergite from the same archive; a third of the specimens of the six "
    "is held out and shown, everything else is trained on. Maps of the predicted class.",
    "Averaged gradients: Grad-CAM as published. Own gradients: each point keeps its own, because "
    "the dense layer above the last convolution weighs every position by itself.",
    "The paper shows one spectrum a mineral, prints no shares and names 848 cm⁻¹ for vanadinite: "
    "in all nine low-resolution spectra at hand the line lies at 811 to 831, which that misses.",
)


@dataclass(frozen=True, slots=True)
class GradCam:
    """A map for each of the six minerals, and how much of it lies where it should."""

    title: str = "Grad-CAM: what the CNN looks at in six minerals (figures 8 to 11)"

    def pieces(self, place: Workplace) -> Sequence[Piece]:
        """Return one piece a seed."""
        seconds = 30.0 if place.quick else _ESTIMATE_S
        return [
            Piece(f"cnn.seed{seed}", seconds, partial(measure_maps, place, seed))
            for seed in place.seeds
        ]

    def outcome(self, place: Workplace, found: Mapping[str, Measured]) -> Outcome:
        """Return shares and words for each mineral; draw a spectrum of each of the first seed."""
        measured = [found[f"cnn.seed{seed}"] for seed in place.seeds]
        rows = [row for expected in EXPECTED for row in _rows(expected, measured)]
        _draw(place, measured[0])
        return Outcome(tuple(rows), _NOTES, (_PLOT,))


def _rows(expected: Expected, measured: Sequence[Measured]) -> list[Row]:
    of_mineral = [one[expected.mineral] for one in measured]
    name, key, n = expected.mineral, expected.mineral.lower(), len(of_mineral[0]["said"])
    right = [100 * float(np.mean([said == name for said in one["said"]])) for one in of_mineral]
    said = ", ".join(_counted(of_mineral[0]["said"]))
    return [
        *(
            row
            for kind in KINDS
            for row in _share_rows(expected, kind, [one["shares"][kind] for one in of_mineral], n)
        ),
        Row(f"{key}.top1", f"{name}: top-1", None, tuple(right), BY_SPECIMEN, n=n),
        Row(f"{key}.said", f"{name}: taken for", expected.said, said, BY_SPECIMEN, "", n),
    ]


def _share_rows(
    expected: Expected, kind: str, of_seeds: Sequence[Sequence[float]], n: int
) -> list[Row]:
    """Return the share of the map where expected, and how many times that of the axis it is."""
    axis_share = 100 * float(expected.mask(PAPER_GRID.values).mean())
    key, words = expected.mineral.lower(), f"{expected.mineral}, {_KINDS[kind]}"
    suffix = "" if kind == KINDS[0] else f".{kind}"
    shares = [100 * float(np.mean(of_seed)) for of_seed in of_seeds if len(of_seed)]
    where = f"{words}: share of the map where expected, which is {axis_share:.0f} % of the axis"
    return [
        Row(f"{key}.share{suffix}", where, None, tuple(shares), BY_SPECIMEN, n=n),
        Row(
            key=f"{key}.enrichment{suffix}",
            quantity=f"{words}: the same, share of the axis = 1",
            paper=None,
            ours=tuple(share / axis_share for share in shares),
            protocol=BY_SPECIMEN,
            unit="times",
            n=n,
        ),
    ]


def _counted(said: Sequence[str]) -> list[str]:
    names = sorted(set(said), key=lambda name: (-said.count(name), name))
    return [name if said.count(name) == 1 else f"{name} ({said.count(name)})" for name in names]


def _draw(place: Workplace, measured: Measured) -> None:
    with picture(place, _PLOT, 3, 2, inches=(9, 6.6)) as panels:
        for panel, expected in zip(panels, EXPECTED, strict=True):
            _draw_one(panel, expected, measured[expected.mineral]["shown"])


def _draw_one(panel: Axes, expected: Expected, shown: Measured | None) -> None:
    axis = PAPER_GRID.values
    panel.set_yticks([])
    if shown is None:
        panel.set_title(f"{expected.mineral}: none held out", fontsize=9)
        return
    for line in expected.lines_cm1:
        panel.axvline(line, color=COLOURS[0], linewidth=0.9, linestyle=":")
    for start, stop in expected.spans_cm1:
        panel.plot([start, stop], [1.06, 1.06], color=COLOURS[0], linewidth=2.5)
    panel.plot(axis, shown["intensity"], color=COLOURS[-1], linewidth=0.9)
    for row, kind in enumerate(KINDS):
        low = -0.25 * (row + 1)
        extent = (axis[0], axis[-1], low, low + 0.2)
        heat = np.array(shown[kind])[np.newaxis]
        panel.imshow(heat, cmap="YlOrBr", vmin=0, vmax=1, aspect="auto", extent=extent)
    panel.set_yticks([-0.15, -0.4], ["averaged", "own"], fontsize=7)
    panel.set_title(f"{expected.mineral}, taken for {shown['said']}", fontsize=9)
    panel.set_xlim(axis[0], axis[-1])
    panel.set_ylim(-0.52, 1.1)
    panel.set_xlabel("Raman shift, cm⁻¹", fontsize=8)


TARGET: Target = GradCam()
