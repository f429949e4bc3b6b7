"""Table 8 of Soysal et al. 2025: contrastive learning, by share of labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from train.few_labels.contrastive import classify_by, pretrain
from train.models import Model, make_model
from train.reproduction.label_pieces import cnn, judge, percents, seconds
from train.reproduction.label_table import LabelMethod, LabelTable
from train.reproduction.material import raw63
from train.reproduction.published import label_split
from train.reproduction.target import Measured, Piece, Target, Tell, Workplace

_EPOCHS, _QUICK_EPOCHS = 50, 1
_RATE = 1e-4  # at 1e-3 the embedding is worse than an untrained one (seed 11, 8 epochs)
_SPECTRA = 640  # labelled and unlabelled ones together, whatever the share of labels
_HEAD_S = 10.0  # of one head
_NOTES = (
    "Contrastive: SimCLR on the CNN, τ = 0.1, a projection of 256 and 128 values; "
    f"{_EPOCHS} epochs of 64 spectra in two views (on images SimCLR takes hundreds; here time sets "
    "the limit), AdamW, one cycle of the learning rate (1e-4). Labelled and unlabelled spectra "
    "together are the same at every share of labels: one encoder a seed serves them all.",
    "The head is a logistic regression on the frozen embeddings of the labelled spectra and four "
    "augmented copies of each. Augmented as for figure 7.",
)
_NOTES_ON_CONTROL = (
    "Untrained encoder, our control: the same head on the CNN with the weights it starts from.",
)


def _pieces(place: Workplace, seed: int) -> Sequence[Piece]:
    epochs = _QUICK_EPOCHS if place.quick else _EPOCHS

    def measure(tell: Tell) -> Measured:
        one = label_split(place, percents(place)[0], seed)
        seen = np.sort(np.concatenate([one.labelled, one.unlabelled]))
        recipe = cnn(epochs, learning_rate=_RATE, augmented=True)
        encoder = pretrain(recipe, raw63(place), seen, seed, tell)
        return _classified_by(encoder, place, seed)

    estimate_s = seconds(2 * epochs * _SPECTRA) + _HEAD_S * len(percents(place))
    return [Piece(f"contrastive.seed{seed}", estimate_s, measure)]


def _pieces_of_control(place: Workplace, seed: int) -> Sequence[Piece]:
    def measure(tell: Tell) -> Measured:
        torch.manual_seed(seed)
        encoder = make_model(cnn(1), len(raw63(place).classes))
        return _classified_by(encoder, place, seed)

    return [Piece(f"untrained.seed{seed}", _HEAD_S * len(percents(place)), measure)]


def _classified_by(encoder: Model, place: Workplace, seed: int) -> Measured:
    """Return what heads on one encoder find, by share of labels."""
    found: Measured = {}
    for percent in percents(place):
        division = label_split(place, percent, seed)
        recipe = cnn(1, augmented=True)
        predict = classify_by(encoder, recipe, raw63(place), division.labelled, seed)
        found[str(percent)] = judge(place, predict, division)
    return found


TARGET: Target = LabelTable(
    title="Table 8: contrastive learning, by share of labels",
    plot="table8.png",
    methods=(
        LabelMethod("contrastive", "contrastive", (51, 65, 69, 75, 76), _pieces, _NOTES),
        LabelMethod("untrained", "untrained encoder", None, _pieces_of_control, _NOTES_ON_CONTROL),
    ),
)
