"""`outcrop tune`: the drift expected of an instrument in, the recipe that serves it out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from train.host_libraries import host_libraries
from train.tuning.choice import RULES
from train.tuning.drift import DRIFT_KINDS, Drift
from train.tuning.pooling import FAMILIES, Pooling, read_poolings

if TYPE_CHECKING:
    from train.splits import Group
    from train.tuning.choice import Rule
    from train.tuning.drift import DriftKind
    from train.tuning.pooling import Family

_PATH = click.Path(path_type=Path)


def _poolings(
    context: click.Context, option: click.Parameter, text: str | None
) -> tuple[Pooling, ...]:
    try:
        return () if text is None else read_poolings(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command()
@click.option(
    "--drift-cm1",
    type=click.FloatRange(min=0, min_open=True),
    required=True,
    metavar="X",
    help="Drift to expect of the instrument, cm⁻¹.",
)
@click.option(
    "--drift-kind",
    type=click.Choice(DRIFT_KINDS),
    default="bound",
    show_default=True,
    help="bound: anything from -X to X, the worst top-1 counts. sigma: normally distributed with "
    "standard deviation X, the expected top-1 counts.",
)
@click.option("--data", type=_PATH, required=True, help="Zip, folder, text, CSV or .npz file.")
@click.option("--out", type=_PATH, required=True, help="Folder; an interrupted sweep goes on.")
@click.option(
    "--recipe",
    type=_PATH,
    help="Recipe to vary; the shipped ones if not given. Spectra and grid are as it says.",
)
@click.option(
    "--family",
    "families",
    type=click.Choice(FAMILIES),
    multiple=True,
    help="Network to tune, may be repeated; that of the recipe, or template, if not given. "
    "soysal_cnn takes some 7 minutes a candidate on one core and 0.5 GB of disk.",
)
@click.option(
    "--pooling",
    "poolings",
    metavar="LIST",
    callback=_poolings,
    help="What to try, separated by commas: S of the template network in cm⁻¹ (0,16,24), m and n "
    "of the CNN (2x1,64x1). If not given: S from 0 to twice the drift; m of 2, 8, 64 and n of "
    "1, 4, 10.",
)
@click.option(
    "--folds", type=click.IntRange(min=2), default=5, show_default=True, help="Number of folds."
)
@click.option(
    "--group",
    type=click.Choice(["specimen", "none"]),
    default="specimen",
    show_default=True,
    help="What folds keep together.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=11,
    show_default=True,
    help="Seed of all chance; another than training's, so that its figures are on other folds.",
)
@click.option(
    "--rule",
    type=click.Choice(RULES),
    default="one-standard-error",
    show_default=True,
    help="best: the highest criterion. one-standard-error: the smallest pooling whose criterion is "
    "within one standard error of it, so that no pooling is bought by luck of the folds: a wider "
    "one costs time on the instrument and blurs minerals whose lines differ by a shift.",
)
@click.option("--json", "as_json", is_flag=True, help="Print tuning.json as one JSON object.")
def tune(
    drift_cm1: float,
    drift_kind: str,
    data: Path,
    out: Path,
    recipe: Path | None,
    families: tuple[str, ...],
    poolings: tuple[Pooling, ...],
    folds: int,
    group: str,
    seed: int,
    rule: str,
    as_json: bool,
) -> None:
    """Choose the pooling for the drift that an instrument is expected to show.

    Every candidate is cross-validated with its spectra displaced by every grid point of the
    range, both signs. OUT gets recipe.toml for `outcrop train`, accuracy against displacement as
    envelope.png and envelope.csv, and all figures as tuning.json. The same command goes on with an
    interrupted sweep.

    Exit codes: 0 done, 1 failed or interrupted, 2 wrong usage or input.
    """
    with host_libraries():
        import matplotlib  # noqa: F401 - now, not after the sweep

        from train.progress import Progress
        from train.tuning.summary import summary
        from train.tuning.sweep import TuningOrder
        from train.tuning.sweep import tune as sweep
    order = TuningOrder(
        drift=Drift(cast("DriftKind", drift_kind), drift_cm1),
        data=data,
        out=out,
        recipe=recipe,
        families=cast("tuple[Family, ...]", families),
        poolings=poolings,
        folds=folds,
        group=cast("Group", group),
        seed=seed,
        rule=cast("Rule", rule),
    )
    report = sweep(order, Progress(quiet=as_json))
    if as_json:
        click.echo(json.dumps(report.model_dump(mode="json")))
    else:
        click.echo(summary(report, out))
