"""How targets draw: small PNGs in one style, colours that every eye tells apart."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from train.reproduction.target import Workplace
from train.whole_file import write_whole

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#1A1A1A")
"""Okabe and Ito's palette, yellow left out: it is too pale for lines."""

GREY = "#8C8C8C"
_PIXELS_PER_INCH = 100
_STYLE: Any = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": cycler(color=COLOURS),
    "lines.linewidth": 1.2,
}


@contextmanager
def picture(
    place: Workplace,
    name: str,
    rows: int = 1,
    columns: int = 1,
    inches: tuple[float, float] = (8, 4),
) -> Iterator[list[Axes]]:
    """Yield panels, row by row, and write them into the target's folder as a PNG.

    Parameters
    ----------
    place : whose folder
    name : of the file
    rows, columns : of panels
    inches : width and height of all
    """
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=inches, dpi=_PIXELS_PER_INCH, layout="constrained")
        FigureCanvasAgg(figure)
        panels = figure.subplots(rows, columns, squeeze=False)
        yield list(panels.flat)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png")
    write_whole(place.folder / name, buffer.getvalue())
