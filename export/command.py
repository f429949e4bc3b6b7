"""`outcrop export`: a RUN folder in, a signed bundle out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from train.host_libraries import host_libraries

if TYPE_CHECKING:
    from export.exporting import Exported

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("run", type=_PATH)
@click.option("--out", type=_PATH, required=True, help="Bundle file to write, B.outcrop.")
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
@click.option("--json", "as_json", is_flag=True, help="Print what was measured as one JSON object.")
def export(
    run: Path, out: Path, sign: Path | None, name: str | None, release: int, as_json: bool
) -> None:
    """Export the trained run in folder RUN.

    Exit codes: 0 done, 1 failed, 2 wrong usage or input, 3 refused: the model cannot be flown,
    or its exported form does not say what was trained.
    """
    with host_libraries():
        from export.exporting import Order, export_run
    exported = export_run(
        Order(run, out, sign, name, release), lambda text: click.echo(text, err=True)
    )
    click.echo(json.dumps(_as_json(exported, out)) if as_json else summary(exported, out))


def summary(exported: Exported, out: Path) -> str:
    """Say an export in a few lines."""
    lines = [
        f"{exported.parity.method}:",
        "precision   agreement   top-1   lost    logits within   µs (median, batch 1, 1 thread)",
    ]
    for row in exported.parity.precisions:
        latency_us = exported.latency_us[row.precision]
        lines.append(
            f"{row.precision:<11} {row.agreement:9.2%} {row.top1:7.2%} {row.loss:+7.2%} "
            f"{row.logit_difference:15.3g} {latency_us:8.0f}"
        )
    chosen = ", ".join(f"{machine}: {p}" for machine, p in exported.precision.items())
    lines += [f"precision to run, {chosen}", f"{out}: {exported.size} bytes"]
    lines += [f"  {name}: {size}" for name, size in exported.members.items()]
    if exported.public_key is not None:
        lines.append(
            f"signed with a one-time key: trust {exported.public_key} to open the bundle; "
            "the private half is not kept"
        )
    return "\n".join(lines)


def _as_json(exported: Exported, out: Path) -> dict[str, object]:
    return {
        "bundle": str(out),
        "size": exported.size,
        "members": exported.members,
        "parity": exported.parity.model_dump(mode="json"),
        "latency_us": exported.latency_us,
        "precision": exported.precision,
        "public_key": None if exported.public_key is None else str(exported.public_key),
    }
