"""`outcrop models`: every model and comparator, its source and its size."""

from __future__ import annotations

import json

import click

from train.host_libraries import host_libraries


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print all of it as one JSON object.")
def models(as_json: bool) -> None:
    """List every model: source, parameters, what it reads, whether it can be exported.

    Exit codes: 0 done, 1 failed or interrupted, 2 wrong usage.
    """
    with host_libraries():
        from train.listing.entry import entries
        from train.listing.tables import show
    found = list(entries())
    if as_json:
        lines = [entry.model_dump(mode="json") for entry in found]
        click.echo(json.dumps({"models": lines}, ensure_ascii=False))
    else:
        show(found)
