"""What is explained: a network with its grid, classes and calibration, wherever it came from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from edge.confidence import Confidence
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
    confidence : makes probabilities of the logits
    look : gives logits and the feature map, both with gradients
    known : whether anything like a preprocessed spectrum (B,) was seen; None where the model cannot
        tell
    """

    name: str
    grid: Grid
    classes: tuple[str, ...]
    confidence: Confidence
    look: Look
    known: Callable[[NDArray[np.float32]], bool] | None = None

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
