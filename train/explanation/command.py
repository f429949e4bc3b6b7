"""`outcrop explain`: where in a spectrum a verdict comes from, as a picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click
from click.core import ParameterSource

from edge.cli.options import bundle_option, json_option, open_bundle, trust_option
from train.host_libraries import host_libraries

if TYPE_CHECKING:
    from train.explanation.explanation import Explanation, Method
    from train.explanation.subject import Subject

_PATH = click.Path(path_type=Path)
_MAP_NAMES = {"grad_cam": "Grad-CAM", "gradient": "gradient × height"}


@click.command()
@click.argument("spectrum", type=_PATH)
@bundle_option
@trust_option
@click.option("--run", type=_PATH, help="RUN folder whose model is asked, instead of a bundle.")
@click.option("--out", type=_PATH, required=True, help="Picture to write, a PNG.")
@click.option(
    "--label", metavar="MINERAL", help="Explain this one; the most probable if not given."
)
@click.option(
    "--method",
    type=click.Choice(["both", "grad-cam", "gradient"]),
    default="both",
    show_default=True,
    help="What is drawn.",
)
@click.option(
    "--averaged",
    is_flag=True,
    help="Grad-CAM as first published: gradients averaged over positions, not point by point.",
)
@click.option(
    "--index", type=click.IntRange(min=0), help="Which spectrum of SPECTRUM, where it holds many."
)
@json_option
@click.pass_context
def explain(
    context: click.Context,
    spectrum: Path,
    bundle_path: Path,
    trusted_keys: tuple[Path, ...],
    run: Path | None,
    out: Path,
    label: str | None,
    method: str,
    averaged: bool,
    index: int | None,
    as_json: bool,
) -> None:
    """Draw where in SPECTRUM the model's verdict comes from.

    SPECTRUM is a text or CSV file, or any zip, folder or .npz with --index. The picture shows
    Grad-CAM of the last convolution behind the spectrum and the gradient of the mineral's logit
    below it. Of a bundle fp32 is explained, and int8 where it holds no fp32.

    Exit codes: 0 done, 1 failed, 2 wrong usage or input, 3 refused bundle.
    """
    given = context.get_parameter_source("bundle_path") is ParameterSource.COMMANDLINE
    if run is not None and given:
        raise click.UsageError("--bundle and --run exclude each other")
    with host_libraries():
        from train.explanation.explanation import Question, explain_sample
        from train.explanation.one_sample import one_sample
        from train.explanation.picture import draw
        from train.whole_file import write_whole

        subject = _subject(run, bundle_path, trusted_keys)
    question = Question(label, cast("Method", method), averaged)
    explanation = explain_sample(subject, one_sample(spectrum, index), question)
    write_whole(out, draw(explanation))
    click.echo(json.dumps(explanation.fields()) if as_json else summary(explanation, out))


def _subject(run: Path | None, bundle_path: Path, trusted_keys: tuple[Path, ...]) -> Subject:
    if run is not None:
        from train.explanation.run_subject import run_subject

        return run_subject(run)
    from train.explanation.bundle_subject import bundle_subject

    return bundle_subject(open_bundle(bundle_path, trusted_keys))


def summary(explanation: Explanation, out: Path) -> str:
    """Say an explanation in a few lines."""
    from train.explanation.peaks import top_regions
    from train.explanation.picture import verdict_line

    lines = [verdict_line(explanation)]
    for name, values in explanation.maps.items():
        regions = top_regions(values, explanation.grid)
        shown = "  ".join(f"{r.start:g} to {r.stop:g} ({r.share:.0%})" for r in regions)
        lines.append(f"{_MAP_NAMES[name]}: {shown or 'nothing'}")
    return "\n".join([*lines, f"written to {out}"])
