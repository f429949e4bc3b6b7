"""`outcrop evaluate`: how often a bundle is right on labelled spectra."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import cast

import click

from edge.classifier import Classifier
from edge.cli.options import (
    bundle_option,
    count_option,
    json_option,
    keyring_option,
    open_bundle,
    pooling_option,
    seed_option,
    trust_option,
)
from edge.cli.samples import readable_samples
from edge.data import draw
from edge.displacement import DISPLACEMENT_MODES, DisplacementMode
from edge.errors import DataError
from edge.evaluation import Evaluation, evaluate


@click.command()
@click.argument("data", type=click.Path(path_type=Path))
@bundle_option
@trust_option
@keyring_option
@pooling_option
@click.option("--displace-cm1", type=float, default=0.0, help="Move the peaks by this much, cm⁻¹.")
@click.option(
    "--mode",
    type=click.Choice(DISPLACEMENT_MODES),
    default="axis",
    show_default=True,
    help="How they are moved: the axis as by real drift, or the grid and what fills its gap.",
)
@count_option
@seed_option
@json_option
def command(
    data: Path,
    bundle_path: Path,
    trusted_keys: tuple[Path, ...],
    keyring: Path | None,
    pooling_cm1: float | None,
    displace_cm1: float,
    mode: str,
    count: int | None,
    seed: int,
    as_json: bool,
) -> None:
    """Compare verdicts on the labelled spectra of DATA with their labels.

    Fractions, not percent. Spectra the bundle was trained on say little: the accuracy to
    believe is the cross-validated one in `outcrop bundle inspect`.
    """
    bundle = open_bundle(bundle_path, trusted_keys, keyring)
    samples = draw(readable_samples(data), count, seed)
    chosen = cast(DisplacementMode, mode)
    with Classifier(bundle, pooling=pooling_cm1) as classifier:
        evaluation = evaluate(classifier, samples, displace_cm1, chosen)
    for source, reason in evaluation.invalid:
        click.echo(f"{source}: left out: {reason}", err=True)
    if evaluation.n == 0:
        raise DataError(
            str(data),
            f"none of {len(samples)} spectra is valid and labelled with a class of this bundle",
        )
    click.echo(_as_json(evaluation, displace_cm1, mode) if as_json else _as_text(evaluation))


def _as_json(evaluation: Evaluation, displacement_cm1: float, mode: str) -> str:
    fields = {name: value for name, value in asdict(evaluation).items() if name != "invalid"}
    return json.dumps({**fields, "displacement_cm1": displacement_cm1, "mode": mode})


def _as_text(evaluation: Evaluation) -> str:
    return (
        f"{evaluation.n} spectra: top-1 {evaluation.top1:.3f}, top-3 {evaluation.top3:.3f}, "
        f"NLL {evaluation.nll:.3f}; {evaluation.n_outside_classes} of minerals outside the classes"
    )
