"""`outcrop bundle sign`: the same contents under another signature."""

from __future__ import annotations

import json
from pathlib import Path

import click

from edge.bundle import TrustedKeys
from edge.bundle.bundle import read_content, unpack_bundle
from edge.bundle.header import HEADER_BYTES, key_id
from edge.bundle.header import sign as sign_archive
from edge.bundle.key_files import read_private_key
from edge.cli.bundle_golden import run_golden
from edge.cli.options import bundle_argument, json_option, keyring_option, trust_option
from edge.cli.trust import desk_keys, keyring_path
from edge.errors import BundleError, UnknownKeyError
from edge.whole_file import write_whole


@click.command()
@bundle_argument
@click.option(
    "--key",
    "key_path",
    type=click.Path(path_type=Path),
    required=True,
    help="PEM file of the private key.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="File to write.")
@trust_option
@keyring_option
@json_option
def sign(
    bundle_path: Path,
    key_path: Path,
    out: Path,
    trusted_keys: tuple[Path, ...],
    keyring: Path | None,
    as_json: bool,
) -> None:
    """Sign a BUNDLE that verifies here with another key; not a byte of its contents changes."""
    if out != bundle_path and out.resolve() == bundle_path.resolve():
        raise click.UsageError(f"{out} is {bundle_path}; give the same path to write over it")
    if out.resolve() in {
        path.resolve() for path in (key_path, *trusted_keys, keyring_path(keyring))
    }:
        raise click.UsageError(f"{out} holds a key; keys are never written over")
    key = read_private_key(key_path)
    signer = key_id(key.public_key())
    trusted = desk_keys(trusted_keys, keyring)
    archive = _verified_archive(bundle_path, trusted)
    known = _may_sign(signer, trusted, out)
    write_out(out, sign_archive(archive, key))
    if as_json:
        click.echo(json.dumps({"bundle": str(out), "key_id": signer.hex(), "trusted": known}))
        return
    note = "" if known else ", which is not trusted here"
    click.echo(f"{out}: signed by {signer.hex()}{note}")


def write_out(path: Path, content: bytes) -> None:
    """Write a file that was asked for, whole or not at all."""
    try:
        write_whole(path, content)
    except OSError as error:
        raise click.FileError(str(path), error.strerror) from error


def _verified_archive(path: Path, trusted: TrustedKeys) -> bytes:
    content = read_content(path)
    try:
        run_golden(unpack_bundle(content, trusted))
    except BundleError as error:
        error.args = (f"{path}: {error}",)
        raise
    return content[HEADER_BYTES:]


def _may_sign(signer: bytes, trusted: TrustedKeys, out: Path) -> bool:
    """Return whether the signer is trusted here; revoked and device keys are refused."""
    try:
        trusted.find(signer)
    except UnknownKeyError:  # the bundle may be for others than this desk
        return False
    except BundleError as error:
        error.args = (f"{out} would be {error}",)
        raise
    return True
