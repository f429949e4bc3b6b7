"""`outcrop export`: a RUN folder in, a signed bundle and its parity report out."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from train.host_libraries import host_libraries

if TYPE_CHECKING:
    from export.exporting import Exported
    from export.parity_report import ParityReport, RunnerParity
    from export.selection import Wanted

_PATH = click.Path(path_type=Path)


def _number(_: click.Context, __: click.Parameter, value: float) -> float:
    """Refuse what is no number, which is in every range of click's."""
    if math.isnan(value):
        raise click.BadParameter("nan is not in the range 0<=x<=1.")
    return value


@click.command()
@click.argument("run", type=_PATH)
@click.option("--out", type=_PATH, required=True, help="Bundle file to write, B.outcrop.")
@click.option(
    "--precision",
    type=click.Choice(["int8", "fp16", "fp32"]),
    default="int8",
    show_default=True,
    help="int8: the smallest bundle, with its x86 form where that is faster here, and fp32 only "
    "where it is faster still; fp16: for TensorRT, with fp32 for processors; fp32 alone.",
)
@click.option(
    "--sign",
    type=_PATH,
    help="PEM file of the Ed25519 private key to sign with. Without it a one-time key signs: "
    "its public half is written beside the bundle, its private half is thrown away.",
)
@click.option("--name", help="Name of the bundle; the recipe's if not given.")
@click.option(
    "--release",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Release number; instruments do not go back to a smaller one.",
)
@click.option(
    "--least-agreement",
    type=click.FloatRange(0, 1),
    callback=_number,
    default=0.99,
    show_default=True,
    help="Share of held-out spectra for which the bundle must name the trained model's mineral.",
)
@click.option(
    "--largest-loss",
    type=click.FloatRange(0, 1),
    callback=_number,
    default=0.005,
    show_default=True,
    help="Of top-1 on held-out spectra, fraction, against the trained model.",
)
@click.option(
    "--report", "page", type=_PATH, help="HTML parity report to write; B.parity.html if not given."
)
@click.option("--no-report", is_flag=True, help="Write no HTML; the bundle holds the figures.")
@click.option("--json", "as_json", is_flag=True, help="Print what was measured as one JSON object.")
def export(
    run: Path,
    out: Path,
    precision: str,
    sign: Path | None,
    name: str | None,
    release: int,
    least_agreement: float,
    largest_loss: float,
    page: Path | None,
    no_report: bool,
    as_json: bool,
) -> None:
    """Export the cross-validated run in folder RUN, or refuse and say why.

    Every fold's model is exported like the final one and compared with it on the spectra it has
    not seen. On Ctrl-C nothing is written.

    Exit codes: 0 done, 1 failed, 2 wrong usage or input, 3 refused: the model cannot be flown,
    or its exported form does not say what was trained.
    """
    if page is not None and no_report:
        raise click.UsageError("--report and --no-report contradict each other")
    if not no_report and page is None:
        page = out.with_suffix(".parity.html")
    with host_libraries():
        from export.exporting import export_run
        from export.order import Order
        from export.parity_report import Limits
        from export.progress import Progress
    limits = Limits(least_agreement=least_agreement, largest_loss=largest_loss)
    wanted = cast("Wanted", precision)
    order = Order(run, out, sign, name, release, wanted, limits, page)
    exported = export_run(order, Progress(quiet=as_json))
    click.echo(json.dumps(_as_json(exported, out)) if as_json else summary(exported, out))


def summary(exported: Exported, out: Path) -> str:
    """Say an export in a few lines."""
    report = exported.parity
    lines = [f"{report.method}; n = {report.n}:", _HEADINGS]
    lines += [_line(row) for row in report.runners]
    lines += [f"{absent.runner}: not measured: {absent.reason}" for absent in report.not_measured]
    lines += [*_choices(report), f"{out}: {exported.size} bytes"]
    lines += [f"  {name}: {size}" for name, size in exported.members.items()]
    if exported.page is not None:
        lines.append(f"report: {exported.page}")
    if exported.public_key is not None:
        lines.append(
            f"signed with a one-time key: trust {exported.public_key} to open the bundle; "
            "the private half is not kept"
        )
    return "\n".join(lines)


_HEADINGS = (
    "   runner           agree  verdict    top-1    gain (95 %), points   logits    bytes"
    "  µs (10 % to 90 %)"
)


def _line(row: RunnerParity) -> str:
    gain = f"{100 * row.gain.mean:+.2f} ({100 * row.gain.low:+.2f} to {100 * row.gain.high:+.2f})"
    size = "–" if row.size_bytes is None else str(row.size_bytes)
    found = row.latency
    latency = (
        "–"
        if found is None
        else f"{found.median_us:.0f} ({found.low_us:.0f} to {found.high_us:.0f})"
    )
    return (
        f" {'*' if row.bundled else ' '} {row.runner:<14} {row.agreement:7.2%} "
        f"{row.verdict_agreement:8.2%} {row.top1:8.2%} {gain:>22} {row.logit.largest:8.2g} "
        f"{size:>8}  {latency}"
    )


def _choices(report: ParityReport) -> list[str]:
    lines = ["* in the bundle"]
    for choice in report.comparisons:
        ratio = choice.ratio
        lines.append(
            f"{choice.faster} takes {ratio.mean:.2f} ({ratio.low:.2f} to {ratio.high:.2f}) of the "
            f"time of {choice.than}{'' if choice.told_apart else ': not told apart'}"
        )
    chosen = ", ".join(f"{machine}: {p}" for machine, p in report.precision.items())
    lines.append(f"precision to run, {chosen}")
    if sum(row.bundled for row in report.runners) > 1:
        lines.append(f"verdicts of two forms in it agree on {report.least_verdict_agreement:.2%}")
    return lines


def _as_json(exported: Exported, out: Path) -> dict[str, object]:
    return {
        "bundle": str(out),
        "size": exported.size,
        "members": exported.members,
        "parity": exported.parity.model_dump(mode="json"),
        "public_key": None if exported.public_key is None else str(exported.public_key),
        "report": None if exported.page is None else str(exported.page),
    }
