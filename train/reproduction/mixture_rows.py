"""Rows of the mixtures: folds pooled, a value a seed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from train.mixtures.detection import Detection, detection
from train.mixtures.judges import JUDGES
from train.reproduction.mixture_folds import (
    DETECTORS,
    DISPLACED_SHARE,
    DISPLACEMENTS_CM1,
    case_key,
)
from train.reproduction.outcome import BY_SPECIMEN, Row
from train.reproduction.target import Measured

Folds = Sequence[Measured]
"""What the folds of one seed found."""

ROW_SHARES = (0.9, 0.7, 0.5)
QUANTITIES = {
    "dominant": "dominant mineral first",
    "second": "second mineral first of the rest",
    "second3": "second mineral among three of the rest",
    "both": "both minerals are the first two",
}
_DETECTED_SHARES = (0.7, 0.6, 0.5)


def rate(folds: Folds, judge: str, case: str, quantity: str) -> float:
    """Return how often a quantity holds over all folds of a seed, per cent."""
    hits: int = sum(fold["named"][judge][case][quantity] for fold in folds)
    pairs: int = sum(fold["pairs"] for fold in folds)
    return 100.0 * hits / pairs


def told_apart(folds: Folds, detector: str, share: float) -> Detection:
    """Pool the folds of a seed; a fold's threshold is from the single spectra of the others.

    With one fold only, as in a rehearsal, it is from its own.
    """
    singles = [np.array(fold["scores"][detector]["single"]) for fold in folds]
    parts = []
    for number, fold in enumerate(folds):
        others = [one for k, one in enumerate(singles) if k != number]
        other = np.concatenate(others) if others else None
        mixed = np.array(fold["scores"][detector][str(share)])
        parts.append(detection(mixed, singles[number], other))
    return Detection(
        auroc=float(np.mean([part.auroc for part in parts])),
        detected=float(np.mean([part.detected for part in parts])),
        false_alarms=float(
            np.average([p.false_alarms for p in parts], weights=[len(s) for s in singles])
        ),
    )


def rows_of(seeds: Sequence[Folds]) -> tuple[Row, ...]:
    """Return all rows: what is named by share, under displacement, of single spectra; detection."""
    return (*_named_rows(seeds), *_displaced_rows(seeds), *_single_rows(seeds), *_told_rows(seeds))


def _named_rows(seeds: Sequence[Folds]) -> list[Row]:
    return [
        _row(
            f"{judge}.{share}.{quantity}",
            f"{_ratio(share)}: {said}; {words}",
            [rate(folds, judge, case_key(share, 0), quantity) for folds in seeds],
            _pairs(seeds),
        )
        for share in ROW_SHARES
        for quantity, said in QUANTITIES.items()
        for judge, words in JUDGES.items()
    ]


def _displaced_rows(seeds: Sequence[Folds]) -> list[Row]:
    return [
        _row(
            f"{judge}.{case_key(DISPLACED_SHARE, moved)}.both",
            f"{_ratio(DISPLACED_SHARE)} at {moved:+d} cm⁻¹: {QUANTITIES['both']}; {words}",
            [rate(folds, judge, case_key(DISPLACED_SHARE, moved), "both") for folds in seeds],
            _pairs(seeds),
        )
        for moved in DISPLACEMENTS_CM1
        for judge, words in JUDGES.items()
    ]


def _single_rows(seeds: Sequence[Folds]) -> list[Row]:
    singles = _singles(seeds)
    return [
        _row(
            f"{judge}.single.top1",
            f"single spectra, top-1; {words}",
            [100 * sum(fold["single"][judge] for fold in folds) / singles for folds in seeds],
            singles,
        )
        for judge, words in JUDGES.items()
    ]


def _told_rows(seeds: Sequence[Folds]) -> list[Row]:
    rows: list[Row] = []
    for name, (_, _, words) in DETECTORS.items():
        for share in _DETECTED_SHARES:
            found = [told_apart(folds, name, share) for folds in seeds]
            ratio, auroc = _ratio(share), [100 * one.auroc for one in found]
            flagged = [100 * one.detected for one in found]
            rows += [
                _row(f"{name}.{share}.auroc", f"{ratio}: AUROC; {words}", auroc, _pairs(seeds)),
                _row(
                    f"{name}.{share}.flagged", f"{ratio}: flagged; {words}", flagged, _pairs(seeds)
                ),
            ]
        alarms = [
            100 * told_apart(folds, name, _DETECTED_SHARES[0]).false_alarms for folds in seeds
        ]
        quantity = f"single spectra flagged, 5 meant; {words}"
        rows.append(_row(f"{name}.false_alarms", quantity, alarms, _singles(seeds)))
    return rows


def _row(key: str, quantity: str, values: Sequence[float], n: int) -> Row:
    return Row(key, quantity, None, tuple(values), BY_SPECIMEN, n=n)


def _ratio(share: float) -> str:
    return f"{share:.1f} / {1 - share:.1f}"


def _pairs(seeds: Sequence[Folds]) -> int:
    return sum(fold["pairs"] for fold in seeds[0])


def _singles(seeds: Sequence[Folds]) -> int:
    return sum(fold["singles"] for fold in seeds[0])
