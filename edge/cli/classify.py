"""`outcrop classify`: verdicts on spectra in files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click

from edge.archive import TOGETHER, Piece, in_batches, judge_rows, label, prepare
from edge.classifier import Classifier, Verdict
from edge.cli.engine_options import engine_folder_option
from edge.cli.late_progress import LateProgress
from edge.cli.options import (
    bundle_option,
    json_option,
    keyring_option,
    open_bundle,
    pooling_option,
    trust_option,
)
from edge.data import Block, read_all_blocks
from edge.in_order import cores, map_in_order
from edge.preprocess import Rows
from edge.runners.choice import RunnerSettings
from edge.runners.tensorrt_settings import TensorrtSettings


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of a batch of spectra.

    Parameters
    ----------
    lines : one of each, for standard output
    remarks : warnings and faults by line, for standard error
    faults : how many of them are invalid
    known_of : how many spectra more the sources turned out to have
    """

    lines: list[str]
    remarks: dict[int, list[str]]
    faults: int
    known_of: int


@click.command()
@click.argument("data", nargs=-1, required=True, type=click.Path(path_type=Path))
@bundle_option
@trust_option
@keyring_option
@pooling_option
@click.option(
    "--runner",
    "kind",
    type=click.Choice(["onnx", "tensorrt"]),
    default="onnx",
    show_default=True,
    help="ONNX Runtime on the CPU, or TensorRT on a GPU; its engine is built if there is none.",
)
@engine_folder_option
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    default=cores,
    show_default="all cores",
    help="Classify on this many threads at once; a GPU is fed by one.",
)
@json_option
def command(
    data: tuple[Path, ...],
    bundle_path: Path,
    trusted_keys: tuple[Path, ...],
    keyring: Path | None,
    pooling_cm1: float | None,
    kind: str,
    engine_folder: Path,
    threads: int,
    as_json: bool,
) -> int:
    """Say which mineral each spectrum of DATA shows.

    DATA is any number of RRUFF zips, folders, text or CSV files, or .npz arrays. Exits with 2
    if a file could not be read or a spectrum is invalid; the others are classified all the same.
    """
    faults = 0
    bundle = open_bundle(bundle_path, trusted_keys, keyring)
    runner = _on_gpu(engine_folder) if kind == "tensorrt" else RunnerSettings()
    ready = Classifier(bundle, pooling=pooling_cm1, runner=runner)
    with ready as classifier, LateProgress() as progress:
        work = partial(_answer, classifier, as_json=as_json)
        batches = in_batches(read_all_blocks(data))
        for answer in map_in_order(work, batches, threads if classifier.is_concurrent else 1):
            _show(answer)
            faults += answer.faults
            progress.advance(len(answer.lines), answer.known_of)
    return 2 if faults else 0


def _on_gpu(engine_folder: Path) -> RunnerSettings:
    settings = TensorrtSettings(engine_folder, batch=TOGETHER)
    return RunnerSettings(settings, lambda line: click.echo(line, err=True))


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


def _answer(classifier: Classifier, pieces: Sequence[Piece], *, as_json: bool) -> Answer:
    rows = prepare(classifier, pieces)
    said, reasons = (_in_json if as_json else _in_words)(classifier, rows)
    lines, remarks = [], {}
    for row, (source, index, warnings) in enumerate(_places(pieces)):
        if as_json:
            lines.append(f'{{"source": {json.dumps(source)}, "index": {index}, {said[row]}')
        else:
            lines.append(f"{source}[{index}]: {said[row]}")
        if warnings or row in reasons:
            remarked = (*warnings, reasons[row]) if row in reasons else warnings
            remarks[row] = [f"{source}: {remark}" for remark in remarked]
    return Answer(lines, remarks, len(reasons), sum(map(_known_of, pieces)))


def _in_json(classifier: Classifier, rows: Rows) -> tuple[list[str], dict[int, str]]:
    """Return what follows source and index in the object of each row, and reasons by row."""
    verdicts = judge_rows(classifier, rows)
    reasons = {row: v.invalid for row, v in enumerate(verdicts) if v.invalid is not None}
    return [json.dumps(verdict_fields(verdict))[1:] for verdict in verdicts], reasons


def _in_words(classifier: Classifier, rows: Rows) -> tuple[list[str], dict[int, str]]:
    """Return what is said of each row, and reasons by row; no verdict is made for it."""
    found, names = label(classifier, rows), classifier.head.classes
    columns = (found.class_ids.tolist(), found.probability.tolist(), found.known.tolist())
    said = [
        f"{names[class_id]} {probability:.2f}{'' if known else '  unknown?'}"
        for class_id, probability, known in zip(*columns, strict=True)
    ]
    for row, reason in found.invalid.items():
        said[row] = f"invalid: {reason}"
    return said, dict(found.invalid)


def _places(pieces: Sequence[Piece]) -> Iterator[tuple[str, int, tuple[str, ...]]]:
    """Yield source, position and warnings of each spectrum."""
    for piece in pieces:
        if isinstance(piece, Block):
            for row in range(len(piece)):
                yield piece.source, piece.first + row, piece.warnings
        else:
            yield piece.source, piece.index, ()


def _known_of(piece: Piece) -> int:
    """Return how many spectra are known of since this piece was read."""
    if not isinstance(piece, Block) or piece.total == 1:
        return 1
    return piece.total if piece.first == 0 else 0


def _show(answer: Answer) -> None:
    """Print the lines, as many at a time as nothing is to be remarked between."""
    start = 0
    for row in sorted(answer.remarks):
        click.echo("\n".join(answer.lines[start : row + 1]))
        for remark in answer.remarks[row]:
            click.echo(remark, err=True)
        start = row + 1
    if start < len(answer.lines):
        click.echo("\n".join(answer.lines[start:]))
