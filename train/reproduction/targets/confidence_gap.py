"""How far the CNN's most probable mineral leads (Soysal et al. 2025, §4.2).

The mean of the top-1 less the top-2 softmax probability, over the spectra of one held-out fold of
five. The probabilities are as they come, without temperature.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from edge.head import softmax
from train.evaluate import top_share
from train.model_parts import SoysalCnnModelPart
from train.reproduction.fitting import as_printed, at_most, fit_predict
from train.reproduction.held_out import PROTOCOLS, Protocol, divide
from train.reproduction.outcome import Outcome, Row
from train.reproduction.sets import (
    SetName,
    notes_on,
    of_seeds,
    piece_key,
    row_key,
    spectra_of,
)
from train.reproduction.target import Measured, Piece, Target, Tell, Workplace

_FOLDS = 5
_QUICK_EPOCHS = 4
_PAPER: dict[SetName, float] = {"raw": 0.46, "clean": 0.38}
_MEASURED: dict[tuple[SetName, Protocol], float] = {
    ("raw", "paper"): 100.0,
    ("raw", "specimen"): 100.0,
    ("clean", "paper"): 270.0,
}
"""What is measured, and about how long it takes, s."""


@dataclass(frozen=True, slots=True)
class ConfidenceGap:
    """The mean gap and, beside it, the top-1 of the same spectra."""

    title: str = "Confidence gap: top-1 less top-2 probability of the CNN"

    def pieces(self, place: Workplace) -> Sequence[Piece]:
        """Return one piece a set, protocol and seed."""
        return [
            Piece(
                piece_key(name, protocol, seed),
                15.0 if place.quick else seconds,
                partial(_measure, place, name, protocol, seed),
            )
            for (name, protocol), seconds in _MEASURED.items()
            for seed in place.seeds
        ]

    def outcome(self, place: Workplace, found: Mapping[str, Measured]) -> Outcome:
        """Return the gap of each set and protocol, of all spectra and of those that are right."""
        rows = [
            row
            for name, protocol in _MEASURED
            for row in _rows(name, protocol, of_seeds(place, found, name, protocol))
        ]
        own = (
            "One of five folds, without augmentation. The clean set is measured in the paper's "
            "protocol only, for the time it takes."
        )
        return Outcome(tuple(rows), (*notes_on(place, *_PAPER), own))


def _rows(name: SetName, protocol: Protocol, measured: Sequence[Measured]) -> list[Row]:
    n = measured[0]["n"]
    right = round(n * measured[0]["top1"] / 100)

    def row(key: str, quantity: str, paper: float | None, unit: str, n: int = n) -> Row:
        return Row(
            key=row_key(f"{key}.{name}", protocol),
            quantity=f"{quantity}, {name}",
            paper=paper,
            ours=tuple(one[key] for one in measured if one[key] is not None),
            protocol=PROTOCOLS[protocol],
            unit=unit,
            n=n,
        )

    return [
        row("gap", "mean gap", _PAPER[name], "probability"),
        row("gap_right", "mean gap where the answer is right", None, "probability", right),
        row("gap_wrong", "mean gap where it is wrong", None, "probability", n - right),
        row("top1", "top-1", None, "%"),
    ]


def gaps(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the top-1 less the top-2 probability (N,) of logits (N, K).

    >>> gaps(np.log(np.array([[0.2, 0.7, 0.1]], dtype=np.float32))).round(3)
    array([0.5])
    """
    best = np.sort(softmax(logits).astype(np.float64), axis=1)[:, -2:]
    return best[:, 1] - best[:, 0]


def _measure(
    place: Workplace, name: SetName, protocol: Protocol, seed: int, tell: Tell
) -> Measured:
    dataset = spectra_of(place, name)
    fold = divide(dataset, protocol, _FOLDS, seed)[0]
    recipe = as_printed(SoysalCnnModelPart(name="soysal_cnn"))
    recipe = at_most(recipe, _QUICK_EPOCHS) if place.quick else recipe
    logits = fit_predict(recipe, dataset, fold.train, seed, tell)(dataset.intensity[fold.held_out])
    truth, found = dataset.class_ids[fold.held_out], gaps(logits)
    right = logits.argmax(axis=1) == truth
    return {
        "gap": float(found.mean()),
        "gap_right": _mean(found[right]),
        "gap_wrong": _mean(found[~right]),
        "top1": 100 * top_share(logits, truth),
        "n": len(truth),
    }


def _mean(values: NDArray[np.float64]) -> float | None:
    return float(values.mean()) if len(values) else None


TARGET: Target = ConfidenceGap()
