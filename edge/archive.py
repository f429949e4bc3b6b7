"""Many spectra at once: archives, maps, the backlog of a campaign.

Spectra that share an axis are prepared and classified together, in batches that stay in the cache,
as many at a time as there are threads. Answers are arrays; verdicts with all their words are made
only where they are asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.classifier import Classifier
from edge.data import Block, Fault
from edge.errors import SpectrumError
from edge.in_order import map_in_order
from edge.preprocess import Rows
from edge.spectrum import AxisKind, Spectrum
from edge.verdict import NOT_NUMBERS, Verdict

TOGETHER = 64
"""Spectra classified in one go."""

Piece = Block | Fault


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """What spectra were taken for.

    Parameters
    ----------
    class_ids : (N,) int, into the head's classes; -1 where invalid
    probability : (N,) float32, calibrated, of that class; 0 where invalid
    known : (N,) bool, False where nothing like it was seen in training, or invalid
    invalid : reason by row
    """

    class_ids: NDArray[np.intp]
    probability: NDArray[np.float32]
    known: NDArray[np.bool_]
    invalid: Mapping[int, str]


def in_batches(pieces: Iterable[Piece]) -> Iterator[tuple[Piece, ...]]:
    """Gather pieces until they hold 64 spectra or more.

    >>> [len(batch) for batch in in_batches([Fault("a", 0, "no")] * 130)]
    [64, 64, 2]
    """
    gathered: list[Piece] = []
    count = 0
    for piece in pieces:
        gathered.append(piece)
        count += len(piece) if isinstance(piece, Block) else 1
        if count >= TOGETHER:
            yield tuple(gathered)
            gathered, count = [], 0
    if gathered:
        yield tuple(gathered)


def prepare(classifier: Classifier, pieces: Sequence[Piece]) -> Rows:
    """Preprocess what was read, a row a spectrum; faults and what is unfit are invalid."""
    parts = [_prepare(classifier, piece) for piece in pieces]
    if len(parts) == 1:
        return parts[0]
    invalid, start = {}, 0
    for part in parts:
        invalid.update({start + row: reason for row, reason in part.invalid.items()})
        start += len(part.intensity)
    return Rows(np.concatenate([part.intensity for part in parts]), invalid)


def label(classifier: Classifier, rows: Rows) -> Labels:
    """Classify prepared spectra; tell of each only what it is."""
    count = len(rows.intensity)
    class_ids, invalid = np.full(count, -1), dict(rows.invalid)
    probability, known = np.zeros(count, np.float32), np.zeros(count, np.bool_)
    valid = rows.valid()
    if len(valid):
        best, likely, familiar = classifier.label(_of(rows, valid))
        numbers = np.isfinite(likely)
        invalid.update(dict.fromkeys(valid[~numbers].tolist(), NOT_NUMBERS))
        valid = valid[numbers]
        class_ids[valid], probability[valid] = best[numbers], likely[numbers]
        known[valid] = familiar[numbers]
    return Labels(class_ids, probability, known, invalid)


def judge_rows(classifier: Classifier, rows: Rows) -> list[Verdict]:
    """Classify prepared spectra; tell of each all there is to say."""
    valid = rows.valid()
    found: Sequence[Verdict] = ()
    if len(valid):
        found, _ = classifier.classify_preprocessed(_of(rows, valid))
    verdicts = [Verdict.refused(rows.invalid.get(row, "")) for row in range(len(rows.intensity))]
    for row, verdict in zip(valid.tolist(), found, strict=True):
        verdicts[row] = verdict
    return verdicts


def label_array(
    classifier: Classifier,
    axis: NDArray[np.float64],
    intensity: NDArray[Any],
    axis_kind: AxisKind = "raman_shift_cm1",
    threads: int = 1,
) -> Labels:
    """Classify the spectra of an array.

    Parameters
    ----------
    classifier : active
    axis : (P,) strictly increasing
    intensity : (N, P) real numbers
    axis_kind : what the axis measures
    threads : inferences at a time, where the runner allows more than one

    Raises
    ------
    AxisError
        If the axis is not strictly increasing, or does not fit the intensities.
    """
    axis = Spectrum(axis, np.zeros(intensity.shape[1:]), axis_kind).axis  # checks it
    blocks = (
        Block("array", first, axis, intensity[first : first + TOGETHER], axis_kind)
        for first in range(0, len(intensity), TOGETHER)
    )
    found = map_in_order(
        lambda block: (block.first, label(classifier, prepare(classifier, [block]))),
        blocks,
        threads if classifier.is_concurrent else 1,
    )
    count = len(intensity)
    whole = Labels(np.full(count, -1), np.zeros(count, np.float32), np.zeros(count, np.bool_), {})
    invalid: dict[int, str] = {}
    for first, part in found:
        rows = slice(first, first + TOGETHER)
        whole.class_ids[rows], whole.probability[rows] = part.class_ids, part.probability
        whole.known[rows] = part.known
        invalid.update({first + row: reason for row, reason in part.invalid.items()})
    return Labels(whole.class_ids, whole.probability, whole.known, invalid)


def _prepare(classifier: Classifier, piece: Piece) -> Rows:
    if isinstance(piece, Fault):
        return _none(classifier, 1, piece.reason)
    preprocessor = classifier.preprocessor
    try:
        rows = preprocessor.prepare_rows(piece.axis, piece.intensity, piece.axis_kind)
    except SpectrumError as error:
        rows = _none(classifier, len(piece), str(error))
    unfit = piece.invalid()
    return Rows(rows.intensity, {**rows.invalid, **unfit}) if unfit else rows


def _none(classifier: Classifier, count: int, reason: str) -> Rows:
    nothing = np.zeros((count, classifier.grid.count), np.float32)
    return Rows(nothing, dict.fromkeys(range(count), reason))


def _of(rows: Rows, valid: NDArray[np.intp]) -> NDArray[np.float32]:
    return rows.intensity if len(valid) == len(rows.intensity) else rows.intensity[valid]
