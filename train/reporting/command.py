"""`outcrop report`: cross-validated runs in, one page that compares them out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from train.host_libraries import host_libraries

if TYPE_CHECKING:
    from train.reporting.comparison import Comparison, Row

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("runs", metavar="RUN...", type=_PATH, nargs=-1, required=True)
@click.option("--out", type=_PATH, required=True, help="HTML file to write.")
@click.option(
    "--range-cm1",
    type=click.IntRange(min=0, max=200),
    default=30,
    show_default=True,
    help="Mean and worst top-1 are over every integer displacement up to this, both ways, cm⁻¹.",
)
@click.option(
    "--reference",
    metavar="NAME",
    help="Model to compare the others with; the best mean over the range if not given.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a model.")
def report(
    runs: tuple[Path, ...], out: Path, range_cm1: int, reference: str | None, as_json: bool
) -> None:
    """Compare cross-validated training runs on one HTML page.

    Runs of one recipe with several seeds are one model. What cannot be compared (other
    spectra, other folds) is named and left out.

    Exit codes: 0 done, 1 failed, 2 wrong usage or input.
    """
    with host_libraries():
        from train.reporting.comparison import as_json as json_of
        from train.reporting.comparison import compare
        from train.reporting.page import render
        from train.whole_file import write_whole
    comparison = compare(runs, range_cm1, reference)
    for warning in comparison.warnings:
        click.echo(f"outcrop: {warning}", err=True)
    page = render(comparison).encode()
    write_whole(out, page)
    if as_json:
        for row in comparison.rows:
            click.echo(json.dumps(json_of(row, comparison)))
    else:
        click.echo(summary(comparison))
        click.echo(f"written to {out} ({len(page) / 1000:.0f} kB)")


def summary(comparison: Comparison) -> str:
    """Say a comparison in a line a model."""
    width = max(len(row.model.name) for row in comparison.rows)
    return "\n".join(
        f"{row.model.name:{width}}  {_told(row, comparison)}" for row in comparison.rows
    )


def _told(row: Row, comparison: Comparison) -> str:
    from train.reporting.wording import deviation, figure

    shown = {
        "top1": "top-1",
        "top1_mean": "mean",
        "top1_worst": f"worst in ±{comparison.range_cm1} cm⁻¹",
    }
    told = [
        f"{shown[column.key]} {figure(found, column)} {deviation(found, column)}".rstrip()
        for column in comparison.columns
        if column.key in shown and (found := row.figures[column.key])
    ]
    seeds = ", ".join(map(str, row.model.seeds))
    return f"{', '.join(told)}, in % ({'seeds' if len(row.model.seeds) > 1 else 'seed'} {seeds})"
