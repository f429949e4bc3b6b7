"""Table 9 of Soysal et al. 2025: the first two layers from few spectra, then frozen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product

import numpy as np
import torch
from numpy.typing import NDArray

from train.dataset import Dataset
from train.evaluate import logits_of, top_share
from train.few_labels.freezing import train_above, train_whole
from train.models import Model, make_model
from train.reproduction.held_out import PROTOCOLS, Protocol, hold_out
from train.reproduction.label_pieces import cnn, seconds
from train.reproduction.material import raw63
from train.reproduction.outcome import Outcome, Row
from train.reproduction.pictures import picture
from train.reproduction.sets import of_seeds, piece_key, row_key
from train.reproduction.target import Measured, Piece, Target, Tell, Workplace

_ALL = 700  # spectra to train on, about
_EPOCHS, _EPOCHS_OF_FEW = 12, 30
_QUICK_EPOCHS = 1
_PLOT = "table9.png"
_NOTES = (
    "Raw spectra, the CNN with m = 2. The first two convolutions are learned as part of a whole "
    "network on the subset, copied into a new one and frozen there; the rest starts anew (which "
    "the paper does not say) and is trained on everything that is not held out.",
    f"{_EPOCHS_OF_FEW} epochs on 80 and 200 spectra, {_EPOCHS} on everything, with one cycle of "
    "the learning rate, without augmentation. Subsets are drawn at random.",
    "0 samples is our control: the two layers keep their random weights. Of the whole network no "
    "layer is frozen.",
)


@dataclass(frozen=True, slots=True)
class _Column:
    """Samples for layers 1 and 2, None for all; top-1 of the paper, %; in words."""

    key: str
    words: str
    samples: int | None
    paper: float | None


_COLUMNS = (
    _Column("random", "0 samples", 0, None),
    _Column("80", "80 samples", 80, 76),
    _Column("200", "200 samples", 200, 82),
    _Column("all", "all samples (paper: 848)", None, 83),
)
_WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class Table9:
    """The first two layers from few spectra, and the rest from all."""

    title: str = "Table 9: layers 1 and 2 trained on few spectra, then frozen"

    def pieces(self, place: Workplace) -> Sequence[Piece]:
        """Return one piece a subset, protocol and seed."""
        return [
            Piece(
                piece_key(column.key, protocol, seed),
                _estimate_s(place, column),
                partial(_measure, place, column, protocol, seed),
            )
            for column, protocol, seed in product(_COLUMNS, PROTOCOLS, place.seeds)
        ]

    def outcome(self, place: Workplace, found: Mapping[str, Measured]) -> Outcome:
        """Return top-1 by number of samples and protocol, and that of the whole network."""
        rows = []
        for protocol in PROTOCOLS:
            for column in _COLUMNS:
                measured = of_seeds(place, found, column.key, protocol)
                rows.append(_row(column.key, column.words, column.paper, protocol, measured))
            measured = of_seeds(place, found, "all", protocol)
            rows.append(_row(_WHOLE, "whole network, nothing frozen", None, protocol, measured))
        _draw(place, rows)
        return Outcome(tuple(rows), _NOTES, (_PLOT,))


def _measure(
    place: Workplace, column: _Column, protocol: Protocol, seed: int, tell: Tell
) -> Measured:
    dataset = raw63(place)
    fold = hold_out(dataset, protocol, seed)
    everything = cnn(_QUICK_EPOCHS if place.quick else _EPOCHS)
    found: Measured = {"n": len(fold.held_out)}
    first = _first(place, column, dataset, fold.train, seed, tell)
    if column.samples is None:
        found[_WHOLE] = _top1(first, dataset, fold.held_out)
    model = train_above(first, everything, dataset, fold.train, seed, tell)
    found[column.key] = _top1(model, dataset, fold.held_out)
    return found


def _first(
    place: Workplace,
    column: _Column,
    dataset: Dataset,
    chosen: NDArray[np.int64],
    seed: int,
    tell: Tell,
) -> Model:
    """Return the network that the first layers are taken from."""
    samples = len(chosen) if column.samples is None else column.samples
    epochs = _EPOCHS if column.samples is None else _EPOCHS_OF_FEW
    recipe = cnn(_QUICK_EPOCHS if place.quick else epochs)
    if not samples:
        torch.manual_seed(seed)
        return make_model(recipe, len(dataset.classes))
    subset = np.random.default_rng(seed).permutation(chosen)[:samples]
    return train_whole(recipe, dataset, subset, seed, tell)


def _top1(model: Model, dataset: Dataset, positions: NDArray[np.int64]) -> float:
    logits = logits_of(model, dataset.intensity[positions])
    return 100 * top_share(logits, dataset.class_ids[positions])


def _estimate_s(place: Workplace, column: _Column) -> float:
    if place.quick:
        return seconds(_ALL * _QUICK_EPOCHS * 1.5)
    of_first = _ALL * _EPOCHS if column.samples is None else column.samples * _EPOCHS_OF_FEW
    return seconds(_ALL * _EPOCHS + of_first)


def _row(
    key: str, words: str, paper: float | None, protocol: Protocol, measured: Sequence[Measured]
) -> Row:
    return Row(
        key=row_key(key, protocol),
        quantity=f"layers 1 and 2 from {words}" if key != _WHOLE else words,
        paper=paper,
        ours=tuple(one[key] for one in measured),
        protocol=PROTOCOLS[protocol],
        n=measured[0]["n"],
    )


def _draw(place: Workplace, rows: Sequence[Row]) -> None:
    ticks = [column.words.split(" ")[0] for column in _COLUMNS]
    with picture(place, _PLOT, inches=(5.5, 3.4)) as (panel,):
        for protocol in PROTOCOLS.values():
            mine = [row for row in rows if row.protocol == protocol]
            means = [row.mean or 0.0 for row in mine]
            (line,) = panel.plot(ticks, means[:-1], "o-", label=protocol)
            panel.axhline(means[-1], color=line.get_color(), linewidth=0.8, ls=":")
        printed = [np.nan if column.paper is None else column.paper for column in _COLUMNS]
        panel.plot(ticks, printed, "x--", color="#1A1A1A", label="paper")
        panel.set_ylim(0, 100)
        panel.set_ylabel("top-1, %; dotted: whole network")
        panel.set_xlabel("samples for layers 1 and 2")
        panel.legend(frameon=False, loc="lower right")


TARGET: Target = Table9()
