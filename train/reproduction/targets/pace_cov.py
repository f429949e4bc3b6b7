"""PACE (Anal. Chem. 2024) on the COVID-19 serum set: 92.5 % there, 86 of 93 test spectra.

The official test set is not among the data. Its 372 training spectra are divided into five folds,
stratified, and models are judged on what they have not seen. PACE is trained as its paper trains it
(`pace_protocol.py`), for a third of its epochs, ResNet-1D and ViT-1D likewise for fewer, the
flagship and the comparators by their own recipes, all on the same folds. 70 epochs of PACE take
minutes a fold: of the five folds two are held out for each seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from train.dataset import Dataset
from train.evaluate import logits_of
from train.recipe import Recipe, read_recipe
from train.reproduction.fitting import at_most, fit_predict
from train.reproduction.outcome import Outcome, Row
from train.reproduction.pace_protocol import EPOCHS, fit_as_pace
from train.reproduction.pictures import COLOURS, GREY, picture
from train.reproduction.serum import CLASSES, serum
from train.reproduction.target import Measured, Piece, Target, Tell, Workplace
from train.splits import split

_FOLDS = 5
_TRAINED = 2
_RECIPES = Path(__file__).parents[2] / "recipes"
_PAPER = 92.5
_PLOT = "pace-cov.png"


@dataclass(frozen=True, slots=True)
class _Method:
    """One row.

    Parameters
    ----------
    words : what it is
    recipe : that ships; of a network only its `[model]` counts
    epochs : of a network trained as PACE is; 0 for what is trained by its recipe
    estimate_s : of one fold
    changes : to the recipe, part by part
    """

    words: str
    recipe: str
    epochs: int
    estimate_s: float
    changes: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


_NARROW: dict[str, dict[str, float]] = {
    "model": {"pooling_points": 8, "stride_points": 4},
    "augment": {"displacement_points": 2, "noise": 0.03},
    "fit": {"epochs": 60},
}
"""For one instrument without drift; chosen on folds of seeds 11 and 12, which are not reported."""


_METHODS: dict[str, _Method] = {
    "pace": _Method("PACE", "pace.toml", 70, 140.0),
    "resnet1d": _Method("ResNet-1D", "resnet1d.toml", 40, 140.0),
    "vit1d": _Method("ViT-1D", "vit1d.toml", 40, 65.0),
    "template": _Method("template network", "rruff63.toml", 0, 8.0),
    "template_narrow": _Method("template network, no drift", "rruff63.toml", 0, 6.0, _NARROW),
    "logistic": _Method("logistic regression, derivative", "logistic_derivative.toml", 0, 1.0),
    "nearest": _Method("nearest neighbour, derivative", "nearest_derivative.toml", 0, 1.0),
}
_QUICK_EPOCHS = 2


@dataclass(frozen=True, slots=True)
class PaceCov:
    """Seven methods on the same folds of the serum set."""

    title: str = "PACE on the COVID-19 serum set, its kind of comparators and ours"

    def pieces(self, place: Workplace) -> Sequence[Piece]:
        """Return one piece a method, fold and seed; a rehearsal has one fold."""
        return [
            Piece(
                _key(name, fold, seed),
                5.0 if place.quick else method.estimate_s,
                partial(_measure, place, method, fold, seed),
            )
            for seed in place.seeds
            for name, method in _METHODS.items()
            for fold in _folds(place)
        ]

    def outcome(self, place: Workplace, found: Mapping[str, Measured]) -> Outcome:
        """Return a row a method, and draw them beside PACE's confusions."""
        rows = tuple(_row(place, found, name) for name in _METHODS)
        _draw(place, found, rows)
        return Outcome(rows, _notes(place), (_PLOT,))


def _key(name: str, fold: int, seed: int) -> str:
    return f"{name}.fold{fold + 1}.seed{seed}"


def _folds(place: Workplace) -> range:
    return range(1 if place.quick else _TRAINED)


def _measure(place: Workplace, method: _Method, number: int, seed: int, tell: Tell) -> Measured:
    dataset = serum(place)
    fold = split(dataset, _FOLDS, "none", seed)[number]
    recipe, first = _recipe(method, dataset), _FOLDS * seed + number
    asked = dataset.intensity[fold.held_out]
    if method.epochs:
        epochs = _QUICK_EPOCHS if place.quick else method.epochs
        logits = logits_of(fit_as_pace(recipe, dataset, fold.train, first, epochs, tell), asked)
    else:
        recipe = at_most(recipe, _QUICK_EPOCHS) if place.quick else recipe
        logits = fit_predict(recipe, dataset, fold.train, first, tell)(asked)
    return {
        "truth": dataset.class_ids[fold.held_out].tolist(),
        "said": logits.argmax(axis=1).tolist(),
    }


def _recipe(method: _Method, dataset: Dataset) -> Recipe:
    """Return the recipe on the set's own grid; that of RRUFF does not reach as far."""
    shipped = read_recipe(_RECIPES / method.recipe)
    grid = {
        "axis_kind": dataset.grid.axis_kind,
        "start": dataset.grid.start,
        "step": dataset.grid.step,
        "count": dataset.grid.count,
    }
    told = shipped.model_dump(by_alias=True, exclude_unset=True)
    changed = {part: {**told[part], **change} for part, change in method.changes.items()}
    return Recipe.model_validate({**told, **changed, "preprocess": grid})


def _confusion(place: Workplace, found: Mapping[str, Measured], name: str) -> NDArray[np.int64]:
    """Return (S, K, K) counts: of a seed's spectra of each class, what they were taken for."""
    counts = np.zeros((len(place.seeds), len(CLASSES), len(CLASSES)), dtype=np.int64)
    for of_seed, seed in zip(counts, place.seeds, strict=True):
        for fold in _folds(place):
            measured = found[_key(name, fold, seed)]
            np.add.at(of_seed, (measured["truth"], measured["said"]), 1)
    return counts


def _row(place: Workplace, found: Mapping[str, Measured], name: str) -> Row:
    counts = _confusion(place, found, name)
    right, judged = np.trace(counts, axis1=1, axis2=2), counts.sum(axis=(1, 2))
    return Row(
        key=name,
        quantity=f"{_METHODS[name].words}, top-1",
        paper=_PAPER if name == "pace" else None,
        ours=tuple((100 * right / judged).tolist()),
        protocol=f"{len(_folds(place))} of {_FOLDS} folds, stratified",
        n=int(judged[0]),
    )


def _notes(place: Workplace) -> tuple[str, ...]:
    cut = " and ".join(
        f"{method.epochs} for {method.words}"
        for method in _METHODS.values()
        if 0 < method.epochs < EPOCHS
    )
    notes = (
        "The paper's figure is of the official test set (86 of 93), with 372 spectra to train on. "
        f"That set is not here: ours is of {_TRAINED} of {_FOLDS} folds of the 372, so that a "
        "model trains on 298. The set names no persons: spectra of one may lie on both sides, "
        "there as here.",
        "Networks: the paper's optimizer, schedule and choice of epoch. Cut for time: "
        f"{_FOLDS - _TRAINED} of {_FOLDS} folds, and of the {EPOCHS} epochs, of which the best is "
        f"kept, all but {cut}. On a fold of seed 11 PACE's loss on what it watches was level from "
        "epoch 60 to 70.",
        "The paper's ResNet and ViT: neither their sizes nor their figures on this set are in what "
        "we have of it; ours are of about PACE's size (`outcrop models`).",
        "Spectra are interpolated to equal distances and scaled to maximum one; the authors feed "
        "them as they are.",
        "Template network and comparators: the mineral recipes as they are, whose windows are in "
        "points. It looks for narrow lines wherever drift has put them, and serum has broad bands "
        'that stay in place: "no drift" pools over 8 points instead of 40, every 4 points '
        "instead of 8, trained for 60 epochs; chosen on folds of seeds 11 and 12, which are not "
        "reported.",
    )
    if not place.quick:
        return notes
    return (*notes, f"Rehearsal: one fold, {_QUICK_EPOCHS} epochs of each network.")


def _draw(place: Workplace, found: Mapping[str, Measured], rows: Sequence[Row]) -> None:
    with picture(place, _PLOT, 1, 2, inches=(9, 3.4)) as (left, right):
        names = [_METHODS[row.key].words for row in rows]
        bars = left.barh(names, [row.mean or 0.0 for row in rows], color=COLOURS[0])
        for number, row in enumerate(rows):
            left.plot(row.values, [number] * len(row.values), ".", color=COLOURS[1])
        left.bar_label(bars, fmt="%.1f", label_type="center", color="white")
        left.axvline(_PAPER, color=GREY, linestyle="--")
        left.invert_yaxis()
        left.set(xlabel="top-1, %", xlim=(0, 100), title=f"dashed: PACE in the paper, {_PAPER}")
        counts = _confusion(place, found, "pace").sum(axis=0)
        share = 100 * counts / counts.sum(axis=1, keepdims=True)
        right.imshow(share, cmap="Blues", vmin=0, vmax=100)
        for (true, said), value in np.ndenumerate(share):
            colour = "white" if value > 50 else "black"
            right.text(said, true, f"{value:.0f}", ha="center", va="center", color=colour)
        right.set_xticks(range(len(CLASSES)), CLASSES)
        right.set_yticks(range(len(CLASSES)), CLASSES)
        right.set(xlabel="taken for", ylabel="is", title="PACE, % of each class")


TARGET: Target = PaceCov()
