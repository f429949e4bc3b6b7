"""Grad-CAM of Soysal et al. 2025, §4.2.1: what the CNN looks at in six minerals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from matplotlib.axes import Axes

from edge.preprocess import PAPER_GRID
from train.reproduction.expected_lines import EXPECTED, NEAR_CM1, Expected
from train.reproduction.grad_cam_maps import measure_maps
from train.reproduction.outcome import BY_SPECIMEN, Outcome, Row
from train.reproduction.pictures import COLOURS, picture
from train.reproduction.target import Measured, Piece, Target, Workplace

_ESTIMATE_S = 150.0
_PLOT = "gradcam.png"
_NOTES = (
    f"Expected: within {NEAR_CM1:g} cm⁻¹ of the lines the paper names, and the stretches it names "
    "(300 to 400 of the pyroxenes; of vanadinite 290 to 370, and 400 to 650, where emptiness is "
    "the evidence). A map that looked everywhere alike would have the share of the axis.",
    "The 63 minerals and Hedenbergite from the same archive; a third of the specimens of the six "
    "is held out and shown, everything else is trained on. Maps of the predicted class.",
    "The paper shows one spectrum a mineral and prints no shares.",
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
    axis_share = 100 * float(expected.mask(PAPER_GRID.values).mean())
    key, n = expected.mineral.lower(), len(of_mineral[0]["said"])
    shares = tuple(100 * float(np.mean(one["shares"])) for one in of_mineral if len(one["shares"]))
    right = tuple(
        100 * float(np.mean(np.equal(one["said"], expected.mineral))) for one in of_mineral
    )
    said = _PAPER_SAID.get(expected.mineral, expected.mineral)
    return [
        Row(
            key=f"{key}.share",
            quantity=f"{expected.mineral}: share of the map where expected "
            f"({axis_share:.0f} % of the axis)",
            paper=None,
            ours=shares,
            protocol=BY_SPECIMEN,
            n=n,
        ),
        Row(
            key=f"{key}.enrichment",
            quantity=f"{expected.mineral}: that share / share of the axis",
            paper=None,
            ours=tuple(share / axis_share for share in shares),
            protocol=BY_SPECIMEN,
            unit="times",
            n=n,
        ),
        Row(f"{key}.top1", f"{expected.mineral}, top-1", None, right, BY_SPECIMEN, n=n),
        Row(
            key=f"{key}.said",
            quantity=f"{expected.mineral}: taken for",
            paper=said,
            ours=", ".join(_counted(of_mineral[0]["said"])),
            protocol=BY_SPECIMEN,
            unit="",
            n=n,
        ),
    ]


_PAPER_SAID = {"Diopside": "Hedenbergite"}


def _counted(said: Sequence[str]) -> list[str]:
    names = sorted(set(said), key=lambda name: (-said.count(name), name))
    return [name if said.count(name) == 1 else f"{name} ({said.count(name)})" for name in names]


def _draw(place: Workplace, measured: Measured) -> None:
    with picture(place, _PLOT, 3, 2, inches=(10, 6.6)) as panels:
        for panel, expected in zip(panels, EXPECTED, strict=True):
            _draw_one(panel, expected, measured[expected.mineral]["shown"])


def _draw_one(panel: Axes, expected: Expected, shown: Measured | None) -> None:
    if shown is None:
        panel.set_title(f"{expected.mineral}: no map", fontsize=9)
        return
    axis, cam = PAPER_GRID.values, np.array(shown["cam"])
    panel.imshow(
        cam[np.newaxis],
        cmap="YlOrBr",
        vmin=0,
        vmax=1.3,  # the darkest browns would hide the line
        aspect="auto",
        extent=(axis[0], axis[-1], 0, 1.1),
        zorder=0,
    )
    panel.plot(axis, shown["intensity"], color=COLOURS[-1], linewidth=0.9)
    for line in expected.lines_cm1:
        panel.axvline(line, color=COLOURS[0], linewidth=0.9, linestyle=":")
    for start, stop in expected.spans_cm1:
        panel.plot([start, stop], [1.06, 1.06], color=COLOURS[0], linewidth=2.5)
    panel.set_title(f"{expected.mineral}, taken for {shown['said']}", fontsize=9)
    panel.set_xlim(axis[0], axis[-1])
    panel.set_ylim(0, 1.1)
    panel.set_xlabel("Raman shift, cm⁻¹", fontsize=8)


TARGET: Target = GradCam()
