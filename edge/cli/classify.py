"""`outcrop classify`: verdicts on spectra in files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from edge.classifier import Classifier, Verdict
from edge.cli.options import (
    bundle_option,
    json_option,
    keyring_option,
    open_bundle,
    pooling_option,
    trust_option,
)
from edge.data import Fault, Sample, read_all
from edge.errors import SpectrumError
from edge.preprocess import Grid, preprocess

_BATCH = 256


@click.command()
@click.argument("data", nargs=-1, required=True, type=click.Path(path_type=Path))
@bundle_option
@trust_option
@keyring_option
@pooling_option
@json_option
def command(
    data: tuple[Path, ...],
    bundle_path: Path,
    trusted_keys: tuple[Path, ...],
    keyring: Path | None,
    pooling_cm1: float | None,
    as_json: bool,
) -> int:
    """Say which mineral each spectrum of DATA shows.

    DATA is any number of RRUFF zips, folders, text or CSV files, or .npz arrays. Exits with 2
    if a file could not be read or a spectrum is invalid; the others are classified all the same.
    """
    faults = 0
    bundle = open_bundle(bundle_path, trusted_keys, keyring)
    with Classifier(bundle, pooling=pooling_cm1) as classifier:
        for item, verdict in _verdicts(classifier, read_all(data)):
            faults += verdict.invalid is not None
            click.echo(_as_json(item, verdict) if as_json else _as_text(item, verdict))
            for warning in item.warnings if isinstance(item, Sample) else ():
                click.echo(f"{item.source}: {warning}", err=True)
            if verdict.invalid is not None:
                click.echo(f"{item.source}: {verdict.invalid}", err=True)
    return 2 if faults else 0


def verdict_fields(verdict: Verdict) -> dict[str, object]:
    """Return a verdict as the JSON output of every command shows it."""
    return {
        "label": verdict.label,
        "probability": verdict.probability,
        "top": [{"label": label, "probability": share} for label, share in verdict.top],
        "known": verdict.known,
        "prediction_set": list(verdict.prediction_set),
        "invalid": verdict.invalid,
    }


def _verdicts(
    classifier: Classifier, items: Iterable[Sample | Fault]
) -> Iterator[tuple[Sample | Fault, Verdict]]:
    iterator = iter(items)
    while batch := list(islice(iterator, _BATCH)):
        prepared = [_prepare(item, classifier.grid) for item in batch]
        rows = [row for row in prepared if not isinstance(row, str)]
        verdicts: Iterator[Verdict] = iter(())
        if rows:
            verdicts = iter(classifier.classify_preprocessed(np.stack(rows))[0])
        for item, row in zip(batch, prepared, strict=True):
            yield item, Verdict.refused(row) if isinstance(row, str) else next(verdicts)


def _prepare(item: Sample | Fault, grid: Grid) -> NDArray[np.float32] | str:
    if isinstance(item, Fault):
        return item.reason
    try:
        return preprocess(item.spectrum, grid)
    except SpectrumError as error:
        return str(error)


def _as_json(item: Sample | Fault, verdict: Verdict) -> str:
    fields = {"source": item.source, "index": item.index, **verdict_fields(verdict)}
    return json.dumps(fields)


def _as_text(item: Sample | Fault, verdict: Verdict) -> str:
    where = f"{item.source}[{item.index}]"
    if verdict.invalid is not None:
        return f"{where}: invalid: {verdict.invalid}"
    known = "" if verdict.known else "  unknown?"
    return f"{where}: {verdict.label} {verdict.probability:.2f}{known}"
