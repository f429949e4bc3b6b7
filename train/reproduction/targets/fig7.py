"""Figure 7 of Soysal et al. 2025: CNN, CNN + KNN, MLP and KNN; raw, clean; augmented or not.

Stratified five-fold top-1. The figure prints no numbers. A fold costs a CNN minutes: of the five
folds one is trained, the same for every method, so that methods are compared on the same spectra.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Literal

import numpy as np

from train.model_parts import NetworkPart, SoysalCnnModelPart, SoysalMlpModelPart
from train.reproduction.four_methods import by_network, by_peaks
from train.reproduction.held_out import PROTOCOLS, Protocol, divide
from train.reproduction.outcome import Outcome, Row
from train.reproduction.pictures import COLOURS, picture
from train.reproduction.sets import SetName, notes_on, piece_key, row_key, spectra_of
from train.reproduction.target import Measured, Piece, Target, Tell, Workplace

_Fitted = Literal["cnn", "mlp", "knn"]

_NETWORKS: dict[str, NetworkPart] = {
    "cnn": SoysalCnnModelPart(name="soysal_cnn"),
    "mlp": SoysalMlpModelPart(name="soysal_mlp", size="mid"),
}
_BARS: dict[str, tuple[str, _Fitted, str]] = {
    "cnn": ("CNN", "cnn", "network"),
    "cnn_knn": ("CNN + KNN", "cnn", "knn"),
    "mlp": ("MLP", "mlp", "network"),
    "knn": ("KNN", "knn", "knn"),
}
"""Key of a row: words, what has to be fitted for it, which of its answers counts."""

_AUGMENTED = {"plain": "without", "augmented": "with"}
_FOLDS = 5
_DIVISIONS: tuple[tuple[SetName, Protocol], ...] = (
    ("raw", "paper"),
    ("raw", "specimen"),
    ("clean", "paper"),
)
_QUICK_EPOCHS = 2
_ESTIMATE_S: dict[tuple[_Fitted, SetName], float] = {
    ("cnn", "raw"): 100.0,
    ("cnn", "clean"): 270.0,
    ("mlp", "raw"): 10.0,
    ("mlp", "clean"): 30.0,
    ("knn", "raw"): 20.0,
    ("knn", "clean"): 60.0,
}
_PLOT = "fig7.png"
_NOTES = (
    "The figure prints no numbers. Of the five folds one is trained, the same for all methods, and "
    "the clean set is not divided by specimen, for the time a CNN takes.",
    "MLP: the mid one. KNN: counted wavelet peaks; to augment, two varied copies of each training "
    "spectrum are added. CNN + KNN: the nearest training spectrum in the layer below the softmax.",
    "Augmentation: tanh or cosine of at most the mean, noise, down-sampling of half the spectra, "
    "displacement by up to 2 cm⁻¹; the paper prints no amounts.",
)


@dataclass(frozen=True, slots=True)
class Figure7:
    """Four methods on two sets, with and without augmentation, in both protocols."""

    title: str = "Figure 7: CNN, CNN + KNN, MLP, KNN; raw and clean; with and without augmentation"

    def pieces(self, place: Workplace) -> Sequence[Piece]:
        """Return one piece a method, set and protocol, augmentation and seed."""
        return [
            Piece(
                piece_key(_what(fitted, name, augmented), protocol, seed),
                3.0 if place.quick else seconds,
                partial(_measure, place, fitted, name, augmented, protocol, seed),
            )
            for (fitted, name), seconds in _ESTIMATE_S.items()
            for protocol in PROTOCOLS
            if (name, protocol) in _DIVISIONS
            for augmented, seed in product(_AUGMENTED, place.seeds)
        ]

    def outcome(self, place: Workplace, found: Mapping[str, Measured]) -> Outcome:
        """Return one row a bar, and draw them."""
        rows = {
            row.key: row
            for (name, protocol), bar, augmented in product(_DIVISIONS, _BARS, _AUGMENTED)
            for row in [_row(place, found, name, protocol, bar, augmented)]
        }
        _draw(place, rows)
        return Outcome(tuple(rows.values()), (*notes_on(place, "raw", "clean"), *_NOTES), (_PLOT,))


def _what(fitted: _Fitted, name: SetName, augmented: str) -> str:
    return f"{fitted}.{name}.{augmented}"


def _measure(
    place: Workplace,
    fitted: _Fitted,
    name: SetName,
    augmented: str,
    protocol: Protocol,
    seed: int,
    tell: Tell,
) -> Measured:
    dataset, with_it = spectra_of(place, name), augmented == "augmented"
    fold = divide(dataset, protocol, _FOLDS, seed)[0]
    if fitted == "knn":
        answers = by_peaks(dataset, fold, seed, tell, augmented=with_it)
    else:
        epochs = _QUICK_EPOCHS if place.quick else None
        part = _NETWORKS[fitted]
        answers = by_network(part, dataset, fold, seed, tell, augmented=with_it, epochs=epochs)
    truth = dataset.class_ids[fold.held_out]
    hits: Measured = {key: int((said == truth).sum()) for key, said in answers.items()}
    return {**hits, "n": len(truth)}


def _row(
    place: Workplace,
    found: Mapping[str, Measured],
    name: SetName,
    protocol: Protocol,
    bar: str,
    augmented: str,
) -> Row:
    words, fitted, answer = _BARS[bar]
    measured = [
        found[piece_key(_what(fitted, name, augmented), protocol, seed)] for seed in place.seeds
    ]
    return Row(
        key=row_key(f"{bar}.{name}.{augmented}", protocol),
        quantity=f"{words}, {name}, {_AUGMENTED[augmented]} augmentation, top-1",
        paper=None,
        ours=tuple(100 * of_seed[answer] / of_seed["n"] for of_seed in measured),
        protocol=PROTOCOLS[protocol],
        n=measured[0]["n"],
    )


def _draw(place: Workplace, rows: Mapping[str, Row]) -> None:
    with picture(place, _PLOT, 1, len(_DIVISIONS), inches=(12, 3.2)) as panels:
        for panel, (name, protocol) in zip(panels, _DIVISIONS, strict=True):
            for side, augmented in enumerate(_AUGMENTED):
                keys = [row_key(f"{bar}.{name}.{augmented}", protocol) for bar in _BARS]
                bars = panel.bar(
                    np.arange(len(keys)) + 0.4 * side,
                    [rows[key].mean or 0.0 for key in keys],
                    0.38,
                    color=COLOURS[side],
                    label=f"{_AUGMENTED[augmented]} augmentation",
                )
                panel.bar_label(bars, fmt="%.0f", fontsize=8)
            panel.set_xticks(np.arange(len(_BARS)) + 0.2, [words for words, _, _ in _BARS.values()])
            panel.set_title(f"{name}, {PROTOCOLS[protocol]}, {rows[keys[0]].n} spectra")
            panel.set_ylim(0, 128)  # room for the legend
            panel.set_ylabel("top-1, %")
        panels[-1].legend(frameon=False, ncols=2, loc="upper right", fontsize=8)


TARGET: Target = Figure7()
