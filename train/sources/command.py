"""`outcrop data`: fetch public sets, and say what is in a set at hand."""

from __future__ import annotations

import json
from pathlib import Path

import click

from train.host_libraries import host_libraries
from train.sources.catalog import SOURCES

_PATH = click.Path(path_type=Path)


@click.group()
def data() -> None:
    """Fetch public sets of spectra, and say what is in those at hand."""


@data.command()
@click.argument("source", type=click.Choice(list(SOURCES)))
@click.option("--out", type=_PATH, required=True, help="Folder to put it into; made if missing.")
@click.option("--url", help="Address of a mirror, in place of the publisher's.")
def fetch(source: str, out: Path, url: str | None) -> None:
    """Fetch a public set, checked; what is there and whole is not fetched again.

    An interrupted download goes on where it stopped. A proxy's address is read from HTTPS_PROXY.

    Exit codes: 0 done, 1 failed or interrupted, 2 wrong usage.
    """
    if url is not None and not url.startswith(("http://", "https://")):
        raise click.BadParameter(
            f"{url!r} does not begin with http:// or https://", param_hint="--url"
        )
    with host_libraries():
        from train.sources.fetching import fetch as fetch_source
        from train.sources.progress import FetchProgress
    try:
        fetched = fetch_source(SOURCES[source], out, FetchProgress(), url)
    except KeyboardInterrupt:
        click.echo("what has come is kept: the same command goes on from there", err=True)
        raise
    for file in fetched.files:
        done = "was there, and is whole" if file.was_there else "fetched, and whole"
        click.echo(f"{file.path}: {done}; files of spectra: {file.spectrum_files}")
    click.echo(f"please cite: {fetched.citation}")


@data.command()
@click.argument("data", type=_PATH)
@click.option("--names", type=_PATH, help="Use only the file names in this file, one a line.")
@click.option("--json", "as_json", is_flag=True, help="Print all of it as one JSON object.")
def describe(data: Path, names: Path | None, as_json: bool) -> None:
    """Say what is in DATA: spectra a mineral, specimens, axes, duplicates, faults.

    Exit codes: 0 done, 1 failed or interrupted, 2 wrong usage, or no readable spectrum.
    """
    from train.sources.census import Census
    from train.sources.description_tables import show
    from train.sources.progress import read_shown

    census = Census(_listed(names))
    for item in read_shown(data, quiet=as_json):
        census.add(item)
    description = census.describe(str(data))
    if as_json:
        click.echo(json.dumps(description.model_dump(mode="json"), ensure_ascii=False))
    else:
        show(description)
    if description.spectra == 0:
        raise click.exceptions.Exit(2)


def _listed(names: Path | None) -> frozenset[str] | None:
    from train.dataset import read_names

    return None if names is None else read_names(names)
