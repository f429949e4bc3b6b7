"""Figures 8 and 9 of Sun et al. 2021: what the SCT network attends to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import matplotlib as mpl
import numpy as np
import torch
from numpy.typing import NDArray

from train.hed.confidence import confidence
from train.hed.fitting import fit_network, probabilities_of
from train.hed.networks import SCT
from train.hed.protocol import training_set
from train.hed.ramp import BOUNDARY
from train.models.sun_attention import channel_attention
from train.models.sun_sct import SunSct
from train.reproduction.diffractograms import (
    copies_of,
    notes_on,
    of_seeds,
    piece_key,
    protocol_of,
    ramp_of,
    telling,
)
from train.reproduction.outcome import Outcome, Row
from train.reproduction.pictures import picture
from train.reproduction.target import Measured, Piece, Target, Tell, Workplace

_SECONDS, _QUICK_SECONDS = 50.0, 12.0
_MOST_ATTENDED = 0.1
_LEVELS = 8  # of colour: pictures of noise stay small
_WITHIN, _BETWEEN = "attention_within.png", "attention_between.png"
_NOTES = (
    "Spatial and channel matrices are of the first test spectrum, temporal ones of the 31 training "
    "spectra and of all 349; those of several heads are averaged.",
    "Focus: the share of all attention that goes to the tenth of the positions, or spectra, that "
    "is attended to most; 10 % where attention is spread evenly.",
    "Channel attention has no weights of its own (softmax of XXᵀ): what it does is scaled by α, "
    "which starts at 0.",
)


@dataclass(frozen=True, slots=True)
class HedAttention:
    """The matrices of the three attentions, and how focused they are."""

    title: str = "Figures 8 and 9 of Sun et al.: attention matrices of SCT"

    def pieces(self, place: Workplace) -> Sequence[Piece]:
        """Return one piece a seed."""
        seconds = _QUICK_SECONDS if place.quick else _SECONDS
        return [
            Piece(piece_key(place, SCT.name, seed), seconds, partial(_measure, place, seed))
            for seed in place.seeds
        ]

    def outcome(self, place: Workplace, found: Mapping[str, Measured]) -> Outcome:
        """Return how focused attention is, and draw the matrices of the first seed."""
        measured = of_seeds(place, found, SCT.name)

        def row(key: str, quantity: str, paper: float | str | None, unit: str = "%") -> Row:
            ours = tuple(float(one[key]) for one in measured)
            return Row(key, quantity, paper, ours, protocol_of(place), unit)

        few = "a few time steps"
        rows = (
            row("spatial.focus", "spatial 256×256: focus", "some vectors only"),
            row("channel.focus", "channel 8×8: attention to the most attended channel", None),
            row("channel.alpha", "channel: α learned", None, ""),
            row("temporal.training.focus", "temporal 31×31: focus", few),
            row("temporal.test.focus", "temporal 349×349: focus", few),
            row("temporal.own_class", "temporal 349×349: attention to the own class", None),
            row("temporal.alike", "temporal: correlation of both matrices", "similar shapes", ""),
            row("confidence", "confidence of the network", 100.0),
        )
        first = measured[0]["matrices"]
        plots = (
            _draw(place, _WITHIN, {"spatial": first["spatial"], "channel": first["channel"]}),
            _draw(place, _BETWEEN, {"training": first["training"], "test": first["test"]}),
        )
        return Outcome(rows, (*notes_on(place), *_NOTES), plots)


@torch.no_grad()
def _matrices(model: SunSct, test: torch.Tensor, training: torch.Tensor) -> dict[str, Any]:
    """Return the matrices of spectra (349, B) and (31, B), heads averaged."""
    features = model.attention.local_features(test[:1, None])  # (1, 8, 256)
    return {
        "spatial": model.attention.spatial_attention(features)[0].mean(dim=0).numpy(),
        "channel": channel_attention(features)[0].numpy(),
        "training": model.temporal_attention(training[None])[0].mean(dim=0).numpy(),
        "test": model.temporal_attention(test[None])[0].mean(dim=0).numpy(),
    }


def _measure(place: Workplace, seed: int, tell: Tell) -> Measured:
    tell(0.0, "diffractograms")
    ramp = ramp_of(place, seed)
    training = training_set(ramp, seed, copies_of(place))
    model = fit_network(SCT, training, seed, telling(tell, SCT))
    if not isinstance(model, SunSct):
        raise TypeError(model)
    matrices = _matrices(
        model, torch.from_numpy(ramp.intensity), torch.from_numpy(training.sequences[0])
    )
    return {
        "confidence": 100 * confidence(probabilities_of(model, ramp) >= 0.5),
        "spatial.focus": 100 * focus(matrices["spatial"]),
        "channel.focus": 100 * float(matrices["channel"].mean(axis=0).max()),
        "channel.alpha": float(model.attention.alpha.detach()),
        "temporal.training.focus": 100 * focus(matrices["training"]),
        "temporal.test.focus": 100 * focus(matrices["test"]),
        "temporal.own_class": 100 * _own_class(matrices["test"]),
        "temporal.alike": _alike(matrices["training"], matrices["test"]),
        "matrices": {name: matrix.round(5).tolist() for name, matrix in matrices.items()},
    }


def focus(matrix: NDArray[np.float32]) -> float:
    """Return the share of attention (L, L) that the most attended tenth of the columns gets.

    >>> round(focus(np.full((20, 20), 1 / 20, dtype=np.float32)), 3)
    0.1
    >>> focus(np.eye(10, dtype=np.float32)[[0] * 10])  # all look at the first
    1.0
    """
    attended = np.sort(matrix.mean(axis=0))[::-1]
    return float(attended[: max(1, round(_MOST_ATTENDED * len(attended)))].sum())


def _own_class(test: NDArray[np.float32]) -> float:
    """Return the mean share of a spectrum's attention that goes to spectra of its own class."""
    is_1 = np.arange(len(test)) >= BOUNDARY
    return float((test * (is_1[:, None] == is_1[None])).sum(axis=1).mean())


def _alike(training: NDArray[np.float32], test: NDArray[np.float32]) -> float:
    """Return the correlation of the training matrix with the same spectra's part of the test's."""
    same = [*range(0, 151, 10), *range(200, 341, 10)]
    part = test[np.ix_(same, same)]
    part = part / part.sum(axis=1, keepdims=True)
    return float(np.corrcoef(training.ravel(), part.ravel())[0, 1])


def _draw(place: Workplace, name: str, matrices: Mapping[str, Any]) -> str:
    colours = mpl.colormaps["viridis"].resampled(_LEVELS)
    with picture(place, name, columns=2, inches=(8.5, 3.8)) as panels:
        for panel, (words, matrix) in zip(panels, matrices.items(), strict=True):
            values = np.array(matrix)
            limit = float(np.quantile(values, 0.995))
            image = panel.imshow(values, cmap=colours, vmin=0, vmax=limit, interpolation="nearest")
            panel.figure.colorbar(image, ax=panel, shrink=0.8)
            panel.set_title(f"{words}, {len(values)}×{len(values)}", fontsize=9)
            panel.set(xlabel="attended to", ylabel="by")
    return name


TARGET: Target = HedAttention()
