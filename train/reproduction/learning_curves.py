"""Losses while networks learn: figures S9 to S16 of Soysal et al. 2025.

Train and validation cross-entropy of MLP small, mid, large and CNN, raw and clean. The validation
spectra of the curves are held out of everything; the plateau rule watches others. Both losses are
class-weighted; the training loss is the mean over an epoch's steps, dropout at work, as usual.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from train.loop import Epoch
from train.model_parts import NetworkPart, SoysalCnnModelPart, SoysalMlpModelPart
from train.reproduction.fitting import as_printed, at_most, train_model
from train.reproduction.held_out import Protocol, hold_out
from train.reproduction.pictures import COLOURS, picture
from train.reproduction.sets import SetName, spectra_of
from train.reproduction.target import Measured, Tell, Workplace

_QUICK_EPOCHS = 4
NETWORKS: dict[str, NetworkPart] = {
    "mlp_small": SoysalMlpModelPart(name="soysal_mlp", size="small"),
    "mlp_mid": SoysalMlpModelPart(name="soysal_mlp", size="mid"),
    "mlp_large": SoysalMlpModelPart(name="soysal_mlp", size="large"),
    "cnn": SoysalCnnModelPart(name="soysal_cnn"),
}
"""The four networks, in the order of the figures."""

WORDS = {"mlp_small": "MLP small", "mlp_mid": "MLP mid", "mlp_large": "MLP large", "cnn": "CNN"}


@dataclass(frozen=True, slots=True)
class Curve:
    """Losses by epoch, nats, and what is read off them."""

    train: tuple[float, ...]
    validation: tuple[float, ...]

    @classmethod
    def of(cls, measured: Measured) -> Curve:
        """Return the curve of a piece."""
        return cls(tuple(measured["train"]), tuple(measured["validation"]))

    @property
    def least_at(self) -> int:
        """The epoch, from 1, of the least validation loss."""
        return int(np.argmin(self.validation)) + 1

    @property
    def figures(self) -> dict[str, float]:
        """What is read off: least validation loss, its epoch, and the losses at the end."""
        return {
            "least": min(self.validation),
            "least_at": float(self.least_at),
            "train_end": self.train[-1],
            "gap_end": self.validation[-1] - self.train[-1],
        }


def measure_curve(
    place: Workplace, network: str, name: SetName, protocol: Protocol, seed: int, tell: Tell
) -> Measured:
    """Train a network and return its losses by epoch."""
    dataset = spectra_of(place, name)
    fold = hold_out(dataset, protocol, seed)
    recipe = as_printed(NETWORKS[network])
    recipe = at_most(recipe, _QUICK_EPOCHS) if place.quick else recipe
    epochs: list[Epoch] = []
    train_model(recipe, dataset, fold.train, seed, tell, fold.held_out, epochs.append)
    return {
        "train": [epoch.loss for epoch in epochs],
        "validation": [epoch.validation_loss for epoch in epochs],
        "validation_top1": [epoch.validation_top1 for epoch in epochs],
        "n": len(fold.held_out),
    }


def draw_curves(
    place: Workplace, name: str, title: str, curves: Sequence[tuple[str, Curve]]
) -> None:
    """Draw the losses of the four networks side by side."""
    with picture(place, name, 1, len(curves), inches=(11, 3)) as panels:
        most = max(max(curve.train[:1] + curve.validation) for _, curve in curves)
        for panel, (words, curve) in zip(panels, curves, strict=True):
            _draw(panel, curve)
            panel.set_title(f"{words}, {title}", fontsize=9)
            panel.set_ylim(0, 1.05 * most)
            panel.set_xlabel("epoch")
        panels[0].set_ylabel("cross-entropy, nats")
        panels[-1].legend(frameon=False)


def _draw(panel: Axes, curve: Curve) -> None:
    epochs = range(1, len(curve.train) + 1)
    panel.plot(epochs, curve.train, color=COLOURS[0], label="training")
    panel.plot(epochs, curve.validation, color=COLOURS[1], label="validation")
    panel.plot(curve.least_at, min(curve.validation), "o", color=COLOURS[1], markersize=4)
