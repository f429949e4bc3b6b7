"""What is explained: a network with its grid, classes and calibration, wherever it came from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from edge.data import normalize_label
from edge.preprocess import Grid
from train.explanation.errors import UnknownMineralError

Look = Callable[[Tensor], tuple[Tensor, Tensor | None]]
"""Logits (N, K) of spectra (N, 1, B), and the feature map (N, C, …, L) they were read from."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A network that can be asked why.

    Parameters
    ----------
    name : of the model
    grid : the points it reads
    classes : K minerals, in the order of the logits
    temperature : logits are divided by it
    known_probability : below it nothing like the spectrum was seen; None where not calibrated
    look : gives logits and the feature map, both with gradients
    """

    name: str
    grid: Grid
    classes: tuple[str, ...]
    temperature: float
    known_probability: float | None
    look: Look

    def class_id(self, mineral: str) -> int:
        """Return which class a mineral is; only letters count, as everywhere.

        Raises
        ------
        UnknownMineralError
            If the model does not know it.
        """
        wanted = normalize_label(mineral)
        for class_id, name in enumerate(self.classes):
            if normalize_label(name) == wanted:
                return class_id
        raise UnknownMineralError(mineral, self.classes)
