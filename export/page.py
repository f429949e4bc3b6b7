"""The parity report as one HTML file that needs nothing else, in the style of `outcrop report`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure

import train.reporting
from edge.bundle import Manifest
from export import page_plots as plots
from export.gate import most_harmful
from export.parity import Parity
from export.parity_report import ParityReport
from train.report import Report
from train.reporting import wording
from train.reporting.pairing import Interval
from train.reporting.svg import inline_svg

WANTED_VERDICT_AGREEMENT = 0.995
"""Of two exported forms in one bundle."""

_WORST_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Written:
    """The bundle that was made, and its size in bytes."""

    manifest: Manifest
    size: int


def render(
    name: str, run: Report, report: ParityReport, parity: Parity, outcome: Written | str
) -> str:
    """Return the page.

    Parameters
    ----------
    name : of the bundle
    run : what training measured
    report : what the bundle holds of parity
    parity : the same, spectrum by spectrum
    outcome : the bundle, or why there is none
    """
    environment = Environment(
        loader=FileSystemLoader([Path(__file__).parent, *map(Path, train.reporting.__path__)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        percent=wording.percent,
        interval=wording.interval,
        p_value=wording.p_value,
        ratio=_ratio,
        grouped=_grouped,
    )
    return environment.get_template("parity.html.j2").render(
        name=name,
        run=run,
        report=report,
        written=outcome if isinstance(outcome, Written) else None,
        refused=outcome if isinstance(outcome, str) else None,
        harmful=most_harmful(parity.schemes),
        schemes=parity.schemes,
        units=parity.units,
        worst={
            precision: sorted(layers, key=lambda layer: layer.sqnr_db)[:_WORST_SHOWN]
            for precision, layers in report.layers.items()
        },
        plots=_drawn(report, parity),
        wanted=WANTED_VERDICT_AGREEMENT,
        version=version("outcrop"),
    )


def _drawn(report: ParityReport, parity: Parity) -> dict[str, Markup]:
    exported = [row for row in report.runners if row.precision is not None]
    least = report.limits.least_agreement
    drawings: dict[str, tuple[str, Callable[[], Figure]]] = {
        "differences": (
            "Share of spectra against the largest difference of their logits",
            partial(plots.difference_plot, parity),
        ),
        "folds": ("Agreement of every fold, a dot each", partial(plots.fold_plot, exported, least)),
        "layers": (
            "Signal over error behind every node of the graph",
            partial(plots.layer_plot, report),
        ),
        "latency": ("Time of one inference", partial(plots.latency_plot, report.runners)),
    }
    # matplotlib escapes what it draws: a node's name cannot become markup
    return {name: Markup(inline_svg(name, *drawing)) for name, drawing in drawings.items()}


def _ratio(found: Interval) -> str:
    """Write a ratio with its interval.

    >>> _ratio(Interval(0.5, 0.48, 0.517))
    '0.50 (0.48 to 0.52)'
    """
    return f"{found.mean:.2f} ({found.low:.2f} to {found.high:.2f})"


def _grouped(value: int) -> str:
    """Write a whole number with its thousands apart.

    >>> _grouped(1234567).split()
    ['1', '234', '567']
    """
    return f"{value:,}".replace(",", "\N{NO-BREAK SPACE}")
