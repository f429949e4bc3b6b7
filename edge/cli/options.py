"""Options that several subcommands share."""

from __future__ import annotations

from pathlib import Path

import click

from edge.bundle import Bundle, read_bundle, shipped_bundle_path
from edge.cli.trust import desk_keys

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")

bundle_argument = click.argument("bundle_path", metavar="BUNDLE", type=click.Path(path_type=Path))

bundle_option = click.option(
    "--bundle",
    "bundle_path",
    type=click.Path(path_type=Path),
    default=shipped_bundle_path,
    show_default="the shipped one",
    help="Bundle file.",
)

trust_option = click.option(
    "--trust",
    "trusted_keys",
    type=click.Path(path_type=Path),
    multiple=True,
    help="PEM file of a public key to trust, besides outcrop's demo key; may be repeated.",
)

keyring_option = click.option(
    "--keyring",
    type=click.Path(path_type=Path),
    help="Keyring, as `outcrop keys` writes it; OUTCROP_KEYRING names it where this is not given, "
    "else it is outcrop/keyring.json in the folder of the user's configuration.",
)

pooling_option = click.option(
    "--pooling-cm1",
    type=float,
    help="Let templates slide this far to each side, cm⁻¹; as far as the bundle can if not given.",
)

count_option = click.option(
    "--count",
    type=click.IntRange(min=1),
    help="Use this many of the spectra, drawn by --seed; all if not given.",
)

seed_option = click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of all chance."
)


def open_bundle(path: Path, trusted_keys: tuple[Path, ...], keyring: Path | None = None) -> Bundle:
    """Open a bundle at the desk, which trusts the given keys, the keyring's and the demo key."""
    return read_bundle(path, desk_keys(trusted_keys, keyring))
