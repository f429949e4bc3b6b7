"""`outcrop train`: a recipe and spectra in, a RUN folder out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from train.host_libraries import host_libraries

if TYPE_CHECKING:
    from train.report import Report
    from train.splits import Group

_PATH = click.Path(path_type=Path)
_ENVELOPE_SHOWN = (-30, -15, 0, 15, 30)


@click.command()
@click.argument("recipe", type=_PATH)
@click.option(
    "--data", type=_PATH, required=True, help="Zip, folder, text, CSV, JCAMP-DX, SPC or .npz file."
)
@click.option("--out", type=_PATH, required=True, help="RUN folder; an interrupted one goes on.")
@click.option(
    "--cross-validate",
    "folds",
    type=click.IntRange(min=2),
    help="Number of folds to cross-validate with first; none if not given.",
)
@click.option(
    "--group",
    type=click.Choice(["specimen", "none"]),
    default="specimen",
    show_default=True,
    help="What folds keep together.",
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of all chance."
)
@click.option(
    "--final/--no-final",
    default=True,
    show_default=True,
    help="Train on all spectra after the folds; without it the run is a comparison, not a model.",
)
@click.option(
    "--resume",
    is_flag=True,
    help="Go on with the interrupted run in RUN, epoch by epoch as if it had not stopped; an error "
    "where it holds none, or one of other spectra, folds or seed.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object.")
def train(
    recipe: Path,
    data: Path,
    out: Path,
    folds: int | None,
    group: str,
    seed: int,
    final: bool,
    resume: bool,
    as_json: bool,
) -> None:
    """Train the model that RECIPE describes.

    Exit codes: 0 done, 1 failed or interrupted, 2 wrong usage or input.
    """
    with host_libraries():
        from train.progress import Progress
        from train.training import Order, train_run
    order = Order(recipe, data, out, folds or 0, cast("Group", group), seed, final, resume)
    report = train_run(order, Progress(quiet=as_json))
    if as_json:
        click.echo(json.dumps(report.model_dump(mode="json")))
    else:
        click.echo(summary(report, out))


def summary(report: Report, out: Path) -> str:
    """Say a report in a few lines."""
    lines = [
        f"{report.name}: {report.model}, {report.parameters} parameters, "
        f"{report.spectra} spectra of {len(report.classes)} minerals, {report.train_s:.0f} s"
    ]
    figures = report.cross_validation
    if figures is not None:
        folds = " ".join(f"{value:.1%}" for value in figures.top1_folds)
        lines += [
            f"{figures.method}: top-1 {figures.top1:.1%}, top-3 {figures.top3:.1%}, "
            f"NLL {figures.nll:.3f} (n = {figures.n})",
            f"folds: {folds} (deviation {report.top1_fold_deviation:.1%})",
        ]
    if report.drift_envelope is not None:
        tried = zip(report.drift_envelope.displacement_cm1, report.drift_envelope.top1, strict=True)
        shown = (f"{d:+d}: {top1:.1%}" for d, top1 in tried if d in _ENVELOPE_SHOWN)
        lines.append(f"displaced, cm⁻¹: {'  '.join(shown)}")
    lines.append(f"written to {out}")
    return "\n".join(lines)
