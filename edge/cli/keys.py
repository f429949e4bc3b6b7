"""`outcrop keys`: make a key, say whom to trust for what, and take it back."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from pathlib import Path
from typing import cast, get_args

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rich.console import Console
from rich.table import Table

from edge.bundle.header import key_id
from edge.bundle.key_files import demo_key, read_public_key, write_new_key
from edge.bundle.keyring import (
    LONGEST_REASON,
    NAME,
    KeyEntry,
    Keyring,
    Revocation,
    Role,
    read_keyring,
    write_keyring,
)
from edge.cli.options import json_option, keyring_option
from edge.cli.trust import desk_keyring, keyring_path
from edge.errors import KeyringError

DEMO = "demo"
"""Name that outcrop's demo key goes by."""

_SIGNS = {"ground": "bundles and heads", "device": "heads only"}


def _name(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is not None and not re.fullmatch(NAME, value):
        raise click.BadParameter("letters, digits, '.', '_', '-' and spaces; at most 64")
    return value


def _reason(_: click.Context, __: click.Parameter, value: str) -> str:
    if not 0 < len(value.strip()) <= LONGEST_REASON:
        raise click.BadParameter(f"1 to {LONGEST_REASON} characters that say why")
    return value.strip()


@click.group()
def command() -> None:
    """Make, trust and revoke the keys that bundles and heads are signed with."""


@command.command()
@click.argument("name", callback=_name)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    show_default="here",
    help="Folder for the two files.",
)
@json_option
def new(name: str, out: Path, as_json: bool) -> None:
    """Make the key pair NAME.key, which is secret, and NAME.pub, which is not."""
    key = Ed25519PrivateKey.generate()
    private, public = out / f"{name}.key", out / f"{name}.pub"
    write_new_key(private, public, key)
    identity = key_id(key.public_key()).hex()
    if as_json:
        fields = {"key_id": identity, "private": str(private), "public": str(public)}
        click.echo(json.dumps(fields))
        return
    click.echo(f"key {identity}")
    click.echo(f"{private}: sign with it; keep it secret and keep a copy off line")
    click.echo(f"{public}: hand it out, and `outcrop keys trust` it where it is to count")


@command.command()
@click.argument("public", metavar="PUB", type=click.Path(path_type=Path))
@click.option("--role", type=click.Choice(get_args(Role)), required=True, help="What it may sign.")
@click.option("--name", callback=_name, help="Who holds it; the file's name if not given.")
@click.option("--again", is_flag=True, help="Trust it although it was revoked here.")
@keyring_option
def trust(public: Path, role: str, name: str | None, again: bool, keyring: Path | None) -> None:
    """Trust the public key in the PEM file PUB: ground signs bundles and heads, device heads."""
    path = keyring_path(keyring)
    ring = read_keyring(path, missing_ok=True)
    key = read_public_key(public)
    before = ring.find(key_id(key).hex())
    name = name or (before.name if before else _name_of(public))
    entry = KeyEntry.of(key, cast(Role, role), name, datetime.now(timezone.utc))
    if before and before.revoked and not again:
        raise KeyringError(
            path, f"{_told(before)} was revoked: {before.revoked.reason}; --again trusts it again"
        )
    _check_name(path, ring, entry)
    write_keyring(path, ring.having(entry))
    was = f", was {before.role}" if before and before.role != role else ""
    click.echo(f"{_told(entry)}: {role}{was}, may sign {_SIGNS[role]}; {path}")


@command.command()
@click.argument("key", metavar="KEY_ID|NAME")
@click.option("--reason", required=True, callback=_reason, help="Why; shown at every refusal.")
@keyring_option
def revoke(key: str, reason: str, keyring: Path | None) -> None:
    """Trust a key no more, whatever it signed and whoever hands it in."""
    path = keyring_path(keyring)
    ring = read_keyring(path, missing_ok=True)
    now = datetime.now(timezone.utc)
    entry = ring.find(key) or _demo_entry(key, now)
    if entry is None:
        raise KeyringError(path, f"no key {key} to revoke; `outcrop keys list` shows those here")
    if entry.revoked is not None:
        when = f"{entry.revoked.when_utc:%Y-%m-%d}"
        raise KeyringError(path, f"{_told(entry)} was revoked on {when}: {entry.revoked.reason}")
    revoked = entry.model_copy(update={"revoked": Revocation(when_utc=now, reason=reason)})
    write_keyring(path, ring.having(revoked))
    click.echo(f"{_told(entry)}: revoked; what it signed is refused from now on; {path}")


@command.command("list")
@json_option
@keyring_option
def list_keys(as_json: bool, keyring: Path | None) -> None:
    """Show the keys that count at the desk, revoked ones and outcrop's demo key too."""
    ring = desk_keyring(keyring)
    rows = [_row(entry) for entry in ring.keys]
    demo = KeyEntry.of(demo_key(), "ground", DEMO, datetime.now(timezone.utc))
    if ring.find(demo.key_id) is None:
        rows.append(_row(demo) | {"added_utc": None})  # nobody added it: it came with outcrop
    if as_json:
        for row in rows:
            click.echo(json.dumps(row))
        return
    table = Table(box=None)
    for heading in ("key id", "name", "role", "added", "revoked"):
        table.add_column(heading, no_wrap=heading != "revoked")
    for row in rows:
        added, revoked = ((row[of] or "")[:10] for of in ("added_utc", "revoked_utc"))
        why = f"{revoked}: {row['revoked_reason']}" if revoked else ""
        table.add_row(row["key_id"], row["name"], row["role"], added, why)
    Console(markup=False, emoji=False).print(table)


def _row(entry: KeyEntry) -> dict[str, str | None]:
    revoked = entry.revoked
    return {
        "key_id": entry.key_id,
        "name": entry.name,
        "role": entry.role,
        "added_utc": _seconds(entry.added_utc),
        "revoked_utc": _seconds(revoked.when_utc) if revoked else None,
        "revoked_reason": revoked.reason if revoked else None,
    }


def _seconds(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _demo_entry(wanted: str, now: datetime) -> KeyEntry | None:
    """Return the demo key's entry if it is meant; nobody adds it, but it may be revoked."""
    key = demo_key()
    if wanted not in (DEMO, key_id(key).hex()):
        return None
    return KeyEntry.of(key, "ground", DEMO, now)


def _check_name(path: Path, ring: Keyring, entry: KeyEntry) -> None:
    other = ring.find(entry.name) or _demo_entry(entry.name, entry.added_utc)
    if other is not None and other.key_id != entry.key_id:
        raise KeyringError(path, f"{_told(other)} has that name already; --name gives another")


def _name_of(public: Path) -> str:
    """Return a file's name as a key's name, odd characters out."""
    return re.sub(r"[^A-Za-z0-9._ -]", "-", public.stem).lstrip("._ -")[:64] or "key"


def _told(entry: KeyEntry) -> str:
    return f"{entry.name} ({entry.key_id})"
