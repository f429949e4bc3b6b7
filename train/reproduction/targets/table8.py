"""Table 8 of Soysal et al. 2025: contrastive learning, by share of labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from train.few_labels.contrastive import classify_by, pretrain
from train.reproduction.label_pieces import cnn, judge, percents, seconds
from train.reproduction.label_table import LabelMethod, LabelTable
from train.reproduction.material import raw63
from train.reproduction.published import label_split
from train.reproduction.target import Measured, Piece, Target, Tell, Workplace

_EPOCHS, _QUICK_EPOCHS = 50, 1
_SPECTRA = 640  # labelled and unlabelled ones together, whatever the share of labels
_HEAD_S = 10.0  # of one head
_NOTES = (
    "Contrastive: SimCLR on the CNN, τ = 0.1, a projection of 256 and 128 values; "
    f"{_EPOCHS} epochs of 64 spectra in two views (on images SimCLR takes hundreds; here time sets "
    "the limit), AdamW, one cycle of the learning rate (1e-3). Labelled and unlabelled spectra "
    "together are the same at every share of labels: one encoder a seed serves them all.",
    "The head is a logistic regression on the frozen embeddings of the labelled spectra and four "
    "augmented copies of each. Augmented as for figure 7.",
)


def _pieces(place: Workplace, seed: int) -> Sequence[Piece]:
    epochs = _QUICK_EPOCHS if place.quick else _EPOCHS
    shares = percents(place)

    def measure(tell: Tell) -> Measured:
        dataset, recipe = raw63(place), cnn(epochs, augmented=True)
        divisions = {percent: label_split(place, percent, seed) for percent in shares}
        one = divisions[shares[0]]
        seen = np.sort(np.concatenate([one.labelled, one.unlabelled]))
        encoder = pretrain(recipe, dataset, seen, seed, tell)
        found: Measured = {}
        for percent, division in divisions.items():
            predict = classify_by(encoder, recipe, dataset, division.labelled, seed)
            found[str(percent)] = judge(place, predict, division)
        return found

    estimate_s = seconds(2 * epochs * _SPECTRA) + _HEAD_S * len(shares)
    return [Piece(f"contrastive.seed{seed}", estimate_s, measure)]


TARGET: Target = LabelTable(
    title="Table 8: contrastive learning, by share of labels",
    plot="table8.png",
    method=LabelMethod("contrastive", "contrastive", (51, 65, 69, 75, 76), _pieces, _NOTES),
)
