"""Spectra for a subcommand, faults and warnings told on standard error."""

from __future__ import annotations

from pathlib import Path

import click

from edge.data import Sample, read_data
from edge.errors import DataError


def readable_samples(data: Path, *, quiet: bool = False) -> list[Sample]:
    """Return every readable spectrum of a source.

    Raises
    ------
    DataError
        If there is none.
    """
    items = list(read_data(data))
    samples = [item for item in items if isinstance(item, Sample)]
    for item in () if quiet else items:
        for note in item.warnings if isinstance(item, Sample) else [f"left out: {item.reason}"]:
            click.echo(f"{item.source}: {note}", err=True)
    if not samples:
        raise DataError(str(data), "no readable spectrum")
    return samples
