"""Plots as SVG that stands inside the page and takes its colours in light and dark."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

INK = "#010203"
"""Stands for the colour of the page's text while a plot is drawn."""

FAINT = "#040506"
"""Stands for the colour of the page's thin lines."""

PAPER = "#070809"
"""Stands for the colour of the page itself."""

_PIXELS_A_POINT = 1.55

_IN_PAGE = {INK: "currentColor", FAINT: "var(--line)", PAPER: "var(--paper)"}

_STYLE: dict[str, Any] = {
    "svg.fonttype": "none",  # text stays text: searchable, and in the page's font
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
}

Draw = Callable[[], Figure]


def inline_svg(name: str, title: str, draw: Draw) -> str:
    """Draw, and return the `<svg>` element.

    Parameters
    ----------
    name : of the plot; keeps its inner names apart from those of other plots
    title : what a reader who cannot see it is told
    draw : makes the figure; called with the page's style set
    """
    with _style(name):
        buffer = io.StringIO()
        draw().savefig(
            buffer, format="svg", bbox_inches="tight", transparent=True, metadata={"Date": None}
        )
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)  # nothing refers to groups, and plots share the names
    for colour, in_page in _IN_PAGE.items():
        svg = svg.replace(colour, in_page)
    return _opened(svg, title)


def _opened(svg: str, title: str) -> str:
    """Give the element its title, and a width at which all plots have letters of one size."""
    drawn = re.search(r'<svg [^>]*?width="([\d.]+)pt"', svg)
    width = f' style="max-width: {_PIXELS_A_POINT * float(drawn[1]):.0f}px"' if drawn else ""
    return svg.replace("<svg ", f'<svg role="img" aria-label="{escape(title)}"{width} ', 1)


@contextmanager
def _style(name: str) -> Iterator[None]:
    settings: Any = {**_STYLE, "svg.hashsalt": name}  # a closed set of keys to its stubs
    with mpl.rc_context(settings):
        yield
