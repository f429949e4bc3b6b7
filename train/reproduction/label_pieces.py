"""What is measured by share of labels: the supervised CNN, and how every method is judged."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from train.evaluate import Predict, top_share
from train.model_parts import SoysalCnnModelPart
from train.recipe import AugmentPart, FitPart, Recipe
from train.reproduction.fitting import AUGMENTED, fit_predict
from train.reproduction.held_out import Protocol
from train.reproduction.material import raw63
from train.reproduction.published import PERCENTS, LabelSplit, label_split
from train.reproduction.target import Measured, Piece, Tell, Workplace

SUPERVISED = "supervised"
"""Beginning of the keys of the CNN's pieces and rows."""

EPOCHS = {10: 60, 20: 40, 30: 30, 40: 30, 50: 24}
"""Of the supervised CNN, by share of labels; fewer spectra need more."""

BATCH_SIZE = 32
"""Of the supervised CNN."""

_LABELS = dict(zip(PERCENTS, (85, 170, 255, 339, 424), strict=True))
_QUICK_EPOCHS = 4
_SPECTRA_PER_SECOND = 220.0  # that the CNN is trained on, on one core


def percents(place: Workplace) -> tuple[int, ...]:
    """Return the shares of labels that are measured; a rehearsal has two."""
    return (10, 40) if place.quick else PERCENTS


def cnn(
    epochs: int, *, batch_size: int = 64, learning_rate: float = 1e-3, augmented: bool = False
) -> Recipe:
    """Return the recipe of the CNN of these tables.

    Parameters
    ----------
    epochs, batch_size, learning_rate : of the training
    augmented : as in figure 7
    """
    fit = FitPart(
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        weight_decay=1e-4,
        label_smoothing=0.0,
        class_weight_power=1.0,
    )
    part = SoysalCnnModelPart(name="soysal_cnn")
    augment = AUGMENTED if augmented else AugmentPart()
    return Recipe(name="soysal_cnn", model=part, augment=augment, fit=fit)


def judge(place: Workplace, predict: Predict, division: LabelSplit) -> Measured:
    """Return top-1, %, and number of spectra in both protocols."""
    dataset, judged = raw63(place), dict[str, Measured]()
    parts: dict[Protocol, NDArray[np.int64]] = {
        "paper": division.test,
        "specimen": division.test_by_specimen,
    }
    for protocol, positions in parts.items():
        logits = predict(dataset.intensity[positions])
        top1 = 100 * top_share(logits, dataset.class_ids[positions])
        judged[protocol] = {"top1": top1, "n": len(positions)}
    return judged


def seconds(passes: float) -> float:
    """Return how long the CNN takes for forward and backward passes of so many spectra, s."""
    return 5.0 + passes / _SPECTRA_PER_SECOND


def supervised(place: Workplace, percent: int, seed: int) -> Piece:
    """Return the piece that trains the CNN on the labelled spectra alone."""
    epochs = _QUICK_EPOCHS if place.quick else EPOCHS[percent]
    recipe = cnn(epochs, batch_size=BATCH_SIZE)

    def measure(tell: Tell) -> Measured:
        division = label_split(place, percent, seed)
        predict = fit_predict(recipe, raw63(place), division.labelled, seed, tell)
        return {str(percent): judge(place, predict, division)}

    key = f"{SUPERVISED}.{percent}.seed{seed}"
    return Piece(key, seconds(epochs * _LABELS[percent]), measure)
