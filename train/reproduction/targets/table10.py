"""Table 10 of Soysal et al. 2025: a sparse autoencoder, by share of labels."""

from __future__ import annotations

from collections.abc import Sequence

from train.few_labels.autoencoder import AutoencoderSettings, fit_autoencoder
from train.reproduction.label_pieces import BATCH_SIZE, cnn, judge, percents
from train.reproduction.label_table import LabelMethod, LabelTable
from train.reproduction.material import raw63
from train.reproduction.published import label_split
from train.reproduction.target import Measured, Piece, Target, Tell, Workplace

_EPOCHS, _QUICK_EPOCHS = 60, 10
_ESTIMATE_S = 12.0
_NOTES = (
    "Autoencoder: dense layers of 512 on each side of a code of 256 non-negative values, squared "
    "error and the code's mean as sparsity; trained on the unlabelled spectra alone, so on fewer "
    f"the more labels there are. {_EPOCHS} epochs.",
    "Classifier: the last two layers of the CNN on the frozen code, as many epochs, in batches of "
    f"{BATCH_SIZE}.",
)


def _pieces(place: Workplace, seed: int) -> Sequence[Piece]:
    return [_piece(place, percent, seed) for percent in percents(place)]


def _piece(place: Workplace, percent: int, seed: int) -> Piece:
    epochs = _QUICK_EPOCHS if place.quick else _EPOCHS

    def measure(tell: Tell) -> Measured:
        division = label_split(place, percent, seed)
        labels = (division.labelled, division.unlabelled)
        settings = AutoencoderSettings(epochs=epochs)
        recipe = cnn(epochs, batch_size=BATCH_SIZE)
        predict = fit_autoencoder(recipe, raw63(place), *labels, seed, tell, settings)
        return {str(percent): judge(place, predict, division)}

    return Piece(f"autoencoder.{percent}.seed{seed}", _ESTIMATE_S * epochs / _EPOCHS, measure)


TARGET: Target = LabelTable(
    title="Table 10: sparse autoencoder, by share of labels",
    plot="table10.png",
    methods=(LabelMethod("autoencoder", "autoencoder", (43, 53, 58, 66, 67), _pieces, _NOTES),),
)
