"""`outcrop bundle`: is this file what was signed, what is in it, and how do two differ?"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console

from edge.bundle import Manifest
from edge.bundle.changes import compare_bundles
from edge.cli.bundle_changes import change_lines
from edge.cli.bundle_golden import run_golden
from edge.cli.bundle_signing import sign, write_out
from edge.cli.bundle_summary import members, signer, summary
from edge.cli.options import bundle_argument, json_option, keyring_option, open_bundle, trust_option

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


@click.group()
def command() -> None:
    """Verify, inspect, sign and compare bundles. A bundle that is refused exits with 3."""


command.add_command(sign)


@command.command()
@bundle_argument
@trust_option
@keyring_option
@json_option
def verify(
    bundle_path: Path, trusted_keys: tuple[Path, ...], keyring: Path | None, as_json: bool
) -> None:
    """Check signature, hashes, contents and golden spectra of BUNDLE.

    Golden spectra are run on the CPU in every precision that the bundle has a tolerance for
    there; an engine of TensorRT is checked where it is built.
    """
    bundle = open_bundle(bundle_path, trusted_keys, keyring)
    ran, left = run_golden(bundle)
    if as_json:
        fields = {"bundle": str(bundle_path), "key_id": bundle.key_id.hex(), "ok": True}
        click.echo(json.dumps(fields | {"ran": ran, "not_run": left}))
        return
    not_run = f"; not for the CPU, and not run: {', '.join(left)}" if left else ""
    click.echo(
        f"{bundle_path}: good; signed by {signer(bundle)}; "
        f"golden spectra hold on {', '.join(ran)}{not_run}"
    )


@command.command()
@bundle_argument
@trust_option
@keyring_option
@json_option
def inspect(
    bundle_path: Path, trusted_keys: tuple[Path, ...], keyring: Path | None, as_json: bool
) -> None:
    """Show the manifest of BUNDLE, once its signature holds."""
    bundle = open_bundle(bundle_path, trusted_keys, keyring)
    if as_json:
        click.echo(bundle.manifest.model_dump_json())
        return
    console = Console(markup=False, emoji=False)  # a manifest may hold any text
    console.print(summary(bundle))
    console.print(members(bundle))


@command.command()
@click.argument("before_path", metavar="BEFORE", type=click.Path(path_type=Path))
@click.argument("after_path", metavar="AFTER", type=click.Path(path_type=Path))
@trust_option
@keyring_option
@json_option
def diff(
    before_path: Path,
    after_path: Path,
    trusted_keys: tuple[Path, ...],
    keyring: Path | None,
    as_json: bool,
) -> None:
    """Say what changed from BEFORE to AFTER: manifest, classes, figures, head, files."""
    before, after = (open_bundle(path, trusted_keys, keyring) for path in (before_path, after_path))
    changes = compare_bundles(before, after)
    if as_json:
        click.echo(json.dumps(asdict(changes)))
        return
    for line in change_lines(changes):
        click.echo(line)


@command.command()
@click.option("--out", type=click.Path(path_type=Path), help="File to write; printed if not given.")
def schema(out: Path | None) -> None:
    """Write the JSON Schema of a bundle's manifest."""
    fields = {"$schema": _DIALECT, **Manifest.model_json_schema()}
    text = json.dumps(fields, indent=1, ensure_ascii=False)
    if out is None:
        click.echo(text)
    else:
        write_out(out, f"{text}\n".encode())
