"""Table 7 and figure 16 of Soysal et al. 2025: a semi-supervised GAN, by share of labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.preprocess import PAPER_GRID
from train.dataset import Dataset
from train.few_labels.sgan import Sgan, train_sgan
from train.reproduction.label_pieces import cnn, judge, percents, seconds
from train.reproduction.label_table import LabelMethod, LabelTable
from train.reproduction.material import raw63
from train.reproduction.pictures import COLOURS, picture
from train.reproduction.published import LabelSplit, label_split
from train.reproduction.target import Measured, Piece, Target, Tell, Workplace

_EPOCHS, _QUICK_EPOCHS = 9, 1
_BATCH_SIZE = 24
_SPECTRA = 640  # labelled and unlabelled ones together, whatever the share of labels
_PASSES = 3.7  # a step, of labelled, real and generated ones, and of the generator's
_MADE = 256
_PAIRS = 3
_PICTURE = "table7_generated.png"
_NOTES = (
    "SGAN: the CNN with one more output and the generator of transposed convolutions; the paper "
    f"prints no layers of it. {_EPOCHS} epochs over labelled and unlabelled spectra together, in "
    f"batches of {_BATCH_SIZE} of each; AdamW, one cycle of the learning rate (1e-3); the "
    "generator by Adam at 1e-3.",
    "Figure 16 shows a generated Perovskite; that mineral is none of the 63. Pairs shown here: of "
    f"{_MADE} generated spectra those that the network takes for a mineral with most confidence, "
    "one a mineral, each beside the real spectrum of that mineral most like it.",
)


def _pieces(place: Workplace, seed: int) -> Sequence[Piece]:
    return [_piece(place, percent, seed) for percent in percents(place)]


def _piece(place: Workplace, percent: int, seed: int) -> Piece:
    epochs = _QUICK_EPOCHS if place.quick else _EPOCHS
    recipe = cnn(epochs, batch_size=_BATCH_SIZE)

    def measure(tell: Tell) -> Measured:
        dataset, division = raw63(place), label_split(place, percent, seed)
        labels = (division.labelled, division.unlabelled)
        sgan = train_sgan(recipe, dataset, *labels, seed, tell)
        judged = judge(place, sgan.predict, division)
        return {str(percent): judged, "pairs": _pairs(sgan, dataset, division, seed)}

    return Piece(f"sgan.{percent}.seed{seed}", seconds(epochs * _SPECTRA * _PASSES), measure)


def _pairs(sgan: Sgan, dataset: Dataset, division: LabelSplit, seed: int) -> list[Measured]:
    """Return generated spectra, and real ones of the minerals they are taken for."""
    made = sgan.generate(_MADE, seed)
    logits = sgan.predict(made)  # (256, K)
    lead = logits.max(axis=1) - np.partition(logits, -2, axis=1)[:, -2]
    seen = np.concatenate([division.labelled, division.unlabelled])
    pairs: list[Measured] = []
    for which in np.argsort(-lead):
        mineral = dataset.classes[int(logits[which].argmax())]
        if len(pairs) == _PAIRS:
            break
        if all(pair["mineral"] != mineral for pair in pairs):
            of_mineral = seen[dataset.class_ids[seen] == logits[which].argmax()]
            real = _most_like(made[which], dataset.intensity[of_mineral])
            pairs.append({"mineral": mineral, "made": _listed(made[which]), "real": _listed(real)})
    return pairs


def _most_like(one: NDArray[np.float32], among: NDArray[np.float32]) -> NDArray[np.float32]:
    cosines = among @ one / np.linalg.norm(among, axis=1)
    found: NDArray[np.float32] = among[cosines.argmax()]
    return found


def _listed(spectrum: NDArray[np.float32]) -> Any:
    return np.round(spectrum.astype(float), 4).tolist()


def _draw(place: Workplace, found: Mapping[str, Measured]) -> tuple[str, ...]:
    pairs = found[f"sgan.{percents(place)[-1]}.seed{place.seeds[0]}"]["pairs"]
    with picture(place, _PICTURE, 2, _PAIRS, inches=(9, 4)) as panels:
        for panel in panels:
            panel.set_visible(False)
        for column, pair in enumerate(pairs):
            for row, (kind, words) in enumerate((("real", "real"), ("made", "generated"))):
                panel = panels[row * _PAIRS + column]
                panel.set_visible(True)
                panel.plot(PAPER_GRID.values, pair[kind], color=COLOURS[row], linewidth=0.8)
                panel.set_title(f"{pair['mineral']}, {words}")
        for panel in panels[_PAIRS:]:
            panel.set_xlabel("Raman shift, cm⁻¹")
        for panel in (panels[0], panels[_PAIRS]):
            panel.set_ylabel("intensity / maximum")
    return (_PICTURE,)


TARGET: Target = LabelTable(
    title="Table 7, figure 16: semi-supervised GAN, by share of labels",
    plot="table7.png",
    methods=(LabelMethod("sgan", "SGAN", (53, 66, 67, 71, 77), _pieces, _NOTES),),
    draw=_draw,
)
